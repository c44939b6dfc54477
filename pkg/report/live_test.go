package report_test

// The live region on a terminal in memory: what is on the screen, and what was.

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// screen is a terminal in memory, in the mode in which a shell starts programs.
type screen struct {
	mutex   sync.Mutex
	vt      *vt.Emulator
	written bytes.Buffer
}

func newScreen(t *testing.T, width, height int) *screen {
	s := &screen{vt: vt.NewEmulator(width, height)}
	go func() { _, _ = io.Copy(io.Discard, s.vt) }() // answers to queries
	t.Cleanup(func() { _ = s.vt.Close() })
	return s
}

func (s *screen) Write(text []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.written.Write(text)
	_, err := s.vt.Write(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
	return len(text), err
}

// rows are the lines of the screen, without empty ones at the end.
func (s *screen) rows() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	text := strings.TrimRight(s.vt.String(), "\n ")
	var rows []string
	for row := range strings.SplitSeq(text, "\n") {
		rows = append(rows, strings.TrimRight(row, " "))
	}
	return rows
}

// shows waits until the screen has a text.
func (s *screen) shows(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if strings.Contains(strings.Join(s.rows(), "\n"), text) {
			return
		}
	}
	t.Fatalf("the screen does not show %q:\n%s", text, strings.Join(s.rows(), "\n"))
}

func liveOn(s *screen, width, height int) report.Renderer {
	return report.New("text", report.Options{
		Out: s, Err: s, Raw: s, OutTerminal: true, Progress: report.ProgressLive, Term: "xterm-256color",
		Size: report.Size{Width: width, Height: height}, Location: time.UTC, Command: command, Now: func() time.Time { return at(60) },
	})
}

func TestLive(t *testing.T) {
	s := newScreen(t, 110, 40)
	r := liveOn(s, 110, 40)
	defer r.Pause()
	events := rolledBack(t)
	last := len(events) - 1
	for _, e := range events[:last] {
		r.Event(e)
	}
	s.shows(t, "\n  stopped: Essential container")
	golden(t, "live-during", strings.Join(s.rows(), "\n")+"\n")
	if s.vt.CursorHidden() {
		t.Error("the cursor is hidden")
	}
	r.Event(events[last])
	golden(t, "live-after", strings.Join(s.rows(), "\n")+"\n")
	for _, sequence := range []string{"\x1b[?1049", "\x1b[?2004", "\x1b[?2026", "\x1b[?2027", "\x1b[>", " q", "\x1b[c", "\x1b]"} {
		if strings.Contains(s.written.String(), sequence) {
			t.Errorf("a mode of the terminal was changed, or something asked: %q", sequence)
		}
	}
}

// TestTheRegionIsErased: whenever it is taken from the terminal.
func TestTheRegionIsErased(t *testing.T) {
	for _, wait := range []time.Duration{0, 10, 30, 60, 90, 120, 150, 200, 300} {
		s := newScreen(t, 110, 40)
		r := liveOn(s, 110, 40)
		events := rolledBack(t)
		for _, e := range events[:7] {
			r.Event(e)
		}
		time.Sleep(wait * time.Millisecond)
		r.Pause()
		if text := strings.Join(s.rows(), "\n"); strings.Contains(text, "deploying") || strings.Contains(text, "█") {
			t.Errorf("after %d ms:\n%s\n%q", wait, text, s.written.String())
		}
	}
}

// TestAPanicLeavesTheTerminal: a bug in a view takes the region away, is readable, and
// hides neither the rest of the run nor its end.
func TestAPanicLeavesTheTerminal(t *testing.T) {
	s := newScreen(t, 110, 200)
	r := report.New("text", report.Options{
		Out: s, Err: s, Raw: s, OutTerminal: true, Progress: report.ProgressLive, Term: "xterm-256color", Size: report.Size{Width: 110, Height: 200},
		Location: time.UTC, Now: func() time.Time { return at(60) },
		Command: func(deploy.Deployment, ...string) string { panic("no command") },
	})
	events := rolledBack(t)
	unguarded := deployment
	unguarded.Before.RollsBack = false // a cause comes with the command that rolls back
	events[2].Deployment = &unguarded
	for _, e := range events[:6] {
		r.Event(e)
	}
	s.shows(t, "deploying doorman")
	for _, e := range events[6:] {
		r.Event(e)
	}
	text := strings.Join(s.rows(), "\n")
	if !strings.Contains(text, "\nwarning: a bug in ecs-deploy: no command; the run continues, and only its end is shown\n") ||
		!strings.Contains(text, "TestAPanicLeavesTheTerminal") || !strings.HasSuffix(text, "\nrolled back: the circuit breaker threshold was exceeded") {
		t.Error(text)
	}
	if strings.Contains(text, "deploying doorman") || s.vt.CursorHidden() {
		t.Errorf("the region is there, or the cursor is not:\n%s", text)
	}
}

// TestAPanicInAFrame: the log goes on beside it.
func TestAPanicInAFrame(t *testing.T) {
	s := newScreen(t, 110, 40)
	r := report.New("text", report.Options{
		Out: s, Err: s, Raw: s, OutTerminal: true, Progress: report.ProgressLive, Term: "xterm-256color", Size: report.Size{Width: 110, Height: 40},
		Location: time.UTC, Now: func() time.Time { panic("no clock") },
	})
	events := rolledBack(t)
	for _, e := range events[:6] {
		r.Event(e)
	}
	s.shows(t, "warning: a bug in ecs-deploy: no clock; the run continues, and where it stands is not shown")
	for _, e := range events[6:] {
		r.Event(e)
	}
	if text := strings.Join(s.rows(), "\n"); !strings.Contains(text, "\nrolled back: doorman:42") || strings.Contains(text, "no clock") {
		t.Error(text)
	}
}
