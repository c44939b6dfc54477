package deploy_test

// Continuing paused deployments and stopping those in progress, in virtual time.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// pausing adds a pause hook at a stage to a deployment configuration.
func pausing(configuration string, stages ...string) string {
	return strings.TrimSuffix(configuration, "}") + ", lifecycleHooks: [{targetType: PAUSE, lifecycleStages: [" + strings.Join(stages, ", ") + "]}]}"
}

// inProgress finds the deployment in progress of the world's service.
func (b *bench) inProgress() deploy.Progress {
	b.Helper()
	p, err := b.deployer().InProgress(b.Context(), webInProd)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// goOn continues all pauses of the deployment in progress.
func (b *bench) goOn(policy deploy.Policy) deploy.Outcome {
	b.Helper()
	p := b.inProgress()
	pauses, err := p.Pauses("")
	if err != nil {
		b.Fatal(err)
	}
	outcome, err := b.deployer().Continue(b.Context(), p, pauses, policy)
	if err != nil {
		b.Fatal(err)
	}
	return outcome
}

func TestAPauseAtEachStepIsContinued(t *testing.T) {
	steps := strings.Replace(linear, "stepPercent: 25", "stepPercent: 50", 1)
	inWorld(t, shifting(pausing(steps, "PRE_PRODUCTION_TRAFFIC_SHIFT")), func(b *bench) {
		first := b.run(request(), deploy.Policy{})
		b.want(first, "paused")
		if first.ExitCode() != 9 || len(first.Pauses) != 1 || first.Over {
			t.Fatalf("%+v", first)
		}
		if !strings.HasSuffix(first.Serving, "/web:1") || first.Running != 2 {
			t.Errorf("all traffic goes to web:1, and the outcome says %s (%d tasks)", first.Serving, first.Running)
		}
		p := b.inProgress()
		if ahead := p.Record.Ahead(); ahead != "traffic in steps of 50%, 2m each, all traffic, bake time 5m, the earlier tasks stop" {
			t.Error(ahead)
		}
		if _, err := p.Pauses("ecs-pause-other"); err == nil || !strings.Contains(err.(*deploy.UsageError).Remedy, first.Pauses[0].ID) {
			t.Errorf("%v", err)
		}
		second := b.goOn(deploy.Policy{})
		b.want(second, "paused")
		if second.Pauses[0].ID == first.Pauses[0].ID {
			t.Error("each pause has an id of its own")
		}
		b.want(b.goOn(deploy.Policy{}), "succeeded")
	})
}

// TestAStaleReadIsNoPause: reads that are older than the answer still show the hook.
func TestAStaleReadIsNoPause(t *testing.T) {
	inWorld(t, shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "paused")
		old := string(b.raw("DescribeServiceDeployments", fmt.Sprintf(`{"serviceDeploymentArns":[%q]}`, b.inProgress().Record.ARN)))
		var answered time.Time
		b.before = func(operation string) {
			if operation == "ContinueServiceDeployment" {
				answered = time.Now()
			}
		}
		b.answer = func(operation string) (string, bool) {
			return old, operation == "DescribeServiceDeployments" && !answered.IsZero() && time.Since(answered) < 4*time.Second
		}
		b.want(b.goOn(deploy.Policy{}), "succeeded")
	})
}

func TestOnPause(t *testing.T) {
	for _, tt := range []struct {
		answer deploy.OnPause
		deny   bool
		want   string
	}{
		{"", false, "paused"},
		{deploy.OnPauseExit, false, "paused"},
		{deploy.OnPauseContinue, false, "succeeded"},
		{deploy.OnPauseContinue, true, "paused"},
		{deploy.OnPauseWait, false, "rolled-back"}, // nobody answers
	} {
		inWorld(t, shifting(pausing(blueGreen, "POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT")), func(b *bench) {
			if tt.deny {
				b.refuse = func(operation string) (string, bool) {
					return `{"__type":"AccessDeniedException","message":"no"}`, operation == "ContinueServiceDeployment"
				}
			}
			outcome := b.run(request(), deploy.Policy{Watch: deploy.WatchOptions{OnPause: tt.answer, CompleteTimeout: 48 * time.Hour}})
			b.want(outcome, tt.want)
			told := 0
			for _, e := range b.events {
				if e.Type == deploy.EventPaused {
					told++
				}
			}
			switch {
			case tt.answer == deploy.OnPauseContinue && !tt.deny && told != 2, tt.answer == deploy.OnPauseWait && told != 1:
				t.Errorf("%s: %d pauses were told", tt.answer, told)
			case tt.want == "rolled-back" && !strings.Contains(outcome.Reason, "pause hook timed out"):
				t.Error(outcome.Reason)
			}
		})
	}
}

