package deploy

import (
	"slices"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// EventType says what an Event tells.
type EventType string

// The events of a deployment, in the order in which they come.
const (
	// EventPlan: the plan is made; Plan is set.
	EventPlan EventType = "plan"
	// EventRegistered: a task definition was registered; TaskDefinition is its ARN.
	EventRegistered EventType = "registered"
	// EventUpdated: the service was updated; Deployment is set.
	EventUpdated EventType = "service-updated"
	// EventProgress: a count or a state of the service moved; Service is set,
	// and ServiceDeployment if it is known.
	EventProgress EventType = "progress"
	// EventService: ECS wrote a new service event; ServiceEvent is set.
	EventService EventType = "service-event"
	// EventCause: a task stopped for a new cause; Cause is set.
	EventCause EventType = "cause"
	// EventTargets: the health of the load balancer's targets moved; TargetGroups is set.
	// It is read while all new tasks run and ECS waits for them to be healthy, and when
	// ECS writes that one is unhealthy.
	EventTargets EventType = "target-health"
	// EventHeartbeat: nothing was told for a minute; Message says what is
	// waited for.
	EventHeartbeat EventType = "heartbeat"
	// EventWarning: something that the reader should know; Message says it.
	EventWarning EventType = "warning"
	// EventLimit: the watch begins, and the configuration of the service lets the
	// deployment take longer than usual; Message says how long it is waited for.
	EventLimit EventType = "limit"
	// EventPaused: the deployment is paused, and the pause is waited for; Hook and
	// ServiceDeployment are set.
	EventPaused EventType = "paused"
	// EventContinued: a pause was continued; Hook is set.
	EventContinued EventType = "continued"
	// EventDeregistered: an old revision was deregistered; TaskDefinition is its
	// ARN.
	EventDeregistered EventType = "deregistered"
	// EventTaskPlan: the plan of a one-off task is made; TaskPlan is set.
	EventTaskPlan EventType = "task-plan"
	// EventTask: a one-off task started, or its state moved; Task is set.
	EventTask EventType = "task"
	// EventLog: a container wrote a line; Log is set.
	EventLog EventType = "log"
	// EventTaskEnded: a one-off task of a deployment ended; TaskOutcome is set.
	EventTaskEnded EventType = "task-ended"
	// EventOutcome: the end of the rollout, or of one-off tasks; Outcome or TaskOutcome is set.
	EventOutcome EventType = "outcome"
)

// Event is one piece of news. What it points to is a snapshot that nobody
// changes later.
type Event struct {
	Type EventType `json:"type"`
	// Time is the deployer's clock.
	Time time.Time `json:"time"`
	// Elapsed is the time since the watch began; 0 before.
	Elapsed time.Duration `json:"-"`
	// Message is one line for people, if the other fields do not say it all.
	Message        string `json:"message,omitempty"`
	Plan           *Plan  `json:"plan,omitempty"`
	TaskDefinition string `json:"taskDefinition,omitempty"`
	// Tag is that of the image of TaskDefinition; "" if it is not known.
	Tag               string                     `json:"tag,omitempty"`
	Deployment        *Deployment                `json:"deployment,omitempty"`
	Service           *rollout.Service           `json:"service,omitempty"`
	ServiceDeployment *rollout.ServiceDeployment `json:"serviceDeployment,omitempty"`
	ServiceEvent      *rollout.ServiceEvent      `json:"serviceEvent,omitempty"`
	Cause             *rollout.Cause             `json:"cause,omitempty"`
	TargetGroups      []rollout.TargetGroup      `json:"targetGroups,omitempty"`
	Hook              *rollout.Hook              `json:"hook,omitempty"`
	Outcome           *Outcome                   `json:"-"`
	TaskPlan          *TaskPlan                  `json:"taskPlan,omitempty"`
	Task              *rollout.Task              `json:"task,omitempty"`
	Log               *LogLine                   `json:"log,omitempty"`
	TaskOutcome       *TaskOutcome               `json:"taskOutcome,omitempty"`
	// Subject is the service or task that the event is about. Every event has one.
	Subject Subject `json:"subject,omitzero"`
}

// task is the ARN of the task that the event names, or otherwise.
func (e Event) task(otherwise string) string {
	switch {
	case e.Task != nil:
		return e.Task.ARN
	case e.Log != nil:
		return e.Log.Task
	}
	return otherwise
}

// LogLine is one line that a container wrote.
type LogLine struct {
	// Task is the ARN of the task.
	Task      string `json:"task"`
	Container string `json:"container"`
	// At is when the line was written, by the clock of the container's host.
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	// Several: the logs of several containers of the task are read.
	Several bool `json:"several,omitempty"`
}

// Deployment identifies one deployment of one service, and keeps what was there
// before it. It is all that [Deployer.Watch] needs, so that any process can
// follow a deployment at any time.
type Deployment struct {
	// Ref is the service; ARNs.
	Ref
	// ID is the deployment's id ("ecs-svc/…"), from the UpdateService response.
	ID string `json:"id"`
	// TaskDefinition is the ARN of the revision that it deploys.
	TaskDefinition string `json:"taskDefinition"`
	// Tag is the tag of that revision's image, or the beginning of its digest;
	// "" if it is not known.
	Tag string `json:"tag,omitempty"`
	// CreatedAt is its creation by ECS's clock.
	CreatedAt time.Time `json:"createdAt,omitzero"`
	// ServiceDeployment is the ARN of ECS's record of it, if it is known.
	ServiceDeployment string `json:"serviceDeployment,omitempty"`
	// Action is what was done to the service.
	Action Action `json:"action"`
	// RolledBackTo: ECS was rolling back to this deployment when it was joined.
	RolledBackTo bool `json:"rolledBackTo,omitempty"`
	// Rollback is what is rolled back, if the deployment is the carrying out of a rollback
	// that [Deployer.PlanRollback] planned; otherwise nil.
	Rollback *Rollback `json:"rollback,omitempty"`
	// Express: ECS manages the service (Express mode), so that ecs-deploy follows its
	// deployments and starts none.
	Express bool `json:"express,omitempty"`
	// guessed: the answer of the update was lost, and this deployment looks as ours
	// would. It may be somebody else's, and is not rolled back.
	guessed bool
	// answered are the ids of pauses that were continued.
	answered []string
	// Newest: it was joined as the service's newest deployment, and not by its name.
	Newest bool `json:"-"`
	// Settings are the settings that were changed with it.
	Settings []Setting `json:"settings,omitempty"`
	// Notes are those of the plan.
	Notes []string `json:"notes,omitempty"`
	// Before is what was in service before.
	Before Before `json:"before"`
}

// String is "ecs-svc/123 of web in production1".
func (dep Deployment) String() string { return dep.ID + " of " + dep.Ref.String() }

// identity is how the deployment is told from others of its service.
func (dep Deployment) identity() rollout.Identity {
	identity := rollout.Identity{
		DeploymentID: dep.ID, TaskDefinition: dep.TaskDefinition, CreatedAt: dep.CreatedAt, NotBefore: dep.Before.NewestDeployment,
	}
	for _, id := range dep.Before.Deployments {
		if id != dep.ID {
			identity.EarlierIDs = append(identity.EarlierIDs, id)
		}
	}
	return identity
}

// find takes the deployment's id and creation from the first list that shows it.
// What else that list shows existed before, unless it was created later.
func (dep *Deployment) find(s *rollout.Service) {
	if mine := dep.identity().In(s); mine != nil && dep.ID == "" {
		dep.take(mine, s)
	}
}

// take makes a deployment of a list ours.
func (dep *Deployment) take(mine *rollout.Deployment, s *rollout.Service) {
	dep.ID, dep.CreatedAt = mine.ID, mine.CreatedAt
	for i := range s.Deployments {
		other := &s.Deployments[i]
		if other.ID != "" && other.Status != rollout.StatusPrimary && other.ID != mine.ID && !other.CreatedAt.After(mine.CreatedAt) && !slices.Contains(dep.Before.Deployments, other.ID) {
			dep.Before.Deployments = append(slices.Clip(dep.Before.Deployments), other.ID)
		}
	}
}

// Before is what a service was like before a deployment: the way back.
type Before struct {
	// Deployment is the id of the deployment that was PRIMARY.
	Deployment string `json:"deployment"`
	// TaskDefinition is the ARN of the revision to go back to: that of the newest
	// deployment that completed, or otherwise of the PRIMARY one.
	TaskDefinition string `json:"taskDefinition"`
	// Tag is the tag of that revision's image, or "".
	Tag string `json:"tag,omitempty"`
	// Inactive: that revision is known to be deregistered. ECS does not take it for a
	// service any more, unless its content is registered again.
	Inactive bool `json:"inactive,omitempty"`
	// Unproven: ECS shows no deployment of that revision that completed, so it may
	// never have worked. Behind a Classic Load Balancer ECS never says so, and it is
	// false.
	Unproven bool `json:"unproven,omitempty"`
	// DesiredCount and RunningCount are the service's counts. With the
	// percentages, nil if ECS did not say, DesiredCount is what a deployment
	// can change.
	DesiredCount          int32  `json:"desiredCount"`
	RunningCount          int32  `json:"runningCount"`
	MinimumHealthyPercent *int32 `json:"minimumHealthyPercent,omitempty"`
	MaximumPercent        *int32 `json:"maximumPercent,omitempty"`
	// Deployments are the ids of all deployments that ECS listed.
	Deployments []string `json:"deployments,omitempty"`
	// NewestDeployment is the creation of the newest of them, by ECS's clock.
	NewestDeployment time.Time `json:"newestDeployment,omitzero"`
	// NewestEvent is the time of the newest service event, by ECS's clock.
	NewestEvent time.Time `json:"newestEvent,omitzero"`
	// RollsBack: ECS takes a failed deployment back by itself.
	RollsBack bool `json:"rollsBack"`
	// Guarded: a circuit breaker or alarm ends a failing deployment.
	Guarded bool `json:"guarded"`
	// Strategy is the service's deployment strategy, "" for ROLLING
	// (DeploymentConfiguration.strategy).
	Strategy string `json:"strategy,omitempty"`
}

// Outcome is how a deployment went.
type Outcome struct {
	// Verdict says how it ended.
	Verdict rollout.Verdict `json:"verdict"`
	// Reason says why, in one sentence.
	Reason string `json:"reason"`
	// Deployment is what was followed.
	Deployment Deployment `json:"deployment"`
	// Over: the rollout has ended, whatever the verdict; there is nothing left
	// to follow.
	Over bool `json:"over"`
	// Stopped: it was superseded because somebody had ECS roll it back.
	Stopped bool `json:"stopped,omitempty"`
	// Elapsed is how long it was followed.
	Elapsed time.Duration `json:"-"`
	// EndedAt is when it ended by ECS's clock, if ECS says so.
	EndedAt time.Time `json:"endedAt,omitzero"`
	// Serving is the ARN of the revision that most tasks run, and Running
	// and Desired are the service's counts, as last seen.
	Serving string `json:"serving,omitempty"`
	// ServingTag is the tag of the image of Serving, or "".
	ServingTag string `json:"servingTag,omitempty"`
	Running    int    `json:"running"`
	Desired    int    `json:"desired"`
	// Pauses are the hooks at which the deployment waits for a person, if the verdict is
	// Paused.
	Pauses []rollout.Hook `json:"pauses,omitempty"`
	// Draining is the number of running tasks of other deployments, which ECS
	// may stop after a success (early success criteria).
	Draining int `json:"draining,omitempty"`
	// Diagnosis is what is known to have gone wrong.
	Diagnosis rollout.Diagnosis `json:"diagnosis,omitzero"`
	// Misrouted says where the production traffic goes, if the deployment completed and
	// the new tasks do not get it.
	Misrouted *Misrouted `json:"misrouted,omitempty"`
	// ObserverPanic is what the observer panicked with, after which it was given no
	// more events; see [WithObserver].
	ObserverPanic string `json:"observerPanic,omitempty"`
}

// Span is a duration in whole seconds as people write it: 45s, 2m, 2m30s, 1h.
func Span(d time.Duration) string { return rollout.Span(d) }

// ExitCode is the exit code of the verdict.
func (o Outcome) ExitCode() int { return o.Verdict.ExitCode() }
