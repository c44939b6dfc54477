package rollout

// What ECS says about a service, reduced to what a verdict, an explanation or a
// progress line needs. The names are those of the ECS API.

import (
	"strings"
	"time"
)

// Deployment statuses, rollout states and the default strategy of the ECS API
// (Deployment.status, Deployment.rolloutState).
const (
	StatusPrimary     = "PRIMARY"
	StatusActive      = "ACTIVE"
	RolloutInProgress = "IN_PROGRESS"
	RolloutCompleted  = "COMPLETED"
	RolloutFailed     = "FAILED"
	StrategyRolling   = "ROLLING" // DeploymentConfiguration.strategy
)

// Service is one DescribeServices answer.
type Service struct {
	ARN            string `json:"arn"`
	ClusterARN     string `json:"clusterArn"`
	Name           string `json:"name"`
	Status         string `json:"status"`
	TaskDefinition string `json:"taskDefinition"`
	Desired        int    `json:"desired"`
	Running        int    `json:"running"`
	Pending        int    `json:"pending"`
	// Settings are how the service is deployed.
	Settings Settings `json:"settings,omitzero"`
	// Deployments are those that ECS still lists, the PRIMARY among them.
	Deployments []Deployment `json:"deployments"`
	// Events are at most 100, newest first.
	Events []ServiceEvent `json:"events,omitempty"`
}

// Deployment is one entry of Service.deployments.
type Deployment struct {
	ID             string `json:"id"`
	Status         string `json:"status"`
	TaskDefinition string `json:"taskDefinition"`
	// Tag is the tag of the revision's image, or the beginning of its digest; ""
	// if it is not known.
	Tag                string    `json:"tag,omitempty"`
	Desired            int       `json:"desired"`
	Running            int       `json:"running"`
	Pending            int       `json:"pending"`
	Failed             int       `json:"failed"`
	RolloutState       string    `json:"rolloutState,omitempty"`
	RolloutStateReason string    `json:"rolloutStateReason,omitempty"`
	CreatedAt          time.Time `json:"createdAt,omitzero"`
}

// GoingBack reports whether ECS made this deployment the PRIMARY one again
// because a later one failed.
func (d *Deployment) GoingBack() bool {
	return strings.Contains(d.RolloutStateReason, "rolling back")
}

// ServiceEvent is one entry of Service.events.
type ServiceEvent struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"` // the server's time
	Message string    `json:"message"`
}

