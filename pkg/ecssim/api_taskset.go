package ecssim

// This file is the operations on task sets. ECS has them only for services under
// the EXTERNAL deployment controller.

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxTaskSets is how many task sets a service can have.
const maxTaskSets = 5

// errNoTaskSet has the text of the error in the SDK (assumed).
var errNoTaskSet = &apiError{code: "TaskSetNotFoundException", message: "The specified task set wasn't found."}

// taskSetInput is the input of all operations on task sets; each uses its part
// of it.
type taskSetInput struct {
	Cluster        string     `json:"cluster"`
	Service        string     `json:"service"`
	TaskSet        string     `json:"taskSet"`
	Primary        string     `json:"primaryTaskSet"`
	TaskSets       []string   `json:"taskSets"`
	TaskDefinition string     `json:"taskDefinition"`
	ExternalID     string     `json:"externalId"`
	Scale          *scaleJSON `json:"scale"`
	Token          string     `json:"clientToken"`
	Force          bool       `json:"force"`
	Include        []string   `json:"include"`
	Tags           []tag      `json:"tags"`
}

type scaleJSON struct {
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// check refuses a scale that is no percentage; the text is assumed.
func (s *scaleJSON) check() *apiError {
	if s != nil && (s.Value < 0 || s.Value > 100) {
		return invalid("The value of scale must be between 0 and 100.")
	}
	return nil
}

// taskSetService finds the service of an operation on task sets.
func (e *engine) taskSetService(in taskSetInput) (*cluster, *service, *apiError) {
	c, s, apiErr := e.locate(in.Cluster, in.Service)
	switch {
	case apiErr != nil:
		return nil, nil, apiErr
	case s.Status != "ACTIVE":
		return nil, nil, errNotActive
	case s.Controller != "EXTERNAL":
		return nil, nil, invalid("Amazon ECS only supports task set management on services configured to use external deployment controllers.")
	}
	return c, s, nil
}

// taskSet finds the service and the task set of an operation on one.
func (e *engine) taskSet(in taskSetInput, identifier string) (*service, *deployment, *apiError) {
	_, s, apiErr := e.taskSetService(in)
	if apiErr != nil {
		return nil, nil, apiErr
	}
	if d := s.findTaskSet(identifier); d != nil {
		return s, d, nil
	}
	return nil, nil, errNoTaskSet
}

func (e *engine) createTaskSet(in taskSetInput, raw Document) (any, *apiError) {
	c, s, apiErr := e.taskSetService(in)
	if apiErr != nil {
		return nil, apiErr
	}
	same := slices.IndexFunc(s.Deployments, func(d *deployment) bool { return in.Token != "" && d.Set.Token == in.Token })
	if same >= 0 {
		return map[string]any{"taskSet": e.taskSetView(s, s.Deployments[same], true)}, nil
	}
	if in.TaskDefinition == "" {
		return nil, invalid("TaskDefinition cannot be empty.") // assumed text
	}
	td, apiErr := e.usable(in.TaskDefinition)
	if apiErr != nil {
		return nil, apiErr
	}
	members := Document{}
	for _, member := range taskSetMembers {
		if v, given := raw[member]; given {
			members[member] = v
		}
	}
	if apiErr := e.settleLaunch(c, members); apiErr != nil {
		return nil, apiErr
	}
	for _, apiErr := range []*apiError{
		in.Scale.check(), checkTags(in.Tags), checkGroups(members), launchRequest{s.placed(members), launchTypeIn(members), td}.check(),
	} {
		if apiErr != nil {
			return nil, apiErr
		}
	}
	if len(s.Deployments) >= maxTaskSets {
		return nil, invalid(fmt.Sprintf("%d deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum limit.", maxTaskSets))
	}
	set := taskSet{ExternalID: in.ExternalID, Token: in.Token, Tags: in.Tags}
	if in.Scale != nil {
		set.Scale = in.Scale.Value
	}
	d := e.addTaskSet(s, td, "ACTIVE", members, set)
	return map[string]any{"taskSet": e.taskSetView(s, d, true)}, nil
}

// placed are the members of a task set with the placement of its service.
func (s *service) placed(members Document) Document {
	spec := clone(members)
	for _, member := range []string{"placementConstraints", "placementStrategy"} {
		if v, ok := s.Spec[member]; ok {
			spec[member] = v
		}
	}
	return spec
}

// checkGroups refuses load balancers that a task set cannot have; the texts are
// assumed.
func checkGroups(members Document) *apiError {
	list := objects(members["loadBalancers"])
	switch {
	case len(list) > 1:
		return invalid("A task set can have one load balancer only.")
	case len(list) == 1 && list[0]["targetGroupArn"] == nil:
		return invalid("The load balancer of a task set needs a targetGroupArn.")
	}
	return nil
}

func (e *engine) updateTaskSet(in taskSetInput, _ Document) (any, *apiError) {
	s, d, apiErr := e.taskSet(in, in.TaskSet)
	switch {
	case apiErr != nil:
		return nil, apiErr
	case in.Scale == nil:
		return nil, invalid("scale cannot be empty.") // assumed text
	}
	if apiErr := in.Scale.check(); apiErr != nil {
		return nil, apiErr
	}
	d.Set.Scale, d.UpdatedAt = in.Scale.Value, e.Now
	e.wake(s, firstPassDelay)
	return map[string]any{"taskSet": e.taskSetView(s, d, true)}, nil
}

func (e *engine) updateServicePrimaryTaskSet(in taskSetInput, _ Document) (any, *apiError) {
	s, d, apiErr := e.taskSet(in, in.Primary)
	switch {
	case apiErr != nil:
		return nil, apiErr
	case d.Status == "DRAINING":
		return nil, errNoTaskSet // assumed
	}
	e.promote(s, d)
	e.wake(s, firstPassDelay)
	return map[string]any{"taskSet": e.taskSetView(s, d, true)}, nil
}

func (e *engine) deleteTaskSet(in taskSetInput, _ Document) (any, *apiError) {
	s, d, apiErr := e.taskSet(in, in.TaskSet)
	switch {
	case apiErr != nil:
		return nil, apiErr
	case d.Status == "PRIMARY" && !in.Force:
		return nil, invalid("Primary TaskSet cannot be deleted")
	case d.Set.Scale > 0 && !in.Force:
		return nil, invalid("The task set cannot be deleted while it is scaled above 0.") // assumed text
	}
	d.Status, d.UpdatedAt = "DRAINING", e.Now
	d.Set.Steady, d.Set.SteadyAt = false, e.Now
	e.wake(s, firstPassDelay)
	return map[string]any{"taskSet": e.taskSetView(s, d, true)}, nil
}

func (e *engine) describeTaskSets(in taskSetInput, _ Document) (any, *apiError) {
	_, s, apiErr := e.taskSetService(in)
	if apiErr != nil {
		return nil, apiErr
	}
	views, failures := []any{}, []any{}
	tags := slices.Contains(in.Include, "TAGS")
	for _, identifier := range in.TaskSets {
		if d := s.findTaskSet(identifier); d != nil {
			views = append(views, e.taskSetView(s, d, tags))
		} else {
			failures = append(failures, missing(identifier, e.taskSetArn(s, deploymentPrefix+shortName(identifier))))
		}
	}
	for _, d := range s.Deployments {
		if len(in.TaskSets) == 0 {
			views = append(views, e.taskSetView(s, d, tags))
		}
	}
	return map[string]any{"taskSets": views, "failures": failures}, nil
}

func (e *engine) taskSetArn(s *service, id string) string {
	return e.arn("task-set/" + s.Cluster + "/" + s.Name + "/" + id)
}

// decimal is a number as ECS writes one that need not be whole: 50.0.
func decimal(f float64) json.Number {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return json.Number(text)
}

// taskSetView is a task set as it is shown, alone or in its service.
func (e *engine) taskSetView(s *service, d *deployment, tags bool) map[string]any {
	runningTasks, pendingTasks := tally(slices.Collect(s.tasksOf(d)))
	view := map[string]any{
		"id": d.ID, "status": d.Status, "taskDefinition": d.TaskDefinition,
		"taskSetArn": e.taskSetArn(s, d.ID), "serviceArn": e.serviceArn(s), "clusterArn": e.arn("cluster/" + s.Cluster),
		"computedDesiredCount": d.Desired, "runningCount": runningTasks, "pendingCount": pendingTasks,
		"createdAt": d.CreatedAt.epoch(), "updatedAt": d.UpdatedAt.epoch(),
		"stabilityStatus": "STABILIZING", "stabilityStatusAt": d.Set.SteadyAt.epoch(),
		"scale":         map[string]any{"value": decimal(d.Set.Scale), "unit": "PERCENT"},
		"loadBalancers": []any{}, "serviceRegistries": []any{}, "tags": []any{},
	}
	if d.Set.Steady {
		view["stabilityStatus"] = "STEADY_STATE"
	}
	for member, text := range map[string]string{"externalId": d.Set.ExternalID, "startedBy": d.Set.StartedBy} {
		if text != "" {
			view[member] = text
		}
	}
	for _, member := range taskSetMembers {
		if v, ok := d.Spec[member]; ok {
			view[member] = v
		}
	}
	if launchTypeIn(d.Spec) == "FARGATE" {
		version, _ := d.Spec["platformVersion"].(string)
		view["platformVersion"], view["platformFamily"] = platformVersion(version), "Linux"
	}
	if tags {
		view["tags"] = orNone(d.Set.Tags)
	}
	return view
}
