package rollout

// What the service's list of deployments and its events prove, if the record of
// the rollout cannot be read.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// judgeService reads the service's list of deployments, if the record cannot be
// read.
func (t *Tracker) judgeService(o Observation) (Verdict, string) {
	primary := o.Service.Primary()
	if primary == nil {
		t.steady = 0
		return t.judgeUnseen(o, nil)
	}
	relation := t.target.Of(primary)
	if relation != Ours {
		t.steady = 0
	}
	switch {
	case relation == Ours:
		return t.judgePrimary(o, primary)
	case t.target.DeploymentID == "":
		return t.judgeUnseen(o, primary)
	case relation == Earlier || relation == Unclear && t.failureIsEvident(o, primary):
		return t.judgeEarlier(o, primary)
	case relation == Unclear && !t.held("unclear", o.Elapsed, settle):
		return InProgress, supersededBy(primary, t.target.TaskDefinition)
	}
	return t.judgeLater(o, primary)
}

// judgeUnseen: ECS accepted the update and has not shown the deployment yet. What
// was asked decides, not what an answer happens to show.
func (t *Tracker) judgeUnseen(o Observation, primary *Deployment) (Verdict, string) {
	if t.target.DeploymentID != "" || o.Service == nil {
		return InProgress, ""
	}
	other := primary != nil && t.target.Of(primary) == Later
	switch {
	case other && t.held("other", o.Elapsed, settle):
		return Superseded, supersededBy(primary, t.target.TaskDefinition)
	case !other:
		delete(t.since, "other")
	}
	if t.held("unseen", o.Elapsed, longSettle) {
		return TimedOut, fmt.Sprintf("ECS accepted the update, but shows no deployment of %s", ShortName(t.target.TaskDefinition))
	}
	return InProgress, "ECS does not show the new deployment yet"
}

// judgePrimary: the followed deployment is the PRIMARY one.
func (t *Tracker) judgePrimary(o Observation, mine *Deployment) (Verdict, string) {
	delete(t.since, "earlier")
	delete(t.since, "unclear")
	if mine.RolloutState != RolloutFailed {
		delete(t.since, "failed")
	}
	finished := mine.RolloutState == RolloutCompleted
	if mine.RolloutState == "" {
		finished = t.classicallyDone(o.Service, mine)
	}
	if !finished {
		t.steady = 0
		delete(t.since, "returned")
	}
	switch {
	case finished:
		return t.judgeFinished(o, mine)
	case mine.RolloutState == RolloutFailed:
		// If ECS rolls back by itself, the failure is only the beginning.
		if !t.target.RollsBack || t.held("failed", o.Elapsed, longSettle) {
			return Failed, failedReason(mine)
		}
		return InProgress, failedReason(mine)
	}
	return InProgress, cmp.Or(mine.RolloutStateReason, "ECS gives no rollout state for this service")
}

// judgeFinished: the service shows the deployment as finished. One answer is not
// enough, and of a deployment that ECS rolls back to, an answer may be one of its
// first time.
func (t *Tracker) judgeFinished(o Observation, mine *Deployment) (Verdict, string) {
	if t.steady == 0 || o.Elapsed > t.steadyAt {
		t.steady++
		t.steadyAt = o.Elapsed
	}
	needed, reason := completedLooks, completed
	if mine.RolloutState == "" {
		needed, reason = classicLooks, "the only deployment has all its tasks running (ECS gives no rollout state for this service)"
	}
	waited := t.held("returned", o.Elapsed, settle)
	if t.target.RolledBackTo && !waited && !t.saysCompleted(o.Service) {
		return InProgress, "ECS is rolling back to this deployment"
	}
	if t.steady >= needed {
		return Succeeded, reason
	}
	return InProgress, reason
}

// classicallyDone: behind a Classic Load Balancer ECS gives no rollout state. The
// documented sign of the end is a single deployment with all its tasks running.
// Deployments of the other strategies have no rollout state either, and for those
// it is no sign: their traffic may not have moved yet.
func (t *Tracker) classicallyDone(s *Service, mine *Deployment) bool {
	rolling := t.target.Strategy == "" || t.target.Strategy == StrategyRolling
	return rolling && len(s.Deployments) == 1 && mine.Desired == s.Desired && mine.Running == s.Desired
}

// judgeEarlier: a deployment from before is PRIMARY. That is a rollback, or a
// stale read of the time before the update.
func (t *Tracker) judgeEarlier(o Observation, primary *Deployment) (Verdict, string) {
	mine := t.target.In(o.Service)
	evident := t.failureIsEvident(o, primary)
	t.rollingBack = t.rollingBack || evident
	over := mine == nil && (primary.RolloutState == RolloutCompleted || primary.RolloutState == "")
	switch {
	case over && evident:
		return RolledBack, fmt.Sprintf("ECS rolled back to deployment %s", primary.ID)
	case over && t.held("earlier", o.Elapsed, longSettle):
		return RolledBack, fmt.Sprintf("deployment %s is PRIMARY again, and this one is gone", primary.ID)
	case !over:
		delete(t.since, "earlier")
	}
	if t.rollingBack {
		return InProgress, cmp.Or(primary.RolloutStateReason, "ECS is rolling back to deployment "+primary.ID)
	}
	return InProgress, "ECS does not show the new deployment yet"
}

// judgeLater: a deployment that is neither ours nor older is PRIMARY.
func (t *Tracker) judgeLater(o Observation, primary *Deployment) (Verdict, string) {
	if t.saysCompleted(o.Service) {
		return Succeeded, "the deployment completed; then " + supersededBy(primary, t.target.TaskDefinition)
	}
	return Superseded, supersededBy(primary, t.target.TaskDefinition)
}

// failureIsEvident reports whether an answer in which another deployment is
// PRIMARY shows that ours failed: it is listed behind an older one, or an event
// of this rollout says so.
func (t *Tracker) failureIsEvident(o Observation, primary *Deployment) bool {
	mine := t.target.In(o.Service)
	if mine != nil && (t.target.Of(primary) == Earlier || mine.RolloutState == RolloutFailed || primary.GoingBack()) {
		return true
	}
	return t.hasEvent(o.Service, "(deployment "+t.target.DeploymentID+") deployment failed") ||
		t.hasEvent(o.Service, "rolling back to deployment "+primary.ID)
}

// saysCompleted reports whether an event of this rollout says that it completed.
func (t *Tracker) saysCompleted(s *Service) bool {
	return t.hasEvent(s, "(deployment "+t.target.DeploymentID+") deployment completed")
}

func (t *Tracker) hasEvent(s *Service, text string) bool {
	baseline := t.target.NewestEvent
	if t.target.CreatedAt.After(baseline) {
		baseline = t.target.CreatedAt
	}
	return slices.ContainsFunc(s.Events, func(e ServiceEvent) bool {
		return e.At.After(baseline) && strings.Contains(e.Message, text)
	})
}
