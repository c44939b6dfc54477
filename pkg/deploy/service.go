package deploy

// Reading services: one by name, or the one that runs a family; and turning
// what the SDK returns into the values that rollout reasons about.

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

// statusActive is the status of a service that was not deleted (Service.status).
const statusActive = "ACTIVE"

// described is a service as ECS describes it, and what deployments to it may do.
type described struct {
	*ecsapi.Service
	records records
}

// records are ECS's records of a service's deployments, newest first. They are read
// once: a plan, its checks and its forecast share them.
type records struct {
	mutex sync.Mutex // of read; not held while ECS is asked
	read  chan struct{}
	past  []Past
	err   error
}

// once is what read reads. Others that come meanwhile wait for it.
func (r *records) once(read func() ([]Past, error)) ([]Past, error) {
	r.mutex.Lock()
	first := r.read == nil
	if first {
		r.read = make(chan struct{})
	}
	r.mutex.Unlock()
	if first {
		defer close(r.read)
		r.past, r.err = read()
		return r.past, r.err
	}
	<-r.read
	return r.past, r.err
}

// ref is the service's, in ARNs.
func (s *described) ref() Ref {
	return Ref{Cluster: aws.ToString(s.ClusterArn), Service: aws.ToString(s.ServiceArn)}
}

// describe reads one service, and refuses one of another account.
func (d *Deployer) describe(ctx context.Context, ref Ref) (*described, error) {
	found, err := d.api.FullService(ctx, ref.Cluster, ref.Service)
	if err != nil {
		return nil, err
	}
	if err := d.inAccount("service", aws.ToString(found.ServiceArn)); err != nil {
		return nil, err
	}
	return &described{Service: found}, nil
}

// inAccount fails with an [*OtherAccountError] if a resource, of which kind says what it
// is, does not belong to the account that the deployer was made for.
func (d *Deployer) inAccount(kind, resource string) error {
	parsed, known := arn.Parse(resource)
	if d.account == "" || known && parsed.Account == d.account {
		return nil
	}
	return &OtherAccountError{Expected: d.account, Account: parsed.Account, Resource: kind + " " + rollout.ShortName(resource)}
}

// describeOnce is describe for callers that are the retry loop themselves.
func (d *Deployer) describeOnce(ctx context.Context, ref Ref) (*described, error) {
	found, err := d.api.Unretried().Service(ctx, ref.Cluster, ref.Service)
	return &described{Service: found}, err
}

// locate finds the service that a request is about, and refuses services that
// cannot be deployed to.
func (d *Deployer) locate(ctx context.Context, r Request) (*described, error) {
	found, err := d.find(ctx, r)
	if err != nil {
		return nil, err
	}
	return found, found.supported()
}

// find finds the service that a request is about.
func (d *Deployer) find(ctx context.Context, r Request) (*described, error) {
	ref := r.Ref
	if ref.Service == "" {
		var err error
		if ref.Service, err = d.serviceOfFamily(ctx, r.Cluster, arn.Family(r.TaskDefinition)); err != nil {
			return nil, err
		}
	}
	return d.describe(ctx, ref)
}

// serviceOfFamily finds the one service of a cluster whose task definition is
// of exactly this family.
func (d *Deployer) serviceOfFamily(ctx context.Context, cluster, family string) (string, error) {
	arns, err := d.api.ServiceARNs(ctx, cluster)
	if err != nil {
		return "", err
	}
	services, err := d.api.Services(ctx, cluster, arns)
	if err != nil {
		return "", err
	}
	var names []string
	for _, service := range services {
		if arn.Family(aws.ToString(service.TaskDefinition)) == family {
			names = append(names, aws.ToString(service.ServiceName))
		}
	}
	switch len(names) {
	case 1:
		return names[0], nil
	case 0:
		return "", &NotFoundError{Kind: "service", Name: "of family " + family, Place: "cluster " + rollout.ShortName(cluster),
			Detail: fmt.Sprintf("none of %d services runs it", len(arns))}
	}
	slices.Sort(names)
	return "", &AmbiguousServiceError{Family: family, Cluster: rollout.ShortName(cluster), Services: names}
}

