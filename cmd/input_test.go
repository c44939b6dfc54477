//go:build unix

package cmd_test

// The first signal ends a command that reads what nobody writes.

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/cmd"
)

func TestTheFirstSignalEndsReading(t *testing.T) {
	home(t, "[profile mfa]\nrole_arn = "+deployer+"\nsource_profile = base\nmfa_serial = "+annsMFA+"\nregion = us-east-1\n[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n")
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	silent, writer := io.Pipe()
	defer writer.Close()
	for name, args := range map[string][]string{
		"a definition":       {"render", "--task-definition-file", pipe},
		"standard input":     {"render", "--task-definition-file", "-"},
		"the settings":       {"status", "--config", pipe},
		"a world":            {"simulator", "serve", "--world", pipe},
		"the code of an MFA": append([]string{"-p", "mfa"}, status...),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			interrupt()
			var out bytes.Buffer
			if code := cmd.Main(ctx, args, cmd.Streams{In: silent, InTerminal: true, Out: &out, Err: &out}); code != 130 {
				t.Errorf("exit code %d:\n%s", code, &out)
			}
		})
	}
}

func TestAPipeOfTheUserIsRead(t *testing.T) {
	home(t, "")
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	written := make(chan error, 1)
	go func() {
		written <- os.WriteFile(pipe, []byte(`{"family":"web","containerDefinitions":[{"name":"app","image":"web:1","memory":128}]}`), 0o600)
	}()
	code, out := person(t, "", "render", "--task-definition-file", pipe)
	if err := <-written; err != nil || code != 0 || !strings.Contains(out, `"family": "web"`) {
		t.Errorf("exit code %d, %v:\n%s", code, err, out)
	}
}
