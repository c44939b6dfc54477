package ecssim_test

// This file is what people and scripts do with the AWS CLI: a step for each
// command, with the members that are read of its answer.

import (
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// scriptedWorld has a cluster with instances, a service behind a target group, one
// that rolls back, and a task definition for tasks of their own.
const scriptedWorld = `
clusters: [{name: demo, containerInstances: [{count: 2}], capacityProviders: [FARGATE, FARGATE_SPOT]}]
taskDefinitions:
  - family: web
    networkMode: awsvpc
    requiresCompatibilities: [FARGATE]
    cpu: "256"
    memory: "512"
    executionRoleArn: arn:aws:iam::123456789012:role/execution
    taskRoleArn: arn:aws:iam::123456789012:role/web
    containerDefinitions:
      - name: web
        image: web:1
        portMappings: [{containerPort: 80}]
        logConfiguration: {logDriver: awslogs, options: {awslogs-group: /ecs/web, awslogs-region: us-east-1, awslogs-stream-prefix: ecs}}
  - family: job
    containerDefinitions: [{name: job, image: "job:1", memory: 64}]
services:
  - cluster: demo
    serviceName: web
    taskDefinition: web
    desiredCount: 2
    launchType: FARGATE
    enableExecuteCommand: true
    networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}
    loadBalancers: [{targetGroupArn: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067", containerName: web, containerPort: 80}]
    deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: true}}
images:
  - {match: "job:*", behaviour: exits, code: 3, after: 5s, logs: [{text: working}, {text: failed, last: true}]}
  - {match: "web:broken", behaviour: exits, code: 1, after: 5s}
`

const (
	arnStart = "arn:aws:ecs:us-east-1:123456789012:"
	network  = " --network-configuration awsvpcConfiguration={subnets=[subnet-1]}"
)

// TestAWSCLI is the commands of ECS and of its neighbours that scripts use.
func TestAWSCLI(t *testing.T) {
	world, err := ecssim.ParseWorld("world.yaml", []byte(scriptedWorld))
	if err != nil {
		t.Fatal(err)
	}
	cli := newAWSCLI(t, world)
	for _, part := range []struct {
		name  string
		steps []awsStep
	}{
		{"clusters", clusterSteps}, {"a deployment", deploymentSteps}, {"a rollback", rollbackSteps}, {"tasks", taskSteps},
		{"task sets", taskSetSteps}, {"instances", instanceSteps}, {"account", accountSteps}, {"neighbours", neighbourSteps},
		{"the end", endSteps},
	} {
		t.Run(part.name, func(t *testing.T) {
			(&awsCLI{T: t, environ: cli.environ, input: cli.input, output: cli.output, handClock: cli.handClock}).play(part.steps)
		})
	}
}

var clusterSteps = []awsStep{
	{command: "ecs list-clusters --query clusterArns", want: arnStart + "cluster/demo"},
	{command: "ecs describe-clusters --clusters demo none --query [clusters[0].[status,runningTasksCount,registeredContainerInstancesCount],failures[0].reason]", want: "MISSING ACTIVE 2 2"},
	{command: "ecs describe-clusters --clusters demo --include STATISTICS --query clusters[0].statistics[?name=='runningFargateTasksCount'].value", want: "2"},
	{command: "ecs create-cluster --cluster-name batch --tags key=team,value=a --query cluster.[clusterName,status,tags[0].value]", want: "batch ACTIVE a"},
	{command: "ecs update-cluster-settings --cluster batch --settings name=containerInsights,value=enabled --query cluster.settings[0].value", want: "enabled"},
	{command: "ecs update-cluster --cluster batch --configuration executeCommandConfiguration={logging=NONE} --query cluster.configuration.executeCommandConfiguration.logging", want: "NONE"},
	{command: "ecs create-capacity-provider --name spot --auto-scaling-group-provider autoScalingGroupArn=arn:asg --query capacityProvider.[name,status]", want: "spot ACTIVE"},
	{command: "ecs update-capacity-provider --name spot --auto-scaling-group-provider managedScaling={status=ENABLED,targetCapacity=90} --query capacityProvider.autoScalingGroupProvider.managedScaling.targetCapacity", want: "90"},
	{command: "ecs put-cluster-capacity-providers --cluster batch --capacity-providers FARGATE --default-capacity-provider-strategy capacityProvider=FARGATE,weight=1 --query cluster.defaultCapacityProviderStrategy[0].capacityProvider", want: "FARGATE"},
	{command: "ecs describe-capacity-providers --capacity-providers spot FARGATE --query capacityProviders[].[name,status]", want: "spot ACTIVE FARGATE ACTIVE"},
	{command: "ecs delete-capacity-provider --capacity-provider spot --query capacityProvider.status", want: "INACTIVE"},
	{command: "ecs delete-cluster --cluster batch --query cluster.status", want: "INACTIVE"},
	{command: "ecs delete-cluster --cluster demo", want: "(ClusterContainsServicesException)"},
	{command: "ecs list-services --cluster nowhere", want: "(ClusterNotFoundException)"},
}

var deploymentSteps = []awsStep{
	{command: "ecs wait services-stable --cluster demo --services web", want: ""},
	{command: "ecs list-services --cluster demo --query serviceArns", want: arnStart + "service/demo/web"},
	{command: "ecs describe-task-definition --task-definition web --include TAGS --query taskDefinition.[family,revision,status,containerDefinitions[0].image]", want: "web 1 ACTIVE web:1"},
	{command: `ecs register-task-definition --family web --network-mode awsvpc --requires-compatibilities FARGATE --cpu 256 --memory 512 --execution-role-arn arn:aws:iam::123456789012:role/execution --task-role-arn arn:aws:iam::123456789012:role/web --container-definitions [{"name":"web","image":"web:2","portMappings":[{"containerPort":80}]}] --query taskDefinition.taskDefinitionArn`, want: arnStart + "task-definition/web:2"},
	{command: "ecs list-task-definitions --family-prefix web --sort DESC --query taskDefinitionArns[0]", want: arnStart + "task-definition/web:2"},
	{command: "ecs list-task-definition-families --query families", want: "job web"},
	{command: "ecs update-service --cluster demo --service web --task-definition web:2 --query service.deployments[0].id", name: "ours"},
	{command: "ecs describe-services --cluster demo --services web --query services[0].deployments[].[status,rolloutState,desiredCount,failedTasks]", want: "PRIMARY IN_PROGRESS 0 0 ACTIVE COMPLETED 2 0"},
	{after: 20 * time.Second, command: "ecs list-tasks --cluster demo --started-by $ours --query length(taskArns)", want: "2"},
	{command: "ecs list-service-deployments --cluster demo --service web --query serviceDeployments[0].serviceDeploymentArn", name: "deployment"},
	{command: "ecs describe-service-deployments --service-deployment-arns $deployment --query serviceDeployments[0].[status,targetServiceRevision.requestedTaskCount,deploymentCircuitBreaker.status]", want: "IN_PROGRESS 2 MONITORING"},
	{command: "ecs describe-service-deployments --service-deployment-arns $deployment --query serviceDeployments[0].targetServiceRevision.arn", name: "revision"},
	{command: "ecs describe-service-revisions --service-revision-arns $revision --query serviceRevisions[0].[taskDefinition,containerImages[0].image]", want: arnStart + "task-definition/web:2 web:2"},
	{after: 5 * time.Minute, command: "ecs wait services-stable --cluster demo --services web", want: ""},
	{command: "ecs describe-services --cluster demo --services web --query services[0].[taskDefinition,deployments[0].rolloutState,events[0].message]", want: arnStart + "task-definition/web:2 COMPLETED (service web) has reached a steady state."},
	{command: "ecs describe-service-deployments --service-deployment-arns $deployment --query serviceDeployments[0].status", want: "SUCCESSFUL"},
	{command: "ecs update-service --cluster demo --service web --desired-count 3 --query service.[desiredCount,length(deployments)]", want: "3 1"},
	{command: "ecs tag-resource --resource-arn " + arnStart + "service/demo/web --tags key=a,value=b", want: ""},
	{command: "ecs list-tags-for-resource --resource-arn " + arnStart + "service/demo/web --query tags[0].[key,value]", want: "a b"},
	{command: "ecs untag-resource --resource-arn " + arnStart + "service/demo/web --tag-keys a", want: ""},
	{command: "ecs describe-services --cluster demo --services none --query failures[0].reason", want: "MISSING"},
	{command: "ecs update-service --cluster demo --service none", want: "(ServiceNotFoundException)"},
}

var rollbackSteps = []awsStep{
	{command: `ecs register-task-definition --family web --network-mode awsvpc --requires-compatibilities FARGATE --cpu 256 --memory 512 --task-role-arn arn:aws:iam::123456789012:role/web --container-definitions [{"name":"web","image":"web:broken","portMappings":[{"containerPort":80}]}] --query taskDefinition.revision`, want: "3"},
	{command: "ecs update-service --cluster demo --service web --task-definition web:3 --query service.deployments[0].id", name: "broken"},
	{after: 10 * time.Minute, command: "ecs list-service-deployments --cluster demo --service web --query serviceDeployments[0].[status,statusReason]", want: "ROLLBACK_SUCCESSFUL Service deployment rolled back because the circuit breaker threshold was exceeded."},
	{command: "ecs list-tasks --cluster demo --started-by $broken --desired-status STOPPED --max-items 1 --query taskArns[0]", name: "stopped"},
	{command: "ecs describe-tasks --cluster demo --tasks $stopped --query tasks[0].[lastStatus,stopCode,stoppedReason,containers[0].exitCode]", want: "STOPPED EssentialContainerExited Essential container in task exited 1"},
	{command: "ecs describe-services --cluster demo --services web --query services[0].[taskDefinition,length(deployments)]", want: arnStart + "task-definition/web:2 1"},
	{command: "ecs update-service --cluster demo --service web --force-new-deployment --query service.deployments[0].rolloutState", want: "IN_PROGRESS"},
	{after: 20 * time.Second, command: "ecs list-service-deployments --cluster demo --service web --status IN_PROGRESS --query serviceDeployments[0].serviceDeploymentArn", name: "under"},
	{command: "ecs stop-service-deployment --service-deployment-arn $under --stop-type ROLLBACK --query serviceDeploymentArn", want: "$under"},
	{after: 5 * time.Minute, command: "ecs describe-service-deployments --service-deployment-arns $under --query serviceDeployments[0].status", want: "ROLLBACK_SUCCESSFUL"},
	{command: "ecs deregister-task-definition --task-definition web:3 --query taskDefinition.status", want: "INACTIVE"},
	{command: "ecs delete-task-definitions --task-definitions web:3 --query taskDefinitions[0].status", want: "DELETE_IN_PROGRESS"},
	{command: "ecs update-service --cluster demo --service web --task-definition web:3", want: "(ClientException) when calling the UpdateService operation: TaskDefinition is inactive"},
}

var taskSteps = []awsStep{
	{command: `ecs run-task --cluster demo --task-definition job --count 2 --started-by ci --overrides {"containerOverrides":[{"name":"job","environment":[{"name":"A","value":"b"}]}]} --query [length(tasks),length(failures),tasks[0].[lastStatus,group,startedBy,launchType]]`, want: "2 0 PENDING family:job ci EC2"},
	{command: "ecs list-tasks --cluster demo --started-by ci --query taskArns[0]", name: "job"},
	{after: 2 * time.Minute, command: "ecs wait tasks-stopped --cluster demo --tasks $job", want: ""},
	{command: "ecs describe-tasks --cluster demo --tasks $job --query tasks[0].[stopCode,containers[0].[name,exitCode],overrides.containerOverrides[0].environment[0].value]", want: "EssentialContainerExited b job 3"},
	{command: "ecs run-task --cluster demo --task-definition web --capacity-provider-strategy capacityProvider=FARGATE_SPOT" + network + " --query tasks[0].[launchType,capacityProviderName]", want: "FARGATE FARGATE_SPOT"},
	{command: "ecs run-task --cluster demo --task-definition web --launch-type FARGATE", want: "Network Configuration must be provided when networkMode 'awsvpc' is specified."},
	{command: "ecs run-task --cluster demo --task-definition web:1 --launch-type FARGATE --enable-execute-command" + network + " --query tasks[0].taskArn", name: "shell"},
	{after: time.Minute, command: "ecs wait tasks-running --cluster demo --tasks $shell", want: ""},
	{command: "ecs describe-tasks --cluster demo --tasks $shell --query tasks[0].containers[0].[lastStatus,managedAgents[0].[name,lastStatus]]", want: "RUNNING ExecuteCommandAgent RUNNING"},
	{command: "ecs stop-task --cluster demo --task $shell --reason done --query task.[desiredStatus,stopCode,stoppedReason]", want: "STOPPED UserInitiated done"},
	{command: "ecs list-tasks --cluster demo --service-name web --query taskArns[0]", name: "served"},
	{command: "ecs update-task-protection --cluster demo --tasks $served --protection-enabled --expires-in-minutes 60 --query protectedTasks[0].protectionEnabled", want: "True"},
	{command: "ecs get-task-protection --cluster demo --tasks $served --query protectedTasks[0].[taskArn,protectionEnabled]", want: "$served True"},
	{command: "ecs describe-tasks --cluster demo --tasks none --query failures[0].reason", want: "MISSING"},
}

var taskSetSteps = []awsStep{
	{command: "ecs create-service --cluster demo --service-name sets --desired-count 2 --deployment-controller type=EXTERNAL --query service.[status,length(taskSets)]", want: "ACTIVE 0"},
	{command: "ecs create-task-set --cluster demo --service sets --task-definition web:2 --launch-type FARGATE --scale value=50,unit=PERCENT" + network + " --query taskSet.id", name: "set"},
	{after: 3 * time.Minute, command: "ecs describe-task-sets --cluster demo --service sets --task-sets $set --query taskSets[0].[status,runningCount,computedDesiredCount,stabilityStatus]", want: "ACTIVE 1 1 STEADY_STATE"},
	{command: "ecs update-service-primary-task-set --cluster demo --service sets --primary-task-set $set --query taskSet.status", want: "PRIMARY"},
	{command: "ecs update-task-set --cluster demo --service sets --task-set $set --scale value=0,unit=PERCENT --query taskSet.scale.value", want: "0.0"},
	{command: "ecs delete-task-set --cluster demo --service sets --task-set $set", want: "Primary TaskSet cannot be deleted"},
	{command: "ecs delete-task-set --cluster demo --service sets --task-set $set --force --query taskSet.status", want: "DRAINING"},
	{command: "ecs delete-service --cluster demo --service sets --force --query service.status", want: "DRAINING"},
	{after: 3 * time.Minute, command: "ecs wait services-inactive --cluster demo --services sets", want: ""},
}

var instanceSteps = []awsStep{
	{command: "ecs list-container-instances --cluster demo --query containerInstanceArns[0]", name: "instance"},
	{command: "ecs describe-container-instances --cluster demo --container-instances $instance --query containerInstances[0].[status,agentConnected,runningTasksCount]", want: "ACTIVE True 0"},
	{command: "ecs put-attributes --cluster demo --attributes name=stack,value=prod,targetType=container-instance,targetId=$instance --query attributes[0].value", want: "prod"},
	{command: "ecs list-attributes --cluster demo --target-type container-instance --attribute-name stack --query attributes[0].value", want: "prod"},
	{command: "ecs list-container-instances --cluster demo --filter attribute:stack==prod --query length(containerInstanceArns)", want: "1"},
	{command: "ecs start-task --cluster demo --task-definition job --container-instances $instance --query tasks[0].containerInstanceArn", want: "$instance"},
	{command: "ecs delete-attributes --cluster demo --attributes name=stack,targetType=container-instance,targetId=$instance --query attributes[0].name", want: "stack"},
	{command: "ecs update-container-instances-state --cluster demo --container-instances $instance --status DRAINING --query containerInstances[0].status", want: "DRAINING"},
	{command: "ecs deregister-container-instance --cluster demo --container-instance $instance --force --query containerInstance.status", want: "INACTIVE"},
}

var accountSteps = []awsStep{
	{command: "ecs put-account-setting --name containerInsights --value enabled --query setting.value", want: "enabled"},
	{command: "ecs put-account-setting-default --name taskLongArnFormat --value enabled --query setting.name", want: "taskLongArnFormat"},
	{command: "ecs list-account-settings --effective-settings --name containerInsights --query settings[0].value", want: "enabled"},
	{command: "ecs delete-account-setting --name containerInsights --query setting.name", want: "containerInsights"},
	{command: "ecs list-services-by-namespace --namespace internal --query length(serviceArns)", want: "0"},
	{command: "ecs discover-poll-endpoint --cluster demo", want: "(UnknownOperationException)"},
}

var neighbourSteps = []awsStep{
	{command: "elbv2 describe-target-health --target-group-arn arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067 --query TargetHealthDescriptions[0].TargetHealth.State", want: "healthy"},
	{command: "elbv2 describe-target-groups --names nothing", want: "(TargetGroupNotFound)"},
	{command: "logs get-log-events --log-group-name /ecs/web --log-stream-name x", want: "The specified log stream does not exist."},
	{command: "ecr describe-images --repository-name team/web --image-ids imageTag=v2 --query imageDetails[0].imageTags[0]", want: "v2"},
	{command: "ecr describe-images --repository-name team/web --image-ids imageDigest=sha256:0", want: "(ImageNotFoundException)"},
	{command: "ecr get-login-password", want: "simulated"},
	{command: "sts assume-role --role-arn " + deployRole + " --role-session-name build --query AssumedRoleUser.Arn", want: "arn:aws:sts::123456789012:assumed-role/deploy/build"},
	{command: "sts get-caller-identity --query Account", want: "123456789012"},
}

var endSteps = []awsStep{
	{command: "ecs create-service --cluster demo --service-name web --task-definition web --desired-count 1", want: "Creation of service was not idempotent."},
	{command: "ecs create-service --cluster demo --service-name once --client-token a --task-definition job --desired-count 0 --query service.status", want: "ACTIVE"},
	{command: "ecs create-service --cluster demo --service-name once --client-token a --task-definition job --desired-count 0 --query service.status", want: "ACTIVE"},
	{command: "ecs create-service --cluster demo --service-name once --client-token a --task-definition job --desired-count 1", want: "Creation of service was not idempotent."},
	{command: "ecs delete-service --cluster demo --service once --query service.status", want: "DRAINING"},
	{command: "ecs delete-service --cluster demo --service web", want: "The service cannot be stopped while it is scaled above 0."},
	{command: "ecs update-service --cluster demo --service web --desired-count 0 --query service.desiredCount", want: "0"},
	{after: 2 * time.Hour, command: "ecs delete-service --cluster demo --service web --query service.status", want: "DRAINING"},
	{after: time.Minute, command: "ecs describe-services --cluster demo --services web --query services[0].[status,desiredCount]", want: "INACTIVE 0"},
	{command: "ecs list-services --cluster demo --query length(serviceArns)", want: "0"},
}
