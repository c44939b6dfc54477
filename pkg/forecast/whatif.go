package forecast

// What the service's own settings would do about a bad image: scenarios of the
// simulator, played with the service's own times.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// All stands for all scenarios.
const All = "all"

// scenarios are those of the simulator that are about a bad image, in the order of
// what goes wrong first.
var scenarios = []string{
	"cannot-pull", "secrets-missing", "efs-unreachable", "no-capacity", "crash-loop", "out-of-memory", "unhealthy", "alarm-rollback",
}

// Scenarios are the names that [deploy.WithForecaster] takes, beside [All].
func Scenarios() []string { return slices.Clone(scenarios) }

// UnknownScenarioError is an unknown scenario name.
type UnknownScenarioError struct{ Name string }

func (e *UnknownScenarioError) Error() string { return fmt.Sprintf("unknown scenario %q", e.Name) }

// Hint names the scenarios.
func (e *UnknownScenarioError) Hint() string {
	return "use one of " + strings.Join(scenarios, ", ") + ", or " + All
}

// ExitCode is that of a usage error.
func (e *UnknownScenarioError) ExitCode() int { return exitcode.Usage }

// Check reports the first name that is not a scenario, as an [*UnknownScenarioError].
func Check(names ...string) error {
	for _, name := range names {
		if name != All && !slices.Contains(scenarios, name) {
			return &UnknownScenarioError{Name: name}
		}
	}
	return nil
}

// expanded are the scenarios that names stand for, each once.
func expanded(names []string) []string {
	if slices.Contains(names, All) {
		return scenarios
	}
	var once []string
	for _, name := range names {
		if !slices.Contains(once, name) {
			once = append(once, name)
		}
	}
	return once
}

// whatIf plays one scenario.
func (f *Forecaster) whatIf(ctx context.Context, c deploy.Conditions, name string, start time.Duration) (deploy.WhatIf, error) {
	t, err := bad(c, name, start)
	if err != nil {
		return deploy.WhatIf{}, err
	}
	limit := horizon
	if !hasBreaker(c) && len(t.alarms) == 0 {
		limit = deploy.DefaultCompleteTimeout // nobody else ends it
	}
	p, err := f.play(ctx, c, t, limit)
	if err != nil {
		return deploy.WhatIf{}, err
	}
	what := deploy.WhatIf{
		Scenario: name, Verdict: rollout.TimedOut, ByECS: p.ended(), After: deploy.Seconds(p.took),
		FailedTasks: p.failed, Earlier: c.Tasks, FewestEarlier: p.fewestEarlier,
	}
	switch {
	case p.status == successful:
		what.Verdict = rollout.Succeeded
	case p.status == rolledBack:
		what.Verdict = rollout.RolledBack
	case p.ended():
		what.Verdict = rollout.Failed
	case p.hopeless:
		what.Verdict, what.FailedTasks = rollout.Failed, p.failedInAll
	default:
		what.After, what.FailedTasks = 0, p.failedInAll
	}
	what.Says = sentence(c, what, p)
	return what, nil
}

// bad is the tale of a scenario, told with the service's own times.
func bad(c deploy.Conditions, name string, start time.Duration) (tale, error) {
	world, err := ecssim.LoadScenario(name)
	if err != nil {
		return tale{}, err
	}
	t := tale{start: start}
	if world.ClusterDefaults != nil {
		t.slots = world.ClusterDefaults.TaskSlots
	}
	for _, rule := range world.Images {
		if start > 0 && rule.StartAfter > 0 {
			rule.StartAfter = ecssim.Duration(start)
		}
		switch rule.Behaviour {
		case ecssim.Unhealthy:
			rule = unhealthy(c, rule)
		case ecssim.Starts, "":
			rule = healthy(c, rule.Match, start)
		}
		t.images = append(t.images, rule)
	}
	if names := alarmNames(c); len(world.Alarms) > 0 && len(names) > 0 {
		alarm := world.Alarms[0]
		alarm.Name, alarm.ExceptImages = names[0], []string{beforeImage}
		t.alarms = []ecssim.AlarmSpec{alarm}
	}
	return t, nil
}

// unhealthy makes the health check fail that the service has.
func unhealthy(c deploy.Conditions, rule ecssim.ImageRule) ecssim.ImageRule {
	if len(c.TargetGroups) == 0 {
		if _, checked := containerCheck(c.Wanted); checked {
			rule.Check, rule.After = "container", 0 // what its settings make
		}
		return rule
	}
	group := c.TargetGroups[0]
	rule.After = ecssim.Duration(group.Interval * time.Duration(group.Unhealthy))
	return rule
}

