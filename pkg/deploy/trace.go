package deploy

// The record of a deployment, found without knowing its number.

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// ofRevision is the record, if its target revision runs the task definition, or
// else nil.
func (d *Deployer) ofRevision(ctx context.Context, record *rollout.ServiceDeployment, taskDefinition string) (*rollout.ServiceDeployment, error) {
	revisions, err := d.api.Unretried().Revisions(ctx, record.TargetRevisionARN)
	if err != nil || len(revisions) == 0 || aws.ToString(revisions[0].TaskDefinition) != taskDefinition {
		return nil, err
	}
	return record, nil
}

// unseenRecords is how many records are looked at for a deployment that the
// service does not show.
const unseenRecords = 5

// recordOfUnseen finds the record of a deployment whose id nobody has seen: the
// newest that was made after all deployments that were there before, and whose
// revision runs its definition.
func (d *Deployer) recordOfUnseen(ctx context.Context, cluster, service string, identity rollout.Identity) (*rollout.ServiceDeployment, error) {
	records, err := d.api.Unretried().Records(ctx, cluster, service, identity.NotBefore)
	if err != nil {
		return nil, err
	}
	earlier := func(record rollout.ServiceDeployment) bool {
		return slices.Contains(identity.EarlierIDs, record.DeploymentID())
	}
	notBefore := identity.NotBefore
	if !slices.ContainsFunc(records, earlier) { // nothing but time tells the record of the deployment before
		notBefore = notBefore.Add(recordSkew)
	}
	for i := range records[:min(len(records), unseenRecords)] {
		record := &records[i]
		if earlier(*record) || !record.CreatedAt.After(notBefore) {
			continue
		}
		if found, err := d.ofRevision(ctx, record, identity.TaskDefinition); err != nil || found != nil {
			return found, err
		}
	}
	return nil, nil
}
