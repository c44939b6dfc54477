package deploy

// What a forecast needs to know of a service: its settings, and how long its own
// tasks and deployments took. All of it is read at once, and what cannot be read is
// replaced by a default and named.

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

const (
	// pastDeployments is how many earlier deployments are quoted, pastWindow how long
	// before the newest one they may have begun.
	pastDeployments = 5
	pastWindow      = 14 * 24 * time.Hour

	// The defaults of Elastic Load Balancing (HealthCheckIntervalSeconds,
	// UnhealthyThresholdCount and deregistration_delay.timeout_seconds).
	groupInterval  = 30 * time.Second
	groupUnhealthy = 2
	groupDelay     = 300 * time.Second

	// Members of a service in the ECS API.
	deploymentConfiguration = "deploymentConfiguration"
	gracePeriod             = "healthCheckGracePeriodSeconds"
)

// Conditions are what a [Forecaster] needs to know of a service.
type Conditions struct {
	// Daemon: the service runs one task on each container instance.
	Daemon bool
	// Tasks is the desired count now, Desired that of the deployment.
	Tasks, Desired int
	// Configuration is the deploymentConfiguration under which the service is
	// deployed, as the ECS API has it; percentages that the plan changes are changed.
	Configuration map[string]any
	// NoWayBack: no deployment of the service has completed, so that ECS could not
	// roll back.
	NoWayBack bool
	// TargetGroups are the service's target groups.
	TargetGroups []TargetGroup
	// Rule and TestRule are the listener rules, or listeners, whose traffic a blue/green,
	// linear or canary deployment shifts; "" if there are none.
	Rule, TestRule string
	// GracePeriod is the time in which failed health checks do not count
	// (healthCheckGracePeriodSeconds).
	GracePeriod time.Duration
	// Before and Wanted are the containers of the revision in service and of the
	// wanted one.
	Before, Wanted []taskdef.Timing
	// Starts are how long tasks of the service took from createdAt to startedAt,
	// ascending; none if that is not known.
	Starts []time.Duration
	// Patience is the number of failed tasks after which ecs-deploy gives up if
	// nothing watches the deployment, and WatchedPatience that if a circuit breaker or
	// alarms do, and do not end it.
	Patience, WatchedPatience int
	// WhatIf are the scenarios of a bad image to play as well.
	WhatIf []string
}

// TargetGroup is a target group of a service.
type TargetGroup struct {
	// ARN is the target group's ARN.
	ARN string
	// Interval is the time between two health checks of a target, Unhealthy the number
	// of failed ones that make a target unhealthy.
	Interval  time.Duration
	Unhealthy int
	// DeregistrationDelay is how long a target drains before ECS stops its task.
	DeregistrationDelay time.Duration
}

// facts are what conditions rest on, and what could not be read.
type facts struct {
	mu      sync.Mutex
	basis   []Basis
	compare []Basis // what the forecast does not rest on
	unknown []string
}

func (f *facts) know(name, value, source string) {
	f.basis = append(f.basis, Basis{Name: name, Value: value, Source: source})
}

func (f *facts) miss(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unknown = append(f.unknown, text)
}

// conditions reads what a forecast of a plan needs to know. The reads run together.
func (d *Deployer) conditions(ctx context.Context, p *Plan) (Conditions, *facts) {
	service := p.described
	after := map[string]any{deploymentConfiguration: service.Raw[deploymentConfiguration]}
	putSettings(after, service.Raw, p.Settings)
	c := Conditions{
		Daemon: service.SchedulingStrategy == types.SchedulingStrategyDaemon,
		Tasks:  int(service.DesiredCount), Desired: int(service.numberAfter(p.Settings, desiredCount, service.DesiredCount)),
		NoWayBack:   !slices.ContainsFunc(service.Deployments, completed),
		GracePeriod: time.Duration(service.numberAfter(p.Settings, gracePeriod, 0)) * time.Second,
		Wanted:      p.Definition.Timings(), Before: p.resolved.current.Timings(),
		WhatIf: d.whatIf,
	}
	c.Rule, c.TestRule = service.rules()
	c.Configuration, _ = after[deploymentConfiguration].(map[string]any)
	c.Patience = rollout.Threshold(c.Desired)
	c.WatchedPatience = c.Patience * rollout.Patience
	f := &facts{}
	ctx, cancel := context.WithTimeout(ctx, evidenceLimit)
	defer cancel()
	if int(service.RunningCount) != c.Tasks {
		f.miss(fmt.Sprintf("%d of %d tasks run now; the forecast starts with all of them running", service.RunningCount, c.Tasks))
	}
	var past string
	var reads sync.WaitGroup
	reads.Go(func() { c.Starts = d.startTimes(ctx, p, f) })
	reads.Go(func() { past = d.pastTimes(ctx, p, f) })
	reads.Go(func() { c.TargetGroups = d.targetGroups(ctx, service.TargetGroups(), f) })
	if p.Definition.IsZero() {
		reads.Go(func() { c.Wanted = d.timingsOf(ctx, p, f) })
	}
	reads.Wait()
	if len(c.Before) == 0 {
		c.Before = c.Wanted
	}
	f.tell(c, past)
	return c, f
}

// rules are the production rule and the test rule of the first load balancer that has
// them.
func (s *described) rules() (production, test string) {
	for _, balancer := range s.LoadBalancers {
		if advanced := balancer.AdvancedConfiguration; advanced != nil {
			return aws.ToString(advanced.ProductionListenerRule), aws.ToString(advanced.TestListenerRule)
		}
	}
	return "", ""
}

// completed reports whether a deployment completed.
func completed(deployment types.Deployment) bool {
	return deployment.RolloutState == types.DeploymentRolloutStateCompleted
}

