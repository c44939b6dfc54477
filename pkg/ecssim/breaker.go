package ecssim

// This file is how a deployment ends: completed, failed by the circuit breaker
// or an alarm, rolled back by them or on request, replaced by a newer one.

import "time"

// checkFailure ends the PRIMARY deployment if the moment of the circuit breaker
// or of an alarm has come, a pause has lasted too long, a listener rule cannot be
// changed, or somebody asked for a rollback. Of the circuit breaker and the alarm the first one decides.
func (e *engine) checkFailure(s *service) {
	p := s.primary()
	sd := s.current()
	if sd.Status == "ROLLBACK_REQUESTED" && !sd.pastStopping() {
		reason := sd.Reason // of a pause hook that was rolled back
		if reason == "" {
			reason = "Service deployment rolled back because of a request to stop it."
		}
		e.fail(s, failure{
			event:  "deployment failed: deployment failure.",
			rollup: "ECS deployment was stopped.",
			status: reason,
			back:   true,
		})
		return
	}
	if e.checkHooks(s) || e.checkRuleAccess(s) || e.checkStageLimit(s) {
		return
	}
	if !sd.Config.Alarms.Enable { // one of them may have been turned off meanwhile
		p.AlarmAt = 0
	}
	if !sd.Config.Breaker.Enable {
		p.TripAt = 0
	}
	first := p.TripAt
	if first == 0 || p.AlarmAt != 0 && p.AlarmAt < first {
		first = p.AlarmAt
	}
	switch {
	case first == 0:
	case e.Now < first:
		e.wake(s, time.Duration(first-e.Now)*time.Millisecond)
	case first == p.AlarmAt:
		e.failAlarm(s, sd)
	default:
		e.failBreaker(s, sd)
	}
}

// pastStopping reports whether a request to stop the deployment comes too late:
// the traffic has moved for good and the earlier tasks are being stopped.
func (sd *serviceDeployment) pastStopping() bool {
	return sd.Config.shifts() && sd.RollbackAt == 0 && sd.Stage == cleanUp
}

// failBreaker fails the PRIMARY deployment because the circuit breaker acts.
func (e *engine) failBreaker(s *service, sd *serviceDeployment) {
	sd.Breaker = "TRIGGERED"
	e.fail(s, failure{
		event:  "deployment failed: tasks failed to start.",
		rollup: "ECS deployment circuit breaker: tasks failed to start.",
		status: "Service deployment rolled back because the circuit breaker threshold was exceeded.",
		halted: "Service deployment stopped because the circuit breaker threshold was exceeded.",
		back:   sd.Config.Breaker.Rollback,
	})
}

// failure is why a deployment failed, in the words of each place that says so,
// and whether ECS goes back. The words of a rollback on request and of halted
// are assumed.
type failure struct {
	event  string // service event
	rollup string // rolloutStateReason
	going  string // the same of the deployment that ECS goes back to; empty: the circuit breaker's
	status string // statusReason of a service deployment that is rolled back
	halted string // statusReason if nothing is rolled back
	back   bool
}

// fail ends the PRIMARY deployment without success. The way back is the most
// recent deployment that is COMPLETED; ECS uses that very deployment again, with
// its old id and creation time.
func (e *engine) fail(s *service, why failure) {
	p := s.primary()
	sd := s.current()
	p.Rollout, p.Reason, p.UpdatedAt = "FAILED", why.rollup, e.Now
	p.CompleteAt, p.TripAt, p.AlarmAt = 0, 0, 0
	sd.dropHooks(e.Now)
	e.say(s, 0, "(deployment %s) %s", p.ID, why.event)
	back := s.candidate()
	switch {
	case why.back && back != nil:
		e.say(s, 1, "rolling back to deployment %s.", back.ID)
		e.rollBack(s, back, why)
	case why.back:
		e.finish(s, sd, "ROLLBACK_FAILED", "No rollback candidate was found to run the rollback.")
	default:
		e.finish(s, sd, "STOPPED", why.halted)
	}
}

// candidate is the deployment that ECS would roll back to.
func (s *service) candidate() *deployment {
	var best *deployment
	for _, d := range s.Deployments[1:] {
		if d.Rollout == "COMPLETED" && (best == nil || d.CreatedAt > best.CreatedAt) {
			best = d
		}
	}
	return best
}

