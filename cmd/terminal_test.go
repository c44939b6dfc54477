package cmd_test

// What the program leaves of a terminal: the cursor, the modes and a record that can be
// read, whatever ends it. The program is the real one, the terminal a pseudo terminal.

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/ecs-deploy/ecs-deploy/cmd"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// brokenOutput is a standard output in which a bug is: what draws there panics.
type brokenOutput struct{}

func (brokenOutput) Write([]byte) (int, error) { panic("no such writer") }

// brokenProgram is the program with a bug in what it draws.
func brokenProgram() {
	streams := cmd.System()
	streams.Out = brokenOutput{}
	os.Exit(cmd.Main(context.Background(), os.Args[1:], streams))
}

func TestTheTerminalComesBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, program string
		act           func(*tty) error // once the live region is there
		code          int
		left          []string // on the screen at the end
	}{
		{"the end", "ecs-deploy", nil, 0, []string{"updated the service: ", "running: doorman-service is running doorman-service:2 (v2)"}},
		{"Ctrl-C", "ecs-deploy", func(t *tty) error { _, err := t.master.WriteString("\x03"); return err }, 130, []string{"updated the service: ", "interrupted: ", "ecs-deploy wait "}},
		{"SIGTERM", "ecs-deploy", func(t *tty) error { return t.command.Process.Signal(syscall.SIGTERM) }, 130, []string{"interrupted: ", "ecs-deploy wait "}},
		{"a panic", "ecs-deploy-broken", nil, 0, []string{"warning: a bug in ecs-deploy: no such writer; the run continues", "brokenOutput", "running: "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := openTTY(t, tt.program, strings.Fields("deploy --simulate -c production1 -n doorman-service -i docker.repo.com/doorman:v2 --until running"), nil)
			before, err := term.GetState(int(s.master.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			s.until("deploying doorman-service: doorman-service:2 (v2)")
			if tt.act != nil {
				if err := tt.act(s); err != nil {
					t.Fatal(err)
				}
			}
			if code := s.wait(); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			screen := s.screen()
			for _, text := range tt.left {
				if !strings.Contains(screen, text) {
					t.Errorf("%q is not there", text)
				}
			}
			if strings.Contains(screen, "deploying doorman-service") || strings.Contains(screen, "█") {
				t.Error("the live region is still there")
			}
			after, err := term.GetState(int(s.master.Fd()))
			if err != nil || !reflect.DeepEqual(before, after) {
				t.Errorf("the modes of the terminal changed: %+v, %+v, %v", before, after, err)
			}
			if s.emulator.CursorHidden() || s.emulator.IsAltScreen() || s.emulator.CursorPosition().X != 0 {
				t.Errorf("the cursor is hidden or not at the beginning of a line, or the screen is another one: %v", s.emulator.CursorPosition())
			}
			if t.Failed() {
				t.Log(screen)
			}
		})
	}
}

// tty is a program on a terminal of 100 columns, and what the terminal shows.
type tty struct {
	*testing.T
	command  *exec.Cmd
	master   *os.File
	mutex    sync.Mutex // guards emulator
	emulator *vt.Emulator
	ended    chan struct{} // nobody is at the other side any more
}

// openTTY starts a program in an empty folder, after prepare, which returns more variables.
func openTTY(t *testing.T, program string, args []string, prepare func(dir string) []string) *tty {
	s := &tty{T: t, command: exec.Command(program, args...), emulator: vt.NewEmulator(100, 200), ended: make(chan struct{})}
	dir := t.TempDir()
	s.command.Dir, s.command.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "TERM=xterm-256color"}
	for name, value := range environment(dir) {
		s.command.Env = append(s.command.Env, name+"="+value)
	}
	if prepare != nil {
		s.command.Env = append(s.command.Env, prepare(dir)...)
	}
	var err error
	if s.master, err = pty.StartWithSize(s.command, &pty.Winsize{Rows: 200, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.command.Process.Kill(); _ = s.master.Close(); _ = s.emulator.Close() })
	go func() { _, _ = io.Copy(io.Discard, s.emulator) }() // answers to queries
	go func() {
		defer close(s.ended)
		buffer := make([]byte, 4096)
		for {
			n, err := s.master.Read(buffer)
			s.mutex.Lock()
			_, _ = s.emulator.Write(buffer[:n])
			s.mutex.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

func (s *tty) screen() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.emulator.String()
}

// until waits until the terminal shows a text.
func (s *tty) until(text string) {
	s.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(s.screen(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("no %q:\n%s", text, s.screen())
		}
	}
}

// wait waits for the end of the program and is its exit code.
func (s *tty) wait() int {
	s.Helper()
	var exit *exec.ExitError
	if err := s.command.Wait(); err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	<-s.ended
	return s.command.ProcessState.ExitCode()
}

// TestTheTargetsAreOffered: to a person at a terminal who typed the name of the program
// alone, and who is asked before anything changes.
func TestTheTargetsAreOffered(t *testing.T) {
	const menu, question = "targets of ecs-deploy.yaml:\n  1  production\n  2  staging\n  3  all: production, staging\n", "deploy which one (number or name; Enter for none)?"
	const confirm = "deploy this to"
	for _, tt := range []struct {
		name    string
		typed   []string // after each question
		environ string
		code    int
		said    string // "" if nothing is offered
		wrote   bool
		args    string
	}{
		{"a number, and yes", []string{question, "1\n", confirm, "y\n"}, "", 0, "\necs-deploy deploy --target production\n", true, ""},
		{"a name, and no", []string{question, " staging \n", confirm, "n\n"}, "", 130, "\necs-deploy deploy --target staging\n", false, ""},
		{"a group", []string{question, "3\n", confirm, "\n"}, "", 130, "\necs-deploy deploy --target all\n", false, ""},
		{"a mistyped name", []string{question, "stagin\n", "hint: did you mean staging?", "\n"}, "", 0, `no target "stagin"; `, false, ""},
		{"a number too high", []string{question, "4\n", "hint: type a number or a name", "\n"}, "", 0, `no target "4"; `, false, ""},
		{name: "in the simulator", typed: []string{question, "2\n", confirm, "n\n"}, code: 130, said: "\necs-deploy deploy --target staging --simulate --color never\n", args: "--simulate --color never"},
		{name: "with another flag", args: "--simulate --tag v2"},
		{"nothing", []string{question, "\n"}, "", 0, "nothing was chosen, and nothing was changed", false, ""},
		{"the end of the input", []string{question, "\x04"}, "", 0, "nothing was chosen", false, ""},
		{"Ctrl-C", []string{question, "\x03"}, "", 130, "error: interrupted", false, ""},
		{"in CI", nil, "CI=true", 0, "", false, ""},
		{"for programs", nil, "ECS_DEPLOY_OUTPUT=json", 0, "", false, ""},
		{"a target that is set", nil, "ECS_DEPLOY_TARGET=staging", 0, "", false, ""},
		{"no file", nil, "ECS_DEPLOY_CONFIG=none", 0, "", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			world, err := ecssim.LoadScenario("healthy")
			if err != nil {
				t.Fatal(err)
			}
			for _, service := range []string{"doorman-service", "doorman-staging"} {
				world = world.WithSeed(ecssim.Seed{Cluster: "production1", Service: service, Image: "docker.repo.com/doorman:v1"})
			}
			server, err := serveWorld(world)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			s := openTTY(t, "ecs-deploy", strings.Fields(tt.args), func(dir string) []string {
				file := `version: 1
defaults: {cluster: production1, image: "docker.repo.com/doorman:v2", no-wait: true}
targets:
  production: {service-name: doorman-service}
  staging: {service-name: doorman-staging}
groups: {all: [production, staging]}
`
				if err := os.WriteFile(filepath.Join(dir, "ecs-deploy.yaml"), []byte(file), 0o600); err != nil {
					t.Fatal(err)
				}
				environ := []string{tt.environ}
				for name, value := range account(server.URL) {
					environ = append(environ, name+"="+value)
				}
				return environ
			})
			for i := 0; i < len(tt.typed); i += 2 {
				s.until(tt.typed[i])
				if _, err := s.master.WriteString(tt.typed[i+1]); err != nil {
					t.Fatal(err)
				}
			}
			code, screen := s.wait(), s.screen()
			offered := strings.Contains(strings.ReplaceAll(screen, " \n", "\n"), menu)
			if code != tt.code || offered != (tt.said != "") || !strings.Contains(screen, tt.said) || !offered && tt.args == "" && !strings.Contains(screen, "Usage:") {
				t.Errorf("exit code %d, want %d:\n%s", code, tt.code, screen)
			}
			if wrote := len(server.made()); (wrote > 0) != tt.wrote {
				t.Errorf("%d calls changed something", wrote)
			}
		})
	}
}
