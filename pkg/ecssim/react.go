package ecssim

// This file is where the life of a task touches the service that owns it, and
// the only place where it does: what the service says, counts and does next.
// Nobody reacts to a task that no service owns.

import (
	"fmt"
	"strings"
)

// turn is a turn in the life of a task that its service is told about.
type turn int

const (
	startedRunning  turn = iota + 1
	becameHealthy        // its health checks pass
	becameUnhealthy      // its health checks fail
	exited               // its containers have exited by themselves
	stoppedByHand        // somebody called StopTask
	ended                // it is STOPPED
	letGo                // the scheduler should look: it is out of the way
)

// tell lets the service that owns a task react to a turn in its life.
func (e *engine) tell(t *task, now turn) {
	s := e.Clusters[t.Cluster].owner(t)
	if s == nil {
		return
	}
	d := s.deployment(t.StartedBy)
	switch now {
	case startedRunning:
		e.noteRegistered(s, t)
	case becameHealthy:
		if d != nil {
			e.recovered(s, d)
		}
	case becameUnhealthy:
		s.SteadyAt = 0
		e.say(s, 0, "%s", e.complaint(t))
		e.countFailure(s, d, t)
	case exited:
		s.SteadyAt = 0
		return // the scheduler looks when the task is STOPPED
	case stoppedByHand:
		s.SteadyAt = 0
	case ended:
		e.countStopped(s, d, t)
		return // the scheduler looks when it knows what else has a place now
	}
	e.wake(s, passDelay)
}

// complaint is what the service says about a task whose health checks fail.
func (e *engine) complaint(t *task) string {
	if t.Plan.Check == "container" {
		return fmt.Sprintf("(task %s) failed container health checks.", t.ID)
	}
	lb := t.Balancers[0]
	where, reason := fmt.Sprintf("(port %d)", lb.Port), t.unhealthyReason()
	if lb.Classic != "" {
		where = "(instance " + e.instanceOf(t) + ")"
		if t.Plan.Message == "" {
			reason = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively."
		}
	}
	return fmt.Sprintf("(task %s) %s is unhealthy in %s due to (reason %s)", t.ID, where, lb, reason)
}

// countStopped counts the failure of a task that has stopped by itself.
func (e *engine) countStopped(s *service, d *deployment, t *task) {
	if d == nil || !t.Dying || t.Counted {
		return
	}
	if t.StopCode == "TaskFailedToStart" {
		e.sayOnce(s, "was unable to place a task. Reason: "+strings.TrimSuffix(t.StopReason, ".")+".")
	}
	if t.StartedAt == 0 {
		e.backOff(s, d, t.CreatedAt)
	}
	if d.Set == nil && d != s.primary() && (!d.Proven || d.Rollout == "FAILED") {
		d.Desired = max(d.Desired-1, 0)
	}
	if t.StopCode == "EssentialContainerExited" && e.World.Switches.IgnoreExits {
		e.tire(d)
		return
	}
	e.countFailure(s, d, t)
}

// countFailure counts a failed task of a deployment that is still known, once.
func (e *engine) countFailure(s *service, d *deployment, t *task) {
	if d != nil && !t.Counted {
		t.Counted = true
		e.failed(s, d)
	}
}
