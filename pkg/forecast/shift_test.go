package forecast_test

// Deployments that shift traffic, held against times that were worked out by hand from
// the configuration: ECS's own clocks, and 5 s for each change of a rule.

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const (
	albRule = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
	albTest = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/web/50dc6c495c0c9188/0467ef3c8400ae65/8a1b2c3d4e5f6071"
	nlbRule = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/net/web/50dc6c495c0c9188/f2f7dc8efc522ab2"
	nlbTest = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/net/web/50dc6c495c0c9188/0467ef3c8400ae65"
)

// shifting is a service of four tasks with a strategy that shifts traffic.
func shifting(strategy string, members map[string]any) deploy.Conditions {
	c := service(4, 100, 200)
	c.Configuration["strategy"] = strategy
	for name, value := range members {
		c.Configuration[name] = value
	}
	c.Rule, c.TestRule = albRule, albTest
	c.TargetGroups = group(30*time.Second, 0)
	return c
}

// TestShifts: how much longer than a blue/green deployment without bake time each one
// takes, and when the traffic moves.
func TestShifts(t *testing.T) {
	const rule = 5 * time.Second
	plain := made(t, shifting("BLUE_GREEN", map[string]any{"bakeTimeInMinutes": 0}))
	if len(plain.Shifts) != 1 || plain.Shifts[0].Percent != 100 {
		t.Fatalf("%+v", plain)
	}
	// ECS begins after 14.4s, the new tasks start (1m) and are healthy (30s), ECS waits
	// another 40s behind a load balancer, then both rules change.
	first := time.Duration(plain.Shifts[0].After)
	if least := 144400*time.Millisecond + 2*rule; first < least || first > least+5*time.Second {
		t.Errorf("all traffic after %s, want at least %s", first, least)
	}
	network := shifting("BLUE_GREEN", map[string]any{"bakeTimeInMinutes": 0})
	network.Rule, network.TestRule = nlbRule, nlbTest
	for name, c := range map[string]struct {
		conditions deploy.Conditions
		more       time.Duration // than the plain one
		steps      string        // percent, and how much later than the first of the plain one
	}{
		"blue/green, bake 5 min":                           {shifting("BLUE_GREEN", map[string]any{"bakeTimeInMinutes": 5}), 5 * time.Minute, "100+0s"},
		"canary 5 % for 10 min, bake 15 min":               {shifting("CANARY", map[string]any{"bakeTimeInMinutes": 15, "canaryConfiguration": map[string]any{"canaryPercent": 5, "canaryBakeTimeInMinutes": 10}}), 25*time.Minute + rule, "5+0s 100+10m5s"},
		"linear 50 % every 3 min":                          {shifting("LINEAR", map[string]any{"bakeTimeInMinutes": 0, "linearConfiguration": map[string]any{"stepPercent": 50, "stepBakeTimeInMinutes": 3}}), 3*time.Minute + rule, "50+0s 100+3m5s"},
		"linear 30 % every 2 min: the last step is a rest": {shifting("LINEAR", map[string]any{"bakeTimeInMinutes": 1, "linearConfiguration": map[string]any{"stepPercent": 30, "stepBakeTimeInMinutes": 2}}), 7*time.Minute + 3*rule, "30+0s 60+2m5s 90+4m10s 100+6m15s"},
		"Network Load Balancer: 10 min for each shift":     {network, 20 * time.Minute, "100+20m0s"},
	} {
		f := made(t, c.conditions)
		if more := time.Duration(f.Usual - plain.Usual); more != c.more {
			t.Errorf("%s: takes %s more, want %s", name, more, c.more)
		}
		steps := ""
		for i, s := range f.Shifts {
			if i > 0 {
				steps += " "
			}
			steps += fmt.Sprintf("%g+%s", s.Percent, time.Duration(s.After)-first)
		}
		if steps != c.steps {
			t.Errorf("%s: steps %s, want %s", name, steps, c.steps)
		}
		if f.Fewest != 4 || f.Most != 8 || f.Stuck {
			t.Errorf("%s: %d to %d tasks, stuck %t; want 4 to 8", name, f.Fewest, f.Most, f.Stuck)
		}
	}
}

// TestLinearOfTheReference: linear 10 % every 6 min, bake 15 min: ECS's own clocks run
// for 69 minutes.
func TestLinearOfTheReference(t *testing.T) {
	plain := made(t, shifting("BLUE_GREEN", map[string]any{"bakeTimeInMinutes": 0}))
	f := made(t, shifting("LINEAR", map[string]any{"bakeTimeInMinutes": 15, "linearConfiguration": map[string]any{"stepPercent": 10, "stepBakeTimeInMinutes": 6}}))
	if more := time.Duration(f.Usual - plain.Usual); more != 69*time.Minute+9*5*time.Second || len(f.Shifts) != 10 {
		t.Errorf("takes %s more, in %d steps", more, len(f.Shifts))
	}
}

// TestBadImagesOfShifts: the old tasks keep running, whoever ends the deployment.
func TestBadImagesOfShifts(t *testing.T) {
	c := shifting("CANARY", map[string]any{"bakeTimeInMinutes": 5, "canaryConfiguration": map[string]any{"canaryPercent": 5, "canaryBakeTimeInMinutes": 10}})
	c.WhatIf = []string{"crash-loop"}
	if what := made(t, c).WhatIf[0]; what.Verdict != "rolled-back" || !what.ByECS || what.FewestEarlier != 4 {
		t.Errorf("%+v", what)
	}
	c.Configuration["deploymentCircuitBreaker"] = map[string]any{"enable": false, "rollback": false}
	what := made(t, c).WhatIf[0]
	if want := "no circuit breaker: ECS would retry for up to 24h; ecs-deploy would give up at 4 failed tasks, after about 1m30s at the earliest; the service stays half-deployed; 4 of 4 old tasks keep running throughout"; what.Says != want {
		t.Errorf("\n got %s\nwant %s", what.Says, want)
	}
}

// TestForecastOfAShiftIsWhatHappens: the scenarios of the simulator, forecast by what the
// deployer can read and then deployed.
func TestForecastOfAShiftIsWhatHappens(t *testing.T) {
	for _, name := range []string{"blue-green", "canary", "linear"} {
		scenario, err := ecssim.LoadScenario(name)
		if err != nil {
			t.Fatal(err)
		}
		world := scenario.WithSeed(ecssim.Seed{Cluster: "prod", Service: "web", Image: "repo/web:v1"})
		if err := inVirtualTime(t, func(ctx context.Context) error { return compareForecast(ctx, world) }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
