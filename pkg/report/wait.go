package report

// What a service waits for now, and until when: by clocks that are known only. A time
// that nobody can know is not shown.

import (
	"fmt"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Wait is what a rollout waits for.
type Wait struct {
	// For is what it waits for, as a noun phrase: "2 of 4 new tasks to run".
	For string
	// Clocks are what ends by itself: bake times, steps, hooks. Each says how long it
	// takes from now on.
	Clocks []rollout.Wait
	// Forecast: the plan has a forecast, by which the rollout ends in Left; 0 or less if
	// it takes longer.
	Forecast bool
	Left     time.Duration
}

// String is "waiting for 2 of 4 new tasks to run (about 1m20s left by the forecast)", or
// "bake time ends in 9m40s".
func (w Wait) String() string {
	if len(w.Clocks) > 0 {
		var parts []string
		for _, clock := range w.Clocks {
			parts = append(parts, clock.String())
		}
		return strings.Join(parts, ", ")
	}
	text := "waiting for " + w.For
	switch {
	case w.Forecast && w.Left > 0:
		return fmt.Sprintf("%s (about %s left by the forecast)", text, deploy.Span(w.Left))
	case w.Forecast:
		return fmt.Sprintf("%s (%s longer than the forecast)", text, deploy.Span(-w.Left))
	}
	return text
}

// Wait is what the service waits for at a time of the deployer's clock.
func (s *ServiceStory) Wait(now time.Time) Wait {
	w := Wait{For: s.awaited()}
	if s.Record != nil {
		for _, clock := range s.Record.Waits {
			if clock.Left >= 0 {
				clock.Left = max(clock.Left-max(now.Sub(s.seenAt), 0), 0)
			}
			w.Clocks = append(w.Clocks, clock)
		}
	}
	if s.Plan == nil || s.Plan.Forecast == nil || s.RollingBack() || s.UpdatedAt.IsZero() {
		return w
	}
	if f := s.Plan.Forecast; f.None == "" && !f.Stuck && f.Usual > 0 {
		w.Forecast, w.Left = true, time.Duration(f.Usual)-now.Sub(s.UpdatedAt)
	}
	return w
}

// awaited is what the counts say is missing.
func (s *ServiceStory) awaited() string {
	primary, mine := s.State.Primary(), s.followed()
	switch {
	case s.State == nil:
		return "the first answer of ECS"
	case s.Deployment != nil && s.Deployment.Action == deploy.ActionSettings:
		return missing(s.State.Running, s.State.Desired, "task") + " to run"
	case s.RollingBack() && primary != nil && primary.Running < primary.Desired:
		return fmt.Sprintf("%s of %s to run", missing(primary.Running, primary.Desired, "task"), primary.Name())
	case s.RollingBack():
		return "ECS to finish the rollback"
	case mine == nil:
		return "ECS to show the deployment"
	case mine.RolloutState == rollout.RolloutCompleted && len(s.State.Deployments) == 1:
		return "ECS to record the end"
	case mine.Desired == 0 && s.State.Desired > 0:
		return "ECS to start tasks"
	case mine.Running < mine.Desired:
		return missing(mine.Running, mine.Desired, "new task") + " to run"
	case s.Record != nil && rollout.Shifts(s.Record.Strategy) && s.Record.LifecycleStage != "":
		return "stage " + s.Record.LifecycleStage + " to end"
	case len(s.State.Deployments) > 1:
		return "the new tasks to be healthy, and earlier tasks to stop"
	}
	if alarms := s.Record.Watched(); alarms != "" && s.State.Baking() {
		return "the bake time to end: ECS watches " + alarms
	}
	return "ECS to complete the deployment"
}

// followed is the deployment that is followed, as last seen; nil if ECS does not show it.
func (s *ServiceStory) followed() *rollout.Deployment {
	if s.Deployment != nil {
		return s.State.Deployment(s.Deployment.ID)
	}
	return s.State.Primary()
}

// missing is "2 of 4 new tasks".
func missing(have, want int, noun string) string {
	return fmt.Sprintf("%d of %s", max(want-have, 0), count(want, noun))
}
