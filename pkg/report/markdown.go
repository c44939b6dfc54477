package report

// The summary of a run as Markdown, for the page of a job.

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

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
	row("Elapsed", deploy.Span(v.Elapsed))
	b.WriteString("\n")
	causesSummary(&b, v.Diagnosis)
	if next := Next(v.Outcome, v.options.Command); len(next) > 0 {
		b.WriteString("**Next**\n\n")
		for _, s := range next {
			fmt.Fprintf(&b, "%s:\n\n%s\n", markdown(s.Purpose), fenced([]string{s.Command}))
		}
	}
	return b.String()
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

// failureSummary is an error, and what to do about it.
func failureSummary(f Failure) string {
	text := fmt.Sprintf("### ecs-deploy: %s\n\n%s\n\n", markdown(f.Verdict), markdown(f.Message))
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
