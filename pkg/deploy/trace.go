package deploy

// The record of a deployment, found without knowing its number.

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// ofRevision is the record, if its target revision runs the task definition, or
// else nil. A revision about which ECS says nothing is an error.
func (d *Deployer) ofRevision(ctx context.Context, record *rollout.ServiceDeployment, taskDefinition string) (*rollout.ServiceDeployment, error) {
	revisions, err := d.api.Unretried().Revisions(ctx, record.TargetRevisionARN)
	switch {
	case err != nil:
		return nil, err
	case len(revisions) == 0:
		return nil, ecsapi.Nonsense("ecs:DescribeServiceRevisions", rollout.ShortName(record.TargetRevisionARN), "the answer is about another revision")
	case aws.ToString(revisions[0].TaskDefinition) != taskDefinition:
		return nil, nil
	}
	return record, nil
}

// unseenRecords is how many records are looked at for a deployment that the
// service does not show.
const unseenRecords = 5

// recordOfUnseen finds the record of a deployment whose id nobody has seen: the
// oldest that was made after all deployments that were there before, and whose
// revision runs its definition. numbered means that the numbers of records and
// deployments agree here, so that the record gives the id.
func (d *Deployer) recordOfUnseen(ctx context.Context, deployment *Deployment) (record *rollout.ServiceDeployment, numbered bool, err error) {
	identity := deployment.identity()
	records, err := d.api.Unretried().Records(ctx, deployment.Cluster, deployment.Service, identity.NotBefore)
	if err != nil {
		return nil, false, err
	}
	earlier := func(record rollout.ServiceDeployment) bool {
		return slices.Contains(identity.EarlierIDs, record.DeploymentID())
	}
	numbered = slices.ContainsFunc(records, earlier)
	notBefore := identity.NotBefore
	if !numbered { // nothing but time tells the record of the deployment before
		notBefore = notBefore.Add(recordSkew)
	}
	records = records[:min(len(records), unseenRecords)]
	for i := range records {
		candidate := &records[i]
		// What was made before the newest event that we saw was there before our call:
		// an earlier attempt, rolled back, that brought the same revision.
		if earlier(*candidate) || !candidate.CreatedAt.After(notBefore) || !candidate.CreatedAt.After(deployment.Before.NewestEvent) {
			continue
		}
		found, err := d.ofRevision(ctx, candidate, identity.TaskDefinition)
		if err != nil {
			return nil, numbered, err
		}
		if found != nil {
			if record != nil && deployment.Action == ActionRestart {
				return nil, numbered, errNoTrace // one of the two is somebody else's
			}
			record = found // the older one: nobody else ran the revision before
		}
	}
	return record, numbered, nil
}

// findRecorded takes the identity of a deployment that the service does not show
// from its record: ECS may have rolled it back already.
func (d *Deployer) findRecorded(ctx context.Context, deployment *Deployment) (found bool, err error) {
	record, numbered, err := d.recordOfUnseen(ctx, deployment)
	if err != nil || record == nil {
		return false, err
	}
	deployment.ServiceDeployment = record.ARN
	if numbered {
		deployment.ID, deployment.CreatedAt = record.DeploymentID(), record.CreatedAt
	}
	return true, nil
}
