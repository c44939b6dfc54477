package deploy

// How long the configuration of a service lets a deployment take, beside the start of its
// tasks: bake times, steps, hooks, and the shifts of a Network Load Balancer.

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// clock is one of ECS's own clocks.
type clock struct {
	name  string
	takes time.Duration
	pause bool // it is the time in which a person may answer
	hook  bool // it is a limit of hooks, which may end earlier
	open  bool // nobody has set its limit, so that a hang would last for a day
}

// clocks are those of a deployment, in the order in which they run.
type clocks []clock

// total is how long they run; pauses count only if they are waited for.
func (c clocks) total(pauses bool) time.Duration {
	var total time.Duration
	for _, clock := range c.counted(pauses) {
		total += clock.takes
	}
	return total
}

func (c clocks) counted(pauses bool) clocks {
	return slices.DeleteFunc(slices.Clone(c), func(c clock) bool { return c.pause && !pauses || c.takes == 0 || c.open })
}

// open are the clocks whose limits nobody has set.
func (c clocks) open() clocks {
	return slices.DeleteFunc(slices.Clone(c), func(c clock) bool { return !c.open })
}

// String is "bake time 15m, 9 steps of 6m".
func (c clocks) String() string {
	var parts []string
	for _, clock := range c {
		parts = append(parts, clock.name)
	}
	return strings.Join(parts, ", ")
}

const (
	// networkShift is how much longer each shift takes with a Network Load Balancer
	// (Amazon ECS, "Network Load Balancer resources for blue/green deployments").
	networkShift = 10 * time.Minute
	// hookDefault is the default of timeoutInMinutes of a lifecycle hook.
	hookDefault = 1440
)

// clocks are ECS's own clocks in a rollout of the service that goes well.
func (s *described) clocks() clocks {
	c := s.DeploymentConfiguration
	if c == nil {
		return nil
	}
	var all clocks
	shifts := 1 // of production traffic
	if steps := ecsapi.StepsOf(c); steps != nil {
		pauses := 1 // a canary deployment has one step before the last
		if c.Strategy == types.DeploymentStrategyLinear {
			pauses = int(math.Ceil(100/max(steps.Percent, 3))) - 1 // 3 is the least that ECS takes
		}
		shifts += pauses
		step := time.Duration(steps.BakeMinutes) * time.Minute
		all = append(all, clock{name: fmt.Sprintf("%d × %s between steps", pauses, Span(step)), takes: time.Duration(pauses) * step})
	}
	if bake := time.Duration(aws.ToInt32(c.BakeTimeInMinutes)) * time.Minute; bake > 0 {
		all = append(all, clock{name: "bake time " + Span(bake), takes: bake})
	}
	if rollout.Shifts(string(c.Strategy)) && s.shiftsNetwork() {
		takes := time.Duration(shifts+1) * networkShift // and the shift of the test traffic
		all = append(all, clock{name: fmt.Sprintf("%d shifts of a Network Load Balancer, %s", shifts+1, Span(takes)), takes: takes})
	}
	var functions, pauses []types.DeploymentLifecycleHook
	for _, hook := range c.LifecycleHooks {
		switch h := shiftHook(hook); {
		case h.Function == "":
			pauses = append(pauses, hook)
		case h.Limit == Seconds(hookDefault*time.Minute):
			all = append(all, clock{name: "hook " + h.Function, takes: hookDefault * time.Minute, hook: true, open: true})
		default:
			functions = append(functions, hook)
		}
	}
	if takes := hookTimes(functions, shifts); takes > 0 {
		all = append(all, clock{name: "hooks up to " + Span(takes), takes: takes, hook: true})
	}
	if takes := hookTimes(pauses, shifts); takes > 0 {
		all = append(all, clock{name: "pauses up to " + Span(takes), takes: takes, hook: true, pause: true})
	}
	return all
}

// shiftsNetwork reports whether ECS shifts the traffic of a Network Load Balancer.
func (s *described) shiftsNetwork() bool {
	return slices.ContainsFunc(s.LoadBalancers, func(b types.LoadBalancer) bool {
		return b.AdvancedConfiguration != nil && ofNetwork(aws.ToString(b.AdvancedConfiguration.ProductionListenerRule))
	})
}

// hookTimes is how long hooks may take at all stages: those of one stage run together, and
// the stages of a shift come once for each.
func hookTimes(hooks []types.DeploymentLifecycleHook, shifts int) time.Duration {
	longest := map[string]time.Duration{}
	for _, hook := range hooks {
		h := shiftHook(hook)
		for _, stage := range h.Stages {
			longest[stage] = max(longest[stage], time.Duration(h.Limit))
		}
	}
	var total time.Duration
	for stage, limit := range longest {
		times := 1
		if strings.HasSuffix(stage, rollout.StageShift) && !strings.HasPrefix(stage, "POST_") { // before and at each shift
			times = shifts
		}
		total += time.Duration(times) * limit
	}
	return total
}

// defaultLimit says for how long the watch waits, and why; "" if that is as usual.
func (w *watch) defaultLimit() string {
	counted, open := w.looker.clocks.counted(w.options.OnPause == OnPauseWait), w.looker.clocks.open()
	if len(counted) == 0 && len(open) == 0 {
		return ""
	}
	text := fmt.Sprintf("waiting up to %s for the deployment to end", Span(w.completeLimit()))
	if len(counted) > 0 {
		text += fmt.Sprintf(": %s, and %s", Span(DefaultCompleteTimeout), counted)
	}
	if len(open) > 0 {
		text += fmt.Sprintf("; not counted: %s, for which ECS waits up to %s", open, Span(hookDefault*time.Minute))
	}
	return text
}

// announce says at the start what the first look at the service tells of the watch: how
// long it waits, if the configuration lets the deployment take longer than usual, and
// that the strategy does not have the end that it should wait for.
func (w *watch) announce(record *rollout.ServiceDeployment) {
	ending := record != nil && (record.Ended() || record.GoingBack()) // the clocks do not run any more
	if limit := w.defaultLimit(); limit != "" && !ending && w.options.CompleteTimeout == 0 && w.looker.deployment.Action != ActionSettings {
		w.emit(Event{Type: EventLimit, Message: limit})
	}
	if strategy := w.looker.before.Strategy; w.options.Until.Shifting() && !rollout.Shifts(strategy) {
		if strategy == "" {
			strategy = rollout.StrategyRolling
		}
		w.emit(Event{Type: EventWarning, Message: fmt.Sprintf("the service deploys with the strategy %s, which shifts no traffic: --until %s waits until the deployment completed", strategy, w.options.Until)})
	}
}
