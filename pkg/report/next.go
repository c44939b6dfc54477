package report

import (
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
	if o.Deployment.Rollback != nil {
		return nextOfRollback(o, command)
	}
	if o.Stopped { // there is nothing to follow
		return []Suggestion{{"see what was deployed", command(o.Deployment, "history")}}
	}
	var next []Suggestion
	switch o.Verdict {
	case rollout.TimedOut, rollout.Interrupted, rollout.Started, rollout.Running, rollout.Superseded:
		next = append(next, Suggestion{"follow it", command(o.Deployment, "wait")})
	case rollout.Paused:
		return steer(o.Deployment, o.Pauses, command)
	case rollout.Failed, rollout.RolledBack:
		next = append(next, Suggestion{"see details", command(o.Deployment, "status")})
	}
	switch o.Verdict {
	case rollout.Failed, rollout.TimedOut, rollout.Interrupted, rollout.Started:
		next = append(next, wayBack(o.Deployment, command)...)
	}
	return next
}

// steer are the commands that continue a paused deployment, and stop it.
func steer(d deploy.Deployment, pauses []rollout.Hook, command func(d deploy.Deployment, words ...string) string) []Suggestion {
	if command == nil {
		return nil
	}
	var next []Suggestion
	for _, pause := range pauses {
		next = append(next, Suggestion{"continue it", command(d, "continue", "--hook", pause.ID, "--yes")})
	}
	return append(next, Suggestion{"stop it and roll back", command(d, "stop", "--yes")})
}

// nextOfRollback suggests what to type after a rollback: how to continue it, what to do
// if its target does not work either, or how to undo it. What was left is suggested only
// as that.
func nextOfRollback(o deploy.Outcome, command func(d deploy.Deployment, words ...string) string) []Suggestion {
	d := o.Deployment
	to := func(revision string, more ...string) string {
		return command(d, append([]string{"rollback", "--to", arn.ShortName(revision), "--yes"}, more...)...)
	}
	switch o.Verdict {
	case rollout.TimedOut, rollout.Interrupted, rollout.Started, rollout.Running:
		next := []Suggestion{{"follow it", command(d, "wait")}}
		if d.Rollback.To != "" && !d.Express {
			next = append(next, Suggestion{"continue the rollback", to(d.Rollback.To)})
		}
		return next
	case rollout.Superseded:
		return []Suggestion{{"follow it", command(d, "wait")}}
	case rollout.Failed, rollout.RolledBack:
		return []Suggestion{{"see details", command(d, "status")}, {"choose another revision", command(d, "history")}}
	case rollout.Paused:
		return steer(d, o.Pauses, command)
	case rollout.Succeeded:
		switch from := d.Rollback.From; {
		case d.Express:
		case d.Rollback.FromFailed:
			return []Suggestion{{"see what was deployed", command(d, "history")}}
		case from != "" && from != d.Rollback.To:
			return []Suggestion{{"undo the rollback", to(from, before(d)...)}}
		}
	}
	return nil
}

// wayBack is the command that restores what was in service before a deployment, with its
// settings, also if its revision was deregistered. What a restart replaced are images:
// they are restored by their digests.
func wayBack(d deploy.Deployment, command func(d deploy.Deployment, words ...string) string) []Suggestion {
	previous := d.Before.TaskDefinition
	words, purpose := []string{"rollback", "--to", arn.ShortName(previous), "--yes"}, "roll back"
	switch {
	case previous == "" || d.Express: // ecs-deploy deploys nothing there
		return nil
	case previous == d.TaskDefinition && d.Action == deploy.ActionRestart && d.Before.Deployment != "":
		words = []string{"rollback", "--to", d.Before.Deployment, "--pin-digest", "--yes"}
		purpose = "restore the images that ran before"
	case previous == d.TaskDefinition:
		return nil
	case d.Before.Unproven:
		purpose = "roll back to what may never have worked"
	}
	return []Suggestion{{purpose, command(d, append(words, before(d)...)...)}}
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
