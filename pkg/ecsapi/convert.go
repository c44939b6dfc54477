package ecsapi

// What ECS answers, reduced to the values that package rollout reasons about.

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// settings are the settings that decide how a deployment goes.
func (s *Service) settings() rollout.Settings {
	settings := rollout.Settings{Daemon: s.SchedulingStrategy == types.SchedulingStrategyDaemon}
	c := s.DeploymentConfiguration
	if c == nil {
		return settings
	}
	settings.Strategy, settings.BakeMinutes = string(c.Strategy), int(aws.ToInt32(c.BakeTimeInMinutes))
	settings.MinimumHealthyPercent, settings.MaximumPercent = number(c.MinimumHealthyPercent), number(c.MaximumPercent)
	if breaker := c.DeploymentCircuitBreaker; breaker != nil && breaker.Enable {
		settings.Breaker = &rollout.Guard{Rollback: breaker.Rollback}
	}
	if alarms := c.Alarms; alarms != nil && alarms.Enable {
		settings.Alarms = &rollout.Guard{Names: alarms.AlarmNames, Rollback: alarms.Rollback}
	}
	return settings
}

func number(n *int32) *int {
	if n == nil {
		return nil
	}
	return aws.Int(int(*n))
}

// reasonLimit is how many bytes of a reason, event or log line are kept: ECS needs
// less, and there can be thousands.
const reasonLimit = 1000

// short is a text of ECS, cut if it is longer than anybody reads.
func short(text *string) string { return Cut(aws.ToString(text)) }

// Cut is a text, cut if it is longer than anybody reads.
func Cut(text string) string {
	if len(text) <= reasonLimit {
		return text
	}
	return strings.ToValidUTF8(text[:reasonLimit], "") + "…" // half a character may be at the end
}

// Snapshot reduces the service to what rollout needs.
func (s *Service) Snapshot() *rollout.Service {
	snapshot := &rollout.Service{
		ARN: aws.ToString(s.ServiceArn), ClusterARN: aws.ToString(s.ClusterArn), Name: aws.ToString(s.ServiceName),
		Status: aws.ToString(s.Status), TaskDefinition: aws.ToString(s.TaskDefinition),
		Desired: int(s.DesiredCount), Running: int(s.RunningCount), Pending: int(s.PendingCount), Settings: s.settings(),
	}
	snapshot.Deployments = s.deployments()
	for _, event := range s.Events {
		snapshot.Events = append(snapshot.Events, rollout.ServiceEvent{
			ID: aws.ToString(event.Id), At: aws.ToTime(event.CreatedAt), Message: short(event.Message),
		})
	}
	return snapshot
}

func (s *Service) deployments() []rollout.Deployment {
	deployments := []rollout.Deployment{} // a list in JSON, also of a service that is deleted
	for _, deployment := range s.Deployments {
		deployments = append(deployments, DeploymentOf(deployment))
	}
	return deployments
}

// DeploymentOf reduces a deployment to what rollout needs.
func DeploymentOf(d types.Deployment) rollout.Deployment {
	return rollout.Deployment{
		ID: aws.ToString(d.Id), Status: aws.ToString(d.Status), TaskDefinition: aws.ToString(d.TaskDefinition),
		Desired: int(d.DesiredCount), Running: int(d.RunningCount), Pending: int(d.PendingCount), Failed: int(d.FailedTasks),
		RolloutState: string(d.RolloutState), RolloutStateReason: short(d.RolloutStateReason), CreatedAt: aws.ToTime(d.CreatedAt),
	}
}

func recordOf(d types.ServiceDeployment) *rollout.ServiceDeployment {
	record := &rollout.ServiceDeployment{
		ARN: aws.ToString(d.ServiceDeploymentArn), Status: string(d.Status), StatusReason: short(d.StatusReason),
		LifecycleStage: string(d.LifecycleStage), CreatedAt: aws.ToTime(d.CreatedAt), FinishedAt: Latest(d.FinishedAt, d.StoppedAt),
	}
	record.UpdatedAt = aws.ToTime(d.UpdatedAt)
	if d.TargetServiceRevision != nil {
		record.TargetRevisionARN, record.Target = aws.ToString(d.TargetServiceRevision.Arn), shareOf(*d.TargetServiceRevision)
	}
	for _, source := range d.SourceServiceRevisions {
		record.Sources = append(record.Sources, shareOf(source))
	}
	if c := d.DeploymentConfiguration; c != nil {
		record.Strategy, record.BakeMinutes, record.Steps = string(c.Strategy), int(aws.ToInt32(c.BakeTimeInMinutes)), StepsOf(c)
	}
	if d.Rollback != nil {
		record.RollbackReason = short(d.Rollback.Reason)
	}
	if b := d.DeploymentCircuitBreaker; b != nil {
		record.Breaker = &rollout.Breaker{Status: string(b.Status), FailureCount: int(b.FailureCount), Threshold: int(b.Threshold)}
	}
	if a := d.Alarms; a != nil {
		record.AlarmsStatus, record.Alarms, record.TriggeredAlarms = string(a.Status), a.AlarmNames, a.TriggeredAlarmNames
	}
	for _, hook := range d.LifecycleHookDetails {
		record.Hooks = append(record.Hooks, rollout.Hook{
			ID: aws.ToString(hook.HookId), Type: string(hook.TargetType), Function: aws.ToString(hook.TargetArn), Status: string(hook.Status),
			ExpiresAt: aws.ToTime(hook.ExpiresAt), OnTimeout: string(hook.TimeoutAction),
		})
	}
	return record
}

