package deploy

// Following one-off tasks to their end: their states, their logs, and what becomes of
// them if nobody waits for them any more.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const (
	// logPause is the time between two looks at the logs; tasks are looked at every
	// second time.
	logPause = time.Second
	// stopLimit is how long a task that is being stopped is followed: longer than any
	// stopTimeout (120 s), and than ECS needs to take its network away.
	stopLimit = 4 * time.Minute
	// stoppedByUs begins the stoppedReason of tasks that ecs-deploy stopped.
	stoppedByUs = "ecs-deploy: "
)

// taskWatch is one following of the tasks of one plan.
type taskWatch struct {
	*Deployer
	plan    *TaskPlan
	policy  TaskPolicy
	started time.Time
	tasks   []rollout.Task // as last seen
	logs    *logFollower

	ended       map[string]int // exit codes of the container that counts, by task, if we stopped the rest
	silentSince time.Duration  // when ECS stopped answering; -1 while it answers
	told        time.Duration  // when something was last emitted
}

func (d *Deployer) watchTask(p *TaskPlan, policy TaskPolicy, tasks []rollout.Task) *taskWatch {
	return &taskWatch{
		Deployer: d, plan: p, policy: policy, started: d.clock.Now(), tasks: tasks,
		logs: newLogFollower(d), ended: map[string]int{}, silentSince: -1,
	}
}

// run follows the tasks until there is a verdict.
func (w *taskWatch) run(ctx context.Context) TaskOutcome {
	w.logs.follow(w.plan.Definition, w.tasks)
	for tick := 0; ; tick++ {
		if ctx.Err() != nil {
			return w.interrupted(ctx)
		}
		if tick%2 == 0 {
			if lost := w.look(ctx); lost != "" {
				return w.outcome(rollout.TimedOut, lost)
			}
		}
		w.read(ctx)
		switch {
		case w.over():
			w.logs.drain(ctx, w.tasks)
			return w.judged("")
		case w.policy.Timeout > 0 && w.elapsed() >= w.policy.Timeout:
			return w.late(ctx)
		}
		w.stopRest(ctx)
		w.beat()
		_ = w.clock.Sleep(ctx, w.pause()) // an ended context is seen above
	}
}

func (w *taskWatch) pause() time.Duration {
	if w.policy.Timeout > 0 {
		return max(min(logPause, w.policy.Timeout-w.elapsed()), time.Millisecond)
	}
	return logPause
}

func (w *taskWatch) elapsed() time.Duration { return w.clock.Now().Sub(w.started) }

// look reads the tasks, and says why the watch must end: "" means that it goes on.
func (w *taskWatch) look(ctx context.Context) string {
	bounded, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	var arns []string
	for _, task := range w.tasks {
		arns = append(arns, task.ARN)
	}
	seen, err := w.api.Unretried().Tasks(bounded, w.plan.Cluster, arns)
	if err == nil && len(seen) == 0 {
		err = ecsapi.Nonsense("ecs:DescribeTasks", "task "+rollout.ShortName(arns[0]), "ECS does not show the task")
	}
	if err != nil {
		if w.silentSince < 0 {
			w.silentSince = w.elapsed()
		}
		if ctx.Err() == nil && (permanent(err) || w.elapsed()-w.silentSince >= lostSight) {
			return "ECS can no longer be asked: " + err.Error()
		}
		return ""
	}
	w.silentSince = -1
	for i, earlier := range w.tasks {
		at := slices.IndexFunc(seen, func(t rollout.Task) bool { return t.ARN == earlier.ARN })
		if at < 0 {
			continue
		}
		w.tasks[i] = seen[at]
		if taskState(earlier) != taskState(seen[at]) {
			w.told = w.elapsed()
			w.emit(Event{Type: EventTask, Elapsed: w.elapsed(), Task: &seen[at]})
		}
	}
	return ""
}

