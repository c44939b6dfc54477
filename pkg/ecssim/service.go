package ecssim

// This file is how the engine finds its way inside a service: its PRIMARY
// deployment, its tasks and what they are started with, its history, its load
// balancers.

import (
	"iter"
	"slices"
)

// primary is the PRIMARY deployment. Every ACTIVE service that ECS deploys has
// one.
func (s *service) primary() *deployment { return s.Deployments[0] }

// deployment finds a deployment that is still known, by its id: the startedBy of
// its tasks.
func (s *service) deployment(id string) *deployment {
	for _, d := range s.Deployments {
		if d.ID == id {
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

// ownedGroup begins the group of every task that a service owns, and of no other.
const ownedGroup = "service:"

// tasks are the tasks of the service that are not STOPPED yet, oldest first.
func (s *service) tasks() []*task { return s.home.owned(s.Name) }

// tasksOf are those of them that belong to a deployment.
func (s *service) tasksOf(d *deployment) iter.Seq[*task] {
	return func(yield func(*task) bool) {
		for _, t := range s.tasks() {
			if t.StartedBy == d.ID && !yield(t) {
				return
			}
		}
	}
}

// current is the service deployment that drives the PRIMARY deployment.
func (s *service) current() *serviceDeployment { return s.history(s.primary().HistoryArn) }

// count counts the tasks of a deployment, among those not STOPPED yet, that fit.
func (s *service) count(d *deployment, fits func(*task) bool) int {
	n := 0
	for _, t := range s.tasks() { // not tasksOf: this is what the engine does most
		if t.StartedBy == d.ID && fits(t) {
			n++
		}
	}
	return n
}

// order is what a new task of a deployment is started with.
func (e *engine) order(s *service, d *deployment) order {
	where := s.launchSpec(d)
	o := order{
		Cluster: s.Cluster, Service: s.Name, Group: ownedGroup + s.Name, StartedBy: d.ID,
		TaskDefinition: d.TaskDefinition, LaunchType: launchTypeIn(where), Tags: e.taskTags(s, d),
		Subnets: subnets(d.Spec), Balancers: d.balancers(), Grace: s.Grace,
		Exec: s.Spec["enableExecuteCommand"] == true, Apart: s.Daemon,
	}
	o.Platform, _ = d.Spec["platformVersion"].(string)
	o.Constraints, o.Placings = placementOf(s.Spec, e.taskDefinition(d.TaskDefinition))
	o.Provider = next(readStrategy(where["capacityProviderStrategy"]), s.perProvider(d))
	return o
}

// started is what tasks of the service are, or were, started with: its revisions
// and its task sets.
func (s *service) started() []*revision {
	all := slices.Clone(s.Revisions)
	for _, d := range s.Deployments {
		if d.Set != nil {
			all = append(all, &revision{TaskDefinition: d.TaskDefinition, Spec: d.Spec})
		}
	}
	return all
}

// perProvider is how many tasks of a deployment each capacity provider has.
func (s *service) perProvider(d *deployment) map[string]int {
	tasks := map[string]int{}
	for t := range s.tasksOf(d) {
		if t.alive() {
			tasks[t.Provider]++
		}
	}
	return tasks
}

// taskTags are the tags that the tasks of a deployment get [SDK CreateService:
// propagateTags, enableECSManagedTags].
func (e *engine) taskTags(s *service, d *deployment) []tag {
	var tags []tag
	switch s.Spec["propagateTags"] {
	case "SERVICE":
		tags = slices.Clone(s.Tags)
	case "TASK_DEFINITION":
		if td := e.taskDefinition(d.TaskDefinition); td != nil {
			tags = slices.Clone(td.Tags)
		}
	}
	if s.Spec["enableECSManagedTags"] == true {
		tags = mergeTags(tags, []tag{{managedTag + "ecs:serviceName", s.Name}, {managedTag + "ecs:clusterName", s.Cluster}})
	}
	return tags
}

// subnets are those of a network configuration.
func subnets(spec Document) []string {
	network, _ := spec["networkConfiguration"].(map[string]any)
	vpc, _ := network["awsvpcConfiguration"].(map[string]any)
	list, _ := vpc["subnets"].([]any)
	var found []string
	for _, subnet := range list {
		if id, ok := subnet.(string); ok {
			found = append(found, id)
		}
	}
	return found
}

// balancers are the load balancers that a service, or one of its deployments,
// names.
func balancers(spec Document) []balancer {
	var found []balancer
	for _, lb := range objects(spec["loadBalancers"]) {
		b := balancer{Port: number(lb["containerPort"], 0)}
		b.Container, _ = lb["containerName"].(string)
		b.TargetGroup, _ = lb["targetGroupArn"].(string)
		if b.TargetGroup == "" {
			b.Classic, _ = lb["loadBalancerName"].(string)
		}
		if b.TargetGroup != "" || b.Classic != "" {
			found = append(found, b)
		}
	}
	return found
}

// balancers are those of a deployment: the target group of each pair is the one
// that its tasks register in.
func (d *deployment) balancers() []balancer {
	found := balancers(d.Spec)
	for i := range found {
		if i < len(d.Groups) && d.Groups[i] != "" {
			found[i].TargetGroup = d.Groups[i]
		}
	}
	return found
}

// String is the load balancer in the words of service events and stop reasons.
func (b balancer) String() string {
	if b.Classic != "" {
		return "(elb " + b.Classic + ")"
	}
	return "(target-group " + b.TargetGroup + ")"
}

// targets is what ECS calls what is registered there.
func (b balancer) targets() string {
	if b.Classic != "" {
		return "instances"
	}
	return "targets"
}

// classic reports whether the service is behind a Classic Load Balancer, where
// ECS reports no rolloutState.
func (s *service) classic() bool {
	return slices.ContainsFunc(objects(s.Spec["loadBalancers"]), func(lb map[string]any) bool {
		arn, _ := lb["targetGroupArn"].(string)
		name, _ := lb["loadBalancerName"].(string)
		return arn == "" && name != ""
	})
}

// recorded reports whether ECS keeps a history of service deployments. Assumed:
// only for what it reports a rolloutState of, so not behind a Classic Load
// Balancer and not where others deploy.
func (s *service) recorded() bool { return s.deploys() && !s.classic() }
