package page

// Why a deployment did not do well.

import (
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// diagnosed is the diagnosis of a part of the story.
func diagnosed(about *report.ServiceStory) rollout.Diagnosis {
	switch {
	case about.Outcome != nil:
		return about.Outcome.Diagnosis
	case about.TaskOutcome != nil:
		return about.TaskOutcome.Diagnosis
	}
	return rollout.Diagnosis{Causes: about.Causes, TargetGroups: about.TargetGroups}
}

// why is the section about it; nothing if nothing is known.
func (s sheet) why(about *report.ServiceStory, prefix string, heading tag) node {
	d := diagnosed(about)
	if d.IsZero() {
		return nothing
	}
	var content list
	if !d.Ending.IsZero() {
		content = append(content, el("div", class("cause"), el("p", el("strong", text(d.Ending.String()))), s.logOf(d.Ending.Log)))
	}
	content = append(content, some(d.Causes, s.detail.rows, s.causeOf, func(words text) node { return el("p", words) }))
	var notes []string
	if more := d.More(); more != "" {
		notes = append(notes, more)
	}
	for _, group := range d.TargetGroups {
		notes = append(notes, group.String())
	}
	if len(d.Alarms) > 0 {
		notes = append(notes, "alarms: "+strings.Join(d.Alarms, ", "))
	}
	for _, event := range d.Events {
		notes = append(notes, "ECS: "+event)
	}
	if d.Breaker.Counts() {
		notes = append(notes, "circuit breaker: "+d.Breaker.String())
	}
	content = append(content, s.bullets(append(notes, d.Advice...)))
	for _, topic := range d.Topics {
		content = append(content, el("p", helpOn(topic)...))
	}
	return section(prefix+"why", "Why", heading, content...)
}

// bullets is a list of texts.
func (s sheet) bullets(texts []string) node {
	if len(texts) == 0 {
		return nothing
	}
	return el("ul", some(texts, s.detail.rows, func(t string) node { return el("li", text(t)) }, leftItem))
}

// causeOf is why tasks stopped, what to check, and the end of the log.
func (s sheet) causeOf(c rollout.Cause) node {
	return el("div", class("cause"), el("p", el("strong", text(c.String()))), hint(c.Hint), s.logOf(c.Log), explained(c))
}

func hint(words string) node {
	if words == "" {
		return nothing
	}
	return el("p", text(words))
}

// logOf is the end of a log, or the command that reads it.
func (s sheet) logOf(l rollout.Log) node {
	switch {
	case len(l.Lines) > 0:
		lines := some(l.Lines, s.detail.rows, func(line string) node { return list{text(line), asset("\n")} }, func(words text) node { return words })
		return el("pre", exact("tabindex", "0"), exact("aria-label", "end of the log"), lines)
	case l.Command != "":
		return el("p", text("its log: "), command(l.Command))
	}
	return nothing
}

// manual is where the pages of the ECS documentation are. Other addresses are no links.
const manual = "https://docs.aws.amazon.com/"

// helpOn points to a help topic.
func helpOn(topic string) list {
	return list{class("help"), text("explained: "), command("ecs-deploy help " + topic)}
}

func explained(c rollout.Cause) node {
	if c.Page == "" {
		return nothing
	}
	help := append(helpOn(string(c.Kind)), text(" "))
	if strings.HasPrefix(c.Page, manual) {
		return el("p", append(help, el("a", says("href", c.Page), exact("rel", "noreferrer"), text("ECS documentation")))...)
	}
	return el("p", append(help, text(c.Page))...)
}
