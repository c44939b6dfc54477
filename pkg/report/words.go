package report

// The words for each event. They have no colour and no writer.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Lines are the words about an event. There are none if it tells nothing new.
func (e Entry) Lines(o Options) []Line {
	if !e.New {
		return nil
	}
	switch e.Type {
	case deploy.EventPlan:
		return planned(e.Plan, o)
	case deploy.EventRegistered:
		return []Line{say("registered %s", rollout.Named(e.TaskDefinition, e.Tag))}
	case deploy.EventUpdated:
		return []Line{updated(*e.Deployment)}
	case deploy.EventProgress:
		line := progress(e.Service, e.ServiceDeployment, e.About.Unhealthy)
		if e.Elapsed >= time.Second {
			line = line.with(Dim, ", after "+deploy.Span(e.Elapsed))
		}
		if awaited := e.ServiceDeployment.Awaited(); awaited != "" {
			line = line.with(Dim, "; "+awaited)
		}
		return []Line{line}
	case deploy.EventService:
		return e.serviceEvent(o)
	case deploy.EventCause:
		stopped := toned(Bad, "a task stopped: ").and(reasonOf(*e.Cause))
		return slices.Concat([]Line{stopped}, detail(*e.Cause), e.back(o))
	case deploy.EventHeartbeat:
		return []Line{toned(Dim, fmt.Sprintf("waiting for %s: %s", deploy.Span(e.Elapsed), e.Message))}
	case deploy.EventWarning:
		return []Line{warning(e.Message)}
	case deploy.EventLimit:
		return []Line{toned(Dim, e.Message)}
	case deploy.EventPaused:
		return append([]Line{toned(Warn, "paused").and(": " + pausedAt(*e.Hook, e.ServiceDeployment))}, indented(2, suggested(steer(*e.Deployment, []rollout.Hook{*e.Hook}, o.Command)))...)
	case deploy.EventContinued:
		return []Line{say("continued the pause %s", e.Hook.ID)}
	case deploy.EventDeregistered:
		return []Line{say("deregistered %s", rollout.Named(e.TaskDefinition, e.Tag))}
	case deploy.EventTaskPlan:
		return plannedTask(e.TaskPlan)
	case deploy.EventTask:
		return []Line{taskMoved(e.Task)}
	case deploy.EventLog:
		return []Line{written(*e.Log, e.About.TaskPlan)}
	case deploy.EventTaskEnded:
		return taskVerdict(e.TaskOutcome, o)[:1]
	case deploy.EventOutcome:
		if e.TaskOutcome != nil {
			return taskVerdict(e.TaskOutcome, o)
		}
		return verdict{*e.Outcome, e.Time, o}.all()
	}
	return nil
}

// place says which service a story is about, where it is, and of which zone the times
// are.
func (s *ServiceStory) place(now time.Time, o Options) Line {
	zone := now.In(o.zone()).Format("MST")
	if s.Service == "" && s.TaskPlan != nil {
		return toned(Strong, s.TaskPlan.Family).and(" in "+Place(s.Cluster, s.TaskPlan.Service, o.Target)).with(Dim, "; times in "+zone)
	}
	return toned(Strong, rollout.ShortName(s.Service)).and(" in "+Place(s.Cluster, s.Service, o.Target)).with(Dim, "; times in "+zone)
}

// back says, at the first cause of a rollout, who rolls back, or how.
func (e Entry) back(o Options) []Line {
	d := e.About.Deployment
	switch {
	case d == nil || len(e.About.Causes) > 1 || d.Before.TaskDefinition == "" || d.Before.TaskDefinition == d.TaskDefinition:
		return nil
	case d.Rollback != nil && d.Rollback.ByECS: // ECS rolls nothing back twice
		return nil
	case d.Before.RollsBack:
		return []Line{say("if the deployment fails, ECS rolls back to %s", rollout.Named(d.Before.TaskDefinition, d.Before.Tag)).in(2)}
	case o.Command == nil:
		return nil
	}
	if d.Rollback != nil { // it would go back to what was left
		return nil
	}
	return indented(2, suggested(wayBack(*d, o.Command)))
}

func warning(text string) Line { return toned(Warn, "warning:").and(" " + text) }

// planned is a plan as the first lines of a run.
func planned(p *deploy.Plan, o Options) []Line {
	switch {
	case p.Back != nil && p.Action == deploy.ActionNone:
		return append(restored(p, o), indented(2, suggested(nextOfPreview(p, o)))...)
	case p.Back != nil && len(p.Checks) > 0: // a rollback after a failure has none
		return restored(p, o)
	case len(p.Checks) > 0:
		return changes(p, o)
	}
	lines := []Line{say("%s", p.String())}
	for _, d := range p.Differences {
		lines = append(lines, say("%s", d.String()).in(2))
	}
	for _, s := range p.Settings {
		lines = append(lines, say("%s", s.String()).in(2))
	}
	lines = append(lines, indented(2, stepsOf(p))...)
	lines = append(lines, shiftOf(p)...)
	lines = append(lines, wayBackOf(p)...)
	for _, text := range p.Warnings {
		lines = append(lines, warning(text))
	}
	for _, note := range p.Notes {
		lines = append(lines, say("note: %s", note))
	}
	return lines
}