// tell says what the conditions are, in an order that does not depend on which
// answer came first.
func (f *facts) tell(c Conditions, past string) {
	slices.Sort(f.unknown)
	if n := len(c.Starts); n > 0 {
		value := Span(c.Starts[0])
		if slowest := c.Starts[n-1]; Span(slowest) != value {
			value += " to " + Span(slowest)
		}
		source := fmt.Sprintf("its %d running tasks", n)
		if n == 1 {
			source = "its running task"
		}
		f.know("start of a task", value, source)
	}
	if len(c.TargetGroups) > 0 {
		longest := time.Duration(0)
		for _, group := range c.TargetGroups {
			longest = max(longest, group.DeregistrationDelay)
		}
		f.know("deregistration delay", Span(longest), "target group")
	}
	if past != "" {
		f.compare = append(f.compare, Basis{Name: "earlier deployments", Value: past, Source: "for comparison"})
	}
}

// timingsOf reads the revision that is running, if the plan has not read it.
func (d *Deployer) timingsOf(ctx context.Context, p *Plan, f *facts) []taskdef.Timing {
	definition, _, err := d.describeDefinition(ctx, p.Current)
	if err != nil {
		f.miss("health checks of the containers: " + briefly(err))
		return []taskdef.Timing{{Essential: true}}
	}
	return definition.Timings()
}

// startTimes is how long some of the service's running tasks took to start.
func (d *Deployer) startTimes(ctx context.Context, p *Plan, f *facts) []time.Duration {
	tasks, err := d.api.SomeTasks(ctx, p.Cluster, p.Service)
	if err != nil {
		f.miss("start time of its tasks: " + briefly(err))
		return nil
	}
	var starts []time.Duration
	for _, task := range tasks {
		if took := task.StartedAt.Sub(task.CreatedAt); !task.CreatedAt.IsZero() && took > 0 {
			starts = append(starts, took)
		}
	}
	slices.Sort(starts)
	return starts
}

// pastTimes is how long the last successful deployments of the service took, in
// words.
func (d *Deployer) pastTimes(ctx context.Context, p *Plan, f *facts) string {
	past, err := d.recordsOf(ctx, p.described)
	if err != nil {
		f.miss("duration of its earlier deployments: " + briefly(err))
		return ""
	}
	since := p.Before.NewestDeployment.Add(-pastWindow)
	var took []time.Duration
	for i := range past {
		if r := &past[i]; r.Succeeded() && r.FinishedAt.After(r.CreatedAt) && r.CreatedAt.After(since) && len(took) < pastDeployments {
			took = append(took, r.FinishedAt.Sub(r.CreatedAt))
		}
	}
	if len(took) == 0 {
		return ""
	}
	slices.Sort(took)
	if shortest, longest := Span(took[0]), Span(took[len(took)-1]); shortest != longest {
		return shortest + " to " + longest
	}
	return Span(took[0])
}

// targetGroups reads the settings of target groups.
func (d *Deployer) targetGroups(ctx context.Context, arns []string, f *facts) []TargetGroup {
	if len(arns) == 0 {
		return nil
	}
	groups := make([]TargetGroup, len(arns))
	for i, arn := range arns {
		groups[i] = TargetGroup{ARN: arn, Interval: groupInterval, Unhealthy: groupUnhealthy, DeregistrationDelay: groupDelay}
	}
	if d.elb == nil {
		f.miss("settings of its target groups; the defaults of Elastic Load Balancing are assumed")
		return groups
	}
	var reads sync.WaitGroup
	reads.Go(func() { d.readChecks(ctx, groups, f) })
	for i := range groups {
		reads.Go(func() { d.readDelay(ctx, &groups[i].DeregistrationDelay, groups[i].ARN, f) })
	}
	reads.Wait()
	return groups
}

// readChecks reads the health checks of target groups.
func (d *Deployer) readChecks(ctx context.Context, groups []TargetGroup, f *facts) {
	arns := make([]string, len(groups))
	for i, group := range groups {
		arns[i] = group.ARN
	}
	out, err := d.elb.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: arns})
	if err != nil {
		f.miss(fmt.Sprintf("health checks of its target groups; every %s is assumed: %s", Span(groupInterval),
			briefly(NewCallError("elasticloadbalancing:DescribeTargetGroups", "the target groups", err))))
		return
	}
	for _, found := range out.TargetGroups {
		i := slices.Index(arns, aws.ToString(found.TargetGroupArn))
		if i < 0 {
			continue
		}
		if seconds := aws.ToInt32(found.HealthCheckIntervalSeconds); seconds > 0 {
			groups[i].Interval = time.Duration(seconds) * time.Second
		}
		if count := aws.ToInt32(found.UnhealthyThresholdCount); count > 0 {
			groups[i].Unhealthy = int(count)
		}
	}
}

// readDelay reads the deregistration delay of a target group.
func (d *Deployer) readDelay(ctx context.Context, delay *time.Duration, arn string, f *facts) {
	out, err := d.elb.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn})
	if err != nil {
		f.miss(fmt.Sprintf("deregistration delay of a target group; the default, %s, is assumed: %s", Span(groupDelay),
			briefly(NewCallError("elasticloadbalancing:DescribeTargetGroupAttributes", rollout.ShortName(arn), err))))
		return
	}
	for _, attribute := range out.Attributes {
		if !strings.EqualFold(aws.ToString(attribute.Key), "deregistration_delay.timeout_seconds") {
			continue
		}
		if seconds, err := strconv.Atoi(aws.ToString(attribute.Value)); err == nil && seconds >= 0 {
			*delay = time.Duration(seconds) * time.Second
		}
	}
}
