package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Diagnosis is why a deployment does not do well.
type Diagnosis struct {
	// Causes are ordered by the number of tasks, the most frequent first.
	Causes []Cause `json:"causes,omitempty"`
	// MoreCauses is the number of causes that the list omits to stay readable, and MoreTasks
	// the number of tasks that stopped for them.
	MoreCauses int `json:"moreCauses,omitempty"`
	MoreTasks  int `json:"moreTasks,omitempty"`
	// Events are the newest service events that tell of trouble with placing or
	// starting tasks, oldest first, each text once.
	Events []string `json:"events,omitempty"`
	// TargetGroups are those that had unhealthy targets, as they were then.
	TargetGroups []TargetGroup `json:"targetGroups,omitempty"`
	// Alarms are the CloudWatch alarms that ended the deployment.
	Alarms []string `json:"alarms,omitempty"`
	// Ending is who ended a deployment that shifts traffic, or has hooks; zero if that is
	// not known.
	Ending Ending `json:"ending,omitzero"`
	// Breaker is the circuit breaker's count, if it is known.
	Breaker *Breaker `json:"circuitBreaker,omitempty"`
	// Advice says what to do about events, target groups and alarms. A cause has
	// a hint of its own.
	Advice []string `json:"advice,omitempty"`
	// Topics are the names of the help topics about events, target groups, alarms and
	// the ending: ecs-deploy help NAME. That of a cause is its kind.
	Topics []string `json:"topics,omitempty"`
}

// Failed is the number of tasks that stopped for a cause.
func (d Diagnosis) Failed() int {
	failed := d.MoreTasks
	for _, cause := range d.Causes {
		failed += cause.Count
	}
	return failed
}

// More counts the causes that the list omits; "" if there are none.
func (d Diagnosis) More() string {
	if d.MoreCauses == 0 {
		return ""
	}
	return fmt.Sprintf("and %d more %s (%d %s)", d.MoreCauses, plural("cause", d.MoreCauses), d.MoreTasks, plural("task", d.MoreTasks))
}

func plural(noun string, n int) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// IsZero reports whether nothing is known, so that JSON leaves the diagnosis out.
func (d Diagnosis) IsZero() bool {
	return len(d.Causes) == 0 && len(d.Events) == 0 && len(d.TargetGroups) == 0 && len(d.Alarms) == 0 && d.Breaker == nil && len(d.Advice) == 0 && len(d.Topics) == 0 && d.Ending.IsZero()
}

// scalingReason begins the stop reason of tasks that ECS stopped because they
// were no longer wanted: that is not a failure.
const scalingReason = "Scaling activity initiated by"

// At most causesKept causes and eventsKept events are in a diagnosis: somebody
// reads it.
const (
	causesKept = 5
	eventsKept = 5
)

// Explain groups the stopped tasks of one deployment by what stopped them, and
// quotes the service events (newest first, as ECS lists them) that tell more.
// Tasks of other deployments, and those that ECS scaled in, do not count.
func Explain(deploymentID string, tasks []Task, events []ServiceEvent) Diagnosis {
	type group struct {
		cause   Cause
		stopped string // what ECS said of the whole task
	}
	var groups []*group
	known := map[string]*group{}
	for i := range tasks {
		task := tasks[i]
		if task.DeploymentID != deploymentID || !stopping(&task) || strings.HasPrefix(task.StoppedReason, scalingReason) {
			continue
		}
		if task.cause == nil {
			task.Group()
		}
		if same := known[task.group]; same != nil {
			same.cause.Count++
			continue
		}
		first := &group{*task.cause, task.StoppedReason}
		known[task.group] = first
		groups = append(groups, first)
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.cause.Count, a.cause.Count), strings.Compare(a.cause.Reason, b.cause.Reason), strings.Compare(a.cause.Container, b.cause.Container))
	})
	var d Diagnosis
	for i, g := range groups {
		if i >= causesKept {
			d.MoreCauses, d.MoreTasks = d.MoreCauses+1, d.MoreTasks+g.cause.Count
			continue
		}
		g.cause.classify(g.stopped)
		d.Causes = append(d.Causes, g.cause)
	}
	d.Events = quote(events, d.Causes)
	d.Advise()
	return d
}

func stopping(task *Task) bool {
	return task.LastStatus == "STOPPED" || task.StoppedReason != ""
}

// causeOf finds the container that ended the task and what ECS says of it.
func causeOf(task *Task) Cause {
	cause := Cause{Reason: cmp.Or(task.StoppedReason, task.StopCode, "the task stopped without a reason"), Count: 1, Task: task.ARN}
	outside := stoppedFromOutside(task)
	if culprit := culpritOf(task, outside); culprit != nil {
		cause.Container = culprit.Name
		if !outside {
			cause.ExitCode = culprit.ExitCode
		}
		if culprit.Reason != "" && !isConsequence(culprit.Reason) {
			cause.Reason = culprit.Reason
		}
	}
	return cause
}

