package deploy

// Where a service stands: one look at it, with as much of why as a watch would
// know, in few calls: three to ECS if all is well (four if it shifts the traffic of a
// load balancer), three to four more if tasks stopped.

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// stoppedRead is how many stopped tasks are described: as many as one call does.
const stoppedRead = 100

// Status is the current state of a service.
type Status struct {
	// Service is the service as ECS describes it.
	Service rollout.Service `json:"service"`
	// Last is ECS's record of the newest deployment; nil if there is none or
	// it cannot be read.
	Last *rollout.ServiceDeployment `json:"lastDeployment,omitempty"`
	// LastUnread says why Last could not be read; "" if it could.
	LastUnread string `json:"lastDeploymentUnread,omitempty"`
	// Diagnosed is the deployment that Diagnosis is about: the one in progress, or
	// else the newest. Only its ids and its revision are known.
	Diagnosed Deployment `json:"diagnosed,omitzero"`
	// Diagnosis is why tasks of that deployment stopped, or cannot be started.
	Diagnosis rollout.Diagnosis `json:"diagnosis,omitzero"`
	// TasksUnread says why stopped tasks could not be read; "" if they could,
	// or if nothing is wrong.
	TasksUnread string `json:"tasksUnread,omitempty"`
	// Misrouted says where the production traffic goes, if a listener rule sends nothing
	// to the running tasks.
	Misrouted *Misrouted `json:"misrouted,omitempty"`
	// TrafficUnread says why the listener rules could not be read; "" if they could, or if
	// there is nothing to read.
	TrafficUnread string `json:"trafficUnread,omitempty"`
}

// Status takes one look at a service. It returns a [*NotFoundError] or a
// [*CallError] if the service cannot be read.
func (d *Deployer) Status(ctx context.Context, ref Ref) (Status, error) {
	if err := d.ready(ctx); err != nil {
		return Status{}, err
	}
	found, err := d.describe(ctx, ref)
	if err != nil {
		return Status{}, err
	}
	status := Status{Service: *found.Snapshot()}
	records, err := d.api.Records(ctx, status.Service.ClusterARN, status.Service.ARN, time.Time{})
	if newest := rollout.Newest(records); err == nil && newest != nil {
		status.Last, err = d.api.Record(ctx, newest.ARN)
		newShifter(d).complete(ctx, rollout.Observation{Service: &status.Service, ServiceDeployment: status.Last}, "")
	}
	if err != nil {
		status.LastUnread = err.Error()
	}
	status.Diagnosed = status.subject()
	status.Diagnosed.Express = found.express()
	if status.troubled() {
		d.diagnose(ctx, &status, found.AllTargetGroups())
	}
	d.findTraffic(ctx, &status, found)
	for i := range status.Service.Deployments[:min(len(status.Service.Deployments), tagsRead)] {
		if arn := status.Service.Deployments[i].TaskDefinition; d.tags.of(arn) == "" {
			_, _, _ = d.describeDefinition(ctx, arn) // it remembers the tag; without permission there is none
		}
	}
	status.Service = *d.labelled(&status.Service)
	d.labelDeployment(&status.Diagnosed)
	return status, nil
}

// findTraffic finds out whether the running tasks get the production traffic. While a
// deployment shifts it, its record says where it goes.
func (d *Deployer) findTraffic(ctx context.Context, s *Status, found *described) {
	paired := slices.ContainsFunc(found.LoadBalancers, func(b types.LoadBalancer) bool { return b.AdvancedConfiguration != nil })
	if !paired || d.elb == nil {
		return
	}
	revision := found.runningRevision()
	if last := s.Last; last != nil && !last.Ended() {
		if last.GoingBack() || !last.Reached(rollout.StagePostProduction) {
			return
		}
		revision = last.TargetRevisionARN
	}
	misrouted, err := d.misrouted(ctx, revision)
	if err != nil {
		s.TrafficUnread = briefly(err)
	}
	if s.Misrouted = misrouted; misrouted != nil {
		misrouted.advise(&s.Diagnosis)
	}
}

