package ecssim

// This file is services in Express Mode: ECS makes their task definition, load
// balancer, alarm and deployment configuration itself, and deploys them as
// CANARY (Amazon ECS, "Amazon ECS Express Mode services").

import (
	"encoding/json"
	"maps"
	"strconv"
)

// expressMembers are what an Express service is configured with. A change of one
// of them, except for scalingTarget, starts a deployment.
var expressMembers = []string{
	"cpu", "cpuArchitecture", "executionRoleArn", "healthCheckPath", "memory", "networkConfiguration",
	"primaryContainer", "scalingTarget", "taskDefinitionArn", "taskRoleArn",
}

const (
	expressContainer = "Main"
	expressPort      = 80
	expressMost      = 20 // tasks
)

// expressConfig is the configuration that the input of an operation makes of an
// earlier one, with ECS's defaults if neither says anything. An object replaces
// the earlier one.
func expressConfig(before, raw Document) Document {
	config := clone(before)
	if config == nil {
		config = Document{"cpu": "256", "memory": "512", "cpuArchitecture": "X86_64", "healthCheckPath": "/ping"}
	}
	for _, member := range expressMembers {
		if v, given := raw[member]; given {
			config[member] = cloneValue(v)
		}
	}
	if raw["primaryContainer"] != nil {
		delete(config, "taskDefinitionArn") // the configuration makes one again
	}
	scaling := map[string]any{"autoScalingMetric": "AVERAGE_CPU", "autoScalingTargetValue": 60, "minTaskCount": 1, "maxTaskCount": expressMost}
	given, _ := config["scalingTarget"].(map[string]any)
	maps.Copy(scaling, given)
	config["scalingTarget"] = scaling
	return config
}

// expressTasks is how many tasks the service runs: nothing scales it beyond the
// least here.
func expressTasks(config Document) int {
	scaling, _ := config["scalingTarget"].(map[string]any)
	return number(scaling["minTaskCount"], 1)
}

// expressDefinition is the task definition that ECS makes of a configuration. The
// names of the family and the log group are assumed.
func (e *engine) expressDefinition(clusterName, name string, config Document) Document {
	container := map[string]any{"name": expressContainer, "essential": true}
	given, _ := config["primaryContainer"].(map[string]any)
	for _, member := range []string{"image", "command", "environment", "secrets", "repositoryCredentials"} {
		if v, ok := given[member]; ok {
			container[member] = v
		}
	}
	container["portMappings"] = []any{map[string]any{"name": "main", "containerPort": number(given["containerPort"], expressPort), "protocol": "tcp"}}
	logs, _ := given["awsLogsConfiguration"].(map[string]any)
	options := map[string]any{"awslogs-group": "/aws/ecs/" + clusterName + "/" + name, "awslogs-region": e.World.region(), "awslogs-stream-prefix": "ecs"}
	for member, option := range map[string]string{"logGroup": "awslogs-group", "logStreamPrefix": "awslogs-stream-prefix"} {
		if v, ok := logs[member]; ok {
			options[option] = v
		}
	}
	container["logConfiguration"] = map[string]any{"logDriver": "awslogs", "options": options}
	definition := Document{
		"family": clusterName + "-" + name, "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"},
		"cpu": config["cpu"], "memory": config["memory"], "containerDefinitions": []any{container},
		"runtimePlatform": map[string]any{"cpuArchitecture": config["cpuArchitecture"], "operatingSystemFamily": "LINUX"},
	}
	for _, role := range []string{"executionRoleArn", "taskRoleArn"} {
		if v, ok := config[role]; ok {
			definition[role] = v
		}
	}
	return definition
}

// expressService is the input of CreateService that makes an Express service: with
// 5 % of the traffic for 3 minutes, 3 minutes of bake time, an alarm on errors, and
// a place at a load balancer that up to 25 services share.
func (e *engine) expressService(clusterName, name, role string, config Document) Document {
	id := func(what string, digits int) string { return derived(what, clusterName+"/"+name, digits) }
	elb := "arn:aws:elasticloadbalancing:" + e.World.region() + ":" + e.World.account() + ":"
	listener := "/app/ecs-express-gateway-alb/" + derived("balancer", "express", 16) + "/" + derived("listener", "express", 16)
	container, _ := config["primaryContainer"].(map[string]any)
	network, _ := config["networkConfiguration"].(map[string]any)
	if network == nil {
		network = map[string]any{"subnets": []any{"subnet-" + derived("subnet", "express", 17)}}
	}
	return Document{
		"cluster": clusterName, "serviceName": name, "desiredCount": json.Number(strconv.Itoa(expressTasks(config))), "launchType": "FARGATE",
		"networkConfiguration": map[string]any{"awsvpcConfiguration": network},
		"deploymentConfiguration": map[string]any{
			"strategy": "CANARY", "bakeTimeInMinutes": 3, "minimumHealthyPercent": 100, "maximumPercent": 200,
			"canaryConfiguration":      map[string]any{"canaryPercent": 5, "canaryBakeTimeInMinutes": 3},
			"deploymentCircuitBreaker": map[string]any{"enable": true, "rollback": true},
			"alarms":                   map[string]any{"alarmNames": []any{clusterName + "/" + name + "/RollbackAlarm"}, "enable": true, "rollback": true},
		},
		"loadBalancers": []any{map[string]any{
			"targetGroupArn": elb + "targetgroup/ecs-gateway-tg-" + id("blue", 8) + "/" + id("blue", 16),
			"containerName":  expressContainer, "containerPort": number(container["containerPort"], expressPort),
			"advancedConfiguration": map[string]any{
				"alternateTargetGroupArn": elb + "targetgroup/ecs-gateway-tg-" + id("green", 8) + "/" + id("green", 16),
				"productionListenerRule":  elb + "listener-rule" + listener + "/" + id("rule", 16), "roleArn": role,
			},
		}},
	}
}
