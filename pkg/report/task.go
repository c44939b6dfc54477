package report

// What is said about one-off tasks: their plan, their states, the lines that their
// containers write, and how they ended.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// plannedTask is the plan of one-off tasks.
func plannedTask(p *deploy.TaskPlan) []Line {
	lines := []Line{say("%s", p.String())}
	for _, d := range p.Registered {
		lines = append(lines, say("needs another revision: %s", d.String()).in(2))
	}
	for _, d := range p.Overridden {
		lines = append(lines, say("override: %s", d.String()).in(2))
	}
	for _, note := range p.Notes {
		lines = append(lines, say("note: %s", note))
	}
	return lines
}

// stepsOf are the tasks before and after a deployment.
func stepsOf(p *deploy.Plan) []Line {
	var lines []Line
	for _, step := range p.BeforeTasks {
		lines = append(lines, say("before: %s", step))
	}
	for _, step := range p.VerifyTasks {
		lines = append(lines, say("verify: %s", step))
	}
	return lines
}

// taskMoved is the state of a task.
func taskMoved(t *rollout.Task) Line {
	line := say("task %s is ", arn.ShortName(t.ARN)).with(Strong, t.LastStatus)
	var codes []string
	for _, c := range t.Containers {
		if c.ExitCode != nil {
			codes = append(codes, fmt.Sprintf("container %s: exit code %d", c.Name, *c.ExitCode))
		}
	}
	if t.StoppedReason != "" {
		line = line.and(": " + t.StoppedReason)
	}
	if len(codes) > 0 {
		line = line.and(" (" + strings.Join(codes, ", ") + ")")
	}
	return line
}

// containerTones tell the lines of several containers apart.
var containerTones = []Tone{Good, Warn, Strong, Dim}

// written is a line of a log, behind the container's name, or the task's id, if the
// lines of several are shown. It stands as it is, however long: who reads a CI log wants
// to search and to copy whole lines.
func written(l deploy.LogLine, p *deploy.TaskPlan) Line {
	label, tone := "", Dim
	if p == nil || p.Count > 1 {
		id := arn.ShortName(l.Task)
		label = heading(id[:min(len(id), 8)]) + " "
	}
	if p == nil && l.Several || p != nil && len(p.Containers) > 1 {
		label += heading(l.Container) + " "
	}
	if p != nil {
		tone = containerTones[max(slices.Index(p.Containers, l.Container), 0)%len(containerTones)]
	}
	if label == "" {
		return say("%s", l.Text).whole()
	}
	return toned(tone, label+"| ").and(l.Text).whole()
}

// taskVerdict are the words about how one-off tasks ended. The lines of logs were shown
// before.
func taskVerdict(o *deploy.TaskOutcome, options Options) []Line {
	tone := Bad
	switch {
	case o.ExitCode() == 0:
		tone = Good
	case o.Verdict != rollout.TaskFailed:
		tone = Warn
	}
	after := ", after " + deploy.Span(o.Elapsed)
	if o.Verdict == rollout.Started {
		after = ""
	}
	lines := []Line{
		toned(tone, title(o.Verdict)).and(": " + o.Reason),
		say("%s in %s%s", rollout.Named(o.TaskDefinition, o.Tag), Place(o.Cluster, cmp.Or(o.Service, firstTask(o)), options.Target), after).in(2),
	}
	diagnosed := o.Diagnosis
	diagnosed.Causes = slices.Clone(diagnosed.Causes)
	for i := range diagnosed.Causes {
		diagnosed.Causes[i].Log.Lines = nil
	}
	lines = append(lines, indented(2, diagnosis(diagnosed))...)
	return append(lines, indented(2, suggested(nextTask(o, options)))...)
}

// firstTask is the ARN of the first task, or "".
func firstTask(o *deploy.TaskOutcome) string {
	if len(o.Tasks) == 0 {
		return ""
	}
	return o.Tasks[0].ARN
}

// nextTask suggests how to go on with tasks that still run.
func nextTask(o *deploy.TaskOutcome, options Options) []Suggestion {
	if options.Command == nil || o.Over || o.Service == "" || len(o.Tasks) == 0 {
		return nil
	}
	service, id := deploy.Deployment{Ref: o.Ref}, arn.ShortName(o.Tasks[0].ARN)
	return []Suggestion{{"follow its log", options.Command(service, "logs", "-f", "--task", id)}}
}

// taskFields are the fields of an outcome of tasks, without its methods.
type taskFields deploy.TaskOutcome

// taskObject is an outcome of tasks as an object.
type taskObject struct {
	Type           string    `json:"type"`
	Time           time.Time `json:"time,omitzero"` // in NDJSON
	Schema         string    `json:"schema,omitempty"`
	Simulated      string    `json:"simulated,omitempty"`
	ExitCode       int       `json:"exitCode"`
	ElapsedSeconds float64   `json:"elapsedSeconds"`
	Target         string    `json:"target,omitempty"`
	*taskFields
	Next    []Suggestion   `json:"next,omitempty"`
	Calls   []Call         `json:"calls,omitempty"`
	Subject deploy.Subject `json:"subject,omitzero"` // in NDJSON
}

func taskObjectOf(o *deploy.TaskOutcome, options Options) taskObject {
	return taskObject{
		Type: string(deploy.EventOutcome), ExitCode: o.ExitCode(), ElapsedSeconds: seconds(o.Elapsed),
		Target: options.Target, taskFields: (*taskFields)(o), Next: nextTask(o, options),
	}
}

// Tasks is the tasks of a service.
func Tasks(list deploy.TaskList) Result {
	return Result{Value: list, Lines: func(o Options) []Line {
		lines := []Line{toned(Strong, heading(arn.ShortName(list.Service))).and("  " + Place(list.Cluster, list.Service, o.Target)).whole()}
		if len(list.Tasks) == 0 {
			return append(lines, say("no tasks").in(2))
		}
		for i := range list.Tasks {
			lines = append(lines, listed(&list.Tasks[i], list)...)
		}
		return lines
	}}
}

// listed is a task of a list, and why it stopped.
func listed(t *rollout.Task, list deploy.TaskList) []Line {
	since, tone := t.CreatedAt, Plain
	if !t.StoppedAt.IsZero() {
		since = t.StoppedAt
	}
	words := []string{arn.ShortName(t.ARN), rollout.Named(t.TaskDefinition, list.Tags[t.TaskDefinition]), t.LastStatus}
	if t.HealthStatus != "" && t.HealthStatus != "UNKNOWN" {
		words = append(words, t.HealthStatus)
	}
	if t.HealthStatus == rollout.Unwell {
		tone = Bad
	}
	words = append(words, deploy.Span(max(list.Now.Sub(since), 0))+" ago")
	if t.Zone != "" {
		words = append(words, t.Zone)
	}
	lines := []Line{toned(tone, strings.Join(words, "  ")).in(2).whole()}
	if t.StoppedReason != "" {
		lines = append(lines, say("%s", t.StoppedReason).in(4))
	}
	return lines
}
