package report

// The preview of a rollback, on one screen: to what, what changes, whether it can work,
// and how it would go.

import (
	"fmt"
	"slices"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// preview is the plan of a rollback on a terminal of 80 columns, and what to type next.
func preview(p *deploy.Plan, o Options) []Line {
	lines := append(restored(p, o), indented(2, suggested(nextOfPreview(p, o)))...)
	place := Place(p.Cluster, p.Service, o.Target)
	if whole := lines[0].and("  " + place); len([]rune(whole.String())) <= historyWidth {
		lines[0] = whole
	} else {
		lines = slices.Insert(lines, 1, say("in %s", place).in(2))
	}
	return narrowed(lines, o)
}

// restored is the plan of a rollback.
func restored(p *deploy.Plan, o Options) []Line {
	lines := []Line{rollbackHeading(p).whole()}
	lines = append(lines, indented(2, origin(p, o))...)
	lines = append(lines, section("what changes", rollbackChanges(p))...)
	return slices.Concat(lines, shiftOf(p), prospects(p))
}

// narrowed breaks lines so that they fit a terminal of 80 columns, or a narrower one, except those that
// nobody should break.
func narrowed(lines []Line, o Options) []Line {
	c := canvas{width: historyWidth}
	if o.OutTerminal {
		c.width = min(c.width, o.width())
	}
	var narrow []Line
	for _, line := range lines {
		if line.Whole {
			narrow = append(narrow, line)
			continue
		}
		for _, row := range c.rows(line) {
			narrow = append(narrow, Line{Parts: row, Whole: true})
		}
	}
	return narrow
}

// rollbackHeading says what is left and what is restored. The running revision and the
// target can be the same while a rollback is in progress, and say nothing then.
func rollbackHeading(p *deploy.Plan) Line {
	line := toned(Strong, heading(rollout.ShortName(p.Service))).and(": ")
	from, target := rollout.Named(p.Current, p.CurrentTag), rollout.Named(p.Back.TaskDefinition, p.Tag)
	switch {
	case p.Action == deploy.ActionNone, p.Action == deploy.ActionSettings:
		return line.and(p.Summary())
	case following(p) && p.Rollback.From != "":
		from = rollout.Named(p.Rollback.From, p.Rollback.FromTag)
	}
	return line.and(from+" -> ").with(Strong, target)
}

// following reports whether the plan only follows a rollback that is in progress.
func following(p *deploy.Plan) bool {
	return p.Rollback.Going() && (p.Action == deploy.ActionFollow || p.Action == deploy.ActionJoin)
}

// rollbackChanges are the differences that a rollback makes, and the images that ran.
func rollbackChanges(p *deploy.Plan) []string {
	if p.Action == deploy.ActionNone {
		return nil
	}
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
	return texts
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
	if p.Action != deploy.ActionNone && p.Action != deploy.ActionSettings {
		lines = append(lines, provenance(p, o)...)
	}
	if other := p.InProgress; other != nil && !following(p) {
		text := "is in progress"
		if p.Action == deploy.ActionStop {
			text += "; a rollback asks ECS to stop it"
		}
		lines = append(lines, warning(fmt.Sprintf("deployment %s of %s %s", other.ID, other.Name(), text)))
	}
	for _, note := range p.Notes {
		lines = append(lines, say("note: %s", note))
	}
	return lines
}

// provenance is whether the revision to restore ever worked. A check says it if its last
// deployment did not succeed.
func provenance(p *deploy.Plan, o Options) []Line {
	switch back := p.Back; {
	case p.Guess != "":
		return []Line{toned(Warn, "this is a guess: ").and(p.Guess)}
	case back.Succeeded():
		return []Line{say("last deployed successfully at %s", o.stamp(back.FinishedAt))}
	case back.Status == "" && !following(p) && p.Action != deploy.ActionStop:
		return []Line{warning("ECS shows no record of its deployment: it may never have worked")}
	}
	return nil
}

// nextOfPreview suggests what to type after a plan of a rollback that would change
// nothing, or of which nobody knows whether it is right.
func nextOfPreview(p *deploy.Plan, o Options) []Suggestion {
	if o.Command == nil {
		return nil
	}
	service := deploy.Deployment{Ref: p.Ref}
	to := func(past *deploy.Past) string {
		return o.Command(service, "rollback", "--to", rollout.ShortName(past.TaskDefinition), "--yes")
	}
	switch {
	case following(p):
		return []Suggestion{{"follow it", o.Command(service, "wait")}}
	case p.Action == deploy.ActionNone && p.Further != nil:
		return []Suggestion{{"go further back", to(p.Further)}}
	case p.Guess != "" && len(deploy.Problems(p.Checks)) == 0:
		return []Suggestion{{"if it is right", to(p.Back)}}
	}
	return nil
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
