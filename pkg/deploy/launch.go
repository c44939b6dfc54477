package deploy

// Where a one-off task runs: as the tasks of its service do, or as the request says.

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Launch says where a task runs. What is zero is taken from the service.
type Launch struct {
	// Type is RunTask's launchType, PlatformVersion its platformVersion.
	Type, PlatformVersion string
	// Subnets and SecurityGroups are ids; PublicIP assigns a public IP address.
	Subnets, SecurityGroups []string
	PublicIP                bool
}

// launchOf is the part of RunTask's input that says where and how the tasks run: what
// the service has, and what the request says instead.
func (d *Deployer) launchOf(ctx context.Context, r TaskRequest, service *described) (map[string]any, error) {
	launch := map[string]any{}
	tags := r.PropagateTags
	if service != nil {
		copied(launch, service.Raw, "networkConfiguration", "launchType", "capacityProviderStrategy", "platformVersion",
			"placementConstraints", "placementStrategy", "enableECSManagedTags", "enableExecuteCommand")
		if launch["capacityProviderStrategy"] != nil { // ECS takes one of the two
			delete(launch, "launchType")
		}
		copyVolumes(launch, service)
		tags = cmp.Or(tags, map[string]TagSource{"SERVICE": TagsOfService, "TASK_DEFINITION": TagsOfDefinition}[string(service.PropagateTags)])
	}
	r.Launch.into(launch)
	switch tags {
	case TagsOfDefinition:
		launch["propagateTags"] = "TASK_DEFINITION"
	case TagsOfService: // RunTask refuses the word
		found, err := d.api.ServiceTags(ctx, aws.ToString(service.ClusterArn), aws.ToString(service.ServiceArn))
		if err != nil {
			return nil, err
		}
		list := []any{}
		for _, tag := range found {
			if !strings.HasPrefix(aws.ToString(tag.Key), "aws:") {
				list = append(list, map[string]any{"key": aws.ToString(tag.Key), "value": aws.ToString(tag.Value)})
			}
		}
		if len(list) > 0 {
			launch["tags"] = list
		}
	}
	return launch, nil
}

// reachable refuses a plan of tasks that need subnets, and get none.
func (p *TaskPlan) reachable() error {
	network, _ := p.launch["networkConfiguration"].(map[string]any)
	if !p.Definition.Needs().Subnets || nested(network, "awsvpcConfiguration")["subnets"] != nil {
		return nil
	}
	return &UsageError{
		Problem: cmp.Or(rollout.ShortName(p.TaskDefinition), p.Family) + " uses awsvpc networking, and no subnet is set",
		Remedy:  "pass --subnet SUBNET (and --security-group GROUP), or -n SERVICE to use the network of a service",
	}
}

// copied copies members that are neither absent nor empty.
func copied(to, from map[string]any, members ...string) {
	for _, name := range members {
		value, ok := from[name]
		list, isList := value.([]any)
		if ok && value != nil && value != "" && value != false && (!isList || len(list) > 0) {
			to[name] = value
		}
	}
}

// copyVolumes copies the volumes that the service's tasks get when they start.
func copyVolumes(to map[string]any, service *described) {
	deployments, _ := service.Raw["deployments"].([]any)
	for _, each := range deployments {
		deployment, _ := each.(map[string]any)
		if deployment["status"] == rollout.StatusPrimary {
			copied(to, deployment, "volumeConfigurations")
		}
	}
}

// into puts into RunTask's input what is not zero.
func (l Launch) into(launch map[string]any) {
	if l.Type != "" {
		launch["launchType"] = l.Type
		delete(launch, "capacityProviderStrategy")
	}
	if l.PlatformVersion != "" {
		launch["platformVersion"] = l.PlatformVersion
	}
	if len(l.Subnets)+len(l.SecurityGroups) == 0 && !l.PublicIP {
		return
	}
	network := map[string]any{}
	if earlier, ok := launch["networkConfiguration"].(map[string]any); ok {
		copied(network, nested(earlier, "awsvpcConfiguration"), "subnets", "securityGroups", "assignPublicIp")
	}
	if len(l.Subnets) > 0 {
		network["subnets"] = l.Subnets
	}
	if len(l.SecurityGroups) > 0 {
		network["securityGroups"] = l.SecurityGroups
	}
	if l.PublicIP {
		network["assignPublicIp"] = "ENABLED"
	}
	launch["networkConfiguration"] = map[string]any{"awsvpcConfiguration": network}
}

func nested(object map[string]any, name string) map[string]any {
	inner, _ := object[name].(map[string]any)
	return inner
}
