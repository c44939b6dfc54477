package ecssim

// This file is the life of the containers in a task: the order in which they
// start and stop, and what happens to the task when one of them exits. A
// container that is not essential may exit; the others go on.

import (
	"slices"
	"time"
)

// The conditions of a container dependency [SDK ContainerDependency]. ECS has
// START, too: any other condition counts as that.
const (
	untilComplete = "COMPLETE"
	untilSuccess  = "SUCCESS"
	untilHealthy  = "HEALTHY"
)

// dependency is an entry of dependsOn.
type dependency struct{ container, condition string }

// Exit codes of a container that ECS stops. The first is how the ECS agent marks
// a container whose dependency failed, so that it never started.
const (
	exitedByTerm = 143
	exitedByKill = 137
)

// rule is the image rule that applies to a container; without one it starts.
func (e *engine) rule(c container) ImageRule {
	if c.Rule == 0 {
		return ImageRule{}
	}
	return e.World.Images[c.Rule-1]
}

// awaited reports whether some container waits until one fulfils a condition.
func awaited(specs []containerSpec, name string, conditions ...string) bool {
	return slices.ContainsFunc(specs, func(c containerSpec) bool {
		return slices.ContainsFunc(c.dependsOn, func(d dependency) bool {
			return d.container == name && slices.Contains(conditions, d.condition)
		})
	})
}

// startContainers starts the containers that wait for nothing any more. When
// all have started, the task is RUNNING. It reports whether that is so.
func (e *engine) startContainers(t *task) {
	specs := e.specsOf(t.order)
	for again := true; again; {
		again = false
		for i := range t.Containers {
			if t.Containers[i].Status != pending {
				continue
			}
			switch ready, never := t.ready(specs[i]); {
			case never:
				e.giveUp(t, i)
				if t.Dying {
					return
				}
				again = true
			case ready:
				e.startContainer(t, i, specs)
				again = true
			}
		}
	}
	waiting := slices.ContainsFunc(t.Containers, func(c container) bool { return c.Status == pending })
	if t.StartedAt == 0 && !waiting {
		e.run(t)
	}
}

// ready reports whether what a container depends on is fulfilled, or can never
// be.
func (t *task) ready(spec containerSpec) (ready, never bool) {
	ready = true
	for _, d := range spec.dependsOn {
		fulfilled, failed := t.fulfilled(d)
		ready, never = ready && fulfilled, never || failed
	}
	return ready, never
}

// fulfilled reports whether a dependency is fulfilled, or can never be.
func (t *task) fulfilled(d dependency) (fulfilled, never bool) {
	i := slices.IndexFunc(t.Containers, func(c container) bool { return c.Name == d.container })
	if i < 0 {
		return true, false
	}
	on := t.Containers[i]
	exited := on.Status == stopped
	switch d.condition {
	case untilComplete:
		return exited, false
	case untilSuccess:
		fulfilled = exited && on.Exit != nil && *on.Exit == 0
	case untilHealthy:
		fulfilled = on.Health == "HEALTHY"
	default:
		return on.Status != pending, false
	}
	return fulfilled, exited && !fulfilled
}

// startContainer starts a container and schedules what it does then.
func (e *engine) startContainer(t *task, i int, specs []containerSpec) {
	c, spec := &t.Containers[i], specs[i]
	rule := e.rule(*c)
	if rule.Behaviour == CannotPull { // of one that is not essential: the task goes on
		c.Status, c.Reason = stopped, rule.pullReason(c.Image)
		return
	}
	c.Status, c.StartedAt = running, e.Now
	ev := event{Kind: eventExit, Cluster: t.Cluster, Task: t.ID, Number: i}
	switch ends := awaited(specs, c.Name, untilComplete, untilSuccess); {
	case rule.Behaviour == Exits || rule.Behaviour == OutOfMemory || ends:
		e.schedule(e.Now+rule.exitAfter(), ev)
	case awaited(specs, c.Name, untilHealthy) && c.Checked && !rule.failsContainerCheck():
		ev.Kind = eventWell
		e.schedule(e.Now+1000*millis(spec.check.interval), ev)
	}
	if spec.startTimeout > 0 && awaited(specs, c.Name, untilComplete, untilSuccess, untilHealthy) {
		ev.Kind = eventTimeout
		e.schedule(e.Now+1000*millis(spec.startTimeout), ev)
	}
}

