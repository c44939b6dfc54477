package deploy

// Starting one-off tasks. RunTask has a client token: however often ECS is asked, it
// starts the tasks of one plan once.

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// TaskPolicy says how [Deployer.RunTask] treats what a plan cannot decide.
type TaskPolicy struct {
	// NoWait ends RunTask when ECS has accepted the tasks; the verdict is Started.
	NoWait bool
	// Timeout bounds the run; 0 is no limit. After it, OnInterrupt decides what becomes
	// of the tasks.
	Timeout time.Duration
	// OnInterrupt says what becomes of the tasks if nobody waits for them any more; the
	// zero value is TaskStop.
	OnInterrupt OnTaskInterrupt
	// AskInterrupt, if not nil, is asked instead of OnInterrupt when the context ends.
	AskInterrupt func() OnTaskInterrupt
	// Strict refuses tasks whose images, roles or secrets do not exist, with a
	// [*RefusedError], before anything is written. What could not be checked does not count.
	Strict bool
	// Confirm, if not nil, is asked before anything is written. An error ends the run
	// with it.
	Confirm func(context.Context, *TaskPlan) error
}

// OnTaskInterrupt says what becomes of one-off tasks that nobody waits for any more.
type OnTaskInterrupt string

// The answers.
const (
	// TaskStop has ECS stop them.
	TaskStop OnTaskInterrupt = "stop"
	// TaskDetach lets them run.
	TaskDetach OnTaskInterrupt = "detach"
)

// Validate finds what is wrong with a policy.
func (p TaskPolicy) Validate() error {
	if err := oneOf("on-interrupt", p.OnInterrupt, OnTaskInterruptValues()); err != nil {
		return err
	}
	if p.Timeout < 0 {
		return &UsageError{Problem: "the timeout is below 0", Remedy: "pass a positive --timeout"}
	}
	return nil
}

// RunTask starts one-off tasks, follows them and their logs to the end, and says how it
// went. It emits [EventTaskPlan], then [EventTask] and [EventLog] as they come, and
// [EventOutcome] at the end. Its errors are those of [Deployer.PlanTask] and Confirm, a
// [*RefusedError] with a strict policy,
// and a [*CallError] or [*UncertainError] of RunTask; what goes wrong with a task that
// was started is an outcome, not an error.
func (d *Deployer) RunTask(ctx context.Context, r TaskRequest, policy TaskPolicy) (TaskOutcome, error) {
	if err := cmp.Or(d.ready(ctx), policy.Validate()); err != nil {
		return TaskOutcome{}, err
	}
	d = d.aboutTask("")
	p, err := d.PlanTask(ctx, r)
	if err != nil {
		return TaskOutcome{}, err
	}
	d = d.aboutTask(p.Cluster)
	if p.asInService {
		note := fmt.Sprintf("container %s runs its own command, as in the service; to run another one, pass -- COMMAND", p.Container)
		if policy.Timeout == 0 && !policy.NoWait {
			note += "; to limit the time, pass --timeout"
		}
		p.Notes = append(p.Notes, note)
	}
	d.emit(Event{Type: EventTaskPlan, TaskPlan: p})
	if err := d.strictlyTask(ctx, p, policy); err != nil {
		return TaskOutcome{}, err
	}
	if policy.Confirm != nil {
		if err := policy.Confirm(ctx, p); err != nil {
			return TaskOutcome{}, err
		}
	}
	if ctx.Err() != nil {
		return TaskOutcome{}, &InterruptedError{Err: ctx.Err()}
	}
	if err := d.registerTask(ctx, p); err != nil {
		return TaskOutcome{}, err
	}
	outcome, err := d.carryTask(ctx, p, policy)
	if err == nil {
		if len(outcome.Tasks) > 0 {
			d = d.aboutTask(outcome.Tasks[0].ARN)
		}
		d.emit(Event{Type: EventOutcome, Elapsed: outcome.Elapsed, TaskOutcome: &outcome})
	}
	return outcome, err
}

