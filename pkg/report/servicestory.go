package report

// One service of a story: what its events say, what that means for what is waited
// for, and what happened when.

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// ServiceStory is the part of a story that is about one service, or about one-off
// tasks.
type ServiceStory struct {
	// Cluster and Service are its ARNs; "" until an event names them.
	Cluster, Service string
	// Member is its name in a run of several services; "" in any other.
	Member string
	// Plan is the newest plan. Its checks and its forecast are those of the story.
	Plan *deploy.Plan
	// TaskPlan is the newest plan of a one-off task.
	TaskPlan *deploy.TaskPlan
	// Tasks are the one-off tasks as last seen, in the order in which they started.
	Tasks []*rollout.Task
	// Registered and Deregistered are the task definitions that were.
	Registered, Deregistered []Revision
	// Deployment is what is followed, nil until ECS accepted the update. First is the one
	// that was followed first: if a new deployment rolls it back, that is followed.
	Deployment, First *deploy.Deployment
	// UpdatedAt is when ECS accepted the update, by the deployer's clock.
	UpdatedAt time.Time
	// State and Record are the service and ECS's record of its deployment, as last
	// seen.
	State  *rollout.Service
	Record *rollout.ServiceDeployment
	// Elapsed is the time since the watch began, at Now: the time of the last event.
	Elapsed time.Duration
	Now     time.Time
	// Waiting is what is waited for, as last told; see [ServiceStory.Wait].
	Waiting string
	// Events are what ECS wrote, Causes why tasks stopped, Warnings what else the
	// reader should know; oldest first.
	Events   []rollout.ServiceEvent
	Causes   []rollout.Cause
	Warnings []string
	// TargetGroups are the target groups of the service as last read; none once a task
	// has stopped or started since.
	TargetGroups []rollout.TargetGroup
	// Unhealthy is the target group of which ECS last wrote that a target is unhealthy;
	// "" once the service reached a steady state.
	Unhealthy string
	// Moments are what happened, oldest first.
	Moments []Moment
	// Samples are the counts of the deployments at each change, oldest first: what a
	// chart shows.
	Samples []Sample
	// Outcome is the end, or TaskOutcome that of one-off tasks; nil until then. Failure
	// is the error with which a member of a run ended, or why it was not started. A
	// member that is rolled back after it had succeeded has another end later.
	Outcome     *deploy.Outcome
	TaskOutcome *deploy.TaskOutcome
	Failure     *Failure
	// Next are the commands that made sense then.
	Next []Suggestion

	placed   bool            // a line said which service this is
	seenAt   time.Time       // when Record was seen
	progress string          // the last line of progress
	state    string          // the last state beside the counts
	counts   bool            // the last progress told of counts only
	hinted   map[string]bool // the hints that were told
}

// Revision is a revision of a task definition, and the tag of its image.
type Revision struct{ ARN, Tag string }

// Moment is something that happened once.
type Moment struct {
	// At is the time of the event that told of it, Elapsed the time since the watch
	// began.
	At      time.Time
	Elapsed time.Duration
	// Tone is how it is meant.
	Tone Tone
	// Text says what happened, in one line. It may come from ECS.
	Text string
}

// Sample is the counts of a service's deployments at one moment.
type Sample struct {
	At          time.Time
	Elapsed     time.Duration
	Deployments []rollout.Deployment
	// Desired is how many tasks the service should have, Record is ECS's record of the
	// deployment; nil if it is not known.
	Desired int
	Record  *rollout.ServiceDeployment
	// Stage is where ECS's record of the deployment stands, in words; "" if there is
	// nothing to say.
	Stage string
}

// samplesKept bounds the samples of one service: a rollout of a thousand tasks has no
// more changes than that.
const samplesKept = 5000

// Ended reports whether the story of the service has its end.
func (s *ServiceStory) Ended() bool {
	return s.Outcome != nil || s.TaskOutcome != nil || s.Failure != nil
}

