package deploy

// Taking back a deployment that succeeded: in a run of several services, because
// another one failed.

import (
	"cmp"
	"context"
	"fmt"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Undo takes a deployment back that succeeded: it restores the revision that was
// running before, and the settings that the deployment changed and nobody has changed
// since, and follows that to its end. why is the reason, for the reader. The verdict is
// RolledBack if that worked, and Unchanged if there is nothing to restore. Undo emits
// the outcome ([EventOutcome]). An error says that nothing was restored: somebody else
// deployed since, or ECS refused it.
func (d *Deployer) Undo(ctx context.Context, deployment Deployment, why string, o WatchOptions) (Outcome, error) {
	if err := cmp.Or(d.ready(ctx), o.Validate()); err != nil {
		return Outcome{}, err
	}
	d = d.about(deployment.Ref)
	outcome, err := d.undo(ctx, deployment, why, o)
	if err = interrupted(ctx, err); err == nil {
		d.emit(Event{Type: EventOutcome, Elapsed: outcome.Elapsed, Outcome: &outcome})
	}
	return outcome, err
}

func (d *Deployer) undo(ctx context.Context, deployment Deployment, why string, o WatchOptions) (Outcome, error) {
	planning, cancel := d.within(ctx, lookLimit)
	plan, err := d.planUndo(planning, deployment)
	cancel()
	if err != nil {
		return Outcome{}, err
	}
	if !plan.writesNothing() {
		d.emit(Event{Type: EventWarning, Message: fmt.Sprintf("rolling back to %s: %s", rollout.ShortName(plan.TaskDefinition), why)})
	}
	restored, err := d.Apply(ctx, plan)
	if err != nil {
		return Outcome{}, err
	}
	outcome, err := d.follow(ctx, restored, WatchOptions{CompleteTimeout: o.CompleteTimeout})
	if restored.Action != ActionNone {
		outcome.Deployment.Rollback = &Rollback{From: deployment.TaskDefinition, To: restored.TaskDefinition}
	}
	if outcome.Verdict == rollout.Succeeded || outcome.Verdict == rollout.Updated {
		outcome.Verdict, outcome.Reason = rollout.RolledBack, "rolled back to "+rollout.ShortName(restored.TaskDefinition)+": "+why
	}
	return outcome, err
}
