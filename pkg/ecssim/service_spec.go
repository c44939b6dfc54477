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
func (s *service) launchType() string { return launchTypeIn(s.Spec) }

// launchTypeIn is the launch type that the members of a service or a task set
// mean.
func launchTypeIn(spec Document) string {
	kind, _ := spec["launchType"].(string)
	return kindOfLaunch(kind, spec["capacityProviderStrategy"])
}

// settleLaunch settles where the tasks of a new service or task set run.
func (e *engine) settleLaunch(c *cluster, spec Document) *apiError {
	given, _ := spec["launchType"].(string)
	kind, strategy, apiErr := e.launching(c, given, spec["capacityProviderStrategy"])
	if apiErr != nil {
		return apiErr
	}
	delete(spec, "launchType")
	delete(spec, "capacityProviderStrategy")
	if strategy == nil {
		spec["launchType"] = kind
	} else {
		spec["capacityProviderStrategy"] = strategy
	}
	return nil
}

// changeStrategy settles where new tasks run after a change of the strategy: an
// empty one is the way back to the launch type.
func (e *engine) changeStrategy(s *service, c *cluster) *apiError {
	strategy := s.Spec["capacityProviderStrategy"]
	if len(objects(strategy)) == 0 {
		delete(s.Spec, "capacityProviderStrategy")
		s.Spec["launchType"] = s.Launch
		return nil
	}
	delete(s.Spec, "launchType")
	if apiErr := e.checkStrategy(c, readStrategy(strategy)); apiErr != nil {
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
