package deploy

import (
	"strings"
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
	// and ServiceDeployment where it is known.
	EventProgress EventType = "progress"
	// EventService: ECS wrote a new service event; ServiceEvent is set.
	EventService EventType = "service-event"
	// EventCause: a task stopped for a new cause; Cause is set.
	EventCause EventType = "cause"
	// EventHeartbeat: nothing was told for a minute; Message says what is
	// waited for.
	EventHeartbeat EventType = "heartbeat"
	// EventWarning: something that the reader should know; Message says it.
	EventWarning EventType = "warning"
	// EventDeregistered: an old revision was deregistered; TaskDefinition is its
	// ARN.
	EventDeregistered EventType = "deregistered"
	// EventOutcome: the end of the rollout; Outcome is set.
	EventOutcome EventType = "outcome"
)

// Event is one piece of news. What it points to is a snapshot that nobody
// changes later.
type Event struct {
	Type EventType
	// Time is the deployer's clock.
	Time time.Time
	// Elapsed is the time since the watch began; 0 before.
	Elapsed time.Duration
	// Message is one line for people, where the other fields do not say it all.
	Message           string
	Plan              *Plan
	TaskDefinition    string
	Deployment        *Deployment
	Service           *rollout.Service
	ServiceDeployment *rollout.ServiceDeployment
	ServiceEvent      *rollout.ServiceEvent
	Cause             *rollout.Cause
	Outcome           *Outcome
}

// Deployment identifies one deployment of one service, and keeps what was there
// before it. It is all that [Deployer.Watch] needs, so that any process can
// follow a deployment at any time.
type Deployment struct {
	// Cluster and Service are ARNs.
	Cluster string `json:"cluster"`
	Service string `json:"service"`
	// ID is the deployment's id ("ecs-svc/…"), from the UpdateService response.
	ID string `json:"id"`
	// TaskDefinition is the ARN of the revision that it brings into service.
	TaskDefinition string `json:"taskDefinition"`
	// CreatedAt is its creation by ECS's clock.
	CreatedAt time.Time `json:"createdAt,omitzero"`
	// ServiceDeployment is the ARN of ECS's record of it, where it is known.
	ServiceDeployment string `json:"serviceDeployment,omitempty"`
	// Action is what was done to the service.
	Action Action `json:"action"`
	// Settings are the settings that were changed with it.
	Settings []Setting `json:"settings,omitempty"`
	// Before is what was in service before.
	Before Before `json:"before"`
}

// Before is what a service was like before a deployment: the way back.
type Before struct {
	// Deployment is the id of the deployment that was PRIMARY.
	Deployment string `json:"deployment"`
	// TaskDefinition is the ARN of the revision to go back to: that of the newest
	// deployment that completed, or else of the PRIMARY one.
	TaskDefinition string `json:"taskDefinition"`
	// Inactive: TaskDefinition was deregistered, so that ECS takes it for no
	// deployment any more. Its content can be registered again.
	Inactive bool `json:"inactive,omitempty"`
	// DesiredCount and RunningCount are the service's counts. With the
	// percentages, nil where ECS did not say, DesiredCount is what a deployment
	// can change.
	DesiredCount          int32  `json:"desiredCount"`
	RunningCount          int32  `json:"runningCount"`
	MinimumHealthyPercent *int32 `json:"minimumHealthyPercent,omitempty"`
	MaximumPercent        *int32 `json:"maximumPercent,omitempty"`
	// Deployments are the ids of all deployments that ECS listed.
	Deployments []string `json:"deployments,omitempty"`
	// NewestEvent is the time of the newest service event, by ECS's clock.
	NewestEvent time.Time `json:"newestEvent,omitzero"`
	// RollsBack: ECS takes a failed deployment back by itself.
	RollsBack bool `json:"rollsBack"`
	// Guarded: a circuit breaker or alarm ends a failing deployment.
	Guarded bool `json:"guarded"`
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
	// Elapsed is how long it was followed.
	Elapsed time.Duration `json:"-"`
	// EndedAt is when it ended by ECS's clock, where ECS says so.
	EndedAt time.Time `json:"endedAt,omitzero"`
	// Serving is the ARN of the revision of which most tasks run, and Running
	// and Desired are the service's counts, as last seen.
	Serving string `json:"serving,omitempty"`
	Running int    `json:"running"`
	Desired int    `json:"desired"`
	// Draining is the number of running tasks of other deployments, which ECS
	// may stop after a success (early success criteria).
	Draining int `json:"draining,omitempty"`
	// Diagnosis is what is known to have gone wrong.
	Diagnosis rollout.Diagnosis `json:"diagnosis"`
}

// Span is a duration in whole seconds as people write it: 45s, 2m, 2m30s, 1h.
func Span(d time.Duration) string {
	text := d.Round(time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if whole, found := strings.CutSuffix(text, zero); found {
			text = whole + zero[:1]
		}
	}
	return text
}

// ExitCode is the exit code of the verdict.
func (o Outcome) ExitCode() int { return o.Verdict.ExitCode() }
