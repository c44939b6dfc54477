package ecssim

// This file shows container instances: which EC2 instance each one is, so that
// a target of a load balancer can be told to be a task.

func (e *engine) describeContainerInstances(in struct {
	Cluster   string   `json:"cluster"`
	Instances []string `json:"containerInstances"`
}, _ Document) (any, *apiError) {
	if len(in.Instances) == 0 {
		return nil, invalid("Container instances cannot be empty.") // assumed text
	}
	if err := atMost(len(in.Instances), 100, "Container instances"); err != nil {
		return nil, err
	}
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	views, failures := []any{}, []any{}
	for _, identifier := range in.Instances {
		if h := c.host(shortName(identifier)); h != nil {
			views = append(views, e.instanceView(c, h))
		} else {
			failures = append(failures, missing(e.arn("container-instance/"+c.Name+"/"+shortName(identifier))))
		}
	}
	return map[string]any{"containerInstances": views, "failures": failures}, nil
}

// host finds a container instance of the cluster by its id, or nil.
func (c *cluster) host(id string) *host {
	for _, h := range c.Hosts {
		if h.ID == id {
			return h
		}
	}
	return nil
}

func (e *engine) instanceView(c *cluster, h *host) map[string]any {
	cpu, memory, runningTasks, pendingTasks := h.CPU, h.Memory, 0, 0
	for _, t := range c.Tasks {
		if t.Host != h.ID {
			continue
		}
		cpu, memory = cpu-t.CPU, memory-t.Memory
		switch {
		case t.Status == running:
			runningTasks++
		case t.starting():
			pendingTasks++
		}
	}
	resource := func(name string, n int) any {
		return map[string]any{"name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": n}
	}
	return map[string]any{
		"containerInstanceArn": e.arn("container-instance/" + c.Name + "/" + h.ID), "ec2InstanceId": instanceID(h.ID),
		"status": "ACTIVE", "agentConnected": true, "version": 1,
		"runningTasksCount": runningTasks, "pendingTasksCount": pendingTasks,
		"registeredResources": []any{resource("CPU", h.CPU), resource("MEMORY", h.Memory)},
		"remainingResources":  []any{resource("CPU", cpu), resource("MEMORY", memory)},
		"attributes":          []any{}, "attachments": []any{}, "tags": []any{},
	}
}
