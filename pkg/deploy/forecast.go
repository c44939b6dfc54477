package deploy

// The forecast of a plan: how its deployment would go, and what the service's own
// settings would do about a bad image. This file holds the values and asks for one;
// a [Forecaster] plays the deployment, and conditions.go reads what it needs to know.

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Forecaster plays a deployment before anybody starts it. Package forecast has one.
type Forecaster interface {
	// Forecast plays the deployment of a service under these conditions. It reads
	// and writes nothing. The error says why it could not.
	Forecast(ctx context.Context, c Conditions) (Forecast, error)
}

// WithForecaster has every plan that starts a deployment, and every preview of a
// rollback, carry a [Forecast], also of what would happen in the named scenarios of a
// bad image. They then read more: the
// tasks of the service, its earlier deployments and its target groups.
func WithForecaster(f Forecaster, whatIf ...string) Option {
	return func(d *Deployer) { d.forecaster, d.whatIf = f, whatIf }
}

// Forecast is how a deployment is expected to go if the new tasks start and become
// healthy as the service's tasks do now.
type Forecast struct {
	// None says why there is no forecast; every other field is empty then.
	None string `json:"none,omitempty"`
	// Stuck: the deployment never ends, because ECS can neither start nor stop a task.
	Stuck bool `json:"stuck,omitempty"`
	// Shortest and Usual are the times from UpdateService to the end of the
	// deployment: with tasks that start as fast as the fastest of the service's
	// tasks did, and as all but the slowest tenth of them did.
	Shortest Seconds `json:"shortestSeconds"`
	Usual    Seconds `json:"usualSeconds"`
	// Fewest is the lowest number of running tasks on the way, of all deployments.
	// Most is the highest number of running and starting tasks, MostWithStopping
	// that of all tasks: those that are stopping still hold their place.
	Fewest           int `json:"fewestRunning"`
	Most             int `json:"most"`
	MostWithStopping int `json:"mostWithStopping"`
	// Waves are the groups in which new tasks start; a group starts when tasks of
	// the one before are healthy.
	Waves []Wave `json:"waves,omitempty"`
	// Shifts are when the production traffic of the new tasks changes, if the deployment
	// shifts traffic with a load balancer.
	Shifts []TrafficShift `json:"shifts,omitempty"`
	// Basis is what the numbers rest on.
	Basis []Basis `json:"basis,omitempty"`
	// Unknown is what no forecast can know, and what could not be read.
	Unknown []string `json:"unknown,omitempty"`
	// WhatIf is what would happen if the new tasks were bad.
	WhatIf []WhatIf `json:"whatIf,omitempty"`
}

// Wave is a group of new tasks that start together.
type Wave struct {
	// After is when the first of them starts, from UpdateService.
	After Seconds `json:"afterSeconds"`
	// Tasks is how many there are.
	Tasks int `json:"tasks"`
}

// TrafficShift is one change of where the production traffic goes.
type TrafficShift struct {
	// After is when, from UpdateService.
	After Seconds `json:"afterSeconds"`
	// Percent is what the new tasks get from then on.
	Percent float64 `json:"percent"`
}

// Basis is one thing that a forecast rests on.
type Basis struct {
	// Name is what it is, Value what it is taken to be, Source how that is known.
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// String is "start of a task 1m (2 running tasks)".
func (b Basis) String() string { return b.Name + " " + b.Value + " (" + b.Source + ")" }

// WhatIf is what would happen in one scenario of a bad image.
type WhatIf struct {
	// Scenario is the name of the scenario.
	Scenario string `json:"scenario"`
	// Verdict is what ecs-deploy would report: rolled-back or failed if ECS ends the
	// deployment, failed if ecs-deploy gives up first, timed-out if nobody ends it,
	// succeeded if the service has nothing that would notice.
	Verdict rollout.Verdict `json:"verdict"`
	// ByECS: ECS itself ends the deployment.
	ByECS bool `json:"byECS"`
	// After is when, from UpdateService; a rollback included. 0: nobody ends it. If
	// ecs-deploy gives up first, it is the earliest time: ecs-deploy gives up when a look
	// shows none of the new tasks running.
	After Seconds `json:"afterSeconds,omitempty"`
	// FailedTasks is how many tasks fail until then, as ECS counts them.
	FailedTasks int `json:"failedTasks"`
	// Earlier is the number of tasks that run before, FewestEarlier the lowest number
	// of them, or of replacements of the same revision, that run on the way.
	Earlier       int `json:"earlierTasks"`
	FewestEarlier int `json:"fewestEarlierTasks"`
	// Says is all of this in a sentence.
	Says string `json:"says"`
}

// Seconds is a time span that JSON shows as a number of seconds.
type Seconds time.Duration

// MarshalJSON writes the number of seconds.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(s).Seconds(), 'f', -1, 64), nil
}

// UnmarshalJSON reads a number of seconds.
func (s *Seconds) UnmarshalJSON(text []byte) error {
	number, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("%s is not a number of seconds", text)
	}
	*s = Seconds(number * float64(time.Second))
	return nil
}

// String is the span as people write it, such as 2m30s.
func (s Seconds) String() string { return Span(time.Duration(s)) }

// foresee adds the forecast to a plan. If there can be none, the forecast says why, and the
// plan is still valid.
func (d *Deployer) foresee(ctx context.Context, p *Plan) {
	if d.forecaster == nil || p.Action != ActionDeploy && p.Action != ActionRestart {
		return
	}
	if why := unforeseeable(p); why != "" {
		p.Forecast = &Forecast{None: why}
		return
	}
	conditions, facts := d.conditions(ctx, p)
	made, err := d.forecaster.Forecast(ctx, conditions)
	if err != nil {
		p.Forecast = &Forecast{None: err.Error()}
		return
	}
	made.Basis = slices.Concat(facts.basis, made.Basis, facts.compare)
	made.Unknown = append(facts.unknown, made.Unknown...)
	p.Forecast = &made
}

// unforeseeable says why nobody can tell how a deployment would go, or is "".
func unforeseeable(p *Plan) string {
	service := p.described
	if c := service.DeploymentConfiguration; c != nil && c.Strategy != "" && c.Strategy != types.DeploymentStrategyRolling && p.Shift == nil {
		return fmt.Sprintf("a forecast does not cover the strategy %s", c.Strategy)
	}
	if len(service.LoadBalancers) > len(service.TargetGroups()) {
		return "a forecast does not cover services behind a Classic Load Balancer"
	}
	if p.InProgress != nil {
		return fmt.Sprintf("deployment %s of %s is in progress; a forecast starts from a service at rest", p.InProgress.ID, p.InProgress.Name())
	}
	return ""
}
