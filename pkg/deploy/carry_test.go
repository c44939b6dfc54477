package deploy_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// TestPrepareThenCarry: several services can be planned before the first is changed,
// and each plan is then carried out as Run would.
func TestPrepareThenCarry(t *testing.T) {
	inWorld(t, sharedWorld, func(b *bench) {
		d := b.deployer()
		asked := 0
		policy := deploy.Policy{Confirm: func(context.Context, *deploy.Plan) error { asked++; return nil }}
		var plans []*deploy.Plan
		for _, service := range []string{"good", "bad"} {
			plan, err := d.Prepare(b.Context(), deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: service}, Want: deploy.Want{Images: []string{"repo/" + service + ":v2"}}}, policy)
			if err != nil {
				b.Fatal(err)
			}
			plans = append(plans, plan)
		}
		if asked != 0 {
			b.Errorf("Prepare asked %d times", asked)
		}
		b.untouched()
		for i, verdict := range []string{"succeeded", "rolled-back"} {
			outcome, err := d.Carry(b.Context(), plans[i], policy)
			if err != nil {
				b.Fatal(err)
			}
			b.want(outcome, verdict)
			if last := b.events[len(b.events)-1]; last.Type != deploy.EventOutcome || last.Subject.ARN != plans[i].Service {
				b.Errorf("the last event is %s about %s", last.Type, last.Subject.ARN)
			}
		}
		if asked != 2 {
			b.Errorf("Carry asked %d times", asked)
		}
	})
}

// TestPrepareRefusesABusyService: a deployment in progress stops Prepare, and nothing
// is written.
func TestPrepareRefusesABusyService(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.run(request(), deploy.Policy{NoWait: true})
		r := request()
		r.Want.Images = []string{"repo/web:v3"}
		writes := len(b.wrote())
		var busy *deploy.BusyError
		if _, err := b.deployer().Prepare(b.Context(), r, deploy.Policy{}); !errors.As(err, &busy) {
			b.Errorf("error %v, want a BusyError", err)
		}
		if plan, err := b.deployer().Prepare(b.Context(), r, deploy.Policy{IfInProgress: deploy.IfInProgressReplace}); err != nil || plan.InProgress == nil {
			b.Errorf("replacing: %v", err)
		}
		if now := len(b.wrote()); now != writes {
			b.Errorf("Prepare wrote %d times", now-writes)
		}
	})
}

// TestCarryNeedsAPlan: nobody is asked about a plan that does not exist.
func TestCarryNeedsAPlan(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		policy := deploy.Policy{Confirm: func(context.Context, *deploy.Plan) error { b.Error("asked"); return nil }}
		for _, plan := range []*deploy.Plan{nil, {}} {
			var usage *deploy.UsageError
			if _, err := b.deployer().Carry(b.Context(), plan, policy); !errors.As(err, &usage) {
				b.Errorf("error %v, want a UsageError", err)
			}
		}
		if len(b.calls) != 0 {
			b.Errorf("%d calls", len(b.calls))
		}
	})
}
