package rollout

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Kind classifies why a task stopped.
type Kind string

// The kinds of causes.
const (
	CannotPull    Kind = "cannot-pull"
	CannotInit    Kind = "cannot-initialise"
	OutOfMemory   Kind = "out-of-memory"
	Exited        Kind = "exited"
	Unhealthy     Kind = "unhealthy"
	NotPlaced     Kind = "not-placed"
	StoppedByUser Kind = "stopped-by-user"
	HostGone      Kind = "host-gone"
	OtherKind     Kind = "other"
)

// Cause is one reason for which tasks of a deployment stopped.
type Cause struct {
	Kind Kind `json:"kind"`
	// Reason is what ECS said, of the task or of the container.
	Reason string `json:"reason"`
	// Container is the container that ended the task, where ECS names one.
	Container string `json:"container,omitempty"`
	// ExitCode is that container's exit code, where it has one.
	ExitCode *int `json:"exitCode,omitempty"`
	// Count is the number of tasks that stopped for this cause.
	Count int `json:"count"`
	// Task is the ARN of one of them.
	Task string `json:"task"`
	// Hint says what to look at.
	Hint string `json:"hint,omitempty"`
	// Page is the page of the AWS documentation about it.
	Page string `json:"page,omitempty"`
	// Log is the end of the container's log.
	Log Log `json:"log,omitzero"`
}

// Diagnosis is why a deployment does not do well.
type Diagnosis struct {
	// Causes are ordered by the number of tasks, the most frequent first.
	Causes []Cause `json:"causes,omitempty"`
	// Events are service events that tell of trouble with placing or starting
	// tasks, oldest first, each text once.
	Events []string `json:"events,omitempty"`
	// TargetGroups are those that had unhealthy targets, as they were then.
	TargetGroups []TargetGroup `json:"targetGroups,omitempty"`
	// Alarms are the CloudWatch alarms that ended the deployment.
	Alarms []string `json:"alarms,omitempty"`
	// Breaker is the circuit breaker's count, where it is known.
	Breaker *Breaker `json:"circuitBreaker,omitempty"`
}

// IsEmpty reports whether nothing is known to be wrong.
func (d Diagnosis) IsEmpty() bool {
	return len(d.Causes) == 0 && len(d.Events) == 0 && len(d.TargetGroups) == 0 && len(d.Alarms) == 0
}

// Ran reports whether the container got as far as running, so that it may have
// written a log.
func (c Cause) Ran() bool {
	return c.Kind != CannotPull && c.Kind != CannotInit && c.Kind != NotPlaced
}

// String is the cause in one line, for people.
func (c Cause) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d × %s", c.Count, c.Reason)
	if c.Container != "" {
		fmt.Fprintf(&b, " (container %s", c.Container)
		if c.ExitCode != nil {
			fmt.Fprintf(&b, ", exit code %d", *c.ExitCode)
		}
		b.WriteString(")")
	}
	return b.String()
}

// causes is the table of what ECS says and what it means. The first row of which
// a text occurs decides. The pages are those of the ECS developer guide.
var causes = []struct {
	texts []string
	kind  Kind
	page  string
	hint  string
}{
	{[]string{"does not contain descriptor matching platform"}, CannotPull, "stopped-task-error-codes",
		"the image has no build for the task's CPU architecture: build it for that platform, or set runtimePlatform"},
	{[]string{"CannotPull"}, CannotPull, "stopped-task-error-codes",
		"check that the tag exists, that the execution role may read the repository, and that the task's subnet has a route to the registry"},
	{[]string{"retrieve secret", "pull secrets", "ssm:", "secretsmanager"}, CannotInit, "stopped-task-error-codes",
		"check that the secret or parameter exists, that the execution role may read it and pull from ECR, and that the subnet has a route to them"},
	{[]string{"ResourceInitializationError", "CannotCreateVolume", "CannotStartContainer", "ContainerRuntime", "CannotInspectContainer"}, CannotInit, "stopped-task-error-codes",
		"check the subnet's routes, the execution role, the volumes and the log configuration of the task definition"},
	{[]string{"OutOfMemory"}, OutOfMemory, "stopped-task-error-codes",
		"the container needed more than its memory limit: raise memory in the task definition"},
	{[]string{"health checks"}, Unhealthy, "service-unhealthy-event-messages",
		"check the health check's path and port, how long the application takes to start, and the service's healthCheckGracePeriodSeconds"},
	{[]string{"Network Interface", "subnet"}, NotPlaced, "api_failures_messages",
		"the task got no network interface: check the subnet's free addresses and the security groups of the service"},
	{[]string{"RESOURCE:", "AGENT", "ATTRIBUTE", "placement constraint", "NO ACTIVE INSTANCES", "EMPTY CAPACITY PROVIDER"}, NotPlaced, "api_failures_messages",
		"the cluster has no room for the task as it is defined: add capacity, or ask for less CPU, memory or ports"},
	{[]string{"SpotInterruption", "Your Spot Task was interrupted", "Host EC2", "Container instance deregistration"}, HostGone, "stopped-task-error-codes",
		"the host went away under the task; ECS starts another"},
	{[]string{"Essential container in task exited"}, Exited, "stopped-task-error-codes",
		"the container ended by itself: its log says why, and its command is in the task definition"},
	{[]string{"stopped by user", "UserInitiated"}, StoppedByUser, "stopped-task-error-codes",
		"somebody stopped the task"},
}

