package deploy

// Reading services: one by name, or the one that runs a family; and turning
// what the SDK returns into the values that rollout reasons about.

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// describeLimit is how many services DescribeServices takes at once.
const describeLimit = 10

// described is a service as ECS describes it: typed, and the document behind it.
type described struct {
	types.Service
	// raw is the same service as JSON, with fields the SDK does not know.
	raw map[string]any
}

// describeService reads one service by name or ARN.
func (d *Deployer) describeService(ctx context.Context, cluster, service string, options ...func(*ecs.Options)) (*described, error) {
	var body []byte
	out, err := d.client.DescribeServices(ctx, &ecs.DescribeServicesInput{
		Cluster: &cluster, Services: []string{service},
	}, append(options, keepBody(&body))...)
	if err != nil {
		return nil, notFoundOr(callError("DescribeServices", "service "+rollout.ShortName(service), err), d.client.Options().Region, cluster, service)
	}
	if len(out.Services) == 0 {
		return nil, noService(out.Failures, cluster, service)
	}
	at := slices.IndexFunc(out.Services, func(s types.Service) bool { return isService(&s, cluster, service) })
	if at < 0 {
		return nil, nonsense("DescribeServices", "service "+rollout.ShortName(service), "the answer is about another service")
	}
	if aws.ToString(out.Services[at].ServiceName) == "" || aws.ToString(out.Services[at].Status) == "" {
		return nil, nonsense("DescribeServices", "service "+rollout.ShortName(service), "the answer is not a service; is this ECS?")
	}
	found := &described{Service: out.Services[at]}
	var document struct {
		Services []map[string]any `json:"services"`
	}
	if err := decode(body, &document); err != nil {
		return nil, nonsense("DescribeServices", "service "+rollout.ShortName(service), err.Error())
	}
	if len(document.Services) > at {
		found.raw = document.Services[at]
	}
	return found, nil
}

// noService is why an answer has no service.
func noService(failures []types.Failure, cluster, service string) error {
	if len(failures) == 0 {
		return nonsense("DescribeServices", "service "+rollout.ShortName(service), "the answer has neither the service nor a reason why not; is this ECS?")
	}
	if reason := aws.ToString(failures[0].Reason); reason != "MISSING" {
		return nonsense("DescribeServices", "service "+rollout.ShortName(service), strings.TrimSpace(reason+" "+aws.ToString(failures[0].Detail)))
	}
	return &NotFoundError{Kind: "service", Name: service, Place: "cluster " + rollout.ShortName(cluster)}
}

// notFoundOr turns ECS's two "not found" exceptions into ours.
func notFoundOr(err *CallError, region, cluster, service string) error {
	switch err.Code {
	case "ClusterNotFoundException":
		return &NotFoundError{Kind: "cluster", Name: cluster, Place: "region " + region}
	case "ServiceNotFoundException", "ServiceNotActiveException":
		return &NotFoundError{Kind: "service", Name: service, Place: "cluster " + rollout.ShortName(cluster)}
	}
	return err
}

// locate finds the service that a request is about, and refuses services that
// cannot be deployed to.
func (d *Deployer) locate(ctx context.Context, r Request) (*described, error) {
	service := r.Service
	if service == "" {
		var err error
		if service, err = d.serviceOfFamily(ctx, r.Cluster, familyOf(r.TaskDefinition)); err != nil {
			return nil, err
		}
	}
	found, err := d.describeService(ctx, r.Cluster, service)
	if err != nil {
		return nil, err
	}
	return found, found.supported()
}

// serviceOfFamily finds the one service of a cluster whose task definition is
// of exactly this family.
func (d *Deployer) serviceOfFamily(ctx context.Context, cluster, family string) (string, error) {
	arns, err := d.listServices(ctx, cluster)
	if err != nil {
		return "", err
	}
	var names []string
	for some := range slices.Chunk(arns, describeLimit) {
		out, err := d.client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: some})
		if err != nil {
			return "", callError("DescribeServices", "cluster "+cluster, err)
		}
		for _, service := range out.Services {
			if familyOf(aws.ToString(service.TaskDefinition)) == family {
				names = append(names, aws.ToString(service.ServiceName))
			}
		}
	}
	switch len(names) {
	case 1:
		return names[0], nil
	case 0:
		return "", &NotFoundError{Kind: "service", Name: "of family " + family, Place: "cluster " + rollout.ShortName(cluster),
			Detail: fmt.Sprintf("of %d services none runs it", len(arns))}
	}
	slices.Sort(names)
	return "", &AmbiguousServiceError{Family: family, Cluster: rollout.ShortName(cluster), Services: names}
}

