package ecssim

// This file is the life of a task, whoever started it: PROVISIONING to RUNNING,
// and all the ways to STOPPED. Each step is an event that schedules the next.
// What a service makes of it is in react.go.

import (
	"fmt"
	"slices"
	"time"
)

// The steps of a task's life, as the Number of an eventTask.
const (
	stepConnected = iota + 1
	stepPull
	stepActivating
	stepRunning
	stepNoStart // the image cannot be pulled, or resources cannot be had
	stepNoStartStopping
	stepStopping  // after draining
	stepExited    // the containers have exited after SIGTERM
	stepStopped   // the task is STOPPED
	firstStopStep = stepNoStartStopping
)

// Moments of a Fargate task, from a published trace in which RUNNING came
// 25.1 s after creation; a slower start stretches them.
const (
	traceConnected = 3300
	tracePull      = 18000
	tracePulled    = 24700
	traceRunning   = 25100

	toDraining     = 2 * time.Second         // letting go to SIGTERM, without a target group
	toStopped      = 24 * time.Second        // exit after SIGTERM to STOPPED
	exitToStopped  = 18 * time.Second        // exit of its own to STOPPED
	noStartToStop  = 10 * time.Second        // failed pull to stoppingAt
	noStartStopped = 3500 * time.Millisecond // from there to STOPPED
	pendingStopped = 8 * time.Second         // letting go of a task that is not RUNNING
	remembered     = time.Hour               // stopped tasks can be described

	defaultDeregistration = 30 * time.Second // see Switches
)

// Outcomes of health checks, as the Number of an eventHealth.
const (
	foundHealthy = iota + 1
	foundUnhealthy
)

// step schedules a step of a task.
func (e *engine) step(t *task, when millis, number int) {
	e.schedule(when, event{Kind: eventTask, Cluster: t.Cluster, Task: t.ID, Number: number})
}

// enter sets off the life of a new task.
func (e *engine) enter(t *task) {
	e.step(t, t.CreatedAt+t.traced(traceConnected), stepConnected)
}

// traced is a moment of the trace, stretched to this task's start.
func (t *task) traced(ms millis) millis { return ms * t.Plan.StartAfter / traceRunning }

// playTask plays an event of a task, unless the task has taken another way.
func (e *engine) playTask(ev event) {
	c := e.Clusters[ev.Cluster]
	if c == nil {
		return
	}
	t := c.task(ev.Task)
	if t == nil {
		return
	}
	gone := t.Stopping || t.Dying || t.Status == stopped
	switch {
	case ev.Kind == eventForget:
		c.forget(t)
	case ev.Kind == eventHealth && !gone:
		e.checked(t, ev.Number)
	case ev.Kind == eventExit && !gone:
		e.exitContainer(t, ev.Number)
	case ev.Kind == eventWell && !gone:
		t.Containers[ev.Number].Health = "HEALTHY"
		e.startContainers(t)
	case ev.Kind == eventTimeout && !gone:
		e.timedOut(t, ev.Number)
	case ev.Kind == eventTask && ev.Number < firstStopStep && !gone:
		e.playStart(t, ev.Number)
	case ev.Kind == eventTask && ev.Number >= firstStopStep && t.Status != stopped:
		e.playStop(t, ev.Number)
	}
}

// playStart plays the way up to RUNNING.
func (e *engine) playStart(t *task, number int) {
	t.Version++
	switch number {
	case stepConnected:
		t.Status, t.ConnectedAt = pending, e.Now
		switch {
		case t.Plan.Behaviour == Hangs:
		case t.Plan.Behaviour == InitFail:
			e.step(t, t.CreatedAt+t.Plan.After, stepNoStart)
		case t.Plan.Behaviour == CannotPull:
			e.step(t, t.CreatedAt+min(t.traced(tracePull), t.Plan.After), stepPull)
		default:
			e.step(t, t.CreatedAt+t.traced(tracePull), stepPull)
		}
	case stepPull:
		t.PullStartedAt = e.Now
		if t.Plan.Behaviour == CannotPull {
			e.step(t, t.CreatedAt+t.Plan.After, stepNoStart)
			return
		}
		e.step(t, t.CreatedAt+t.traced(tracePulled), stepActivating)
	case stepActivating:
		t.PullStoppedAt = e.Now
		if !slices.ContainsFunc(e.specsOf(t.order), func(c containerSpec) bool { return len(c.dependsOn) > 0 }) {
			t.Status = activating
		}
		e.step(t, t.CreatedAt+t.Plan.StartAfter, stepRunning)
	case stepRunning:
		e.startContainers(t)
	case stepNoStart:
		e.noStart(t)
	}
}