// registerTask registers what a plan needs, and names the revision in it.
func (d *Deployer) registerTask(ctx context.Context, p *TaskPlan) error {
	if !p.Register {
		return nil
	}
	registered, err := d.register(ctx, &Plan{Family: p.Family, Definition: p.rest, Current: p.base, resolved: resolved{newest: p.newest}}, nil)
	if err != nil {
		return err
	}
	p.TaskDefinition = registered
	d.tags.learn(registered, p.Tag)
	d.emit(Event{Type: EventRegistered, TaskDefinition: registered})
	return nil
}

// carryTask starts the tasks of a plan whose revision is registered, and follows them.
func (d *Deployer) carryTask(ctx context.Context, p *TaskPlan, policy TaskPolicy) (TaskOutcome, error) {
	if ctx.Err() != nil {
		return TaskOutcome{}, &InterruptedError{Registered: registeredBy(p), Err: ctx.Err()}
	}
	started, err := d.startTask(ctx, p)
	if err != nil {
		return TaskOutcome{}, err
	}
	w := d.watchTask(p, policy, started.Tasks)
	if len(started.Failures) > 0 {
		return w.notStarted(ctx, started), nil
	}
	for i := range started.Tasks {
		w.emit(Event{Type: EventTask, Task: &started.Tasks[i]})
	}
	if policy.NoWait {
		return w.outcome(rollout.Started, "ECS accepted the task. Not waiting for it to finish (--no-wait)."), nil
	}
	return w.run(ctx), nil
}

func registeredBy(p *TaskPlan) string {
	if p.Register {
		return p.TaskDefinition
	}
	return ""
}

// startTask sends RunTask until ECS has answered. The client token makes a repetition
// harmless. If ECS does not answer, the tasks are looked for by their startedBy.
func (d *Deployer) startTask(ctx context.Context, p *TaskPlan) (ecsapi.Started, error) {
	body, err := p.body(p.TaskDefinition)
	if err != nil {
		return ecsapi.Started{}, err
	}
	lost := false
	for _, pause := range lostAnswer {
		var started ecsapi.Started
		err = d.uninterrupted(ctx, func(ctx context.Context) error {
			started, err = d.api.Run(ctx, p.Cluster, p.Family, body)
			return err
		})
		again := ecsapi.Is(err, ecsapi.Unreachable) || ecsapi.Is(err, ecsapi.Throttled) || ecsapi.Is(err, ecsapi.Unsent)
		lost = lost || ecsapi.Is(err, ecsapi.Unreachable)
		switch {
		case !again && (err == nil || !lost):
			return started, err
		case !again: // ECS answers, and may have started the tasks before
			return d.lostTask(ctx, p, err)
		case ctx.Err() != nil && !lost:
			return ecsapi.Started{}, &InterruptedError{Registered: registeredBy(p), Err: ctx.Err()}
		}
		// A lost answer is asked for also after an interruption: there may be tasks to stop.
		if err := d.clock.Sleep(context.WithoutCancel(ctx), jitter(pause)); err != nil {
			return ecsapi.Started{}, err
		}
	}
	if !lost {
		return ecsapi.Started{}, err
	}
	return d.lostTask(ctx, p, err)
}

// lostTask looks for tasks that were started by a call whose answer was lost.
func (d *Deployer) lostTask(ctx context.Context, p *TaskPlan, cause error) (ecsapi.Started, error) {
	if p.own {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
		defer cancel()
		for _, desired := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
			tasks, err := d.tasksBy(ctx, p.Cluster, p.StartedBy, desired)
			if err == nil && len(tasks) > 0 {
				return ecsapi.Started{Tasks: tasks}, nil
			}
		}
	}
	return ecsapi.Started{}, &UncertainError{Err: cause, remedy: fmt.Sprintf(
		"look for a task with aws ecs list-tasks --cluster %s --started-by %s before you run the command again", rollout.ShortName(p.Cluster), p.StartedBy)}
}

// tasksBy are the tasks of a cluster that were started by somebody.
func (d *Deployer) tasksBy(ctx context.Context, cluster, startedBy string, desired types.DesiredStatus) ([]rollout.Task, error) {
	arns, err := d.api.StartedBy(ctx, cluster, startedBy, desired)
	if err != nil || len(arns) == 0 {
		return nil, err
	}
	return d.api.Tasks(ctx, cluster, arns)
}
