package deploy

// Joining a deployment that some other process, or nobody here, started.

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Status is where a service stands.
type Status struct {
	// Service is the service as ECS describes it.
	Service rollout.Service `json:"service"`
	// Last is ECS's record of the newest deployment; nil where there is none or
	// it cannot be read.
	Last *rollout.ServiceDeployment `json:"lastDeployment,omitempty"`
	// LastUnread says why Last could not be read; "" where it could.
	LastUnread string `json:"lastDeploymentUnread,omitempty"`
}

// Status takes one look at a service. It returns a [*NotFoundError] or a
// [*CallError] where the service cannot be read.
func (d *Deployer) Status(ctx context.Context, cluster, service string) (Status, error) {
	found, err := d.describeService(ctx, cluster, service)
	if err != nil {
		return Status{}, err
	}
	status := Status{Service: *found.snapshot()}
	briefs, err := d.listRecords(ctx, status.Service.ClusterARN, status.Service.ARN)
	if err == nil && len(briefs) > 0 {
		status.Last, err = d.describeRecord(ctx, aws.ToString(briefs[0].ServiceDeploymentArn))
	}
	if err != nil {
		status.LastUnread = err.Error()
	}
	return status, nil
}

// Join finds the deployment of a service that there is to wait for: the one in
// progress, whoever started it, or else the last one, which [Deployer.Watch]
// then finds at its end at once. It returns a [*NotFoundError] or a
// [*CallError] where the service cannot be read.
func (d *Deployer) Join(ctx context.Context, cluster, service string) (Deployment, error) {
	found, err := d.describeService(ctx, cluster, service)
	if err != nil {
		return Deployment{}, err
	}
	deployment := Deployment{
		Cluster: aws.ToString(found.ClusterArn), Service: aws.ToString(found.ServiceArn), Action: ActionFollow, Before: found.before(),
	}
	snapshot := found.snapshot()
	briefs, err := d.listRecords(ctx, deployment.Cluster, deployment.Service)
	switch {
	case err == nil && len(briefs) > 0:
		newest := briefs[0]
		deployment.ServiceDeployment = aws.ToString(newest.ServiceDeploymentArn)
		deployment.ID = idOfRevision(snapshot, aws.ToString(newest.TargetServiceRevisionArn))
		deployment.CreatedAt = aws.ToTime(newest.CreatedAt)
	case err != nil && is(err, unauthenticated):
		return Deployment{}, err
	default:
		deployment.ID = newestDeployment(snapshot)
	}
	deployment.Before.Deployment, deployment.Before.Deployments = "", nil
	for _, other := range snapshot.Deployments {
		if other.ID == deployment.ID {
			deployment.TaskDefinition, deployment.CreatedAt = other.TaskDefinition, other.CreatedAt
			continue
		}
		deployment.Before.Deployments = append(deployment.Before.Deployments, other.ID)
		deployment.Before.Deployment, deployment.Before.TaskDefinition = other.ID, other.TaskDefinition
	}
	// Events up to now are not news to somebody who joins, but they are
	// evidence: the tracker counts those since the deployment began.
	deployment.Before.NewestEvent = deployment.CreatedAt
	if deployment.TaskDefinition == "" && len(briefs) > 0 {
		revision, err := d.describeRevision(ctx, aws.ToString(briefs[0].TargetServiceRevisionArn))
		if err == nil && revision != nil {
			deployment.TaskDefinition = aws.ToString(revision.TaskDefinition)
		}
	}
	return deployment, nil
}

// idOfRevision is the id of the deployment that a service revision belongs to:
// the number at the end of its ARN (observed, not documented). Where no listed
// deployment has that number and only one is listed, it is that one, unless a
// rollback has made the revision's own deployment disappear.
func idOfRevision(s *rollout.Service, arn string) string {
	id := "ecs-svc/" + rollout.ShortName(arn)
	if s.Deployment(id) != nil {
		return id
	}
	if primary := s.Primary(); primary != nil && primary.RolloutState == rollout.RolloutInProgress && !isRollback(primary) {
		return primary.ID
	}
	return id
}

// isRollback reports whether a PRIMARY deployment is one that ECS went back to.
func isRollback(d *rollout.Deployment) bool {
	return strings.Contains(d.RolloutStateReason, "rolling back")
}

// failedDeployment matches the service event by which ECS gives a deployment up.
var failedDeployment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\(deployment (ecs-svc/\S+)\) deployment failed`)
})

// newestDeployment is the id of the deployment to wait for where ECS's records
// cannot be read: the PRIMARY one, unless the service's events say that it is
// in service because a later one failed.
func newestDeployment(s *rollout.Service) string {
	primary := s.Primary()
	if primary == nil {
		return ""
	}
	for _, event := range s.Events { // newest first
		if strings.Contains(event.Message, "deployment completed") && !strings.Contains(event.Message, primary.ID) {
			break
		}
		if match := failedDeployment().FindStringSubmatch(event.Message); match != nil && match[1] != primary.ID {
			rolledBack := slices.ContainsFunc(s.Events, func(e rollout.ServiceEvent) bool {
				return !e.At.Before(event.At) && strings.Contains(e.Message, "rolling back to deployment "+primary.ID)
			})
			if rolledBack {
				return match[1]
			}
			break
		}
	}
	return primary.ID
}
