package deploy

// The check of what ECS recorded about the revision that a rollback restores.

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// past checks how the last deployment of the revision to restore ended. There is nothing to
// say if it succeeded and no rollback replaced it, or if ECS has no record of it, which
// the plan says itself.
func (c *checker) past(context.Context) []Check {
	last := c.plan.last
	if c.plan.Back == nil || last == nil || !c.starts() || last.Succeeded() && !last.LeftAgain {
		return nil
	}
	check := Check{Subject: "last deployment", State: CheckWarning, Remedy: "choose another revision with --to"}
	name, at := rollout.Named(last.TaskDefinition, last.Tag), "at an unknown time"
	if !last.FinishedAt.IsZero() {
		at = "at " + last.FinishedAt.UTC().Format(time.DateTime+" UTC")
	}
	reason := cmp.Or(last.RollbackReason, last.Reason)
	switch {
	case last.Succeeded():
		check.Detail, check.Remedy = fmt.Sprintf("that of %s succeeded %s, and a later rollback replaced it", name, at), ""
		return []Check{check}
	case last.Requested:
		check.Detail = fmt.Sprintf("somebody had ECS roll that of %s back %s", name, at)
	case last.Status == rollout.ServiceDeploymentRollbackSuccessful:
		check.Detail = fmt.Sprintf("that of %s failed, and ECS rolled it back %s", name, at)
	case last.Status == rollout.ServiceDeploymentStopped:
		check.Detail = fmt.Sprintf("that of %s was stopped %s", name, at)
	default:
		check.Detail = fmt.Sprintf("that of %s failed %s (%s)", name, at, last.Status)
	}
	if reason != "" {
		check.Detail += ": " + reason
	}
	return []Check{check}
}
