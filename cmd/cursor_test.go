package cmd_test

// What the program leaves of a terminal: the cursor, the modes and a record that can be
// read, whatever ends it. The program is the real one, the terminal a pseudo terminal.

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
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
			s := openTTY(t, tt.program, "deploy", "--simulate", "-c", "production1", "-n", "doorman-service", "-i", "docker.repo.com/doorman:v2", "--until", "running")
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

func openTTY(t *testing.T, program string, args ...string) *tty {
	s := &tty{T: t, command: exec.Command(program, args...), emulator: vt.NewEmulator(100, 200), ended: make(chan struct{})}
	dir := t.TempDir()
	s.command.Dir, s.command.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "TERM=xterm-256color"}
	for name, value := range environment(dir) {
		s.command.Env = append(s.command.Env, name+"="+value)
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
