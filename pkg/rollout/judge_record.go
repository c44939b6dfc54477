package rollout

// What ECS's own record of a rollout proves. While it can be read, it decides.

import (
	"cmp"
	"fmt"
	"slices"
)

// known is the record that decides: the one that was just read, or, if this read
// failed, one that was read within the last minute. It is nil for a deployment
// that ECS is rolling back to: its record is about its first time.
func (t *Tracker) known(o Observation) *ServiceDeployment {
	if t.target.RolledBackTo || t.record == nil || o.Elapsed-t.recordAt >= longSettle {
		return nil
	}
	return t.record
}

// judgeRecord reads the service deployment, ECS's own record of this rollout.
func (t *Tracker) judgeRecord(o Observation, sd *ServiceDeployment) (Verdict, string) {
	if sd == nil {
		return InProgress, ""
	}
	switch sd.Status {
	case ServiceDeploymentSuccessful:
		return Succeeded, completed
	case ServiceDeploymentRollbackSuccessful:
		if t.stopped = t.stoppedByOthers(sd); t.stopped {
			return Superseded, "somebody asked ECS to roll the deployment back: " + cmp.Or(sd.StatusReason, sd.RollbackReason, "ECS gives no reason")
		}
		return RolledBack, cmp.Or(sd.StatusReason, sd.RollbackReason, "ECS rolled the deployment back")
	case ServiceDeploymentRollbackFailed:
		return Failed, cmp.Or(sd.StatusReason, sd.RollbackReason, "ECS could not roll the deployment back")
	case ServiceDeploymentStopped:
		return t.judgeStopped(o, sd)
	case ServiceDeploymentRollbackRequested, ServiceDeploymentRollbackInProgress, ServiceDeploymentStopRequested:
		t.rollingBack = true
		return InProgress, cmp.Or(sd.RollbackReason, sd.StatusReason, "ECS is rolling the deployment back")
	}
	return InProgress, ""
}

// stoppedByOthers reports whether somebody else had ECS roll the deployment back. Only a
// request leads to ROLLBACK_REQUESTED, which a look can miss; then the reason may say it.
// A pause that was answered with a rollback did what it is for.
func (t *Tracker) stoppedByOthers(sd *ServiceDeployment) bool {
	return EndingOf(sd, nil, true).By != EndedByPause && !t.target.StopWanted && !t.reopened && (t.requested || sd.RollbackRequested())
}

// judgeStopped tells the meanings of STOPPED apart: the deployment failed and
// rollback is off, the service was deleted, or somebody started another one over
// it or stopped it.
func (t *Tracker) judgeStopped(o Observation, sd *ServiceDeployment) (Verdict, string) {
	primary, mine := o.Service.Primary(), t.target.In(o.Service)
	switch {
	case sd.Breaker != nil && sd.Breaker.Status == "TRIGGERED",
		sd.AlarmsStatus == "TRIGGERED":
		return Failed, cmp.Or(sd.StatusReason, failedReason(mine), "the deployment failed, and rollback is off")
	case deleted(o.Service):
		return Failed, fmt.Sprintf("the service was deleted (it is %s)", o.Service.Status)
	case primary != nil && t.target.Of(primary) == Later: // ECS lists one that it reconciles away as FAILED
		return Superseded, supersededBy(primary, t.target.TaskDefinition)
	case mine != nil && mine.RolloutState == RolloutFailed:
		return Failed, cmp.Or(sd.StatusReason, failedReason(mine), "the deployment failed, and rollback is off")
	case t.held("stopped", o.Elapsed, settle):
		return Superseded, cmp.Or(sd.StatusReason, "the deployment was stopped")
	}
	return InProgress, "the deployment was stopped"
}

// judgeUnfinished: the record says that the rollout goes on. Nothing that the
// service shows is a success then. Only a record that lags behind a newer
// deployment for long is not waited for.
func (t *Tracker) judgeUnfinished(o Observation, record *ServiceDeployment, reason string) (Verdict, string) {
	if pauses := t.unanswered(record); len(pauses) > 0 && !t.rollingBack && !t.target.Patient {
		return Paused, waitsAt(pauses[0], record.LifecycleStage)
	}
	primary, mine := o.Service.Primary(), t.target.In(o.Service)
	if primary != nil && t.target.Of(primary) == Later {
		if t.held("later", o.Elapsed, settle) {
			return t.judgeLater(o, primary)
		}
		return InProgress, cmp.Or(reason, supersededBy(primary, t.target.TaskDefinition))
	}
	delete(t.since, "later")
	if mine != nil {
		reason = cmp.Or(reason, mine.RolloutStateReason)
	}
	return InProgress, reason
}

// unanswered are the pauses that nobody has answered: a read may be older than the
// answer.
func (t *Tracker) unanswered(record *ServiceDeployment) []Hook {
	return slices.DeleteFunc(record.Pauses(), func(h Hook) bool { return slices.Contains(t.target.Answered, h.ID) })
}

// waitsAt says where a deployment is paused, and what happens if nobody answers.
func waitsAt(pause Hook, stage string) string {
	text := fmt.Sprintf("the deployment waits at hook %s of stage %s", pause.ID, stage)
	if pause.ExpiresAt.IsZero() {
		return text
	}
	return fmt.Sprintf("%s until %s; then ECS %s", text, pause.ExpiresAt.UTC().Format("2006-01-02 15:04:05 UTC"), pause.afterwards())
}
