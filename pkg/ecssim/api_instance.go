package ecssim

// This file is the operations on container instances. RegisterContainerInstance
// is what the ECS agent of an instance calls; tests call it to have one.

import (
	"encoding/json"
	"slices"
	"strconv"
)

type registerInstanceInput struct {
	Cluster    string      `json:"cluster"`
	Identity   string      `json:"instanceIdentityDocument"`
	Arn        string      `json:"containerInstanceArn"`
	Attributes []attribute `json:"attributes"`
	Resources  []struct {
		Name  string `json:"name"`
		Value int    `json:"integerValue"`
	} `json:"totalResources"`
	Tags []tag `json:"tags"`
}

func (e *engine) registerContainerInstance(in registerInstanceInput, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	if apiErr := checkTags(in.Tags); apiErr != nil {
		return nil, apiErr
	}
	var identity struct {
		Instance string `json:"instanceId"`
		Type     string `json:"instanceType"`
		Zone     string `json:"availabilityZone"`
		Image    string `json:"imageId"`
	}
	if in.Identity != "" && json.Unmarshal([]byte(in.Identity), &identity) != nil {
		return nil, refused("Invalid instance identity document.") // assumed text
	}
	h := c.host(shortName(in.Arn))
	if h == nil {
		h = e.newHost(c, defaultHostCPU, defaultHostMemory)
		c.Hosts = append(c.Hosts, h)
	}
	for _, r := range in.Resources {
		switch r.Name {
		case "CPU":
			h.CPU = r.Value
		case "MEMORY":
			h.Memory = r.Value
		}
	}
	h.Instance = identity.Instance
	if identity.Zone != "" {
		h.Zone = identity.Zone
		h.set("ecs.availability-zone", h.Zone)
	}
	if identity.Type != "" {
		h.set("ecs.instance-type", identity.Type)
	}
	if identity.Image != "" {
		h.set("ecs.ami-id", identity.Image)
	}
	for _, a := range in.Attributes {
		h.set(a.Name, a.Value)
	}
	h.Tags = mergeTags(h.Tags, in.Tags)
	e.roomChanged(c)
	return map[string]any{"containerInstance": e.instanceView(c, h, true)}, nil
}

// roomChanged lets the services of a cluster look whether there is room now.
func (e *engine) roomChanged(c *cluster) {
	e.unblock(c.Name)
	for _, name := range sortedKeys(c.Services) {
		if s := c.Services[name]; s.Daemon && s.Status == "ACTIVE" {
			e.wake(s, passDelay)
		}
	}
}

func (e *engine) deregisterContainerInstance(in struct {
	Cluster  string `json:"cluster"`
	Instance string `json:"containerInstance"`
	Force    bool   `json:"force"`
}, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	c.arrange()
	h := c.host(shortName(in.Instance))
	switch {
	case h == nil:
		return nil, invalid("The referenced container instance was not found.") // assumed text
	case len(h.tasks) > 0 && !in.Force:
		return nil, invalid("Found running tasks on the instance.")
	}
	h.Status = "INACTIVE"
	view := e.instanceView(c, h, true)
	view["agentConnected"] = false
	for _, t := range slices.Clone(h.tasks) {
		e.lose(t)
	}
	c.Hosts = slices.DeleteFunc(c.Hosts, func(other *host) bool { return other == h })
	e.roomChanged(c)
	return map[string]any{"containerInstance": view}, nil
}

// lose is a task whose instance is deregistered: ECS knows no more about it, and
// its service starts another one. The stop code is assumed.
func (e *engine) lose(t *task) {
	t.Stopping, t.Healthy = true, false
	t.StopCode, t.StopReason = "UserInitiated", "Container instance deregistration forced by user"
	t.StoppingAt, t.ExecutionStoppedAt = e.Now, e.Now
	e.haltContainers(t)
	e.tell(t, stoppedByHand)
	e.end(t)
}

func (e *engine) updateContainerInstancesState(in struct {
	Cluster   string   `json:"cluster"`
	Instances []string `json:"containerInstances"`
	Status    string   `json:"status"`
}, _ Document) (any, *apiError) {
	const most = 10
	c, apiErr := e.findCluster(in.Cluster)
	switch {
	case apiErr != nil:
		return nil, apiErr
	case len(in.Instances) == 0:
		return nil, invalid("Container instances cannot be empty.") // assumed text
	case in.Status != "ACTIVE" && in.Status != "DRAINING":
		return nil, invalid("Container instance status should be one of [ACTIVE, DRAINING]") // assumed text
	}
	if err := atMost(len(in.Instances), most, "Container instances"); err != nil {
		return nil, err
	}
	c.arrange()
	return e.eachInstance(c, in.Instances, func(h *host) any {
		h.Status = in.Status
		h.Version++
		for _, t := range h.tasks {
			e.drainTask(c, t, in.Status == "DRAINING")
		}
		e.roomChanged(c)
		return e.instanceView(c, h, true)
	}), nil
}

