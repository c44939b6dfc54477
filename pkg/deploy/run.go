package deploy

import (
	"context"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Policy is how Run goes about a request.
type Policy struct {
	// NoWait ends Run when ECS has accepted the update; the verdict is Started.
	NoWait bool
	// IfInProgress says what to do when another deployment is in progress; the
	// zero value is FailIfInProgress.
	IfInProgress IfInProgress
	// OnInterrupt says what to do when the context ends while the deployment is
	// followed; the zero value is DetachOnInterrupt.
	OnInterrupt OnInterrupt
	// RollbackOnFailure goes back to the revision that was in service when the
	// deployment failed, or did not end within a limit, and ECS does not roll
	// back by itself.
	RollbackOnFailure bool
	// KeepDefinitions, if not nil, has the oldest revisions of the family
	// deregistered after success, but for this many, and for those in use.
	KeepDefinitions *int32
	// Watch says how far and how long the deployment is followed.
	Watch WatchOptions
}

// IfInProgress says what to do when another deployment is in progress.
type IfInProgress string

// The answers.
const (
	// FailIfInProgress does nothing and returns a [*BusyError].
	FailIfInProgress IfInProgress = "fail"
	// WaitIfInProgress waits for the end of the other deployment, whatever it
	// is, and plans anew.
	WaitIfInProgress IfInProgress = "wait"
	// ReplaceIfInProgress starts the new deployment over the other one.
	ReplaceIfInProgress IfInProgress = "replace"
)

// OnInterrupt says what to do when the context ends during a watch.
type OnInterrupt string

// The answers.
const (
	// DetachOnInterrupt leaves the rollout to ECS.
	DetachOnInterrupt OnInterrupt = "detach"
	// RollbackOnInterrupt asks ECS to roll the deployment back, and follows that
	// to its end.
	RollbackOnInterrupt OnInterrupt = "rollback"
)

// Run plans, applies and watches. Its errors are those of the three; what went
// wrong after ECS accepted the update is an outcome, not an error.
func (d *Deployer) Run(ctx context.Context, r Request, policy Policy) (Outcome, error) {
	plan, err := d.Plan(ctx, r)
	if err != nil {
		return Outcome{}, err
	}
	if plan.InProgress != nil && (plan.Action == ActionDeploy || plan.Action == ActionRestart) {
		switch policy.IfInProgress {
		case ReplaceIfInProgress:
			if isRollback(plan.InProgress) {
				d.emit(Event{Type: EventWarning, Message: "a rollback is in progress: until it completed, ECS has nothing to roll this deployment back to"})
			}
		case WaitIfInProgress:
			if plan, err = d.waitAndPlan(ctx, r, plan, policy); err != nil {
				return Outcome{}, err
			}
		default:
			return Outcome{}, &BusyError{Service: rollout.ShortName(plan.Service), Deployment: *plan.InProgress}
		}
	}
	deployment, err := d.Apply(ctx, plan)
	if err != nil {
		return Outcome{}, err
	}
	if deployment.Action == ActionSettings && plan.InProgress != nil {
		d.emit(Event{Type: EventWarning, Message: "deployment " + plan.InProgress.ID + " is in progress, and is not waited for: the settings start none of their own"})
	}
	if policy.NoWait && deployment.Action != ActionNone {
		reason := "ECS accepted the update; its end is not waited for"
		if deployment.Action == ActionJoin {
			reason = "it is on its way already; its end is not waited for"
		}
		outcome := Outcome{
			Verdict: rollout.Started, Reason: reason, Deployment: deployment,
			Serving: plan.Current, Running: int(plan.Before.RunningCount), Desired: int(plan.Before.DesiredCount),
		}
		d.emit(Event{Type: EventOutcome, Outcome: &outcome})
		return outcome, nil
	}
	w := newWatch(d, deployment, policy.Watch)
	outcome, err := w.run(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if outcome, err = w.react(ctx, outcome, policy); err != nil {
		return Outcome{}, err
	}
	if outcome.Verdict == rollout.Succeeded && policy.KeepDefinitions != nil {
		d.tidy(ctx, outcome.Deployment, *policy.KeepDefinitions)
	}
	d.emit(Event{Type: EventOutcome, Elapsed: outcome.Elapsed, Outcome: &outcome})
	return outcome, nil
}

// waitAndPlan follows the deployment that is in the way, and plans again.
func (d *Deployer) waitAndPlan(ctx context.Context, r Request, plan *Plan, policy Policy) (*Plan, error) {
	d.emit(Event{Type: EventWarning, Message: "waiting for " + plan.InProgress.ID + ", which is in progress, to end"})
	other, err := d.Join(ctx, plan.Cluster, plan.Service, "")
	if err != nil {
		return nil, err
	}
	outcome, err := d.follow(ctx, other, WatchOptions{CompleteTimeout: policy.Watch.CompleteTimeout})
	if err != nil {
		return nil, err
	}
	switch outcome.Verdict {
	case rollout.Interrupted:
		return nil, &InterruptedError{Err: ctx.Err()}
	case rollout.TimedOut, rollout.Superseded, rollout.Paused:
		return nil, &BusyError{Service: rollout.ShortName(plan.Service), Deployment: *plan.InProgress}
	}
	return d.Plan(ctx, r)
}
