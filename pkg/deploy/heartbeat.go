package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// A watch may be silent for so long before it says what it waits for. While a clock
// runs or a hook is waited for, that is a tenth of what is left, at most heartbeatSlow:
// build systems end a job that prints nothing for ten minutes.
const (
	heartbeat     = time.Minute
	heartbeatSlow = 5 * time.Minute
)

func (w *watch) heartbeat() time.Duration {
	left := time.Duration(0)
	if record := w.last.ServiceDeployment; record != nil && !w.tracker.RollingBack() {
		for _, wait := range record.Waits {
			left = max(left, wait.Left)
		}
	}
	return min(max(left/10, heartbeat), heartbeatSlow)
}

// clockLeft is for how long nothing but one of ECS's clocks is waited for; 0 if
// something else may happen.
func (w *watch) clockLeft() time.Duration {
	left := time.Duration(0)
	if record := w.last.ServiceDeployment; record != nil && !w.tracker.RollingBack() {
		for _, wait := range record.Waits {
			if !wait.Clock() {
				return 0
			}
			left = max(left, wait.Left)
		}
	}
	return left
}

// waitingFor says what the rollout is waiting for, in one line, and repeats what
// is known to be in its way.
func (w *watch) waitingFor(ctx context.Context) string {
	parts := []string{w.waitingForTasks()}
	if record := w.last.ServiceDeployment; record != nil {
		parts = append(parts, record.Stage(), record.Awaited())
		if record.Breaker.Counts() {
			parts = append(parts, "circuit breaker: "+record.Breaker.String())
		}
	}
	if w.clockLeft() == 0 { // a clock waits for no target
		for _, group := range w.evidence.targetGroups(ctx, w.looker.groups) {
			parts = append(parts, group.String())
		}
	}
	parts = append(parts, w.standing(ctx)...)
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; ")
}

// standing are the reasons that still hold: why tasks stopped, and what ECS wrote
// last about not being able to start tasks, each with what to do.
func (w *watch) standing(ctx context.Context) []string {
	var parts []string
	causes := w.explain(ctx).Causes
	if len(causes) > 0 {
		parts = append(parts, fmt.Sprintf("stopped tasks: %s: %s", causes[0], causes[0].Hint))
	}
	event, found := rollout.Standing(w.news.told)
	if found && (len(causes) == 0 || !strings.Contains(event.Message, strings.TrimSuffix(causes[0].Reason, "."))) {
		message := strings.TrimPrefix(event.Message, "(service "+w.last.Service.Name+") ")
		message, _, _ = strings.Cut(message, " For more information, see ")
		parts = append(parts, fmt.Sprintf("ECS: %s: %s", strings.TrimSuffix(message, "."), rollout.EventHint(message)))
	}
	return parts
}

func (w *watch) waitingForTasks() string {
	service, deployment := w.last.Service, w.looker.deployment
	mine := service.Deployment(deployment.ID)
	primary := service.Primary()
	switch {
	case service == nil:
		return "ECS has not answered yet"
	case deployment.Action == ActionSettings:
		return fmt.Sprintf("%d of %d tasks running", service.Running, service.Desired)
	case w.tracker.RollingBack() && primary != nil:
		return fmt.Sprintf("rolling back: %d of %d tasks of %s running", primary.Running, primary.Desired, primary.Name())
	case mine == nil:
		return "ECS does not show the new deployment yet"
	case mine.Desired == 0 && service.Desired > 0:
		return "ECS has not begun to start tasks"
	case mine.Running < mine.Desired:
		return fmt.Sprintf("%d of %d new tasks running, %d pending", mine.Running, mine.Desired, mine.Pending)
	case w.last.ServiceDeployment.Stage() != "":
		return fmt.Sprintf("%d of %d new tasks running", mine.Running, mine.Desired) // the stage says the rest
	case len(service.Deployments) > 1:
		return fmt.Sprintf("%d of %d new tasks running; waiting for them to be healthy, and for earlier tasks to stop", mine.Running, mine.Desired)
	}
	text := fmt.Sprintf("%d of %d new tasks running; waiting for ECS to complete the deployment", mine.Running, mine.Desired)
	if alarms := w.last.ServiceDeployment.Watched(); alarms != "" && service.Baking() {
		text = fmt.Sprintf("%d of %d new tasks running; baking: ECS watches %s before it completes the deployment", mine.Running, mine.Desired, alarms)
	}
	return text
}

// whoEnds says who ends a failing deployment, and when: the circuit breaker, alarms, or only
// ecs-deploy.
func (w *watch) whoEnds() string {
	service, record := w.last.Service, w.last.ServiceDeployment
	limit := Span(w.completeLimit())
	switch {
	case service == nil:
		return "ecs-deploy stops waiting after " + limit
	case record != nil && record.Breaker != nil && record.Breaker.Status == "MONITORING":
		return fmt.Sprintf("ECS gives up after %d failed tasks (%d so far)", record.Breaker.Threshold, record.Breaker.FailureCount)
	case service.Settings.Breaker != nil:
		return fmt.Sprintf("ECS gives up after %d failed tasks", rollout.Threshold(service.Desired))
	case service.Settings.Alarms != nil:
		return fmt.Sprintf("ECS gives up if alarm %s goes off; no circuit breaker is on, and ecs-deploy stops waiting after %s",
			strings.Join(service.Settings.Alarms.Names, ", "), limit)
	}
	return "no circuit breaker is on, so ECS never gives up; ecs-deploy stops waiting after " + limit
}
