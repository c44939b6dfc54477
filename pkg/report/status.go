package report

// The report about the current state of a service.

import (
	"fmt"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// eventsShown is how many service events a status shows.
const eventsShown = 5

// status are the words about where a service stands.
type status struct {
	deploy.Status
	options Options
	lines   []Line
}

// Status is where a service stands.
func Status(found deploy.Status) Result {
	return Result{Value: found, Lines: func(o Options) []Line {
		s := &status{Status: found, options: o}
		s.look()
		return s.lines
	}}
}

func (s *status) look() {
	service := s.Service
	s.add(toned(Strong, heading(service.Name)).and("  " + service.Status + "  " + Place(service.ClusterARN, service.ARN, s.options.Target)))
	s.field("tasks", fmt.Sprintf("%d of %d running, %d pending", service.Running, service.Desired, service.Pending))
	s.field("settings", settingsOf(service.Settings))
	for _, d := range service.Deployments {
		s.deployment(d)
	}
	s.last()
	s.diagnosis()
	for _, event := range service.Events[:min(len(service.Events), eventsShown)] {
		message := strings.TrimPrefix(event.Message, "(service "+service.Name+") ")
		s.add(toned(Dim, event.At.In(s.options.zone()).Format("01-02 15:04:05")).and("  " + unspaced(message)).in(2).hang(16))
	}
	s.lines = append(s.lines, indented(2, suggested(NextOfStatus(s.Status, s.options.Command)))...)
}

func (s *status) add(line Line) { s.lines = append(s.lines, line) }

// field adds a name and its value, which may take several lines.
func (s *status) field(name, value string) {
	if value != "" {
		s.add(say("%-10s  %s", name, unspaced(value)).in(2).hang(12))
	}
}

// unspaced is a text in which one space is between two words.
func unspaced(text string) string { return strings.Join(strings.Fields(text), " ") }

func (s *status) deployment(d rollout.Deployment) {
	tone := Plain
	switch d.RolloutState {
	case rollout.RolloutCompleted:
		tone = Good
	case rollout.RolloutFailed:
		tone = Bad
	}
	failed := ""
	if d.Failed > 0 {
		failed = fmt.Sprintf(", %d failed", d.Failed)
	}
	s.add(say("%-10s  %s  %d of %d running%s  ", strings.ToLower(d.Status), d.Name(), d.Running, d.Desired, failed).
		with(tone, d.RolloutState).and("  since " + s.options.stamp(d.CreatedAt)).in(2).whole())
	s.add(toned(Dim, d.ID).in(14))
}

// last says how the newest deployment ended, or how far it is.
func (s *status) last() {
	switch {
	case s.Last != nil:
		text := s.Last.Status
		if !s.Last.FinishedAt.IsZero() {
			text += " at " + s.options.stamp(s.Last.FinishedAt)
		}
		if s.Last.StatusReason != "" {
			text += ": " + s.Last.StatusReason
		}
		s.field("last", text)
		if s.Last.FinishedAt.IsZero() {
			s.field("stage", s.Last.Stage())
			s.field("waits for", s.Last.Awaited())
			s.field("watching", s.Last.Watched())
		}
	case s.LastUnread != "":
		s.field("last", "cannot be read: "+s.LastUnread)
	}
}

// diagnosis says why the deployment does not do well, and what to do.
func (s *status) diagnosis() {
	d := s.Diagnosis
	if d.Breaker.Counts() {
		s.field("breaker", d.Breaker.String())
	}
	s.field("alarms", strings.Join(d.Alarms, ", "))
	if !d.Ending.IsZero() {
		s.field("ended", strings.TrimPrefix(d.Ending.String(), "ended "))
		s.lines = append(s.lines, indented(12, detail(rollout.Cause{Log: d.Ending.Log}))...)
	}
	for _, group := range d.TargetGroups {
		s.field("targets", group.String())
	}
	s.traffic()
	if s.TasksUnread != "" {
		s.field("causes", "cannot be read: "+s.TasksUnread)
	}
	if len(d.Causes) > 0 {
		s.field("causes", "why tasks of "+rollout.Named(s.Diagnosed.TaskDefinition, s.Diagnosed.Tag)+" stopped")
	}
	for _, cause := range d.Causes {
		cause.Page = "" // the outcome has it
		s.add(say("%s", unspaced(cause.String())).in(4))
		s.lines = append(s.lines, indented(4, detail(cause))...)
	}
	if more := d.More(); more != "" {
		s.add(say("%s", more).in(4))
	}
	for _, advice := range d.Advice {
		s.field("to do", advice)
		if strings.Contains(advice, ": aws ") { // a command is not broken over lines
			s.lines[len(s.lines)-1].Whole = true
		}
	}
	for _, topic := range d.Topics {
		s.field("explained", "ecs-deploy help "+topic)
	}
}

// traffic says where the production traffic goes, if that is wrong or not known.
func (s *status) traffic() {
	switch {
	case s.Misrouted != nil:
		s.field("traffic", s.Misrouted.String())
	case s.TrafficUnread != "":
		s.field("traffic", "cannot be read: "+s.TrafficUnread)
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

// NextOfStatus suggests what to type after a look at a service: nothing if all
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
	case s.Last != nil && !s.Last.Ended() && len(s.Last.Pauses()) > 0:
		return steer(s.Diagnosed, s.Last.Pauses(), command)
	case primary.RolloutState == rollout.RolloutInProgress:
		return add("follow it", "wait")
	case primary.RolloutState == rollout.RolloutFailed && !s.Diagnosed.Express:
		return add("see what a rollback would restore", "rollback-preview")
	case s.Diagnosed.ID != primary.ID:
		return add("see how it ended", "wait")
	}
	return nil
}