// exitAfter is how long a container runs until it exits by itself.
func (r ImageRule) exitAfter() millis {
	if r.After > 0 {
		return millis(time.Duration(r.After).Milliseconds())
	}
	return millis(defaultAfter(r.Behaviour).Milliseconds())
}

// exitCode is the code with which a container exits by itself.
func (r ImageRule) exitCode() int {
	if r.Code != nil {
		return *r.Code
	}
	return 1
}

func (r ImageRule) failsContainerCheck() bool {
	return r.Behaviour == Unhealthy && r.Check == "container"
}

// giveUp is a container that cannot start, because what it depends on failed or
// took too long.
func (e *engine) giveUp(t *task, i int) {
	code := exitedByTerm
	t.Containers[i].Status, t.Containers[i].Exit = stopped, &code
	if !t.Containers[i].Spare {
		e.fall(t)
	}
}

// timedOut is a container that did not get in time to where others wait for it
// to be.
func (e *engine) timedOut(t *task, i int) {
	specs := e.specsOf(t.order)
	for j := range t.Containers {
		late := slices.ContainsFunc(specs[j].dependsOn, func(d dependency) bool {
			fulfilled, _ := t.fulfilled(d)
			return d.container == t.Containers[i].Name && !fulfilled
		})
		if late && t.Containers[j].Status == pending {
			e.giveUp(t, j)
		}
	}
	if !t.Dying {
		e.startContainers(t)
	}
}

// exitContainer is a container that exits by itself.
func (e *engine) exitContainer(t *task, i int) {
	c := &t.Containers[i]
	if c.Status != running {
		return
	}
	rule := e.rule(*c)
	code := 0
	switch rule.Behaviour {
	case Exits:
		code = rule.exitCode()
		c.Reason = rule.Message
	case OutOfMemory:
		code = exitedByKill
		c.Reason = "OutOfMemoryError: Container killed due to memory usage"
	}
	c.Status, c.Exit, c.EndedAt = stopped, &code, e.Now
	if !c.Spare {
		e.fall(t)
		return
	}
	t.Version++
	e.startContainers(t)
}

// fall is a task that stops because an essential container has.
func (e *engine) fall(t *task) {
	t.Version++
	t.Dying, t.Healthy = true, false
	t.StopCode, t.StopReason = "EssentialContainerExited", "Essential container in task exited"
	t.Status, t.StoppingAt, t.ExecutionStoppedAt = deprovisioning, e.Now, e.Now
	e.haltContainers(t)
	e.tell(t, exited)
	e.step(t, e.Now.add(exitToStopped), stepStopped)
}

// haltContainers stops all containers; those that ran get an exit code.
func (e *engine) haltContainers(t *task) {
	specs := e.specsOf(t.order)
	for i := range t.Containers {
		c := &t.Containers[i]
		if c.StartedAt != 0 && c.Exit == nil {
			code := 0
			if e.termTime() > specs[i].longestStop() {
				code = exitedByKill
			} else if rule := e.rule(*c); rule.StopCode != nil {
				code = *rule.StopCode
			}
			c.Exit = &code
		}
		c.Status = stopped
	}
}

// termTime is how long a container takes to exit after SIGTERM.
func (e *engine) termTime() time.Duration {
	return orDefault(e.World.Switches.TaskStopTime, 11*time.Second)
}

// longestStop is how long a container may take to exit until it is killed.
func (c containerSpec) longestStop() time.Duration {
	return time.Duration(c.stopTimeout) * time.Second
}

// stopTime is how long the containers of a task take to exit: one that others
// depend on gets SIGTERM when they have exited.
func (e *engine) stopTime(t *task) millis {
	specs := e.specsOf(t.order)
	took := map[string]time.Duration{}
	var exit func(i, depth int) time.Duration
	exit = func(i, depth int) time.Duration {
		c := specs[i]
		if done, known := took[c.name]; known || depth > len(specs) { // a circle of dependencies
			return done
		}
		var after time.Duration
		for j, other := range specs {
			if slices.ContainsFunc(other.dependsOn, func(d dependency) bool { return d.container == c.name }) {
				after = max(after, exit(j, depth+1))
			}
		}
		if t.Containers[i].Status == running {
			after += min(e.termTime(), c.longestStop())
		}
		took[c.name] = after
		return after
	}
	var longest time.Duration
	for i := range specs {
		longest = max(longest, exit(i, 0))
	}
	return millis(longest.Milliseconds())
}
