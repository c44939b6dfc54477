// Package forecast plays a deployment before anybody starts it: it makes a simulated
// ECS of what is known about a service, and lets the deployment happen there in
// virtual time. It implements [deploy.Forecaster].
//
//	d := deploy.New(client, deploy.WithForecaster(forecast.New(ecssim.Switches{}), "crash-loop"))
//	plan, err := d.Plan(ctx, request) // plan.Forecast
//
// It reads and writes nothing, opens no socket and never sleeps: a deployment of a
// hundred tasks takes milliseconds.
package forecast

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// horizon is how long a deployment is followed that ECS or the service's own
// settings should end.
const horizon = 24 * time.Hour

// Forecaster plays deployments. It may be used by several goroutines.
type Forecaster struct{ timing ecssim.Switches }

// New makes a forecaster. timing is how ECS itself is timed; its zero value is as ECS
// was observed.
func New(timing ecssim.Switches) *Forecaster { return &Forecaster{timing} }

// Forecast plays the deployment, and each scenario that the conditions name. The
// error says why it could not be played; an unknown scenario is an
// [*UnknownScenarioError].
func (f *Forecaster) Forecast(ctx context.Context, c deploy.Conditions) (deploy.Forecast, error) {
	if err := Check(c.WhatIf...); err != nil {
		return deploy.Forecast{}, err
	}
	fastest, slowest := startTimes(c.Starts)
	usual, err := f.play(ctx, c, good(c, slowest), horizon)
	if err != nil {
		return deploy.Forecast{}, err
	}
	shortest := usual
	if fastest != slowest {
		if shortest, err = f.play(ctx, c, good(c, fastest), horizon); err != nil {
			return deploy.Forecast{}, err
		}
	}
	made := deploy.Forecast{
		Stuck: usual.status != successful, Shortest: deploy.Seconds(shortest.took), Usual: deploy.Seconds(usual.took),
		Fewest: min(usual.fewest, shortest.fewest), Most: max(usual.most, shortest.most),
		MostWithStopping: max(usual.mostWithStopping, shortest.mostWithStopping),
		Waves:            usual.waves, Shifts: usual.shifts, Basis: f.basis(c), Unknown: unknown(c),
	}
	if made.Stuck {
		made.Shortest, made.Usual = 0, 0
	}
	for _, name := range expanded(c.WhatIf) {
		what, err := f.whatIf(ctx, c, name, slowest)
		if err != nil {
			return deploy.Forecast{}, err
		}
		made.WhatIf = append(made.WhatIf, what)
	}
	return made, nil
}

// startTimes are the fastest start among some in ascending order, and the one that
// only the slowest tenth exceeds: a wave is as slow as its slowest task.
func startTimes(starts []time.Duration) (fastest, slowest time.Duration) {
	n := len(starts)
	if n == 0 {
		return 0, 0
	}
	return starts[0], starts[(9*n+9)/10-1]
}

// basis is what a forecast assumes about ECS and the containers.
func (f *Forecaster) basis(c deploy.Conditions) []deploy.Basis {
	var basis []deploy.Basis
	assume := func(name string, value time.Duration, source string) {
		basis = append(basis, deploy.Basis{Name: name, Value: deploy.Span(value), Source: source})
	}
	if len(c.Starts) == 0 {
		assume("start of a task", 25*time.Second, "assumed: no running task to measure")
	}
	after, source := healthyAfter(c)
	assume("healthy after", after, source)
	assume("stop of a task", or(f.timing.TaskStopTime, 11*time.Second), "assumed")
	assume("completion by ECS", or(f.timing.CompletionLag, 20*time.Second), "assumed")
	if shifts(c) && c.Rule != "" {
		assume("change of a listener rule", 5*time.Second, "assumed")
	}
	if shifts(c) && strings.Contains(c.Rule, ":listener/net/") {
		assume("each shift of the Network Load Balancer", 10*time.Minute, "AWS documentation")
	}
	if watchesAlarms(c) && !shifts(c) {
		assume("bake time", or(f.timing.BakeTime, 3*time.Minute), "assumed: ECS computes it from the alarms")
	}
	return basis
}

// or is a duration, or a default.
func or(d *ecssim.Duration, fallback time.Duration) time.Duration {
	if d == nil {
		return fallback
	}
	return time.Duration(*d)
}

// unknown is what no forecast can know.
func unknown(c deploy.Conditions) []string {
	list := []string{"health of the new tasks", "a cold pull of the new image"}
	if hooks, ok := c.Configuration["lifecycleHooks"].([]any); ok && len(hooks) > 0 {
		list = append(list, "duration of its "+plural(len(hooks), "lifecycle hook", "lifecycle hooks"))
	}
	if c.Daemon {
		return list
	}
	return append(list, "room for the extra tasks")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
