package ecssim

// This file starts tasks: finding a place for each, making it, and waiting
// longer and longer where that does not work.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// backOffs are the pauses before tasks that never reached RUNNING are tried
// again, near what captures show; the last one repeats.
var backOffs = []time.Duration{40 * time.Second, 30 * time.Second, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute}

// launch starts up to n tasks of a deployment. placed is false when one of them
// found no capacity.
func (e *engine) launch(s *service, d *deployment, n int) (started int, placed bool) {
	if n <= 0 {
		return 0, true
	}
	replaced := s.count(d, func(t *task) bool { return t.alive() && t.Unhealthy != "" })
	var ids []string
	for range n {
		t, why := e.start(e.order(s, d))
		if why != nil {
			e.blocked(s, d, why.event)
			break
		}
		ids = append(ids, "(task "+t.ID+")")
	}
	if len(ids) > 0 {
		text := fmt.Sprintf("has started %d tasks: %s.", len(ids), strings.Join(ids, " "))
		if replaced = min(replaced, len(ids)); replaced > 0 {
			text += fmt.Sprintf(" Amazon ECS replaced %d tasks due to an unhealthy status.", replaced)
		}
		e.say(s, 0, "%s", text)
	}
	return len(ids), len(ids) == n
}

// misfit says why a task found no place: in the words of a service event, and
// as the failures of RunTask.
type misfit struct {
	event    string
	failures []apiFailure
}

// start starts a task, or says why there is no place for it.
func (e *engine) start(o order) (*task, *misfit) {
	t := e.newTask(o)
	if why := e.place(t); why != nil {
		return nil, why
	}
	e.launchTask(t)
	return t, nil
}

// startOn starts a task on a container instance, or says why not.
func (e *engine) startOn(o order, instance string) (*task, *misfit) {
	c := e.Clusters[o.Cluster]
	arn := e.arn("container-instance/" + c.Name + "/" + instance)
	if c.host(instance) == nil {
		return nil, &misfit{failures: []apiFailure{{Arn: arn, Reason: "MISSING"}}}
	}
	t := e.newTask(o)
	for _, room := range c.freeHosts(o.Service) {
		if room.id != instance {
			continue
		}
		if obstacle := room.obstacle(t); obstacle != nil {
			return nil, &misfit{failures: []apiFailure{{Arn: arn, Reason: obstacle.reason}}}
		}
	}
	t.Host = instance
	e.launchTask(t)
	return t, nil
}

// launchTask lets the life of a task that has a place begin.
func (e *engine) launchTask(t *task) {
	e.Clusters[t.Cluster].add(t)
	e.enter(t)
}

// newTask makes a task. It has no place yet.
func (e *engine) newTask(o order) *task {
	td, specs := e.taskDefinition(o.TaskDefinition), e.specsOf(o)
	t := &task{
		order:     o,
		ID:        e.Engine.hex(32),
		Zone:      e.World.region() + string("ab"[e.Engine.upTo(2)]),
		Status:    provisioning,
		Version:   1,
		CreatedAt: e.Now,
	}
	for _, c := range specs {
		t.Containers = append(t.Containers, container{
			ID: e.Engine.uuid(), Name: c.name, Image: c.image, Status: pending, Checked: c.check != nil, Health: "UNKNOWN",
			Spare: !c.essential,
		})
		t.CPU += c.cpu
		t.Memory += c.needs()
		t.Ports = append(t.Ports, hostPorts(td, c)...)
	}
	cpu, memory := sizeOf(td, o.Overrides)
	t.CPU, t.Memory = cmp.Or(cpu, t.CPU), cmp.Or(memory, t.Memory)
	t.Plan = e.planFor(specs, t.Containers)
	e.connect(t, td)
	return t
}

// hostPorts are the fixed host ports of a container; in network mode awsvpc
// each task has its own.
func hostPorts(td *taskDefinition, c containerSpec) []int {
	if td.Doc["networkMode"] == "awsvpc" {
		return nil
	}
	var ports []int
	for _, p := range c.ports {
		if td.Doc["networkMode"] == "host" && p.host == 0 {
			p.host = p.container
		}
		if p.host != 0 {
			ports = append(ports, p.host)
		}
	}
	return ports
}

const troubleshooting = " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."

