package deploy

// Reading ECS's records of a service's deployments (service deployments) and what
// they were to run (service revisions).

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const (
	// recordPage is how many records ListServiceDeployments lists at most at once.
	recordPage = 100
	// recordPages is how many pages are read: ECS promises no order, so the newest
	// record may be on any. Nobody deploys a service more often in 90 days, after
	// which ECS forgets.
	recordPages = 20
	// recordSlack is how much older than its deployment a record may be.
	recordSlack = 5 * time.Minute
)

// listRecords lists the service deployments of a service, newest first, without
// their details. With since, only those created about then or later, by ECS's
// clock.
func (d *Deployer) listRecords(ctx context.Context, cluster, service string, since time.Time, options ...func(*ecs.Options)) ([]rollout.ServiceDeployment, error) {
	input := &ecs.ListServiceDeploymentsInput{Cluster: &cluster, Service: &service, MaxResults: aws.Int32(recordPage)}
	if !since.IsZero() {
		input.CreatedAt = &types.CreatedAt{After: aws.Time(since.Add(-recordSlack))}
	}
	var records []rollout.ServiceDeployment
	read := 0
	err := pages("ListServiceDeployments", "service "+rollout.ShortName(service), func(token *string) (*string, error) {
		input.NextToken = token
		out, err := d.client.ListServiceDeployments(ctx, input, options...)
		if err != nil {
			return nil, callError("ListServiceDeployments", "service "+rollout.ShortName(service), err)
		}
		for _, brief := range out.ServiceDeployments {
			if arn := aws.ToString(brief.ServiceArn); arn == "" || rollout.SameResource(arn, service) {
				records = append(records, briefOf(brief))
			}
		}
		if read++; read == recordPages {
			return nil, nil
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(records, func(a, b rollout.ServiceDeployment) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return records, nil
}

func briefOf(brief types.ServiceDeploymentBrief) rollout.ServiceDeployment {
	return rollout.ServiceDeployment{
		ARN: aws.ToString(brief.ServiceDeploymentArn), Status: string(brief.Status), StatusReason: aws.ToString(brief.StatusReason),
		TargetRevisionARN: aws.ToString(brief.TargetServiceRevisionArn), CreatedAt: aws.ToTime(brief.CreatedAt), FinishedAt: aws.ToTime(brief.FinishedAt),
	}
}

// describeRecord reads one service deployment; nil if ECS says that it is missing,
// or answers about another one.
func (d *Deployer) describeRecord(ctx context.Context, arn string, options ...func(*ecs.Options)) (*rollout.ServiceDeployment, error) {
	out, err := d.client.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{arn}}, options...)
	if err != nil {
		return nil, callError("DescribeServiceDeployments", rollout.ShortName(arn), err)
	}
	for _, record := range out.ServiceDeployments {
		if aws.ToString(record.ServiceDeploymentArn) == arn {
			return recordOf(record), nil
		}
	}
	return nil, nil
}

// describeRevision reads one service revision; nil if it is missing, or the answer
// is about another one.
func (d *Deployer) describeRevision(ctx context.Context, arn string, options ...func(*ecs.Options)) (*types.ServiceRevision, error) {
	out, err := d.client.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{arn}}, options...)
	if err != nil {
		return nil, callError("DescribeServiceRevisions", rollout.ShortName(arn), err)
	}
	for i := range out.ServiceRevisions {
		if aws.ToString(out.ServiceRevisions[i].ServiceRevisionArn) == arn {
			return &out.ServiceRevisions[i], nil
		}
	}
	return nil, nil
}

// ofRevision is the record, if its target revision runs the task definition, or
// else nil.
func (d *Deployer) ofRevision(ctx context.Context, record *rollout.ServiceDeployment, taskDefinition string) (*rollout.ServiceDeployment, error) {
	revision, err := d.describeRevision(ctx, record.TargetRevisionARN, single)
	if err != nil || revision == nil || aws.ToString(revision.TaskDefinition) != taskDefinition {
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
	records, err := d.listRecords(ctx, cluster, service, identity.NotBefore, single)
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
