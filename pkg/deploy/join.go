package deploy

// Joining a deployment that some other process, or nobody here, started.

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Join finds a deployment to wait for. Without a deployment, that is the one in progress, no
// matter who started it, or otherwise the last one, which [Deployer.Watch] then reports as
// ended. A deployment is named by its id ("ecs-svc/…") or by the ARN of its service
// deployment, which also says the cluster and the service. Join returns a [*NotFoundError] or
// a [*CallError] if there is nothing to follow.
func (d *Deployer) Join(ctx context.Context, ref Ref, deployment string) (Deployment, error) {
	if err := d.ready(ctx); err != nil {
		return Deployment{}, err
	}
	if named, ok := refOfRecord(deployment); ok {
		ref = named
	}
	found, err := d.describe(ctx, ref)
	if err != nil {
		return Deployment{}, err
	}
	j := joined{snapshot: found.Snapshot(), Deployment: Deployment{
		Ref: found.ref(), Action: ActionFollow, Before: found.before(), Newest: deployment == "", Express: found.express(),
	}}
	record, err := d.recordToJoin(ctx, j, deployment)
	switch {
	case ecsapi.Is(err, ecsapi.Unauthenticated), err != nil && strings.HasPrefix(deployment, "arn:"):
		return Deployment{}, err
	case record != nil:
		j.ID = idOf(j.snapshot, record, deployment == "")
		j.ServiceDeployment, j.CreatedAt = record.ARN, record.CreatedAt
	case deployment != "" && j.snapshot.Deployment(deployment) == nil:
		return Deployment{}, &NotFoundError{Kind: "deployment", Name: deployment, Place: "service " + j.snapshot.Name}
	case deployment != "":
		j.ID = deployment
	default:
		j.ID = newestDeployment(j.snapshot)
	}
	j.readSurroundings()
	if j.TaskDefinition == "" && record != nil {
		revisions, err := d.api.Revisions(ctx, record.TargetRevisionARN)
		if err == nil && len(revisions) > 0 {
			j.TaskDefinition = aws.ToString(revisions[0].TaskDefinition)
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
	if mine := j.snapshot.Deployment(j.ID); mine != nil && mine.GoingBack() {
		j.RolledBackTo = true // what events said of its first time is no evidence
		return
	}
	// Events up to now are not news to somebody who joins, but they are
	// evidence: the tracker counts those since the deployment began.
	j.Before.NewestEvent = j.CreatedAt
}

// recordToJoin finds ECS's record of the deployment that is named by id or ARN,
// or that of the newest one; nil if there is none, or none yet.
func (d *Deployer) recordToJoin(ctx context.Context, j joined, name string) (*rollout.ServiceDeployment, error) {
	records, err := d.api.Records(ctx, j.Cluster, j.Service, time.Time{})
	if err != nil {
		return nil, err
	}
	if name != "" {
		id := rollout.DeploymentPrefix + rollout.ShortName(name)
		for i := range records {
			if records[i].ARN == name || records[i].DeploymentID() == id {
				return &records[i], nil
			}
		}
		return nil, nil
	}
	underWay := j.snapshot.Primary()
	if underWay == nil || underWay.RolloutState != rollout.RolloutInProgress || underWay.GoingBack() {
		return rollout.Newest(records), nil
	}
	record, certain := identityOf(underWay).Record(records, j.snapshot.Deployments)
	if record == nil || certain {
		return record, nil // nil: it is not listed yet
	}
	return d.ofRevision(ctx, record, underWay.TaskDefinition)
}

// identityOf is the identity of a deployment that is listed.
func identityOf(d *rollout.Deployment) rollout.Identity {
	return rollout.Identity{DeploymentID: d.ID, TaskDefinition: d.TaskDefinition, CreatedAt: d.CreatedAt}
}

// idOf is the id of the deployment that a record belongs to, by the number. If no
// listed deployment has that number, and the newest record was asked for, it may
// be the PRIMARY deployment's by its time.
func idOf(s *rollout.Service, record *rollout.ServiceDeployment, newest bool) string {
	id := record.DeploymentID()
	primary := s.Primary()
	if s.Deployment(id) != nil || !newest || primary == nil || primary.GoingBack() {
		return id
	}
	if mine, _ := identityOf(primary).Record([]rollout.ServiceDeployment{*record}, nil); mine != nil {
		return primary.ID
	}
	return id
}

// failedDeployment matches the service event by which ECS gives a deployment up.
var failedDeployment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\(deployment (ecs-svc/\S+)\) deployment failed`)
})

// newestDeployment is the id of the deployment to wait for if ECS's records
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
