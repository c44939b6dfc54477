package cmd

import (
	"io"
	"slices"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/names"
)

// TestEveryLiveFlagCompletes holds the table of live flags against the flags: each row is a
// flag of some command, which completes.
func TestEveryLiveFlagCompletes(t *testing.T) {
	root := New(Streams{Out: io.Discard, Err: io.Discard})
	for name := range liveFlags {
		if !slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool {
			_, completes := c.GetFlagCompletionFunc(name)
			return completes
		}) {
			t.Errorf("no command completes --%s", name)
		}
	}
}

// TestCompletions leaves out what does not fit, what was there before, and what a shell might
// act upon; a description is one line without a tab.
func TestCompletions(t *testing.T) {
	got := completions([]names.Name{{Text: "web", About: "a\tb\nc\x1b[31m"}, {Text: "web"}, {Text: "worker"}, {Text: "we$(reboot)"}, {Text: "we b"}}, "we")
	if want := []string{"web\ta b c"}; len(got) != 1 || got[0][:len(want[0])] != want[0] || slices.ContainsFunc([]byte(got[0][len("web\t"):]), func(b byte) bool { return b < ' ' }) {
		t.Errorf("%q", got)
	}
}
