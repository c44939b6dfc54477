package ecsapi

// Tasks that no service owns: starting, finding and stopping them, and a command in a
// running one.

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Started is the answer of RunTask.
type Started struct {
	Tasks []rollout.Task
	// Failures say why tasks were not started (RunTask failures[].reason), each text once.
	Failures []string
}

// Run sends RunTask with this JSON, once. Sent again with the same clientToken within
// a day, ECS answers with the tasks of the first time.
func (c *Client) Run(ctx context.Context, cluster, family string, body []byte) (Started, error) {
	resource := "cluster " + rollout.ShortName(cluster)
	out, err := c.sdk.RunTask(ctx, &ecs.RunTaskInput{TaskDefinition: &family}, once, sendBody(body))
	if err != nil {
		return Started{}, c.notFoundOr(callError("RunTask", resource, err), cluster, "")
	}
	var started Started
	for _, task := range out.Tasks {
		if aws.ToString(task.TaskArn) == "" {
			return Started{}, nonsense("RunTask", resource, "the answer has a task without an ARN")
		}
		started.Tasks = append(started.Tasks, taskOf(task))
	}
	seen := map[string]bool{}
	for _, failure := range out.Failures {
		reason := strings.TrimSpace(short(failure.Reason) + " " + short(failure.Detail))
		if reason != "" && !seen[reason] {
			seen[reason] = true
			started.Failures = append(started.Failures, reason)
		}
	}
	if len(started.Tasks) == 0 && len(started.Failures) == 0 {
		return Started{}, nonsense("RunTask", resource, "the answer has neither a task nor a reason why not")
	}
	return started, nil
}

// StartedBy lists the tasks of a cluster that have this startedBy and are to run, or
// were stopped.
func (c *Client) StartedBy(ctx context.Context, cluster, startedBy string, desired types.DesiredStatus) ([]string, error) {
	return c.listTasks(ctx, "cluster "+rollout.ShortName(cluster), ecs.ListTasksInput{Cluster: &cluster, StartedBy: &startedBy, DesiredStatus: desired})
}

// StopTask has ECS stop a task, once. reason is shown as its stoppedReason.
func (c *Client) StopTask(ctx context.Context, cluster, task, reason string) error {
	_, err := c.sdk.StopTask(ctx, &ecs.StopTaskInput{Cluster: &cluster, Task: &task, Reason: &reason}, once)
	if err != nil {
		return callError("StopTask", "task "+rollout.ShortName(task), err)
	}
	return nil
}

// ServiceTags reads the tags of a service.
func (c *Client) ServiceTags(ctx context.Context, cluster, service string) ([]types.Tag, error) {
	out, err := c.sdk.DescribeServices(ctx, &ecs.DescribeServicesInput{
		Cluster: &cluster, Services: []string{service}, Include: []types.ServiceField{types.ServiceFieldTags},
	}, c.read...)
	if err != nil {
		return nil, callError("DescribeServices", "service "+rollout.ShortName(service), err)
	}
	for _, s := range out.Services {
		if isService(&s, cluster, service) {
			return s.Tags, nil
		}
	}
	return nil, nonsense("DescribeServices", "service "+rollout.ShortName(service), "the answer is about another service")
}

// Session is a session of ExecuteCommand: what AWS's session-manager-plugin opens it with.
type Session struct {
	SessionID  string `json:"SessionId"`
	StreamURL  string `json:"StreamUrl"`
	TokenValue string `json:"TokenValue"`
}

// Execute sends ExecuteCommand for an interactive command, once.
func (c *Client) Execute(ctx context.Context, cluster, task, container, command string) (Session, error) {
	out, err := c.sdk.ExecuteCommand(ctx, &ecs.ExecuteCommandInput{
		Cluster: &cluster, Task: &task, Container: &container, Command: &command, Interactive: true,
	}, once)
	if err != nil {
		return Session{}, callError("ExecuteCommand", "task "+rollout.ShortName(task), err)
	}
	if out.Session == nil {
		return Session{}, nonsense("ExecuteCommand", "task "+rollout.ShortName(task), "the answer has no session")
	}
	return Session{aws.ToString(out.Session.SessionId), aws.ToString(out.Session.StreamUrl), aws.ToString(out.Session.TokenValue)}, nil
}
