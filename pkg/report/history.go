package report

// The view of a service's past deployments: a table that fits a terminal of 80
// columns, except for commands, which nobody should break.

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const (
	// historyWidth is where the lines of the table end.
	historyWidth = 80
	// nameWidth is the most that a revision's column takes.
	nameWidth = 30
	// digestShown is how much of a digest is shown, "sha256:" included.
	digestShown = 19
)

// History is the deployments of a service, newest first.
func History(h deploy.History) Result {
	return Result{Value: h, Lines: func(o Options) []Line { return pastDeployments(h, o) }}
}

func pastDeployments(h deploy.History, o Options) []Line {
	lines := []Line{toned(Strong, heading(rollout.ShortName(h.Service))).and("  " + Place(h.Cluster, h.Service, o.Target)).whole()}
	width := 0
	for i := range h.Past {
		width = max(width, min(len([]rune(namedPast(&h.Past[i]))), nameWidth))
	}
	for i := range h.Past {
		lines = append(lines, pastDeployment(&h.Past[i], width, o)...)
	}
	if h.Older > 0 {
		lines = append(lines, say("older deployments: %d; list them with --all", h.Older).in(2))
	}
	switch {
	case h.WayBack == nil && h.Guess == "":
		lines = append(lines, toned(Dim, "way back").and("  none: no earlier deployment of another revision succeeded"))
	case h.WayBack == nil:
		lines = append(lines, toned(Dim, "way back").and("  none"))
	default:
		lines = append(lines, toned(Dim, "way back").and("  ").with(Strong, namedPast(h.WayBack)))
	}
	if h.Guess != "" {
		for _, line := range folded("this is a guess: "+h.Guess, historyWidth-2) {
			lines = append(lines, toned(Warn, line).in(2))
		}
	}
	if o.Command != nil && h.WayBack != nil {
		service := deploy.Deployment{Ref: h.Ref}
		lines = append(lines, suggested([]Suggestion{{"see what a rollback would restore", o.Command(service, "rollback-preview")}})...)
	}
	return lines
}

// namedPast is the revision of a deployment, with its tag.
func namedPast(past *deploy.Past) string {
	if past.TaskDefinition == "" {
		return "unknown revision"
	}
	return rollout.Named(past.TaskDefinition, past.Tag)
}

// pastDeployment is one deployment: when, how long, what, how it ended, and beneath it
// why it did not succeed and the images that ran.
func pastDeployment(past *deploy.Past, width int, o Options) []Line {
	prefix := ""
	if past.ServiceDeployment != "" { // a revision that only is ACTIVE has no times
		took := "-"
		if past.Seconds > 0 {
			took = (time.Duration(past.Seconds+0.5) * time.Second).String()
		}
		prefix = fmt.Sprintf("%-16s  %6s  ", past.CreatedAt.In(o.zone()).Format("2006-01-02 15:04"), took)
	}
	indent := 2 + len(prefix)
	lines := []Line{ended(say("%s%-*s  ", prefix, width, cutTo(namedPast(past), width)).in(2).whole(), past)}
	if !past.Succeeded() {
		for _, line := range folded(cmp.Or(past.RollbackReason, past.Reason), historyWidth-indent) {
			lines = append(lines, say("%s", line).in(indent))
		}
	}
	var images []string
	for _, i := range past.Images {
		images = append(images, imageThatRan(i))
	}
	for _, line := range folded(strings.Join(images, "  "), historyWidth-indent) {
		lines = append(lines, toned(Dim, line).in(indent))
	}
	return lines
}

// ended is the line with how the deployment ended, and what it is to the service now.
func ended(line Line, past *deploy.Past) Line {
	parts := []Part{{Text: strings.ToLower(strings.ReplaceAll(past.Status, "_", " "))}}
	switch past.Status {
	case "":
		parts = nil
	case rollout.ServiceDeploymentSuccessful:
		parts[0].Text = "succeeded"
		if past.Rollback {
			parts[0].Text = "rollback"
		}
	case rollout.ServiceDeploymentRollbackSuccessful:
		parts[0] = Part{Bad, "rolled back"}
	case rollout.ServiceDeploymentRollbackFailed, rollout.ServiceDeploymentStopped:
		parts[0].Tone = Bad
	case rollout.ServiceDeploymentPending:
		parts[0].Text = "in progress"
	}
	for _, mark := range []struct {
		is   bool
		part Part
	}{{past.Running, Part{Good, "running"}}, {past.LeftAgain, Part{Plain, "left again"}}, {past.WayBack, Part{Strong, "way back"}}} {
		if mark.is {
			parts = append(parts, mark.part)
		}
	}
	for i, part := range parts {
		if i > 0 {
			line = line.and(", ")
		}
		line = line.with(part.Tone, part.Text)
	}
	return line
}

// imageThatRan is the image of a container, by tag and the beginning of its digest.
func imageThatRan(i deploy.RanImage) string {
	text := i.Container + " " + i.Image[strings.LastIndexByte(i.Image, '/')+1:]
	if i.Digest != "" && !strings.Contains(text, "@") {
		text += "@" + i.Digest
	}
	if name, digest, ok := strings.Cut(text, "@"); ok {
		text = name + "@" + digest[:min(len(digest), digestShown)]
	}
	return text
}

// folded breaks a text into lines of at most width characters; a longer word is cut.
func folded(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		word = cutTo(word, width)
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// cutTo is a text of at most width characters.
func cutTo(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}
