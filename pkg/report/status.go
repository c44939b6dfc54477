package report

// The view of where a service stands. It fits a terminal of 100 columns, except
// for log lines and commands, which nobody should break.

import (
	"fmt"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const (
	// eventsShown is how many service events a status shows.
	eventsShown = 5
	// statusWidth is where its lines are broken.
	statusWidth = 100
)

// statusView writes a status.
type statusView struct {
	page
	palette
	options Options
}

// Status writes where a service stands, to o.Out.
func Status(s deploy.Status, o Options) error {
	v := &statusView{palette: newPalette(o.OutColor), options: o}
	service := s.Service
	fmt.Fprintf(v, "%s  %s  %s\n", v.bold.Sprint(heading(service.Name)), service.Status, Place(service.ClusterARN, service.ARN, o.Target))
	fmt.Fprintf(v, "  tasks       %d of %d running, %d pending\n", service.Running, service.Desired, service.Pending)
	v.field("settings", settingsOf(service.Settings))
	for _, d := range service.Deployments {
		v.deployment(d)
	}
	v.last(s)
	v.diagnosis(s)
	for _, event := range service.Events[:min(len(service.Events), eventsShown)] {
		message := strings.TrimPrefix(event.Message, "(service "+service.Name+") ")
		v.wrapped("  "+v.dim.Sprint(event.At.Local().Format("01-02 15:04:05"))+"  ", 18, message)
	}
	for _, next := range NextOfStatus(s, o.Command) {
		fmt.Fprintf(v, "%s %s\n", v.dim.Sprint("  "+next.Purpose+":"), next.Command)
	}
	return v.to(o.Out)
}

// field writes a name and its value, which may take several lines.
func (v *statusView) field(name, value string) {
	if value != "" {
		v.wrapped(fmt.Sprintf("  %-10s  ", name), 14, value)
	}
}

// wrapped writes a text behind a prefix, and breaks it where it is too long.
func (v *statusView) wrapped(prefix string, indent int, text string) {
	line, column := prefix, indent
	for i, word := range strings.Fields(text) {
		width := len([]rune(word))
		switch {
		case i == 0:
		case column+1+width > statusWidth:
			fmt.Fprintln(v, line)
			line, column = strings.Repeat(" ", indent), indent
		default:
			line += " "
			column++
		}
		line += word
		column += width
	}
	fmt.Fprintln(v, line)
}

func (v *statusView) deployment(d rollout.Deployment) {
	state := d.RolloutState
	switch state {
	case rollout.RolloutCompleted:
		state = v.good.Sprint(state)
	case rollout.RolloutFailed:
		state = v.bad.Sprint(state)
	}
	failed := ""
	if d.Failed > 0 {
		failed = fmt.Sprintf(", %d failed", d.Failed)
	}
	fmt.Fprintf(v, "  %-10s  %s  %d of %d running%s  %s  since %s\n", strings.ToLower(d.Status), d.Name(), d.Running, d.Desired, failed, state, stamp(d.CreatedAt))
	fmt.Fprintf(v, "              %s\n", v.dim.Sprint(d.ID))
}

// last writes how the newest deployment ended, or how far it is.
func (v *statusView) last(s deploy.Status) {
	switch {
	case s.Last != nil:
		text := s.Last.Status
		if !s.Last.FinishedAt.IsZero() {
			text += " at " + stamp(s.Last.FinishedAt)
		}
		if s.Last.StatusReason != "" {
			text += ": " + s.Last.StatusReason
		}
		v.field("last", text)
		if s.Last.FinishedAt.IsZero() {
			v.field("stage", s.Last.Stage())
			v.field("watching", s.Last.Watched())
		}
	case s.LastUnread != "":
		v.field("last", "not readable: "+s.LastUnread)
	}
}

// diagnosis writes why the deployment does not do well, and what to do.
func (v *statusView) diagnosis(s deploy.Status) {
	d := s.Diagnosis
	if d.Breaker.Counts() {
		v.field("breaker", d.Breaker.String())
	}
	v.field("alarms", strings.Join(d.Alarms, ", "))
	for _, group := range d.TargetGroups {
		v.field("targets", shorter(group.String()))
	}
	if s.TasksUnread != "" {
		v.field("causes", "not readable: "+s.TasksUnread)
	}
	if len(d.Causes) > 0 {
		v.field("causes", "why tasks of "+rollout.Named(s.Diagnosed.TaskDefinition, s.Diagnosed.Tag)+" stopped")
	}
	for _, cause := range d.Causes {
		v.wrapped("    ", 4, shorter(cause.String()))
		v.wrapped("      ", 6, cause.Hint)
		for _, line := range cause.Log.Lines {
			fmt.Fprintf(v, "      | %s\n", line)
		}
		if len(cause.Log.Lines) == 0 && cause.Log.Command != "" {
			fmt.Fprintf(v, "      its log: %s\n", cause.Log.Command)
		}
	}
	if more := d.More(); more != "" {
		v.wrapped("    ", 4, more)
	}
	for _, advice := range d.Advice {
		if strings.Contains(advice, ": aws ") { // a command is not broken over lines
			fmt.Fprintf(v, "  %-10s  %s\n", "to do", advice)
			continue
		}
		v.field("to do", advice)
	}
}

// settingsOf are the settings of a service that decide how a deployment goes.
func settingsOf(s rollout.Settings) string {
	var parts []string
	if s.Strategy != "" {
		parts = append(parts, strings.ToLower(s.Strategy))
	}
	if s.Daemon {
		parts = append(parts, "daemon")
	}
	if s.MinimumHealthyPercent != nil {
		parts = append(parts, fmt.Sprintf("min %d%%", *s.MinimumHealthyPercent))
	}
	if s.MaximumPercent != nil {
		parts = append(parts, fmt.Sprintf("max %d%%", *s.MaximumPercent))
	}
	if s.BakeMinutes > 0 {
		parts = append(parts, fmt.Sprintf("bake %dm", s.BakeMinutes))
	}
	if len(parts) == 0 {
		return "" // ECS said nothing
	}
	breaker := "no circuit breaker"
	if s.Breaker != nil {
		breaker = "circuit breaker" + rollbackOf(s.Breaker)
	}
	parts = append(parts, breaker)
	if s.Alarms != nil {
		parts = append(parts, "alarm "+strings.Join(s.Alarms.Names, ", ")+rollbackOf(s.Alarms))
	}
	return strings.Join(parts, ", ")
}

func rollbackOf(g *rollout.Guard) string {
	if g.Rollback {
		return " with rollback"
	}
	return " without rollback"
}

// NextOfStatus suggests what to type after a look at a service: nothing where all
// is well. command is as in [Next].
func NextOfStatus(s deploy.Status, command func(d deploy.Deployment, words ...string) string) []Suggestion {
	primary := s.Service.Primary()
	if command == nil || primary == nil {
		return nil
	}
	add := func(purpose string, words ...string) []Suggestion {
		return []Suggestion{{Purpose: purpose, Command: command(s.Diagnosed, words...)}}
	}
	switch {
	case primary.RolloutState == rollout.RolloutInProgress:
		return add("follow it", "wait")
	case primary.RolloutState == rollout.RolloutFailed:
		return add("see what a rollback would restore", "rollback-preview")
	case s.Diagnosed.ID != primary.ID:
		return add("see how it ended", "wait")
	}
	return nil
}