// TestSomebodyElseContinues: who waits at a pause sees it end.
func TestSomebodyElseContinues(t *testing.T) {
	inWorld(t, shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), func(b *bench) {
		go func() {
			time.Sleep(5 * time.Hour)
			other := newDeployer(b)
			p, err := other.InProgress(b.Context(), webInProd)
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := other.Continue(b.Context(), p, p.Record.Pauses(), deploy.Policy{NoWait: true}); err != nil {
				b.Error(err)
			}
			// A second answer to the same pause is too late, and no error: it has continued.
			if _, err := other.Continue(b.Context(), p, p.Record.Pauses(), deploy.Policy{NoWait: true}); err != nil {
				b.Error(err)
			}
		}()
		b.want(b.run(request(), deploy.Policy{Watch: deploy.WatchOptions{OnPause: deploy.OnPauseWait, CompleteTimeout: 48 * time.Hour}}), "succeeded")
	})
}

// newDeployer is somebody else, whom nobody observes.
func newDeployer(b *bench) *deploy.Deployer { return deploy.New(ecs.NewFromConfig(simulated(b.http))) }

func TestStopInTheBake(t *testing.T) {
	inWorld(t, shifting(bakesADay), func(b *bench) {
		b.run(request(), deploy.Policy{NoWait: true})
		time.Sleep(3 * time.Hour)
		outcome, err := b.deployer().Stop(b.Context(), b.inProgress(), deploy.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		b.want(outcome, "succeeded")
		if !strings.HasPrefix(outcome.Reason, "rolled back on request") || !strings.HasSuffix(outcome.Serving, "/web:1") {
			t.Errorf("%s; serving %s", outcome.Reason, outcome.Serving)
		}
		if b.told(deploy.EventLimit, "") {
			t.Error("a bake time that does not come any more was told")
		}
		// Once more: there is nothing to stop.
		_, err = b.deployer().InProgress(b.Context(), webInProd)
		var nothing *deploy.NothingInProgressError
		if !errors.As(err, &nothing) || nothing.ExitCode() != 3 || !strings.Contains(err.Error(), "ended ROLLBACK_SUCCESSFUL at") {
			t.Errorf("%v", err)
		}
	})
}

// TestStopWhilePaused: a paused deployment is rolled back as well, and a second stop
// follows the first.
func TestStopWhilePaused(t *testing.T) {
	inWorld(t, shifting(pausing(canary, "PRE_PRODUCTION_TRAFFIC_SHIFT")), func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "paused")
		first, err := b.deployer().Stop(b.Context(), b.inProgress(), deploy.Policy{NoWait: true})
		if err != nil {
			t.Fatal(err)
		}
		b.want(first, "started")
		p := b.inProgress()
		if _, err := p.Pauses(""); err == nil || !strings.Contains(err.Error(), "rolling back") {
			t.Errorf("%v", err)
		}
		second, err := b.deployer().Stop(b.Context(), p, deploy.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		b.want(second, "succeeded")
		if n := len(b.made("StopServiceDeployment")); n != 1 {
			t.Errorf("%d requests to stop", n)
		}
	})
}

// TestStopTooLate: the deployment completed between the look and the request.
func TestStopTooLate(t *testing.T) {
	inWorld(t, shifting(blueGreen), func(b *bench) {
		b.run(request(), deploy.Policy{NoWait: true})
		time.Sleep(2 * time.Minute)
		p := b.inProgress()
		time.Sleep(time.Hour)
		outcome, err := b.deployer().Stop(b.Context(), p, deploy.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		b.want(outcome, "failed")
		if outcome.Reason != "too late to stop it: ECS completed the deployment" || !strings.HasSuffix(outcome.Serving, "/web:2") {
			t.Errorf("%s; serving %s", outcome.Reason, outcome.Serving)
		}
	})
}

func TestNothingIsPaused(t *testing.T) {
	inWorld(t, shifting(bakesADay), func(b *bench) {
		b.run(request(), deploy.Policy{NoWait: true})
		time.Sleep(time.Hour)
		_, err := b.inProgress().Pauses("")
		if err == nil || !strings.Contains(err.Error(), "is not paused (BLUE_GREEN, stage BAKE_TIME, traffic 100% web:2; bake time ends in 23h") {
			t.Errorf("%v", err)
		}
	})
}

// TestInterruptedWhileContinued: the policy holds for who only continues a deployment.
func TestInterruptedWhileContinued(t *testing.T) {
	for policy, reason := range map[deploy.OnInterrupt]string{"": "the rollout continues in ECS", deploy.OnInterruptRollback: "rolled-back after the interruption"} {
		inWorld(t, shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), func(b *bench) {
			b.want(b.run(request(), deploy.Policy{}), "paused")
			ctx, cancel := context.WithCancel(b.Context())
			p := b.inProgress()
			go func() { time.Sleep(90 * time.Second); cancel() }()
			outcome, err := b.deployer().Continue(ctx, p, p.Record.Pauses(), deploy.Policy{OnInterrupt: policy})
			if err != nil || outcome.Verdict != rollout.Interrupted || !strings.Contains(outcome.Reason, reason) {
				t.Errorf("%s: %s (%s), %v", policy, outcome.Verdict, outcome.Reason, err)
			}
		})
	}
}