func updated(d deploy.Deployment) Line {
	switch d.Action {
	case deploy.ActionSettings:
		return say("updated the service; ECS started no deployment for it")
	case deploy.ActionStop:
		return say("asked ECS to stop deployment %s of %s and to roll back", d.ID, rollout.Named(d.TaskDefinition, d.Tag))
	case deploy.ActionRestart:
		return say("updated the service: deployment %s restarts %s", d.ID, rollout.Named(d.TaskDefinition, d.Tag))
	}
	if d.ID == "" {
		return say("ECS accepted the update to %s, but does not show the deployment yet", rollout.Named(d.TaskDefinition, d.Tag))
	}
	return say("updated the service: deployment %s starts %s", d.ID, rollout.Named(d.TaskDefinition, d.Tag))
}

// progress says where the deployments stand, the PRIMARY one first, and what ECS's
// record of the deployment adds to that. unhealthy is a target group with unhealthy
// targets, or "": a task can be running and not be reachable.
func progress(s *rollout.Service, record *rollout.ServiceDeployment, unhealthy string) Line {
	var parts []string
	for _, d := range s.Deployments {
		part := fmt.Sprintf("%s %d/%d running", d.Name(), d.Running, d.Desired)
		if d.Pending > 0 {
			part += fmt.Sprintf(", %d pending", d.Pending)
		}
		if d.Failed > 0 {
			part += fmt.Sprintf(", %d failed", d.Failed)
		}
		if d.RolloutState == rollout.RolloutFailed {
			part += ", FAILED"
		}
		if d.Status == rollout.StatusPrimary {
			parts = append([]string{part}, parts...)
		} else {
			parts = append(parts, "("+part+")")
		}
	}
	if unhealthy != "" {
		parts = append(parts, "unhealthy targets in target group "+unhealthy)
	}
	return say("%s", strings.Join(append(parts, recorded(s, record)...), "  "))
}

// recorded is what ECS's record of a deployment says beside the counts.
func recorded(s *rollout.Service, record *rollout.ServiceDeployment) []string {
	if record == nil {
		return nil
	}
	var parts []string
	if stage := record.Stage(); stage != "" {
		parts = append(parts, stage)
	}
	if record.Breaker.Counts() {
		parts = append(parts, "circuit breaker: "+record.Breaker.String())
	}
	if record.Status != rollout.ServiceDeploymentInProgress {
		return append(parts, "service deployment "+record.Status)
	}
	if alarms := record.Watched(); alarms != "" && s.Baking() {
		parts = append(parts, "baking, ECS watches "+alarms)
	}
	return parts
}

func (e Entry) serviceEvent(o Options) []Line {
	message := e.ServiceEvent.Message
	if prefix := "(service " + rollout.ShortName(e.About.Service) + ") "; strings.HasPrefix(message, prefix) {
		message = message[len(prefix):]
	}
	tone := Plain
	if rollout.Trouble(*e.ServiceEvent) {
		tone = Warn
	}
	line := say("ECS: ").with(tone, message)
	// Old news, for somebody who joins: when it happened, by ECS's clock.
	if at := e.ServiceEvent.At; e.Time.Sub(at) > time.Minute {
		line = line.with(Dim, " ("+at.In(o.zone()).Format("15:04:05")+")")
	}
	if !e.Hint {
		return []Line{line}
	}
	lines := []Line{line, say("%s", rollout.EventHint(e.ServiceEvent.Message)).in(2)}
	if topic := rollout.EventTopic(e.ServiceEvent.Message); topic != "" {
		lines = append(lines, explained(topic).in(2))
	}
	return lines
}

// explained points to a help topic.
func explained(topic string) Line { return say("explained: ecs-deploy help %s", topic).whole() }

// detail is what is known of a cause beside its reason: what to look at, and the end
// of the container's log.
func detail(c rollout.Cause) []Line {
	var lines []Line
	if c.Hint != "" {
		lines = append(lines, say("%s", c.Hint).in(2))
	}
	for _, logged := range c.Log.Lines {
		lines = append(lines, say("| %s", logged).in(2).whole())
	}
	if len(c.Log.Lines) == 0 && c.Log.Command != "" {
		lines = append(lines, say("its log: %s", c.Log.Command).in(2).whole())
	}
	if c.Page != "" {
		lines = append(lines, explained(string(c.Kind)).in(2), say("%s", c.Page).in(2).whole())
	}
	return lines
}

// reasonOf is a cause without its count: the first of its kind.
func reasonOf(c rollout.Cause) string {
	_, reason, _ := strings.Cut(c.String(), " × ")
	return reason
}

// pausedAt says where a deployment is paused, and until when.
func pausedAt(h rollout.Hook, record *rollout.ServiceDeployment) string {
	text := "hook " + h.ID
	if record != nil && record.LifecycleStage != "" {
		text += " of stage " + record.LifecycleStage
	}
	if expiry := record.Awaited(); expiry != "" {
		text += ", " + expiry
	}
	return text
}
