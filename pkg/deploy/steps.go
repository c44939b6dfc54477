package deploy

// Tasks around a deployment: those that must succeed with the new revision before the
// service is updated, such as a migration, and those that verify the result.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// DefaultStepTimeout bounds a [TaskStep] that has no timeout.
const DefaultStepTimeout = 30 * time.Minute

// TaskStep is a one-off task that a deployment runs with its new revision.
type TaskStep struct {
	// Container is the container that counts, and that runs Command; "" is the only
	// essential one.
	Container string `json:"container,omitempty"`
	// Command is what the container runs instead of its own command; empty means its own.
	Command []string `json:"command,omitempty"`
	// Timeout bounds the task, which is then stopped; 0 is [DefaultStepTimeout]. JSON has
	// it as timeoutSeconds.
	Timeout time.Duration `json:"-"`
}

// stepObject is a TaskStep in JSON.
type stepObject struct {
	stepFields
	TimeoutSeconds Seconds `json:"timeoutSeconds,omitempty"`
}

// stepFields are the fields of a TaskStep, without its methods.
type stepFields TaskStep

// MarshalJSON writes the timeout as a number of seconds.
func (s TaskStep) MarshalJSON() ([]byte, error) {
	return json.Marshal(stepObject{stepFields(s), Seconds(s.Timeout)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *TaskStep) UnmarshalJSON(text []byte) error {
	var object stepObject
	if err := json.Unmarshal(text, &object); err != nil {
		return err
	}
	*s = TaskStep(object.stepFields)
	s.Timeout = time.Duration(object.TimeoutSeconds)
	return nil
}

// String is "container app: rails db:migrate (at most 15m)".
func (s TaskStep) String() string {
	container, command := "the essential container", "its own command"
	if s.Container != "" {
		container = "container " + s.Container
	}
	if len(s.Command) > 0 {
		command = strings.Join(s.Command, " ")
	}
	return fmt.Sprintf("%s: %s (at most %s)", container, command, Span(s.timeout()))
}

func (s TaskStep) timeout() time.Duration {
	if s.Timeout == 0 {
		return DefaultStepTimeout
	}
	return s.Timeout
}

// TaskFailedError says that a task before a deployment failed, so that the service was
// not updated.
type TaskFailedError struct {
	// Step is the task, TaskDefinition the ARN of the revision that it ran, and
	// Registered says that this deployment registered the revision.
	Step           TaskStep
	TaskDefinition string
	Registered     bool
	// Outcome is how the task went; zero if it was not started.
	Outcome TaskOutcome
	// Err is why the task was not started, or nil.
	Err error
}

func (e *TaskFailedError) Error() string {
	why, revision := e.Outcome.Reason, rollout.ShortName(e.TaskDefinition)
	if e.Err != nil {
		why = e.Err.Error()
	}
	text := fmt.Sprintf("the task before the deployment failed with %s: %s (the service is untouched", revision, why)
	if e.Registered {
		text += fmt.Sprintf("; %s was registered and is not in use", revision)
	}
	return text + ")"
}

// Unwrap gives the error for which the task was not started.
func (e *TaskFailedError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *TaskFailedError) Hint() string {
	return "read the log of the task and run the same command again, or leave the task out with --skip-before"
}

// ExitCode is that of a task that failed.
func (e *TaskFailedError) ExitCode() int { return rollout.TaskFailed.ExitCode() }

// runBefore runs the tasks that come before an update, one after the other.
func (d *Deployer) runBefore(ctx context.Context, p *Plan, taskDefinition string) error {
	for i, step := range p.BeforeTasks {
		outcome, err := d.runStep(ctx, p, step, taskDefinition, fmt.Sprintf("before %d", i))
		var interrupted *InterruptedError
		switch {
		case errors.As(err, &interrupted):
			return err
		case err == nil && outcome.Verdict == rollout.Interrupted:
			return &InterruptedError{Err: context.Canceled}
		case err != nil || outcome.Verdict != rollout.Succeeded:
			return &TaskFailedError{Step: step, TaskDefinition: taskDefinition, Registered: p.Register, Outcome: outcome, Err: err}
		}
	}
	return nil
}

// runStep runs one task of a deployment, or joins it if it is running already.
func (d *Deployer) runStep(ctx context.Context, p *Plan, step TaskStep, taskDefinition, which string) (TaskOutcome, error) {
	task, err := d.PlanTask(ctx, TaskRequest{
		Ref: p.Ref, Want: Want{TaskDefinition: taskDefinition}, Container: step.Container, Command: step.Command,
		StartedBy: step.startedBy(p.Service, taskDefinition, which),
	})
	if err != nil {
		return TaskOutcome{}, err
	}
	d.emit(Event{Type: EventTaskPlan, TaskPlan: task})
	policy := TaskPolicy{Timeout: step.timeout()}
	running, err := d.tasksBy(ctx, task.Cluster, task.StartedBy, types.DesiredStatusRunning)
	if err != nil && !ecsapi.Is(err, ecsapi.Denied) {
		return TaskOutcome{}, err
	}
	var outcome TaskOutcome
	if len(running) > 0 {
		d.emit(Event{Type: EventWarning, Message: fmt.Sprintf("task %s is running already; following it", rollout.ShortName(running[0].ARN))})
		outcome = d.watchTask(task, policy, running).run(ctx)
	} else if outcome, err = d.carryTask(ctx, task, policy); err != nil {
		return TaskOutcome{}, err
	}
	d.emit(Event{Type: EventTaskEnded, Elapsed: outcome.Elapsed, TaskOutcome: &outcome})
	return outcome, nil
}

// startedBy is by which a task of a deployment is found again: the same for the same
// step with the same revision.
func (s TaskStep) startedBy(service, taskDefinition, which string) string {
	text, _ := json.Marshal(stepFields(s)) // texts alone: it cannot fail
	sum := sha256.Sum256([]byte(strings.Join([]string{service, taskDefinition, which, string(text)}, "\n")))
	return "ecs-deploy/" + hex.EncodeToString(sum[:12])
}

// verify runs the tasks that verify a deployment that succeeded, and says in its outcome
// if one fails: Failed, if the deployment is to be rolled back, and TaskFailed otherwise.
func (d *Deployer) verify(ctx context.Context, p *Plan, o Outcome, policy Policy) Outcome {
	if o.Verdict != rollout.Succeeded || !p.starts() {
		return o
	}
	for i, step := range p.VerifyTasks {
		task, err := d.runStep(ctx, p, step, o.Deployment.TaskDefinition, fmt.Sprintf("verify %d", i))
		o.Elapsed += task.Elapsed
		switch {
		case err != nil:
			task.Reason = err.Error()
		case task.Verdict == rollout.Succeeded:
			continue
		case task.Verdict == rollout.Interrupted:
			o.Verdict, o.Reason = rollout.Interrupted, "the deployment succeeded; interrupted while it was verified"
			return o
		}
		o.Verdict, o.Diagnosis = rollout.TaskFailed, task.Diagnosis
		if policy.RollbackOnFailure {
			o.Verdict = rollout.Failed
		}
		o.Reason = fmt.Sprintf("the deployment completed, and the task that verifies it failed: %s", task.Reason)
		return o
	}
	return o
}
