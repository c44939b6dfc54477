package forecast_test

import (
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/forecast"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// breaker is a service with a circuit breaker as given.
func breaker(tasks, minimum, maximum int, enable, rollback bool) deploy.Conditions {
	c := service(tasks, minimum, maximum)
	c.Configuration["deploymentCircuitBreaker"] = map[string]any{"enable": enable, "rollback": rollback}
	return c
}

// The verdicts follow from the circuit breaker and its threshold (half the desired
// count, at least 3), the old tasks from the limits.
func TestWhatIf(t *testing.T) {
	checked := []taskdef.Timing{{Essential: true, Check: &taskdef.HealthCheck{}}}
	for _, test := range []struct {
		name     string
		c        deploy.Conditions
		scenario string
		want     deploy.WhatIf
	}{
		{"two at once, twice", breaker(2, 100, 200, true, true), "crash-loop", deploy.WhatIf{
			Verdict: rollout.RolledBack, ByECS: true, FailedTasks: 4, Earlier: 2, FewestEarlier: 2}},
		{"half of ten", breaker(10, 100, 200, true, true), "crash-loop", deploy.WhatIf{
			Verdict: rollout.RolledBack, ByECS: true, FailedTasks: 10, Earlier: 10, FewestEarlier: 10}},
		{"the old ones go first", breaker(4, 50, 100, true, true), "crash-loop", deploy.WhatIf{
			Verdict: rollout.RolledBack, ByECS: true, FailedTasks: 4, Earlier: 4, FewestEarlier: 2}},
		{"one task, and nothing else", breaker(1, 0, 100, true, true), "cannot-pull", deploy.WhatIf{
			Verdict: rollout.RolledBack, ByECS: true, FailedTasks: 3, Earlier: 1, FewestEarlier: 0}},
		{"no rollback", breaker(2, 100, 200, true, false), "crash-loop", deploy.WhatIf{
			Verdict: rollout.Failed, ByECS: true, FailedTasks: 4, Earlier: 2, FewestEarlier: 2}},
		{"no breaker", breaker(2, 100, 200, false, false), "crash-loop", deploy.WhatIf{
			Verdict: rollout.Failed, FailedTasks: 4, Earlier: 2, FewestEarlier: 2}},
		{"no check", breaker(2, 100, 200, true, true), "unhealthy", deploy.WhatIf{
			Verdict: rollout.Succeeded, ByECS: true, Earlier: 2, FewestEarlier: 0}},
		{"container check", with(breaker(2, 100, 200, true, true), func(c *deploy.Conditions) { c.Wanted = checked }), "unhealthy", deploy.WhatIf{
			Verdict: rollout.RolledBack, ByECS: true, FailedTasks: 4, Earlier: 2, FewestEarlier: 2}},
		{"no alarms", breaker(2, 100, 200, true, true), "alarm-rollback", deploy.WhatIf{
			Verdict: rollout.Succeeded, ByECS: true, Earlier: 2, FewestEarlier: 0}},
		{"alarms", with(breaker(2, 100, 200, true, true), func(c *deploy.Conditions) {
			c.Configuration["alarms"] = map[string]any{"alarmNames": []any{"5xx"}, "enable": true, "rollback": true}
		}), "alarm-rollback", deploy.WhatIf{Verdict: rollout.RolledBack, ByECS: true, Earlier: 2, FewestEarlier: 0}},
		{"no way back", with(breaker(2, 100, 200, true, true), func(c *deploy.Conditions) { c.NoWayBack = true }), "crash-loop", deploy.WhatIf{
			Verdict: rollout.Failed, ByECS: true, FailedTasks: 4, Earlier: 2, FewestEarlier: 2}},
		{"nothing to start", with(breaker(0, 100, 200, true, true), func(*deploy.Conditions) {}), "crash-loop", deploy.WhatIf{
			Verdict: rollout.Succeeded, ByECS: true}},
		{"no room, and none for the old ones either", breaker(4, 50, 100, true, true), "no-capacity", deploy.WhatIf{
			Verdict: rollout.TimedOut, FailedTasks: 3, Earlier: 4, FewestEarlier: 2}},
		{"no room, no breaker", breaker(2, 100, 200, false, false), "no-capacity", deploy.WhatIf{
			Verdict: rollout.TimedOut, FailedTasks: 2, Earlier: 2, FewestEarlier: 2}},
	} {
		test.c.WhatIf = []string{test.scenario}
		got := made(t, test.c).WhatIf[0]
		t.Logf("%s: %s: %s", test.name, test.scenario, got.Says)
		test.want.Scenario, test.want.Says, test.want.After = test.scenario, got.Says, got.After
		if got != test.want {
			t.Errorf("%s:\n got %+v\nwant %+v", test.name, got, test.want)
		}
	}
}

func with(c deploy.Conditions, change func(*deploy.Conditions)) deploy.Conditions {
	change(&c)
	return c
}

// The sentences, as people read them.
func TestSays(t *testing.T) {
	for _, test := range []struct {
		c              deploy.Conditions
		scenario, want string
	}{
		{breaker(2, 100, 200, true, true), "crash-loop", "4 failed tasks, then ECS rolls back; done after about 4m10s; 2 of 2 old tasks keep running throughout"},
		{breaker(2, 100, 200, false, false), "crash-loop", "no circuit breaker: ECS would retry for ever; ecs-deploy would give up at 4 failed tasks, after about 3m at the earliest; the service stays half-deployed; 2 of 2 old tasks keep running throughout"},
		{breaker(4, 50, 100, true, true), "no-capacity", "3 failed tasks, then ECS rolls back and cannot start the old tasks again; ecs-deploy stops waiting after 30m; the service stays half-deployed; for a while only 2 of 4 old tasks are running"},
	} {
		test.c.WhatIf = []string{test.scenario}
		if got := made(t, test.c).WhatIf[0].Says; got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.scenario, got, test.want)
		}
	}
}

// BenchmarkForecast is the forecast of 100 tasks; its budget is 100 ms of CPU.
func BenchmarkForecast(b *testing.B) {
	c := service(100, 50, 150)
	c.Starts = []time.Duration{time.Minute, 2 * time.Minute}
	for b.Loop() {
		made(b, c)
	}
}

// BenchmarkAllScenarios is the same with everything that can go wrong.
func BenchmarkAllScenarios(b *testing.B) {
	c := service(100, 50, 150)
	c.WhatIf = []string{forecast.All}
	for b.Loop() {
		made(b, c)
	}
}

// A simulated account has its own times: the forecast uses them.
func TestTiming(t *testing.T) {
	lag := ecssim.Duration(2 * time.Minute)
	slow, err := forecast.New(ecssim.Switches{CompletionLag: &lag}).Forecast(t.Context(), service(2, 100, 200))
	if err != nil {
		t.Fatal(err)
	}
	if more := time.Duration(slow.Usual - made(t, service(2, 100, 200)).Usual); more != 100*time.Second {
		t.Errorf("with a completion lag of 2m in the place of 20s it takes %s more", more)
	}
}
