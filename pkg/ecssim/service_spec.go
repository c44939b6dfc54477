package ecssim

// This file is the members of CreateService and UpdateService: which are kept
// as given, which belong to a deployment, and what types they have.

import "slices"

// deployedMembers are what a deployment deploys besides the task definition: a
// change of one of them starts a deployment. capacityProviderStrategy is not in
// the list that AWS documents, and launchType cannot change.
var deployedMembers = []string{
	"networkConfiguration", "platformVersion", "loadBalancers", "serviceRegistries",
	"serviceConnectConfiguration", "vpcLatticeConfigurations", "volumeConfigurations",
}

// keptMembers are kept as given and shown again, but start no deployment.
var keptMembers = []string{
	"capacityProviderStrategy", "placementConstraints", "placementStrategy", "propagateTags",
	"enableECSManagedTags", "enableExecuteCommand", "availabilityZoneRebalancing",
	"gatewayConnectors", "monitoring",
}

// createOnly are members that only CreateService takes.
var createOnly = []string{"launchType", "role"}

// createServiceMembers are all members of CreateService.
var createServiceMembers = append(append(append([]string{
	"cluster", "serviceName", "taskDefinition", "desiredCount", "clientToken", "deploymentConfiguration",
	"deploymentController", "healthCheckGracePeriodSeconds", "schedulingStrategy", "tags",
}, deployedMembers...), keptMembers...), createOnly...)

// unknownMembers are the members of an input that the simulator does not know,
// as a newer ECS may have them: they are kept as given and shown again, and
// start no deployment.
func unknownMembers(raw Document) []string {
	var found []string
	for _, member := range sortedKeys(raw) {
		if !slices.Contains(createServiceMembers, member) && member != "service" && member != "forceNewDeployment" {
			found = append(found, member)
		}
	}
	return found
}

var (
	anyObject  = shape{members: map[string]shape{}}
	anyObjects = listOf(anyObject)

	// serviceShape is the JSON types of what is kept as given.
	serviceShape = object(map[*shape][]string{
		&textShape: {"platformVersion", "propagateTags", "availabilityZoneRebalancing", "launchType", "role"},
		&boolShape: {"enableECSManagedTags", "enableExecuteCommand", "forceNewDeployment"},
		&anyObject: {"serviceConnectConfiguration", "monitoring"},
		&anyObjects: {"serviceRegistries", "vpcLatticeConfigurations", "volumeConfigurations",
			"capacityProviderStrategy", "placementConstraints", "placementStrategy", "gatewayConnectors"},
	}, map[string]shape{
		"networkConfiguration": object(nil, map[string]shape{"awsvpcConfiguration": object(map[*shape][]string{
			&textsShape: {"subnets", "securityGroups"}, &textShape: {"assignPublicIp"}}, nil)}),
		"loadBalancers": listOf(object(map[*shape][]string{
			&textShape: {"targetGroupArn", "loadBalancerName", "containerName"}, &intShape: {"containerPort"}}, nil)),
	})
)

// serviceInput is what CreateService and UpdateService have in common, and
// what the simulator acts on itself.
type serviceInput struct {
	Cluster        string            `json:"cluster"`
	Service        string            `json:"service"`     // UpdateService
	Name           string            `json:"serviceName"` // CreateService
	TaskDefinition string            `json:"taskDefinition"`
	Desired        *int              `json:"desiredCount"`
	Config         *deploymentConfig `json:"deploymentConfiguration"`
	Grace          *int              `json:"healthCheckGracePeriodSeconds"`
	Force          bool              `json:"forceNewDeployment"`
	Token          string            `json:"clientToken"`
	Scheduling     string            `json:"schedulingStrategy"`
	Controller     struct {
		Type string `json:"type"`
	} `json:"deploymentController"`
	Tags []tag `json:"tags"`
}

// launchType is where the tasks of the service run.
func (s *service) launchType() string {
	kind, _ := s.Spec["launchType"].(string)
	return kindOfLaunch(kind, s.Spec["capacityProviderStrategy"])
}

// setLaunch settles where the tasks of a new service run.
func (s *service) setLaunch(c *cluster) *apiError {
	given, _ := s.Spec["launchType"].(string)
	kind, strategy, apiErr := c.launching(given, s.Spec["capacityProviderStrategy"])
	if apiErr != nil {
		return apiErr
	}
	delete(s.Spec, "launchType")
	delete(s.Spec, "capacityProviderStrategy")
	if strategy == nil {
		s.Spec["launchType"] = kind
	} else {
		s.Spec["capacityProviderStrategy"] = strategy
	}
	s.Launch = s.launchType()
	return s.checkDaemon()
}

// changeStrategy settles where new tasks run after a change of the strategy: an
// empty one is the way back to the launch type.
func (s *service) changeStrategy() *apiError {
	strategy := s.Spec["capacityProviderStrategy"]
	if len(objects(strategy)) == 0 {
		delete(s.Spec, "capacityProviderStrategy")
		s.Spec["launchType"] = s.Launch
		return nil
	}
	delete(s.Spec, "launchType")
	if apiErr := checkStrategy(readStrategy(strategy)); apiErr != nil {
		return apiErr
	}
	return s.checkDaemon()
}

func (s *service) checkDaemon() *apiError {
	if s.Daemon && s.Spec["capacityProviderStrategy"] != nil {
		return invalid("Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.")
	}
	return nil
}

// checkService finds what ECS refuses about a service and its task definition
// together.
func checkService(spec Document, launchType string, td *taskDefinition) *apiError {
	names := map[string]bool{}
	for _, c := range td.containers() {
		name, _ := c["name"].(string)
		names[name] = true
	}
	for _, lb := range objects(spec["loadBalancers"]) {
		name, _ := lb["containerName"].(string)
		if !names[name] {
			return invalid("The container " + name + " does not exist in the task definition.")
		}
	}
	if launchType == "FARGATE" && !isFargate(td) {
		return invalid("Task definition does not support launch_type FARGATE.")
	}
	network, _ := spec["networkConfiguration"].(map[string]any)
	if td.Doc["networkMode"] == "awsvpc" && network["awsvpcConfiguration"] == nil {
		return invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	}
	if spec["enableExecuteCommand"] == true && td.Doc["taskRoleArn"] == nil {
		return invalid("The service couldn't be updated because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.")
	}
	return nil
}

func isFargate(td *taskDefinition) bool {
	list, _ := td.Doc["compatibilities"].([]any)
	for _, c := range list {
		if c == "FARGATE" {
			return true
		}
	}
	return false
}
