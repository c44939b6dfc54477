package deploy

// Joining a deployment that some other process, or nobody here, started.

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

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

// Join finds a deployment to wait for. Without a deployment that is the one of
// the service that is in progress, whoever started it, or else the last one,
// which [Deployer.Watch] then finds at its end at once. A deployment is named by
// its id ("ecs-svc/…") or by the ARN of its service deployment, which also says
// the cluster and the service. Join returns a [*NotFoundError] or a [*CallError]
// where there is nothing to follow.
func (d *Deployer) Join(ctx context.Context, cluster, service, deployment string) (Deployment, error) {
	if named, ok := serviceOfRecord(deployment); ok {
		cluster, service = named.cluster, named.service
	}
	found, err := d.describeService(ctx, cluster, service)
	if err != nil {
		return Deployment{}, err
	}
	j := joined{snapshot: found.snapshot(), Deployment: Deployment{
		Cluster: aws.ToString(found.ClusterArn), Service: aws.ToString(found.ServiceArn), Action: ActionFollow, Before: found.before(),
	}}
	record, err := d.recordToJoin(ctx, j, deployment)
	switch {
	case is(err, unauthenticated), err != nil && strings.HasPrefix(deployment, "arn:"):
		return Deployment{}, err
	case record != nil:
		j.ID = idOf(j.snapshot, record, deployment == "")
		j.ServiceDeployment, j.CreatedAt = aws.ToString(record.ServiceDeploymentArn), aws.ToTime(record.CreatedAt)
	case deployment != "" && j.snapshot.Deployment(deployment) == nil:
		return Deployment{}, &NotFoundError{Kind: "deployment", Name: deployment, Place: "service " + j.snapshot.Name}
	case deployment != "":
		j.ID = deployment
	default:
		j.ID = newestDeployment(j.snapshot)
	}
	j.readSurroundings()
	if j.TaskDefinition == "" && record != nil {
		revision, err := d.describeRevision(ctx, aws.ToString(record.TargetServiceRevisionArn))
		if err == nil && revision != nil {
			j.TaskDefinition = aws.ToString(revision.TaskDefinition)
		}
	}
	if j.Before.TaskDefinition != j.TaskDefinition {
		d.noteInactive(ctx, &j.Before)
	}
	return j.Deployment, nil
}

// joined is a deployment while its identity is put together.
type joined struct {
	Deployment
	snapshot *rollout.Service
}

// readSurroundings takes what the service says of the deployment and of those
// before it.
func (j *joined) readSurroundings() {
	j.Before.Deployment, j.Before.TaskDefinition, j.Before.Deployments = "", "", nil
	for _, other := range j.snapshot.Deployments {
		if other.ID == j.ID {
			j.TaskDefinition, j.CreatedAt = other.TaskDefinition, other.CreatedAt
		}
	}
	for _, other := range j.snapshot.Deployments {
		if other.ID == j.ID || !j.CreatedAt.IsZero() && other.CreatedAt.After(j.CreatedAt) {
			continue
		}
		j.Before.Deployments = append(j.Before.Deployments, other.ID)
		if j.Before.Deployment == "" || other.RolloutState == rollout.RolloutCompleted {
			j.Before.Deployment, j.Before.TaskDefinition = other.ID, other.TaskDefinition
		}
	}
	// Events up to now are not news to somebody who joins, but they are
	// evidence: the tracker counts those since the deployment began.
	j.Before.NewestEvent = j.CreatedAt
}

// place is a service and its cluster.
type place struct{ cluster, service string }

// serviceOfRecord reads cluster and service out of the ARN of a service
// deployment: arn:…:service-deployment/CLUSTER/SERVICE/ID.
func serviceOfRecord(arn string) (place, bool) {
	_, path, found := strings.Cut(arn, ":service-deployment/")
	parts := strings.Split(path, "/")
	if !found || len(parts) != 3 {
		return place{}, false
	}
	return place{cluster: parts[0], service: parts[1]}, true
}

// recordToJoin finds ECS's record of the deployment that is named by id or ARN,
// or that of the newest one; nil where there is none, or none yet.
func (d *Deployer) recordToJoin(ctx context.Context, j joined, name string) (*types.ServiceDeploymentBrief, error) {
	briefs, err := d.listRecords(ctx, j.Cluster, j.Service)
	if err != nil || len(briefs) == 0 {
		return nil, err
	}
	if name == "" {
		newest := &briefs[0]
		if underWay := j.snapshot.Primary(); underWay != nil && underWay.RolloutState == rollout.RolloutInProgress && !underWay.GoingBack() && !madeFor(newest, underWay) {
			return nil, nil // the record of what is under way is not listed yet
		}
		return newest, nil
	}
	id := deploymentPrefix + rollout.ShortName(name)
	for _, brief := range briefs {
		if aws.ToString(brief.ServiceDeploymentArn) == name || numberedLike(brief) == id {
			return &brief, nil
		}
	}
	return nil, nil
}

// madeFor reports whether a record is that of a deployment: by the number, or
// because it was made at the same time.
func madeFor(record *types.ServiceDeploymentBrief, deployment *rollout.Deployment) bool {
	if numberedLike(*record) == deployment.ID {
		return true
	}
	apart := aws.ToTime(record.CreatedAt).Sub(deployment.CreatedAt)
	return apart.Abs() <= recordSkew
}

// idOf is the id of the deployment that a record belongs to, by the number. Where
// no listed deployment has that number, and the newest record was asked for, it
// may be the PRIMARY deployment's by its time.
func idOf(s *rollout.Service, record *types.ServiceDeploymentBrief, newest bool) string {
	id := numberedLike(*record)
	if s.Deployment(id) != nil || !newest {
		return id
	}
	if primary := s.Primary(); primary != nil && !primary.GoingBack() && madeFor(record, primary) {
		return primary.ID
	}
	return id
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