// subject is the deployment to explain: the PRIMARY one, unless it is in service
// because the newest deployment failed.
func (s *Status) subject() Deployment {
	subject := Deployment{Ref: Ref{Cluster: s.Service.ClusterARN, Service: s.Service.ARN}, Action: ActionFollow}
	primary := s.Service.Primary()
	if primary != nil {
		subject.ID, subject.TaskDefinition, subject.CreatedAt = primary.ID, primary.TaskDefinition, primary.CreatedAt
	}
	if s.Last == nil || s.Last.TargetRevisionARN == "" {
		return subject
	}
	id := rollout.DeploymentPrefix + rollout.ShortName(s.Last.TargetRevisionARN)
	settled := primary == nil || primary.GoingBack() || primary.RolloutState == rollout.RolloutCompleted
	if id != subject.ID && settled && !s.Last.CreatedAt.Before(subject.CreatedAt) {
		subject.ID, subject.TaskDefinition, subject.CreatedAt = id, "", s.Last.CreatedAt
		if listed := s.Service.Deployment(id); listed != nil {
			subject.TaskDefinition = listed.TaskDefinition
		}
		subject.ServiceDeployment = s.Last.ARN
	}
	return subject
}

// troubled reports whether anything is other than a service whose last deployment
// completed, with all its tasks running.
func (s *Status) troubled() bool {
	primary := s.Service.Primary()
	return primary == nil || len(s.Service.Deployments) > 1 || s.Diagnosed.ID != primary.ID || primary.Failed > 0 ||
		primary.RolloutState != rollout.RolloutCompleted || s.Service.Running != s.Service.Desired
}

// diagnose says why tasks of the subject stopped or cannot be started.
func (d *Deployer) diagnose(ctx context.Context, s *Status, groups []string) {
	tasks, err := d.someStopped(ctx, &s.Diagnosed)
	if err != nil {
		s.TasksUnread = err.Error()
	}
	var events []rollout.ServiceEvent // newest first
	for _, event := range s.Service.Events {
		if event.At.After(s.Diagnosed.newsSince()) {
			events = append(events, event)
		}
	}
	s.Diagnosis = rollout.Explain(s.Diagnosed.ID, tasks, events)
	evidence := newEvidence(d)
	if s.Diagnosed.TaskDefinition != "" {
		evidence.addLogs(ctx, &s.Diagnosed, s.Diagnosis.Causes)
	}
	evidence.noteTargets(ctx, groups, 0)
	s.Diagnosis.TargetGroups = evidence.ill
	s.Diagnosis.Breaker, s.Diagnosis.Alarms = endedBy(s.Last)
	s.Diagnosis.Ending = evidence.ending(ctx, s.Last, events, false)
	s.Diagnosis.Advise()
}

// someStopped reads the stopped tasks of a service, at most as many as one call
// lists and describes, and learns the revision of the deployment from its tasks.
func (d *Deployer) someStopped(ctx context.Context, deployment *Deployment) ([]rollout.Task, error) {
	arns, err := d.api.ServiceTasks(ctx, deployment.Cluster, deployment.Service, types.DesiredStatusStopped)
	if err != nil || len(arns) == 0 {
		return nil, err
	}
	tasks, err := d.api.Tasks(ctx, deployment.Cluster, arns[:min(len(arns), stoppedRead)])
	if err != nil {
		return nil, err
	}
	for _, task := range tasks {
		if task.DeploymentID == deployment.ID && deployment.TaskDefinition == "" {
			deployment.TaskDefinition = task.TaskDefinition
		}
		d.tags.learn(task.TaskDefinition, tagOfTask(task))
	}
	return tasks, nil
}

// tagOfTask is the tag of a task's image: that of the container that has the
// family's name, or otherwise of its only container.
func tagOfTask(task rollout.Task) string {
	family := arn.Family(task.TaskDefinition)
	for _, c := range task.Containers {
		if c.Name == family || len(task.Containers) == 1 {
			return shortTag(c.Image)
		}
	}
	return ""
}
