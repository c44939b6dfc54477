package rollout

// Rollouts that ECS will never end: it starts tasks again and again, and each
// stops for the same cause.

import "fmt"

// Patience is how many times the failures that the circuit breaker allows must
// have happened before the tracker stops waiting for a breaker or an alarm that
// does not act.
const Patience = 5

// stall is where the breaker's count stood when it last moved, and how many tasks
// had stopped by then.
type stall struct{ count, stopped int }

// judgeTasks ends a rollout that nobody else will end. If no circuit breaker and
// no alarm watches it, as many tasks as the breaker would have allowed stopped for
// one cause, and none runs. If one does watch it, many times as many stopped, and
// its count stood still or went far beyond its threshold.
func (t *Tracker) judgeTasks(o Observation) (Verdict, string) {
	mine := t.target.In(o.Service)
	triggered := t.record != nil && t.record.Breaker != nil && t.record.Breaker.Status == "TRIGGERED"
	if t.reopened || t.rollingBack || triggered || mine == nil || mine.Status != StatusPrimary {
		return InProgress, ""
	}
	causes := Explain(mine.ID, o.Tasks, nil).Causes
	allowed := t.threshold(o)
	if t.target.Guarded {
		t.noteStall(mine, causes)
		if mine.Running >= mine.Desired {
			return InProgress, ""
		}
		allowed *= Patience
		if t.stall.count < allowed {
			allowed += t.stall.stopped
		}
	} else if mine.Running > 0 {
		return InProgress, "" // something is up: slow and flaky is not hopeless
	}
	for _, cause := range causes {
		if cause.Kind.row().innocent || cause.Count < allowed {
			continue
		}
		t.hopeless = true
		if t.target.Guarded {
			return Failed, fmt.Sprintf("%d tasks stopped for the same cause, and the circuit breaker or alarm does not end the deployment; ECS keeps retrying", cause.Count)
		}
		return Failed, fmt.Sprintf("%d tasks stopped for the same cause and none is running; ECS keeps retrying, and no circuit breaker will end it", cause.Count)
	}
	return InProgress, ""
}

// threshold is how many failed tasks the circuit breaker allows.
func (t *Tracker) threshold(o Observation) int {
	if t.record != nil && t.record.Breaker != nil && t.record.Breaker.Threshold > 0 {
		return t.record.Breaker.Threshold
	}
	return Threshold(o.Service.Desired)
}

// noteStall notes whether the count of failed tasks moved: the breaker's own, or
// that of the deployment.
func (t *Tracker) noteStall(mine *Deployment, causes []Cause) {
	count := mine.Failed
	if t.record != nil && t.record.Breaker != nil {
		count = t.record.Breaker.FailureCount
	}
	if count == t.stall.count {
		return
	}
	t.stall = stall{count: count}
	for _, cause := range causes {
		t.stall.stopped = max(t.stall.stopped, cause.Count)
	}
}

// Threshold is the number of failed tasks at which the deployment circuit
// breaker, in its default setting, gives a deployment up: half the desired
// count, but at least 3 and at most 200.
func Threshold(desired int) int {
	return min(max((desired+1)/2, 3), 200)
}
