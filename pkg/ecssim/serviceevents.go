package ecssim

// This file writes service events: the lines that ECS shows for a service, in
// ECS's own words.

import (
	"fmt"
	"strings"
	"time"
)

const (
	maxEvents   = 100
	repeatAfter = 6 * time.Hour // the same event is not repeated earlier
)

// say adds an event, later milliseconds after now: ECS's order of events of one
// moment can be told from the fraction of the second only.
func (e *engine) say(s *service, later millis, format string, args ...any) {
	e.record(s, later, "(service "+s.Name+") "+fmt.Sprintf(format, args...))
}

func (e *engine) record(s *service, later millis, message string) {
	when := e.Now + later
	if n := len(s.Events); n > 0 {
		when = max(when, s.Events[n-1].At)
	}
	s.Events = append(s.Events, serviceEvent{ID: e.Engine.uuid(), At: when, Message: message})
	if len(s.Events) > maxEvents {
		s.Events = append([]serviceEvent(nil), s.Events[len(s.Events)-maxEvents:]...)
	}
}

// sayOnce adds an event unless the same was said within six hours and the
// trouble has not ended since.
func (e *engine) sayOnce(s *service, text string) {
	if last, said := s.Said[text]; said && e.Now < last.add(repeatAfter) {
		return
	}
	if s.Said == nil {
		s.Said = map[string]millis{}
	}
	s.Said[text] = e.Now
	e.say(s, 0, "%s", text)
}

// sayStuck says that a rolling deployment can neither start nor stop anything. The other
// strategies do not depend on the limits.
func (e *engine) sayStuck(s *service, desired int) {
	p := s.primary()
	sd := s.current()
	if p.Rollout != "IN_PROGRESS" || e.settled(s, desired) || sd != nil && (sd.waitsAt() != "" || sd.Config.shifts()) {
		return
	}
	e.sayOnce(s, "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.")
}

// saySteady says "has reached a steady state" when the service has just become
// so, and arranges for it to be repeated.
func (e *engine) saySteady(s *service, later millis) {
	if s.SteadyAt != 0 {
		return
	}
	s.Said = nil
	e.say(s, later, "has reached a steady state.")
	e.armSteady(s)
}

func (e *engine) armSteady(s *service) {
	s.SteadyAt = e.Now.add(repeatAfter)
	e.schedule(s.SteadyAt, event{Kind: eventSteady, Cluster: s.Cluster, Service: s.Name})
}

func (e *engine) repeatSteady(s *service) {
	if s.Status != "ACTIVE" {
		return
	}
	e.say(s, 0, "has reached a steady state.")
	e.armSteady(s)
}

// stopAll lets go of tasks of a service and says so. An empty reason stands for
// the failed health check of each task. All tasks belong to one deployment,
// except unhealthy ones.
func (e *engine) stopAll(s *service, tasks []*task, reason string) {
	var ids []string
	waiting := 0
	for _, t := range tasks {
		why := reason
		if why == "" {
			why = t.Unhealthy
		}
		if t.Status == running {
			ids = append(ids, "(task "+t.ID+")")
			e.noteDeregistered(s, t)
		} else {
			waiting++
		}
		e.halt(t, "ServiceSchedulerInitiated", why)
	}
	if len(ids) > 0 {
		e.record(s, 0, fmt.Sprintf("%s has stopped %d running tasks: %s.", s.spoken(tasks[0].StartedBy), len(ids), strings.Join(ids, " ")))
	}
	if waiting > 0 {
		e.say(s, 0, "stopped %d pending tasks.", waiting)
	}
}