func shareOf(s types.ServiceRevisionSummary) rollout.Share {
	return rollout.Share{
		RevisionARN: aws.ToString(s.Arn), Requested: int(s.RequestedTaskCount), Running: int(s.RunningTaskCount), Pending: int(s.PendingTaskCount),
		Production: s.RequestedProductionTrafficWeight, Test: s.RequestedTestTrafficWeight,
	}
}

// The defaults of ECS (CanaryConfiguration, LinearConfiguration).
const (
	canaryPercent     = 5.0
	canaryBakeMinutes = 10
	linearPercent     = 10.0
	linearBakeMinutes = 6
)

// StepsOf are the shifts of a canary or linear deployment, with the defaults of ECS; nil
// for other strategies.
func StepsOf(c *types.DeploymentConfiguration) *rollout.Steps {
	switch c.Strategy {
	case types.DeploymentStrategyCanary:
		steps := &rollout.Steps{Percent: canaryPercent, BakeMinutes: canaryBakeMinutes}
		if canary := c.CanaryConfiguration; canary != nil {
			steps.Percent = orDefault(canary.CanaryPercent, steps.Percent)
			steps.BakeMinutes = int(orDefault(canary.CanaryBakeTimeInMinutes, canaryBakeMinutes))
		}
		return steps
	case types.DeploymentStrategyLinear:
		steps := &rollout.Steps{Percent: linearPercent, BakeMinutes: linearBakeMinutes}
		if linear := c.LinearConfiguration; linear != nil {
			steps.Percent = orDefault(linear.StepPercent, steps.Percent)
			steps.BakeMinutes = int(orDefault(linear.StepBakeTimeInMinutes, linearBakeMinutes))
		}
		return steps
	}
	return nil
}

// orDefault is what a pointer points to, or a default.
func orDefault[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

func taskOf(t types.Task) rollout.Task {
	task := rollout.Task{
		ARN: aws.ToString(t.TaskArn), TaskDefinition: aws.ToString(t.TaskDefinitionArn), DeploymentID: aws.ToString(t.StartedBy), LastStatus: aws.ToString(t.LastStatus),
		HealthStatus: string(t.HealthStatus), StopCode: string(t.StopCode), StoppedReason: short(t.StoppedReason),
		CreatedAt: aws.ToTime(t.CreatedAt), StartedAt: aws.ToTime(t.StartedAt), StoppedAt: aws.ToTime(t.StoppedAt),
		DesiredStatus: aws.ToString(t.DesiredStatus), ExecutionStoppedAt: aws.ToTime(t.ExecutionStoppedAt),
		Zone: aws.ToString(t.AvailabilityZone), LaunchType: string(t.LaunchType), Exec: t.EnableExecuteCommand,
	}
	for _, c := range t.Containers {
		container := rollout.Container{Name: aws.ToString(c.Name), Image: aws.ToString(c.Image), Reason: short(c.Reason), Health: string(c.HealthStatus),
			Status: aws.ToString(c.LastStatus), RuntimeID: aws.ToString(c.RuntimeId)}
		for _, agent := range c.ManagedAgents {
			if agent.Name == types.ManagedAgentNameExecuteCommandAgent {
				container.Agent = aws.ToString(agent.LastStatus)
			}
		}
		if c.ExitCode != nil {
			code := int(*c.ExitCode)
			container.ExitCode = &code
		}
		task.Containers = append(task.Containers, container)
	}
	task.Group()
	return task
}

// Latest is the newest of some times; nil ones do not count.
func Latest(times ...*time.Time) time.Time {
	var newest time.Time
	for _, t := range times {
		if t != nil && t.After(newest) {
			newest = *t
		}
	}
	return newest
}
