package ecssim

// This file writes the events about targets of load balancers. ECS reports them
// some time after the fact, and the tasks of one batch together: after "has stopped
// 2 running tasks" published event lists have "deregistered 2 targets" 8.6 to 10.2 s
// later (one has 1.55 s), and 5 ms after that "has begun draining connections on 2
// tasks".

import (
	"slices"
	"strconv"
	"time"
)

const (
	registeredLag   = 5 * time.Second // RUNNING to "registered"
	deregisteredLag = 9600 * time.Millisecond
	drainingLag     = deregisteredLag + 5*time.Millisecond
)

// targetNote is an event about targets that is still to be written. Later tasks
// of the batch raise its count until then.
type targetNote struct {
	At    millis `json:"at"`
	Begin string `json:"begin"` // of the message, before the count
	End   string `json:"end"`   // of the message, after the count
	Count int    `json:"count"`
}

// noteRegistered announces that a task that is RUNNING is registered.
func (e *engine) noteRegistered(s *service, t *task) {
	for _, lb := range t.Balancers {
		e.note(s, registeredLag, s.spoken(t.StartedBy)+" registered ", " "+lb.targets()+" in "+lb.String())
	}
}

// noteDeregistered announces that a RUNNING task that the scheduler lets go of
// is deregistered and drains.
func (e *engine) noteDeregistered(s *service, t *task) {
	if len(t.Balancers) == 0 {
		return
	}
	for _, lb := range t.Balancers {
		e.note(s, deregisteredLag, s.spoken(t.StartedBy)+" deregistered ", " "+lb.targets()+" in "+lb.String())
	}
	e.note(s, drainingLag, "(service "+s.Name+", taskSet "+t.StartedBy+") has begun draining connections on ", " tasks.")
}

// note counts a task in the event that is announced already, or announces it.
func (e *engine) note(s *service, lag time.Duration, begin, end string) {
	i := slices.IndexFunc(s.Notes, func(n targetNote) bool { return n.Begin == begin && n.End == end })
	if i >= 0 {
		s.Notes[i].Count++
		return
	}
	n := targetNote{At: e.Now.add(lag), Begin: begin, End: end, Count: 1}
	s.Notes = append(s.Notes, n)
	e.schedule(n.At, event{Kind: eventTargets, Cluster: s.Cluster, Service: s.Name})
}

// reportTargets writes the events whose moment has come.
func (e *engine) reportTargets(s *service) {
	s.Notes = slices.DeleteFunc(s.Notes, func(n targetNote) bool {
		if n.At > e.Now {
			return false
		}
		e.record(s, 0, n.Begin+strconv.Itoa(n.Count)+n.End)
		return true
	})
}
