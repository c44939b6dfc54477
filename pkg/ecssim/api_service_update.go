package ecssim

// This file is UpdateService: what it changes, what it refuses, and when it
// starts a deployment.

import (
	"reflect"
	"time"
)

func (e *engine) updateService(in serviceInput, raw Document) (any, *apiError) {
	c, s, apiErr := e.locate(in.Cluster, in.Service)
	if apiErr != nil {
		return nil, apiErr
	}
	if s.Status != "ACTIVE" {
		return nil, errNotActive
	}
	if err := s.checkController(in, raw); err != nil {
		return nil, err
	}
	next, td, apiErr := e.updated(c, s, in, raw)
	if apiErr != nil {
		return nil, apiErr
	}
	e.remember(s)
	changed := in.Force
	for _, member := range deployedMembers {
		changed = changed || !sameValue(s.Spec[member], next.Spec[member])
	}
	growth := next.Desired - s.Desired
	s.Spec, s.Config, s.Desired, s.Grace = next.Spec, next.Config, next.Desired, next.Grace
	if s.deploys() {
		s.grow(growth)
		e.carryOn(s, td, changed)
	}
	e.wake(s, firstPassDelay)
	return map[string]any{"service": e.serviceView(s, true)}, nil
}

// carryOn starts a deployment if something that it deploys has changed.
// Otherwise the one in progress takes over the new settings.
func (e *engine) carryOn(s *service, td *taskDefinition, changed bool) {
	if changed || td.arn() != s.primary().TaskDefinition {
		e.deploy(s, td.arn())
		if !e.acting {
			e.stirActors(s)
		}
	}
	if sd := s.current(); !sd.over() && !sd.Config.shifts() && !s.Config.shifts() {
		sd.Config = s.Config // a strategy that shifts traffic goes on as it began
	}
	e.checkThreshold(s, s.primary())
}

// checkController refuses what only CodeDeploy or an external controller may
// change.
func (s *service) checkController(in serviceInput, raw Document) *apiError {
	switch {
	case s.Controller == "CODE_DEPLOY" && in.TaskDefinition != "":
		return invalid("Unable to update task definition on services with a CODE_DEPLOY deployment controller. Please use Code Deploy to trigger a new deployment.")
	case s.Controller == "CODE_DEPLOY" && in.Force:
		return invalid("Cannot force a new deployment on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.")
	case s.Controller == "EXTERNAL" && (in.TaskDefinition != "" || in.Force):
		// Assumed text.
		return invalid("Cannot update the task definition of, or force a new deployment on, services with an EXTERNAL deployment controller. Use task sets.")
	case s.Controller == "ECS":
		return nil
	}
	for _, member := range deployedMembers {
		if _, given := raw[member]; given {
			return invalid("Cannot update " + member + " on services with a " + s.Controller + " deployment controller.") // assumed text
		}
	}
	return nil
}

// updated is a copy of the service's settings with the input's over them. A
// member that is absent is unchanged; an empty list removes.
func (e *engine) updated(c *cluster, s *service, in serviceInput, raw Document) (*service, *taskDefinition, *apiError) {
	next := &service{
		Daemon: s.Daemon, Controller: s.Controller, Launch: s.Launch, Spec: clone(s.Spec), Config: s.Config,
		Desired: s.Desired, Grace: s.Grace,
	}
	for _, group := range [][]string{deployedMembers, keptMembers, unknownMembers(raw)} {
		for _, member := range group {
			if v, given := raw[member]; given {
				next.Spec[member] = cloneValue(v)
			}
		}
	}
	if _, given := raw["capacityProviderStrategy"]; given {
		if apiErr := e.changeStrategy(next, c); apiErr != nil {
			return nil, nil, apiErr
		}
	}
	if in.Grace != nil {
		next.Grace = in.Grace
	}
	if in.Config != nil {
		next.Config = *in.Config
		if e.World.Switches.PartialDeploymentConfiguration == "merge" {
			next.Config = in.Config.over(s.Config)
		}
		next.Config = next.Config.completed(s.Daemon)
		if err := next.Config.check(s.Daemon); err != nil {
			return nil, nil, err
		}
	}
	if err := next.setCount(in.Desired, false); err != nil {
		return nil, nil, err
	}
	td, err := e.updatedDefinition(s, in)
	if err != nil {
		return nil, nil, err
	}
	for _, err := range []*apiError{next.check(td), e.checkRules(next)} {
		if err != nil {
			return nil, nil, err
		}
	}
	return next, td, nil
}

// updatedDefinition is the task definition that a service uses after the update;
// nil: it has none, under the EXTERNAL controller.
func (e *engine) updatedDefinition(s *service, in serviceInput) (*taskDefinition, *apiError) {
	switch {
	case in.TaskDefinition != "":
		return e.usable(in.TaskDefinition)
	case len(s.Deployments) == 0 || s.Deployments[0].Status != "PRIMARY":
		return nil, nil
	}
	return e.taskDefinition(s.primary().TaskDefinition), nil
}

// grow lets a change of the desired count during a rollout also reach the
// deployment that is being replaced: since November 2025 ECS scales both.
func (s *service) grow(growth int) {
	for _, d := range s.Deployments[1:] {
		if d.Proven && d.Rollout != "FAILED" && (growth > 0 || s.primary().Rollout == "FAILED" || s.current().Config.shifts()) {
			d.Desired = max(d.Desired+growth, 0)
			return
		}
	}
}

// remember keeps what the service looked like, for reads that lag behind.
func (e *engine) remember(s *service) {
	lag := orDefault(e.World.Switches.ReadLag, 0)
	if lag <= 0 {
		return
	}
	s.Stale = &stale{Since: e.Now, Until: e.Now.add(max(lag, time.Millisecond)), Service: e.serviceView(s, true)}
}

// lagging is the stale view of the service that reads see now, or nil.
func (e *engine) lagging(s *service) *stale {
	if s.Stale == nil || e.Now >= s.Stale.Until {
		return nil
	}
	return s.Stale
}

// sameValue compares two members; none and an empty list are the same.
func sameValue(a, b any) bool {
	empty := func(v any) bool {
		list, ok := v.([]any)
		return v == nil || ok && len(list) == 0
	}
	return empty(a) && empty(b) || reflect.DeepEqual(a, b)
}
