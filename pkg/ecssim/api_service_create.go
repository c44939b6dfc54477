package ecssim

// This file creates and deletes services.

import (
	"strings"
)

func (e *engine) createService(in serviceInput, raw Document) (any, *apiError) {
	c, apiErr := e.findCluster(in.Cluster)
	if apiErr != nil {
		return nil, apiErr
	}
	if old := c.Services[in.Name]; old != nil && old.Status != "INACTIVE" {
		if in.Token != "" && in.Token == old.Token && old.Asked == fingerprint(raw) {
			return map[string]any{"service": e.serviceView(old, true)}, nil
		}
		if old.Status == "DRAINING" {
			return nil, invalid("Unable to Start a service that is still Draining.")
		}
		return nil, invalid("Creation of service was not idempotent.")
	}
	s, td, apiErr := e.buildService(c, in, raw)
	if apiErr != nil {
		return nil, apiErr
	}
	if s.Token != "" {
		s.Asked = fingerprint(raw)
	}
	c.adopt(s)
	switch s.Controller {
	case "ECS":
		e.deploy(s, td.arn())
	case "CODE_DEPLOY":
		e.addTaskSet(s, td, "PRIMARY", s.Spec, taskSet{Scale: 100})
	}
	return map[string]any{"service": e.serviceView(s, true)}, nil
}

// wanted finds the task definition of a new service; under the EXTERNAL
// controller it has none.
func (e *engine) wanted(in serviceInput, raw Document) (*taskDefinition, *apiError) {
	if in.Controller.Type != "EXTERNAL" {
		if in.TaskDefinition == "" {
			return nil, invalid("TaskDefinition cannot be empty.") // assumed text
		}
		return e.usable(in.TaskDefinition)
	}
	if in.TaskDefinition != "" {
		return nil, invalid("TaskDefinition must be blank.")
	}
	for _, member := range taskSetMembers {
		if _, given := raw[member]; given {
			return nil, invalid(member + " must be blank. Specify it when you create a task set.") // assumed text
		}
	}
	return nil, nil
}

// buildService checks the input of CreateService and makes the service, without
// a deployment.
func (e *engine) buildService(c *cluster, in serviceInput, raw Document) (*service, *taskDefinition, *apiError) {
	if !isName(in.Name) {
		return nil, nil, invalid("Invalid service name.") // assumed text
	}
	td, apiErr := e.wanted(in, raw)
	if apiErr != nil {
		return nil, nil, apiErr
	}
	s := &service{
		Name: in.Name, Cluster: c.Name, Status: "ACTIVE", CreatedAt: e.Now, Token: in.Token,
		Daemon: in.Scheduling == "DAEMON", Controller: in.Controller.Type, Grace: in.Grace,
		Spec: Document{}, Tags: in.Tags,
	}
	if s.Controller == "" {
		s.Controller = "ECS"
	}
	for _, group := range [][]string{deployedMembers, keptMembers, createOnly, unknownMembers(raw)} {
		for _, member := range group {
			if v, ok := raw[member]; ok {
				s.Spec[member] = cloneValue(v)
			}
		}
	}
	if s.Controller == "EXTERNAL" {
		s.Spec["launchType"] = "EC2" // until there is a PRIMARY task set
	} else if apiErr := e.settleLaunch(c, s.Spec); apiErr != nil {
		return nil, nil, apiErr
	}
	s.Launch = s.launchType()
	if apiErr := s.setCount(in.Desired, true); apiErr != nil {
		return nil, nil, apiErr
	}
	config := deploymentConfig{}
	if in.Config != nil {
		config = *in.Config
	}
	s.Config = config.completed(s.Daemon)
	for _, apiErr := range []*apiError{s.Config.check(s.Daemon), checkTags(in.Tags), s.check(td), e.checkRules(s)} {
		if apiErr != nil {
			return nil, nil, apiErr
		}
	}
	return s, td, nil
}

// usable finds a task definition that a service may use.
func (e *engine) usable(identifier string) (*taskDefinition, *apiError) {
	td, err := e.resolve(identifier)
	switch {
	case err != nil:
		return nil, err
	case td == nil:
		return nil, errTDNotFound
	case !td.Active:
		return nil, errTDInactive
	}
	return td, nil
}

// setCount takes a desiredCount from an input.
func (s *service) setCount(desired *int, creating bool) *apiError {
	switch {
	case s.Daemon && desired != nil:
		return invalid("The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again.")
	case s.Daemon:
		return nil
	case desired == nil && creating && s.Controller != "EXTERNAL":
		return invalid("The desired count must be specified for the replica scheduling strategy.") // assumed text
	case desired == nil:
		return nil
	}
	s.Desired = *desired
	return nil
}

