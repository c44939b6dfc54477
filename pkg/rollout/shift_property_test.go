package rollout_test

// What must hold of deployments that shift traffic, whatever ECS answers.

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// anyRecord is a record of a deployment with any stage, weights, hooks and status; also
// such as this version has never heard of.
func anyRecord(t *rapid.T) *rollout.ServiceDeployment {
	text := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	weight := func(label string) *float64 {
		if rapid.Bool().Draw(t, label+" known") {
			return percent(rapid.Float64Range(-10, 110).Draw(t, label))
		}
		return nil
	}
	d := &rollout.ServiceDeployment{
		Status: text("status", "", "PENDING", "IN_PROGRESS", "SUCCESSFUL", "STOPPED", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "NEW_STATUS"),
		LifecycleStage: text("stage", "", "RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT",
			"PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP", "NEW_STAGE", "\x00"),
		Strategy:     text("strategy", "", "ROLLING", "BLUE_GREEN", "LINEAR", "CANARY", "NEW_STRATEGY"),
		StatusReason: text("reason", "", "because  lifecycle hook(s) failed.", "Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. Lifecycle hook target arn:aws:lambda:r:1:function:f returned FAILED status.", "alarm"),
		BakeMinutes:  rapid.IntRange(-1, 2000).Draw(t, "bake"),
		Target:       rollout.Share{Production: weight("production"), Test: weight("test")},
	}
	for range rapid.IntRange(0, 2).Draw(t, "sources") {
		d.Sources = append(d.Sources, rollout.Share{Production: weight("source")})
	}
	if rapid.Bool().Draw(t, "steps") {
		d.Steps = &rollout.Steps{Percent: rapid.Float64Range(-1, 101).Draw(t, "step"), BakeMinutes: rapid.IntRange(-1, 1440).Draw(t, "step bake")}
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "hooks") {
		d.Hooks = append(d.Hooks, rollout.Hook{ID: fmt.Sprint("ecs-pause-", i), Type: text("type", "", "PAUSE", "AWS_LAMBDA", "NEW"), Status: text("hook", "", "AWAITING_ACTION", "IN_PROGRESS", "FAILED", "NEW")})
	}
	if rapid.Bool().Draw(t, "dated") {
		d.At, d.UpdatedAt = time.Unix(int64(rapid.IntRange(0, 9999).Draw(t, "at")), 0), time.Unix(int64(rapid.IntRange(0, 9999).Draw(t, "updated")), 0)
	}
	return d
}

// TestNothingBreaksAWatch: of any row of records, while the record can be read: success
// needs SUCCESSFUL, a final verdict stays, the deployment is followed as far as it was to
// be, and everything has words.
func TestNothingBreaksAWatch(t *testing.T) {
	untils := []rollout.Until{"", rollout.UntilTestTraffic, rollout.UntilCanary, rollout.UntilProduction, rollout.UntilComplete}
	rapid.Check(t, func(t *rapid.T) {
		to := target()
		to.Until, to.Patient = rapid.SampledFrom(untils).Draw(t, "until"), rapid.Bool().Draw(t, "patient")
		tracker, clocks := rollout.NewTracker(to), rollout.Clocks{}
		final := rollout.InProgress
		for i := range rapid.IntRange(1, 12).Draw(t, "looks") {
			o := look(10*i, bothRun, anyRecord(t))
			record := o.ServiceDeployment
			for _, wait := range clocks.Note(o) {
				if wait.String() == "" || wait.Clock() && (wait.Left < 0 || wait.Left > 2000*time.Minute) {
					t.Fatalf("%+v", wait)
				}
			}
			record.Waits = clocks.Note(o)
			for _, pause := range record.Pauses() {
				if !pause.Awaits() || pause.Name() == "" {
					t.Fatalf("%+v", pause)
				}
			}
			_, _, _, _ = record.Stage(), record.Traffic(), record.Ahead(), record.Awaited()
			if ending := rollout.EndingOf(record, nil, false); !ending.IsZero() && ending.String() == "" {
				t.Fatalf("%+v", ending)
			}
			verdict := tracker.Observe(o)
			switch {
			case final.Final() && verdict != final:
				t.Fatalf("%s became %s", final, verdict)
			case final.Final():
			case verdict == rollout.Succeeded && record.Status != "SUCCESSFUL":
				t.Fatalf("success, and the record says %s", record.Status)
			case verdict == rollout.Paused && (to.Patient || len(record.Pauses()) == 0):
				t.Fatalf("paused: %+v", record.Hooks)
			case verdict == rollout.Running && (!to.Until.Shifting() || record.Status != "IN_PROGRESS" || !rollout.Shifts(record.Strategy)):
				t.Fatalf("%s was not reached: %+v", to.Until, record)
			}
			final = verdict
		}
	})
}

