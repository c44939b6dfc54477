package deploy

// The way back, taken by policy: asking ECS to roll a deployment back that
// somebody interrupted, and rolling back if ECS does not do it by itself.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// react does what the policy says about an outcome.
func (w *watch) react(ctx context.Context, o Outcome, policy Policy) (Outcome, error) {
	started := o.Deployment.Action == ActionDeploy || o.Deployment.Action == ActionRestart
	stop := o.Verdict == rollout.Interrupted && policy.OnInterrupt == OnInterruptRollback
	back := policy.RollbackOnFailure && (o.Verdict == rollout.Failed || o.Verdict == rollout.TimedOut)
	switch {
	case !started || !stop && !back:
		return o, nil
	case o.Deployment.guessed:
		w.emit(Event{Type: EventWarning, Elapsed: o.Elapsed, Message: "not rolling back: the response to the update was lost, and " + o.Deployment.ID + " may be somebody else's deployment"})
		return o, nil
	case stop:
		return w.stop(context.WithoutCancel(ctx), o, policy)
	case !o.Over && !w.rolling():
		return w.shiftBack(ctx, o)
	}
	return w.rollBack(ctx, o, policy)
}

// rolling reports whether the service's deployment strategy is ROLLING.
func (w *watch) rolling() bool {
	strategy := w.looker.before.Strategy
	return strategy == "" || strategy == rollout.StrategyRolling
}

// stop asks ECS to roll an interrupted deployment back and continues to watch until the end.
// The verdict stays Interrupted; the reason says how it ended. If ECS cannot be asked, the
// earlier revision is restored by an update.
func (w *watch) stop(ctx context.Context, o Outcome, policy Policy) (Outcome, error) {
	w.emit(Event{Type: EventWarning, Elapsed: o.Elapsed, Message: "interrupted: asking ECS to roll back"})
	if err := w.stopRecord(ctx, o.Deployment); err != nil {
		w.emit(Event{Type: EventWarning, Elapsed: o.Elapsed, Message: fmt.Sprintf("ECS cannot roll back on request (%v); rolling back with an update", err)})
		o.Reason = "interrupted"
		o, err = w.rollBack(ctx, o, policy)
		o.Verdict = rollout.Interrupted
		return o, err
	}
	after, err := w.untilRolledBack(ctx)
	if err != nil {
		return Outcome{}, err
	}
	after.Reason = fmt.Sprintf("%s after the interruption: %s", after.Verdict, after.Reason)
	after.Verdict = rollout.Interrupted
	return after, nil
}

// shiftBack asks ECS to roll back a blue/green, linear or canary deployment that
// goes on. An update would be another deployment with bake times of its own, while
// the earlier revision still runs and only traffic has to move.
func (w *watch) shiftBack(ctx context.Context, o Outcome) (Outcome, error) {
	w.emit(Event{Type: EventWarning, Elapsed: o.Elapsed, Message: fmt.Sprintf("%s: %s; asking ECS to roll back", o.Verdict, o.Reason)})
	if err := w.stopRecord(ctx, o.Deployment); err != nil {
		o.Reason += fmt.Sprintf("; the request to roll back failed: %v", err)
		return o, nil
	}
	after, err := w.untilRolledBack(ctx)
	if err != nil {
		return Outcome{}, err
	}
	after.Reason = fmt.Sprintf("%s; then %s", o.Reason, after.Reason)
	return after, nil
}

// untilRolledBack continues to watch after the request to roll back. The limits start again.
func (w *watch) untilRolledBack(ctx context.Context) (Outcome, error) {
	w.extended, w.warned = w.elapsed(), true
	w.options.RunningTimeout = 0
	w.tracker.Reopen()
	return w.run(ctx)
}

