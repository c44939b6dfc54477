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
	mark := "way back"
	if h.Rollback.Done() {
		mark = "further back"
	}
	for i := range h.Past {
		lines = append(lines, pastDeployment(&h.Past[i], width, mark, o)...)
	}
	if h.Older > 0 {
		lines = append(lines, say("older deployments: %d; list them with --all", h.Older).in(2))
	}
	return append(lines, whereTo(h, o)...)
}

// whereTo says where a rollback goes, and what to type next.
func whereTo(h deploy.History, o Options) []Line {
	var lines []Line
	add := func(name, text string) {
		for i, line := range folded(text, historyWidth-len(name)-2) {
			if i == 0 {
				lines = append(lines, toned(Dim, name).and("  ").with(Strong, line))
				continue
			}
			lines = append(lines, say("%s", line).in(len(name)+2))
		}
	}
	warn := func(text string) {
		for _, line := range folded(text, historyWidth-2) {
			lines = append(lines, toned(Warn, line).in(2))
		}
	}
	name, purpose, words := "way back", "see what a rollback would restore", []string{"rollback-preview"}
	switch {
	case h.Rollback.Going():
		add("rollback", h.Rollback.String()+": nothing needs to be done")
		purpose, words = "follow it", []string{"wait"}
	case h.Rollback.Done():
		add("rollback", h.Rollback.String()+": there is nothing to do")
		name = "further back"
		if h.WayBack != nil {
			purpose, words = "go further back", []string{"rollback-preview", "--to", rollout.ShortName(h.WayBack.TaskDefinition)}
		}
	}
	switch {
	case h.WayBack == nil && h.Guess == "":
		add(name, "none: no earlier deployment of another revision succeeded")
	case h.WayBack == nil:
		add(name, "none: there is no earlier ACTIVE revision")
	default:
		add(name, namedPast(h.WayBack))
	}
	switch {
	case h.Guess != "" && h.WayBack != nil:
		warn("this is a guess: " + h.Guess)
	case h.Unrecorded != "":
		warn("these are the ACTIVE revisions: " + h.Unrecorded)
	}
	if o.Command != nil && h.WayBack != nil && (!h.Express || words[0] == "wait") {
		lines = append(lines, suggested([]Suggestion{{purpose, o.Command(deploy.Deployment{Ref: h.Ref}, words...)}})...)
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
// why it did not succeed, its id and the images that ran. wayBack is what the way back is
// called.
func pastDeployment(past *deploy.Past, width int, wayBack string, o Options) []Line {
	prefix := ""
	if past.ServiceDeployment != "" { // a revision that only is ACTIVE has no times
		took := "-"
		if past.Seconds > 0 {
			took = (time.Duration(past.Seconds+0.5) * time.Second).String()
		}
		prefix = fmt.Sprintf("%-16s  %6s  ", past.CreatedAt.In(o.zone()).Format("2006-01-02 15:04"), took)
	}
	indent := 2 + len(prefix)
	lines := ended(say("%s%-*s  ", prefix, width, cutTo(namedPast(past), width)).in(2).whole(), indent, past, wayBack)
	if !past.Succeeded() {
		for _, line := range folded(cmp.Or(past.RollbackReason, past.Reason), historyWidth-indent) {
			lines = append(lines, say("%s", line).in(indent))
		}
	}
	details := []string{past.ID}
	for n, i := range past.Images {
		image := imageThatRan(i)
		if last := len(details) - 1; n > 0 && len([]rune(details[last]+"  "+image)) <= historyWidth-indent {
			details[last] += "  " + image
			continue
		}
		details = append(details, image)
	}
	for _, detail := range details {
		for _, line := range folded(detail, historyWidth-indent) {
			lines = append(lines, toned(Dim, line).in(indent))
		}
	}
	return lines
}

// endings are the words for the statuses of ECS's records.
var endings = map[string]Part{
	rollout.ServiceDeploymentPending:            {Plain, "in progress"},
	rollout.ServiceDeploymentInProgress:         {Plain, "in progress"},
	rollout.ServiceDeploymentStopRequested:      {Plain, "stopping"},
	rollout.ServiceDeploymentStopped:            {Bad, "stopped"},
	rollout.ServiceDeploymentSuccessful:         {Plain, "succeeded"},
	rollout.ServiceDeploymentRollbackRequested:  {Bad, "rolling back"},
	rollout.ServiceDeploymentRollbackInProgress: {Bad, "rolling back"},
	rollout.ServiceDeploymentRollbackSuccessful: {Bad, "rolled back"},
	rollout.ServiceDeploymentRollbackFailed:     {Bad, "failed"},
}

// ended is the line with how the deployment ended, and what it is to the service now. What
// does not fit into it is on another one, which is indented.
func ended(line Line, indent int, past *deploy.Past, wayBack string) []Line {
	var parts []Part
	if past.Status != "" {
		ending, known := endings[past.Status]
		if !known {
			ending.Text = strings.ToLower(strings.ReplaceAll(past.Status, "_", " "))
		}
		parts = append(parts, ending)
	}
	for _, mark := range []struct {
		is   bool
		part Part
	}{
		{past.Requested, Part{Plain, "on request"}}, {past.Rollback, Part{Plain, "rollback"}}, {past.Running, Part{Good, "running"}},
		{past.LeftAgain, Part{Plain, "left again"}}, {past.WayBack, Part{Strong, wayBack}},
	} {
		if mark.is {
			parts = append(parts, mark.part)
		}
	}
	var lines []Line
	for i, part := range parts {
		text := part.Text
		if i < len(parts)-1 {
			text += ","
		}
		space := ""
		if i > 0 && len(line.Parts) > 0 {
			space = " "
		}
		if i > 0 && line.Indent+len([]rune(line.String()+space+text)) > historyWidth {
			lines = append(lines, line)
			line, space = Line{Indent: indent}, ""
		}
		line = line.and(space).with(part.Tone, text)
	}
	return append(lines, line)
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