func TestWhoEndedIt(t *testing.T) {
	const rolledBack = "Service deployment rolled back because "
	const function = "arn:aws:lambda:us-east-1:123456789012:function:smoke-test"
	for want, d := range map[string]rollout.ServiceDeployment{
		"ended by hook smoke-test at stage POST_TEST_TRAFFIC_SHIFT": {StatusReason: rolledBack + "POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. Lifecycle hook target " + function + " returned FAILED status."},
		"ended by hook smoke-test at stage PRE_SCALE_UP":            {StatusReason: rolledBack + "PRE_SCALE_UP lifecycle hook(s) failed. ECS was unable to parse the response from " + function + " due to: HookStatus must not be null."},
		"ended by a lifecycle hook at stage SCALE_UP":               {StatusReason: rolledBack + "SCALE_UP lifecycle hook(s) failed. ECS was unable to assume role arn:aws:iam::1:role/hooks"},
		"ended by a pause hook at stage POST_SCALE_UP":              {StatusReason: rolledBack + "POST_SCALE_UP pause hook timed out."},
		"ended by its listener rules at stage X":                    {LifecycleStage: "X", StatusReason: rolledBack + "of invalid networking configuration. One or more rules not found"},
		"ended by its listener rules at stage Y":                    {StatusReason: rolledBack + "Y lifecycle hook(s) failed. User: arn:aws:sts::1:assumed-role/infra/ECSNetworkingWithELB is not authorized to perform: elasticloadbalancing:ModifyListener"},
		"ended by the circuit breaker at stage SCALE_UP":            {LifecycleStage: "SCALE_UP", StatusReason: rolledBack + "the circuit breaker threshold was exceeded."},
		"ended by a CloudWatch alarm":                               {AlarmsStatus: "TRIGGERED"},
		"ended by a request to stop it":                             {StatusReason: "a new text"},
		"ended by a lifecycle hook at stage PRE_SCALE_UP":           {Status: "ROLLBACK_FAILED", StatusReason: "No rollback candidate was found to run the rollback.", RollbackReason: rolledBack + "PRE_SCALE_UP lifecycle hook(s) failed."},
	} {
		if d.Status == "" {
			d.Status = "ROLLBACK_SUCCESSFUL"
		}
		if got := rollout.EndingOf(&d, nil, true); got.String() != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	// On a first deployment, the cause is only in the service events.
	failed := rollout.ServiceDeployment{Status: "ROLLBACK_FAILED", StatusReason: "No rollback candidate was found to run the rollback."}
	events := []rollout.ServiceEvent{{Message: "(service web) (deployment ecs-svc/1) deployment failed: " + rolledBack + "PRE_SCALE_UP lifecycle hook(s) failed. Lifecycle hook target " + function + " returned FAILED status."}}
	if got := rollout.EndingOf(&failed, events, false).String(); got != "ended by hook smoke-test at stage PRE_SCALE_UP" {
		t.Error(got)
	}
	for _, none := range []*rollout.ServiceDeployment{nil, {Status: "SUCCESSFUL"}, {Status: "IN_PROGRESS", StatusReason: "alarm"}, {Status: "STOPPED", StatusReason: "something new"}} {
		if got := rollout.EndingOf(none, nil, false); !got.IsZero() {
			t.Errorf("%v: %s", none, got)
		}
	}
}
