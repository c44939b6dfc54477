package report

import (
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Suggestion is a command that makes sense now, and what it is for.
type Suggestion struct {
	Purpose string `json:"purpose"`
	Command string `json:"command"`
}

// Next suggests what to type after an outcome. command makes the command lines;
// without it there are no suggestions.
func Next(o deploy.Outcome, command func(d deploy.Deployment, words ...string) string) []Suggestion {
	if command == nil {
		return nil
	}
	var next []Suggestion
	add := func(purpose string, words ...string) {
		next = append(next, Suggestion{Purpose: purpose, Command: command(o.Deployment, words...)})
	}
	if o.Verdict == rollout.Interrupted && o.Over {
		return nil // it was rolled back to the end
	}
	switch o.Verdict {
	case rollout.TimedOut, rollout.Interrupted, rollout.Started, rollout.Running, rollout.Superseded:
		add("follow it", "wait")
	case rollout.Failed, rollout.Paused, rollout.RolledBack:
		add("look", "status")
	}
	previous := o.Deployment.Before.TaskDefinition
	switch o.Verdict {
	case rollout.Failed, rollout.TimedOut, rollout.Interrupted, rollout.Started:
		if previous != "" && previous != o.Deployment.TaskDefinition {
			add("go back", "deploy", "-d", rollout.ShortName(previous), "--if-in-progress", "replace")
		}
	}
	return next
}
