package ecssim

// This file is the scheduler of services that ECS does not deploy itself: under
// the deployment controllers EXTERNAL and CODE_DEPLOY somebody else makes task
// sets, and ECS keeps each at its share of the service's desired count. It has no
// rollouts, no circuit breaker and no percentages (Amazon ECS, "Deploy Amazon
// ECS services using a third-party controller").

import (
	"math"
	"slices"
	"time"
)

// taskSet is what a deployment has if it is a task set. Its status is PRIMARY,
// ACTIVE or DRAINING, and its Spec also says where its tasks run.
type taskSet struct {
	Scale      float64 `json:"scale"` // percent of the service's desired count
	ExternalID string  `json:"externalId,omitempty"`
	StartedBy  string  `json:"startedBy,omitempty"`
	Token      string  `json:"token,omitempty"` // clientToken of CreateTaskSet
	Tags       []tag   `json:"tags,omitempty"`
	Steady     bool    `json:"steady,omitempty"`
	SteadyAt   millis  `json:"steadyAt"` // when Steady changed
}

// deploys reports whether ECS itself deploys the service.
func (s *service) deploys() bool { return s.Controller == "ECS" }

// launchSpec has the launch type, or the strategy, of a deployment's tasks: a
// task set has its own.
func (s *service) launchSpec(d *deployment) Document {
	if d.Set != nil {
		return d.Spec
	}
	return s.Spec
}

// spoken is how events name the service, or a task set of it, by the id of what
// started a task [captured].
func (s *service) spoken(startedBy string) string {
	if s.deploys() {
		return "(service " + s.Name + ")"
	}
	return "(service " + s.Name + ", taskSet " + startedBy + ")"
}

// taskSetMembers are what a task set has of its own, and what the service shows
// of its PRIMARY one.
var taskSetMembers = []string{
	"launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration", "loadBalancers", "serviceRegistries",
}

// addTaskSet gives a service a task set with some members.
func (e *engine) addTaskSet(s *service, td *taskDefinition, status string, members Document, set taskSet) *deployment {
	d := &deployment{
		ID: deploymentPrefix + e.Engine.digits(), Status: status, TaskDefinition: td.arn(),
		CreatedAt: e.Now, UpdatedAt: e.Now, Spec: Document{}, Launched: true, Set: &set,
	}
	for _, member := range taskSetMembers {
		if v, ok := members[member]; ok {
			d.Spec[member] = cloneValue(v)
		}
	}
	set.SteadyAt = e.Now
	s.Deployments = append(s.Deployments, d)
	s.SteadyAt = 0
	e.wake(s, firstPassDelay)
	return d
}

// passSets is one look of the scheduler at the task sets of a service.
func (e *engine) passSets(s *service) {
	for _, d := range s.Deployments {
		e.passSet(s, d)
	}
	s.Deployments = slices.DeleteFunc(s.Deployments, func(d *deployment) bool {
		return d.Status == "DRAINING" && s.idle(d)
	})
	if !slices.ContainsFunc(s.Deployments, func(d *deployment) bool { return !d.Set.Steady }) {
		e.saySteady(s, 1)
	}
}

// passSet moves the tasks of a task set towards their number.
func (e *engine) passSet(s *service, d *deployment) {
	want := int(math.Ceil(float64(s.Desired) * d.Set.Scale / 100))
	if d.Status == "DRAINING" {
		want = 0
	}
	if d.Desired != want {
		d.Desired, d.UpdatedAt = want, e.Now
		e.say(s, 0, "updated computedDesiredCount for taskSet %s to %d.", d.ID, want)
	}
	changed := e.startInSet(s, d) + e.stopInSet(s, d)
	if changed > 0 {
		s.SteadyAt = 0
		e.wake(s, passDelay)
	}
	e.steady(s, d)
}

// startInSet starts tasks that a task set lacks.
func (e *engine) startInSet(s *service, d *deployment) int {
	missing := d.Desired - s.count(d, func(t *task) bool { return t.held() && t.Unhealthy == "" && !t.Draining })
	if missing > 0 && d.NextLaunch > e.Now {
		e.wake(s, time.Duration(d.NextLaunch-e.Now)*time.Millisecond)
		return 0
	}
	started, _ := e.launch(s, d, min(missing, launchBatch))
	return started
}

// stopInSet stops tasks of a task set that are unhealthy, on an instance that
// drains, or beyond its number.
func (e *engine) stopInSet(s *service, d *deployment) int {
	var unhealthy, draining []*task
	for t := range s.tasksOf(d) {
		switch {
		case !t.alive():
		case t.Unhealthy != "":
			unhealthy = append(unhealthy, t)
		case t.Draining:
			draining = append(draining, t)
		}
	}
	e.stopAll(s, unhealthy, "")
	e.stopAll(s, draining, scalingBy(d))
	return len(unhealthy) + len(draining) + e.scaleIn(s, d, d.Desired)
}

// steady notes whether a task set is in STEADY_STATE, and says so [SDK
// TaskSet.StabilityStatus].
func (e *engine) steady(s *service, d *deployment) {
	tasks := slices.Collect(s.tasksOf(d))
	now := len(tasks) == d.Desired && !slices.ContainsFunc(tasks, func(t *task) bool {
		return t.Status != running || !t.alive() || !t.Healthy || t.Draining
	})
	if now == d.Set.Steady {
		return
	}
	d.Set.Steady, d.Set.SteadyAt = now, e.Now
	if !now {
		s.SteadyAt = 0
		return
	}
	d.UpdatedAt = e.Now
	e.record(s, 0, s.spoken(d.ID)+" updated state to STEADY_STATE.")
}

// findTaskSet finds a task set of the service by id or ARN, or nil.
func (s *service) findTaskSet(identifier string) *deployment {
	return s.deployment(deploymentPrefix + shortName(identifier))
}

// promote makes a task set the PRIMARY one. The service shows its members from
// then on; the one before it is ACTIVE.
func (e *engine) promote(s *service, d *deployment) {
	for _, other := range s.Deployments {
		if other.Status == "PRIMARY" {
			other.Status, other.UpdatedAt = "ACTIVE", e.Now
		}
	}
	d.Status, d.UpdatedAt = "PRIMARY", e.Now
	i := slices.Index(s.Deployments, d)
	s.Deployments = slices.Insert(slices.Delete(s.Deployments, i, i+1), 0, d)
	for _, member := range taskSetMembers {
		delete(s.Spec, member)
		if v, ok := d.Spec[member]; ok {
			s.Spec[member] = cloneValue(v)
		}
	}
}