// classify says what a cause means, from its reason and from what ECS said of the
// whole task.
func (c *Cause) classify(stoppedReason string) {
	text := c.Reason
	if stoppedReason != text {
		text += "\n" + stoppedReason
	}
	row := meaningOf(text)
	c.Kind, c.Hint, c.Page = row.kind, row.hint, guide+row.page+".html"
	if c.Kind == Exited && c.ExitCode != nil {
		c.Hint = cmp.Or(exits[*c.ExitCode], c.Hint)
	}
	if c.Kind == Unhealthy && strings.HasPrefix(c.Container, serviceConnect) {
		c.Hint = "check the service's Service Connect configuration, and the CPU and memory that are left for its proxy"
	}
}

// serviceConnect begins the name of the proxy that ECS adds to the tasks of a
// service that uses Service Connect.
const serviceConnect = "ecs-service-connect-"

// stoppedFromOutside reports whether ECS or somebody stopped a task that ran. The
// exit codes of its containers are then consequences: 143 or 137 of a container
// that was told to end, 0 of one that did so in order.
func stoppedFromOutside(task *Task) bool {
	switch task.StopCode {
	case "ServiceSchedulerInitiated", "UserInitiated", "SpotInterruption", "TerminationNotice", "InfrastructureHealth":
		return true
	case "EssentialContainerExited", "TaskFailedToStart":
		return false
	}
	return containsAny(task.StoppedReason, outside)
}

// outside are reasons of tasks that ECS or somebody stopped.
var outside = []string{"health checks", "stopped by user", "Host EC2", "Container instance deregistration", "Spot Task was interrupted"}

// isConsequence reports whether the reason of a container only says that another
// container failed.
func isConsequence(reason string) bool { return strings.Contains(reason, "ependency") }

// culpritOf is the container that ended the task; nil if none can be named. A
// reason of its own tells most, except if the task failed the health checks of
// its containers: then it is the unhealthy one. Exit codes come next, if a
// container ended by itself: the others are then stopped with SIGTERM (143) or
// SIGKILL (137), which is less telling.
func culpritOf(task *Task, outside bool) *Container {
	failedHealth := strings.Contains(task.StoppedReason, "container health checks")
	rank := func(c *Container) int {
		switch {
		case failedHealth && c.Health == Unwell:
			return 6
		case c.Reason != "" && !isConsequence(c.Reason):
			return 5
		case !outside && c.ExitCode != nil && *c.ExitCode != 0 && *c.ExitCode != 143 && *c.ExitCode != 137:
			return 4
		case c.Health == Unwell:
			return 3
		case outside || c.ExitCode == nil || *c.ExitCode == 0:
			return 0
		case *c.ExitCode == 137:
			return 2
		}
		return 1
	}
	var best *Container
	for i := range task.Containers {
		c := &task.Containers[i]
		if n := rank(c); n > 0 && (best == nil || n > rank(best) || n == rank(best) && strings.HasPrefix(best.Name, serviceConnect)) {
			best = c
		}
	}
	if own := applications(task.Containers); best == nil && len(own) == 1 && (outside || task.StopCode == "EssentialContainerExited") {
		return own[0]
	}
	return best
}

// applications are the containers that ECS has not added by itself.
func applications(containers []Container) []*Container {
	var own []*Container
	for i := range containers {
		if !strings.HasPrefix(containers[i].Name, serviceConnect) {
			own = append(own, &containers[i])
		}
	}
	return own
}

// Service events by what they tell. The texts are those of the ECS developer
// guide (service event messages).
var (
	telling = []string{"unable to", "is unhealthy in", "throttled", "failed container health checks"}
	trouble = append([]string{"unhealthy status", "deployment failed"}, telling...)
)

func containsAny(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

// Trouble reports whether a service event tells of a problem.
func Trouble(e ServiceEvent) bool { return containsAny(e.Message, trouble) }

// quote lists the service events that say why tasks cannot be placed or kept,
// oldest first, each text once and without the service's name. What a stopped
// task said already is left out.
func quote(events []ServiceEvent, causes []Cause) []string {
	var said []string
	for _, c := range causes {
		if text := withoutIDs(strings.TrimSuffix(c.Reason, ".")); text != "" {
			said = append(said, text)
		}
	}
	var quoted []string
	seen := map[string]bool{}
	for _, e := range slices.Backward(events) {
		message := withoutName(e.Message)
		if !containsAny(message, telling) {
			continue
		}
		key := withoutIDs(message)
		if !seen[key] && !containsAny(key, said) {
			seen[key] = true
			quoted = append(quoted, message)
		}
	}
	return quoted[max(0, len(quoted)-eventsKept):]
}

// withoutName is the text of a service event behind "(service NAME) ".
func withoutName(message string) string {
	if _, rest, found := strings.Cut(message, ") "); found && strings.HasPrefix(message, "(") {
		return rest
	}
	return message
}

// relief is what ECS writes when tasks could be started after all.
var relief = []string{"has started", "has reached a steady state", "deployment completed"}

// Standing is the newest service event that tells of trouble that, as far as is
// known, still holds: ECS has not written since that it started tasks. ECS writes
// such an event once, and not again for hours. events are ordered as ECS lists
// them, newest first.
func Standing(events []ServiceEvent) (ServiceEvent, bool) {
	for _, e := range events {
		if containsAny(e.Message, telling) {
			return e, true
		}
		if containsAny(e.Message, relief) {
			break
		}
	}
	return ServiceEvent{}, false
}
