package report

// How a deployment would go, as a section of a plan: a few lines that fit a screen
// together with the plan.

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// foreseen is a forecast; there may be none.
func foreseen(f *deploy.Forecast) []Line {
	if f == nil {
		return nil
	}
	title := toned(Strong, "forecast").in(2)
	if f.None != "" {
		return []Line{title, say("none: %s", f.None).in(4)}
	}
	lines := []Line{title, takes(f).in(4), say("%s", counts(f)).in(4)}
	if len(f.Shifts) > 0 {
		lines = append(lines, say("traffic on the new tasks: %s", shifted(f.Shifts)).in(4))
	}
	for _, what := range f.WhatIf {
		lines = append(lines, toned(Strong, "what if "+what.Scenario+": ").and(what.Says).in(4))
	}
	var basis []string
	for _, b := range f.Basis {
		basis = append(basis, b.String())
	}
	for _, list := range []struct {
		name  string
		texts []string
	}{{"based on: ", basis}, {"unknown: ", f.Unknown}} {
		if len(list.texts) > 0 {
			lines = append(lines, toned(Dim, list.name+strings.Join(list.texts, "; ")).in(4))
		}
	}
	return lines
}

// takes is how long the deployment takes, and in how many waves.
func takes(f *deploy.Forecast) Line {
	switch {
	case f.Stuck:
		return toned(Warn, "never ends: ECS can neither start nor stop a task")
	case f.Shortest.String() != f.Usual.String():
		return say("takes %s to %s%s", f.Shortest, f.Usual, waves(f.Waves))
	}
	return say("takes about %s%s", f.Usual, waves(f.Waves))
}

// waves is how many waves there are, and of how many tasks.
func waves(all []deploy.Wave) string {
	if len(all) == 0 {
		return ""
	}
	least, most := all[0].Tasks, all[0].Tasks
	for _, wave := range all {
		least, most = min(least, wave.Tasks), max(most, wave.Tasks)
	}
	of := count(most, "task")
	if least != most {
		of = fmt.Sprintf("%d to %d tasks", least, most)
	}
	if len(all) == 1 {
		return ", in 1 wave of " + of
	}
	return fmt.Sprintf(", in %d waves of %s", len(all), of)
}

// shifted are the steps of the traffic; of many, the first two and the last.
func shifted(all []deploy.TrafficShift) string {
	var steps []string
	for _, s := range all {
		steps = append(steps, strconv.FormatFloat(s.Percent, 'f', -1, 64)+"% after "+s.After.String())
	}
	if n := len(steps); n > 3 {
		return fmt.Sprintf("%s, %s, … %s (%d steps)", steps[0], steps[1], steps[n-1], n)
	}
	return strings.Join(steps, ", ")
}

// shiftOf is how a deployment shifts traffic, by its configuration, and its hooks.
func shiftOf(p *deploy.Plan) []Line {
	if p.Shift == nil {
		return nil
	}
	lines := []Line{say("strategy: %s", p.Shift).in(2)}
	for _, hook := range p.Shift.Hooks {
		lines = append(lines, say("hook at %s", hook).in(2))
	}
	return lines
}

// counts is how many tasks there are on the way.
func counts(f *deploy.Forecast) string {
	text := fmt.Sprintf("at least %s running, at most %d running or starting", count(f.Fewest, "task"), f.Most)
	if f.MostWithStopping > f.Most {
		text += fmt.Sprintf(" (%d with those that are stopping)", f.MostWithStopping)
	}
	return text
}
