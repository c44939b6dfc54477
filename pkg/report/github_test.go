package report_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/printabletest"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// TestGitHub: the log with its commands, and the summary.
func TestGitHub(t *testing.T) {
	var out, err, summary bytes.Buffer
	r := report.New("github", report.Options{Out: &out, Err: &err, Summary: &summary, Location: time.UTC, Command: command})
	for _, e := range rolledBack(t) {
		r.Event(e)
	}
	r.Fail(failure)
	if r.Err() != nil || err.Len() > 0 {
		t.Error(r.Err(), err.String())
	}
	golden(t, "github", out.String()+"-- summary --\n"+summary.String())
	if strings.Contains(out.String()+summary.String(), "hunter2") {
		t.Error("a value of the environment is shown")
	}
}

func TestGitHubWithoutASummary(t *testing.T) {
	var out bytes.Buffer
	r := report.New("github", report.Options{Out: &out, Quiet: true})
	for _, e := range rolledBack(t) {
		r.Event(e)
	}
	if text := out.String(); r.Err() != nil || strings.Contains(text, "09:00") || !strings.Contains(text, "\n::error title=rolled back%3A doorman::") {
		t.Error(r.Err(), text)
	}
}

var (
	// ourCommand is the beginning of a workflow command of the renderer, and what is
	// behind it.
	ourCommand = regexp.MustCompile(`^::(group::|endgroup::$|(?:warning|error) title=[^:,]*::)(.*)$`)
	escaped    = regexp.MustCompile(`%(25|0A|3A|2C)`)
)

// TestHostileTextIsNoWorkflowCommand: the only commands in the log are the renderer's
// own, and groups end.
func TestHostileTextIsNoWorkflowCommand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var out, summary bytes.Buffer
		r := report.New("github", report.Options{Out: &out, Summary: &summary, Location: time.UTC, Command: typed})
		r.Event(hostileEvent(t))
		r.Fail(filled[report.Failure](t))
		open := 0
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			found := ourCommand.FindStringSubmatch(line)
			switch {
			case found == nil:
				if problem := printabletest.Problem(line); problem != "" {
					t.Fatalf("%q: %s", line, problem)
				}
				continue
			case found[1] == "group::":
				open++
			case found[1] == "endgroup::":
				open--
			}
			if problem := printabletest.Acts("x " + found[2]); problem != "" || open < 0 || open > 1 || strings.Contains(escaped.ReplaceAllString(found[2], ""), "%") {
				t.Fatalf("%q: %s", line, problem)
			}
		}
		if open != 0 {
			t.Fatalf("a group does not end: %s", out.String())
		}
		harmlessMarkdown(t, summary.String())
	})
}

var (
	code    = regexp.MustCompile("(?ms)^(```+)text\n.*?^(```+)$")
	literal = regexp.MustCompile(`\\[[:punct:]]`)
	ownMark = regexp.MustCompile(`(?m)^### [a-z -]+:|^\|.*\|$|^\*\*(Next|Causes)\*\*$|^[a-z ,A-Z]*:$|Hint:`)
)

// harmlessMarkdown fails if a text is more than text.
func harmlessMarkdown(t *rapid.T, text string) {
	for _, block := range code.FindAllStringSubmatch(text, -1) {
		if block[1] != block[2] {
			t.Fatalf("a block of code is ended by what is in it: %q", block[0])
		}
	}
	text = literal.ReplaceAllString(code.ReplaceAllString(text, ""), "")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if problem := printabletest.Acts(line); problem != "" {
			t.Fatalf("%q: %s", line, problem)
		}
		line = ownMark.ReplaceAllString(line, "")
		if strings.ContainsAny(line, "<>[]()`*_#|:!$@") {
			t.Fatalf("it has markup: %q", line)
		}
	}
}

// TestTheSummaryNamesImages: what ran, and what was deployed.
func TestTheSummaryNamesImages(t *testing.T) {
	var summary bytes.Buffer
	r := report.New("github", report.Options{Out: &bytes.Buffer{}, Summary: &summary})
	outcome := outcomes()["succeeded"]
	r.Event(deploy.Event{Type: deploy.EventPlan, Plan: plan(t)})
	r.Event(deploy.Event{Type: deploy.EventOutcome, Outcome: &outcome})
	for _, want := range []string{`| From | doorman\:41, doorman\:v1 |`, `| To | doorman\:42, doorman\:v2 |`, "| Elapsed | 2m23s |"} {
		if !strings.Contains(summary.String(), want+"\n") {
			t.Errorf("no %s in\n%s", want, summary.String())
		}
	}
}