// drainTask lets the service of a task replace it, because its instance drains,
// or not. A task that no service owns is not affected.
func (e *engine) drainTask(c *cluster, t *task, draining bool) {
	s := c.owner(t)
	if s == nil || !t.alive() {
		return
	}
	t.Draining = draining
	e.wake(s, passDelay)
}

type listInstancesInput struct {
	Cluster    string `json:"cluster"`
	Filter     string `json:"filter"`
	Status     string `json:"status"`
	MaxResults *int   `json:"maxResults"`
	NextToken  string `json:"nextToken"`
}

func (e *engine) listContainerInstances(in listInstancesInput, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	fits := func(subjects) bool { return true }
	if in.Filter != "" {
		q, err := parseQuery(in.Filter)
		if err != nil {
			return nil, invalid("Invalid filter: " + err.Error() + ".") // assumed text
		}
		fits = q
	}
	c.arrange()
	var list listing
	for _, h := range c.Hosts {
		list.add(e.hostArn(c, h.ID), (in.Status == "" || in.Status == h.Status) && fits(h.subjects))
	}
	return list.page("containerInstanceArns", in.MaxResults, in.NextToken)
}

func (e *engine) describeContainerInstances(in struct {
	Cluster   string   `json:"cluster"`
	Instances []string `json:"containerInstances"`
	Include   []string `json:"include"`
}, _ Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	if len(in.Instances) == 0 {
		return nil, refused("Container Instances cannot be empty.")
	}
	if err := atMost(len(in.Instances), 100, "Container instances"); err != nil {
		return nil, err
	}
	c.arrange()
	return e.eachInstance(c, in.Instances, func(h *host) any {
		return e.instanceView(c, h, slices.Contains(in.Include, "TAGS"))
	}), nil
}

// eachInstance shows the instances that a request names, and the failures.
func (e *engine) eachInstance(c *cluster, identifiers []string, show func(*host) any) any {
	views, failures := []any{}, []any{}
	for _, identifier := range identifiers {
		if h := c.host(shortName(identifier)); h != nil {
			views = append(views, show(h))
		} else {
			failures = append(failures, missing(identifier, e.hostArn(c, shortName(identifier))))
		}
	}
	return map[string]any{"containerInstances": views, "failures": failures}
}

// reservedPorts are the host ports that no task gets [captured].
var reservedPorts = []string{"22", "2376", "2375", "51678", "51679"}

func (e *engine) instanceView(c *cluster, h *host, tags bool) map[string]any {
	runningTasks, pendingTasks := tally(h.tasks)
	taken := slices.Clone(reservedPorts)
	for _, t := range h.tasks {
		for _, port := range t.Ports {
			taken = append(taken, strconv.Itoa(port))
		}
	}
	view := map[string]any{
		"containerInstanceArn": e.hostArn(c, h.ID), "ec2InstanceId": h.ec2(),
		"status": h.Status, "agentConnected": true, "version": h.Version, "registeredAt": h.RegisteredAt.epoch(),
		"runningTasksCount": runningTasks, "pendingTasksCount": pendingTasks,
		"registeredResources": resources(h.CPU, h.Memory, reservedPorts),
		"remainingResources":  resources(h.CPU-h.cpu, h.Memory-h.memory, taken),
		"versionInfo":         map[string]any{"agentVersion": agentVersion, "agentHash": "a190a73f", "dockerVersion": "DockerVersion: 25.0.8"},
		"attributes":          h.Attributes, "attachments": []any{}, "tags": []any{},
	}
	if tags {
		view["tags"] = orNone(h.Tags)
	}
	return view
}

// resources are the resources of an instance.
func resources(cpu, memory int, ports []string) []any {
	resource := func(name, kind string, n int) map[string]any {
		return map[string]any{"name": name, "type": kind, "doubleValue": 0.0, "longValue": 0, "integerValue": n}
	}
	tcp, udp := resource("PORTS", "STRINGSET", 0), resource("PORTS_UDP", "STRINGSET", 0)
	tcp["stringSetValue"], udp["stringSetValue"] = ports, []string{}
	return []any{resource("CPU", "INTEGER", cpu), resource("MEMORY", "INTEGER", memory), tcp, udp}
}