// deploy starts a deployment: the new one is PRIMARY, born with a desired count
// of 0, and the one before is ACTIVE.
func (e *engine) deploy(s *service, taskDefinition string) {
	if len(s.Deployments) > 0 {
		p := s.primary()
		p.Status, p.UpdatedAt = "ACTIVE", e.Now
		p.CompleteAt, p.TripAt, p.AlarmAt = 0, 0, 0
		e.supersede(s)
	}
	d := &deployment{
		ID: deploymentPrefix + e.Engine.digits(), Status: "PRIMARY", TaskDefinition: taskDefinition,
		CreatedAt: e.Now, UpdatedAt: e.Now, Rollout: "IN_PROGRESS", Spec: Document{},
	}
	d.Reason = "ECS deployment " + d.ID + " in progress."
	for _, member := range deployedMembers {
		if v, ok := s.Spec[member]; ok {
			d.Spec[member] = cloneValue(v)
		}
	}
	var sources []revisionCount
	for _, old := range s.Deployments {
		if old.Status == "ACTIVE" {
			sources = append(sources, revisionCount{Arn: old.RevisionArn})
		}
	}
	d.RevisionArn = e.revise(s, d)
	sd := &serviceDeployment{
		Arn:        e.arn("service-deployment/" + s.Cluster + "/" + s.Name + "/" + e.Engine.letters(21)),
		Deployment: d.ID, Status: "PENDING", CreatedAt: e.Now, UpdatedAt: e.Now,
		Config: s.Config, Sources: sources, Target: revisionCount{Arn: d.RevisionArn}, Breaker: "DISABLED",
		Alarms: e.watch(s),
	}
	if s.Config.Breaker.Enable {
		sd.Breaker = "MONITORING"
	}
	d.HistoryArn = sd.Arn
	s.History = append(s.History, sd)
	s.Deployments = append([]*deployment{d}, s.Deployments...)
	if s.Config.shifts() && s.steers() {
		sd.Traffic = &traffic{}
		if live := e.holder(s); live != nil {
			sd.Live = live.RevisionArn
		}
	}
	s.SteadyAt, s.Said = 0, nil
	e.stirAlarms(s, d)
	e.wake(s, firstPassDelay)
}

// supersede ends a service deployment that a newer one replaces. One that
// shifts traffic is asked to stop first; that one that rolls is STOPPED at once
// is assumed.
func (e *engine) supersede(s *service) {
	sd := s.current()
	if sd.Config.shifts() && !sd.over() {
		sd.dropHooks(e.Now)
		sd.Status, sd.UpdatedAt = "STOP_REQUESTED", e.Now
		return
	}
	e.finish(s, sd, "STOPPED", superseded)
}

const superseded = "Service deployment stopped because a newer service deployment was started." // assumed text

// endSuperseded ends the service deployments that newer ones have asked to stop.
func (e *engine) endSuperseded(s *service) {
	for _, sd := range s.History[:len(s.History)-1] {
		if sd.Status == "STOP_REQUESTED" {
			e.finish(s, sd, "STOPPED", superseded)
		}
	}
}

// revise records a service revision for a deployment and returns its ARN.
func (e *engine) revise(s *service, d *deployment) string {
	number := strings.TrimPrefix(d.ID, deploymentPrefix)
	if e.World.Switches.ServiceRevisionIDs == "unrelated" {
		number = e.Engine.digits()
	}
	r := &revision{
		Arn:            e.arn("service-revision/" + s.Cluster + "/" + s.Name + "/" + number),
		TaskDefinition: d.TaskDefinition, CreatedAt: e.Now - 30, Spec: clone(s.Spec),
	}
	for _, c := range e.taskDefinition(d.TaskDefinition).containers() {
		image, _ := c["image"].(string)
		r.Images = append(r.Images, Document{
			"containerName": c["name"], "image": image, "imageDigest": imageDigest(image),
		})
	}
	s.Revisions = append(s.Revisions, r)
	return r.Arn
}

type deleteServiceInput struct {
	Cluster string `json:"cluster"`
	Service string `json:"service"`
	Force   bool   `json:"force"`
}

func (e *engine) deleteService(in deleteServiceInput, _ Document) (any, *apiError) {
	_, s, apiErr := e.locate(in.Cluster, in.Service)
	switch {
	case apiErr != nil:
		return nil, apiErr
	case s.Status != "ACTIVE": // as AWS does; it is not an error
		return map[string]any{"service": e.serviceView(s, true)}, nil
	case s.Desired > 0 && !s.Daemon && !in.Force:
		return nil, invalid("The service cannot be stopped while it is scaled above 0.")
	case !in.Force && len(s.Deployments) > 1:
		return nil, invalid("The service cannot be stopped while deployments are active.")
	}
	s.Status, s.Desired, s.SteadyAt = "DRAINING", 0, 0
	if s.deploys() {
		e.finish(s, s.current(), "STOPPED", "Service deployment stopped because the service was deleted.") // assumed text
	}
	e.wake(s, firstPassDelay)
	return map[string]any{"service": e.serviceView(s, true)}, nil
}

// shortName is the last part of an ARN.
func shortName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
