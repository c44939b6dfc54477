package ecssim

// This file is health checks: when a task counts as healthy, and what happens
// to one that is not.

import "time"

// healthyAfter is how long after RUNNING a task counts as healthy, if it is:
// 40 s without any check, one interval with a container health check, one
// passing check with a target group, the later of the two with both.
func (e *engine) healthyAfter(s *service, t *task) millis {
	if t.Plan.HealthyAfter > 0 {
		return t.Plan.HealthyAfter
	}
	const targetInterval = 30 * time.Second // ELB's default
	balanced := len(s.balancers()) > 0
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
// long after RUNNING. The service's grace period holds it back.
func (e *engine) sickness(s *service, t *task) (bool, millis) {
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
	} else if len(s.balancers()) == 0 {
		return false, 0
	}
	if s.Grace != nil {
		after = max(after, millis(*s.Grace)*1000)
	}
	return true, after
}

// containerCheck is the slowest health check of the task's essential
// containers: when the first check can pass, and when failing checks make the
// container UNHEALTHY. A HEALTHCHECK inside an image does not count.
func (e *engine) containerCheck(t *task) (passes, fails millis, ok bool) {
	td := e.taskDefinition(t.TaskDefinition)
	if td == nil {
		return 0, 0, false
	}
	for _, c := range td.containers() {
		check, has := c["healthCheck"].(map[string]any)
		if !has || c["essential"] == false {
			continue
		}
		interval := 1000 * millis(number(check["interval"], 30))
		retries := millis(number(check["retries"], 3))
		start := 1000 * millis(number(check["startPeriod"], 0))
		passes, fails, ok = max(passes, interval), max(fails, start+interval*retries), true
	}
	return passes, fails, ok
}

// checked is the outcome of a task's health checks.
func (e *engine) checked(s *service, t *task, outcome int) {
	t.Version++
	d := s.deployment(t.Deployment)
	for i := range t.Containers {
		if t.Containers[i].Checked {
			t.Containers[i].Health = "HEALTHY"
		}
	}
	if outcome == foundHealthy {
		t.Healthy = true
		if d != nil {
			e.recovered(s, d)
		}
	} else {
		e.sicken(s, t)
		if d != nil && !t.Counted {
			t.Counted = true
			e.failed(s, d)
		}
	}
	e.wake(s, passDelay)
}

// sicken marks a task as unhealthy, to be replaced.
func (e *engine) sicken(s *service, t *task) {
	t.Healthy = false
	s.SteadyAt = 0
	if t.Plan.Check == "container" {
		t.Containers[t.Plan.Container].Health = "UNHEALTHY"
		t.Unhealthy = "Task failed container health checks"
		e.say(s, 0, "(task %s) failed container health checks.", t.ID)
		return
	}
	lb := s.balancers()[0]
	t.Unhealthy = "Task failed ELB health checks in " + lb.name
	where, reason := "(port "+lb.port+")", t.unhealthyReason()
	if lb.classic {
		where = "(instance " + instanceID(t.Host) + ")"
		if t.Plan.Message == "" {
			reason = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively."
		}
	}
	e.say(s, 0, "(task %s) %s is unhealthy in %s due to (reason %s)", t.ID, where, lb.name, reason)
}

// health is the task's healthStatus: UNHEALTHY if any checked container is,
// else UNKNOWN if any is (or none is checked), else HEALTHY.
func (t *task) health() string {
	status := "UNKNOWN"
	for _, c := range t.Containers {
		switch {
		case !c.Checked:
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
