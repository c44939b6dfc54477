package deploy

// A command in a container that runs: which one is meant, what is missing for it, and
// the session that AWS's session-manager-plugin opens.

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// ExecRequest says which command to run where.
type ExecRequest struct {
	// Ref is the service.
	Ref
	// Task is the id of one of its tasks, or the beginning of it; "" is the newest task
	// that is running.
	Task string
	// Container is the container; "" is the only essential one.
	Container string
	// Command is the command and its arguments.
	Command []string
}

// ExecSession is a session in which a command runs.
type ExecSession struct {
	// Session is what ECS answered, Region where it is. TokenValue is secret.
	Session ecsapi.Session `json:"-"`
	Region  string         `json:"region"`
	// Target names the container for the plugin: ecs:CLUSTER_TASK_RUNTIME-ID.
	Target string `json:"target"`
	// Task is the ARN of the task, Container the name of the container.
	Task      string `json:"task"`
	Container string `json:"container"`
}

// Execute starts a session with a command in a container (ExecuteCommand). Somebody has
// to open it, as session-manager-plugin does. It returns a [*UsageError] that says what
// is missing.
func (d *Deployer) Execute(ctx context.Context, r ExecRequest) (ExecSession, error) {
	if err := d.ready(ctx); err != nil {
		return ExecSession{}, err
	}
	if len(r.Command) == 0 {
		return ExecSession{}, &UsageError{Problem: "no command", Remedy: "write it behind --, for example -- sh"}
	}
	service, err := d.describe(ctx, r.Ref)
	if err != nil {
		return ExecSession{}, err
	}
	ref := service.ref()
	tasks, err := d.serviceTasks(ctx, ref, types.DesiredStatusRunning)
	if err != nil {
		return ExecSession{}, err
	}
	task := chosen(tasks, rollout.ShortName(r.Task))
	switch {
	case task == nil && r.Task != "":
		return ExecSession{}, &NotFoundError{Kind: "running task", Name: r.Task, Place: "service " + rollout.ShortName(ref.Service)}
	case task == nil:
		return ExecSession{}, &UsageError{Problem: "service " + rollout.ShortName(ref.Service) + " has no running task", Remedy: "find out why with ecs-deploy status"}
	case !task.Exec:
		return ExecSession{}, &UsageError{
			Problem: fmt.Sprintf("ExecuteCommand is not enabled in task %s", rollout.ShortName(task.ARN)),
			Remedy:  "set enableExecuteCommand of the service, give its tasks a task role that allows ssmmessages, and start new tasks: " + shell.Join("aws", "ecs", "update-service", "--cluster", rollout.ShortName(ref.Cluster), "--service", rollout.ShortName(ref.Service), "--enable-execute-command", "--force-new-deployment"),
		}
	}
	definition, _, err := d.describeDefinition(ctx, task.TaskDefinition)
	if err != nil {
		return ExecSession{}, err
	}
	name, err := TaskRequest{Container: r.Container}.counting(definition)
	if err != nil {
		return ExecSession{}, err
	}
	c := task.Container(name)
	if err := execReady(definition, task, c, name); err != nil {
		return ExecSession{}, err
	}
	session, err := d.api.Execute(ctx, ref.Cluster, task.ARN, name, shell.Join(r.Command...))
	if err != nil {
		return ExecSession{}, err
	}
	target := "ecs:" + strings.Join([]string{rollout.ShortName(ref.Cluster), rollout.ShortName(task.ARN), c.RuntimeID}, "_")
	return ExecSession{Session: session, Region: d.api.Region(), Target: target, Task: task.ARN, Container: name}, nil
}

// execReady says what a container that runs lacks for ExecuteCommand.
func execReady(definition taskdef.Definition, task *rollout.Task, c *rollout.Container, name string) error {
	switch {
	case c != nil && c.RuntimeID != "" && (c.Agent == "" || c.Agent == "RUNNING"):
		return nil
	case definition.Needs().TaskRole == "":
		return &UsageError{
			Problem: fmt.Sprintf("task %s has no task role: %s sets no taskRoleArn", rollout.ShortName(task.ARN), rollout.ShortName(task.TaskDefinition)),
			Remedy:  "set a task role that allows ssmmessages, with --task-role and a new deployment",
		}
	}
	return &UsageError{
		Problem: fmt.Sprintf("the agent of ExecuteCommand does not run in container %s of task %s", name, rollout.ShortName(task.ARN)),
		Remedy:  "wait until the task has started; otherwise check that the task role allows ssmmessages and that the subnet has a route to it",
	}
}

// chosen is the first running task whose id begins with a text, or nil.
func chosen(tasks []rollout.Task, id string) *rollout.Task {
	for i := range tasks {
		if tasks[i].LastStatus == "RUNNING" && strings.HasPrefix(rollout.ShortName(tasks[i].ARN), id) {
			return &tasks[i]
		}
	}
	return nil
}
