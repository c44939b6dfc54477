package ecsapi

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// tasksLimit is how many tasks DescribeTasks takes, and ListTasks lists, at once.
const tasksLimit = 100

// ServiceTasks lists the ARNs of a service's tasks with this desired status, also if
// the service is given by its ARN.
func (c *Client) ServiceTasks(ctx context.Context, cluster, service string, desired types.DesiredStatus) ([]string, error) {
	name := rollout.ShortName(service)
	return c.listTasks(ctx, "service "+name, ecs.ListTasksInput{Cluster: &cluster, ServiceName: &name, DesiredStatus: desired})
}

// SomeTasks describes running tasks of a service: all of them, or a hundred if there
// are more. It makes at most two calls.
func (c *Client) SomeTasks(ctx context.Context, cluster, service string) ([]rollout.Task, error) {
	name := rollout.ShortName(service)
	page, err := c.sdk.ListTasks(ctx, &ecs.ListTasksInput{Cluster: &cluster, ServiceName: &name}, c.read...)
	if err != nil {
		return nil, callError("ListTasks", "service "+name, err)
	}
	return c.Tasks(ctx, cluster, page.TaskArns)
}

// FamilyTasks lists the ARNs of the tasks of a family that should run.
func (c *Client) FamilyTasks(ctx context.Context, cluster, family string) ([]string, error) {
	return c.listTasks(ctx, "family "+family, ecs.ListTasksInput{Cluster: &cluster, Family: &family})
}

func (c *Client) listTasks(ctx context.Context, resource string, input ecs.ListTasksInput) ([]string, error) {
	var arns []string
	err := pages("ListTasks", resource, func(token *string) (*string, error) {
		input.NextToken = token
		page, err := c.sdk.ListTasks(ctx, &input, c.read...)
		if err != nil {
			return nil, callError("ListTasks", resource, err)
		}
		arns = append(arns, page.TaskArns...)
		return page.NextToken, nil
	})
	return arns, err
}

// Tasks describes tasks of a cluster. Those that are missing meanwhile, and answers
// about others, are left out.
func (c *Client) Tasks(ctx context.Context, cluster string, arns []string) ([]rollout.Task, error) {
	var tasks []rollout.Task
	for some := range slices.Chunk(arns, tasksLimit) {
		out, err := c.describingTasks(cluster).get(ctx, some...)
		if err != nil {
			return tasks, callError("DescribeTasks", "cluster "+rollout.ShortName(cluster), err)
		}
		for _, task := range out.Tasks {
			if slices.Contains(some, aws.ToString(task.TaskArn)) {
				tasks = append(tasks, taskOf(task))
			}
		}
	}
	return tasks, nil
}

// AllTasks describes tasks of a cluster, all of them: one that ECS says nothing
// about is an error.
func (c *Client) AllTasks(ctx context.Context, cluster string, arns []string) ([]rollout.Task, error) {
	var tasks []rollout.Task
	for some := range slices.Chunk(arns, tasksLimit) {
		out, err := c.describeTasks(ctx, cluster, some)
		if err != nil {
			return nil, err
		}
		if err := undescribed("DescribeTasks", some, arnsOf(out.Tasks, func(t types.Task) *string { return t.TaskArn }), out.Failures); err != nil {
			return nil, err
		}
		for _, task := range out.Tasks {
			tasks = append(tasks, taskOf(task))
		}
	}
	return tasks, nil
}

// describingTasks joins the reads of tasks of a cluster.
func (c *Client) describingTasks(cluster string) *joiner[*ecs.DescribeTasksOutput] {
	return joined(c, "DescribeTasks "+cluster, func() *joiner[*ecs.DescribeTasksOutput] {
		return &joiner[*ecs.DescribeTasksOutput]{
			limit:     tasksLimit,
			operation: "DescribeTasks", limits: c.limits,
			call: func(ctx context.Context, arns []string) (*ecs.DescribeTasksOutput, error) {
				return c.sdk.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: arns}, c.read...)
			},
		}
	})
}

func (c *Client) describeTasks(ctx context.Context, cluster string, arns []string) (*ecs.DescribeTasksOutput, error) {
	out, err := c.sdk.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: arns}, c.read...)
	if err != nil {
		return nil, callError("DescribeTasks", "cluster "+rollout.ShortName(cluster), err)
	}
	return out, nil
}
