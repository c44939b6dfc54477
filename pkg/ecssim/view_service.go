package ecssim

// This file shows a service as DescribeServices and UpdateService do, with the
// zeros and empty lists that the real ECS sends.

import (
	"slices"
	"time"
)

func (e *engine) serviceArn(s *service) string { return e.arn("service/" + s.Cluster + "/" + s.Name) }

func (s *service) scheduling() string {
	if s.Daemon {
		return "DAEMON"
	}
	return "REPLICA"
}

// management is who manages the resources around the service.
func (s *service) management() string {
	if s.Express != nil {
		return "ECS"
	}
	return "CUSTOMER"
}

// serviceView is the service, with its tags if it has any.
func (e *engine) serviceView(s *service, tags bool) Document {
	runningTasks, pendingTasks := tally(s.tasks())
	view := Document{
		"serviceArn": e.serviceArn(s), "serviceName": s.Name, "clusterArn": e.arn("cluster/" + s.Cluster),
		"status": s.Status, "desiredCount": e.desired(s), "runningCount": runningTasks, "pendingCount": pendingTasks,
		"createdAt": s.CreatedAt.epoch(), "createdBy": "arn:aws:iam::" + e.World.account() + ":role/deployer",
		"schedulingStrategy": s.scheduling(), "deploymentController": map[string]any{"type": s.Controller},
		"deploymentConfiguration": s.Config.shown(), "deployments": []any{}, "events": e.eventViews(s),
		"roleArn":       "arn:aws:iam::" + e.World.account() + ":role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
		"loadBalancers": []any{}, "serviceRegistries": []any{}, "placementConstraints": []any{}, "placementStrategy": []any{},
		"propagateTags": "NONE", "enableECSManagedTags": false, "enableExecuteCommand": false,
		"availabilityZoneRebalancing": "ENABLED", "healthCheckGracePeriodSeconds": 0, "resourceManagementType": s.management(),
	}
	for _, member := range []string{
		"launchType", "capacityProviderStrategy", "networkConfiguration", "platformVersion", "loadBalancers",
		"serviceRegistries", "placementConstraints", "placementStrategy", "propagateTags",
		"enableECSManagedTags", "enableExecuteCommand", "availabilityZoneRebalancing",
	} {
		if v, ok := s.Spec[member]; ok {
			view[member] = v
		}
	}
	for _, member := range unknownMembers(s.Spec) {
		orValue(view, member, s.Spec[member])
	}
	if s.launchType() == "FARGATE" {
		orValue(view, "platformVersion", "LATEST")
		view["platformFamily"] = "Linux"
	}
	if s.Grace != nil {
		view["healthCheckGracePeriodSeconds"] = *s.Grace
	}
	if role, ok := s.Spec["role"]; ok {
		view["roleArn"] = role
	}
	e.showDeployments(s, view)
	if arn := e.currentServiceDeployment(s); arn != "" {
		view["currentServiceDeployment"] = arn
	}
	if tags && len(s.Tags) > 0 {
		view["tags"] = s.Tags
	}
	return view
}

// attaching is how long a service shows its previous service deployment, if it
// shows the current one late (assumed).
const attaching = 10 * time.Second

// currentServiceDeployment is the ARN that the service shows, or empty. Others
// report that it is there, and that an answer can come before ECS has attached
// the new one.
func (e *engine) currentServiceDeployment(s *service) string {
	last := len(s.History) - 1
	mode := e.World.Switches.CurrentServiceDeployment
	if last >= 0 && mode == "late" && e.Now < s.History[last].CreatedAt.add(attaching) {
		last--
	}
	if last < 0 || mode == "absent" || !s.recorded() {
		return ""
	}
	return s.History[last].Arn
}

// shown is the configuration as ECS shows it: without alarms unless some are
// set, with a bake time of 0 unless another is.
func (c deploymentConfig) shown() deploymentConfig {
	if c.Alarms != nil && len(c.Alarms.Names) == 0 && !c.Alarms.Enable {
		c.Alarms = nil
	}
	if c.Bake == nil {
		c.Bake = new(int)
	}
	return c
}

// tally counts the tasks that ECS calls running and pending.
func tally(tasks []*task) (runningTasks, pendingTasks int) {
	for _, t := range tasks {
		switch {
		case t.Status == running:
			runningTasks++
		case t.starting() && t.alive():
			pendingTasks++
		}
	}
	return runningTasks, pendingTasks
}

// showDeployments shows the deployments, or, if CodeDeploy or somebody else
// deploys, the task sets that stand in their place, and the task definition of
// the PRIMARY one.
func (e *engine) showDeployments(s *service, view Document) {
	list := []any{}
	for _, d := range s.Deployments {
		if d.Status == "PRIMARY" {
			view["taskDefinition"] = d.TaskDefinition
		}
		switch {
		case d.Set != nil:
			list = append(list, e.taskSetView(s, d, false))
		case d.Status != "INACTIVE":
			list = append(list, e.deploymentView(s, d))
		}
	}
	switch {
	case !s.deploys():
		view["taskSets"] = list
	case len(s.Deployments) > 0:
		view["deployments"] = list
		view["currentServiceRevisions"] = s.currentRevisions()
	}
}

// currentRevisions are the service revisions of the deployments in sight, the
// newest first.
func (s *service) currentRevisions() []any {
	views := []any{}
	for _, d := range s.Deployments {
		if d.Status == "INACTIVE" {
			continue
		}
		runningTasks, pendingTasks := tally(slices.Collect(s.tasksOf(d)))
		views = append(views, revisionCountView(revisionCount{d.RevisionArn, d.Desired, runningTasks, pendingTasks}))
	}
	return views
}

func (e *engine) deploymentView(s *service, d *deployment) map[string]any {
	runningTasks, pendingTasks := tally(slices.Collect(s.tasksOf(d)))
	view := map[string]any{
		"id": d.ID, "status": d.Status, "taskDefinition": d.TaskDefinition,
		"desiredCount": d.Desired, "runningCount": runningTasks, "pendingCount": pendingTasks,
		"failedTasks": d.Failures, "createdAt": d.CreatedAt.epoch(), "updatedAt": d.UpdatedAt.epoch(),
	}
	if !s.classic() {
		view["rolloutState"], view["rolloutStateReason"] = d.Rollout, d.Reason
	}
	for _, member := range []string{"launchType", "capacityProviderStrategy"} {
		if v, ok := s.Spec[member]; ok {
			view[member] = v
		}
	}
	for _, member := range []string{"networkConfiguration", "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"} {
		if v, ok := d.Spec[member]; ok {
			view[member] = v
		}
	}
	if s.launchType() == "FARGATE" {
		view["platformVersion"], view["platformFamily"] = "1.4.0", "Linux"
	}
	return view
}

// eventViews are the service's events, newest first.
func (e *engine) eventViews(s *service) []any {
	list := make([]any, 0, len(s.Events))
	for _, ev := range slices.Backward(s.Events) {
		list = append(list, map[string]any{"id": ev.ID, "createdAt": ev.At.epoch(), "message": ev.Message})
	}
	return list
}
