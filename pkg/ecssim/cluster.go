package ecssim

// This file is how the engine finds its way inside a cluster: its tasks, whoever
// started them, and the services that own some of them.

import "slices"

// newCluster makes an empty cluster.
func newCluster(name string) *cluster {
	return &cluster{Name: name, Status: "ACTIVE", Services: map[string]*service{}}
}

// adopt puts a service into the cluster.
func (c *cluster) adopt(s *service) {
	c.Services[s.Name] = s
	s.home = c
}

// owner is the service that owns a task, or nil: somebody ran it.
func (c *cluster) owner(t *task) *service { return c.Services[t.Service] }

// arrange finds the tasks of the cluster by id and owner, unless that was done.
func (c *cluster) arrange() {
	if c.index != nil {
		return
	}
	c.index = make(map[string]*task, len(c.Tasks)+len(c.Gone))
	c.byOwner = map[string][]*task{}
	hosts := make(map[string]*host, len(c.Hosts))
	for _, h := range c.Hosts {
		hosts[h.ID] = h
	}
	for _, t := range c.Tasks {
		if h := hosts[t.Host]; h != nil {
			h.hold(t)
		}
		c.index[t.ID] = t
		c.byOwner[t.Service] = append(c.byOwner[t.Service], t)
	}
	for _, t := range c.Gone {
		c.index[t.ID] = t
	}
	c.blocked = map[string]bool{}
	for name, s := range c.Services {
		if slices.ContainsFunc(s.Deployments, func(d *deployment) bool { return d.Blocked }) {
			c.blocked[name] = true
		}
	}
}

// block notes that a deployment of a service waits for room.
func (c *cluster) block(s *service) {
	c.arrange()
	c.blocked[s.Name] = true
}

// owned are the tasks of a service that are not STOPPED yet, oldest first.
func (c *cluster) owned(service string) []*task {
	c.arrange()
	return c.byOwner[service]
}

// task finds a task by its id, also one that has stopped within the hour.
func (c *cluster) task(id string) *task {
	c.arrange()
	return c.index[id]
}

// add makes a new task known.
func (c *cluster) add(t *task) {
	c.arrange()
	c.Started++
	t.Number = c.Started
	c.Tasks = append(c.Tasks, t)
	c.byOwner[t.Service] = append(c.byOwner[t.Service], t)
	c.index[t.ID] = t
	if h := c.host(t.Host); h != nil {
		h.hold(t)
	}
}

// retire moves a task that has stopped to those that are remembered for an hour.
func (c *cluster) retire(t *task) {
	c.arrange()
	c.Tasks = without(c.Tasks, t)
	c.byOwner[t.Service] = without(c.byOwner[t.Service], t)
	if h := c.host(t.Host); h != nil {
		h.release(t)
	}
	c.Gone = append(c.Gone, t)
}

// forget drops a stopped task whose hour is over.
func (c *cluster) forget(t *task) {
	if len(c.Gone) > 0 && c.Gone[0] == t { // tasks are forgotten in the order in which they stopped
		c.Gone[0] = nil
		c.Gone = c.Gone[1:]
	}
	delete(c.index, t.ID)
}

func byNumber(a, b *task) int { return a.Number - b.Number }

// without takes a task out of a list that is in the order of their numbers.
func without(list []*task, t *task) []*task {
	i, found := slices.BinarySearchFunc(list, t, byNumber)
	switch {
	case !found:
		return list
	case i == 0:
		list[0] = nil
		return list[1:]
	}
	return slices.Delete(list, i, i+1)
}
