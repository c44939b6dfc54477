//go:build unix

package cmd_test

// The completion scripts in real shells: a person types the beginning of a word and presses
// Tab.

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

const (
	tabKey   = "\t"
	homeKey  = "\x01" // Ctrl-A: to the beginning of the line
	enterKey = "\r"
)

// bashCompletion is where packages put bash-completion.
const bashCompletion = "/usr/share/bash-completion/bash_completion"

// pressed are the beginnings of command lines, and what Tab makes of them.
var pressed = []struct{ typed, completed string }{
	{"ecs-deploy rollback-p", "ecs-deploy rollback-preview"},
	{"ecs-deploy deploy --rollback-on", "ecs-deploy deploy --rollback-on-failure"},
	{"ecs-deploy deploy --until dra", "ecs-deploy deploy --until drained"},
	{"ecs-deploy deploy --until=dra", "ecs-deploy deploy --until=drained"},
	{"ecs-deploy --until dra", "ecs-deploy --until drained"},
	{"ecs-deploy deploy --scenario cannot-p", "ecs-deploy deploy --scenario cannot-pull"},
	{"ecs-deploy deploy --target prod", "ecs-deploy deploy --target production"},
	{"ecs-deploy deploy --config none -c prod", "ecs-deploy deploy --config none -c prod"}, // nothing: no credentials
	{"ecs-deploy status --simulate -c prod", "ecs-deploy status --simulate -c production1"},
	{"ecs-deploy status --simulate -c production1 -n door", "ecs-deploy status --simulate -c production1 -n doorman-service"},
	{"ecs-deploy deploy --simulate -c production1 -d doorman-service:", "ecs-deploy deploy --simulate -c production1 -d doorman-service:1"},
	{"ecs-deploy deploy --simulate -c production1 -n doorman-service --container door", "ecs-deploy deploy --simulate -c production1 -n doorman-service --container doorman-service="},
	{"ecs-deploy run --simulate -c production1 -n doorman-service --container door", "ecs-deploy run --simulate -c production1 -n doorman-service --container doorman-service"},
	{"ecs-deploy help exit", "ecs-deploy help exit-codes"},
}

func TestShells(t *testing.T) {
	for name, shell := range map[string]struct {
		command []string
		load    string
		needs   string
	}{
		"bash":                      {[]string{"bash", "--norc", "--noprofile", "-i"}, "source <(ecs-deploy completion bash)", ""},
		"bash with bash-completion": {[]string{"bash", "--norc", "--noprofile", "-i"}, "source " + bashCompletion + "; source <(ecs-deploy completion bash)", bashCompletion},
		"zsh":                       {[]string{"zsh", "-f", "-i"}, "source <(ecs-deploy completion zsh)", ""},
		"fish":                      {[]string{"fish", "--no-config", "-i"}, "ecs-deploy completion fish | source", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(shell.command[0]); err != nil {
				t.Skip(shell.command[0] + " is not installed")
			}
			if _, err := os.Stat(shell.needs); shell.needs != "" && err != nil {
				t.Skip(shell.needs + " is not installed")
			}
			terminal := openShell(t, shell.command)
			terminal.send(shell.load + enterKey)
			for i, press := range pressed {
				end := strings.Repeat("#", i+1) // tells the lines apart
				terminal.send(press.typed + tabKey + homeKey + "echo " + enterKey + "echo end" + end + enterKey)
				if shown := terminal.until("\nend" + end + "\n"); !strings.Contains(shown, "\n"+press.completed+"\n") && !strings.Contains(shown, "\n"+press.completed+" \n") {
					t.Errorf("%q was not completed to %q:\n%s", press.typed, press.completed, shown)
				}
			}
		})
	}
}

// terminal is a shell in a terminal.
type terminal struct {
	*testing.T
	file  *os.File
	shown chan string
	seen  string
}

// openShell starts a shell in a folder with a settings file, with a simulated world, and
// without an AWS account.
func openShell(t *testing.T, command []string) *terminal {
	dir := t.TempDir()
	file := "version: 1\ntargets:\n  production: {cluster: production1, service-name: doorman-service}\n"
	if err := os.WriteFile(filepath.Join(dir, "ecs-deploy.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"PATH=" + os.Getenv("PATH"), "TERM=dumb", "PS1=> ", "LC_ALL=C.UTF-8", "INPUTRC=/dev/null"}
	for name, value := range environment(dir) {
		environ = append(environ, name+"="+value)
	}
	world := exec.Command("ecs-deploy", "status", "--simulate", "-c", "production1", "-n", "doorman-service")
	world.Dir, world.Env = dir, environ
	if out, err := world.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	shell := exec.Command(command[0], command[1:]...)
	shell.Dir, shell.Env = dir, environ
	master, err := pty.StartWithSize(shell, &pty.Winsize{Rows: 50, Cols: 300})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = shell.Process.Kill()
		_ = shell.Wait()
		_ = master.Close()
	})
	term := &terminal{T: t, file: master, shown: make(chan string, 100)}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := master.Read(buffer)
			if n > 0 {
				term.shown <- string(buffer[:n])
			}
			if err != nil {
				close(term.shown)
				return
			}
		}
	}()
	return term
}

func (t *terminal) send(keys string) {
	t.Helper()
	if _, err := t.file.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// until is what is shown until a text comes.
func (t *terminal) until(text string) string {
	t.Helper()
	late := time.After(time.Minute)
	for {
		if before, after, found := strings.Cut(t.seen, text); found {
			t.seen = after
			return before + "\n"
		}
		select {
		case shown, open := <-t.shown:
			if !open {
				t.Fatalf("the shell ended:\n%s", t.seen)
			}
			t.seen = strings.ReplaceAll(t.seen+shown, "\r\n", "\n")
		case <-late:
			t.Fatalf("%q was not shown:\n%q", text, t.seen)
		}
	}
}
