package rollout

// One-off tasks: whether one failed, and why.

import (
	"cmp"
	"fmt"
	"slices"
)

// Container is the container with a name, or nil.
func (t *Task) Container(name string) *Container {
	i := slices.IndexFunc(t.Containers, func(c Container) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &t.Containers[i]
}

// Failure says why a one-off task that has stopped failed; "" if it did not. The exit
// code of one container counts: others that are killed when it has ended mean nothing.
// A task that somebody, or AWS, stopped has failed, whatever its containers returned.
func (t *Task) Failure(container string) string {
	c := t.Container(container)
	switch {
	case stoppedFromOutside(t):
		return cmp.Or(t.StoppedReason, t.StopCode)
	case c == nil || c.ExitCode == nil:
		reason := cmp.Or(t.StoppedReason, t.StopCode, "the task stopped without a reason")
		if t.StartedAt.IsZero() {
			return "the task never started: " + reason
		}
		return fmt.Sprintf("container %s never ended: %s", container, reason)
	case *c.ExitCode == 0:
		return ""
	case c.Reason != "":
		return fmt.Sprintf("container %s ended with exit code %d: %s", container, *c.ExitCode, c.Reason)
	}
	return fmt.Sprintf("container %s ended with exit code %d", container, *c.ExitCode)
}

// ExplainTasks groups one-off tasks that failed by what stopped them.
func ExplainTasks(failed []Task) Diagnosis {
	tasks := slices.Clone(failed)
	for i := range tasks { // Explain looks at the tasks of one deployment
		tasks[i].DeploymentID = ""
	}
	return Explain("", tasks, nil)
}

// NotStarted is the diagnosis of tasks that RunTask did not start, from its failures.
func NotStarted(failures []string) Diagnosis {
	var d Diagnosis
	for _, reason := range failures {
		hint := cmp.Or(occurrenceOf(reason).hint, noRoomHint)
		d.Causes = append(d.Causes, Cause{Kind: NotPlaced, Reason: reason, Count: 1, Hint: hint, Page: guide + placementPage + ".html"})
	}
	return d
}
