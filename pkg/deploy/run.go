package deploy

import (
	"cmp"
	"context"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Policy says how [Deployer.Prepare] and [Deployer.Carry] treat what a plan cannot
// decide.
type Policy struct {
	// NoWait ends Run when ECS has accepted the update; the verdict is Started.
	NoWait bool
	// IfInProgress says what to do when another deployment is in progress; the
	// zero value is IfInProgressFail.
	IfInProgress IfInProgress
	// OnInterrupt says what to do when the context ends while the deployment is
	// followed; the zero value is OnInterruptDetach.
	OnInterrupt OnInterrupt
	// RollbackOnFailure goes back to the revision that was in service when the
	// deployment failed, or did not end within a limit, and ECS does not roll
	// back by itself.
	RollbackOnFailure bool
	// Strict refuses a plan whose checks find a problem, with a [*RefusedError], before
	// anything is written: see [Deployer.Check]. Warnings, and what could not be checked,
	// do not count, and neither do limits that [Request.AllowStuck] allows.
	Strict bool
	// KeepDefinitions, if not nil, deregisters the oldest revisions of the family after
	// success, except the newest of this number, and those in use.
	KeepDefinitions *int32
	// Confirm, if not nil, is asked before anything is written, and not asked if
	// nothing would be. An error ends Run with it.
	Confirm func(context.Context, *Plan) error
	// Watch says how far and how long the deployment is followed.
	Watch WatchOptions
}

// IfInProgress says what to do when another deployment is in progress.
type IfInProgress string

// The answers.
const (
	// IfInProgressFail does nothing and returns a [*BusyError].
	IfInProgressFail IfInProgress = "fail"
	// IfInProgressWait waits for the end of the other deployment, whatever it
	// is, and plans anew.
	IfInProgressWait IfInProgress = "wait"
	// IfInProgressReplace starts the new deployment over the other one.
	IfInProgressReplace IfInProgress = "replace"
)

// OnInterrupt says what to do when the context ends during a watch.
type OnInterrupt string

// The answers.
const (
	// OnInterruptDetach leaves the rollout to ECS.
	OnInterruptDetach OnInterrupt = "detach"
	// OnInterruptRollback asks ECS to roll the deployment back, and follows that
	// to its end.
	OnInterruptRollback OnInterrupt = "rollback"
)

// Run is [Deployer.Prepare] and [Deployer.Carry] in a row, and has their errors.
func (d *Deployer) Run(ctx context.Context, r Request, policy Policy) (Outcome, error) {
	plan, err := d.Prepare(ctx, r, policy)
	if err != nil {
		return Outcome{}, err
	}
	return d.Carry(ctx, plan, policy)
}

// Prepare plans a request, and does what the policy says about another deployment in
// progress: it returns a [*BusyError], waits for the end of the other deployment and
// plans again, or leaves it to be replaced. With a strict policy it returns a
// [*RefusedError] for a plan that must fail. It writes nothing. Its other errors are
// those of [Deployer.Plan] and [Policy.Validate].
func (d *Deployer) Prepare(ctx context.Context, r Request, policy Policy) (*Plan, error) {
	if err := cmp.Or(d.ready(ctx), policy.Validate()); err != nil {
		return nil, err
	}
	plan, err := d.planned(ctx, r, policy.Strict)
	if err != nil {
		return nil, err
	}
	if plan, err = d.about(plan.Ref).clearTheWay(ctx, r, plan, policy); err != nil {
		return nil, err
	}
	if err := d.strictly(ctx, plan, policy); err != nil {
		return nil, err
	}
	return plan, nil
}

// Carry carries a plan out: it asks the policy's Confirm, applies the plan, watches
// the deployment to its end, does what the policy says about the outcome, and emits
// the outcome ([EventOutcome]). It replaces a deployment in progress without asking;
// [Deployer.Prepare] is where that is refused. Its errors are a [*RefusedError] with a
// strict policy, and those of [Policy.Validate], [Plan.Guessed] without Confirm, Confirm,
// [Deployer.Apply] and [Deployer.Watch]; what goes wrong
// after ECS accepted the update is an outcome, not an error.
func (d *Deployer) Carry(ctx context.Context, plan *Plan, policy Policy) (Outcome, error) {
	if err := cmp.Or(d.ready(ctx), policy.Validate(), plan.applicable()); err != nil {
		return Outcome{}, err
	}
	d = d.about(plan.Ref)
	if err := d.strictly(ctx, plan, policy); err != nil {
		return Outcome{}, err
	}
	if !plan.writesNothing() {
		err := plan.Guessed()
		if policy.Confirm != nil {
			err = policy.Confirm(ctx, plan)
		}
		if err != nil {
			return Outcome{}, err
		}
	}
	deployment, err := d.Apply(ctx, plan)
	if err != nil {
		return Outcome{}, err
	}
	d.warnOfUnwatched(plan, policy)
	outcome := startedOnly(plan, deployment)
	if !policy.NoWait || deployment.Action == ActionNone {
		w := newWatch(d, deployment, policy.Watch)
		if outcome, err = w.run(ctx); err != nil {
			return Outcome{}, err
		}
		outcome = d.verify(ctx, plan, outcome, policy)
		if outcome, err = w.react(ctx, outcome, policy); err != nil {
			return Outcome{}, err
		}
		if outcome.Deployment.stops() {
			outcome = d.stopped(ctx, plan, outcome, policy)
		}
	}
	if outcome.Verdict == rollout.Succeeded && policy.KeepDefinitions != nil {
		d.pruneAfter(ctx, outcome.Deployment, *policy.KeepDefinitions)
	}
	d.emit(Event{Type: EventOutcome, Elapsed: outcome.Elapsed, Outcome: &outcome})
	return outcome, nil
}

// warnOfUnwatched warns of what the plan and the policy together leave undone.
func (d *Deployer) warnOfUnwatched(plan *Plan, policy Policy) {
	if plan.Action == ActionSettings && plan.InProgress != nil {
		d.emit(Event{Type: EventWarning, Message: "deployment " + plan.InProgress.ID + " is in progress; not waiting for it, because new settings alone start no deployment"})
	}
	if policy.NoWait && len(plan.VerifyTasks) > 0 {
		d.emit(Event{Type: EventWarning, Message: "the deployment is not verified: verify runs after success, and --no-wait does not wait for it"})
	}
	if policy.NoWait && policy.KeepDefinitions != nil {
		d.emit(Event{Type: EventWarning, Message: "not deregistering old revisions: that follows success, and ecs-deploy does not wait for it"})
	}
}

// startedOnly is the outcome of a deployment that nobody waits for.
func startedOnly(plan *Plan, deployment Deployment) Outcome {
	reason := "ECS accepted the update. Not waiting for it to finish (--no-wait)."
	switch deployment.Action {
	case ActionStop:
		reason = "ECS accepted the request to stop. Not waiting for the rollback to finish (--no-wait)."
	case ActionFollow:
		reason = "ECS is rolling back already. Not waiting for the rollback to finish (--no-wait)."
	case ActionJoin:
		reason = "The deployment is already in progress. Not waiting for it to finish (--no-wait)."
	}
	return Outcome{
		Verdict: rollout.Started, Reason: reason, Deployment: deployment,
		Serving: plan.Current, Running: int(plan.Before.RunningCount), Desired: int(plan.Before.DesiredCount),
	}
}

// Validate finds what is wrong with a policy: words that mean nothing, and wishes
// that exclude each other.
func (p Policy) Validate() error {
	err := cmp.Or(
		oneOf("if-in-progress", p.IfInProgress, IfInProgressValues()),
		oneOf("on-interrupt", p.OnInterrupt, OnInterruptValues()),
		p.Watch.Validate(),
	)
	if err != nil {
		return err
	}
	if p.KeepDefinitions != nil && *p.KeepDefinitions < 0 {
		return cannotKeep(*p.KeepDefinitions)
	}
	if p.NoWait && (p.RollbackOnFailure || p.OnInterrupt == OnInterruptRollback) {
		return &UsageError{
			Problem: "--no-wait contradicts --rollback-on-failure and --on-interrupt rollback",
			Remedy:  "remove --no-wait, or --rollback-on-failure and --on-interrupt",
		}
	}
	return nil
}

// clearTheWay does what the policy says about a deployment that is in the way of
// a plan, and returns the plan that is to be carried out.
func (d *Deployer) clearTheWay(ctx context.Context, r Request, plan *Plan, policy Policy) (*Plan, error) {
	for plan.InProgress != nil && (plan.Action == ActionDeploy || plan.Action == ActionRestart) {
		switch policy.IfInProgress {
		case IfInProgressReplace:
			if plan.InProgress.GoingBack() {
				d.emit(Event{Type: EventWarning, Message: "a rollback is in progress: ECS cannot roll this deployment back before it completes"})
			}
			return plan, nil
		case IfInProgressWait:
			next, hopeless, err := d.waitAndPlan(ctx, r, plan, policy)
			if err != nil || hopeless {
				return next, err
			}
			plan = next
		default:
			return nil, &BusyError{Service: rollout.ShortName(plan.Service), Deployment: *plan.InProgress}
		}
	}
	return plan, nil
}

// waitAndPlan follows the deployment that is in the way, and plans again.
// hopeless says that it will never end by itself.
func (d *Deployer) waitAndPlan(ctx context.Context, r Request, plan *Plan, policy Policy) (next *Plan, hopeless bool, err error) {
	d.emit(Event{Type: EventWarning, Message: "waiting for " + plan.InProgress.ID + ", which is in progress, to end"})
	other, err := d.Join(ctx, plan.Ref, "")
	if err != nil {
		return nil, false, err
	}
	outcome, err := d.follow(ctx, other, WatchOptions{CompleteTimeout: policy.Watch.CompleteTimeout})
	if err != nil {
		return nil, false, err
	}
	switch outcome.Verdict {
	case rollout.Interrupted:
		return nil, false, &InterruptedError{Err: ctx.Err()}
	case rollout.TimedOut, rollout.Paused:
		return nil, false, &BusyError{Service: rollout.ShortName(plan.Service), Deployment: *plan.InProgress}
	}
	next, err = d.Plan(ctx, r)
	return next, !outcome.Over, err
}
