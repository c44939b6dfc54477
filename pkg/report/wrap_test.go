package report_test

import (
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// TestWrap: prose is broken between words, and a command is not.
func TestWrap(t *testing.T) {
	const question = "roll back doorman-service to doorman-service:1 in production1 (us-east-1, account 123456789012)? [y/N] "
	const command = "  ecs-deploy deploy --simulate -c production1 -n doorman-service -i docker.repo.com/doorman:v2\n"
	for _, tt := range []struct {
		text  string
		width int
		want  string
	}{
		{question, 80, "roll back doorman-service to doorman-service:1 in production1 (us-east-1,\n  account 123456789012)? [y/N] "},
		{question, 0, "roll back doorman-service to doorman-service:1 in production1 (us-east-1, account 123456789012)?\n  [y/N] "},
		{question[:60] + "\n\n", 80, question[:60] + "\n\n"},
		{command, 80, command},
		{"  0  " + strings.Repeat("word ", 8) + "\nnext\n", 24, "  0  word word word\n    word word word word\n    word \nnext\n"},
	} {
		if got := report.Wrap(tt.text, tt.width); got != tt.want {
			t.Errorf("%d columns:\n%q\nwant\n%q", tt.width, got, tt.want)
		}
	}
}
