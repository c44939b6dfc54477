package ecssim_test

// This file is a table of inputs that ECS refuses, each one change away from an
// input that it accepts.

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// refusedWorld has what the inputs below are about: a Fargate definition, and an
// EC2 definition in network mode bridge.
const refusedWorld = `
clusters: [{name: demo, containerInstances: [{count: 2}], capacityProviders: [FARGATE]}]
taskDefinitions:
  - family: web
    networkMode: awsvpc
    requiresCompatibilities: [FARGATE]
    cpu: "256"
    memory: "512"
    containerDefinitions: [{name: web, image: "web:1", portMappings: [{containerPort: 80}]}]
  - family: host
    networkMode: bridge
    containerDefinitions: [{name: web, image: "web:1", memory: 64, portMappings: [{containerPort: 80}]}]
services:
  - cluster: demo
    serviceName: busy
    taskDefinition: web
    desiredCount: 1
    launchType: FARGATE
    networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}
  - {cluster: demo, serviceName: idle, taskDefinition: host, desiredCount: 0}
`

// The accepted inputs that the rows below change.
const (
	goodFargate = `{"family":"a","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"512",
		"containerDefinitions":[{"name":"a","image":"a"}]}`
	goodEC2     = `{"family":"a","containerDefinitions":[{"name":"a","image":"a","memory":64}]}`
	goodService = `{"cluster":"demo","serviceName":"new","taskDefinition":"web","desiredCount":1,"launchType":"FARGATE",
		"networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"]}}}`
	goodHosted = `{"cluster":"demo","serviceName":"new","taskDefinition":"host","desiredCount":1}`
	goodUpdate = `{"cluster":"demo","service":"busy"}`
)

type refusedInput struct {
	operation, good string
	change          string // members that replace those of good
	code, message   string
}

