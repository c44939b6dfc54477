package report_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// TestARecordIsTheOutcome: a record has what -o json and -o text print at the end,
// whatever the format of the run.
func TestARecordIsTheOutcome(t *testing.T) {
	events := rolledBack(t)
	object, _ := render(t, "json", report.Options{}, events)
	text, _ := render(t, "text", report.Options{Quiet: true}, events)
	for _, format := range report.Formats() {
		var record report.Record
		render(t, format, report.Options{Record: &record, OutColor: true, ErrColor: true, CI: report.GitHub, Raw: new(bytes.Buffer)}, events)
		if got := string(record.JSON()); got != object {
			t.Errorf("%s: the object is %s", format, got)
		}
		if got := strings.Join(record.Lines(), "\n") + "\n"; got != text {
			t.Errorf("%s: the text is %s\nwant %s", format, got, text)
		}
	}
}

// TestARecordIsTheLastEnd: a plan that was shown before, and an error.
func TestARecordIsTheLastEnd(t *testing.T) {
	var record report.Record
	var out bytes.Buffer
	r := report.New("json", report.Options{Out: &out, Err: &out, Record: &record, Location: time.UTC})
	if len(record.JSON()) > 0 {
		t.Error("there is an outcome before the end")
	}
	r.Result(report.Plan(plan(t)))
	member := deploy.Event{Type: deploy.EventOutcome, Outcome: &deploy.Outcome{}, Subject: deploy.Subject{Member: "api"}}
	r.Event(member)
	before := string(record.JSON())
	if r.Fail(report.Failure{Member: "api", Message: "x"}); string(record.JSON()) != before {
		t.Error("the end of one of several is not that of all")
	}
	r.Fail(report.Failure{Message: "no such image", Hint: "build it", Verdict: "error", ExitCode: 3})
	if text := string(record.JSON()); !strings.HasPrefix(text, "{\n  \"type\": \"outcome\"") || !strings.Contains(text, `"exitCode": 3`) {
		t.Error(text)
	}
	if want := []string{"error: no such image", "hint: build it"}; !slices.Equal(record.Lines(), want) {
		t.Errorf("%q", record.Lines())
	}
}
