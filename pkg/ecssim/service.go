package ecssim

// This file is how the engine finds its way inside a service: its PRIMARY
// deployment, its tasks, its history, its load balancers.

import "slices"

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

// balancer is a target group, or a Classic Load Balancer, of a service, in the
// words of service events and stop reasons.
type balancer struct {
	name    string // "(target-group <arn>)", "(elb <name>)"
	targets string // what is registered there
	port    string
	classic bool
}

// balancers are the load balancers of the service.
func (s *service) balancers() []balancer {
	var found []balancer
	for _, lb := range objects(s.Spec["loadBalancers"]) {
		port := numberText(lb["containerPort"])
		if arn, _ := lb["targetGroupArn"].(string); arn != "" {
			found = append(found, balancer{"(target-group " + arn + ")", "targets", port, false})
		} else if name, _ := lb["loadBalancerName"].(string); name != "" {
			found = append(found, balancer{"(elb " + name + ")", "instances", port, true})
		}
	}
	return found
}

// classic reports whether the service is behind a Classic Load Balancer, where
// ECS reports no rolloutState.
func (s *service) classic() bool {
	return slices.ContainsFunc(s.balancers(), func(b balancer) bool { return b.classic })
}

// recorded reports whether ECS keeps a history of service deployments. Assumed:
// only for what it reports a rolloutState of, so not behind a Classic Load
// Balancer and not where others deploy.
func (s *service) recorded() bool { return s.Controller == "ECS" && !s.classic() }
