package report

import (
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Suggestion is a command that makes sense now, and what it is for.
type Suggestion struct {
	Purpose string `json:"purpose"`
	Command string `json:"command"`
}

// Next suggests what to type after an outcome, in the order in which it is typed.
// command makes the command lines; without it there are no suggestions.
func Next(o deploy.Outcome, command func(d deploy.Deployment, words ...string) string) []Suggestion {
	if command == nil || o.Verdict == rollout.Interrupted && o.Over { // it was rolled back to the end
		return nil
	}
	var next []Suggestion
	switch o.Verdict {
	case rollout.TimedOut, rollout.Interrupted, rollout.Started, rollout.Running, rollout.Superseded:
		next = append(next, Suggestion{"follow it", command(o.Deployment, "wait")})
	case rollout.Failed, rollout.Paused, rollout.RolledBack:
		next = append(next, Suggestion{"see details", command(o.Deployment, "status")})
	}
	switch o.Verdict {
	case rollout.Failed, rollout.TimedOut, rollout.Interrupted, rollout.Started:
		next = append(next, wayBack(o.Deployment, command)...)
	}
	return next
}

// wayBack are the commands that restore what was in service before a deployment,
// with its settings. A revision that was deregistered is not taken by ECS any more:
// its content is registered again, from a file.
func wayBack(d deploy.Deployment, command func(d deploy.Deployment, words ...string) string) []Suggestion {
	previous := d.Before.TaskDefinition
	if previous == "" || previous == d.TaskDefinition {
		return nil
	}
	name := arn.ShortName(previous)
	words := append([]string{"--if-in-progress", "replace"}, before(d)...)
	if !d.Before.Inactive {
		return []Suggestion{{"roll back", command(d, append([]string{"deploy", "-d", name}, words...)...)}}
	}
	file := strings.ReplaceAll(name, ":", "-") + ".json"
	return []Suggestion{
		{"save the earlier revision (it is INACTIVE)", command(d, "render", "-d", name) + " > " + file},
		{"roll back", command(d, append([]string{"deploy", "--no-variables", "--task-definition-file", file}, words...)...)},
	}
}

// before are the flags for the settings as they were before a deployment. Limits
// that leave ECS no room, neither to start a task nor to stop one, are not restored:
// the way back would not get through either.
func before(d deploy.Deployment) []string {
	var words []string
	wedged := d.Before.Wedged()
	for _, setting := range d.Settings {
		if !wedged || setting.Name != "maximumPercent" {
			words = append(words, setting.Restore()...)
		}
	}
	if wedged {
		words = append(words, "-M", "200") // the default of ECS
	}
	return words
}
