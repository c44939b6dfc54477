package page

// One service: how it ended, why, what happened, what changed.

import (
	"fmt"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// ending is how a part of the story ended.
type ending struct {
	tone  report.Tone
	word  string // the verdict
	lines []report.Line
}

// endOf is how a part of the story ended.
func (s sheet) endOf(about *report.ServiceStory) ending {
	lines := about.End(report.Options{Location: s.zone, Target: s.story.Target})
	if failure := s.story.Failure; len(lines) == 0 && failure != nil {
		lines = failure.End()
	}
	if len(lines) == 0 {
		lines = []report.Line{{Parts: []report.Part{{Tone: report.Warn, Text: "no end"}, {Text: ": the events do not say how the rollout ended"}}}}
	}
	return endingOf(lines)
}

// endingOf is an end by its words: the verdict is the first of them.
func endingOf(lines []report.Line) ending {
	return ending{lines[0].Parts[0].Tone, lines[0].Parts[0].Text, lines}
}

func (e ending) class() string { return tones[e.tone].class }
func (e ending) sign() string  { return tones[e.tone].sign }

// nameOf is a service and where it is.
func (s sheet) nameOf(about *report.ServiceStory) string {
	return about.Name() + " in " + report.Place(about.Cluster, about.Service, s.story.Target)
}

// service is all about a service. prefix begins the ids of its parts, heading is the
// element of its title.
func (s sheet) service(about *report.ServiceStory, prefix string, heading tag) node {
	below := tag("h2")
	if heading != "h1" {
		below = "h3"
	}
	head := list{el(heading, text(about.Name()), el("span", class("place"), text(report.Place(about.Cluster, about.Service, s.story.Target))))}
	if heading == "h1" {
		head = append(list{s.eyebrow()}, head...)
	}
	head = append(head, verdictBox(s.endOf(about)), s.facts(about))
	return el("article", exact("id", prefix+"service"),
		el("header", head),
		s.why(about, prefix, below),
		s.timeline(about, prefix, below),
		s.changes(about, prefix, below),
		nextOf(about.Next, prefix, below))
}

// verdictBox is an end in a few sentences.
func verdictBox(end ending) node {
	first := end.lines[0].String()
	box := list{class("verdict " + end.class()), el("p", sign(end.sign(), ""), el("strong", text(end.word)), text(strings.TrimPrefix(first, end.word)))}
	for _, line := range end.lines[1:] {
		box = append(box, el("p", text(line.String())))
	}
	return el("div", box...)
}

// fact is a name and a value; without a value there is none.
type fact struct {
	name  string
	value node
}

func (f fact) node() node { return el("div", el("dt", text(f.name)), el("dd", f.value)) }

// stamp is the layout of a whole time.
const stamp = "2006-01-02 15:04:05 MST"

// facts are what a reader looks for first.
func (s sheet) facts(about *report.ServiceStory) node {
	var all []fact
	add := func(name, value string) {
		if value != "" {
			all = append(all, fact{name, text(value)})
		}
	}
	if o := about.Outcome; o != nil {
		d := o.Deployment
		to := rollout.Named(d.TaskDefinition, d.Tag)
		if from := rollout.Named(d.Before.TaskDefinition, d.Before.Tag); d.Before.TaskDefinition != "" && d.Before.TaskDefinition != d.TaskDefinition {
			to = from + " → " + to
		}
		add("Revision", to)
	}
	if p := about.Plan; p != nil {
		for _, image := range p.Images {
			add("Image of "+image.Container, image.Old+" → "+image.New)
		}
	}
	if began := began(about); began.IsZero() {
		all = append(all, fact{"Reported", s.time(about.Now, stamp)})
	} else {
		all = append(all, fact{"Began", s.time(began, stamp)}, fact{"Ended", s.time(about.Now, stamp)})
		add("Took", rollout.Span(about.Elapsed)+forecast(about))
	}
	if o := about.Outcome; o != nil {
		add("Tasks", fmt.Sprintf("%d of %d running", o.Running, o.Desired))
		add("Exit code", fmt.Sprint(o.ExitCode()))
		add("Deployment", o.Deployment.ID)
	}
	if about.Record != nil {
		add("Strategy", strings.ToLower(strings.ReplaceAll(about.Record.Strategy, "_", "/")))
	}
	return el("dl", append(list{class("facts")}, some(all, s.detail.rows, fact.node, func(words text) node { return fact{"", words}.node() }))...)
}

// began is when the first thing happened; zero if nothing did.
func began(about *report.ServiceStory) time.Time {
	switch {
	case len(about.Moments) > 0:
		return about.Moments[0].At
	case len(about.Samples) > 0:
		return about.Samples[0].At
	}
	return time.Time{}
}

// forecast is what the plan said about the time.
func forecast(about *report.ServiceStory) string {
	if _, _, ok := foreseen(about); !ok {
		return ""
	}
	f := about.Plan.Forecast
	if f.Shortest.String() == f.Usual.String() {
		return " (forecast " + f.Usual.String() + ")"
	}
	return fmt.Sprintf(" (forecast %s to %s)", f.Shortest, f.Usual)
}

// timeline is the chart, the same as a table, and the list of events.
func (s sheet) timeline(about *report.ServiceStory, prefix string, heading tag) node {
	if began(about).IsZero() {
		return nothing
	}
	events, left := eventsOf(about, prefix, s.detail.events)
	content := list{}
	if c := newChart(about, s.endOf(about), s.detail.points); c != nil {
		content = append(content, el("figure", class("chart"),
			el("div", class("scroll"), exact("tabindex", "0"), exact("role", "region"), says("aria-label", "Chart of the running tasks; scrolls sideways"), c.svg(events, "Running tasks of "+about.Name()+" over time")),
			el("figcaption", legend(about), s.counts(c))))
	}
	return section(prefix+"timeline", "Timeline", heading, append(content, s.eventList(about, events, left))...)
}

// nextShown is how many commands are suggested at most.
const nextShown = 10

// nextOf are the commands that made sense at the end.
func nextOf(next []report.Suggestion, prefix string, heading tag) node {
	if len(next) == 0 {
		return nothing
	}
	return section(prefix+"next", "Next", heading, el("ul", append(list{class("commands")}, some(next, nextShown, func(n report.Suggestion) node {
		return el("li", text(n.Purpose+": "), command(n.Command))
	}, leftItem))...))
}

// command is a command to copy.
func command(words string) node { return el("code", class("command"), text(words)) }
