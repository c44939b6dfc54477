package cmd_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/cmd"
)

// TestTheQuestionComesAfterWhatItIsAbout: in no form of the output is somebody
// asked about what was not shown on the terminal.
func TestTheQuestionComesAfterWhatItIsAbout(t *testing.T) {
	const question, change = "deploy this to doorman-service in production1 (us-east-1, account 123456789012)? [y/N] ", "docker.repo.com/doorman:v1 -> docker.repo.com/doorman:v2"
	for _, c := range []struct {
		name, typed string
		arguments   []string
		code        int
	}{
		{"text", "n\n", nil, 130},
		{"no line", "", nil, 130},
		{"quiet", "n\n", []string{"-q"}, 130},
		{"json", "n\n", []string{"-o", "json"}, 130},
		{"ndjson", "n\n", []string{"-o", "ndjson"}, 130},
		{"yes", "YES\n", []string{"--no-wait"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", t.TempDir())
			path := filepath.Join(t.TempDir(), "ecs-deploy.yaml")
			if err := os.WriteFile(path, []byte("version: 1\ndefaults: {confirm: true}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var told bytes.Buffer
			arguments := append([]string{"deploy", "--simulate", "--config", path, "-c", "production1", "-n", "doorman-service", "-i", "docker.repo.com/doorman:v2"}, c.arguments...)
			code := cmd.Main(context.Background(), arguments, cmd.Streams{In: strings.NewReader(c.typed), Out: io.Discard, Err: &told, InTerminal: true, ErrTerminal: true})
			before, after, asked := strings.Cut(told.String(), question)
			if code != c.code || !asked || !strings.Contains(before, change) {
				t.Errorf("%d, want %d, and the change before the question:\n%s", code, c.code, told.String())
			}
			if registered := strings.Contains(after, "registered doorman-service:2"); registered != (c.code == 0) {
				t.Errorf("registered: %v:\n%s", registered, after)
			}
		})
	}
}
