package rollout_test

import (
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

func events(messages ...string) []rollout.ServiceEvent {
	var list []rollout.ServiceEvent
	for _, m := range messages {
		list = append(list, rollout.ServiceEvent{Message: "(service web) " + m})
	}
	return list
}

// TestEveryTroubleHasAdvice: whatever ECS writes about trouble, there is a line
// that says what to do, and it is the right one.
func TestEveryTroubleHasAdvice(t *testing.T) {
	for message, want := range map[string]struct{ advice, topic string }{
		"was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.":                                            {"capacity provider", "not-placed"},
		"was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.":                                 {"container instances to the cluster", "not-placed"},
		"was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance X) has insufficient CPU units available.":          {"reduce the CPU", "not-placed"},
		"was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance X) is already using a port required by your task.": {"hostPort 0", "not-placed"},
		"was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.":                                                                    {"Service Quotas", "not-placed"},
		"was unable to place a task. Reason: CannotPullContainerError: not found.":                                                                                                         {"the tag exists", "cannot-pull"},
		"was unable to place a task. Reason: ResourceInitializationError: unable to pull secrets or registry auth.":                                                                        {"the secret or parameter exists", "cannot-initialise"},
		"was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.":   {"-m", "stuck"},
		"was unable to reach steady state because (taskSet ecs-svc/1) was unable to scale in due to (reason 2 tasks under protection)":                                                     {"update-task-protection", "stuck"},
		"is unable to consistently start tasks successfully. For more information, see the Troubleshooting section":                                                                        {"why tasks of the service stopped", "stuck"},
		"operations are being throttled. Will try again later.":                                                                                                                            {"wait", "stuck"},
		"(task X) (port 80) is unhealthy in (target-group TG) due to (reason Health checks failed with these codes: [500])":                                                                {"health check's path", "unhealthy"},
		"(task X) failed container health checks.": {"health check's path", "unhealthy"},
		"was unable to do what nobody foresaw.":    {"other events", ""},
	} {
		d := rollout.Explain(ours, nil, events(message))
		if len(d.Events) != 1 || len(d.Advice) != 1 || !strings.Contains(d.Advice[0], want.advice) || strings.Join(d.Topics, " ") != want.topic {
			t.Errorf("%s: %q %q, want %q", message, d.Advice, d.Topics, want)
		}
	}
	for _, message := range []string{"has started 1 tasks: (task X).", "has reached a steady state.", "(deployment ecs-svc/1) deployment completed."} {
		if hint := rollout.EventHint(message); hint != "" {
			t.Errorf("%s: %q", message, hint)
		}
	}
	for by, topic := range map[rollout.EndedBy]string{
		rollout.EndedByHook: "hook", rollout.EndedByPause: "hook", rollout.EndedByAlarm: "alarm", rollout.EndedByRules: "traffic",
		rollout.EndedByBreaker: "", rollout.EndedByRequest: "",
	} {
		ended := rollout.Diagnosis{Ending: rollout.Ending{By: by}}
		if ended.Advise(); strings.Join(ended.Topics, " ") != topic {
			t.Errorf("ended by %s: %q, want %q", by, ended.Topics, topic)
		}
	}
	alarms := rollout.Diagnosis{Alarms: []string{"errors", "latency"}}
	alarms.Advise()
	if len(alarms.Advice) != 1 || !strings.HasSuffix(alarms.Advice[0], "aws cloudwatch describe-alarms --alarm-names errors latency") {
		t.Errorf("%q", alarms.Advice)
	}
	groups := rollout.Diagnosis{TargetGroups: []rollout.TargetGroup{{ARN: "x"}}}
	groups.Advise()
	if len(groups.Advice) != 1 {
		t.Errorf("%q", groups.Advice)
	}
	// What a cause says is not said again.
	groups.Causes = rollout.Explain(ours, []rollout.Task{stopped("Task failed ELB health checks in (target-group x)")}, nil).Causes
	if groups.Advise(); len(groups.Advice) != 0 {
		t.Errorf("%q", groups.Advice)
	}
}

func TestEventsAreAHandful(t *testing.T) {
	var many []string
	for _, letter := range "zyxwvutsrq" { // newest first
		many = append(many, "was unable to place a task. Reason: "+string(letter))
	}
	got := rollout.Explain(ours, nil, events(many...)).Events
	if len(got) != 5 || !strings.HasSuffix(got[4], " z") || !strings.HasSuffix(got[0], " v") {
		t.Errorf("%q, want the newest five, oldest first", got)
	}
}

func TestStanding(t *testing.T) {
	unable, started := "was unable to place a task. Reason: Capacity is unavailable at this time.", "has started 1 tasks: (task X)."
	for _, tt := range []struct {
		name  string
		list  []rollout.ServiceEvent
		holds bool
	}{
		{"nothing was written", nil, false},
		{"the newest event", events(unable, started), true},
		{"other events since", events("registered 1 targets in (target-group x)", unable), true},
		{"tasks were started since", events(started, unable), false},
		{"the service is steady since", events("has reached a steady state.", unable), false},
	} {
		if e, holds := rollout.Standing(tt.list); holds != tt.holds || holds && !strings.HasSuffix(e.Message, unable) {
			t.Errorf("%s: %v %v", tt.name, e, holds)
		}
	}
}

func TestStages(t *testing.T) {
	ten := 10.0
	for want, d := range map[string]*rollout.ServiceDeployment{
		"": {Strategy: "ROLLING", Target: rollout.Share{Production: &ten}},
		"BLUE_GREEN, stage BAKE_TIME, traffic 10% new tasks":            {Strategy: "BLUE_GREEN", LifecycleStage: "BAKE_TIME", BakeMinutes: 30, Target: rollout.Share{Production: &ten}},
		"CANARY, stage PRODUCTION_TRAFFIC_SHIFT, traffic 10% new tasks": {Strategy: "CANARY", LifecycleStage: "PRODUCTION_TRAFFIC_SHIFT", BakeMinutes: 30, Target: rollout.Share{Production: &ten}},
		"LINEAR":              {Strategy: "LINEAR"},
		"stage POST_SCALE_UP": {LifecycleStage: "POST_SCALE_UP"},
	} {
		if got := d.Stage(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if (*rollout.ServiceDeployment)(nil).Stage() != "" {
		t.Error("no record, no stage")
	}
}

func TestTheCountOfTheBreaker(t *testing.T) {
	for want, b := range map[string]*rollout.Breaker{
		"2 failed tasks (threshold 3)": {Status: "MONITORING", FailureCount: 2, Threshold: 3},
		"4 failed tasks (threshold 3)": {Status: "TRIGGERED", FailureCount: 4, Threshold: 3},
		"3 failed tasks (threshold 3)": {Status: "TRIGGERED", FailureCount: 3, Threshold: 3},
		"5 failed tasks (threshold 3)": {Status: "MONITORING", FailureCount: 5, Threshold: 3},
	} {
		if got := b.String(); got != want || !b.Counts() {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if (&rollout.Breaker{Status: "DISABLED", FailureCount: 2}).Counts() || (*rollout.Breaker)(nil).Counts() {
		t.Error("a breaker that is off counts nothing")
	}
}