// changed is a JSON object with other members in place of its own.
func changed(t *testing.T, object, change string) string {
	t.Helper()
	var doc map[string]any
	for _, text := range []string{object, change} {
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// container is a change of the only container definition.
func container(members string) string {
	return `{"containerDefinitions":[{"name":"a","image":"a","memory":64,` + members + `}]}`
}

const (
	registering    = "RegisterTaskDefinition"
	creating       = "CreateService"
	clientError    = "ClientException"
	parameterError = "InvalidParameterException"
)

func subnetList(n int) string {
	return `["` + strings.TrimSuffix(strings.Repeat(`subnet-1","`, n), `","`) + `"]`
}

// seen are the inputs whose refusal by AWS is on record with its text.
var seen = []refusedInput{
	{creating, goodService, `{"capacityProviderStrategy":[{"capacityProvider":"FARGATE"}]}`, parameterError,
		"Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."},
	{creating, goodService, `{"loadBalancers":[{"targetGroupArn":"arn:tg","containerName":"web","containerPort":81}]}`, parameterError,
		"The container web did not have a container port 81 defined."},
	{creating, goodService, `{"loadBalancers":[{"targetGroupArn":"arn:tg","containerName":"x","containerPort":80}]}`, parameterError,
		"The container x does not exist in the task definition."},
	{creating, goodHosted, `{"networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"]}}}`, parameterError,
		"Network Configuration is not valid for the given networkMode of this task definition."},
	{creating, goodService, `{"placementStrategy":[{"type":"random"}]}`, parameterError,
		"Placement strategies are not supported with FARGATE launch type"},
	{creating, goodService, `{"launchType":"LAMBDA"}`, parameterError, "launch type should be one of [EC2,FARGATE,EXTERNAL"},
	{creating, goodService, `{"taskDefinition":"web:latest"}`, parameterError, "Invalid revision number. Number: latest"},
	{creating, goodService, `{"networkConfiguration":{"awsvpcConfiguration":{"subnets":[]}}}`, parameterError, "subnets can not be empty."},
	{creating, goodHosted, `{"schedulingStrategy":"DAEMON","desiredCount":null,"placementStrategy":[{"type":"random"}]}`, parameterError,
		"The daemon scheduling strategy does not support placement strategies. Remove the placement strategy and try again."},
	{creating, goodHosted, `{"schedulingStrategy":"DAEMON","desiredCount":null,"capacityProviderStrategy":[{"capacityProvider":"FARGATE"}]}`, parameterError,
		"Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy."},
	{"UpdateService", goodUpdate, `{"taskDefinition":"web:latest"}`, parameterError, "Invalid revision number. Number: latest"},
	{"UpdateService", goodUpdate, `{"placementStrategy":[{"type":"random"}]}`, parameterError, "Placement strategies are not supported with FARGATE launch type"},
	{"DescribeTaskDefinition", `{}`, `{"taskDefinition":"web:latest"}`, parameterError, "Invalid revision number. Number: latest"},
	{registering, goodFargate, container(`"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"a","awslogs-region":"b"}}`), clientError,
		"Fargate requires task definition to have execution role ARN to support log driver awslogs."},
	{registering, goodFargate, `{"containerDefinitions":[{"name":"a","image":"123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1"}]}`, clientError,
		"Fargate requires task definition to have execution role ARN to support ECR images."},
	{registering, goodEC2, container(`"secrets":[{"name":"A","valueFrom":"b"}]`), clientError,
		"When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."},
	{registering, goodFargate, container(`"logConfiguration":{"logDriver":"awslogs","options":{}}`), clientError,
		"Log driver awslogs requires options: awslogs-region, awslogs-group"},
	{registering, goodFargate, container(`"links":["b"]`), clientError, "Links are not supported when networkMode=awsvpc."},
	{registering, goodFargate, `{"ipcMode":"task"}`, clientError, "Tasks using the Fargate launch type do not support ipcMode."},
	{registering, goodFargate, `{"pidMode":"host"}`, clientError,
		"Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'."},
	{registering, goodEC2, container(`"dependsOn":[{"containerName":"a","condition":"SUCCESS"}]`), clientError,
		"A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"},
}

// documented are the inputs that AWS's documentation rules out; their texts are
// assumed, so that a row only checks that the text names the member.
var documented = []refusedInput{
	{creating, goodService, `{"propagateTags":"ALL"}`, parameterError, "Propagate tags should be one of ["},
	{creating, goodService, `{"availabilityZoneRebalancing":"ON"}`, parameterError, "Availability zone rebalancing"},
	{creating, goodService, `{"deploymentController":{"type":"KUBERNETES"}}`, parameterError, "KUBERNETES|Type should be one of ["},
	{creating, goodService, `{"networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"],"assignPublicIp":"YES"}}}`, parameterError, "Assign public ip"},
	{creating, goodService, `{"schedulingStrategy":"DAEMON","desiredCount":null}`, parameterError, "daemon"},
	{creating, goodService, `{"clientToken":"` + strings.Repeat("x", 37) + `"}`, parameterError, "clientToken cannot have more than 36 characters."},
	{creating, goodService, `{"networkConfiguration":{"awsvpcConfiguration":{"subnets":` + subnetList(17) + `}}}`, parameterError, "subnets cannot have more than 16"},
	{creating, goodService, `{"loadBalancers":[{},{},{},{},{},{}]}`, parameterError, "loadBalancers cannot have more than 5"},
	{creating, goodService, `{"platformVersion":"9.9.9"}`, "PlatformUnknownException", "platform"},
	{creating, goodHosted, `{"platformVersion":"1.4.0"}`, parameterError, "platform version"},
	{creating, goodService, `{"placementConstraints":[{"type":"distinctInstance"}]}`, parameterError, "Placement constraints"},
	{creating, goodService, `{"deploymentController":{"type":"CODE_DEPLOY"}}`, parameterError, "load balancer"},
	{creating, goodService, `{"desiredCount":5001}`, parameterError, "desiredCount"},
	{creating, goodService, `{"desiredCount":-1}`, parameterError, "desiredCount"},
	{creating, goodService, `{"healthCheckGracePeriodSeconds":-1}`, parameterError, "healthCheckGracePeriodSeconds"},
	{creating, goodService, `{"capacityProviderStrategy":[{"capacityProvider":"FARGATE","weight":1001}],"launchType":null}`, parameterError, "weight"},
	{creating, goodService, `{"deploymentConfiguration":{"maximumPercent":-1}}`, parameterError, "maximumPercent"},
	{creating, goodService, `{"deploymentConfiguration":{"strategy":"BIG_BANG"}}`, parameterError, "Strategy"},
	{"UpdateService", goodUpdate, `{"propagateTags":"ALL"}`, parameterError, "Propagate tags"},
	{"UpdateService", goodUpdate, `{"platformVersion":"9.9.9"}`, "PlatformUnknownException", "platform"},
	{"ListServices", `{"cluster":"demo"}`, `{"launchType":"X"}`, parameterError, "launch type"},
	{"ListServices", `{"cluster":"demo"}`, `{"schedulingStrategy":"X"}`, parameterError, "Scheduling strategy"},
	{"ListTasks", `{"cluster":"demo"}`, `{"desiredStatus":"X"}`, parameterError, "Desired status"},
	{"ListTaskDefinitions", `{}`, `{"status":"X"}`, parameterError, "Status"},
	{"ListTaskDefinitions", `{}`, `{"sort":"X"}`, parameterError, "Sort"},
	{"ListTaskDefinitionFamilies", `{}`, `{"status":"X"}`, parameterError, "Status"},
	{"DescribeServices", `{"cluster":"demo","services":["busy"]}`, `{"include":["X"]}`, parameterError, "Include"},
	{registering, goodEC2, `{"networkMode":"vpc"}`, clientError, "Network mode should be one of [bridge,host,awsvpc,none]"},
	{registering, goodEC2, `{"requiresCompatibilities":["LAMBDA"]}`, clientError, "Requires compatibilities"},
	{registering, goodEC2, `{"containerDefinitions":[{"name":"a","image":"a","memory":5}]}`, clientError, "memory must be at least 6"},
	{registering, goodFargate, `{"containerDefinitions":[{"name":"a","image":"a","memory":513}]}`, clientError, "memory of the task"},
	{registering, goodEC2, container(`"memoryReservation":65`), clientError, "memoryReservation"},
	{registering, goodEC2, container(`"healthCheck":{"command":["a"],"interval":1}`), clientError, "interval must be between 5 and 300."},
	{registering, goodEC2, container(`"healthCheck":{"command":["a"],"retries":11}`), clientError, "retries"},
	{registering, goodFargate, container(`"stopTimeout":200`), clientError, "stopTimeout"},
	{registering, goodFargate, container(`"startTimeout":1`), clientError, "startTimeout"},
	{registering, goodFargate, `{"ephemeralStorage":{"sizeInGiB":5}}`, clientError, "EphemeralStorage size should be at least 21."},
	{registering, goodEC2, container(`"portMappings":[{"containerPort":70000}]`), clientError, "containerPort"},
	{registering, goodEC2, container(`"portMappings":[{"containerPort":80,"protocol":"icmp"}]`), clientError, "Protocol"},
	{registering, goodFargate, container(`"dnsServers":["10.0.0.2"]`), clientError, "DNS servers"},
	{registering, goodFargate, container(`"privileged":true`), clientError, "privileged"},
	{registering, goodEC2, container(`"dependsOn":[{"containerName":"b","condition":"START"}]`), clientError, "'b'"},
	{registering, goodEC2, container(`"dependsOn":[{"containerName":"a","condition":"START"}]`), clientError, "depends on itself"},
	{registering, goodEC2, container(`"dependsOn":[{"containerName":"a","condition":"HEALTHY"}]`), clientError, "health check"},
	{registering, goodEC2, container(`"dependsOn":[{"containerName":"a","condition":"SOON"}]`), clientError, "Condition"},
	{registering, goodEC2, container(`"logConfiguration":{"logDriver":"paper"}`), clientError, "Log driver"},
}

func TestRefusedInputs(t *testing.T) {
	world, err := ecssim.ParseWorld("world.yaml", []byte(refusedWorld))
	if err != nil {
		t.Fatal(err)
	}
	sim, _ := start(t, world)
	for _, good := range []struct{ operation, body string }{
		{registering, goodFargate}, {registering, goodEC2}, {creating, goodService}, {"UpdateService", goodUpdate},
		{creating, strings.Replace(goodHosted, "new", "hosted", 1)},
	} {
		if code, body := post(t, sim, good.operation, good.body); code != 200 {
			t.Fatalf("%s %s: %s", good.operation, good.body, body)
		}
	}
	for _, rows := range [][]refusedInput{seen, documented} {
		for _, row := range rows {
			input := strings.Replace(changed(t, row.good, row.change), `"new"`, `"newer"`, 1)
			code, body := post(t, sim, row.operation, input)
			found := false
			for _, part := range strings.Split(row.message, "|") {
				found = found || strings.Contains(body, part)
			}
			if code != 400 || !strings.Contains(body, `"`+row.code+`"`) || !found {
				t.Errorf("%s with %s: %d %s\n\twant %s: %s", row.operation, row.change, code, body, row.code, row.message)
			}
		}
	}
}

// TestRefusedInTheWrongMoment is refusals that depend on what the service is
// doing.
func TestRefusedInTheWrongMoment(t *testing.T) {
	world, err := ecssim.ParseWorld("world.yaml", []byte(refusedWorld))
	if err != nil {
		t.Fatal(err)
	}
	sim, _ := start(t, world)
	for _, step := range []struct{ operation, body, want string }{
		{"DeleteService", `{"cluster":"demo","service":"busy"}`, "The service cannot be stopped while it is scaled above 0."},
		{"UpdateService", `{"cluster":"demo","service":"busy","forceNewDeployment":true}`, ""},
		{"UpdateService", `{"cluster":"demo","service":"busy","desiredCount":0}`, ""},
		{"DeleteService", `{"cluster":"demo","service":"busy"}`, "The service cannot be stopped while deployments are active."},
		{"DeleteService", `{"cluster":"demo","service":"busy","force":true}`, ""},
		{creating, strings.Replace(goodService, `"new"`, `"busy"`, 1), "Unable to Start a service that is still Draining."},
		{"DeleteService", `{"cluster":"demo","service":"busy"}`, ""}, // AWS answers with the service
		{creating, strings.Replace(goodHosted, `"new"`, `"idle"`, 1), "Creation of service was not idempotent."},
	} {
		code, body := post(t, sim, step.operation, step.body)
		if (code == 200) != (step.want == "") || !strings.Contains(body, step.want) {
			t.Errorf("%s %s: %d %s, want %q", step.operation, step.body, code, body, step.want)
		}
	}
}

// TestMemberNamesHaveCase: ECS does not know a member by a name in other case.
func TestMemberNamesHaveCase(t *testing.T) {
	sim, _ := start(t, ecssim.World{})
	code, body := post(t, sim, "CreateCluster", `{"CLUSTERNAME":"abc","ClusterName":"abc","tags":[{"Key":"a","key":"k","value":"v"}]}`)
	if code != 200 || !strings.Contains(body, `"clusterName":"default"`) || !strings.Contains(body, `"key":"k"`) {
		t.Errorf("%d %s", code, body)
	}
}
