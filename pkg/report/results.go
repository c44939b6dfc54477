package report

// The results of diff and prune, and of what only prints a value.

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Value is a result that is the same few lines for everybody.
func Value(value any, lines ...string) Result {
	return Result{Value: value, Lines: func(Options) []Line {
		var said []Line
		for _, line := range lines {
			said = append(said, say("%s", line).whole())
		}
		return said
	}}
}

// Table is a list for programs, and a table of names and what they are about for people.
func Table[T any](all []T, row func(T) (name, about string)) Result {
	return Result{Value: all, Lines: func(o Options) []Line {
		width := 0
		for _, one := range all {
			name, _ := row(one)
			width = max(width, len(name))
		}
		var lines []Line
		for _, one := range all {
			name, about := row(one)
			line := say("%-*s  %s", width, name, about).hang(width + 2)
			line.Whole = !o.OutTerminal
			lines = append(lines, line)
		}
		return lines
	}}
}

// planObject is a plan for programs.
type planObject struct {
	*deploy.Plan
	// Changes: carrying the plan out would write something.
	Changes bool `json:"changes"`
}

// Plan is what a plan would change: the containers, the one with a new image first,
// then the task and the service.
func Plan(p *deploy.Plan) Result {
	return Result{Value: planObject{p, p.Changes()}, Lines: func(o Options) []Line { return changes(p, o) }}
}

func changes(p *deploy.Plan, o Options) []Line {
	if p.Back != nil {
		return preview(p, o)
	}
	name := rollout.ShortName(p.Service)
	lines := []Line{say("%s%s", heading(name), strings.TrimPrefix(p.String(), name)).whole()}
	var containers []string // in the order of the differences, "" is the task
	inside := map[string][]string{}
	for _, d := range p.Differences {
		if inside[d.Container] == nil {
			containers = append(containers, d.Container)
		}
		name := d.Container
		d.Container = "" // the heading says it
		inside[name] = append(inside[name], d.String())
	}
	for _, container := range containers {
		title := "container " + container
		if container == "" {
			title = "task"
		}
		lines = append(lines, section(title, inside[container])...)
	}
	var settings []string
	for _, s := range p.Settings {
		settings = append(settings, s.String())
	}
	lines = append(lines, section("service", settings)...)
	lines = append(lines, indented(2, stepsOf(p))...)
	lines = append(lines, shiftOf(p)...)
	lines = append(lines, wayBackOf(p)...)
	lines = append(lines, prospects(p)...)
	if other := p.InProgress; other != nil {
		lines = append(lines, warning("deployment "+other.ID+" of "+other.Name()+" is in progress"))
	}
	for _, text := range p.Warnings {
		lines = append(lines, warning(text))
	}
	for _, note := range p.Notes {
		lines = append(lines, say("note: %s", note))
	}
	return lines
}

func section(title string, texts []string) []Line {
	if len(texts) == 0 {
		return nil
	}
	lines := []Line{toned(Strong, title).in(2)}
	for _, text := range texts {
		lines = append(lines, say("%s", text).in(4).whole()) // values are searched for and copied
	}
	return lines
}

// heading is a name at the beginning of a line: in quotes if it is none as ECS has
// them, so that it cannot pass for another line.
func heading(name string) string {
	if strings.IndexFunc(name, func(r rune) bool {
		return r > unicode.MaxASCII || r != '-' && r != '_' && !unicode.In(r, unicode.L, unicode.Nd)
	}) < 0 {
		return name
	}
	return strconv.Quote(name)
}

func (o Options) stamp(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.In(o.zone()).Format("2006-01-02 15:04:05 MST")
}

// pruningObject is a pruning for programs.
type pruningObject struct {
	deploy.Pruning
	// Done: it was carried out, and not only planned.
	Done bool `json:"done"`
}

// Pruning is which revisions were deregistered, or, if it is not done, would be.
func Pruning(p deploy.Pruning, done bool) Result {
	return Result{Value: pruningObject{p, done}, Lines: func(Options) []Line { return pruned(p, done) }}
}

func pruned(p deploy.Pruning, done bool) []Line {
	verb := "would deregister"
	if done {
		verb = "deregistered"
	}
	lines := []Line{say("%s: %s %d of %d active revisions", heading(p.Family), verb, len(p.Remove), p.Active)}
	if !done {
		for _, arn := range p.Remove {
			lines = append(lines, say("%s", rollout.ShortName(arn)).in(2))
		}
	}
	for _, arn := range p.InUse {
		lines = append(lines, say("keeping %s (in use or needed for rollback)", rollout.ShortName(arn)).in(2))
	}
	return lines
}
