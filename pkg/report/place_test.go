package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

func TestPlace(t *testing.T) {
	for _, tt := range []struct{ cluster, service, target, want string }{
		{cluster, service, "", "production1 (us-east-1, account 123456789012)"},
		{cluster, service, "shop", "production1 (us-east-1, account 123456789012, target shop)"},
		{cluster, service, "production1", "production1 (us-east-1, account 123456789012)"},
		{cluster, service, "doorman", "production1 (us-east-1, account 123456789012)"},
		{"arn:aws-cn:ecs:cn-north-1:1:cluster/a", "arn:aws-cn:ecs:cn-north-1:1:service/old-form", "", "a (cn-north-1, account 1)"},
		{"production1", "doorman", "", "production1"},
	} {
		if got := report.Place(tt.cluster, tt.service, tt.target); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// TestThePlaceIsSaidOnce: in the first line, whatever the first event is, and in
// the verdict.
func TestThePlaceIsSaidOnce(t *testing.T) {
	const place = "production1 (us-east-1, account 123456789012, target shop)"
	events := rolledBack(t)
	for _, events := range [][]deploy.Event{events, events[2:], events[3:], events[6:]} {
		out, err := render(t, "text", report.Options{Target: "shop"}, events)
		first, _, _ := strings.Cut(err, "\n")
		if !strings.HasSuffix(first, "doorman in "+place+"; times in UTC") || strings.Count(err, place) != 1 {
			t.Errorf("the first line is %q", first)
		}
		if verdict, rest, _ := strings.Cut(out, "\n"); !strings.HasPrefix(rest, "  in "+place+", after 3m49s\n") || strings.Count(out, place) != 1 {
			t.Errorf("the verdict is %q", verdict)
		}
	}
	out, err := render(t, "text", report.Options{Target: "shop", Quiet: true}, events)
	if err != "" || strings.Count(out, place) != 1 {
		t.Errorf("quiet: %q, %q", out, err)
	}
	out, _ = render(t, "json", report.Options{Target: "shop"}, events)
	if !strings.Contains(out, `"target": "shop"`) {
		t.Error(out)
	}
}

// troubled is a service in the middle of a canary deployment that does badly.
func troubled() deploy.Status {
	weight, hundred := 10.0, 100
	s := deploy.Status{
		Service: *state(2, 2, 0, 1, 2),
		Last: &rollout.ServiceDeployment{
			Status: "IN_PROGRESS", Strategy: "CANARY", LifecycleStage: "BAKE_TIME", BakeMinutes: 30, Target: rollout.Share{Production: &weight},
			AlarmsStatus: "MONITORING", Alarms: []string{"errors"},
		},
		Diagnosed: deploy.Deployment{Ref: deploy.Ref{Cluster: cluster, Service: service}, ID: "ecs-svc/42", TaskDefinition: wanted, Tag: "v2"},
		Diagnosis: rollout.Diagnosis{
			Causes: []rollout.Cause{cause}, MoreCauses: 37, MoreTasks: 40, Breaker: &rollout.Breaker{Status: "MONITORING", FailureCount: 2, Threshold: 3},
			Events:       []string{"was unable to place a task. Reason: Capacity is unavailable at this time."},
			TargetGroups: []rollout.TargetGroup{{ARN: "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/1", States: map[string]int{"unhealthy": 2}, Reasons: []string{"Health checks failed with these codes: [502]"}}},
		},
	}
	s.Diagnosis.Causes[0].Log.Lines = []string{"starting", "fatal: no database"}
	s.Diagnosis.Advise()
	s.Service.Deployments[0].Tag, s.Service.Deployments[1].Tag = "v1", "v2"
	s.Service.Settings = rollout.Settings{Strategy: "CANARY", MinimumHealthyPercent: &hundred, BakeMinutes: 30,
		Breaker: &rollout.Guard{Rollback: true}, Alarms: &rollout.Guard{Names: []string{"errors"}}}
	s.Service.Events = []rollout.ServiceEvent{{At: at(8), Message: "(service doorman) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone. For more information, see the Troubleshooting section."}}
	return s
}

// TestTheStatusOfTrouble: everything that is known, within a hundred columns.
func TestTheStatusOfTrouble(t *testing.T) {
	var b bytes.Buffer
	report.New("text", report.Options{Out: &b, Command: command, Target: "shop"}).Result(report.Status(troubled()))
	golden(t, "status", b.String())
	for line := range strings.SplitSeq(b.String(), "\n") {
		if n := len([]rune(line)); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestNextOfStatus(t *testing.T) {
	status := func(state, diagnosed string) deploy.Status {
		return deploy.Status{
			Service:   rollout.Service{Deployments: []rollout.Deployment{{ID: "ecs-svc/42", Status: rollout.StatusPrimary, RolloutState: state}}},
			Diagnosed: deploy.Deployment{ID: diagnosed},
		}
	}
	paused, express := status("IN_PROGRESS", "ecs-svc/42"), status("FAILED", "ecs-svc/42")
	paused.Last = &rollout.ServiceDeployment{Status: "IN_PROGRESS", Hooks: []rollout.Hook{{ID: "ecs-pause-1", Status: "AWAITING_ACTION"}}}
	express.Diagnosed.Express = true
	for _, tt := range []struct {
		status deploy.Status
		want   string
	}{
		{paused, "continuestop"},
		{express, ""},
		{status("COMPLETED", "ecs-svc/42"), ""},
		{status("COMPLETED", "ecs-svc/43"), "wait"},
		{status("IN_PROGRESS", "ecs-svc/42"), "wait"},
		{status("FAILED", "ecs-svc/42"), "rollback-preview"},
		{deploy.Status{}, ""},
	} {
		got := ""
		for _, next := range report.NextOfStatus(tt.status, command) {
			got += strings.Fields(next.Command)[1]
		}
		if got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
		if report.NextOfStatus(tt.status, nil) != nil {
			t.Error("a suggestion without a way to make command lines")
		}
	}
}

// words is a text as one line: where lines are broken does not matter.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// TestASuccessTellsWhatFailed: in text and in JSON, also if nothing runs.
func TestASuccessTellsWhatFailed(t *testing.T) {
	for desired, want := range map[int]string{
		2: "succeeded: doorman is running doorman:42 (v2), 2 of 2 tasks (before: doorman:41 (v1))\n  in production1 (us-east-1, account 123456789012), after 1m\n",
		0: "succeeded: doorman is running doorman:42 (v2), 0 of 0 tasks (before: doorman:41 (v1)); the desired count is 0, so no task is running\n  in production1 (us-east-1, account 123456789012), after 1m\n",
	} {
		d := deployment
		d.Tag, d.Before.Tag = "v2", "v1"
		outcome := deploy.Outcome{Verdict: rollout.Succeeded, Deployment: d, Elapsed: time.Minute, Serving: wanted, ServingTag: "v2", Running: desired, Desired: desired,
			Diagnosis: rollout.Diagnosis{Causes: []rollout.Cause{cause}, MoreCauses: 1, MoreTasks: 1}}
		events := []deploy.Event{{Type: deploy.EventOutcome, Outcome: &outcome}}
		out, _ := render(t, "text", report.Options{}, events)
		if !strings.HasPrefix(words(out), words(want)) || !strings.Contains(out, "\n  note: 5 tasks of this deployment failed before it succeeded\n") ||
			!strings.Contains(out, "\n  4 × Essential container in task exited (container app, exit code 1)\n") || !strings.Contains(out, "\n  and 1 more cause (1 task)\n") {
			t.Errorf("%s\nwant %s", out, want)
		}
		out, _ = render(t, "json", report.Options{}, events)
		if !strings.Contains(out, `"kind": "exited"`) || !strings.Contains(out, `"servingTag": "v2"`) {
			t.Error(out)
		}
	}
}

// TestProgressNamesWhatIsAwaited: stage, breaker and alarms, and the time.
func TestProgressNamesWhatIsAwaited(t *testing.T) {
	weight := 10.0
	baking := state(0, 2, 2, 0, 0)
	baking.Deployments = baking.Deployments[1:]
	for want, e := range map[string]deploy.Event{
		"doorman:42 0/2 running, 2 failed  (doorman:41 2/2 running)  circuit breaker: 2 failed tasks (threshold 3), after 1m5s": {
			Service: state(2, 2, 0, 0, 2), ServiceDeployment: &rollout.ServiceDeployment{Status: "IN_PROGRESS", Breaker: &rollout.Breaker{Status: "MONITORING", FailureCount: 2, Threshold: 3}}},
		"doorman:42 2/2 running  (doorman:41 2/2 running)  CANARY, stage BAKE_TIME, traffic 10% new tasks, after 1m5s": {
			Service: state(2, 2, 2, 0, 0), ServiceDeployment: &rollout.ServiceDeployment{Status: "IN_PROGRESS", Strategy: "CANARY", LifecycleStage: "BAKE_TIME", BakeMinutes: 30, Target: rollout.Share{Production: &weight}}},
		"doorman:42 2/2 running  baking, ECS watches alarm errors, after 1m5s": {
			Service: baking, ServiceDeployment: &rollout.ServiceDeployment{Status: "IN_PROGRESS", AlarmsStatus: "MONITORING", Alarms: []string{"errors"}}},
	} {
		e.Type, e.Elapsed = deploy.EventProgress, 65*time.Second
		if _, err := render(t, "text", report.Options{}, []deploy.Event{e}); !strings.Contains(words(err), words(want)) {
			t.Errorf("%s\nwant %s", err, want)
		}
	}
}

// TestTroubleComesWithWhatToDo: once, below the first event that tells of it.
func TestTroubleComesWithWhatToDo(t *testing.T) {
	event := func(id string) deploy.Event {
		return deploy.Event{Type: deploy.EventService, Service: state(2, 2, 0, 0, 0), ServiceEvent: &rollout.ServiceEvent{ID: id,
			Message: "(service doorman) was unable to place a task. Reason: Capacity is unavailable at this time."}}
	}
	_, err := render(t, "text", report.Options{}, []deploy.Event{event("1"), event("2")})
	if strings.Count(err, "another capacity provider") != 1 {
		t.Error(err)
	}
}
