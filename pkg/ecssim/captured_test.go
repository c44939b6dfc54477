package ecssim_test

// This file compares answers with real ones of 2026, member by member.

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const capturedWorld = `
clusters: [{name: prod, containerInstances: [{}]}]
taskDefinitions:
  - family: web
    networkMode: awsvpc
    requiresCompatibilities: [FARGATE]
    cpu: "1024"
    memory: "2048"
    taskRoleArn: arn:aws:iam::123456789012:role/web
    containerDefinitions: [{name: web, image: "web:1", cpu: 1024, memory: 2048, memoryReservation: 128, portMappings: [{containerPort: 80}]}]
services:
  - cluster: prod
    serviceName: old
    taskDefinition: web
    desiredCount: 1
    launchType: FARGATE
    enableExecuteCommand: true
    networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}
switches: {currentServiceDeployment: absent}
`

// members are the names of the members of a JSON object, in order.
func members(object any) string {
	m, _ := object.(map[string]any)
	return strings.Join(slices.Sorted(maps.Keys(m)), " ")
}

// first is the first element of a list of objects.
func first(list any) map[string]any { return list.([]any)[0].(map[string]any) }

func TestCapturedAnswers(t *testing.T) {
	world, err := ecssim.ParseWorld("world.yaml", []byte(capturedWorld))
	if err != nil {
		t.Fatal(err)
	}
	sim, _ := start(t, world)
	s := posted(t, sim, "CreateService", `{"cluster":"prod","serviceName":"web","taskDefinition":"web","desiredCount":2,"launchType":"FARGATE","healthCheckGracePeriodSeconds":60,
		"networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"]}},"loadBalancers":[{"targetGroupArn":"arn:tg","containerName":"web","containerPort":80}]}`)["service"].(map[string]any)
	list := posted(t, sim, "ListTasks", `{"cluster":"prod"}`)["taskArns"].([]any)
	task := first(posted(t, sim, "DescribeTasks", `{"cluster":"prod","tasks":["`+list[0].(string)+`"]}`)["tasks"])
	container := first(task["containers"])
	host := first(posted(t, sim, "DescribeContainerInstances", `{"cluster":"prod","containerInstances":["`+posted(t, sim, "ListContainerInstances", `{"cluster":"prod"}`)["containerInstanceArns"].([]any)[0].(string)+`"]}`)["containerInstances"])
	var resources []string
	for _, r := range host["registeredResources"].([]any) {
		resources = append(resources, r.(map[string]any)["name"].(string))
	}
	text := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for what, row := range map[string]struct{ got, want string }{
		"Service":                             {members(s), "availabilityZoneRebalancing clusterArn createdAt createdBy currentServiceRevisions deploymentConfiguration deploymentController deployments desiredCount enableECSManagedTags enableExecuteCommand events healthCheckGracePeriodSeconds launchType loadBalancers networkConfiguration pendingCount placementConstraints placementStrategy platformFamily platformVersion propagateTags resourceManagementType roleArn runningCount schedulingStrategy serviceArn serviceName serviceRegistries status taskDefinition"},
		"Deployment":                          {members(first(s["deployments"])), "createdAt desiredCount failedTasks id launchType networkConfiguration pendingCount platformFamily platformVersion rolloutState rolloutStateReason runningCount status taskDefinition updatedAt"},
		"Service.currentServiceRevisions":     {members(first(s["currentServiceRevisions"])), "arn pendingTaskCount requestedTaskCount runningTaskCount"},
		"Service.deploymentConfiguration":     {text(s["deploymentConfiguration"]), `{"bakeTimeInMinutes":0,"deploymentCircuitBreaker":{"enable":false,"rollback":false},"maximumPercent":200,"minimumHealthyPercent":100,"strategy":"ROLLING"}`},
		"Service.availabilityZoneRebalancing": {text(s["availabilityZoneRebalancing"]), `"ENABLED"`},
		"Service.resourceManagementType":      {text(s["resourceManagementType"]), `"CUSTOMER"`},
		"Deployment.desiredCount":             {text(first(s["deployments"])["desiredCount"]), "0"},
		"Task.fargateEphemeralStorage":        {text(task["fargateEphemeralStorage"]), `{"sizeInGiB":20}`},
		"Task.overrides":                      {text(task["overrides"]), `{"containerOverrides":[{"name":"web"}],"inferenceAcceleratorOverrides":[]}`},
		"Task.group":                          {text(task["group"]), `"service:old"`},
		"Container.cpu":                       {text([]any{container["cpu"], container["memory"], container["memoryReservation"]}), `["1024","2048","128"]`},
		"Container.managedAgents":             {members(first(container["managedAgents"])), "lastStartedAt lastStatus name"},
		"TaskDefinition.compatibilities":      {text(posted(t, sim, "DescribeTaskDefinition", `{"taskDefinition":"web"}`)["taskDefinition"].(map[string]any)["compatibilities"]), `["EC2","MANAGED_INSTANCES","FARGATE"]`},
		"ContainerInstance":                   {strings.Join(resources, " "), "CPU MEMORY PORTS PORTS_UDP"},
		"ContainerInstance.versionInfo":       {members(host["versionInfo"]), "agentHash agentVersion dockerVersion"},
	} {
		if row.got != row.want {
			t.Errorf("%s\n got %s\nwant %s", what, row.got, row.want)
		}
	}
}