// guide is the ECS developer guide.
const guide = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

// scalingReason begins the stop reason of tasks that ECS stopped because they
// were no longer wanted: that is not a failure.
const scalingReason = "Scaling activity initiated by"

// Explain groups the stopped tasks of one deployment by what stopped them, and
// quotes the service events (newest first, as ECS lists them) that tell more.
// Tasks of other deployments, and those that ECS scaled in, do not count.
func Explain(deploymentID string, tasks []Task, events []ServiceEvent) Diagnosis {
	var d Diagnosis
	for _, task := range tasks {
		if task.DeploymentID != deploymentID || !stopping(task) || strings.HasPrefix(task.StoppedReason, scalingReason) {
			continue
		}
		cause := causeOf(task)
		i := slices.IndexFunc(d.Causes, func(c Cause) bool { return c.Key() == cause.Key() })
		if i < 0 {
			d.Causes = append(d.Causes, cause)
			continue
		}
		d.Causes[i].Count++
	}
	slices.SortStableFunc(d.Causes, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Reason, b.Reason), strings.Compare(a.Container, b.Container))
	})
	d.Events = quote(events, d.Causes)
	return d
}

func stopping(task Task) bool {
	return task.LastStatus == "STOPPED" || task.StoppedReason != ""
}

// causeOf finds the container that ended the task and what ECS says of it.
func causeOf(task Task) Cause {
	cause := Cause{Reason: firstOf(task.StoppedReason, task.StopCode, "the task stopped without a reason"), Count: 1, Task: task.ARN}
	if culprit := culpritOf(task); culprit != nil {
		cause.Container, cause.ExitCode = culprit.Name, culprit.ExitCode
		if culprit.Reason != "" {
			cause.Reason = culprit.Reason
		}
	}
	cause.Kind = OtherKind
	for _, row := range causes {
		if containsAny(cause.Reason+"\n"+task.StoppedReason, row.texts) {
			cause.Kind, cause.Hint, cause.Page = row.kind, row.hint, guide+row.page+".html"
			break
		}
	}
	return cause
}

// culpritOf is the container that has a reason of its own, or else the first
// that ended with another exit code than 0. (When one container ends, ECS stops
// the others with SIGTERM or SIGKILL: 143 and 137 are less telling.)
func culpritOf(task Task) *Container {
	rank := func(c Container) int {
		switch {
		case c.Reason != "":
			return 3
		case c.ExitCode == nil || *c.ExitCode == 0:
			return 0
		case *c.ExitCode == 143 || *c.ExitCode == 137:
			return 1
		}
		return 2
	}
	var best *Container
	for i, c := range task.Containers {
		if rank(c) > 0 && (best == nil || rank(c) > rank(*best)) {
			best = &task.Containers[i]
		}
	}
	if best == nil && task.StopCode == "EssentialContainerExited" && len(task.Containers) == 1 {
		return &task.Containers[0]
	}
	return best
}

// volatile matches what differs between tasks that stopped for one cause.
var volatile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[0-9a-f]{8,}|request id: \S+|\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b`)
})

// steady is a reason without what is volatile in it.
func steady(reason string) string { return volatile().ReplaceAllString(reason, "") }

// Key is the same for tasks that stopped for one cause, whatever ids and
// addresses stand in the reasons.
func (c Cause) Key() string {
	code := "none"
	if c.ExitCode != nil {
		code = strconv.Itoa(*c.ExitCode)
	}
	return strings.Join([]string{string(c.Kind), c.Container, code, steady(c.Reason)}, "\n")
}

// Service events by what they tell. The texts are those of the ECS developer
// guide (service event messages).
var (
	evidence = []string{"unable to", "is unhealthy in", "throttled", "failed container health checks"}
	trouble  = append([]string{"unhealthy status", "deployment failed"}, evidence...)
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
	var quoted []string
	seen := map[string]bool{}
	for _, e := range slices.Backward(events) {
		_, message, _ := strings.Cut(e.Message, ") ") // "(service NAME) …"
		key := steady(message)
		known := slices.ContainsFunc(causes, func(c Cause) bool {
			return strings.Contains(key, steady(strings.TrimSuffix(c.Reason, ".")))
		})
		if containsAny(message, evidence) && !seen[key] && !known {
			seen[key] = true
			quoted = append(quoted, message)
		}
	}
	return quoted
}
