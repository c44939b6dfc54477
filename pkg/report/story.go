package report

import (
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Story is a run so far: the events folded into one value, which any renderer can
// draw. Its zero value is the beginning.
type Story struct {
	// Began and Now are the times of the first and the last event.
	Began, Now time.Time
	// Services are those that the events are about, in the order in which they
	// appeared.
	Services []*ServiceStory
}

// ServiceStory is the part of a story that is about one service.
type ServiceStory struct {
	// Cluster and Service are its ARNs; "" until an event names them.
	Cluster, Service string
	// Plan is the newest plan.
	Plan *deploy.Plan
	// TaskPlan is the newest plan of a one-off task.
	TaskPlan *deploy.TaskPlan
	// Registered and Deregistered are the task definitions that were.
	Registered, Deregistered []Revision
	// Deployment is what is followed, nil until ECS accepted the update.
	Deployment *deploy.Deployment
	// State and Record are the service and ECS's record of its deployment, as last
	// seen.
	State  *rollout.Service
	Record *rollout.ServiceDeployment
	// Elapsed is the time since the watch began.
	Elapsed time.Duration
	// Waiting is what is waited for, as last told.
	Waiting string
	// Events are what ECS wrote, Causes why tasks stopped, Warnings what else the
	// reader should know; oldest first.
	Events   []rollout.ServiceEvent
	Causes   []rollout.Cause
	Warnings []string
	// Unhealthy is the target group of which ECS last wrote that a target is unhealthy;
	// "" once the service reached a steady state.
	Unhealthy string
	// Outcome is the end; nil until then.
	Outcome *deploy.Outcome

	placed   bool            // a line said which service this is
	progress string          // the last line of progress
	hinted   map[string]bool // the hints that were told
}

// Revision is a revision of a task definition, and the tag of its image.
type Revision struct{ ARN, Tag string }

// Entry is what one event adds to a story. Its words are its [Entry.Lines].
type Entry struct {
	deploy.Event
	// About is the service that the event is about, with the event in it.
	About *ServiceStory
	// First: no event before named the service and its cluster.
	First bool
	// New: the event tells something that the story did not have.
	New bool
	// Hint: what the event says about what to do was not told before.
	Hint bool
	// Several: the story is about more than one service.
	Several bool
}

// Add folds an event into the story.
func (s *Story) Add(e deploy.Event) Entry {
	if s.Began.IsZero() {
		s.Began = e.Time
	}
	s.Now = e.Time
	about := s.about(e)
	entry := Entry{Event: e, About: about, First: !about.placed && about.Cluster != "", New: true, Several: len(s.Services) > 1}
	about.placed = about.placed || entry.First
	about.Elapsed = max(about.Elapsed, e.Elapsed)
	about.add(&entry)
	return entry
}

// about is the part of the story that an event belongs to. An event that names no
// service belongs to the last one that did.
func (s *Story) about(e deploy.Event) *ServiceStory {
	cluster, service := subject(e)
	for _, known := range s.Services {
		if known.Service == service || known.Service == "" {
			known.Service = service
			if cluster != "" {
				known.Cluster = cluster
			}
			return known
		}
	}
	if n := len(s.Services); service == "" && n > 0 {
		return s.Services[n-1]
	}
	added := &ServiceStory{Cluster: cluster, Service: service, hinted: map[string]bool{}}
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

// add keeps what an event tells of its service, and finds out what of it is new.
func (s *ServiceStory) add(entry *Entry) {
	e := entry.Event
	if e.Service != nil {
		s.State = e.Service
	}
	switch e.Type {
	case deploy.EventPlan:
		entry.New = s.Plan == nil || !slices.EqualFunc(planned(s.Plan, Options{}), planned(e.Plan, Options{}), func(a, b Line) bool { return a.String() == b.String() })
		s.Plan = e.Plan
	case deploy.EventRegistered:
		s.Registered = append(s.Registered, Revision{e.TaskDefinition, e.Tag})
	case deploy.EventDeregistered:
		s.Deregistered = append(s.Deregistered, Revision{e.TaskDefinition, e.Tag})
	case deploy.EventUpdated:
		s.Deployment = e.Deployment
	case deploy.EventProgress:
		s.Record = e.ServiceDeployment
		now := progress(e.Service, e.ServiceDeployment, s.Unhealthy).String()
		entry.New = now != s.progress
		s.progress = now
	case deploy.EventService:
		if last := len(s.Events) - 1; last >= 0 && s.Events[last].Message == e.ServiceEvent.Message && s.Events[last].At.Equal(e.ServiceEvent.At) {
			entry.New = false // ECS writes one event for each target
		}
		s.Events = append(s.Events, *e.ServiceEvent)
		s.noteHealth(e.ServiceEvent.Message)
		entry.Hint = s.hint(rollout.EventHint(e.ServiceEvent.Message))
	case deploy.EventCause:
		s.Causes = append(s.Causes, *e.Cause)
		entry.Hint = s.hint(e.Cause.Hint)
	case deploy.EventTaskPlan:
		s.TaskPlan = e.TaskPlan
	case deploy.EventHeartbeat:
		s.Waiting = e.Message
	case deploy.EventWarning:
		s.Warnings = append(s.Warnings, e.Message)
	case deploy.EventOutcome:
		s.Outcome = e.Outcome
	}
}

// noteHealth reads the health of targets out of a service event.
func (s *ServiceStory) noteHealth(message string) {
	if _, group, found := strings.Cut(shorter(message), " is unhealthy in (target-group "); found {
		s.Unhealthy, _, _ = strings.Cut(group, ")")
	}
	if strings.Contains(message, "has reached a steady state") {
		s.Unhealthy = ""
	}
}

// hint reports whether a hint is told for the first time.
func (s *ServiceStory) hint(text string) bool {
	fresh := text != "" && !s.hinted[text]
	s.hinted[text] = true
	return fresh
}
