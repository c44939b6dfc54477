package ecssim

// This file starts tasks: finding a place for each, making it, and waiting
// longer and longer if that does not work.

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// backOffs are the pauses before tasks that never reached RUNNING are tried
// again, near what captures show; the last one repeats.
var backOffs = []time.Duration{40 * time.Second, 30 * time.Second, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute}

// A deployment that has lost very many tasks is tried less often (assumed). It
// lets a world that is left alone for years be read at once.
const (
	manyLost      = 1000
	manyLostPause = 6 * time.Hour
)

// tire notes that a task of a deployment failed.
func (e *engine) tire(d *deployment) {
	d.Lost++
	if d.Lost >= manyLost {
		d.NextLaunch = max(d.NextLaunch, e.Now.add(manyLostPause))
	}
}

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
		e.record(s, 0, s.spoken(d.ID)+" "+text)
	}
	return len(ids), len(ids) == n
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
	c.arrange()
	arn, h := e.hostArn(c, instance), c.host(instance)
	switch {
	case h == nil:
		return nil, &misfit{failures: []apiFailure{{Arn: arn, Reason: "MISSING"}}}
	case h.Status != "ACTIVE":
		return nil, &misfit{failures: []apiFailure{{Arn: arn, Reason: "INACTIVE"}}} // assumed
	}
	t := e.newTask(o)
	if obstacle := e.obstacle(h, t); obstacle != nil {
		return nil, &misfit{failures: []apiFailure{{Arn: arn, Reason: obstacle.reason}}}
	}
	t.settleOn(h)
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
	t.Plan = e.planFor(specs, t)
	e.connect(t, td)
	if t.Address == "" && t.LaunchType == "EC2" {
		t.Status = pending // there is no network interface to provision [RunTask, example]
	}
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

// blocked notes that a task of the deployment found no place. It counts as a
// failure and is tried again after a while.
func (e *engine) blocked(s *service, d *deployment, why string) {
	e.sayOnce(s, why)
	d.Blocked = true
	s.home.block(s)
	d.NextLaunch = e.Now.add(orDefault(e.World.Switches.PlacementRetry, 15*time.Minute))
	e.wake(s, time.Duration(d.NextLaunch-e.Now)*time.Millisecond)
	e.failed(s, d)
}

// unblock lets deployments that found no place try again, because a task of
// the cluster has stopped or there is another instance.
func (e *engine) unblock(clusterName string) {
	c := e.Clusters[clusterName]
	c.arrange()
	for _, name := range sortedKeys(c.blocked) {
		delete(c.blocked, name)
		s := c.Services[name]
		if s == nil {
			continue
		}
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
