package ecssim

// This file is how the engine finds its way inside a cluster: its tasks, whoever
// started them, and the services that own some of them.

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
	for _, t := range c.Tasks {
		c.index[t.ID] = t
		c.byOwner[t.Service] = append(c.byOwner[t.Service], t)
	}
	for _, t := range c.Gone {
		c.index[t.ID] = t
	}
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
	c.Tasks = append(c.Tasks, t)
	c.byOwner[t.Service] = append(c.byOwner[t.Service], t)
	c.index[t.ID] = t
}

// retire moves a task that has stopped to those that are remembered for an hour.
func (c *cluster) retire(t *task) {
	c.arrange()
	c.Tasks = without(c.Tasks, t)
	c.byOwner[t.Service] = without(c.byOwner[t.Service], t)
	c.Gone = append(c.Gone, t)
}

// forget drops a stopped task whose hour is over.
func (c *cluster) forget(t *task) {
	c.Gone = without(c.Gone, t)
	delete(c.index, t.ID)
}

// without takes a task out of a list, in place.
func without(list []*task, t *task) []*task {
	for i, other := range list {
		if other == t {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}