// run makes a task RUNNING: all its containers have started.
func (e *engine) run(t *task) {
	t.Status, t.StartedAt = running, e.Now
	ev := event{Kind: eventHealth, Cluster: t.Cluster, Task: t.ID, Number: foundHealthy}
	if sick, after := e.sickness(t); sick {
		ev.Number = foundUnhealthy
		e.schedule(e.Now+after, ev)
	} else {
		e.schedule(e.Now+e.healthyAfter(t), ev)
	}
	e.tell(t, startedRunning)
}

// noStart is a task that never reaches RUNNING.
func (e *engine) noStart(t *task) {
	culprit := &t.Containers[t.Plan.Container]
	reason := t.Plan.Message
	switch {
	case t.Plan.Behaviour == CannotPull:
		reason = e.rule(*culprit).pullReason(culprit.Image)
	case reason == "":
		reason = "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3"
	}
	if t.Plan.Behaviour == CannotPull {
		culprit.Reason = reason
		t.PullStoppedAt = e.Now
	}
	t.Dying, t.StopCode, t.StopReason = true, "TaskFailedToStart", reason
	t.Status, t.ExecutionStoppedAt = stopping, e.Now
	e.haltContainers(t)
	e.step(t, e.Now.add(noStartToStop), stepNoStartStopping)
}

// pullReason is why an image cannot be pulled.
func (r ImageRule) pullReason(image string) string {
	if r.Message != "" {
		return r.Message
	}
	return fmt.Sprintf("CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref %s: %s: not found", image, image)
}

// halt lets go of a task: it drains, gets SIGTERM, exits and is STOPPED.
func (e *engine) halt(t *task, code, reason string) {
	t.Version++
	t.Stopping, t.Healthy = true, false
	t.StopCode, t.StopReason = code, reason
	if t.Status != running {
		t.Status, t.StoppingAt, t.ExecutionStoppedAt = deprovisioning, e.Now, e.Now
		e.haltContainers(t)
		e.step(t, e.Now.add(pendingStopped), stepStopped)
		return
	}
	t.Status = deactivating
	wait := toDraining
	if len(t.Balancers) > 0 {
		wait = orDefault(e.World.Switches.DeregistrationDelay, defaultDeregistration)
	}
	e.step(t, e.Now.add(wait), stepStopping)
}

// playStop plays the way from RUNNING down to STOPPED.
func (e *engine) playStop(t *task, number int) {
	t.Version++
	switch number {
	case stepNoStartStopping:
		t.Status, t.StoppingAt = deprovisioning, e.Now
		e.step(t, e.Now.add(noStartStopped), stepStopped)
	case stepStopping:
		t.Status, t.StoppingAt = stopping, e.Now
		e.step(t, e.Now+e.stopTime(t), stepExited)
	case stepExited:
		t.Status, t.ExecutionStoppedAt = deprovisioning, e.Now
		e.haltContainers(t)
		e.step(t, e.Now.add(toStopped), stepStopped)
		e.tell(t, letGo)
	case stepStopped:
		e.end(t)
	}
}

// end makes a task STOPPED. Its place is free then.
func (e *engine) end(t *task) {
	t.Status, t.StoppedAt = stopped, e.Now
	e.Clusters[t.Cluster].retire(t)
	e.schedule(e.Now.add(remembered), event{Kind: eventForget, Cluster: t.Cluster, Task: t.ID})
	e.tell(t, ended)
	e.unblock(t.Cluster)
	e.tell(t, letGo)
}
