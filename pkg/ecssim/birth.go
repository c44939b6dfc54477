package ecssim

// This file makes the engine of a new world: everything in it has existed for
// a day, and the services are steady.

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	worldAge   = 24 * time.Hour   // how long the world's things have existed at birth
	firstBuild = 70 * time.Second // how long their first deployment took, beside the start of its tasks
)

// engine is the state with what does not outlive a call.
type engine struct {
	state
	acting bool   // the call that is served is an actor's
	caller caller // of the request that is served

	queries map[string]query // of the cluster query language, compiled
}

// newEngine makes the engine of a world at a moment.
func newEngine(world World, now time.Time) (*engine, error) {
	if err := world.err(); err != nil {
		return nil, err
	}
	seed := random(world.RandomSeed + 1)
	e := &engine{state: state{
		Format: stateFormat, World: world, Born: toMillis(now), Now: toMillis(now.Add(-worldAge)),
		Engine: random(seed.next()), Wire: random(seed.next()),
		Clusters: map[string]*cluster{}, Families: map[string]*family{},
	}}
	for _, spec := range world.Clusters {
		e.bearCluster(spec)
	}
	for _, spec := range world.Rules {
		e.bearRule(spec)
	}
	var found []error
	for i, doc := range world.TaskDefinitions {
		if err := e.bearTaskDefinition(doc); err != nil {
			found = append(found, fmt.Errorf("taskDefinitions[%d]: %w", i, err))
		}
	}
	for i, doc := range world.Services {
		if err := e.bearService(doc); err != nil {
			found = append(found, fmt.Errorf("services[%d]: %w", i, err))
		}
	}
	for i, doc := range world.ExpressServices {
		if err := e.bearExpressService(doc); err != nil {
			found = append(found, fmt.Errorf("expressServices[%d]: %w", i, err))
		}
	}
	if err := errors.Join(found...); err != nil {
		return nil, err
	}
	e.advance(e.Born)
	e.startAlarms()
	e.startActors()
	return e, nil
}

func (e *engine) bearCluster(spec ClusterSpec) {
	c := newCluster(spec.Name)
	c.Extra = spec.members()
	for _, name := range spec.CapacityProviders {
		e.bearProvider(name)
	}
	if spec.TaskSlots != nil {
		slots := *spec.TaskSlots
		c.Slots = &slots
	}
	for _, inst := range spec.ContainerInstances {
		for range max(inst.Count, 1) {
			h := e.newHost(c, cmp.Or(inst.CPU, defaultHostCPU), cmp.Or(inst.Memory, defaultHostMemory))
			for _, name := range sortedKeys(inst.Attributes) {
				h.set(name, inst.Attributes[name])
			}
			c.Hosts = append(c.Hosts, h)
		}
	}
	e.Clusters[spec.Name] = c
}

// members are the members of CreateCluster that the cluster of a world has.
func (spec ClusterSpec) members() Document {
	d := Document{}
	for _, name := range spec.CapacityProviders {
		list, _ := d["capacityProviders"].([]any)
		d["capacityProviders"] = append(list, name)
	}
	for _, item := range spec.DefaultStrategy {
		list, _ := d["defaultCapacityProviderStrategy"].([]any)
		d["defaultCapacityProviderStrategy"] = append(list, cloneValue(map[string]any(item)))
	}
	return d
}

// bearProvider makes the capacity provider of a cluster, with an Auto Scaling
// group of its name, unless there is one.
func (e *engine) bearProvider(name string) {
	if !e.hasProvider(name) {
		group := "arn:aws:autoscaling:" + e.World.region() + ":" + e.World.account() + ":autoScalingGroup:" + derived("group", name, 8) + ":autoScalingGroupName/" + name
		e.addProvider(providerInput{Name: name, Group: Document{"autoScalingGroupArn": group}})
	}
}

func (e *engine) bearTaskDefinition(doc Document) error {
	doc = clone(doc)
	inactive := doc["status"] == "INACTIVE"
	delete(doc, "status")
	out, apiErr := e.born("RegisterTaskDefinition", doc)
	if apiErr != nil {
		return apiErr
	}
	if !inactive {
		return nil
	}
	td := out.(map[string]any)["taskDefinition"].(Document)
	_, apiErr = e.born("DeregisterTaskDefinition", Document{"taskDefinition": td["taskDefinitionArn"]})
	if apiErr != nil {
		return apiErr
	}
	return nil
}

// born runs an operation on a document of the world.
func (e *engine) born(operation string, input Document) (any, *apiError) {
	body, err := json.Marshal(input)
	if err != nil {
		return nil, serialization(err.Error())
	}
	return operations()[operation].serve(e, body)
}

// bearService creates a service and makes it steady at once.
func (e *engine) bearService(doc Document) error {
	input := clone(e.World.ServiceDefaults)
	if input == nil {
		input = Document{}
	}
	if doc["launchType"] != nil {
		delete(input, "capacityProviderStrategy")
	}
	if doc["capacityProviderStrategy"] != nil {
		delete(input, "launchType")
	}
	if isExternal(doc) && doc["taskDefinition"] == nil { // there is no task set for them
		maps.DeleteFunc(input, func(member string, _ any) bool { return slices.Contains(taskSetMembers, member) })
	}
	maps.Copy(input, doc)
	began := e.Now
	set := taskSetOf(input)
	if _, apiErr := e.born("CreateService", input); apiErr != nil {
		return apiErr
	}
	if set != nil {
		if _, apiErr := e.born("CreateTaskSet", set); apiErr != nil {
			return apiErr
		}
	}
	clusterName, _ := input["cluster"].(string)
	_, s, apiErr := e.locate(clusterName, input["serviceName"].(string))
	if apiErr != nil {
		return apiErr
	}
	e.mature(s)
	e.Now = began
	return nil
}