// supported refuses, by name, services that UpdateService must not be used on.
func (s *described) supported() error {
	name := aws.ToString(s.ServiceName)
	if status := aws.ToString(s.Status); status != statusActive {
		return &UsageError{Problem: fmt.Sprintf("service %s is %s, not ACTIVE", name, status), Remedy: "create the service again: it was deleted"}
	}
	if controller := s.DeploymentController; controller != nil && controller.Type != types.DeploymentControllerTypeEcs {
		remedy := "deploy it with the system that manages its task sets"
		if controller.Type == types.DeploymentControllerTypeCodeDeploy {
			remedy = "move it to ECS's own blue/green deployments, as AWS recommends (docs/codedeploy.md); until then, deploy it with AWS CodeDeploy: aws ecs deploy"
		}
		return &UnsupportedError{Service: name, Kind: fmt.Sprintf("the %s deployment controller", controller.Type), Remedy: remedy}
	}
	if s.express() {
		return &UnsupportedError{
			Service: name, Kind: "Express mode", Remedy: "register a new revision, as ecs-deploy render prints it, and deploy it with " +
				shell.Join("aws", "ecs", "update-express-gateway-service", "--service-arn", aws.ToString(s.ServiceArn)) + " --task-definition-arn REVISION; ecs-deploy wait follows that (docs/strategies.md)",
		}
	}
	return nil
}

// express reports whether ECS manages the service (Express mode): its revision is changed
// with UpdateExpressGatewayService. UpdateService would leave that configuration behind.
func (s *described) express() bool {
	return s.ResourceManagementType == types.ResourceManagementTypeEcs
}

// before captures the way back.
func (s *described) before() Before {
	b := Before{TaskDefinition: aws.ToString(s.TaskDefinition), DesiredCount: s.DesiredCount, RunningCount: s.RunningCount}
	var completed *types.Deployment // the newest one
	for i, deployment := range s.Deployments {
		b.Deployments = append(b.Deployments, aws.ToString(deployment.Id))
		b.NewestDeployment = ecsapi.Latest(&b.NewestDeployment, deployment.CreatedAt)
		if deployment.RolloutState == types.DeploymentRolloutStateCompleted &&
			(completed == nil || aws.ToTime(deployment.CreatedAt).After(aws.ToTime(completed.CreatedAt))) {
			completed = &s.Deployments[i]
		}
	}
	if primary := s.Primary(); primary != nil {
		b.Deployment = aws.ToString(primary.Id)
	}
	if completed != nil { // the way back is to what worked
		b.TaskDefinition = aws.ToString(completed.TaskDefinition)
	}
	b.Unproven = completed == nil && slices.ContainsFunc(s.Deployments, stateful)
	for _, event := range s.Events {
		if at := aws.ToTime(event.CreatedAt); at.After(b.NewestEvent) {
			b.NewestEvent = at
		}
	}
	if c := s.DeploymentConfiguration; c != nil {
		b.MinimumHealthyPercent, b.MaximumPercent = c.MinimumHealthyPercent, c.MaximumPercent
		b.Strategy = string(c.Strategy)
		if breaker := c.DeploymentCircuitBreaker; breaker != nil && breaker.Enable {
			b.Guarded = true
			b.RollsBack = breaker.Rollback && completed != nil
		}
		if alarms := c.Alarms; alarms != nil && alarms.Enable {
			b.Guarded = true
			b.RollsBack = b.RollsBack || alarms.Rollback && completed != nil
		}
	}
	return b
}

// failing reports whether no deployment of a revision completed, and one failed or has
// tasks that did.
func (s *described) failing(revision string) bool {
	failed := false
	for _, d := range s.Deployments {
		switch {
		case aws.ToString(d.TaskDefinition) != revision:
		case d.RolloutState == types.DeploymentRolloutStateCompleted:
			return false
		case d.RolloutState == types.DeploymentRolloutStateFailed || d.FailedTasks > 0:
			failed = true
		}
	}
	return failed
}

// stateful reports whether ECS says how a deployment is going. Behind a Classic Load
// Balancer it never does, so that its silence is no sign.
func stateful(deployment types.Deployment) bool { return deployment.RolloutState != "" }

// inProgress is the deployment that is under way, nil if there is none.
func (s *described) inProgress() *rollout.Deployment {
	primary := s.Primary()
	if primary == nil || primary.RolloutState == types.DeploymentRolloutStateFailed || primary.RolloutState == types.DeploymentRolloutStateCompleted {
		return nil
	}
	// Without a rollout state (Classic Load Balancer) a second deployment is
	// the sign that the first is not through.
	if primary.RolloutState == "" && len(s.Deployments) == 1 {
		return nil
	}
	deployment := ecsapi.DeploymentOf(*primary)
	return &deployment
}