// Name is the name of the service in a run of several, that of the service, or the family of one-off tasks without one.
func (s *ServiceStory) Name() string {
	if s.Member != "" {
		return s.Member
	}
	if s.Service == "" && s.TaskPlan != nil {
		return s.TaskPlan.Family
	}
	return rollout.ShortName(s.Service)
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
		s.note(e, Plain, entry.words())
	case deploy.EventDeregistered:
		s.Deregistered = append(s.Deregistered, Revision{e.TaskDefinition, e.Tag})
	case deploy.EventUpdated:
		s.Deployment, s.UpdatedAt = e.Deployment, e.Time
		s.Outcome, s.Failure = nil, nil
		s.First = cmp.Or(s.First, e.Deployment)
		s.note(e, Strong, entry.words())
	case deploy.EventProgress:
		s.moved(entry)
	case deploy.EventService:
		s.addServiceEvent(entry)
	case deploy.EventCause:
		s.Causes = append(s.Causes, *e.Cause)
		entry.Hint = s.hint(e.Cause.Hint)
		s.note(e, Bad, "a task stopped: "+reasonOf(*e.Cause))
	case deploy.EventTargets:
		s.TargetGroups = e.TargetGroups
	case deploy.EventTaskPlan:
		s.TaskPlan, s.TaskOutcome = e.TaskPlan, nil
	case deploy.EventTask:
		s.addTask(e.Task)
		s.note(e, Plain, entry.words())
	case deploy.EventHeartbeat:
		s.Waiting = e.Message
	case deploy.EventWarning:
		s.Warnings = append(s.Warnings, e.Message)
		s.note(e, Warn, e.Message)
	case deploy.EventPaused:
		s.note(e, Warn, entry.words())
	case deploy.EventContinued, deploy.EventTaskEnded:
		s.note(e, Plain, entry.words())
	case deploy.EventOutcome:
		s.Outcome, s.TaskOutcome = e.Outcome, e.TaskOutcome
	}
}

// words are the first line of an entry.
func (e Entry) words() string {
	if lines := e.Lines(Options{}); len(lines) > 0 {
		return lines[0].String()
	}
	return ""
}

// note keeps something that happened.
func (s *ServiceStory) note(e deploy.Event, tone Tone, text string) {
	if text != "" {
		s.Moments = append(s.Moments, Moment{At: e.Time, Elapsed: s.Elapsed, Tone: tone, Text: text})
	}
}

// moved keeps the counts of a progress event.
func (s *ServiceStory) moved(entry *Entry) {
	e := entry.Event
	s.Record, s.seenAt = e.ServiceDeployment, e.Time
	if mine := s.followed(); mine == nil || mine.Running < mine.Desired {
		s.TargetGroups = nil
	}
	now := progress(e.Service, e.ServiceDeployment, s.Unhealthy).String()
	entry.New = now != s.progress
	s.progress = now
	state := strings.Join(recorded(e.Service, e.ServiceDeployment), ", ")
	if entry.Stage = entry.New && state != s.state && state != ""; entry.Stage {
		s.note(e, Plain, state)
	}
	s.state, s.counts = state, !entry.Stage
	if len(s.Samples) < samplesKept {
		s.Samples = append(s.Samples, Sample{At: e.Time, Elapsed: e.Elapsed, Deployments: e.Service.Deployments, Desired: e.Service.Desired, Record: e.ServiceDeployment, Stage: e.ServiceDeployment.Stage()})
	}
}

func (s *ServiceStory) addServiceEvent(entry *Entry) {
	e := entry.Event
	if last := len(s.Events) - 1; last >= 0 && s.Events[last].Message == e.ServiceEvent.Message && s.Events[last].At.Equal(e.ServiceEvent.At) {
		entry.New = false // ECS writes one event for each target
	}
	s.Events = append(s.Events, *e.ServiceEvent)
	s.noteHealth(e.ServiceEvent.Message)
	entry.Hint = s.hint(rollout.EventHint(e.ServiceEvent.Message))
	if entry.New {
		tone := Plain
		if rollout.Trouble(*e.ServiceEvent) {
			tone = Warn
		}
		s.note(e, tone, entry.words())
	}
}

func (s *ServiceStory) addTask(task *rollout.Task) {
	for i, known := range s.Tasks {
		if known.ARN == task.ARN {
			s.Tasks[i] = task
			return
		}
	}
	s.Tasks = append(s.Tasks, task)
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
