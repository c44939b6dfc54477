package ecssim

// This file is how the engine finds its way inside a service: its PRIMARY
// deployment, its tasks, its history.

// primary is the PRIMARY deployment. Every ACTIVE service has one.
func (s *service) primary() *deployment { return s.Deployments[0] }

// deployment finds a deployment that is still known, by its number.
func (s *service) deployment(number string) *deployment {
	for _, d := range s.Deployments {
		if d.Number == number {
			return d
		}
	}
	return nil
}

// history finds a service deployment by its ARN.
func (s *service) history(arn string) *serviceDeployment {
	for i := len(s.History) - 1; i >= 0; i-- {
		if s.History[i].Arn == arn {
			return s.History[i]
		}
	}
	return nil
}

// count counts the tasks of a deployment, among those not STOPPED yet, that fit.
func (s *service) count(d *deployment, fits func(*task) bool) int {
	n := 0
	for _, t := range s.Tasks {
		if t.Deployment == d.Number && fits(t) {
			n++
		}
	}
	return n
}

// task finds a task by its id, also one that has stopped within the hour.
func (s *service) task(id string) *task {
	if s.index == nil {
		s.index = make(map[string]*task, len(s.Tasks)+len(s.Gone))
		for _, list := range [][]*task{s.Tasks, s.Gone} {
			for _, t := range list {
				s.index[t.ID] = t
			}
		}
	}
	return s.index[id]
}

// add makes a new task known.
func (s *service) add(t *task) {
	s.task("") // the index must exist before it can be kept
	s.Tasks = append(s.Tasks, t)
	s.index[t.ID] = t
}

// gone moves a task that has stopped to those that are remembered for an hour.
func (s *service) gone(t *task) {
	for i, other := range s.Tasks {
		if other == t {
			s.Tasks = append(s.Tasks[:i], s.Tasks[i+1:]...)
			break
		}
	}
	s.Gone = append(s.Gone, t)
}

// forget drops a stopped task whose hour is over.
func (e *engine) forget(s *service, id string) {
	t := s.task(id)
	for i, other := range s.Gone {
		if other == t {
			s.Gone = append(s.Gone[:i], s.Gone[i+1:]...)
			delete(s.index, id)
			return
		}
	}
}

// targetGroups are the target groups of the service, with their ports.
func (s *service) targetGroups() []targetGroup {
	var found []targetGroup
	list, _ := s.Spec["loadBalancers"].([]any)
	for _, lb := range list {
		lb, _ := lb.(map[string]any)
		if arn, _ := lb["targetGroupArn"].(string); arn != "" {
			found = append(found, targetGroup{arn, numberText(lb["containerPort"])})
		}
	}
	return found
}

// classic reports whether the service is behind a Classic Load Balancer, where
// ECS reports no rolloutState.
func (s *service) classic() bool {
	list, _ := s.Spec["loadBalancers"].([]any)
	for _, lb := range list {
		lb, _ := lb.(map[string]any)
		if name, _ := lb["loadBalancerName"].(string); name != "" {
			return true
		}
	}
	return false
}

type targetGroup struct{ arn, port string }
