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
	n := c.numbers()
	view := map[string]any{
		"clusterArn": e.arn("cluster/" + c.Name), "clusterName": c.Name, "status": c.Status,
		"registeredContainerInstancesCount": len(c.Hosts),
		"runningTasksCount":                 n["runningEC2TasksCount"] + n["runningFargateTasksCount"],
		"pendingTasksCount":                 n["pendingEC2TasksCount"] + n["pendingFargateTasksCount"],
		"activeServicesCount":               n["activeEC2ServiceCount"] + n["activeFargateServiceCount"],
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
		view["statistics"] = statistics(n)
	}
	if attached := e.attachments(c); slices.Contains(include, "ATTACHMENTS") && len(attached) > 0 {
		view["attachments"], view["attachmentsStatus"] = attached, "UPDATE_COMPLETE"
	}
	return view
}

// numbers counts the tasks and services of a cluster, with the names that ECS
// has for them [SDK Cluster.Statistics].
func (c *cluster) numbers() map[string]int {
	n := map[string]int{}
	for _, kind := range []string{"EC2", "Fargate"} {
		for _, name := range []string{"running" + kind + "TasksCount", "pending" + kind + "TasksCount", "active" + kind + "ServiceCount", "draining" + kind + "ServiceCount"} {
			n[name] = 0
		}
	}
	kindOf := func(launchType string) string {
		if launchType == "FARGATE" {
			return "Fargate"
		}
		return "EC2"
	}
	for _, t := range c.Tasks {
		switch kind := kindOf(t.LaunchType); {
		case t.Status == running:
			n["running"+kind+"TasksCount"]++
		case t.starting():
			n["pending"+kind+"TasksCount"]++
		}
	}
	for _, s := range c.Services {
		switch kind := kindOf(s.launchType()); s.Status {
		case "ACTIVE":
			n["active"+kind+"ServiceCount"]++
		case "DRAINING":
			n["draining"+kind+"ServiceCount"]++
		}
	}
	return n
}

// statistics are numbers as ECS shows them: texts by name.
func statistics(numbers map[string]int) []any {
	list := []any{}
	for _, name := range sortedKeys(numbers) {
		list = append(list, map[string]any{"name": name, "value": strconv.Itoa(numbers[name])})
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
