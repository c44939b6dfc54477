package deploy

// How a blue/green, linear or canary deployment goes by the configuration of its service:
// the steps, ECS's own clocks, the hooks at each stage, and the target group that is live.

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Shift is how a deployment that shifts traffic goes.
type Shift struct {
	// Strategy is BLUE_GREEN, LINEAR or CANARY.
	Strategy string `json:"strategy"`
	// Percent is the production traffic that each step but the last shifts to the new
	// tasks, Step how long ECS waits after it; both are 0 for BLUE_GREEN.
	Percent float64 `json:"percent,omitempty"`
	Step    Seconds `json:"stepSeconds,omitempty"`
	// Bake is how long both revisions run after the last step (bakeTimeInMinutes).
	Bake Seconds `json:"bakeSeconds"`
	// Least is the shortest time that ECS's own clocks take together, without hooks.
	Least Seconds `json:"leastSeconds"`
	// Hooks are the lifecycle hooks, in the order of the configuration.
	Hooks []ShiftHook `json:"hooks,omitempty"`

	network bool
}

// ShiftHook is a lifecycle hook of a service.
type ShiftHook struct {
	// Stages are the stages at which it fires (lifecycleStages).
	Stages []string `json:"stages"`
	// Function is the Lambda function's name; "" for a pause.
	Function string `json:"function,omitempty"`
	// Limit is how long ECS waits for it, Then what ECS does after that: CONTINUE or
	// ROLLBACK.
	Limit Seconds `json:"limitSeconds"`
	Then  string  `json:"then"`
}

// after is the service as it deploys once the settings are changed.
func (s *described) after(settings []Setting) *described {
	members := map[string]any{deploymentConfiguration: s.Raw[deploymentConfiguration]}
	putSettings(members, s.Raw, settings)
	text, err := json.Marshal(members[deploymentConfiguration])
	if err != nil || len(settings) == 0 {
		return s
	}
	changed := *s.Service
	changed.DeploymentConfiguration = new(types.DeploymentConfiguration)
	if json.Unmarshal(text, changed.DeploymentConfiguration) != nil {
		return s
	}
	return &described{Service: &changed}
}

// shift is how a deployment of the service shifts traffic; nil if it does not.
func (s *described) shift() *Shift {
	c := s.DeploymentConfiguration
	if c == nil || !rollout.Shifts(string(c.Strategy)) {
		return nil
	}
	shift := &Shift{Strategy: string(c.Strategy), Bake: Seconds(time.Duration(aws.ToInt32(c.BakeTimeInMinutes)) * time.Minute), network: s.shiftsNetwork()}
	if steps := ecsapi.StepsOf(c); steps != nil {
		shift.Percent, shift.Step = steps.Percent, Seconds(time.Duration(steps.BakeMinutes)*time.Minute)
	}
	var own clocks
	for _, clock := range s.clocks() {
		if !clock.hook {
			own = append(own, clock)
		}
	}
	shift.Least = Seconds(own.total(false))
	for _, hook := range c.LifecycleHooks {
		shift.Hooks = append(shift.Hooks, shiftHook(hook))
	}
	return shift
}

func shiftHook(hook types.DeploymentLifecycleHook) ShiftHook {
	minutes, then := int32(hookDefault), "ROLLBACK"
	if limit := hook.TimeoutConfiguration; limit != nil {
		minutes = orDefault(limit.TimeoutInMinutes, minutes)
		then = firstLine(string(limit.Action), then)
	}
	h := ShiftHook{Limit: Seconds(time.Duration(minutes) * time.Minute), Then: then}
	if !strings.EqualFold(string(hook.TargetType), "PAUSE") {
		name := aws.ToString(hook.HookTargetArn)
		h.Function = name[strings.LastIndexByte(name, ':')+1:]
	}
	for _, stage := range hook.LifecycleStages {
		h.Stages = append(h.Stages, string(stage))
	}
	return h
}

// String is "linear 10% every 6m, bake time 15m: at least 1h9m".
func (s Shift) String() string {
	percent := strconv.FormatFloat(s.Percent, 'f', -1, 64) + "%"
	text := "blue/green, all traffic at once"
	switch s.Strategy {
	case string(types.DeploymentStrategyLinear):
		text = fmt.Sprintf("linear %s every %s", percent, s.Step)
	case string(types.DeploymentStrategyCanary):
		text = fmt.Sprintf("canary %s for %s, then all traffic", percent, s.Step)
	}
	if s.Bake > 0 {
		text += ", bake time " + s.Bake.String()
	}
	if s.network {
		text += ", " + Span(networkShift) + " for each shift of the Network Load Balancer"
	}
	if s.Least > 0 {
		text += ": at least " + s.Least.String()
	}
	return text
}

// String is "POST_TEST_TRAFFIC_SHIFT: a pause until somebody continues it, at most 24h,
// then ROLLBACK".
func (h ShiftHook) String() string {
	what := "a pause until somebody continues it"
	if h.Function != "" {
		what = "function " + h.Function
	}
	return fmt.Sprintf("%s: %s, at most %s, then %s", strings.Join(h.Stages, ", "), what, h.Limit, h.Then)
}

// traffic checks whether each production rule sends all traffic to one target group of
// its pair, that of the running tasks: it tells ECS which one is live, and ECS rolls back
// at once if it tells of two.
func (c *checker) traffic(ctx context.Context) []Check {
	if !c.starts() || c.plan.Shift == nil || c.plan.InProgress != nil { // traffic may be divided in between
		return nil
	}
	var checks []Check
	running, _ := c.placed(ctx, c.plan.described.runningRevision()) // without permission, only the rules are checked
	for _, balancer := range c.plan.described.LoadBalancers {
		if balancer.AdvancedConfiguration != nil {
			checks = append(checks, c.rule(ctx, balancer, running))
		}
	}
	return checks
}

// rule checks one production rule.
func (c *checker) rule(ctx context.Context, balancer types.LoadBalancer, running map[string]string) Check {
	const subject = "traffic"
	if c.elb == nil {
		return unasked(subject, "there is no client of Elastic Load Balancing")
	}
	production := aws.ToString(balancer.AdvancedConfiguration.ProductionListenerRule)
	found, err := c.route(ctx, production)
	switch {
	case err != nil:
		return unasked(subject, err)
	case len(found.weights) == 0:
		return unasked(subject, "the production rule forwards to no target group")
	}
	pair := pairOf(balancer)
	live := found.live(pair)
	if live == "" {
		return Check{
			Subject: subject, State: CheckProblem, Remedy: "have the rule send all traffic to one of the two target groups" + changing(production),
			Detail: fmt.Sprintf("the production rule sends traffic to %s; unless it is all for %s or %s, ECS rolls the deployment back at once", weighed(found.weights), groupName(pair[0]), groupName(pair[1])),
		}
	}
	if m := found.misses(production, running[production]); m != nil {
		return Check{Subject: subject, State: CheckProblem, Detail: m.String() + besideThem, Remedy: m.advice()}
	}
	other := pair[0]
	if live == other {
		other = pair[1]
	}
	return Check{Subject: subject, State: CheckOK, Detail: fmt.Sprintf("target group %s is live; the new tasks go to %s", groupName(live), groupName(other))}
}

// besideThem is what ECS makes of a rule that somebody has pointed at the other group.
const besideThem = "; ECS does not notice that, and may shift the traffic of a deployment wrongly"
