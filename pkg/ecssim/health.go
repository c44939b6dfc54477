package ecssim

// This file is health checks: when a task counts as healthy, and what happens
// to one that is not.

import "time"

// healthyAfter is how long after RUNNING a task counts as healthy, if it is:
// 40 s without any check, one interval with a container health check, one
// passing check with a target group, the later of the two with both.
func (e *engine) healthyAfter(t *task) millis {
	if t.Plan.HealthyAfter > 0 {
		return t.Plan.HealthyAfter
	}
	const targetInterval = 30 * time.Second // ELB's default
	balanced := len(t.Balancers) > 0
	interval, _, checked := e.containerCheck(t)
	switch {
	case checked && balanced:
		return max(interval, millis(targetInterval.Milliseconds()))
	case checked:
		return interval
	case balanced:
		return millis(targetInterval.Milliseconds())
	default:
		return millis((40 * time.Second).Milliseconds())
	}
}

// sickness reports whether a health check of the task is going to fail, and how
// long after RUNNING. The task's grace period holds it back.
func (e *engine) sickness(t *task) (bool, millis) {
	if t.Plan.Behaviour != Unhealthy {
		return false, 0
	}
	after := t.Plan.After
	if t.Plan.Check == "container" {
		_, fails, checked := e.containerCheck(t)
		if !checked || !t.Containers[t.Plan.Container].Checked {
			return false, 0
		}
		if after == 0 {
			after = fails
		}
	} else if len(t.Balancers) == 0 {
		return false, 0
	}
	if t.Grace != nil {
		after = max(after, millis(*t.Grace)*1000)
	}
	return true, after
}

// containerCheck is the slowest health check of the task's essential
// containers: when the first check can pass, and when failing checks make the
// container UNHEALTHY. A HEALTHCHECK inside an image does not count.
func (e *engine) containerCheck(t *task) (passes, fails millis, ok bool) {
	for _, c := range e.specsOf(t.order) {
		if c.check == nil || !c.essential {
			continue
		}
		interval, retries, start := 1000*millis(c.check.interval), millis(c.check.retries), 1000*millis(c.check.startPeriod)
		passes, fails, ok = max(passes, interval), max(fails, start+interval*retries), true
	}
	return passes, fails, ok
}

// checked is the outcome of a task's health checks.
func (e *engine) checked(t *task, outcome int) {
	t.Version++
	for i := range t.Containers {
		c := &t.Containers[i]
		switch {
		case !c.Checked || c.Status != running:
		case c.Spare && e.rule(*c).failsContainerCheck():
			c.Health = "UNHEALTHY"
		default:
			c.Health = "HEALTHY"
		}
	}
	t.Healthy = outcome == foundHealthy
	if t.Healthy {
		e.tell(t, becameHealthy)
		return
	}
	if t.Plan.Check == "container" {
		t.Containers[t.Plan.Container].Health = "UNHEALTHY"
		t.Unhealthy = "Task failed container health checks"
	} else {
		t.Unhealthy = "Task failed ELB health checks in " + t.Balancers[0].String()
	}
	e.tell(t, becameUnhealthy)
}

// health is the task's healthStatus: UNHEALTHY if any essential container with a
// health check is, otherwise UNKNOWN if any is (or none has a check), otherwise
// HEALTHY.
func (t *task) health() string {
	status := "UNKNOWN"
	for _, c := range t.Containers {
		switch {
		case !c.Checked || c.Spare:
			continue
		case c.Health == "UNHEALTHY":
			return "UNHEALTHY"
		case c.Health == "UNKNOWN":
			return "UNKNOWN"
		}
		status = "HEALTHY"
	}
	return status
}
