package ecssim

// This file is the life of a task: PROVISIONING to RUNNING, and all the ways
// to STOPPED. Each step is an event that schedules the next.

import (
	"fmt"
	"strings"
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
)

// Outcomes of health checks, as the Number of an eventHealth.
const (
	foundHealthy = iota + 1
	foundUnhealthy
)

// step schedules a step of a task.
func (e *engine) step(s *service, t *task, when millis, number int) {
	e.schedule(when, event{Kind: eventTask, Cluster: s.Cluster, Service: s.Name, Task: t.ID, Number: number})
}

// enter sets off the life of a new task.
func (e *engine) enter(s *service, t *task) {
	e.step(s, t, t.CreatedAt+t.traced(traceConnected), stepConnected)
}

// traced is a moment of the trace, stretched to this task's start.
func (t *task) traced(ms millis) millis { return ms * t.Plan.StartAfter / traceRunning }

// playTask plays an event of a task, unless the task has taken another way.
func (e *engine) playTask(s *service, t *task, ev event) {
	gone := t.Stopping || t.Dying || t.Status == stopped
	switch {
	case ev.Kind == eventHealth && !gone:
		e.checked(s, t, ev.Number)
	case ev.Kind == eventExit && !gone:
		e.exit(s, t)
	case ev.Kind == eventTask && ev.Number < firstStopStep && !gone:
		e.playStart(s, t, ev.Number)
	case ev.Kind == eventTask && ev.Number >= firstStopStep && t.Status != stopped:
		e.playStop(s, t, ev.Number)
	}
}

// playStart plays the way up to RUNNING.
func (e *engine) playStart(s *service, t *task, number int) {
	t.Version++
	switch number {
	case stepConnected:
		t.Status, t.ConnectedAt = pending, e.Now
		switch {
		case t.Plan.Behaviour == Hangs:
		case t.Plan.Behaviour == InitFail:
			e.step(s, t, t.CreatedAt+t.Plan.After, stepNoStart)
		case t.Plan.Behaviour == CannotPull:
			e.step(s, t, t.CreatedAt+min(t.traced(tracePull), t.Plan.After), stepPull)
		default:
			e.step(s, t, t.CreatedAt+t.traced(tracePull), stepPull)
		}
	case stepPull:
		t.PullStartedAt = e.Now
		if t.Plan.Behaviour == CannotPull {
			e.step(s, t, t.CreatedAt+t.Plan.After, stepNoStart)
			return
		}
		e.step(s, t, t.CreatedAt+t.traced(tracePulled), stepActivating)
	case stepActivating:
		t.Status, t.PullStoppedAt = activating, e.Now
		e.step(s, t, t.CreatedAt+t.Plan.StartAfter, stepRunning)
	case stepRunning:
		e.run(s, t)
	case stepNoStart:
		e.noStart(s, t)
	}
}

// run makes a task RUNNING and schedules what its images do then.
func (e *engine) run(s *service, t *task) {
	t.Status, t.StartedAt = running, e.Now
	for i := range t.Containers {
		t.Containers[i].Status = running
	}
	for _, lb := range s.balancers() {
		e.say(s, 0, "registered 1 %s in %s", lb.targets, lb.name)
	}
	ev := event{Kind: eventHealth, Cluster: s.Cluster, Service: s.Name, Task: t.ID, Number: foundHealthy}
	if sick, after := e.sickness(s, t); sick {
		ev.Number = foundUnhealthy
		e.schedule(e.Now+after, ev)
	} else {
		e.schedule(e.Now+e.healthyAfter(s, t), ev)
	}
	if t.Plan.Behaviour == Exits || t.Plan.Behaviour == OutOfMemory {
		ev.Kind = eventExit
		e.schedule(e.Now+t.Plan.After, ev)
	}
	e.wake(s, passDelay)
}

// noStart is a task that never reaches RUNNING.
func (e *engine) noStart(s *service, t *task) {
	culprit := &t.Containers[t.Plan.Container]
	reason := t.Plan.Message
	switch {
	case t.Plan.Behaviour == CannotPull && reason == "":
		reason = fmt.Sprintf("CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref %s: %s: not found", culprit.Image, culprit.Image)
	case reason == "":
		reason = "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3"
	}
	if t.Plan.Behaviour == CannotPull {
		culprit.Reason = reason
		t.PullStoppedAt = e.Now
	}
	t.Dying, t.StopCode, t.StopReason = true, "TaskFailedToStart", reason
	t.Status, t.ExecutionStoppedAt = stopping, e.Now
	e.haltContainers(t, nil)
	e.step(s, t, e.Now.add(noStartToStop), stepNoStartStopping)
}

