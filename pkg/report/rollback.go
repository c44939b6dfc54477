package report

// The preview of a rollback, on one screen: to what, what changes, and whether it can
// work.

import (
	"fmt"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Rollback is what a rollback would restore.
func Rollback(r deploy.Rollback) Result {
	return Result{Value: r, Lines: func(o Options) []Line { return restored(r, o) }}
}

func restored(r deploy.Rollback, o Options) []Line {
	lines := []Line{toned(Strong, heading(rollout.ShortName(r.Service))).and(": "+rollout.Named(r.Current, r.CurrentTag)+" -> ").
		with(Strong, rollout.Named(r.Target, r.TargetTag)).and("  " + Place(r.Cluster, r.Service, o.Target)).whole()}
	switch {
	case r.Guess != "":
		lines = append(lines, toned(Warn, "this is a guess: ").and(r.Guess).in(2))
	case !r.SucceededAt.IsZero():
		lines = append(lines, say("its last deployment succeeded at %s", o.stamp(r.SucceededAt)).in(2))
	}
	if r.InProgress != nil {
		lines = append(lines, warning(fmt.Sprintf("deployment %s of %s is in progress", r.InProgress.ID, r.InProgress.Name())))
	}
	var texts []string
	for _, d := range r.Differences {
		texts = append(texts, d.String())
	}
	if len(texts) == 0 {
		texts = []string{"nothing: the two definitions do not differ"}
	}
	lines = append(lines, section("what changes", texts)...)
	lines = append(lines, toned(Strong, "can it work").in(2))
	lines = append(lines, indented(4, checks(r.Checks))...)
	return append(lines, foreseen(r.Forecast)...)
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
