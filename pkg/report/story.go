package report

// The display model: the events of a run folded into one value. Renderers draw this
// value, and keep no state of the rollout themselves.

import (
	"cmp"
	"slices"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// Story is a run so far: the events folded into one value, which any renderer can
// draw. Its zero value is the beginning. It is not safe for concurrent use.
type Story struct {
	// Began and Now are the times of the first and the last event.
	Began, Now time.Time
	// Services are those that the events are about, in the order in which they
	// appeared: one for each member of a run of several services. One-off tasks that
	// belong to no service are a part of their own.
	Services []*ServiceStory
	// Failure is the error with which the run ended; nil if it did not end with one.
	Failure *Failure
	// Fleet is how a run of several services ended; nil before the end, and in any other.
	Fleet *FleetEnd
	// Version is that of the program that told it, Simulated the scenario in which it
	// happened, Target the target of the settings file; "" for none.
	Version, Simulated, Target string
	// Calls are the calls of AWS that were made, by operation.
	Calls []Call
}

// Entry is what one event adds to a story. Its words are its [Entry.Lines].
type Entry struct {
	deploy.Event
	// Story is the whole story, and About the part that the event is about, both with
	// the event in them.
	Story *Story
	About *ServiceStory
	// First: no event before named the service and its cluster.
	First bool
	// New: the event tells something that the story did not have.
	New bool
	// Stage: the event tells more than counts: another stage, the circuit breaker, a
	// rollback.
	Stage bool
	// Hint: what the event says about what to do was not told before.
	Hint bool
	// Several: the story is about more than one service.
	Several bool
}

// Add folds an event into the story. Events are added in the order of their times.
func (s *Story) Add(e deploy.Event) Entry {
	if s.Began.IsZero() {
		s.Began = e.Time
	}
	s.Now = e.Time
	about := s.about(e)
	entry := Entry{Event: e, Story: s, About: about, First: !about.placed && about.Cluster != "", New: true, Several: len(s.Services) > 1}
	about.placed = about.placed || entry.First
	about.Elapsed = max(about.Elapsed, e.Elapsed)
	about.Now = e.Time
	about.add(&entry)
	return entry
}

// Fail ends the story with an error, or that of the member which the failure names.
func (s *Story) Fail(f Failure) {
	if f.Member == "" {
		s.Failure = &f
		return
	}
	s.find(f.Member, "").Failure = &f
}

// Ended reports whether the story has ended, or every part of it.
func (s *Story) Ended() bool {
	return s.Failure != nil || !slices.ContainsFunc(s.Services, func(about *ServiceStory) bool { return !about.Ended() })
}

// about is the part of the story that an event belongs to.
func (s *Story) about(e deploy.Event) *ServiceStory {
	cluster, service := subject(e)
	about := s.find(e.Subject.Member, service)
	about.Cluster, about.Service = cmp.Or(cluster, about.Cluster), cmp.Or(service, about.Service)
	return about
}

// find is the part of a member, or of a service in a run without members. A service
// without a name is the last one.
func (s *Story) find(member, service string) *ServiceStory {
	for _, known := range s.Services {
		if known.Member == member && (member != "" || known.Service == service || known.Service == "") {
			return known
		}
	}
	if n := len(s.Services); member == "" && service == "" && n > 0 {
		return s.Services[n-1]
	}
	added := &ServiceStory{Member: member, hinted: map[string]bool{}}
	s.Services = append(s.Services, added)
	return added
}

// subject is the cluster and service that an event is about; "" for what it does not
// name.
func subject(e deploy.Event) (cluster, service string) {
	switch {
	case e.Plan != nil:
		return e.Plan.Cluster, e.Plan.Service
	case e.Deployment != nil:
		return e.Deployment.Cluster, e.Deployment.Service
	case e.Service != nil:
		return e.Service.ClusterARN, e.Service.ARN
	case e.Subject.Kind == deploy.SubjectTask && e.TaskPlan != nil:
		return e.TaskPlan.Cluster, ""
	case e.Subject.Kind == deploy.SubjectTask:
		return "", ""
	case e.Outcome != nil:
		return e.Outcome.Deployment.Cluster, e.Outcome.Deployment.Service
	}
	return "", e.Subject.ARN
}