// stopRecord calls StopServiceDeployment on the record of a deployment.
func (d *Deployer) stopRecord(ctx context.Context, deployment Deployment) error {
	if deployment.ServiceDeployment == "" {
		return errors.New("the deployment's record is not known")
	}
	return d.write(ctx, write{
		operation: "StopServiceDeployment",
		send: func(ctx context.Context) error {
			ctx, cancel := d.within(ctx, lookLimit)
			defer cancel()
			return d.api.Stop(ctx, deployment.ServiceDeployment)
		},
		look: func(ctx context.Context) (bool, error) {
			record, err := d.api.Record(ctx, deployment.ServiceDeployment)
			if err != nil || record == nil {
				return false, cmp.Or(err, errNoRecord)
			}
			return record.Status != rollout.ServiceDeploymentPending && record.Status != rollout.ServiceDeploymentInProgress, nil
		},
	})
}

// errNoRecord says that ECS does not show the record of a deployment.
var errNoRecord = errors.New("ECS does not show the deployment's record")

// rollBack restores the revision that ran before, with the settings that the deployment
// changed and nobody has changed since, and follows that rollback to its end. It never
// registers a revision.
func (d *Deployer) rollBack(ctx context.Context, o Outcome, policy Policy) (Outcome, error) {
	failed := func(err error) (Outcome, error) {
		o.Reason += fmt.Sprintf("; rolling back to %s failed: %v", rollout.ShortName(o.Deployment.Before.TaskDefinition), err)
		return o, nil
	}
	if o.Deployment.Before.TaskDefinition == o.Deployment.TaskDefinition {
		return failed(errors.New("the same revision was running before"))
	}
	planning, cancel := d.within(ctx, lookLimit)
	plan, err := d.planUndo(planning, o.Deployment)
	cancel()
	if err != nil {
		return failed(err)
	}
	d.emit(Event{Type: EventWarning, Elapsed: o.Elapsed, Message: fmt.Sprintf("%s: %s; rolling back to %s", o.Verdict, o.Reason, rollout.ShortName(plan.TaskDefinition))})
	d.emit(Event{Type: EventPlan, Elapsed: o.Elapsed, Plan: plan})
	deployment, err := d.Apply(ctx, plan)
	if err != nil {
		return failed(err)
	}
	after, err := d.follow(ctx, deployment, WatchOptions{CompleteTimeout: policy.Watch.CompleteTimeout})
	if err != nil {
		return failed(err)
	}
	o.Elapsed += after.Elapsed
	o.Serving, o.Running, o.Desired, o.Over = after.Serving, after.Running, after.Desired, after.Over
	if after.Verdict == rollout.Interrupted {
		o.Verdict = after.Verdict
		o.Reason += "; interrupted while rolling back to " + rollout.ShortName(deployment.TaskDefinition) + ", which continues in ECS"
		return o, nil
	}
	if after.Verdict != rollout.Succeeded {
		return failed(fmt.Errorf("%s: %s", after.Verdict, after.Reason))
	}
	o.Reason = strings.TrimSuffix(o.Reason, ".") + "; rolled back to " + rollout.ShortName(deployment.TaskDefinition)
	o.Verdict = rollout.RolledBack
	return o, nil
}

// planUndo plans the rollback of a deployment that is still the PRIMARY one.
func (d *Deployer) planUndo(ctx context.Context, deployment Deployment) (*Plan, error) {
	before := deployment.Before
	service, err := d.describe(ctx, deployment.Ref)
	if err != nil {
		return nil, err
	}
	primary := service.Primary()
	if primary == nil || aws.ToString(primary.Id) != deployment.ID {
		return nil, errors.New("another deployment has taken over")
	}
	r := Request{Ref: deployment.Ref}
	for _, setting := range deployment.Settings {
		r.restore(setting, service)
	}
	plan, err := d.planTo(ctx, service, r, Past{TaskDefinition: before.TaskDefinition}, false)
	if err == nil && plan.Register {
		err = fmt.Errorf("it is INACTIVE; to register its content again: %s", restoring(before.TaskDefinition))
	}
	if err != nil {
		return nil, err
	}
	plan.made = time.Time{} // Apply looks again right before it writes
	return plan, nil
}