// ServiceDeployment is one DescribeServiceDeployments answer.
type ServiceDeployment struct {
	ARN               string `json:"arn"`
	Status            string `json:"status"`
	StatusReason      string `json:"statusReason,omitempty"`
	TargetRevisionARN string `json:"targetRevisionArn,omitempty"`
	LifecycleStage    string `json:"lifecycleStage,omitempty"`
	// RollbackReason is Rollback.reason, "" before a rollback.
	RollbackReason string `json:"rollbackReason,omitempty"`
	// Breaker is nil if the answer has no circuit breaker.
	Breaker *Breaker `json:"circuitBreaker,omitempty"`
	// AlarmsStatus is the status of the deployment alarms: TRIGGERED when one
	// ended the deployment. Alarms are the names of those that are watched.
	AlarmsStatus    string   `json:"alarmsStatus,omitempty"`
	Alarms          []string `json:"alarms,omitempty"`
	TriggeredAlarms []string `json:"triggeredAlarms,omitempty"`
	// Strategy is how the deployment replaces tasks: ROLLING, BLUE_GREEN, LINEAR
	// or CANARY; "" if ECS does not say.
	Strategy string `json:"strategy,omitempty"`
	// BakeMinutes is how long ECS watches the new tasks when they have all the
	// traffic, before it stops the earlier ones.
	BakeMinutes int `json:"bakeMinutes,omitempty"`
	// Steps are the shifts of traffic before all of it has moved; nil for other
	// strategies.
	Steps *Steps `json:"steps,omitempty"`
	// Target is the revision that the deployment rolls out, Sources are those that it
	// replaces.
	Target  Share   `json:"target,omitzero"`
	Sources []Share `json:"sources,omitempty"`
	// Hooks are the lifecycle hooks that ECS lists: those of the stage.
	Hooks []Hook `json:"hooks,omitempty"`
	// Waits are what the deployment waits for and what ends by itself; see [Clocks].
	Waits []Wait `json:"waits,omitempty"`
	// UpdatedAt is when ECS last changed the record, and At when it was read, both by
	// ECS's clock; zero if that is not known.
	UpdatedAt  time.Time `json:"updatedAt,omitzero"`
	At         time.Time `json:"-"`
	CreatedAt  time.Time `json:"createdAt,omitzero"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
}

// RollbackRequested reports whether somebody asked ECS to roll the deployment back
// (StopServiceDeployment), as far as the record says so. AWS documents the status
// ROLLBACK_REQUESTED, and no text for the reason afterwards.
func (s *ServiceDeployment) RollbackRequested() bool {
	triggered := s.AlarmsStatus == "TRIGGERED" || s.Breaker != nil && s.Breaker.Status == "TRIGGERED"
	return s.Status == ServiceDeploymentRollbackRequested || s.Status == ServiceDeploymentRollbackSuccessful && !triggered && Requested(s.StatusReason)
}

// Requested reports whether the reason of a rollback says that somebody asked for it.
func Requested(reason string) bool {
	reason = strings.ToLower(reason)
	return strings.Contains(reason, "a request") || strings.Contains(reason, "requested")
}

// Breaker is the deployment circuit breaker's own count.
type Breaker struct {
	Status       string `json:"status"` // MONITORING, TRIGGERED, MONITORING_COMPLETE, DISABLED
	FailureCount int    `json:"failureCount"`
	Threshold    int    `json:"threshold"`
}

// Settings are the settings of a service that decide how a deployment goes.
type Settings struct {
	// Strategy is ROLLING, BLUE_GREEN, LINEAR or CANARY; "" if ECS does not say.
	Strategy string `json:"strategy,omitempty"`
	// Daemon: ECS runs one task on each container instance.
	Daemon bool `json:"daemon,omitempty"`
	// MinimumHealthyPercent and MaximumPercent are nil if ECS does not say.
	MinimumHealthyPercent *int `json:"minimumHealthyPercent,omitempty"`
	MaximumPercent        *int `json:"maximumPercent,omitempty"`
	// BakeMinutes is as in [ServiceDeployment].
	BakeMinutes int `json:"bakeMinutes,omitempty"`
	// Breaker and Alarms end a failing deployment; nil if they are off.
	Breaker *Guard `json:"circuitBreaker,omitempty"`
	Alarms  *Guard `json:"alarms,omitempty"`
}

// Guard is a circuit breaker, or alarms, that end a failing deployment.
type Guard struct {
	// Names are those of the alarms.
	Names []string `json:"names,omitempty"`
	// Rollback: ECS then rolls the deployment back.
	Rollback bool `json:"rollback"`
}

// Service deployment statuses of the ECS API (ServiceDeploymentStatus).
const (
	ServiceDeploymentPending            = "PENDING"
	ServiceDeploymentInProgress         = "IN_PROGRESS"
	ServiceDeploymentStopRequested      = "STOP_REQUESTED"
	ServiceDeploymentStopped            = "STOPPED"
	ServiceDeploymentSuccessful         = "SUCCESSFUL"
	ServiceDeploymentRollbackRequested  = "ROLLBACK_REQUESTED"
	ServiceDeploymentRollbackInProgress = "ROLLBACK_IN_PROGRESS"
	ServiceDeploymentRollbackSuccessful = "ROLLBACK_SUCCESSFUL"
	ServiceDeploymentRollbackFailed     = "ROLLBACK_FAILED"
)

// Ended reports whether the deployment has ended.
func (d *ServiceDeployment) Ended() bool {
	switch d.Status {
	case ServiceDeploymentSuccessful, ServiceDeploymentStopped, ServiceDeploymentRollbackSuccessful, ServiceDeploymentRollbackFailed:
		return true
	}
	return false
}

// GoingBack reports whether ECS rolls the deployment back, or was asked to.
func (d *ServiceDeployment) GoingBack() bool {
	switch d.Status {
	case ServiceDeploymentRollbackRequested, ServiceDeploymentRollbackInProgress, ServiceDeploymentStopRequested:
		return true
	}
	return false
}

// Task is one DescribeTasks answer.
type Task struct {
	ARN          string `json:"arn"`
	DeploymentID string `json:"deploymentId"` // Task.startedBy
	// TaskDefinition is the ARN of the revision that the task runs.
	TaskDefinition string      `json:"taskDefinition,omitempty"`
	LastStatus     string      `json:"lastStatus"`
	HealthStatus   string      `json:"healthStatus,omitempty"`
	StopCode       string      `json:"stopCode,omitempty"`
	StoppedReason  string      `json:"stoppedReason,omitempty"`
	Containers     []Container `json:"containers,omitempty"`
	CreatedAt      time.Time   `json:"createdAt,omitzero"`
	StartedAt      time.Time   `json:"startedAt,omitzero"`
	StoppedAt      time.Time   `json:"stoppedAt,omitzero"`
	// DesiredStatus is what ECS wants of the task: RUNNING or STOPPED.
	DesiredStatus string `json:"desiredStatus,omitempty"`
	// ExecutionStoppedAt is when its containers had stopped (Task.executionStoppedAt).
	ExecutionStoppedAt time.Time `json:"executionStoppedAt,omitzero"`
	// Zone is the availability zone, LaunchType the launch type of the task.
	Zone       string `json:"availabilityZone,omitempty"`
	LaunchType string `json:"launchType,omitempty"`
	// Exec: ExecuteCommand was enabled when the task was started.
	Exec bool `json:"enableExecuteCommand,omitempty"`

	// cause and group are what Explain makes of the task; see Group.
	cause *Cause
	group string
}

// Group finds out once by what [Explain], which is called at each look, groups a
// stopped task. The task must not be changed after it. Without it the outcome is the
// same, and thousands of tasks take longer.
func (t *Task) Group() {
	cause := causeOf(t)
	t.cause, t.group = &cause, cause.group()
}

// Unwell is the health of a container that fails its health check.
const Unwell = "UNHEALTHY"

// Container is one container of a task.
type Container struct {
	Name      string `json:"name"`
	Image     string `json:"image,omitempty"`
	ExitCode  *int   `json:"exitCode,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Health    string `json:"health,omitempty"`
	Status    string `json:"status,omitempty"`    // Container.lastStatus
	RuntimeID string `json:"runtimeId,omitempty"` // Container.runtimeId
	Agent     string `json:"agent,omitempty"`     // status of the agent of ExecuteCommand (managedAgents)
}

