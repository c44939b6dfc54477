package report_test

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/printabletest"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
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

// ourCommands are the commands of the program in the log of a CI system, and what of a text of
// others may be behind them.
var ourCommands = map[report.CI]*regexp.Regexp{
	report.GitHub:    regexp.MustCompile(`^::(?:(group)::|(endgroup)::$|(?:warning|error) title=[^:,]*::)(.*)$`),
	report.GitLab:    regexp.MustCompile("^section_(?:(start):\\d+:ecs_deploy_\\d+\\[collapsed=true\\]|(end):\\d+:ecs_deploy_\\d+)\r\x1b\\[0K(.*)$"),
	report.Buildkite: regexp.MustCompile(`^(?:(---) |(\+\+\+) )(.*)$`),
	report.Azure:     regexp.MustCompile(`^##(?:\[(group)\]|\[(endgroup)\]$|vso\[task\.logissue type=(?:warning|error)\])(.*)$`),
}

var escaped = regexp.MustCompile(`%(25|0A|3A|2C)`)

// TestHostileTextIsNoCommand: the only commands in the log of a CI system are the
// program's own, and groups end.
func TestHostileTextIsNoCommand(t *testing.T) {
	for ci, ours := range ourCommands {
		t.Run(string(ci), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var out, err, summary, outputs, dotenv bytes.Buffer
				r := report.New("text", report.Options{
					Out: &out, Err: printable.NewWriter(&err), Raw: &err, CI: ci, Summary: &summary, Outputs: &outputs, Dotenv: &dotenv, Location: time.UTC, Command: typed,
				})
				r.Event(hostileEvent(t))
				r.Fail(filled[report.Failure](t))
				open := 0
				for line := range strings.Lines(err.String()) {
					line = strings.TrimSuffix(line, "\n")
					found := ours.FindStringSubmatch(line)
					if found == nil {
						if problem := printabletest.Problem(line); problem != "" {
							t.Fatalf("%q: %s", line, problem)
						}
						continue
					}
					if found[1] != "" {
						open++
					}
					if found[2] != "" {
						open--
					}
					if problem := printabletest.Acts("x " + found[3]); problem != "" || open < 0 || open > 1 {
						t.Fatalf("%q: %s", line, problem)
					}
					if ci == report.GitHub && strings.Contains(escaped.ReplaceAllString(found[3], ""), "%") {
						t.Fatalf("%q is not escaped", line)
					}
				}
				if open != 0 {
					t.Fatalf("a group does not end: %s", err.String())
				}
				harmlessLines(t, out.String())
				harmlessMarkdown(t, summary.String())
				harmlessOutputs(t, outputs.String(), `^(verdict|exit-code|task-definition-arn|deployment-id|rollback-to|reason|members)=`)
				harmlessOutputs(t, dotenv.String(), `^DEPLOY_(VERDICT|EXIT_CODE|TASK_DEFINITION_ARN|DEPLOYMENT_ID|ROLLBACK_TO|REASON|MEMBERS)=`)
			})
		})
	}
}

// harmlessOutputs fails if a text of others adds an output.
func harmlessOutputs(t *rapid.T, text, name string) {
	if len(text) > 5000 {
		t.Fatalf("%d bytes are too many for a dotenv report", len(text))
	}
	for _, line := range harmlessLines(t, text) {
		if !regexp.MustCompile(name).MatchString(line) {
			t.Fatalf("%q", line)
		}
	}
}

// TestASummaryIsBounded: GitHub refuses what is larger than 1 MiB.
func TestASummaryIsBounded(t *testing.T) {
	var summary bytes.Buffer
	r := report.New("json", report.Options{Out: io.Discard, Summary: &summary})
	outcome := outcomes()["failed"]
	for range 600 {
		cause := cause
		cause.Log.Lines = []string{strings.Repeat("x", 1000), "```", strings.Repeat("y", 1000)}
		outcome.Diagnosis.Causes = append(outcome.Diagnosis.Causes, cause)
	}
	r.Event(deploy.Event{Type: deploy.EventOutcome, Outcome: &outcome})
	text := summary.String()
	if len(text) > 201<<10 || !strings.HasSuffix(text, "more bytes are left out.\n\n") {
		t.Errorf("%d bytes, ending %q", len(text), text[max(0, len(text)-100):])
	}
	if fences := strings.Count(text, "\n````\n") - strings.Count(text, "````text\n"); fences != 0 {
		t.Errorf("%d blocks of code do not end", -fences)
	}
}

var (
	code    = regexp.MustCompile("(?ms)^(```+)text\n.*?^(```+)$")
	literal = regexp.MustCompile(`\\[[:punct:]]`)
	ownMark = regexp.MustCompile(`(?m)^### [a-z -]+:|^\|.*\|$|^\*\*(Next|Causes|Changes|Timeline)\*\*$|^[a-z ,A-Z]*:$|Hint:`)
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
