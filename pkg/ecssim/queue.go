package ecssim

// This file is the event queue: what happens, and when. Playing it up to a
// moment in one step or in many gives the same state.

import (
	"container/heap"
	"time"
)

// event is something that happens at a moment. Those that concern a service or a
// task name it and its cluster; those that a later decision can make void carry
// what to compare.
type event struct {
	At      millis    `json:"at"`
	Seq     uint64    `json:"seq"`
	Kind    eventKind `json:"kind"`
	Cluster string    `json:"cluster,omitempty"`
	Service string    `json:"service,omitempty"`
	Task    string    `json:"task,omitempty"`
	Number  int       `json:"number,omitempty"` // the task's step or container, the actor or the alarm

	Deployment string `json:"deployment,omitempty"` // that sets off the alarm
}

type eventKind string

const (
	eventTask    eventKind = "task"    // the next step of a task's life
	eventHealth  eventKind = "health"  // the outcome of a task's health checks
	eventExit    eventKind = "exit"    // a container exits by itself
	eventWell    eventKind = "well"    // a container that others wait for is healthy
	eventTimeout eventKind = "timeout" // a container's startTimeout is over
	eventForget  eventKind = "forget"  // a stopped task is forgotten
	eventPass    eventKind = "pass"    // the scheduler looks at a service
	eventLimit   eventKind = "limit"   // a stage of a deployment is at its limit
	eventSteady  eventKind = "steady"  // "has reached a steady state" is repeated
	eventTargets eventKind = "targets" // load balancers' targets are reported
	eventActor   eventKind = "actor"   // somebody else acts
	eventAlarm   eventKind = "alarm"   // an alarm goes to ALARM
	eventCalm    eventKind = "calm"    // an alarm goes back to OK
)

// queue is a heap of events, earliest first, in order of creation at one moment.
type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].At != q[j].At {
		return q[i].At < q[j].At
	}
	return q[i].Seq < q[j].Seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is for container/heap.
func (q *queue) Push(x any) { *q = append(*q, x.(event)) }

// Pop is for container/heap.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// schedule makes ev happen at a moment; not before now.
func (e *engine) schedule(when millis, ev event) {
	e.EventSeq++
	ev.At, ev.Seq = max(when, e.Now), e.EventSeq
	heap.Push(&e.Queue, ev)
}

// advance plays every event up to now, in order. Time never goes backwards.
func (e *engine) advance(now millis) {
	for len(e.Queue) > 0 && e.Queue[0].At <= now {
		ev := heap.Pop(&e.Queue).(event)
		e.Now = ev.At
		e.play(ev)
	}
	e.Now = max(e.Now, now)
}

func (e *engine) play(ev event) {
	switch ev.Kind {
	case eventActor:
		e.act(ev)
		return
	case eventAlarm:
		e.ring(ev)
		return
	case eventCalm:
		e.calm(ev)
		return
	}
	if ev.Task != "" {
		e.playTask(ev)
		return
	}
	s := e.serviceOf(ev)
	switch {
	case s == nil:
	case ev.Kind == eventPass && s.PassAt == ev.At:
		s.PassAt = 0
		e.pass(s)
	case ev.Kind == eventLimit && s.Status == "ACTIVE" && s.current().StageSince.add(stageLimit) == ev.At:
		e.wake(s, 0)
	case ev.Kind == eventSteady && s.SteadyAt == ev.At:
		e.repeatSteady(s)
	case ev.Kind == eventTargets:
		e.reportTargets(s)
	}
}

// serviceOf is the service that an event is about, or nil.
func (e *engine) serviceOf(ev event) *service {
	if c := e.Clusters[ev.Cluster]; c != nil {
		return c.Services[ev.Service]
	}
	return nil
}

// wake lets the scheduler look at the service after d, or earlier if it is
// going to anyway.
func (e *engine) wake(s *service, d time.Duration) {
	when := e.Now.add(d)
	if s.PassAt != 0 && s.PassAt <= when {
		return
	}
	s.PassAt = when
	e.schedule(when, event{Kind: eventPass, Cluster: s.Cluster, Service: s.Name})
}
