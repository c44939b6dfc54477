package ecsapi

// Reading ECS's records of a service's deployments (service deployments) and what
// they were to run (service revisions).

import (
	"context"
	"errors"
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

// Records lists the service deployments of a service, newest first, without
// their details. With since, only those created about then or later, by ECS's
// clock.
func (c *Client) Records(ctx context.Context, cluster, service string, since time.Time) ([]rollout.ServiceDeployment, error) {
	input := &ecs.ListServiceDeploymentsInput{Cluster: &cluster, Service: &service, MaxResults: aws.Int32(recordPage)}
	if !since.IsZero() {
		input.CreatedAt = &types.CreatedAt{After: aws.Time(since.Add(-recordSlack))}
	}
	var records []rollout.ServiceDeployment
	read := 0
	err := pages("ListServiceDeployments", "service "+rollout.ShortName(service), func(token *string) (*string, error) {
		input.NextToken = token
		out, err := c.sdk.ListServiceDeployments(ctx, input, c.read...)
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

// Record reads one service deployment by its ARN; nil if ECS says that it is missing,
// or answers about another one.
func (c *Client) Record(ctx context.Context, arn string) (*rollout.ServiceDeployment, error) {
	records, err := c.FullRecords(ctx, arn)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	return &records[0], nil
}

// DescribeAtOnce is how many service deployments DescribeServiceDeployments takes, and
// how many service revisions DescribeServiceRevisions takes, in one call.
const DescribeAtOnce = 20

// FullRecords reads service deployments with their details, by their ARNs. Missing
// ones, and answers about other ones, are left out.
func (c *Client) FullRecords(ctx context.Context, arns ...string) ([]rollout.ServiceDeployment, error) {
	var records []rollout.ServiceDeployment
	for some := range slices.Chunk(arns, DescribeAtOnce) {
		out, err := c.recording().get(ctx, some...)
		if err != nil {
			return nil, callError("DescribeServiceDeployments", rollout.ShortName(some[0]), err)
		}
		c.noteSkew(out.ResultMetadata)
		for _, record := range out.ServiceDeployments {
			if slices.Contains(some, aws.ToString(record.ServiceDeploymentArn)) {
				records = append(records, *recordOf(record))
			}
		}
	}
	return records, nil
}

// recording joins the reads of service deployments.
func (c *Client) recording() *joiner[*ecs.DescribeServiceDeploymentsOutput] {
	return joined(c, "DescribeServiceDeployments", func() *joiner[*ecs.DescribeServiceDeploymentsOutput] {
		return &joiner[*ecs.DescribeServiceDeploymentsOutput]{
			limit:     DescribeAtOnce,
			operation: "DescribeServiceDeployments", limits: c.limits,
			call: func(ctx context.Context, arns []string) (*ecs.DescribeServiceDeploymentsOutput, error) {
				return c.sdk.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: arns}, c.read...)
			},
		}
	})
}

// Revisions reads service revisions, by their ARNs. One that is missing, or an
// answer about another one, is left out.
func (c *Client) Revisions(ctx context.Context, arns ...string) ([]types.ServiceRevision, error) {
	var revisions []types.ServiceRevision
	for some := range slices.Chunk(arns, DescribeAtOnce) {
		out, err := c.sdk.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: some}, c.read...)
		if err != nil {
			return nil, callError("DescribeServiceRevisions", rollout.ShortName(some[0]), err)
		}
		for _, revision := range out.ServiceRevisions {
			if slices.Contains(some, aws.ToString(revision.ServiceRevisionArn)) {
				revisions = append(revisions, revision)
			}
		}
	}
	return revisions, nil
}

// Stop has ECS end a deployment and roll it back (StopServiceDeployment), by the
// ARN of its service deployment. One that has ended meanwhile is no error.
func (c *Client) Stop(ctx context.Context, record string) error {
	_, err := c.sdk.StopServiceDeployment(ctx, &ecs.StopServiceDeploymentInput{
		ServiceDeploymentArn: &record, StopType: types.StopServiceDeploymentStopTypeRollback,
	})
	var over *types.ConflictException
	if err == nil || errors.As(err, &over) {
		return nil
	}
	return callError("StopServiceDeployment", rollout.ShortName(record), err)
}

// Continue has ECS continue a deployment that waits at a pause hook, by the ARN of its
// service deployment and the id of the hook (ContinueServiceDeployment).
func (c *Client) Continue(ctx context.Context, record, hook string) error {
	_, err := c.sdk.ContinueServiceDeployment(ctx, &ecs.ContinueServiceDeploymentInput{
		ServiceDeploymentArn: &record, HookId: &hook, Action: types.DeploymentLifecycleHookActionContinue,
	}, once)
	if err == nil {
		return nil
	}
	return callError("ContinueServiceDeployment", rollout.ShortName(record), err)
}