// place finds room for a task, or says why there is none.
func (e *engine) place(t *task) *misfit {
	c := e.Clusters[t.Cluster]
	if c.Slots != nil && len(c.Tasks) >= *c.Slots {
		const full = "Capacity is unavailable at this time. Please try again later or in a different availability zone."
		return &misfit{"was unable to place a task. Reason: " + full + troubleshooting, []apiFailure{{Reason: strings.TrimSuffix(full, ".")}}}
	}
	if t.LaunchType != "EC2" {
		return nil
	}
	const none = "was unable to place a task because no container instance met all of its requirements."
	if len(c.Hosts) == 0 {
		return &misfit{event: none + " Reason: No Container Instances were found in your cluster." + troubleshooting}
	}
	free := c.freeHosts(t.Service)
	slices.SortStableFunc(free, func(a, b hostRoom) int { return cmp.Compare(b.memory, a.memory) })
	why := &misfit{}
	for _, f := range free {
		obstacle := f.obstacle(t)
		if obstacle == nil {
			t.Host = f.id
			return nil
		}
		if why.event == "" {
			why.event = fmt.Sprintf("%s The closest matching (container-instance %s) %s."+troubleshooting, none, f.id, obstacle.words)
		}
		why.failures = append(why.failures, apiFailure{Arn: e.arn("container-instance/" + c.Name + "/" + f.id), Reason: obstacle.reason})
	}
	return why
}

// hostRoom is what is left on a container instance.
type hostRoom struct {
	id          string
	cpu, memory int
	ports       map[int]bool
	taken       bool // a task of the owner in question is there
}

// freeHosts are the container instances of the cluster with what is left on
// each, and whether a task of an owner is there.
func (c *cluster) freeHosts(owner string) []hostRoom {
	rooms := make([]hostRoom, len(c.Hosts))
	index := make(map[string]*hostRoom, len(c.Hosts))
	for i, h := range c.Hosts {
		rooms[i] = hostRoom{id: h.ID, cpu: h.CPU, memory: h.Memory, ports: map[int]bool{}}
		index[h.ID] = &rooms[i]
	}
	for _, t := range c.Tasks {
		r := index[t.Host]
		if r == nil {
			continue
		}
		r.cpu -= t.CPU
		r.memory -= t.Memory
		for _, port := range t.Ports {
			r.ports[port] = true
		}
		r.taken = r.taken || t.Service == owner && t.alive()
	}
	return rooms
}

// obstacle is what keeps a task from an instance: as the reason of a failure,
// and in the words of a service event.
type obstacle struct{ reason, words string }

// obstacle is what keeps a task from this instance, or nil.
func (r hostRoom) obstacle(t *task) *obstacle {
	switch {
	case t.Apart && r.taken:
		return &obstacle{"ATTRIBUTE", "does not satisfy the placement constraint of the daemon"} // assumed; never the only one
	case slices.ContainsFunc(t.Ports, func(p int) bool { return r.ports[p] }):
		return &obstacle{"RESOURCE:PORTS", "is already using a port required by your task"}
	case r.cpu < t.CPU:
		return &obstacle{"RESOURCE:CPU", "has insufficient CPU units available"}
	case r.memory < t.Memory:
		return &obstacle{"RESOURCE:MEMORY", "has insufficient memory available"}
	}
	return nil
}

// blocked notes that a task of the deployment found no place. It counts as a
// failure and is tried again after a while.
func (e *engine) blocked(s *service, d *deployment, why string) {
	e.sayOnce(s, why)
	d.Blocked = true
	d.NextLaunch = e.Now.add(orDefault(e.World.Switches.PlacementRetry, 15*time.Minute))
	e.wake(s, time.Duration(d.NextLaunch-e.Now)*time.Millisecond)
	e.failed(s, d)
}

// unblock lets deployments that found no place try again, because a task of
// the cluster has stopped.
func (e *engine) unblock(clusterName string) {
	c := e.Clusters[clusterName]
	for _, name := range sortedKeys(c.Services) {
		s := c.Services[name]
		for _, d := range s.Deployments {
			if d.Blocked {
				d.Blocked, d.NextLaunch = false, e.Now
				e.wake(s, passDelay)
			}
		}
	}
}

// backOff makes the deployment wait before it starts tasks again, because one
// was created at a moment and never reached RUNNING. Tasks that were started
// together count once.
func (e *engine) backOff(s *service, d *deployment, created millis) {
	if created < d.BackoffSince {
		return
	}
	pause := backOffs[min(d.BackoffStep, len(backOffs)-1)]
	d.BackoffStep++
	d.BackoffSince = e.Now
	d.NextLaunch = e.Now.add(pause)
	if d.BackoffStep >= 3 {
		e.sayOnce(s, "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")
	}
}
