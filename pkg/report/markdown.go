package report

// The summary of a run as Markdown, for the page of a job.

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// outcomeSummary is how a deployment went: the verdict, what ran before and what was
// deployed, why, and what to do next.
func outcomeSummary(v verdict, about *ServiceStory) string {
	var b strings.Builder
	d := v.Deployment
	fmt.Fprintf(&b, "### %s: %s\n\n", markdown(title(v.Verdict)), markdown(rollout.ShortName(d.Service)))
	for _, line := range v.lines() {
		fmt.Fprintf(&b, "%s\n\n", markdown(line.String()))
	}
	var from, to []string
	if about.Plan != nil {
		for _, image := range about.Plan.Images {
			from, to = append(from, image.Old), append(to, image.New)
		}
	}
	b.WriteString("| | |\n|---|---|\n")
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", name, markdown(value))
		}
	}
	row("Service", rollout.ShortName(d.Service)+" in "+Place(d.Cluster, d.Service, v.options.Target))
	row("From", revision(d.Before.TaskDefinition, d.Before.Tag, from))
	row("To", revision(d.TaskDefinition, d.Tag, to))
	row("Running", fmt.Sprintf("%s, %d of %d tasks", rollout.Named(v.Serving, v.ServingTag), v.Running, v.Desired))
	row("Elapsed", deploy.Span(v.Elapsed)+foretold(about, v.Elapsed))
	b.WriteString("\n")
	causesSummary(&b, v.Diagnosis)
	differenceSummary(&b, about.Plan)
	timelineSummary(&b, about, v.options)
	nextSummary(&b, Next(v.Outcome, v.options.Command))
	return b.String()
}

// nextSummary are commands to type next.
func nextSummary(b *strings.Builder, next []Suggestion) {
	if len(next) == 0 {
		return
	}
	b.WriteString("**Next**\n\n")
	for _, s := range next {
		fmt.Fprintf(b, "%s:\n\n%s\n", markdown(s.Purpose), fenced([]string{s.Command}))
	}
}

func causesSummary(b *strings.Builder, d rollout.Diagnosis) {
	if len(d.Causes) == 0 {
		return
	}
	b.WriteString("**Causes**\n\n")
	for _, cause := range d.Causes {
		fmt.Fprintf(b, "%s\n\n", markdown(cause.String()))
		if cause.Hint != "" {
			fmt.Fprintf(b, "%s\n\n", markdown(cause.Hint))
		}
		if len(cause.Log.Lines) > 0 {
			fmt.Fprintf(b, "%s\n", fenced(cause.Log.Lines))
		}
	}
}

// foretold is what the forecast of the plan said about the time, if there is one.
func foretold(about *ServiceStory, elapsed time.Duration) string {
	if about.Plan == nil || about.Plan.Forecast == nil || about.Plan.Forecast.None != "" || about.Plan.Forecast.Stuck {
		return ""
	}
	f := about.Plan.Forecast
	text := "forecast " + f.Shortest.String()
	if f.Shortest.String() != f.Usual.String() {
		text += " to " + f.Usual.String()
	}
	if usual := time.Duration(f.Usual); elapsed > usual {
		text += ", " + deploy.Span(elapsed-usual) + " longer"
	}
	return " (" + text + ")"
}

// differenceSummary is what the deployment changed, with values masked as in the plan.
func differenceSummary(b *strings.Builder, p *deploy.Plan) {
	if p == nil || len(p.Differences)+len(p.Settings) == 0 {
		return
	}
	var lines []string
	for _, d := range p.Differences {
		lines = append(lines, d.String())
	}
	for _, s := range p.Settings {
		lines = append(lines, s.String())
	}
	b.WriteString("**Changes**\n\n" + fenced(lines) + "\n")
}

// momentsShown is how many moments a summary has: the first ones and the last.
const momentsShown = 60

// timelineSummary is what happened, and when.
func timelineSummary(b *strings.Builder, about *ServiceStory, o Options) {
	if len(about.Moments) == 0 {
		return
	}
	b.WriteString("**Timeline**\n\n| Time | Elapsed | |\n|---|---|---|\n")
	for i, m := range about.Moments {
		left := len(about.Moments) - momentsShown
		switch {
		case left > 0 && i == momentsShown/2:
			fmt.Fprintf(b, "| | | %s |\n", markdown(fmt.Sprintf("%d more", left)))
			continue
		case left > 0 && i > momentsShown/2 && i < momentsShown/2+left:
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", markdown(m.At.In(o.zone()).Format("15:04:05")), markdown(deploy.Span(m.Elapsed)), markdown(m.Text))
	}
	b.WriteString("\n")
}

// failureSummary is an error, and what to do about it.
func failureSummary(f Failure) string {
	text := fmt.Sprintf("### ecs-deploy: %s\n\n%s\n\n", markdown(f.title()), markdown(f.Message))
	if f.Hint != "" {
		text += "Hint: " + markdown(f.Hint) + "\n\n"
	}
	return text
}

// revision is a revision, and the images that it has.
func revision(taskDefinition, tag string, images []string) string {
	if taskDefinition == "" {
		return ""
	}
	return strings.Join(append([]string{rollout.Named(taskDefinition, tag)}, images...), ", ")
}

// markup matches what means something in GitHub's Markdown: escaped by a backslash,
// it is itself. A colon is in it for addresses, which would become links.
var markup = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("[]\\\\`*_{}<>()#+.!|~&=:@$[-]") })

// markdown is a text that means nothing but itself in Markdown.
func markdown(text string) string { return markup().ReplaceAllString(harmless(text), `\$0`) }

// fenced are lines as a block of code, which none of them can end.
func fenced(lines []string) string {
	var b strings.Builder
	fence := "```"
	for _, line := range lines {
		line = harmless(line)
		for strings.Contains(line, fence) {
			fence += "`"
		}
		b.WriteString(line + "\n")
	}
	return fence + "text\n" + b.String() + fence + "\n"
}