// isExternal reports whether an input of CreateService has the EXTERNAL
// deployment controller.
func isExternal(input Document) bool {
	controller, _ := input["deploymentController"].(map[string]any)
	return controller["type"] == "EXTERNAL"
}

// bearExpressService creates a service in Express Mode and makes it steady at
// once.
func (e *engine) bearExpressService(doc Document) error {
	began := e.Now
	out, apiErr := e.born("CreateExpressGatewayService", doc)
	if apiErr != nil {
		return apiErr
	}
	view := out.(map[string]any)["service"].(map[string]any)
	e.mature(e.Clusters[view["cluster"].(string)].Services[view["serviceName"].(string)])
	e.Now = began
	return nil
}

// taskSetOf takes from the input of CreateService what makes its PRIMARY task set,
// if the service is under the EXTERNAL controller: nil if it names no task
// definition.
func taskSetOf(input Document) Document {
	if !isExternal(input) || input["taskDefinition"] == nil {
		return nil
	}
	set := Document{"cluster": input["cluster"], "service": input["serviceName"], "scale": map[string]any{"value": 100, "unit": "PERCENT"}}
	for _, member := range append([]string{"taskDefinition"}, taskSetMembers...) {
		if v, ok := input[member]; ok {
			set[member] = v
			delete(input, member)
		}
	}
	return set
}

// forgetTrouble takes from a container the rule that makes its image misbehave.
func (c *container) forgetTrouble(rules []ImageRule) {
	if c.Rule > 0 && rules[c.Rule-1].Behaviour != "" && rules[c.Rule-1].Behaviour != Starts {
		c.Rule = 0
	}
}

// settleContainers makes the containers of a task those of one that has been
// RUNNING for a while: what others waited for to complete has, all else runs.
func (e *engine) settleContainers(t *task) {
	specs := e.specsOf(t.order)
	for i := range t.Containers {
		c := &t.Containers[i]
		c.Status, c.StartedAt = running, t.StartedAt
		c.forgetTrouble(e.World.Images)
		if awaited(specs, c.Name, untilComplete, untilSuccess) {
			code := 0
			c.Status, c.Exit, c.EndedAt = stopped, &code, t.StartedAt
		} else if c.Checked {
			c.Health = "HEALTHY"
		}
	}
}

// mature gives a new service its tasks, RUNNING and healthy, and completes its
// deployment, whatever its images would do.
func (e *engine) mature(s *service) {
	if !s.deploys() {
		e.matureSets(s)
		return
	}
	e.begin(s)
	e.beginStages(s)
	e.advanceStage(s, e.desired(s))
	d := s.primary()
	d.Desired, d.NextLaunch = e.desired(s), 0
	slowest := e.bearTasks(s, d)
	e.advanceStage(s, d.Desired)
	e.concludeShift(s)
	e.Now = e.Now.add(firstBuild) + slowest
	e.complete(s)
	s.PassAt = 0
}

// matureSets makes the only task set of a new service, if it has one, PRIMARY and
// steady. That of a service under CODE_DEPLOY looks as CodeDeploy leaves it.
func (e *engine) matureSets(s *service) {
	for _, d := range s.Deployments {
		if s.Controller == "CODE_DEPLOY" {
			d.Set.StartedBy, d.Set.ExternalID = "CODE_DEPLOY", "d-"+strings.ToUpper(derived("deployment", d.ID, 9))
		}
		e.promote(s, d)
		d.Desired = s.Desired
		slowest := e.bearTasks(s, d)
		e.Now = e.Now.add(firstBuild) + slowest
		e.steady(s, d)
	}
	s.PassAt = 0
	e.saySteady(s, 1)
}

// bearTasks gives a deployment its tasks, RUNNING and healthy, and says how long
// the slowest of them has taken to start.
func (e *engine) bearTasks(s *service, d *deployment) (slowest millis) {
	for i := range d.Desired {
		t := e.newTask(e.order(s, d))
		t.Plan = plan{Behaviour: Starts, StartAfter: t.Plan.StartAfter}
		slowest = max(slowest, t.Plan.StartAfter)
		if why := e.place(t); why != nil && t.LaunchType == "EC2" {
			if hosts := e.Clusters[s.Cluster].Hosts; len(hosts) > 0 {
				t.settleOn(hosts[i%len(hosts)])
			}
		}
		t.Status, t.Healthy = running, true
		t.ConnectedAt, t.PullStartedAt = t.CreatedAt+t.traced(traceConnected), t.CreatedAt+t.traced(tracePull)
		t.PullStoppedAt, t.StartedAt = t.CreatedAt+t.traced(tracePulled), t.CreatedAt+t.Plan.StartAfter
		e.settleContainers(t)
		s.home.add(t)
	}
	return slowest
}
