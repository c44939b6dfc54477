package ecssim

// This file finds a container instance for a task: the constraints that it must
// fulfil, and the strategies that choose among those that do.

import (
	"fmt"
	"slices"
	"strings"
)

// constraint is a placement constraint.
type constraint struct {
	Type       string `json:"type"`
	Expression string `json:"expression,omitempty"`
}

// placing is an item of a placement strategy.
type placing struct {
	Type  string `json:"type"`
	Field string `json:"field,omitempty"`
}

const (
	distinctInstance = "distinctInstance"
	memberOf         = "memberOf"
	spread           = "spread"
	binpack          = "binpack"
	randomly         = "random"
)

// placementOf reads the constraints and strategies of a service or a RunTask,
// with the constraints of its task definition.
func placementOf(spec Document, td *taskDefinition) (constraints []constraint, placings []placing) {
	for _, list := range []any{spec["placementConstraints"], td.Doc["placementConstraints"]} {
		for _, item := range objects(list) {
			var c constraint
			c.Type, _ = item["type"].(string)
			c.Expression, _ = item["expression"].(string)
			constraints = append(constraints, c)
		}
	}
	for _, item := range objects(spec["placementStrategy"]) {
		var p placing
		p.Type, _ = item["type"].(string)
		p.Field, _ = item["field"].(string)
		placings = append(placings, p)
	}
	return constraints, placings
}

// checkPlacement refuses constraints and strategies that the documentation
// forbids. The texts are assumed.
func checkPlacement(spec Document, td *taskDefinition) *apiError {
	constraints, placings := placementOf(spec, td)
	for _, c := range constraints {
		switch {
		case c.Type == distinctInstance && c.Expression != "":
			return invalid("An expression cannot be specified for the placement constraint distinctInstance.")
		case c.Type == distinctInstance:
		case c.Type != memberOf:
			return invalid("Invalid placement constraint type: " + c.Type + ".")
		default:
			if _, err := parseQuery(c.Expression); err != nil {
				return invalid("Invalid expression for the placement constraint memberOf: " + err.Error() + ".")
			}
		}
	}
	for _, p := range placings {
		packs := strings.EqualFold(p.Field, "cpu") || strings.EqualFold(p.Field, "memory")
		spreads := p.Field == "instanceId" || p.Field == "host" || strings.HasPrefix(p.Field, "attribute:")
		if !(p.Type == randomly || p.Type == spread && spreads || p.Type == binpack && packs) {
			return invalid(fmt.Sprintf("Invalid placement strategy: type %s with field %s.", p.Type, p.Field))
		}
	}
	return nil
}

// misfit says why a task found no place: in the words of a service event, and
// as the failures of RunTask.
type misfit struct {
	event    string
	failures []apiFailure
}

const (
	troubleshooting = " For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
	noInstance      = "was unable to place a task because no container instance met all of its requirements."
	noCapacity      = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
)

// place finds room for a task, or says why there is none.
func (e *engine) place(t *task) *misfit {
	c := e.Clusters[t.Cluster]
	if c.Slots != nil && len(c.Tasks) >= *c.Slots {
		return &misfit{"was unable to place a task. Reason: " + noCapacity + "." + troubleshooting, []apiFailure{{Reason: noCapacity}}}
	}
	if t.LaunchType != "EC2" {
		return nil
	}
	hosts := c.activeHosts()
	if len(hosts) == 0 {
		return &misfit{event: noInstance + " Reason: No Container Instances were found in your cluster." + troubleshooting}
	}
	var fit []*host
	obstacles := make([]*obstacle, len(hosts))
	for i, h := range hosts {
		if obstacles[i] = e.obstacle(h, t); obstacles[i] == nil {
			fit = append(fit, h)
		}
	}
	if len(fit) == 0 {
		return e.noFit(c, hosts, obstacles)
	}
	t.settleOn(roomiest(e.preferred(fit, t)))
	return nil
}

// settleOn gives a task its container instance.
func (t *task) settleOn(h *host) { t.Host, t.Zone = h.ID, h.Zone }

// roomiest is the host with the most memory left, the first one of equals.
func roomiest(hosts []*host) *host {
	best := hosts[0]
	for _, h := range hosts[1:] {
		if h.Memory-h.memory > best.Memory-best.memory {
			best = h
		}
	}
	return best
}

// noFit says why none of the hosts takes a task. The closest one is that with
// the most memory left (assumed).
func (e *engine) noFit(c *cluster, hosts []*host, obstacles []*obstacle) *misfit {
	closest := roomiest(hosts)
	why := &misfit{}
	for i, h := range hosts {
		why.failures = append(why.failures, apiFailure{Arn: e.hostArn(c, h.ID), Reason: obstacles[i].reason})
		if h == closest {
			why.event = fmt.Sprintf("%s The closest matching (container-instance %s) %s."+troubleshooting, noInstance, h.ID, obstacles[i].words)
		}
	}
	return why
}