// exit is a task whose essential container exits by itself.
func (e *engine) exit(s *service, t *task) {
	culprit := &t.Containers[t.Plan.Container]
	code := t.Plan.Code
	culprit.Reason = t.Plan.Message
	if t.Plan.Behaviour == OutOfMemory {
		code = 137
		culprit.Reason = "OutOfMemoryError: Container killed due to memory usage"
	}
	culprit.Exit = &code
	t.Version++
	t.Dying, t.Healthy = true, false
	t.StopCode, t.StopReason = "EssentialContainerExited", "Essential container in task exited"
	t.Status, t.StoppingAt, t.ExecutionStoppedAt = deprovisioning, e.Now, e.Now
	zero := 0
	e.haltContainers(t, &zero)
	s.SteadyAt = 0
	e.step(s, t, e.Now.add(exitToStopped), stepStopped)
}

// haltContainers stops all containers; those that have run and have no exit
// code yet get this one.
func (e *engine) haltContainers(t *task, code *int) {
	for i := range t.Containers {
		c := &t.Containers[i]
		if code != nil && c.Exit == nil {
			exit := *code
			c.Exit = &exit
		}
		c.Status = stopped
	}
}

// halt lets go of a task: it drains, gets SIGTERM, exits and is STOPPED.
func (e *engine) halt(s *service, t *task, code, reason string) {
	t.Version++
	t.Stopping, t.Healthy = true, false
	t.StopCode, t.StopReason = code, reason
	if t.Status != running {
		t.Status, t.StoppingAt, t.ExecutionStoppedAt = deprovisioning, e.Now, e.Now
		e.haltContainers(t, nil)
		e.step(s, t, e.Now.add(pendingStopped), stepStopped)
		return
	}
	t.Status = deactivating
	wait := toDraining
	if len(s.balancers()) > 0 {
		wait = orDefault(e.World.Switches.DeregistrationDelay, 30*time.Second)
	}
	e.step(s, t, e.Now.add(wait), stepStopping)
}

// playStop plays the way from RUNNING down to STOPPED.
func (e *engine) playStop(s *service, t *task, number int) {
	t.Version++
	switch number {
	case stepNoStartStopping:
		t.Status, t.StoppingAt = deprovisioning, e.Now
		e.step(s, t, e.Now.add(noStartStopped), stepStopped)
	case stepStopping:
		t.Status, t.StoppingAt = stopping, e.Now
		e.step(s, t, e.Now+t.StopTime, stepExited)
	case stepExited:
		t.Status, t.ExecutionStoppedAt = deprovisioning, e.Now
		zero := 0
		e.haltContainers(t, &zero)
		e.step(s, t, e.Now.add(toStopped), stepStopped)
		e.wake(s, passDelay)
	case stepStopped:
		e.end(s, t)
	}
}

// end makes a task STOPPED and counts its failure.
func (e *engine) end(s *service, t *task) {
	t.Status, t.StoppedAt = stopped, e.Now
	s.gone(t)
	e.schedule(e.Now.add(remembered), event{Kind: eventForget, Cluster: s.Cluster, Service: s.Name, Task: t.ID})
	if d := s.deployment(t.Deployment); d != nil && t.Dying && !t.Counted {
		t.Counted = true
		if t.StopCode == "TaskFailedToStart" {
			e.sayOnce(s, "was unable to place a task. Reason: "+strings.TrimSuffix(t.StopReason, ".")+".")
			e.backOff(s, d, t)
		}
		if d != s.primary() && (!d.Proven || d.Rollout == "FAILED") {
			d.Desired = max(d.Desired-1, 0)
		}
		if t.StopCode != "EssentialContainerExited" || !e.World.Switches.IgnoreExits {
			e.failed(s, d)
		}
	}
	e.unblock(s.Cluster)
	e.wake(s, passDelay)
}