// listServices lists the ARNs of all services of a cluster.
func (d *Deployer) listServices(ctx context.Context, cluster string) ([]string, error) {
	var arns []string
	err := pages("ListServices", "cluster "+cluster, func(token *string) (*string, error) {
		page, err := d.client.ListServices(ctx, &ecs.ListServicesInput{Cluster: &cluster, MaxResults: aws.Int32(100), NextToken: token})
		if err != nil {
			return nil, notFoundOr(callError("ListServices", "cluster "+cluster, err), d.client.Options().Region, cluster, "")
		}
		arns = append(arns, page.ServiceArns...)
		return page.NextToken, nil
	})
	return arns, err
}

// supported refuses, by name, services that UpdateService must not be used on.
func (s *described) supported() error {
	name := aws.ToString(s.ServiceName)
	if status := aws.ToString(s.Status); status != "ACTIVE" {
		return &UsageError{Problem: fmt.Sprintf("service %s is %s, not ACTIVE", name, status), Remedy: "it was deleted; create it again first"}
	}
	if controller := s.DeploymentController; controller != nil && controller.Type != types.DeploymentControllerTypeEcs {
		remedy := "deploy it with the system that manages its task sets"
		if controller.Type == types.DeploymentControllerTypeCodeDeploy {
			remedy = "deploy it with AWS CodeDeploy (aws ecs deploy)"
		}
		return &UnsupportedError{Service: name, Kind: fmt.Sprintf("the %s deployment controller", controller.Type), Remedy: remedy}
	}
	if s.ResourceManagementType == types.ResourceManagementTypeEcs {
		return &UnsupportedError{Service: name, Kind: "Express mode", Remedy: "update it with aws ecs update-express-gateway-service"}
	}
	return nil
}

// primary is the service's PRIMARY deployment; nil if ECS lists none.
func (s *described) primary() *types.Deployment {
	primary := (&rollout.Service{Deployments: s.deployments()}).Primary()
	for i := range s.Deployments {
		if primary != nil && aws.ToString(s.Deployments[i].Id) == primary.ID {
			return &s.Deployments[i]
		}
	}
	return nil
}

// targetGroups are the ARNs of the service's target groups.
func (s *described) targetGroups() []string {
	var arns []string
	for _, balancer := range s.LoadBalancers {
		if arn := aws.ToString(balancer.TargetGroupArn); arn != "" {
			arns = append(arns, arn)
		}
	}
	return arns
}

