package deploy

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// Export is a service as it is, in the terms of a [Request]: a request with these values finds
// the service and changes nothing.
type Export struct {
	// Ref is the service; names. ServiceARN is its ARN.
	Ref
	ServiceARN string `json:"serviceArn"`
	// Region is where the service is. Account is the id of its AWS account; ""
	// if the ARN has none, as those of some emulators.
	Region  string `json:"region"`
	Account string `json:"account,omitempty"`
	// TaskDefinition is the ARN of the revision in service, Definition what is in
	// it, in clear. The definition is never marshalled with the rest.
	TaskDefinition string             `json:"taskDefinition"`
	Definition     taskdef.Definition `json:"-"`
	// DesiredCount is the number of tasks; nil for a DAEMON service, which has as
	// many as there are instances.
	DesiredCount *int32 `json:"desiredCount,omitempty"`
	// MinimumHealthyPercent and MaximumPercent bound the rolling update, in
	// percent of the desired count; nil if ECS gives none.
	MinimumHealthyPercent *int32 `json:"minimumHealthyPercent,omitempty"`
	MaximumPercent        *int32 `json:"maximumPercent,omitempty"`
	// Shifts: the service's deployments shift traffic (BLUE_GREEN, LINEAR, CANARY).
	Shifts bool `json:"-"`
	// Settled: the newest deployment completed. Otherwise one is in progress or has
	// failed, and asking for TaskDefinition again goes on with it.
	Settled bool `json:"settled"`
}

// Export reads a service and
// the definition that it uses: two calls, and nothing is written. Errors are those
// of [Deployer.Plan]; a service that cannot be deployed to is an
// [*UnsupportedError].
func (d *Deployer) Export(ctx context.Context, ref Ref) (Export, error) {
	if err := d.ready(ctx); err != nil {
		return Export{}, err
	}
	e, err := d.export(ctx, ref)
	return e, interrupted(ctx, err)
}

// Services are the names of all services of a cluster, sorted. It returns a
// [*NotFoundError] or a [*CallError] if they cannot be listed.
func (d *Deployer) Services(ctx context.Context, cluster string) ([]string, error) {
	arns, err := d.api.ServiceARNs(ctx, cluster)
	if err := interrupted(ctx, err); err != nil {
		return nil, err
	}
	names := make([]string, len(arns))
	for i, name := range arns {
		names[i] = rollout.ShortName(name)
	}
	slices.Sort(names)
	return names, err
}

func (d *Deployer) export(ctx context.Context, ref Ref) (Export, error) {
	if ref.Cluster == "" || ref.Service == "" {
		return Export{}, &UsageError{Problem: "cluster or service not set", Remedy: "pass -c CLUSTER and -n SERVICE"}
	}
	found, err := d.locate(ctx, Request{Ref: ref})
	if err != nil {
		return Export{}, err
	}
	e := Export{
		Ref: Ref{Cluster: rollout.ShortName(aws.ToString(found.ClusterArn)), Service: aws.ToString(found.ServiceName)}, ServiceARN: aws.ToString(found.ServiceArn),
		Region: d.api.Region(), TaskDefinition: aws.ToString(found.TaskDefinition),
	}
	if parsed, err := arn.Parse(e.ServiceARN); err == nil {
		e.Region, e.Account = parsed.Region, parsed.AccountID
	}
	if found.SchedulingStrategy != types.SchedulingStrategyDaemon {
		e.DesiredCount = &found.DesiredCount
	}
	if c := found.DeploymentConfiguration; c != nil {
		e.MinimumHealthyPercent, e.MaximumPercent = c.MinimumHealthyPercent, c.MaximumPercent
		e.Shifts = c.Strategy != "" && c.Strategy != types.DeploymentStrategyRolling
	}
	primary := found.Primary()
	e.Settled = primary != nil && primary.RolloutState != types.DeploymentRolloutStateFailed && found.inProgress() == nil
	e.Definition, _, err = d.describeDefinition(ctx, e.TaskDefinition)
	return e, err
}
