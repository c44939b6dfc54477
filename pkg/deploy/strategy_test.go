package deploy_test

// What a plan says about a deployment that shifts traffic: its steps and clocks, its
// hooks, and which target group is live.

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// TestShiftOfAPlan: the words, and the least time, worked out by hand.
func TestShiftOfAPlan(t *testing.T) {
	reference := "    {strategy: LINEAR, linearConfiguration: {stepPercent: 10, stepBakeTimeInMinutes: 6}, bakeTimeInMinutes: 15}"
	network := strings.NewReplacer("listener-rule/app/demo/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee", "listener/net/demo/50dc6c495c0c9188/f2f7dc8efc522ab2",
		"listener-rule/app/demo/50dc6c495c0c9188/0467ef3c8400ae65/8a1b2c3d4e5f6071", "listener/net/demo/50dc6c495c0c9188/0467ef3c8400ae65")
	for name, c := range map[string]struct {
		world string
		says  string
		least time.Duration
		hooks []string
	}{
		"blue/green": {shifting(blueGreen), "blue/green, all traffic at once, bake time 5m: at least 5m", 5 * time.Minute, nil},
		"canary":     {shifting(canary), "canary 10% for 5m, then all traffic, bake time 5m: at least 10m", 10 * time.Minute, nil},
		"linear":     {shifting(reference), "linear 10% every 6m, bake time 15m: at least 1h9m", 69 * time.Minute, nil},
		"network":    {network.Replace(shifting(blueGreen)), "blue/green, all traffic at once, bake time 5m, 10m for each shift of the Network Load Balancer: at least 25m", 25 * time.Minute, nil},
		"pause":      {shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), "blue/green, all traffic at once, bake time 5m: at least 5m", 5 * time.Minute, []string{"POST_TEST_TRAFFIC_SHIFT: a pause until somebody continues it, at most 24h, then ROLLBACK"}},
		"function":   {shifting(calling(canary, "PRE_SCALE_UP")), "canary 10% for 5m, then all traffic, bake time 5m: at least 10m", 10 * time.Minute, []string{"PRE_SCALE_UP: function smoke-test, at most 24h, then ROLLBACK"}},
	} {
		inWorld(t, c.world, func(b *bench) {
			plan, err := b.deployer().Plan(b.Context(), request())
			if err != nil {
				t.Fatal(err)
			}
			var hooks []string
			for _, hook := range plan.Shift.Hooks {
				hooks = append(hooks, hook.String())
			}
			if plan.Shift.String() != c.says || time.Duration(plan.Shift.Least) != c.least || !slices.Equal(hooks, c.hooks) {
				t.Errorf("%s: %s, %s, %q", name, plan.Shift, plan.Shift.Least, hooks)
			}
		})
	}
	inWorld(t, shifting(blueGreen), func(b *bench) { // the plan is about the strategy that it sets
		r := request()
		strategy, percent, minutes := "LINEAR", 25.0, int32(4)
		r.Strategy, r.StepPercent, r.StepBakeTimeInMinutes = &strategy, &percent, &minutes
		plan, err := b.deployer().Plan(b.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if says := plan.Shift.String(); says != "linear 25% every 4m, bake time 5m: at least 17m" {
			t.Errorf("changed to linear: %s", says)
		}
	})
	inWorld(t, webWorld, func(b *bench) {
		if plan, err := b.deployer().Plan(b.Context(), request()); err != nil || plan.Shift != nil {
			t.Errorf("a rolling deployment shifts %+v, %v", plan.Shift, err)
		}
	})
}

// TestCheckOfTraffic: the production rule decides which target group is live.
func TestCheckOfTraffic(t *testing.T) {
	for name, c := range map[string]struct{ world, denied, says string }{
		"live":   {shifting(blueGreen), "", "traffic: ok: target group green is live; the new tasks go to blue"},
		"denied": {shifting(blueGreen), "DescribeRules", "traffic: not checked: elasticloadbalancing:DescribeRules is not allowed"},
	} {
		inWorld(t, c.world, func(b *bench) {
			b.refuse = func(operation string) (string, bool) {
				return `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`, c.denied != "" && operation == c.denied
			}
			got := b.checked(request(), nil, deploy.WithTargetHealth(b.elb))
			if !slices.Contains(got, c.says) {
				t.Errorf("%s: no check %q:\n%s", name, c.says, strings.Join(got, "\n"))
			}
			if _, err := deploy.New(b.client, deploy.WithTargetHealth(b.elb)).Prepare(b.Context(), request(), deploy.Policy{Strict: true}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			b.untouched()
		})
	}
}
