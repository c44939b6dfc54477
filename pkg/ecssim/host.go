package ecssim

// This file is container instances: what they have, what is left of it, and
// the attributes by which placement finds them.

import (
	"slices"
	"strconv"
	"time"
)

// host is a container instance.
type host struct {
	ID           string      `json:"id"`
	CPU          int         `json:"cpu"`
	Memory       int         `json:"memory"`
	Zone         string      `json:"zone"`
	Status       string      `json:"status"`             // ACTIVE, DRAINING
	Instance     string      `json:"instance,omitempty"` // the EC2 instance; empty: made from the id
	RegisteredAt millis      `json:"registeredAt"`
	Version      int         `json:"version"`
	Attributes   []attribute `json:"attributes"`
	Tags         []tag       `json:"tags,omitempty"`

	cpu, memory int     // that its tasks take
	tasks       []*task // on it that are not STOPPED yet
}

// attribute is an attribute of a container instance.
type attribute struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// Defaults of a container instance: a t3.medium.
const (
	defaultHostCPU    = 2048
	defaultHostMemory = 3884
	defaultHostType   = "t3.medium"
)

// agentVersion is the version of the ECS agent on every container instance.
const agentVersion = "1.98.0"

// newHost makes a container instance. Its zone alternates.
func (e *engine) newHost(c *cluster, cpu, memory int) *host {
	h := &host{
		ID: e.Engine.hex(32), CPU: cpu, Memory: memory, Status: "ACTIVE", RegisteredAt: e.Now, Version: 1,
		Zone: e.World.region() + string("ab"[len(c.Hosts)%2]),
	}
	h.set("ecs.instance-type", defaultHostType)
	h.set("ecs.os-type", "linux")
	h.set("ecs.cpu-architecture", "x86_64")
	h.set("ecs.ami-id", "ami-"+derived("image", e.World.region(), 17))
	h.set("ecs.availability-zone", h.Zone)
	for _, capability := range []string{"com.amazonaws.ecs.capability.logging-driver.awslogs", "ecs.capability.task-eni", "ecs.capability.container-health-check"} {
		h.set(capability, "")
	}
	return h
}

// set gives an attribute a value.
func (h *host) set(name, value string) {
	i := slices.IndexFunc(h.Attributes, func(a attribute) bool { return a.Name == name })
	if i < 0 {
		h.Attributes = append(h.Attributes, attribute{name, value})
		return
	}
	h.Attributes[i].Value = value
}

// hold and release keep what the tasks of the instance take.
func (h *host) hold(t *task) {
	h.cpu += t.CPU
	h.memory += t.Memory
	h.tasks = append(h.tasks, t)
}

func (h *host) release(t *task) {
	h.cpu -= t.CPU
	h.memory -= t.Memory
	h.tasks = without(h.tasks, t)
}

// uses reports whether a task on the instance has a fixed host port.
func (h *host) uses(port int) bool {
	return slices.ContainsFunc(h.tasks, func(t *task) bool { return slices.Contains(t.Ports, port) })
}

// host finds a container instance of the cluster by its id, or nil.
func (c *cluster) host(id string) *host {
	if id == "" {
		return nil
	}
	for _, h := range c.Hosts {
		if h.ID == id {
			return h
		}
	}
	return nil
}

// activeHosts are the container instances that take new tasks.
func (c *cluster) activeHosts() []*host {
	c.arrange()
	return slices.DeleteFunc(slices.Clone(c.Hosts), func(h *host) bool { return h.Status != "ACTIVE" })
}

// subjects is what the cluster query language can ask about the instance.
func (h *host) subjects(subject string) []string {
	switch subject {
	case "agentConnected":
		return []string{"true"}
	case "agentVersion":
		return []string{agentVersion}
	case "ec2InstanceId":
		return []string{h.ec2()}
	case "registeredAt":
		return []string{h.RegisteredAt.time().UTC().Format(time.RFC3339)}
	case "runningTasksCount":
		runningTasks, _ := tally(h.tasks)
		return []string{strconv.Itoa(runningTasks)}
	case "task:group":
		var groups []string
		for _, t := range h.tasks {
			groups = append(groups, t.Group)
		}
		return groups
	}
	for _, a := range h.Attributes {
		if "attribute:"+a.Name == subject {
			return []string{a.Value}
		}
	}
	return nil
}

// instanceOf is the EC2 instance that a task is on.
func (e *engine) instanceOf(t *task) string {
	if h := e.Clusters[t.Cluster].host(t.Host); h != nil {
		return h.ec2()
	}
	return instanceID(t.Host)
}

// ec2 is the id of its EC2 instance.
func (h *host) ec2() string {
	if h.Instance != "" {
		return h.Instance
	}
	return instanceID(h.ID)
}
