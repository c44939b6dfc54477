package report

// The words about a deployment that somebody is about to continue or stop.

import (
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Paused is what waits in a deployment, where, until when, and what happens if somebody
// continues it.
func Paused(p deploy.Progress, pauses []rollout.Hook) Result {
	return Result{Value: p, Lines: func(o Options) []Line {
		lines := []Line{standing(p, o)}
		for _, wait := range p.Record.Waits {
			for _, pause := range pauses {
				if wait.Hook != nil && wait.Hook.ID == pause.ID {
					line := say("hook %s: %s", pause.ID, wait.String())
					if !wait.Until.IsZero() {
						line = line.and(", at " + o.stamp(wait.Until))
					}
					lines = append(lines, line.in(2))
				}
			}
		}
		if ahead := p.Record.Ahead(); ahead != "" {
			lines = append(lines, say("next: %s", ahead).in(2))
		}
		return lines
	}}
}

// Stoppable is a deployment that somebody is about to stop.
func Stoppable(p deploy.Progress) Result {
	return Result{Value: p, Lines: func(o Options) []Line {
		lines := []Line{standing(p, o)}
		if awaited := p.Record.Awaited(); awaited != "" {
			lines = append(lines, say("%s", awaited).in(2))
		}
		if before := p.Deployment.Before; before.TaskDefinition != "" {
			lines = append(lines, say("next: ECS rolls back to %s", rollout.Named(before.TaskDefinition, before.Tag)).in(2))
		}
		return lines
	}}
}

// standing says which deployment it is and where it stands.
func standing(p deploy.Progress, o Options) Line {
	d := p.Deployment
	line := toned(Strong, heading(rollout.ShortName(d.Service))).and(" in " + Place(d.Cluster, d.Service, o.Target) + ": deployment " + d.ID + " of " + rollout.Named(d.TaskDefinition, d.Tag))
	if stage := p.Record.Stage(); stage != "" {
		return line.and(": " + stage)
	}
	return line.and(": " + p.Record.Status)
}