// taskState is what of a task is worth an event.
func taskState(t rollout.Task) string {
	state := t.LastStatus + " " + t.StoppedReason
	for _, c := range t.Containers {
		state += fmt.Sprintf(" %s %s", c.Name, c.Reason)
		if c.ExitCode != nil {
			state += fmt.Sprintf(" %d", *c.ExitCode)
		}
	}
	return state
}

// read emits what the containers wrote.
func (w *taskWatch) read(ctx context.Context) {
	if w.logs.read(ctx, w.tasks) {
		w.told = w.elapsed()
	}
}

// beat says that the tasks are still waited for, if nothing was said for a minute.
func (w *taskWatch) beat() {
	if w.elapsed()-w.told < heartbeat {
		return
	}
	w.told = w.elapsed()
	var states []string
	for _, task := range w.tasks {
		states = append(states, "task "+rollout.ShortName(task.ARN)+" is "+task.LastStatus)
	}
	message := strings.Join(states, ", ")
	switch {
	case w.policy.Timeout > 0:
	case w.plan.asInService:
		message += "; container " + w.plan.Container + " runs its own command, as in the service, and no --timeout is set"
	default:
		message += "; no --timeout is set"
	}
	w.emit(Event{Type: EventHeartbeat, Elapsed: w.elapsed(), Message: message})
}

// over reports whether every task has stopped.
func (w *taskWatch) over() bool {
	return !slices.ContainsFunc(w.tasks, func(t rollout.Task) bool { return t.LastStatus != "STOPPED" })
}

// stopRest stops a task whose container that counts has ended, although it is not
// essential: the others would run for ever.
func (w *taskWatch) stopRest(ctx context.Context) {
	if slices.Contains(w.plan.Definition.Essential(), w.plan.Container) {
		return
	}
	for _, task := range w.tasks {
		c := task.Container(w.plan.Container)
		if _, known := w.ended[task.ARN]; known || c == nil || c.ExitCode == nil || task.DesiredStatus == "STOPPED" {
			continue
		}
		w.ended[task.ARN] = *c.ExitCode
		if err := w.stopTask(ctx, task, "container "+c.Name+" ended"); err != nil {
			w.emit(Event{Type: EventWarning, Message: fmt.Sprintf("container %s ended, and the rest of the task cannot be stopped: %v", c.Name, err)})
		}
	}
}

// stopTask has ECS stop one task. If the answer is lost, ECS is asked again: a second
// StopTask changes nothing.
func (w *taskWatch) stopTask(ctx context.Context, task rollout.Task, reason string) error {
	var err error
	for _, pause := range lostAnswer {
		err = w.uninterrupted(ctx, func(ctx context.Context) error {
			return w.api.StopTask(ctx, w.plan.Cluster, task.ARN, stoppedByUs+reason)
		})
		if !ecsapi.Is(err, ecsapi.Unreachable) && !ecsapi.Is(err, ecsapi.Throttled) && !ecsapi.Is(err, ecsapi.Unsent) {
			return err
		}
		_ = w.clock.Sleep(context.WithoutCancel(ctx), jitter(pause))
	}
	return err
}

// late is the end of a run that took too long.
func (w *taskWatch) late(ctx context.Context) TaskOutcome {
	reason := "the task did not end within " + Span(w.policy.Timeout)
	if w.policy.OnInterrupt == TaskDetach {
		return w.outcome(rollout.TimedOut, reason+"; it is still running")
	}
	return w.judged(reason + "; " + w.stop(ctx, "timeout after "+Span(w.policy.Timeout)))
}

// interrupted is the end of a run that nobody waits for.
func (w *taskWatch) interrupted(ctx context.Context) TaskOutcome {
	answer := w.policy.OnInterrupt
	if w.policy.AskInterrupt != nil {
		answer = w.policy.AskInterrupt()
	}
	if answer == TaskDetach {
		return w.outcome(rollout.Interrupted, "the task is still running, and ecs-deploy no longer follows it")
	}
	return w.outcome(rollout.Interrupted, w.stop(context.WithoutCancel(ctx), "interrupted"))
}

