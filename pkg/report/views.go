package report

// Views of things that are not events: where a service stands, and what a
// rollback would bring back.

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Value writes a value as indented JSON.
func Value(w io.Writer, value any) error {
	text, err := encode(value, "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// Line writes a value as one line of JSON.
func Line(w io.Writer, value any) error {
	text, err := encode(value, "")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err = w.Write(text)
	return err
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

func stamp(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// Rollback writes what a rollback would bring back.
func Rollback(w io.Writer, r deploy.Rollback, colored bool) error {
	p := newPalette(colored)
	var b page
	fmt.Fprintf(&b, "%s: %s would go back to %s\n", p.bold.Sprint(heading(rollout.ShortName(r.Service))), rollout.Named(r.Current, r.CurrentTag), p.bold.Sprint(rollout.Named(r.Target, r.TargetTag)))
	fmt.Fprintf(&b, "  it came into service at %s\n", stamp(r.SucceededAt))
	for _, d := range r.Differences {
		fmt.Fprintf(&b, "  %s\n", d)
	}
	if len(r.Differences) == 0 && len(r.Obstacles) == 0 {
		fmt.Fprintf(&b, "  the two definitions do not differ\n")
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&b, "%s %s\n", p.warn.Sprint("warning:"), warning)
	}
	for _, obstacle := range r.Obstacles {
		fmt.Fprintf(&b, "%s %s\n", p.bad.Sprint("it would fail:"), obstacle)
	}
	return b.to(w)
}

// Pending is a plan as programs read it.
type Pending struct {
	*deploy.Plan
	// Changes: carrying the plan out would write something.
	Changes bool `json:"changes"`
}

// NewPending is a plan with what it comes to.
func NewPending(p *deploy.Plan) Pending { return Pending{p, p.Changes()} }

// Plan writes what a plan would change: the containers, the one with a new image
// first, then the task and the service.
func Plan(w io.Writer, p *deploy.Plan, colored bool) error {
	colors := newPalette(colored)
	var b page
	name := rollout.ShortName(p.Service)
	fmt.Fprintln(&b, heading(name)+strings.TrimPrefix(p.String(), name))
	var containers []string // in the order of the differences, "" is the task
	lines := map[string][]string{}
	for _, d := range p.Differences {
		if lines[d.Container] == nil {
			containers = append(containers, d.Container)
		}
		name := d.Container
		d.Container = "" // the heading says it
		lines[name] = append(lines[name], d.String())
	}
	for _, container := range containers {
		heading := "container " + container
		if container == "" {
			heading = "task"
		}
		section(&b, colors.bold.Sprint(heading), lines[container])
	}
	var settings []string
	for _, s := range p.Settings {
		settings = append(settings, s.String())
	}
	section(&b, colors.bold.Sprint("service"), settings)
	if other := p.InProgress; other != nil {
		fmt.Fprintf(&b, "%s deployment %s of %s is in progress\n", colors.warn.Sprint("warning:"), other.ID, other.Name())
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(&b, "%s %s\n", colors.warn.Sprint("warning:"), warning)
	}
	for _, note := range p.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	return b.to(w)
}

func section(b *page, heading string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "  %s\n", heading)
	for _, line := range lines {
		fmt.Fprintf(b, "    %s\n", line)
	}
}

// Pruned is a pruning as programs read it.
type Pruned struct {
	*deploy.Pruning
	// Done: it was carried out, and not only planned.
	Done bool `json:"done"`
}

// Pruning writes which revisions are deregistered, or, as a forecast, would be.
func Pruning(w io.Writer, p deploy.Pruning, forecast bool) error {
	done := "deregistered"
	if forecast {
		done = "would deregister"
	}
	var b page
	fmt.Fprintf(&b, "%s: %s %d of %d active revisions\n", heading(p.Family), done, len(p.Remove), p.Active)
	if forecast {
		for _, arn := range p.Remove {
			fmt.Fprintf(&b, "  %s\n", rollout.ShortName(arn))
		}
	}
	for _, arn := range p.InUse {
		fmt.Fprintf(&b, "  %s is kept: it is in use, or the way back\n", rollout.ShortName(arn))
	}
	return b.to(w)
}
