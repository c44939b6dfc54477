package report

// The renderer for the log of a GitHub Actions step: the lines of text, workflow
// commands for what GitHub shows beside the log, and a summary of the job. Everything
// goes to standard output: GitHub reads the two streams one by one, and a group of
// lines must stay in order.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

type github struct {
	options  Options
	story    Story
	log      *canvas
	commands writer // to the same place as log
	summary  writer
}

func newGitHub(o Options) *github {
	return &github{options: o, log: newCanvas(o.Out, o.OutColor), commands: writer{out: o.Out}, summary: writer{out: o.Summary}}
}

// Err is the first error of writing to the log.
func (g *github) Err() error { return cmp.Or(g.log.writer.err, g.commands.err) }

// Event shows what is new in an event.
func (g *github) Event(e deploy.Event) {
	entry := g.story.Add(e)
	switch {
	case e.Type == deploy.EventOutcome && e.TaskOutcome != nil:
		g.taskOutcome(entry)
	case e.Type == deploy.EventOutcome:
		g.outcome(verdict{*e.Outcome, e.Time, g.options}, entry.About)
	case !g.options.Quiet && entry.New:
		g.event(entry)
	}
}

func (g *github) event(entry Entry) {
	if entry.First {
		g.log.draw(logged(entry, nil, g.options)...)
		entry.First = false
	}
	lines := entry.Lines(g.options)
	name := rollout.ShortName(entry.About.Service)
	switch entry.Type {
	case deploy.EventPlan:
		g.group(entry.Plan.String(), lines[1:])
		for _, warning := range entry.Plan.Warnings {
			g.command("warning", name, warning)
		}
	case deploy.EventWarning:
		g.command("warning", name, entry.Message)
	case deploy.EventCause:
		g.command("warning", name+": a task stopped", reasonOf(*entry.Cause), entry.Cause.Hint)
		g.log.draw(logged(entry, lines[1:], g.options)...)
	case deploy.EventLog:
		g.log.draw(lines...)
	default:
		g.log.draw(logged(entry, lines, g.options)...)
	}
}

// taskOutcome shows how one-off tasks ended, and an error if it was badly.
func (g *github) taskOutcome(entry Entry) {
	g.log.draw(entry.Lines(g.options)...)
	if o := entry.TaskOutcome; o.ExitCode() != 0 {
		g.command("error", title(o.Verdict), o.Reason)
	}
}

// outcome shows the verdict, and an error if it is a bad one.
func (g *github) outcome(v verdict, about *ServiceStory) {
	g.log.draw(v.lines()...)
	if v.ExitCode() != 0 {
		texts := []string{v.Reason}
		for _, cause := range v.Diagnosis.Causes {
			texts = append(texts, cause.String(), cause.Hint)
		}
		g.command("error", title(v.Verdict)+": "+rollout.ShortName(v.Deployment.Service), append(texts, v.Diagnosis.Advice...)...)
	}
	g.group("diagnosis", diagnosis(v.Diagnosis))
	g.log.draw(indented(2, suggested(Next(v.Outcome, g.options.Command)))...)
	g.summarize(outcomeSummary(v, about))
}

// Result shows the lines for people.
func (g *github) Result(r Result) { g.log.draw(r.Lines(g.options)...) }

// Fail shows an error, which GitHub shows beside the log, too.
func (g *github) Fail(f Failure) {
	if g.options.Quiet {
		g.log.draw(f.log()...)
	}
	texts := f.Problems
	if len(texts) == 0 {
		texts = []string{f.Message}
	}
	if f.Hint != "" {
		texts = append(slices.Clip(texts), "hint: "+f.Hint)
	}
	g.command("error", "ecs-deploy: "+f.Verdict, texts...)
	g.summarize(failureSummary(f))
}

// group shows lines that GitHub folds below a title; no lines are no group.
func (g *github) group(title string, lines []Line) {
	if len(lines) == 0 {
		g.log.draw(say("%s", title))
		return
	}
	g.commands.write([]byte("::group::" + commandData(title) + "\n"))
	g.log.draw(lines...)
	g.commands.write([]byte("::endgroup::\n"))
}

// command writes a workflow command with a title and lines of text, and skips empty ones.
func (g *github) command(name, title string, texts ...string) {
	var data []string
	for _, text := range texts {
		if text != "" {
			data = append(data, commandData(text))
		}
	}
	g.commands.write([]byte(fmt.Sprintf("::%s title=%s::%s\n", name, commandProperty(title), strings.Join(data, "%0A"))))
}

func (g *github) summarize(text string) {
	if g.options.Summary != nil {
		g.summary.write([]byte(text))
	}
}

var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer(":", "%3A", ",", "%2C")
)

// commandData is a text as the data of a workflow command, where it cannot begin
// another one: docs.github.com, "Workflow commands for GitHub Actions", and escapeData
// of actions/toolkit.
func commandData(text string) string { return dataEscapes.Replace(harmless(text)) }

// commandProperty is a text as a property of a workflow command.
func commandProperty(text string) string { return propertyEscapes.Replace(commandData(text)) }
