package ecssim

// This file shows a task as DescribeTasks and RunTask do.

import (
	"slices"
	"strconv"
)

// fargateStorage is the ephemeral storage of a task on Fargate, in GiB, unless
// it is set [DescribeTasks, captured].
const fargateStorage = 20

func (e *engine) taskView(t *task, tags bool) map[string]any {
	view := map[string]any{
		"taskArn": e.taskArn(t), "clusterArn": e.arn("cluster/" + t.Cluster), "taskDefinitionArn": t.TaskDefinition,
		"group": t.Group, "version": t.Version,
		"lastStatus": string(t.Status), "desiredStatus": t.desiredStatus(),
		"launchType": t.LaunchType, "availabilityZone": t.Zone, "cpu": strconv.Itoa(t.CPU), "memory": strconv.Itoa(t.Memory),
		"createdAt": t.CreatedAt.epoch(), "enableExecuteCommand": t.Exec,
		"attachments": t.attachments(), "inferenceAccelerators": []any{}, "tags": []any{},
		"attributes": []any{map[string]any{"name": "ecs.cpu-architecture", "value": "x86_64"}},
		"overrides":  t.overrides(),
	}
	for member, when := range map[string]millis{
		"connectivityAt": t.ConnectedAt, "pullStartedAt": t.PullStartedAt, "pullStoppedAt": t.PullStoppedAt,
		"startedAt": t.StartedAt, "stoppingAt": t.StoppingAt, "executionStoppedAt": t.ExecutionStoppedAt, "stoppedAt": t.StoppedAt,
	} {
		if when != 0 {
			view[member] = when.epoch()
		}
	}
	if tags {
		view["tags"] = orNone(t.Tags)
	}
	if t.StartedBy != "" {
		view["startedBy"] = t.StartedBy
	}
	if t.ConnectedAt != 0 { // a task that has just been created shows neither [captured]
		view["connectivity"], view["healthStatus"] = "CONNECTED", t.health()
	}
	if t.StopReason != "" {
		view["stopCode"], view["stoppedReason"] = t.StopCode, t.StopReason
	}
	e.showPlace(t, view)
	specs := e.specsOf(t.order)
	containers := make([]any, 0, len(t.Containers))
	for i, c := range t.Containers {
		containers = append(containers, e.containerView(t, c, specs[i]))
	}
	view["containers"] = containers
	return view
}

// showPlace shows where a task runs.
func (e *engine) showPlace(t *task, view map[string]any) {
	if t.Provider != "" {
		view["capacityProviderName"] = t.Provider
	}
	if t.Host != "" {
		view["containerInstanceArn"] = e.arn("container-instance/" + t.Cluster + "/" + t.Host)
	}
	if t.LaunchType != "FARGATE" {
		return
	}
	storage := map[string]any{"sizeInGiB": fargateStorage}
	for _, given := range []Document{e.taskDefinition(t.TaskDefinition).Doc, t.Overrides} {
		if own, ok := given["ephemeralStorage"].(map[string]any); ok {
			storage = own
		}
	}
	view["ephemeralStorage"], view["fargateEphemeralStorage"] = storage, storage
	view["platformVersion"], view["platformFamily"] = platformVersion(t.Platform), "Linux"
}

// platformVersion is the platform version that a request resolves to.
func platformVersion(given string) string {
	if given == "" || given == "LATEST" {
		return "1.4.0"
	}
	return given
}

// overrides are the overrides of a task: an entry for each container, with what
// RunTask gave for it.
func (t *task) overrides() map[string]any {
	view := map[string]any{"inferenceAcceleratorOverrides": []any{}}
	for member, v := range t.Overrides {
		view[member] = v
	}
	given := objects(t.Overrides["containerOverrides"])
	list := make([]any, 0, len(t.Containers))
	for _, c := range t.Containers {
		i := slices.IndexFunc(given, func(over map[string]any) bool { return over["name"] == c.Name })
		if i >= 0 {
			list = append(list, given[i])
		} else {
			list = append(list, map[string]any{"name": c.Name})
		}
	}
	view["containerOverrides"] = list
	return view
}

// runtimeID is the id of a container at its runtime.
func (t *task) runtimeID(c container) string {
	return t.ID + "-" + strconv.Itoa(len(c.Name)) + c.ID[:8]
}

func (e *engine) containerView(t *task, c container, spec containerSpec) map[string]any {
	view := map[string]any{
		"containerArn": e.arn("container/" + t.Cluster + "/" + t.ID + "/" + c.ID), "taskArn": e.taskArn(t),
		"name": c.Name, "image": c.Image, "lastStatus": string(c.Status),
		"cpu": strconv.Itoa(spec.cpu),
	}
	if spec.memory > 0 {
		view["memory"] = strconv.Itoa(spec.memory)
	}
	if spec.reservation > 0 {
		view["memoryReservation"] = strconv.Itoa(spec.reservation)
	}
	if t.ConnectedAt != 0 {
		view["healthStatus"] = c.Health
	}
	t.reach(c, view)
	if c.StartedAt != 0 {
		view["runtimeId"] = t.runtimeID(c)
		view["imageDigest"] = imageDigest(c.Image)
	}
	if c.Exit != nil {
		view["exitCode"] = *c.Exit
	}
	if c.Reason != "" {
		view["reason"] = c.Reason
	}
	if t.Exec {
		view["managedAgents"] = []any{t.commandAgent(c)}
	}
	return view
}

// commandAgent is the agent of ExecuteCommand in a container.
func (t *task) commandAgent(c container) map[string]any {
	agent := map[string]any{"name": "ExecuteCommandAgent", "lastStatus": string(c.Status)}
	if c.Status == running {
		agent["lastStartedAt"] = c.StartedAt.epoch()
	}
	return agent
}
