package deploy

// Reading services: one by name, or the one that runs a family; and turning
// what the SDK returns into the values that rollout reasons about.

import (
	"context"
	"fmt"
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
	if first := out.Services[0]; aws.ToString(first.ServiceArn) == "" || aws.ToString(first.ServiceName) == "" || aws.ToString(first.Status) == "" {
		return nil, nonsense("DescribeServices", "service "+rollout.ShortName(service), "the answer is no service; is this ECS?")
	}
	found := &described{Service: out.Services[0]}
	var document struct {
		Services []map[string]any `json:"services"`
	}
	if err := decode(body, &document); err != nil {
		return nil, nonsense("DescribeServices", "service "+rollout.ShortName(service), err.Error())
	}
	if len(document.Services) > 0 {
		found.raw = document.Services[0]
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
	pages := ecs.NewListServicesPaginator(d.client, &ecs.ListServicesInput{Cluster: &cluster, MaxResults: aws.Int32(100)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, notFoundOr(callError("ListServices", "cluster "+cluster, err), d.client.Options().Region, cluster, "")
		}
		arns = append(arns, page.ServiceArns...)
	}
	return arns, nil
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

// primary is the service's PRIMARY deployment; nil where ECS lists none.
func (s *described) primary() *types.Deployment {
	for i := range s.Deployments {
		if aws.ToString(s.Deployments[i].Status) == rollout.StatusPrimary {
			return &s.Deployments[i]
		}
	}
	return nil
}

// stuck warns of limits that leave a rolling deployment no room: with as many
// tasks as desired running, ECS may neither start one (the upper limit is
// rounded down) nor stop one (the lower is rounded up).
func (s *described) stuck(settings []Setting) []string {
	if s.SchedulingStrategy == types.SchedulingStrategyDaemon {
		return nil
	}
	count, minimum, maximum := s.DesiredCount, int32(100), int32(200) // the defaults of ECS
	if c := s.DeploymentConfiguration; c != nil {
		minimum, maximum = orDefault(c.MinimumHealthyPercent, minimum), orDefault(c.MaximumPercent, maximum)
	}
	for _, setting := range settings {
		switch setting.Name {
		case desiredCount:
			count = setting.New
		case minimumHealthyPercent:
			minimum = setting.New
		case maximumPercent:
			maximum = setting.New
		}
	}
	lower, upper, wedged := limits(count, minimum, maximum)
	if !wedged {
		return nil
	}
	return []string{fmt.Sprintf("ECS will be able neither to start nor to stop a task: of %d tasks at least %d must run (%d%%) and at most %d may (%d%%); change -m or -M",
		count, lower, minimum, upper, maximum)}
}

// limits are how many tasks must and may run during a rolling deployment, and
// whether that leaves ECS no room.
func limits(count, minimum, maximum int32) (lower, upper int64, wedged bool) {
	lower, upper = (int64(count)*int64(minimum)+99)/100, int64(count)*int64(maximum)/100
	return lower, upper, count > 0 && upper <= int64(count) && lower >= int64(count)
}

// Wedged reports whether no rolling deployment could get through with the count and
// the percentages: ECS could neither start nor stop a task.
func (b Before) Wedged() bool {
	_, _, wedged := limits(b.DesiredCount, orDefault(b.MinimumHealthyPercent, 100), orDefault(b.MaximumPercent, 200))
	return wedged
}

func orDefault(value *int32, otherwise int32) int32 {
	if value == nil {
		return otherwise
	}
	return *value
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
	for _, deployment := range s.Deployments {
		snapshot.Deployments = append(snapshot.Deployments, deploymentOf(deployment))
	}
	for _, event := range s.Events {
		snapshot.Events = append(snapshot.Events, rollout.ServiceEvent{
			ID: aws.ToString(event.Id), At: aws.ToTime(event.CreatedAt), Message: aws.ToString(event.Message),
		})
	}
	return snapshot
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
		ARN: aws.ToString(t.TaskArn), DeploymentID: aws.ToString(t.StartedBy), LastStatus: aws.ToString(t.LastStatus),
		HealthStatus: string(t.HealthStatus), StopCode: string(t.StopCode), StoppedReason: aws.ToString(t.StoppedReason),
		StartedAt: aws.ToTime(t.StartedAt), StoppedAt: aws.ToTime(t.StoppedAt),
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
