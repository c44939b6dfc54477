package deploy

import (
	"cmp"
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
	// Wanted is Definition, or what a request makes of it: see [Deployer.ExportFor].
	Wanted taskdef.Definition `json:"-"`
	// DesiredCount is the number of tasks; nil for a DAEMON service, which has as
	// many as there are instances.
	DesiredCount *int32 `json:"desiredCount,omitempty"`
	// MinimumHealthyPercent and MaximumPercent bound the rolling update, in
	// percent of the desired count; nil if ECS gives none.
	MinimumHealthyPercent *int32 `json:"minimumHealthyPercent,omitempty"`
	MaximumPercent        *int32 `json:"maximumPercent,omitempty"`
	// Strategy is the service's deployment strategy, such as ROLLING or BLUE_GREEN.
	Strategy string `json:"-"`
	// PropagatesTags: ECS gives the tags of the service or of the definition to its tasks.
	PropagatesTags bool `json:"-"`
	// Settled: the newest deployment completed. Otherwise one is in progress or has
	// failed, and asking for TaskDefinition again goes on with it.
	Settled bool `json:"settled"`
}

// Shifts reports whether deployments of the service shift traffic.
func (e Export) Shifts() bool { return e.Strategy != string(types.DeploymentStrategyRolling) }

// Export reads a service and
// the definition that it uses: two calls, and nothing is written. Errors are those
// of [Deployer.Plan]; a service that cannot be deployed to is an
// [*UnsupportedError].
func (d *Deployer) Export(ctx context.Context, ref Ref) (Export, error) {
	if err := d.ready(ctx); err != nil {
		return Export{}, err
	}
	if ref.Cluster == "" || ref.Service == "" {
		return Export{}, &UsageError{Problem: "cluster or service not set", Remedy: "pass -c CLUSTER and -n SERVICE"}
	}
	e, err := d.export(ctx, Request{Ref: ref})
	return e, interrupted(ctx, err)
}

// ExportFor is Export of the service that a request is about, with the definition that
// the request wants as Wanted. A service that is only known by the family of
// Request.TaskDefinition is found, too.
func (d *Deployer) ExportFor(ctx context.Context, r Request) (Export, error) {
	if err := d.ready(ctx); err != nil {
		return Export{}, err
	}
	if err := r.validate(); err != nil {
		return Export{}, err
	}
	d = d.readingOnce()
	e, err := d.export(ctx, r)
	if err == nil && !r.Want.empty() {
		var wanted resolved
		wanted, err = d.build(ctx, e.TaskDefinition, r.baseless())
		e.Wanted = wanted.definition
	}
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

func (d *Deployer) export(ctx context.Context, r Request) (Export, error) {
	found, err := d.locate(ctx, r)
	if err != nil {
		return Export{}, err
	}
	e := Export{
		Ref: Ref{Cluster: rollout.ShortName(aws.ToString(found.ClusterArn)), Service: aws.ToString(found.ServiceName)}, ServiceARN: aws.ToString(found.ServiceArn),
		Region: d.api.Region(), TaskDefinition: aws.ToString(found.TaskDefinition), Strategy: string(types.DeploymentStrategyRolling),
	}
	if parsed, err := arn.Parse(e.ServiceARN); err == nil {
		e.Region, e.Account = parsed.Region, parsed.AccountID
	}
	if found.SchedulingStrategy != types.SchedulingStrategyDaemon {
		e.DesiredCount = &found.DesiredCount
	}
	if c := found.DeploymentConfiguration; c != nil {
		e.MinimumHealthyPercent, e.MaximumPercent = c.MinimumHealthyPercent, c.MaximumPercent
		e.Strategy = cmp.Or(string(c.Strategy), e.Strategy)
	}
	e.PropagatesTags = found.PropagateTags != "" && found.PropagateTags != types.PropagateTagsNone
	primary := found.Primary()
	e.Settled = primary != nil && primary.RolloutState != types.DeploymentRolloutStateFailed && found.inProgress() == nil
	e.Definition, _, err = d.describeDefinition(ctx, e.TaskDefinition)
	e.Wanted = e.Definition
	return e, err
}