// alarmNames are the alarms that the service's deployments watch.
func alarmNames(c deploy.Conditions) []string {
	settings, _ := c.Configuration["alarms"].(map[string]any)
	list, _ := settings["alarmNames"].([]any)
	var names []string
	for _, element := range list {
		if name, ok := element.(string); ok && settings["enable"] == true {
			names = append(names, name)
		}
	}
	return names
}

// sentence says how a scenario ends.
func sentence(c deploy.Conditions, w deploy.WhatIf, p played) string {
	failed, after := plural(w.FailedTasks, "failed task", "failed tasks"), about(time.Duration(w.After))
	if w.FailedTasks == 0 {
		failed = "the alarm goes off"
	}
	late := ""
	if time.Duration(w.After) > deploy.DefaultCompleteTimeout && !shifts(c) { // as long as the clocks of ECS run
		late = fmt.Sprintf(" (ecs-deploy waits %s by default)", deploy.Span(deploy.DefaultCompleteTimeout))
	}
	var text string
	switch {
	case c.Desired == 0 && !c.Daemon:
		return "the desired count is 0: ECS starts no task, and the deployment succeeds"
	case w.Verdict == rollout.Succeeded:
		return fmt.Sprintf("nothing would notice: the service has no %s, and the deployment succeeds", missing(w.Scenario))
	case w.Verdict == rollout.RolledBack:
		text = fmt.Sprintf("%s, then ECS rolls back; done after about %s%s", failed, after, late)
	case w.ByECS && c.NoWayBack:
		text = fmt.Sprintf("%s, then ECS gives up after about %s%s; no deployment has completed that ECS could roll back to; the service stays half-deployed", failed, after, late)
	case w.ByECS:
		text = fmt.Sprintf("%s, then ECS gives up after about %s%s and does not roll back; the service stays half-deployed", failed, after, late)
	case w.Verdict == rollout.Failed:
		text = fmt.Sprintf("%s: ECS would retry %s; ecs-deploy would give up at %s, after about %s at the earliest; the service stays half-deployed", unguarded(c, p), forever(c), failed, after)
	case p.status == rollingBack:
		text = fmt.Sprintf("%s, then ECS rolls back and cannot start the old tasks again; ecs-deploy stops waiting after %s; the service stays half-deployed", failed, deploy.Span(deploy.DefaultCompleteTimeout))
	default:
		text = fmt.Sprintf("%s: ECS would retry %s; ecs-deploy stops waiting after %s; the service stays half-deployed", unguarded(c, p), forever(c), deploy.Span(deploy.DefaultCompleteTimeout))
	}
	return text + earlier(w, p)
}

// forever is for how long ECS starts failing tasks again: a stage of a deployment that
// shifts traffic has a limit.
func forever(c deploy.Conditions) string {
	if shifts(c) {
		return "for up to 24h"
	}
	return "for ever"
}

// unguarded is why nobody ends a deployment.
func unguarded(c deploy.Conditions, p played) string {
	switch {
	case hasBreaker(c) && p.endless:
		return "the circuit breaker does not act, because some tasks become healthy before they fail"
	case hasBreaker(c):
		return fmt.Sprintf("the circuit breaker does not act within %s", deploy.Span(horizon))
	case watchesAlarms(c):
		return "no circuit breaker, and no alarm goes off"
	}
	return "no circuit breaker"
}

// missing is what would notice a scenario.
func missing(scenario string) string {
	if scenario == "alarm-rollback" {
		return "deployment alarms"
	}
	return "health check"
}

// earlier says what becomes of the tasks that run now.
func earlier(w deploy.WhatIf, p played) string {
	switch {
	case w.Earlier == 0:
		return ""
	case w.FewestEarlier == w.Earlier && w.Earlier == 1:
		return "; the old task keeps running throughout"
	case w.FewestEarlier == w.Earlier:
		return fmt.Sprintf("; %d of %d old tasks keep running throughout", w.FewestEarlier, w.Earlier)
	case p.fewestHealthy > w.FewestEarlier:
		return "; by then new tasks have replaced old ones"
	case w.Earlier == 1:
		return "; for a while no task is running"
	case w.FewestEarlier == 0:
		return fmt.Sprintf("; for a while none of %d old tasks is running", w.Earlier)
	}
	verb := "are"
	if w.FewestEarlier == 1 {
		verb = "is"
	}
	return fmt.Sprintf("; for a while only %d of %d old tasks %s running", w.FewestEarlier, w.Earlier, verb)
}

// about rounds a time as somebody would who tells it: to 10 seconds, from five minutes
// on to minutes.
func about(d time.Duration) string {
	if d >= 5*time.Minute {
		return deploy.Span(d.Round(time.Minute))
	}
	return deploy.Span(max(d.Round(10*time.Second), 10*time.Second))
}
