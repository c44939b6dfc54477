package ecssim

// This file is the operations on tasks.

import (
	"slices"
	"strconv"
	"strings"
)

type listTasksInput struct {
	Cluster    string `json:"cluster"`
	Service    string `json:"serviceName"`
	Family     string `json:"family"`
	StartedBy  string `json:"startedBy"`
	Desired    string `json:"desiredStatus"`
	LaunchType string `json:"launchType"`
	Host       string `json:"containerInstance"`
	MaxResults *int   `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

func (e *engine) listTasks(in listTasksInput, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	if in.StartedBy != "" && (in.Service != "" || in.Family != "" || in.Host != "") {
		return nil, invalid("startedBy must be the only filter.") // assumed text
	}
	if in.Service != "" {
		s, apiErr := c.findService(in.Service)
		if apiErr != nil {
			return nil, apiErr
		}
		in.Service = s.Name
	}
	var list listing
	for _, name := range sortedKeys(c.Services) {
		s := c.Services[name]
		if in.Service != "" && name != in.Service {
			continue
		}
		for _, t := range slices.Concat(s.Gone, s.Tasks) {
			list.add(e.taskArn(c.Name, t.ID), in.fits(t))
		}
	}
	return list.page("taskArns", in.MaxResults, in.NextToken)
}

// fits applies the filters. The desired status PENDING never matches: ECS never
// gives it to a task.
func (in listTasksInput) fits(t *task) bool {
	desired := in.Desired
	if desired == "" {
		desired = "RUNNING"
	}
	family, _, _ := strings.Cut(shortName(t.TaskDefinition), ":")
	switch {
	case desired != t.desiredStatus(),
		in.Family != "" && family != in.Family,
		in.StartedBy != "" && in.StartedBy != "ecs-svc/"+t.Deployment,
		in.LaunchType != "" && in.LaunchType != t.LaunchType,
		in.Host != "" && shortName(in.Host) != t.Host:
		return false
	}
	return true
}

func (t *task) desiredStatus() string {
	if t.Stopping || t.Dying || t.Status == stopped {
		return "STOPPED"
	}
	return "RUNNING"
}

func (e *engine) taskArn(clusterName, id string) string {
	return e.arn("task/" + clusterName + "/" + id)
}

// findTask finds a task of the cluster by id or ARN.
func (c *cluster) findTask(identifier string) (*service, *task) {
	for _, s := range c.Services {
		if t := s.task(shortName(identifier)); t != nil {
			return s, t
		}
	}
	return nil, nil
}

func (e *engine) describeTasks(in struct {
	Cluster string   `json:"cluster"`
	Tasks   []string `json:"tasks"`
	Include []string `json:"include"`
}, _ Document) (any, *apiError) {
	if len(in.Tasks) == 0 {
		return nil, invalid("Tasks cannot be empty.")
	}
	if err := atMost(len(in.Tasks), 100, "Tasks"); err != nil {
		return nil, err
	}
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	views, failures := []any{}, []any{}
	for _, identifier := range in.Tasks {
		s, t := c.findTask(identifier)
		if t == nil {
			failures = append(failures, missing(e.taskArn(c.Name, shortName(identifier))))
			continue
		}
		views = append(views, e.taskView(s, t))
	}
	return map[string]any{"tasks": views, "failures": failures}, nil
}

func (e *engine) stopTask(in struct {
	Cluster string `json:"cluster"`
	Task    string `json:"task"`
	Reason  string `json:"reason"`
}, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	s, t := c.findTask(in.Task)
	if t == nil {
		return nil, invalid("The referenced task was not found.")
	}
	if t.alive() {
		reason := in.Reason
		if reason == "" {
			reason = "Task stopped by user"
		}
		e.halt(s, t, "UserInitiated", reason)
		s.SteadyAt = 0
		e.wake(s, passDelay)
	}
	return map[string]any{"task": e.taskView(s, t)}, nil
}

func (e *engine) taskView(s *service, t *task) map[string]any {
	arn := e.taskArn(s.Cluster, t.ID)
	view := map[string]any{
		"taskArn": arn, "clusterArn": e.arn("cluster/" + s.Cluster), "taskDefinitionArn": t.TaskDefinition,
		"group": "service:" + s.Name, "startedBy": "ecs-svc/" + t.Deployment, "version": t.Version,
		"lastStatus": string(t.Status), "desiredStatus": t.desiredStatus(), "healthStatus": t.health(),
		"launchType": t.LaunchType, "availabilityZone": t.Zone, "cpu": strconv.Itoa(t.CPU), "memory": strconv.Itoa(t.Memory),
		"createdAt": t.CreatedAt.epoch(), "enableExecuteCommand": s.Spec["enableExecuteCommand"] == true,
		"attachments": e.attachments(s, t), "inferenceAccelerators": []any{}, "tags": []any{},
		"attributes": []any{map[string]any{"name": "ecs.cpu-architecture", "value": "x86_64"}},
	}
	for member, when := range map[string]millis{
		"connectivityAt": t.ConnectedAt, "pullStartedAt": t.PullStartedAt, "pullStoppedAt": t.PullStoppedAt,
		"startedAt": t.StartedAt, "stoppingAt": t.StoppingAt, "executionStoppedAt": t.ExecutionStoppedAt, "stoppedAt": t.StoppedAt,
	} {
		if when != 0 {
			view[member] = when.epoch()
		}
	}
	if t.ConnectedAt != 0 {
		view["connectivity"] = "CONNECTED"
	}
	if t.StopReason != "" {
		view["stopCode"], view["stoppedReason"] = t.StopCode, t.StopReason
	}
	if t.Host != "" {
		view["containerInstanceArn"] = e.arn("container-instance/" + s.Cluster + "/" + t.Host)
	}
	if t.LaunchType == "FARGATE" {
		view["platformVersion"], view["platformFamily"] = "1.4.0", "Linux"
		view["ephemeralStorage"] = map[string]any{"sizeInGiB": 20}
	}
	var containers, overrides []any
	for _, c := range t.Containers {
		containers = append(containers, e.containerView(s, t, c))
		overrides = append(overrides, map[string]any{"name": c.Name})
	}
	view["containers"] = containers
	view["overrides"] = map[string]any{"containerOverrides": overrides, "inferenceAcceleratorOverrides": []any{}}
	return view
}

// runtimeID is the id of a container at its runtime.
func (t *task) runtimeID(c container) string {
	return t.ID + "-" + strconv.Itoa(len(c.Name)) + c.ID[:8]
}

func (e *engine) containerView(s *service, t *task, c container) map[string]any {
	view := map[string]any{
		"containerArn": e.arn("container/" + s.Cluster + "/" + t.ID + "/" + c.ID), "taskArn": e.taskArn(s.Cluster, t.ID),
		"name": c.Name, "image": c.Image, "lastStatus": string(c.Status), "healthStatus": c.Health,
		"cpu": "0",
	}
	t.reach(c, view)
	if t.StartedAt != 0 {
		view["runtimeId"] = t.runtimeID(c)
		view["imageDigest"] = imageDigest(c.Image)
	}
	if c.Exit != nil {
		view["exitCode"] = *c.Exit
	}
	if c.Reason != "" {
		view["reason"] = c.Reason
	}
	return view
}