// Observation is what was seen of a service at one moment. Parts that could
// not be read are nil.
type Observation struct {
	// Elapsed is the time since the deployment was started (or joined), by the
	// observer's own monotonic clock.
	Elapsed time.Duration
	// Service is the service as described.
	Service *Service
	// ServiceDeployment is the record of the followed deployment.
	ServiceDeployment *ServiceDeployment
	// Tasks are stopped tasks of the service seen so far, of any deployment.
	Tasks []Task
	// OtherTasks is the number of tasks of other deployments that have not
	// stopped, or -1 if it was not counted.
	OtherTasks int
}

// Primary is the deployment with status PRIMARY, or nil. ECS has one; if an answer
// lists more, it is the newest.
func (s *Service) Primary() *Deployment {
	if s == nil {
		return nil
	}
	var primary *Deployment
	for i := range s.Deployments {
		d := &s.Deployments[i]
		if d.Status == StatusPrimary && d.ID != "" && (primary == nil || d.CreatedAt.After(primary.CreatedAt)) {
			primary = d
		}
	}
	return primary
}

// Deployment is the deployment with the given id, or nil.
func (s *Service) Deployment(id string) *Deployment {
	if s == nil || id == "" {
		return nil
	}
	for i := range s.Deployments {
		if s.Deployments[i].ID == id {
			return &s.Deployments[i]
		}
	}
	return nil
}

// Serving is the deployment that has the most running tasks; if several have,
// one that completed, and then the PRIMARY one. It is nil if the service
// lists none.
func (s *Service) Serving() *Deployment {
	serving := s.Primary()
	if s == nil {
		return nil
	}
	for i, d := range s.Deployments {
		better := serving == nil || d.Running > serving.Running ||
			d.Running == serving.Running && d.RolloutState == RolloutCompleted && serving.RolloutState == RolloutFailed
		if better {
			serving = &s.Deployments[i]
		}
	}
	return serving
}
