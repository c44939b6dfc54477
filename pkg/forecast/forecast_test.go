package forecast_test

// Forecasts held against tables that were worked out by hand from the arithmetic of
// ECS (the lower limit is rounded up, the upper one down).

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/forecast"
	"github.com/ecs-deploy/ecs-deploy/pkg/report/schematest"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// service is a service with a circuit breaker that rolls back.
func service(tasks, minimum, maximum int) deploy.Conditions {
	return deploy.Conditions{
		Tasks: tasks, Desired: tasks, Patience: rollout.Threshold(tasks), WatchedPatience: rollout.Threshold(tasks) * rollout.Patience,
		Configuration: map[string]any{
			"minimumHealthyPercent": minimum, "maximumPercent": maximum,
			"deploymentCircuitBreaker": map[string]any{"enable": true, "rollback": true},
		},
		Before: []taskdef.Timing{{Container: "app", Essential: true}}, Wanted: []taskdef.Timing{{Container: "app", Essential: true}},
		Starts: []time.Duration{time.Minute},
	}
}

// made is the forecast of some conditions.
func made(t testing.TB, c deploy.Conditions) deploy.Forecast {
	t.Helper()
	f, err := forecast.New(ecssim.Switches{}).Forecast(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	schematest.Events(t, deploy.Event{
		Type: deploy.EventPlan, Plan: &deploy.Plan{Action: deploy.ActionDeploy, Forecast: &f}, Subject: deploy.Subject{Kind: deploy.SubjectService, ARN: "web"},
	})
	return f
}

// waves are the sizes of the waves.
func waves(f deploy.Forecast) string {
	var sizes []string
	for _, wave := range f.Waves {
		sizes = append(sizes, fmt.Sprint(wave.Tasks))
	}
	return strings.Join(sizes, " ")
}

func TestArithmetic(t *testing.T) {
	for _, test := range []struct {
		tasks, minimum, maximum int
		fewest, most            int
		waves                   string
	}{
		{2, 100, 200, 2, 4, "2"},         // lower 2, upper 4
		{4, 100, 200, 4, 8, "4"},         // AWS: four extra
		{4, 50, 100, 2, 4, "2 2"},        // AWS: two are stopped first
		{2, 50, 100, 1, 2, "1 1"},        // lower 1, upper 2
		{3, 50, 100, 2, 3, "1 1 1"},      // lower ceil(1.5) = 2
		{2, 75, 150, 2, 3, "1 1"},        // lower ceil(1.5) = 2, upper 3: one more each time
		{4, 100, 150, 4, 6, "2 2"},       // upper 6
		{4, 100, 125, 4, 5, "1 1 1 1"},   // upper 5
		{7, 100, 150, 7, 10, "3 3 1"},    // upper floor(10.5) = 10
		{1, 0, 100, 0, 1, "1"},           // the old one goes first
		{1, 100, 200, 1, 2, "1"},         // the new one comes first
		{10, 0, 100, 0, 10, "10"},        // all at once
		{10, 50, 150, 5, 15, "10"},       // lower 5, upper 15: five go, and there is room for all ten
		{100, 100, 200, 100, 200, "100"}, // batches of ten are one wave
	} {
		f := made(t, service(test.tasks, test.minimum, test.maximum))
		if f.Fewest != test.fewest || f.Most != test.most || waves(f) != test.waves || f.Stuck {
			t.Errorf("%d tasks, %d/%d: fewest %d, most %d, waves %s, stuck %t; want %d, %d, %s", test.tasks, test.minimum, test.maximum,
				f.Fewest, f.Most, waves(f), f.Stuck, test.fewest, test.most, test.waves)
		}
	}
}

// With 3 tasks, 100 and 125 percent, ECS can neither start nor stop one (AWS's own
// example).
func TestStuck(t *testing.T) {
	f := made(t, service(3, 100, 125))
	if !f.Stuck || f.Usual != 0 || f.Fewest != 3 || f.Most != 3 || len(f.Waves) != 0 {
		t.Errorf("%+v", f)
	}
}

// A wave takes as long as a start, until ECS finds the tasks healthy; the end adds
// ECS's own pauses and the stop of the old tasks.
func TestTimes(t *testing.T) {
	one := made(t, service(4, 100, 200))
	two := made(t, service(4, 50, 100))
	wave := 60*time.Second + 40*time.Second
	const lag, stop, pauses = 20 * time.Second, 13 * time.Second, 22 * time.Second
	for name, test := range map[string]struct{ got, least time.Duration }{
		"one wave, then the old tasks stop":      {time.Duration(one.Usual), wave + stop + lag},
		"two waves, while the old tasks stopped": {time.Duration(two.Usual), 2*wave + lag},
	} {
		if test.got < test.least || test.got > test.least+pauses {
			t.Errorf("%s: %s, want at least %s and not much more", name, test.got, test.least)
		}
	}
	c := service(4, 100, 200)
	for i := range 20 {
		c.Starts = append(c.Starts, time.Minute+time.Duration(i+1)*time.Second)
	}
	// 21 starts of 60 to 80 s: all but the slowest tenth (2) within 78 s.
	spread := made(t, c)
	if spread.Shortest != one.Usual || spread.Usual-one.Usual != deploy.Seconds(18*time.Second) {
		t.Errorf("shortest %s, usual %s; with 1m each %s", spread.Shortest, spread.Usual, one.Usual)
	}
}

// The slower of the checks that a service has decides when a task is healthy.
func TestHealthChecks(t *testing.T) {
	plain := made(t, service(2, 100, 200)).Usual
	check := []taskdef.Timing{{Essential: true, Check: &taskdef.HealthCheck{Interval: 10 * time.Second}}}
	for name, test := range map[string]struct {
		change func(*deploy.Conditions)
		less   time.Duration // than 40 s without a check
		drains time.Duration // instead of 2 s
	}{
		"container":    {func(c *deploy.Conditions) { c.Wanted = check }, 30 * time.Second, 2 * time.Second},
		"target group": {func(c *deploy.Conditions) { c.TargetGroups = group(15*time.Second, 100*time.Second) }, 25 * time.Second, 100 * time.Second},
		"both":         {func(c *deploy.Conditions) { c.Wanted, c.TargetGroups = check, group(15*time.Second, 0) }, 25 * time.Second, 0},
	} {
		c := service(2, 100, 200)
		test.change(&c)
		want := time.Duration(plain) - test.less + test.drains - 2*time.Second
		if got := time.Duration(made(t, c).Usual); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func group(interval, delay time.Duration) []deploy.TargetGroup {
	return []deploy.TargetGroup{{ARN: "x", Interval: interval, Unhealthy: 2, DeregistrationDelay: delay}}
}

// Scaling, and services at 0.
func TestCounts(t *testing.T) {
	for _, test := range []struct{ tasks, desired, fewest, most int }{
		{2, 4, 2, 6}, // the upper limit is that of the new count, 8: two old ones and four new ones
		{4, 2, 2, 4}, {0, 2, 0, 2}, {2, 0, 0, 2}, {0, 0, 0, 0},
	} {
		c := service(test.tasks, 100, 200)
		c.Desired = test.desired
		f := made(t, c)
		if f.Stuck || f.Fewest != test.fewest || f.Most != test.most {
			t.Errorf("%d -> %d tasks: %+v; want fewest %d, most %d", test.tasks, test.desired, f, test.fewest, test.most)
		}
	}
}

// A DAEMON service stops the task of a container instance before it starts the new
// one.
func TestDaemon(t *testing.T) {
	c := service(5, 60, 100)
	c.Daemon = true
	f := made(t, c)
	if f.Stuck || f.Fewest != 3 || f.Most != 5 || waves(f) != "2 2 1" {
		t.Errorf("%+v", f)
	}
}

func TestUnknownScenario(t *testing.T) {
	c := service(2, 100, 200)
	c.WhatIf = []string{"crash-lop"}
	_, err := forecast.New(ecssim.Switches{}).Forecast(t.Context(), c)
	var unknown *forecast.UnknownScenarioError
	if !errors.As(err, &unknown) || !strings.Contains(unknown.Hint(), "crash-loop") {
		t.Errorf("%v", err)
	}
}

// Every scenario of the simulator that is about a bad image is a scenario here, except
// for those that are about the settings of the service or about luck.
func TestScenarios(t *testing.T) {
	other := []string{"access-denied", "blue-green", "blue-green-hook-fails", "canary", "canary-alarm", "flaky-start", "healthy", "linear", "no-circuit-breaker", "no-rollback", "pause", "rule-reset", "slow-start", "superseded", "throttled"}
	count := len(other)
	for _, name := range forecast.Scenarios() {
		if _, err := ecssim.LoadScenario(name); err != nil {
			t.Error(err)
		}
		count++
	}
	if all := len(ecssim.Scenarios()); all != count {
		t.Errorf("the simulator has %d scenarios, and this test knows %d", all, count)
	}
}
