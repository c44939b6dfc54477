package report

// The preview of a rollback, on one screen: to what, what changes, whether it can work,
// and how it would go.

import (
	"fmt"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// restored is the plan of a rollback.
func restored(p *deploy.Plan, o Options) []Line {
	target := rollout.Named(p.Back.TaskDefinition, p.Tag)
	lines := []Line{toned(Strong, heading(rollout.ShortName(p.Service))).and(": "+rollout.Named(p.Current, p.CurrentTag)+" -> ").
		with(Strong, target).and("  " + Place(p.Cluster, p.Service, o.Target)).whole()}
	lines = append(lines, indented(2, origin(p, o))...)
	var texts []string
	for _, d := range p.Differences {
		texts = append(texts, d.String())
	}
	for _, s := range p.Settings {
		texts = append(texts, s.String())
	}
	if len(texts) == 0 && p.Action == deploy.ActionDeploy {
		texts = []string{"nothing: the two definitions do not differ"}
	}
	for _, ran := range p.Back.Images {
		texts = append(texts, "ran then: "+imageThatRan(ran))
	}
	lines = append(lines, section("what changes", texts)...)
	return append(lines, prospects(p)...)
}

// prospects are whether a plan can work, and how it would go: the same for a deployment
// and for a rollback.
func prospects(p *deploy.Plan) []Line {
	var lines []Line
	if len(p.Checks) > 0 {
		lines = append(lines, toned(Strong, "can it work").in(2))
		lines = append(lines, indented(4, checks(p.Checks))...)
	}
	return append(lines, foreseen(p.Forecast)...)
}

// wayBackOf is what a rollback of a deployment would restore, in a plan that was not
// checked. A warning is among those of the plan.
func wayBackOf(p *deploy.Plan) []Line {
	if p.WayBack == nil || len(p.Checks) > 0 || p.WayBack.State == deploy.CheckWarning {
		return nil
	}
	return []Line{say("%s: %s", p.WayBack.Subject, p.WayBack.Detail).in(2)}
}

// origin is what is known of the deployment that a rollback restores, and by which way
// it is restored.
func origin(p *deploy.Plan, o Options) []Line {
	var lines []Line
	switch back := p.Back; {
	case p.Guess != "":
		lines = append(lines, toned(Warn, "this is a guess: ").and(p.Guess))
	case back.Succeeded():
		lines = append(lines, say("its last deployment succeeded at %s", o.stamp(back.FinishedAt)))
	case back.Status != "":
		lines = append(lines, warning(fmt.Sprintf("its last deployment did not succeed: %s", unspaced(back.Status+" "+back.Reason))))
	default:
		lines = append(lines, warning("ECS shows no record of its deployment: it may never have worked"))
	}
	if other := p.InProgress; other != nil {
		text := "is in progress"
		switch {
		case p.Action == deploy.ActionStop:
			text += "; a rollback asks ECS to stop it"
		case p.Action == deploy.ActionFollow || p.Action == deploy.ActionJoin && other.GoingBack():
			text += ": ECS is rolling back already"
		}
		lines = append(lines, warning(fmt.Sprintf("deployment %s of %s %s", other.ID, other.Name(), text)))
	}
	for _, note := range p.Notes {
		lines = append(lines, say("note: %s", note))
	}
	return lines
}

// checks are checks, one line each, and what to do about those that are not fine.
func checks(found []deploy.Check) []Line {
	var lines []Line
	for _, c := range found {
		tone := map[deploy.CheckState]Tone{deploy.CheckOK: Good, deploy.NotChecked: Dim, deploy.CheckWarning: Warn, deploy.CheckProblem: Bad}[c.State]
		lines = append(lines, toned(tone, fmt.Sprintf("%-11s", c.State)).and("  "+unspaced(c.Subject+": "+c.Detail)).hang(13))
		if c.Remedy != "" {
			lines = append(lines, say("to fix it: %s", unspaced(c.Remedy)).in(13))
		}
	}
	return lines
}
