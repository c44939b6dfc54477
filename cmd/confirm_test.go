package cmd_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const asking = `version: 1
targets:
  production:
    {cluster: production1, service-name: doorman-service, confirm: true, no-wait: true}
`

// TestConfirm answers the question of a target that says confirm, at a terminal.
func TestConfirm(t *testing.T) {
	deploy := "deploy --target production -i docker.repo.com/doorman:v2"
	for _, tt := range []struct {
		name, args, answer string
		code               int
		said               string // a pattern
	}{
		{"yes", deploy, "y\n", 0, `started: `},
		{"in full", deploy, "  YES \n", 0, `started: `},
		{"quiet", deploy + " -q", "y\n", 0, `doorman-service:1 \(v1\) -> a new revision of doorman-service \(v2\)(?s:.*)image: (?s:.*)deploy this to`},
		{"no", deploy, "n\n", 130, `error: not confirmed; nothing was changed`},
		{"just return", deploy, "\n", 130, `error: not confirmed; nothing was changed`},
		{"another word", deploy, "yesterday\n", 130, `error: not confirmed`},
		{"end of input", deploy, "\x04", 130, `error: not confirmed`},
		{"Ctrl-C", deploy, ctrlC, 130, `error: interrupted before anything was changed`},
		{"nothing to do", "deploy --target production -i docker.repo.com/doorman:v1", "", 0, `unchanged: `},
		{"dry run", deploy + " --dry-run", "", 0, `image: docker.repo.com/doorman:v1 -> docker.repo.com/doorman:v2`},
		{"--yes", deploy + " --yes", "", 0, `started: `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said, code, wrote := atTerminal(t, tt.args, tt.answer)
			if code != tt.code || !regexp.MustCompile(tt.said).MatchString(said) {
				t.Errorf("exit code %d, want %d:\n%s", code, tt.code, said)
			}
			line := strings.Join(strings.Fields(said), " ") // the terminal is narrower than the question
			asked := strings.Contains(line, "deploy this to doorman-service in production1 (us-east-1, account 123456789012, target production)? [y/N]")
			if asked != (tt.answer != "") {
				t.Errorf("asked: %t\n%s", asked, said)
			}
			if want := strings.Contains(tt.said, "started") || tt.name == "quiet"; want != (wrote > 0) {
				t.Errorf("%d calls changed something", wrote)
			}
			if before, _, _ := strings.Cut(said, "[y/N]"); asked && !strings.Contains(before, "a new revision of doorman-service") {
				t.Errorf("what is asked about was not shown before:\n%s", said)
			}
		})
	}
}

// atTerminal runs the program at a terminal and answers its question. It returns
// what the terminal showed, the exit code, and how many calls changed something.
func atTerminal(t *testing.T, args, answer string) (said string, code, wrote int) {
	t.Helper()
	world, err := ecssim.LoadScenario("healthy")
	if err != nil {
		t.Fatal(err)
	}
	s, err := serveWorld(world.WithSeed(ecssim.Seed{Cluster: "production1", Service: "doorman-service", Image: "docker.repo.com/doorman:v1"}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	command := exec.Command("ecs-deploy", strings.Fields(args)...)
	command.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(command.Dir, "ecs-deploy.yaml"), []byte(asking), 0o600); err != nil {
		t.Fatal(err)
	}
	command.Env = []string{"NO_COLOR=1", "PATH=" + os.Getenv("PATH")}
	for _, variables := range []map[string]string{environment(command.Dir), account(s.URL)} {
		for name, value := range variables {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	terminal, err := pty.Start(command)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	said = converse(t, terminal, func() error {
		if answer == "" || answer == ctrlC { // typed, it would have the terminal drop what is said at that moment
			return command.Process.Signal(os.Interrupt)
		}
		_, err := terminal.WriteString(answer)
		return err
	})
	var exit *exec.ExitError
	if err := command.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return said, command.ProcessState.ExitCode(), len(s.made())
}

// ctrlC is how an interruption is typed.
const ctrlC = "\x03"

// converse reads from a terminal to the end, and answers when there is a question.
// One that nobody expects is interrupted.
func converse(t *testing.T, terminal *os.File, answer func() error) string {
	t.Helper()
	var said strings.Builder
	buffer := make([]byte, 1024)
	for {
		n, err := terminal.Read(buffer)
		said.Write(buffer[:n])
		if n > 0 && strings.HasSuffix(said.String(), "[y/N] ") {
			if err := answer(); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil { // EIO: nobody is at the other side any more
			return said.String()
		}
	}
}
