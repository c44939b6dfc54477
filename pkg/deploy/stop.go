package deploy

// A rollback of a deployment in progress: ECS is asked to stop that deployment, which is
// then followed to see it rolled back.

import (
	"context"
	"errors"
	"fmt"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// stops reports whether the deployment is followed to see ECS roll it back.
func (dep Deployment) stops() bool {
	return dep.Rollback != nil && (dep.Action == ActionStop || dep.Action == ActionFollow)
}

// askToStop asks ECS to roll back the deployment in progress. If ECS refuses, and nobody
// moved the service, it returns the plan to deploy the earlier revision instead.
func (d *Deployer) askToStop(ctx context.Context, p *Plan, deployment Deployment) (instead *Plan, err error) {
	err = d.stopRecord(ctx, deployment)
	var uncertain *UncertainError
	switch {
	case err == nil:
		d.emit(Event{Type: EventUpdated, Deployment: &deployment, Service: p.described.Snapshot()})
		return nil, nil
	case errors.As(err, &uncertain):
		return nil, err
	}
	d.emit(Event{Type: EventWarning, Message: fmt.Sprintf("ECS does not roll back by request (%v); deploying the earlier revision instead", err)})
	fresh, err := d.refreshed(ctx, p)
	if err != nil {
		return nil, err
	}
	return fresh.byUpdate(), nil
}

// stopped is the outcome of a rollback, given that of the deployment that ECS was to roll
// back. Its failed tasks are no failures of the rollback. If it completed before ECS
// stopped it, the earlier revision is deployed.
func (d *Deployer) stopped(ctx context.Context, p *Plan, o Outcome, policy Policy) Outcome {
	switch o.Verdict {
	case rollout.RolledBack:
		return o.onRequest()
	case rollout.Succeeded:
		return d.afterAll(ctx, p, o, policy)
	}
	return o
}

// afterAll deploys the earlier revision after the deployment that was to be stopped
// completed.
func (d *Deployer) afterAll(ctx context.Context, p *Plan, o Outcome, policy Policy) Outcome {
	failed := func(err error) Outcome {
		o.Verdict = rollout.Failed
		o.Reason = fmt.Sprintf("%s completed before ECS could stop it; rolling back to %s failed: %v",
			rollout.ShortName(o.Deployment.TaskDefinition), rollout.ShortName(p.TaskDefinition), err)
		return o
	}
	d.emit(Event{Type: EventWarning, Elapsed: o.Elapsed, Message: fmt.Sprintf("%s completed before ECS could stop it; deploying %s instead",
		rollout.ShortName(o.Deployment.TaskDefinition), rollout.ShortName(p.TaskDefinition))})
	found, err := d.describe(ctx, p.Ref)
	if err != nil {
		return failed(err)
	}
	plan, err := d.planTo(ctx, found, Request{Ref: p.Ref, AllowStuck: p.request.AllowStuck}, *p.Back, false)
	if err != nil {
		return failed(err)
	}
	deployment, err := d.Apply(ctx, plan)
	if err != nil {
		return failed(err)
	}
	after, err := d.follow(ctx, deployment, policy.Watch)
	if err != nil {
		return failed(err)
	}
	after.Elapsed += o.Elapsed
	return after
}
