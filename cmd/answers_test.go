package cmd

import (
	"io"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// TestAnswers: only yes, or Enter at a question whose default is yes, is yes.
func TestAnswers(t *testing.T) {
	for typed, want := range map[string]struct {
		asked              int
		confirmed, stopped bool // the answers to [y/N] and to [Y/n]
	}{
		"y\n": {1, true, true}, " YES \n": {1, true, true},
		"n\n": {1, false, false}, "No\n": {1, false, false},
		"\n": {1, false, true}, "": {1, false, true},
		"what?\ny\n": {2, true, true}, "what?\nn\n": {2, false, false}, "what?\n\n": {2, false, true},
		"what?\nyesterday\nyy\ny\n": {3, false, false},
	} {
		asked := func() (*app, *strings.Builder) {
			said := new(strings.Builder)
			return newApp(Streams{In: strings.NewReader(typed), Out: io.Discard, Err: said, InTerminal: true, ErrTerminal: true}), said
		}
		a, said := asked()
		err := a.ask(t.Context(), "a test", "continue?")
		if n := strings.Count(said.String(), "continue? [y/N] "); n != want.asked || (err == nil) != want.confirmed {
			t.Errorf("%q: asked %d times, %v", typed, n, err)
		}
		a, said = asked()
		became := a.askInterrupt()()
		if n := strings.Count(said.String(), "stop the task? [Y/n] "); n != want.asked || (became == deploy.TaskStop) != want.stopped {
			t.Errorf("%q: asked %d times, %s", typed, n, became)
		}
	}
}