// before captures the way back.
func (s *described) before() Before {
	b := Before{TaskDefinition: aws.ToString(s.TaskDefinition), DesiredCount: s.DesiredCount, RunningCount: s.RunningCount}
	var completed *types.Deployment // the newest one
	for i, deployment := range s.Deployments {
		b.Deployments = append(b.Deployments, aws.ToString(deployment.Id))
		b.NewestDeployment = latest(&b.NewestDeployment, deployment.CreatedAt)
		if deployment.RolloutState == types.DeploymentRolloutStateCompleted &&
			(completed == nil || aws.ToTime(deployment.CreatedAt).After(aws.ToTime(completed.CreatedAt))) {
			completed = &s.Deployments[i]
		}
	}
	if primary := s.primary(); primary != nil {
		b.Deployment = aws.ToString(primary.Id)
	}
	if completed != nil { // the way back is to what worked
		b.TaskDefinition = aws.ToString(completed.TaskDefinition)
	}
	for _, event := range s.Events {
		if at := aws.ToTime(event.CreatedAt); at.After(b.NewestEvent) {
			b.NewestEvent = at
		}
	}
	if c := s.DeploymentConfiguration; c != nil {
		b.MinimumHealthyPercent, b.MaximumPercent = c.MinimumHealthyPercent, c.MaximumPercent
		b.Strategy, b.Clocks = string(c.Strategy), clocks(c)
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

// inProgress is the deployment that is under way, nil where there is none.
func (s *described) inProgress() *rollout.Deployment {
	primary := s.primary()
	if primary == nil || primary.RolloutState == types.DeploymentRolloutStateFailed || primary.RolloutState == types.DeploymentRolloutStateCompleted {
		return nil
	}
	// Without a rollout state (Classic Load Balancer) a second deployment is
	// the sign that the first is not through.
	if primary.RolloutState == "" && len(s.Deployments) == 1 {
		return nil
	}
	deployment := deploymentOf(*primary)
	return &deployment
}

// snapshot reduces the service to what rollout needs.
func (s *described) snapshot() *rollout.Service {
	snapshot := &rollout.Service{
		ARN: aws.ToString(s.ServiceArn), ClusterARN: aws.ToString(s.ClusterArn), Name: aws.ToString(s.ServiceName),
		Status: aws.ToString(s.Status), TaskDefinition: aws.ToString(s.TaskDefinition),
		Desired: int(s.DesiredCount), Running: int(s.RunningCount), Pending: int(s.PendingCount),
	}
	snapshot.Deployments = s.deployments()
	for _, event := range s.Events {
		snapshot.Events = append(snapshot.Events, rollout.ServiceEvent{
			ID: aws.ToString(event.Id), At: aws.ToTime(event.CreatedAt), Message: aws.ToString(event.Message),
		})
	}
	return snapshot
}

func (s *described) deployments() []rollout.Deployment {
	var deployments []rollout.Deployment
	for _, deployment := range s.Deployments {
		deployments = append(deployments, deploymentOf(deployment))
	}
	return deployments
}

func deploymentOf(d types.Deployment) rollout.Deployment {
	return rollout.Deployment{
		ID: aws.ToString(d.Id), Status: aws.ToString(d.Status), TaskDefinition: aws.ToString(d.TaskDefinition),
		Desired: int(d.DesiredCount), Running: int(d.RunningCount), Pending: int(d.PendingCount), Failed: int(d.FailedTasks),
		RolloutState: string(d.RolloutState), RolloutStateReason: aws.ToString(d.RolloutStateReason), CreatedAt: aws.ToTime(d.CreatedAt),
	}
}

func recordOf(d types.ServiceDeployment) *rollout.ServiceDeployment {
	record := &rollout.ServiceDeployment{
		ARN: aws.ToString(d.ServiceDeploymentArn), Status: string(d.Status), StatusReason: aws.ToString(d.StatusReason),
		LifecycleStage: string(d.LifecycleStage), CreatedAt: aws.ToTime(d.CreatedAt), FinishedAt: latest(d.FinishedAt, d.StoppedAt),
	}
	if d.TargetServiceRevision != nil {
		record.TargetRevisionARN = aws.ToString(d.TargetServiceRevision.Arn)
	}
	if d.Rollback != nil {
		record.RollbackReason = aws.ToString(d.Rollback.Reason)
	}
	if b := d.DeploymentCircuitBreaker; b != nil {
		record.Breaker = &rollout.Breaker{Status: string(b.Status), FailureCount: int(b.FailureCount), Threshold: int(b.Threshold)}
	}
	if a := d.Alarms; a != nil {
		record.AlarmsStatus, record.TriggeredAlarms = string(a.Status), a.TriggeredAlarmNames
	}
	for _, hook := range d.LifecycleHookDetails {
		if strings.EqualFold(string(hook.TargetType), "PAUSE") && strings.EqualFold(string(hook.Status), "AWAITING_ACTION") {
			record.PauseHook = &rollout.PauseHook{ID: aws.ToString(hook.HookId), ExpiresAt: aws.ToTime(hook.ExpiresAt)}
		}
	}
	return record
}

// clocks is how long ECS's own clocks run in a rollout that goes well: the bake
// time, and the pauses between the steps of a canary or linear deployment.
func clocks(c *types.DeploymentConfiguration) time.Duration {
	minutes := aws.ToInt32(c.BakeTimeInMinutes)
	switch c.Strategy {
	case types.DeploymentStrategyCanary:
		pause := int32(10) // the defaults are those of ECS
		if canary := c.CanaryConfiguration; canary != nil {
			pause = orDefault(canary.CanaryBakeTimeInMinutes, pause)
		}
		minutes += pause
	case types.DeploymentStrategyLinear:
		step, pause := 10.0, int32(6)
		if linear := c.LinearConfiguration; linear != nil {
			step, pause = max(aws.ToFloat64(linear.StepPercent), 3), orDefault(linear.StepBakeTimeInMinutes, pause)
		}
		minutes += (int32(math.Ceil(100/step)) - 1) * pause
	}
	return time.Duration(minutes) * time.Minute
}

func latest(times ...*time.Time) time.Time {
	var newest time.Time
	for _, t := range times {
		if t != nil && t.After(newest) {
			newest = *t
		}
	}
	return newest
}

func taskOf(t types.Task) rollout.Task {
	task := rollout.Task{
		ARN: aws.ToString(t.TaskArn), TaskDefinition: aws.ToString(t.TaskDefinitionArn), DeploymentID: aws.ToString(t.StartedBy), LastStatus: aws.ToString(t.LastStatus),
		HealthStatus: string(t.HealthStatus), StopCode: string(t.StopCode), StoppedReason: aws.ToString(t.StoppedReason),
		CreatedAt: aws.ToTime(t.CreatedAt), StartedAt: aws.ToTime(t.StartedAt), StoppedAt: aws.ToTime(t.StoppedAt),
	}
	for _, c := range t.Containers {
		container := rollout.Container{Name: aws.ToString(c.Name), Reason: aws.ToString(c.Reason), Health: string(c.HealthStatus)}
		if c.ExitCode != nil {
			code := int(*c.ExitCode)
			container.ExitCode = &code
		}
		task.Containers = append(task.Containers, container)
	}
	return task
}