func (e *engine) hostArn(c *cluster, id string) string {
	return e.arn("container-instance/" + c.Name + "/" + id)
}

// obstacle is what keeps a task from an instance: as the reason of a failure,
// and in the words of a service event.
type obstacle struct{ reason, words string }

// The obstacles. What a service event says about constraints is assumed.
var (
	takenByDaemon = &obstacle{"ATTRIBUTE", "does not satisfy the placement constraint of the daemon"} // never the only one
	notDistinct   = &obstacle{"DistinctInstance placement constraint unsatisfied.", "does not satisfy a distinctInstance placement constraint"}
	notMember     = &obstacle{"MemberOf placement constraint unsatisfied.", "does not satisfy a memberOf placement constraint"}
	portTaken     = &obstacle{"RESOURCE:PORTS", "is already using a port required by your task"}
	lacksCPU      = &obstacle{"RESOURCE:CPU", "has insufficient CPU units available"}
	lacksMemory   = &obstacle{"RESOURCE:MEMORY", "has insufficient memory available"}
)

// obstacle is what keeps a task from an instance, or nil.
func (e *engine) obstacle(h *host, t *task) *obstacle {
	if t.Apart && slices.ContainsFunc(h.tasks, func(o *task) bool { return o.Service == t.Service && o.alive() }) {
		return takenByDaemon
	}
	for _, c := range t.Constraints {
		if why := e.violated(c, h, t.Group); why != nil {
			return why
		}
	}
	switch {
	case slices.ContainsFunc(t.Ports, h.uses):
		return portTaken
	case h.CPU-h.cpu < t.CPU:
		return lacksCPU
	case h.Memory-h.memory < t.Memory:
		return lacksMemory
	}
	return nil
}

// violated reports how an instance violates a constraint for a task of a group,
// or nil.
func (e *engine) violated(c constraint, h *host, group string) *obstacle {
	if c.Type == distinctInstance {
		if h.has(group) > 0 {
			return notDistinct
		}
		return nil
	}
	if selects := e.query(c.Expression); selects == nil || !selects(h.subjects) {
		return notMember
	}
	return nil
}

// has is the number of tasks of a group that the instance has.
func (h *host) has(group string) int {
	n := 0
	for _, t := range h.tasks {
		if t.Group == group && t.alive() {
			n++
		}
	}
	return n
}

// query is a compiled expression of the cluster query language; nil: it is
// invalid.
func (e *engine) query(expression string) query {
	q, known := e.queries[expression]
	if !known {
		if e.queries == nil {
			e.queries = map[string]query{}
		}
		q, _ = parseQuery(expression) // an invalid one was refused when it was given
		e.queries[expression] = q
	}
	return q
}

// preferred are the hosts that the task's strategies choose, one after the
// other.
func (e *engine) preferred(hosts []*host, t *task) []*host {
	for _, p := range t.Placings {
		switch p.Type {
		case randomly:
			return []*host{hosts[e.Engine.upTo(len(hosts))]}
		case binpack:
			hosts = least(hosts, func(h *host) int {
				if strings.EqualFold(p.Field, "cpu") {
					return h.CPU - h.cpu
				}
				return h.Memory - h.memory
			})
		case spread:
			hosts = spreadOver(hosts, p.Field, t.Group, e.Clusters[t.Cluster].Hosts)
		}
	}
	return hosts
}

// least are the hosts with the smallest measure.
func least(hosts []*host, measure func(*host) int) []*host {
	var found []*host
	smallest := 0
	for _, h := range hosts {
		n := measure(h)
		if len(found) == 0 || n < smallest {
			found, smallest = found[:0], n
		}
		if n == smallest {
			found = append(found, h)
		}
	}
	return found
}

// spreadOver are the hosts with the value of a field that has the fewest tasks
// of a group.
func spreadOver(hosts []*host, field, group string, all []*host) []*host {
	value := func(h *host) string {
		if strings.HasPrefix(field, "attribute:") {
			return strings.Join(h.subjects(field), ",")
		}
		return h.ID
	}
	tasks := map[string]int{}
	for _, h := range all {
		tasks[value(h)] += h.has(group)
	}
	return least(hosts, func(h *host) int { return tasks[value(h)] })
}

// suitable is the number of instances that a DAEMON service has a task on.
func (e *engine) suitable(s *service) int {
	c, n := e.Clusters[s.Cluster], 0
	td := e.taskDefinition(s.primary().TaskDefinition)
	constraints, _ := placementOf(s.Spec, td)
	for _, h := range c.activeHosts() {
		fits := func(c constraint) bool { return c.Type == distinctInstance || e.violated(c, h, "") == nil }
		if !slices.ContainsFunc(constraints, func(c constraint) bool { return !fits(c) }) {
			n++
		}
	}
	return n
}
