package report

// The report at the end: the verdict, the reasons, and the next step.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// verdict are the words about an outcome.
type verdict struct {
	deploy.Outcome
	now     time.Time
	options Options
}

// all is the whole report at the end.
func (v verdict) all() []Line {
	return slices.Concat(v.lines(), indented(2, diagnosis(v.Diagnosis)), indented(2, suggested(Next(v.Outcome, v.options.Command))))
}

// lines are the verdict, and its reason.
func (v verdict) lines() []Line {
	place := "in " + Place(v.Deployment.Cluster, v.Deployment.Service, v.options.Target) + v.after()
	return slices.Insert(v.said(), 1, say("%s", place).in(2))
}

// said are the verdict and its reason, without where and when.
func (v verdict) said() []Line {
	lines := []Line{toned(toneOf(v.Outcome), title(v.Verdict)).and(": " + v.summary())}
	if served := v.served(); served != "" {
		lines = append(lines, say("%s", served).in(2))
	}
	if told := []rollout.Verdict{rollout.Succeeded, rollout.Unchanged, rollout.Updated}; v.Reason != "" && !slices.Contains(told, v.Verdict) {
		lines = append(lines, say("%s", v.Reason).in(2))
	}
	if failed := v.Diagnosis.Failed(); failed > 0 && v.ExitCode() == 0 {
		lines = append(lines, toned(Warn, "note").and(fmt.Sprintf(": %s of this deployment failed before it succeeded", count(failed, "task"))).in(2))
	}
	return lines
}

// diagnosis says why a deployment does not do well, and what to do.
func diagnosis(d rollout.Diagnosis) []Line {
	var lines []Line
	if ending := d.Ending; !ending.IsZero() {
		lines = append(lines, toned(Strong, ending.String()))
		lines = append(lines, indented(2, detail(rollout.Cause{Log: ending.Log}))...)
	}
	for _, cause := range d.Causes {
		lines = append(append(lines, toned(Strong, cause.String())), indented(2, detail(cause))...)
	}
	if more := d.More(); more != "" {
		lines = append(lines, say("%s", more))
	}
	for _, group := range d.TargetGroups {
		lines = append(lines, say("%s", group.String()))
	}
	if len(d.Alarms) > 0 {
		lines = append(lines, say("alarms: %s", strings.Join(d.Alarms, ", ")))
	}
	if d.Breaker.Counts() {
		lines = append(lines, say("circuit breaker: %s", d.Breaker))
	}
	for _, event := range d.Events { // the advice about them follows
		lines = append(lines, say("ECS: %s", event))
	}
	for _, advice := range d.Advice {
		lines = append(lines, say("%s", advice).in(4).whole())
	}
	for _, topic := range d.Topics {
		lines = append(lines, explained(topic).in(4))
	}
	return lines
}

// suggested are commands to type next.
func suggested(next []Suggestion) []Line {
	var lines []Line
	for _, s := range next {
		lines = append(lines, toned(Dim, s.Purpose+": ").and(s.Command).whole())
	}
	return lines
}

// title is a verdict in words.
func title(v rollout.Verdict) string { return strings.ReplaceAll(string(v), "-", " ") }

func toneOf(o deploy.Outcome) Tone {
	switch {
	case o.ExitCode() == 0:
		return Good
	case o.Verdict == rollout.Failed || o.Verdict == rollout.RolledBack:
		return Bad
	}
	return Warn
}

// summary says what the service is running now.
func (v verdict) summary() string {
	service, wanted := rollout.ShortName(v.Deployment.Service), rollout.Named(v.Deployment.TaskDefinition, v.Deployment.Tag)
	running := fmt.Sprintf("%s is running %s, %d of %d tasks", service, rollout.Named(v.Serving, v.ServingTag), v.Running, v.Desired)
	if m := v.Misrouted; m != nil && m.Rule != "" {
		running += ", but the production rule sends no traffic to it"
	}
	switch v.Verdict {
	case rollout.Unchanged:
		return strings.Replace(running, " is running ", " is already running ", 1)
	case rollout.Started:
		if v.Deployment.Action == deploy.ActionSettings {
			return service + " has its new settings"
		}
		if back := v.Deployment.Rollback; back != nil && back.ByECS {
			return fmt.Sprintf("ECS is rolling back %s to %s", service, rollout.Named(back.To, back.ToTag))
		}
		return fmt.Sprintf("ECS is deploying %s to %s", wanted, service)
	case rollout.Succeeded:
		return running + v.remarks()
	case rollout.RolledBack:
		if v.Serving == v.Deployment.TaskDefinition { // by a run in which another service failed
			return running
		}
		return fmt.Sprintf("%s failed. %s", wanted, running)
	}
	return running
}

// remarks are what else there is to know about a success.
func (v verdict) remarks() string {
	text := ""
	if before := v.Deployment.Before; before.TaskDefinition != "" && before.TaskDefinition != v.Serving {
		text += " (before: " + rollout.Named(before.TaskDefinition, before.Tag) + ")"
	}
	if v.Draining > 0 {
		text += fmt.Sprintf("; %s still draining", count(v.Draining, "earlier task"))
	}
	switch {
	case v.Desired > 0:
		return text
	case v.Diagnosis.Failed() > 0:
		return text + "; the desired count is 0, so no task is running"
	}
	return text + "; the desired count is 0, so ECS started no task"
}

// served says, after a bad outcome, whether tasks still run that users can reach, and
// of which revision. What runs is not known to be healthy.
func (v verdict) served() string {
	bad := []rollout.Verdict{rollout.Failed, rollout.RolledBack, rollout.TimedOut, rollout.Interrupted}
	running := rollout.Named(v.Serving, v.ServingTag)
	switch {
	case !slices.Contains(bad, v.Verdict) || v.Desired == 0 || v.Misrouted != nil: // the reason says it
		return ""
	case v.Running == 0 || v.Serving == "":
		return "no task is running: users are not served"
	case v.Deployment.Rollback != nil: // "new" and "earlier" would say the contrary of what they mean
		return "users are served by " + running
	case v.Serving == v.Deployment.TaskDefinition:
		return "users are served by the new revision, " + running
	}
	return "users are still served by the earlier revision, " + running
}

// after is how long it took, or, of a deployment that had ended before anybody
// looked, when it ended.
func (v verdict) after() string {
	if v.Deployment.Action == deploy.ActionFollow && !v.EndedAt.IsZero() && v.Elapsed < 2*time.Second {
		ended := v.EndedAt.In(v.options.zone()).Format("2006-01-02 15:04:05 MST")
		if v.now.Before(v.EndedAt) { // two clocks: ours and that of ECS
			return ", ended " + ended
		}
		return fmt.Sprintf(", ended %s ago (%s)", deploy.Span(v.now.Sub(v.EndedAt)), ended)
	}
	if v.Verdict == rollout.Unchanged || v.Verdict == rollout.Started {
		return ""
	}
	return ", after " + deploy.Span(v.Elapsed)
}
