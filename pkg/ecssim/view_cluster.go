package ecssim

// This file shows a cluster as DescribeClusters and CreateCluster do.

import (
	"maps"
	"slices"
	"strconv"
)

// nothingHidden is what operations that change a cluster include in their
// answer [CreateCluster, UpdateCluster, examples].
var nothingHidden = []string{"CONFIGURATIONS", "SETTINGS", "TAGS"}

// clusterView is a cluster with what include names besides.
func (e *engine) clusterView(c *cluster, include []string) map[string]any {
	tasks, services := c.numbers()
	view := map[string]any{
		"clusterArn": e.arn("cluster/" + c.Name), "clusterName": c.Name, "status": c.Status,
		"registeredContainerInstancesCount": len(c.Hosts),
		"runningTasksCount":                 tasks.ec2.live + tasks.fargate.live,
		"pendingTasksCount":                 tasks.ec2.other + tasks.fargate.other,
		"activeServicesCount":               services.ec2.live + services.fargate.live,
		"statistics":                        []any{}, "tags": []any{}, "settings": []any{}, "capacityProviders": []any{},
		"defaultCapacityProviderStrategy": []any{},
	}
	maps.Copy(view, c.Extra)
	if !slices.Contains(include, "CONFIGURATIONS") {
		delete(view, "configuration")
	}
	if !slices.Contains(include, "SETTINGS") {
		view["settings"] = []any{}
	}
	if slices.Contains(include, "TAGS") {
		view["tags"] = orNone(c.Tags)
	}
	if slices.Contains(include, "STATISTICS") {
		view["statistics"] = statistics(tasks, services)
	}
	if attached := e.attachments(c); slices.Contains(include, "ATTACHMENTS") && len(attached) > 0 {
		view["attachments"], view["attachmentsStatus"] = attached, "UPDATE_COMPLETE"
	}
	return view
}

// numbers are how many tasks, or services, a cluster has, by launch type.
type numbers struct{ ec2, fargate phases }

// phases are how many are RUNNING or ACTIVE, and how many PENDING or DRAINING.
type phases struct{ live, other int }

// of are the numbers of a launch type.
func (n *numbers) of(launchType string) *phases {
	if launchType == "FARGATE" {
		return &n.fargate
	}
	return &n.ec2
}

// numbers counts the tasks and the services of the cluster.
func (c *cluster) numbers() (tasks, services numbers) {
	for _, t := range c.Tasks {
		switch {
		case t.Status == running:
			tasks.of(t.LaunchType).live++
		case t.starting():
			tasks.of(t.LaunchType).other++
		}
	}
	for _, s := range c.Services {
		switch s.Status {
		case "ACTIVE":
			services.of(s.launchType()).live++
		case "DRAINING":
			services.of(s.launchType()).other++
		}
	}
	return tasks, services
}

// statistics are the numbers as ECS shows them: texts by name [SDK
// Cluster.Statistics].
func statistics(tasks, services numbers) []any {
	list := []any{}
	for _, row := range []struct {
		name string
		n    int
	}{
		{"runningEC2TasksCount", tasks.ec2.live}, {"runningFargateTasksCount", tasks.fargate.live},
		{"pendingEC2TasksCount", tasks.ec2.other}, {"pendingFargateTasksCount", tasks.fargate.other},
		{"activeEC2ServiceCount", services.ec2.live}, {"activeFargateServiceCount", services.fargate.live},
		{"drainingEC2ServiceCount", services.ec2.other}, {"drainingFargateServiceCount", services.fargate.other},
	} {
		list = append(list, map[string]any{"name": row.name, "value": strconv.Itoa(row.n)})
	}
	return list
}

// attachments are what ECS attaches to a cluster for its capacity providers: the
// scaling policies of Auto Scaling groups whose scaling ECS manages.
func (e *engine) attachments(c *cluster) []any {
	list := []any{}
	names, _ := c.Extra["capacityProviders"].([]any)
	for _, identifier := range names {
		name, _ := identifier.(string)
		if p := e.Providers[shortName(name)]; p == nil || !p.scales() {
			continue
		}
		list = append(list, map[string]any{
			"id": derivedUUID("cluster attachment", c.Name+"/"+name), "type": "as_policy", "status": "CREATED",
			"details": []any{
				map[string]any{"name": "capacityProviderName", "value": shortName(name)},
				map[string]any{"name": "scalingPolicyName", "value": "ECSManagedAutoScalingPolicy-" + derivedUUID("policy", c.Name+"/"+name)},
			},
		})
	}
	return list
}