// stop stops all tasks, follows them to their end, and says how that went.
func (w *taskWatch) stop(ctx context.Context, why string) string {
	for _, task := range w.tasks {
		if task.LastStatus == "STOPPED" {
			continue
		}
		if err := w.stopTask(ctx, task, why); err != nil {
			return fmt.Sprintf("task %s could not be stopped and may still be running: %v", rollout.ShortName(task.ARN), err)
		}
	}
	for deadline := w.elapsed() + stopLimit; !w.over(); {
		if w.elapsed() >= deadline || ctx.Err() != nil || w.look(ctx) != "" {
			return "ECS is stopping the task"
		}
		w.read(ctx)
		if w.clock.Sleep(ctx, logPause) != nil {
			return "ECS is stopping the task"
		}
	}
	w.logs.drain(ctx, w.tasks)
	return "the task was stopped"
}

// notStarted is the outcome of a run of which ECS did not start every task. Those that
// were started are stopped: the run is all or nothing.
func (w *taskWatch) notStarted(ctx context.Context, started ecsapi.Started) TaskOutcome {
	reason := fmt.Sprintf("ECS started %d of %d tasks: %s", len(started.Tasks), w.plan.Count, strings.Join(started.Failures, "; "))
	if len(started.Tasks) > 0 {
		reason += "; " + w.stop(ctx, "not all tasks of the run could be started")
	}
	o := w.outcome(rollout.TaskFailed, reason)
	o.Diagnosis = rollout.NotStarted(started.Failures)
	return o
}

// judged is the outcome of tasks that have stopped, or, with a reason, were given up.
func (w *taskWatch) judged(reason string) TaskOutcome {
	var failed []rollout.Task
	first, count := "", 0
	for _, task := range w.tasks {
		why := task.Failure(w.plan.Container)
		if code, known := w.ended[task.ARN]; known {
			if why = ""; code != 0 {
				task.StoppedReason = "" // ours: the exit code says more
				why = fmt.Sprintf("container %s ended with exit code %d", w.plan.Container, code)
			}
		}
		if why != "" {
			if !strings.HasPrefix(task.StoppedReason, stoppedByUs) { // there is nothing to explain
				failed = append(failed, task)
			}
			count++
			if first == "" {
				first = why
			}
		}
	}
	if reason == "" && count == 0 {
		return w.outcome(rollout.Succeeded, fmt.Sprintf("container %s ended with exit code 0", w.plan.Container))
	}
	if reason == "" {
		reason = first
	}
	if n := len(w.tasks); n > 1 {
		reason = fmt.Sprintf("%d of %d tasks failed: %s", count, n, reason)
	}
	o := w.outcome(rollout.TaskFailed, reason)
	o.Diagnosis = rollout.ExplainTasks(failed)
	for i := range o.Diagnosis.Causes {
		cause := &o.Diagnosis.Causes[i]
		cause.Quote(w.logs.tail(*cause))
	}
	return o
}

// outcome puts together what is known.
func (w *taskWatch) outcome(verdict rollout.Verdict, reason string) TaskOutcome {
	o := TaskOutcome{
		Verdict: verdict, Reason: reason, Ref: w.plan.Ref, TaskDefinition: w.plan.TaskDefinition, Tag: w.tags.of(w.plan.TaskDefinition),
		Container: w.plan.Container, Tasks: slices.Clone(w.tasks), Elapsed: w.elapsed(), Over: w.over(),
	}
	for _, task := range w.tasks {
		if c := task.Container(w.plan.Container); c != nil && c.ExitCode != nil && (o.ContainerExitCode == nil || *o.ContainerExitCode == 0) {
			o.ContainerExitCode = c.ExitCode
		}
	}
	if verdict != rollout.Succeeded {
		o.Log = w.logs.last(w.plan.Container)
	}
	return o
}