// rollBack makes an earlier deployment PRIMARY again.
func (e *engine) rollBack(s *service, back *deployment, why failure) {
	failed := s.primary()
	failed.Status, failed.Desired = "ACTIVE", s.count(failed, (*task).held)
	back.Status, back.Rollout, back.UpdatedAt = "PRIMARY", "IN_PROGRESS", e.Now
	if why.going == "" {
		why.going = "ECS deployment circuit breaker: rolling back to deploymentId "
	}
	back.Reason = why.going + back.ID
	back.Failures, back.BackoffStep, back.NextLaunch, back.Blocked = 0, 0, 0, false
	order := []*deployment{back}
	for _, d := range s.Deployments {
		if d != back {
			order = append(order, d)
		}
	}
	s.Deployments = order
	// Assumed: the service takes back the configuration that the earlier
	// deployment deployed, not only its task definition.
	for _, member := range deployedMembers {
		delete(s.Spec, member)
		if v, ok := back.Spec[member]; ok {
			s.Spec[member] = cloneValue(v)
		}
	}
	if sd := s.history(failed.HistoryArn); sd != nil {
		e.recount(s, sd)
		back.HistoryArn = sd.Arn
		sd.Step = 0 // the way back begins with the first stage
		if sd.Traffic != nil {
			sd.Moved = *sd.Traffic
		} else {
			sd.Stage = ""
		}
		sd.Status, sd.Reason, sd.UpdatedAt = "ROLLBACK_IN_PROGRESS", why.status, e.Now
		sd.RollbackReason, sd.RollbackAt, sd.RollbackTo = why.status, e.Now, back.RevisionArn
	}
	s.SteadyAt = 0
	e.wake(s, passDelay)
}

// complete ends the PRIMARY deployment with success.
func (e *engine) complete(s *service) {
	p := s.primary()
	sd := s.current()
	p.Rollout, p.Proven, p.UpdatedAt = "COMPLETED", true, e.Now
	p.CompleteAt, p.TripAt, p.AlarmAt = 0, 0, 0
	p.Reason = "ECS deployment " + p.ID + " completed."
	if sd.Status == "ROLLBACK_IN_PROGRESS" {
		e.finish(s, sd, "ROLLBACK_SUCCESSFUL", sd.Reason)
	} else {
		e.finish(s, sd, "SUCCESSFUL", "")
	}
	if !s.classic() {
		e.say(s, 0, "(deployment %s) deployment completed.", p.ID)
	}
	e.retire(s)
	if len(s.Deployments) > 1 {
		e.wake(s, passDelay) // early success: old tasks are still there
		return
	}
	e.saySteady(s, 1)
}

// finish gives a service deployment its terminal status and fixes its counts.
func (e *engine) finish(s *service, sd *serviceDeployment, status, reason string) {
	if sd.over() {
		return
	}
	e.recount(s, sd)
	sd.Status, sd.Reason, sd.UpdatedAt = status, reason, e.Now
	if status == "STOPPED" {
		sd.StoppedAt = e.Now
	}
	sd.FinishedAt = e.Now
	if sd.Breaker == "MONITORING" {
		sd.Breaker = "MONITORING_COMPLETE"
	}
	if sd.Alarms.Status == "MONITORING" {
		sd.Alarms.Status = "MONITORING_COMPLETE"
	}
	sd.dropHooks(e.Now)
}

// recount takes the numbers of a running service deployment from the service.
// Failures are those that led to a rollback, not what came after.
func (e *engine) recount(s *service, sd *serviceDeployment) {
	if sd.over() {
		return
	}
	count := func(r *revisionCount, fallback int) {
		r.Running, r.Pending, r.Requested = 0, 0, fallback
		for _, d := range s.Deployments {
			if d.RevisionArn == r.Arn && d.Launched {
				r.Requested = d.Desired
				r.Running += s.count(d, func(t *task) bool { return t.Status == running })
				r.Pending += s.count(d, func(t *task) bool { return t.starting() && t.alive() })
			}
		}
	}
	count(&sd.Target, 0)
	for i := range sd.Sources {
		count(&sd.Sources[i], 0)
	}
	sd.Threshold = sd.Config.threshold(e.desired(s))
	if d := s.deployment(sd.Deployment); d != nil && sd.RollbackAt == 0 {
		sd.Failures = d.Failures
	}
}

// failed counts a task that could not start or failed its health checks, and
// sets off the circuit breaker when that makes the threshold.
func (e *engine) failed(s *service, d *deployment) {
	d.Failures++
	d.UpdatedAt = e.Now
	e.tire(d)
	e.checkThreshold(s, d)
}

// checkThreshold sets the circuit breaker's moment when the PRIMARY deployment
// has failed often enough. A rollback in progress is not watched; nor, it is
// assumed, are a deployment of which ECS reports no rolloutState, and one that
// shifts traffic when all its tasks have been healthy.
func (e *engine) checkThreshold(s *service, d *deployment) {
	sd := s.history(d.HistoryArn)
	if d != s.primary() || d.Rollout != "IN_PROGRESS" || d.TripAt != 0 || sd == nil || sd.RollbackAt != 0 || !s.recorded() {
		return
	}
	if !sd.Config.Breaker.Enable || d.Failures < sd.Config.threshold(e.desired(s)) || sd.Config.shifts() && sd.Stage != scaleUp {
		return
	}
	lag := orDefault(e.World.Switches.BreakerLag, 30*time.Second)
	d.TripAt = e.Now.add(lag)
	e.wake(s, lag)
}

// recovered notes that a task of the deployment is healthy.
func (e *engine) recovered(s *service, d *deployment) {
	d.BackoffStep = 0
	config := s.Config
	if sd := s.history(d.HistoryArn); sd != nil { // a task set has none
		config = sd.Config
	}
	if config.resets() && d.Failures > 0 && d.Rollout != "FAILED" {
		d.Failures, d.TripAt, d.UpdatedAt = 0, 0, e.Now
	}
}
