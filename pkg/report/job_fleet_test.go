package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/printabletest"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// ofFleet are members that ended in every way.
func ofFleet(t *testing.T) fleet.Outcome {
	events := rolledBack(t)
	failed, succeeded := *events[len(events)-1].Outcome, outcomes()["succeeded"]
	back := failed
	back.Diagnosis = rollout.Diagnosis{}
	return fleet.Outcome{Elapsed: 5 * time.Minute, Members: []fleet.Result{
		{Member: "api", Verdict: failed.Verdict, Reason: failed.Reason, Outcome: &failed},
		{Member: "web", Verdict: rollout.Succeeded, Reason: succeeded.Reason, Outcome: &succeeded},
		{Member: "mail", Verdict: rollout.RolledBack, Reason: "rolled back, because api failed", Outcome: &succeeded, Undone: &back},
		{Member: "jobs", Verdict: rollout.Error, Reason: "no such image", Err: errors.New("no such image")},
		{Member: "cron", Verdict: fleet.NotStarted, Reason: "needs api"},
	}}
}

func fleetJob(t *testing.T, outcome fleet.Outcome, events ...deploy.Event) (summary, outputs, dotenv string) {
	t.Helper()
	var s, o, d bytes.Buffer
	r := report.New("json", report.Options{Out: io.Discard, Summary: &s, Outputs: &o, Dotenv: &d, Location: time.UTC, Command: command})
	for _, e := range events {
		r.Event(e)
	}
	r.Fail(report.Failure{Member: "jobs", Message: "no such image", Verdict: "error", ExitCode: 1})
	r.Result(report.FleetOutcome(outcome, report.Options{}, []report.Suggestion{{Purpose: "follow all again", Command: "ecs-deploy wait --target api,web"}}, func(error) string { return "build it" }))
	return s.String(), o.String(), d.String()
}

// TestTheJobOfAFleet: one table, details of those that did not end well, and one set of
// outputs.
func TestTheJobOfAFleet(t *testing.T) {
	events := rolledBack(t)
	for i := range events {
		events[i].Subject = deploy.Subject{Kind: deploy.SubjectService, ARN: service, Member: "api"}
	}
	summary, outputs, dotenv := fleetJob(t, ofFleet(t), events...)
	golden(t, "job_fleet", summary+"-- outputs --\n"+outputs+"-- dotenv --\n"+dotenv)
	for _, name := range []string{"verdict=", "exit-code=", "reason=", "members="} {
		if strings.Count("\n"+outputs, "\n"+name) != 1 {
			t.Errorf("%s is not there once:\n%s", name, outputs)
		}
	}
}

// membersOf is the value of the output about members.
func membersOf(t *testing.T, outputs, name string) []map[string]any {
	t.Helper()
	for line := range strings.Lines(outputs) {
		if text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), name+"="); ok && text != "" {
			var members []map[string]any
			if err := json.Unmarshal([]byte(text), &members); err != nil {
				t.Fatal(err)
			}
			return members
		}
	}
	return nil
}

// TestALargeFleetFits: what a CI system takes, whatever the number of services.
func TestALargeFleetFits(t *testing.T) {
	for _, c := range []struct{ members, outputs, dotenv int }{{3, 3, 3}, {30, 30, 30}, {1000, 1000, 0}, {5000, 0, 0}} {
		outcome := ofFleet(t)
		for len(outcome.Members) < c.members {
			result := outcome.Members[len(outcome.Members)%5]
			result.Member = fmt.Sprintf("service-%d", len(outcome.Members))
			outcome.Members = append(outcome.Members, result)
		}
		outcome.Members = outcome.Members[:c.members]
		summary, outputs, dotenv := fleetJob(t, outcome)
		if len(summary) > 201<<10 || len(outputs) > 110<<10 || len(dotenv) > 5000 {
			t.Errorf("%d members: %d, %d and %d bytes", c.members, len(summary), len(outputs), len(dotenv))
		}
		if n := len(membersOf(t, outputs, "members")); n != c.outputs {
			t.Errorf("%d members: %d are in the outputs", c.members, n)
		}
		if n := len(membersOf(t, dotenv, "DEPLOY_MEMBERS")); n != c.dotenv {
			t.Errorf("%d members: %d are in the dotenv file", c.members, n)
		}
		if !strings.Contains(summary, "| api | rolled back |") || c.members > 200 && !strings.Contains(summary, " more | | | | |") {
			t.Errorf("%d members: no table\n%.2000s", c.members, summary)
		}
	}
}

// hostileFleet are members whose texts are hostile.
func hostileFleet(t *rapid.T) fleet.Outcome {
	text := filler{t}.text
	outcome := fleet.Outcome{}
	for range rapid.IntRange(1, 3).Draw(t, "members") {
		r := fleet.Result{Member: text(), Verdict: rapid.SampledFrom(append(verdicts, fleet.NotStarted)).Draw(t, "verdict"), Reason: text(), Err: errors.New("x")}
		if rapid.Bool().Draw(t, "an outcome") {
			r.Err = nil
			r.Outcome = &deploy.Outcome{
				Verdict: r.Verdict, Reason: text(), Serving: text(), ServingTag: text(),
				Deployment: deploy.Deployment{Ref: deploy.Ref{Cluster: text(), Service: text()}, TaskDefinition: text(), Before: deploy.Before{TaskDefinition: text()}},
				Diagnosis:  rollout.Diagnosis{Causes: []rollout.Cause{{Reason: text(), Container: text(), Count: 1}}},
			}
		}
		outcome.Members = append(outcome.Members, r)
	}
	return outcome
}

// TestHostileTextInTheJobOfAFleet: no text adds an output, or is more than text.
func TestHostileTextInTheJobOfAFleet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var summary, outputs, dotenv bytes.Buffer
		r := report.New("json", report.Options{Out: io.Discard, Summary: &summary, Outputs: &outputs, Dotenv: &dotenv, Location: time.UTC, Command: typed})
		r.Result(report.FleetOutcome(hostileFleet(t), report.Options{}, nil, func(error) string { return filler{t}.text() }))
		harmlessMarkdown(t, summary.String())
		harmlessOutputs(t, dotenv.String(), `^DEPLOY_(VERDICT|EXIT_CODE|TASK_DEFINITION_ARN|DEPLOYMENT_ID|ROLLBACK_TO|REASON|MEMBERS)=`)
		for line := range strings.Lines(outputs.String()) {
			if problem := printabletest.Acts(strings.TrimSuffix(line, "\n")); problem != "" || !regexp.MustCompile(`^(verdict|exit-code|task-definition-arn|deployment-id|rollback-to|reason|members)=`).MatchString(line) {
				t.Fatalf("%q: %s", line, problem)
			}
		}
	})
}
