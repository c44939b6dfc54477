package ecssim

// This file is what ECS refuses about a service, a task set or a task and its
// task definition together. The texts come from the wild unless marked as
// assumed.

import (
	"fmt"
	"slices"
)

// launchRequest is what somebody asks a cluster to run, and where: the members
// of CreateService, CreateTaskSet and RunTask that these have in common.
type launchRequest struct {
	spec           Document
	launchType     string
	taskDefinition *taskDefinition // nil if the service has none, under the EXTERNAL controller
}

// check refuses what does not fit together.
func (r launchRequest) check() *apiError {
	if err := r.checkPlatform(); err != nil {
		return err
	}
	if r.taskDefinition == nil {
		return nil
	}
	if err := checkPlacement(r.spec, r.taskDefinition); err != nil {
		return err
	}
	return r.checkDefinition()
}

// checkPlatform refuses what the launch type does not have.
func (r launchRequest) checkPlatform() *apiError {
	version, _ := r.spec["platformVersion"].(string)
	switch fargate := r.launchType == "FARGATE"; {
	case fargate && has(r.spec, "placementStrategy"):
		return invalid("Placement strategies are not supported with FARGATE launch type")
	case fargate && has(r.spec, "placementConstraints"):
		return invalid("Placement constraints are not supported with FARGATE launch type") // assumed text
	case !fargate && version != "":
		return invalid("The platform version must be null when specifying an " + r.launchType + " launch type.")
	case version != "" && !slices.Contains(platformVersions, version):
		return &apiError{code: "PlatformUnknownException", message: "The specified platform does not exist."} // assumed text
	}
	return nil
}

// platformVersions are those of Fargate for Linux and Windows.
var platformVersions = []string{"LATEST", "1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"}

// checkDefinition refuses what does not fit the task definition.
func (r launchRequest) checkDefinition() *apiError {
	td := r.taskDefinition
	network, _ := r.spec["networkConfiguration"].(map[string]any)
	given := network["awsvpcConfiguration"] != nil
	switch awsvpc := td.Doc["networkMode"] == "awsvpc"; {
	case r.launchType == "FARGATE" && !isFargate(td):
		return invalid("Task definition does not support launch_type FARGATE.")
	case awsvpc && !given:
		return invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	case !awsvpc && given:
		return invalid("Network Configuration is not valid for the given networkMode of this task definition.")
	case given && len(subnets(r.spec)) == 0:
		return invalid("subnets can not be empty.")
	}
	return r.checkBalancers()
}

// checkBalancers refuses a load balancer on a container or port that the task
// definition does not have.
func (r launchRequest) checkBalancers() *apiError {
	for _, lb := range objects(r.spec["loadBalancers"]) {
		name, _ := lb["containerName"].(string)
		port := number(lb["containerPort"], 0)
		containers := r.taskDefinition.containers()
		i := slices.IndexFunc(containers, func(c map[string]any) bool { return c["name"] == name })
		switch {
		case i < 0:
			return invalid("The container " + name + " does not exist in the task definition.")
		case !mapsPort(containers[i], port):
			return invalid(fmt.Sprintf("The container %s did not have a container port %d defined.", name, port))
		}
	}
	return nil
}

// mapsPort reports whether a container definition maps a port, alone or in a
// range.
func mapsPort(c map[string]any, port int) bool {
	for _, m := range objects(c["portMappings"]) {
		var first, last int
		ports, _ := m["containerPortRange"].(string)
		if _, err := fmt.Sscanf(ports, "%d-%d", &first, &last); err == nil && first <= port && port <= last {
			return true
		}
		if number(m["containerPort"], 0) == port {
			return true
		}
	}
	return false
}

func isFargate(td *taskDefinition) bool {
	list, _ := td.Doc["compatibilities"].([]any)
	return slices.Contains(list, any("FARGATE"))
}

// check refuses what ECS refuses in a service's settings.
func (s *service) check(td *taskDefinition) *apiError {
	switch {
	case s.Daemon && has(s.Spec, "capacityProviderStrategy"):
		return invalid("Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.")
	case s.Daemon && has(s.Spec, "placementStrategy"):
		return invalid("The daemon scheduling strategy does not support placement strategies. Remove the placement strategy and try again.")
	case s.Daemon && s.launchType() == "FARGATE":
		return invalid("The daemon scheduling strategy does not support the FARGATE launch type.") // assumed text
	case s.Daemon && s.Controller != "ECS":
		return invalid("The daemon scheduling strategy does not support the " + s.Controller + " deployment controller.") // assumed text
	case s.Controller == "CODE_DEPLOY" && !has(s.Spec, "loadBalancers"):
		return invalid("A load balancer is required for services with a CODE_DEPLOY deployment controller.") // assumed text
	case s.Spec["enableExecuteCommand"] == true && td != nil && td.Doc["taskRoleArn"] == nil:
		return invalid("The service couldn't be updated because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.")
	}
	if err := s.checkPairs(); err != nil {
		return err
	}
	return launchRequest{s.Spec, s.launchType(), td}.check()
}
