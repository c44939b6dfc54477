package deploy_test

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// failures are the scenarios in which the application, the cluster or the
// request is at fault.
func failures() []scenario {
	const breakerOnly = "enable: true, rollback: true"
	noRollback := []string{breakerOnly, "enable: true, rollback: false"}
	nobody := []string{breakerOnly, "enable: false, rollback: false"}
	return []scenario{
		{name: "bad image tag", ecs: "circuit breaker, rollback", world: fail("cannotPull"), verdict: "rolled-back", exit: 6, says: "× CannotPullContainerError", others: "`services-stable`, fabfuel, SIL, ecspresso wait: success"},
		{name: "crash loop", ecs: "exit code 1, circuit breaker, rollback", world: fail("exits"), verdict: "rolled-back", exit: 6, says: "× Essential container in task exited (container app, exit code 1)", others: "as above"},
		{name: "out of memory", ecs: "killed, circuit breaker, rollback", world: fail("outOfMemory"), verdict: "rolled-back", exit: 6, says: "× OutOfMemoryError", others: "as above"},
		{name: "target group unhealthy", ecs: "tasks run and fail the health checks", world: fail("unhealthy"), edit: balancedService, verdict: "rolled-back", exit: 6, says: "Task failed ELB health checks", others: "as above"},
		{name: "secrets out of reach", ecs: "each attempt takes five minutes", world: fail("initFail"), verdict: "rolled-back", exit: 6, says: "× ResourceInitializationError", others: "give up long before"},
		{name: "alarm", ecs: "a CloudWatch alarm goes off during the bake, rollback on", world: alarms, edit: []string{breakerOnly + "}", breakerOnly + "}\n    alarms: {alarmNames: [errors], enable: true, rollback: true}"}, verdict: "rolled-back", exit: 6, says: "alarms: errors", others: "success, before the alarm"},
		{name: "rolled back before the first look", ecs: "all is over when we look", world: fail("exits"), run: lateLook, verdict: "rolled-back", exit: 6, says: "rolled back because the circuit breaker", others: "success"},
		{name: "rolled back, records denied", ecs: "only DescribeServices is allowed", world: fail("exits") + "\nfaults: [{operations: ['*ServiceDeployments'], code: AccessDeniedException, message: no}]\n", verdict: "rolled-back", exit: 6, says: "ECS rolled back to deployment", others: "success"},
		{name: "breaker without rollback", ecs: "PRIMARY stays FAILED, the old one serves", world: fail("exits"), edit: noRollback, verdict: "failed", exit: 5, says: "× Essential container in task exited", others: "wait until their time is up"},
		{name: "nothing to roll back to", ecs: "the first deployment of a service fails", world: fail("exits"), run: firstDeployment, verdict: "failed", exit: 5, says: "No rollback candidate was found", others: "wait until their time is up"},
		{name: "no breaker, crash loop", ecs: "ECS starts tasks for ever", world: fail("exits"), edit: nobody, verdict: "failed", exit: 5, says: "ECS keeps retrying", others: "wait until their time is up, without a reason"},
		{name: "no breaker, flaky starts", ecs: "a third of the starts fail, the others stay", world: "\nimages: [{match: 'repo/web:v2', behaviour: exits, probability: 0.34}]\n", edit: nobody, verdict: "succeeded", exit: 0, says: "completed", others: "mostly the same"},
		{name: "the same, --rollback-on-failure", ecs: "we go back by an update", world: fail("exits"), edit: nobody, run: deployedBy(deploy.Policy{RollbackOnFailure: true}), verdict: "rolled-back", exit: 6, says: "rolled back to web:1", others: "SIL: on a timeout, not awaited"},
		{name: "no room", ecs: "min 100, max 100: no task may start or stop", edit: []string{"maximumPercent: 200", "maximumPercent: 100"}, verdict: "error", exit: 3, says: "cannot make progress", others: "time is up, no reason"},
		{name: "no room, --allow-stuck", ecs: "min 100, max 100: no task may start or stop", edit: []string{"maximumPercent: 200", "maximumPercent: 100"}, run: allowedStuck, verdict: "timed-out", exit: 7, says: "unable to stop or start tasks", others: "time is up, no reason"},
		{name: "no capacity", ecs: "no task can be placed", world: "\nswitches: {placementRetry: 3m}\n", edit: []string{"[{name: prod}]", "[{name: prod, taskSlots: 0}]"}, verdict: "rolled-back", exit: 6, says: "Capacity is unavailable", others: "time is up, no reason"},
		{name: "nothing running within -t", ecs: "a task needs 4 minutes, -t is 100 s", world: slow, run: deployedBy(deploy.Policy{Watch: deploy.WatchOptions{RunningTimeout: 100 * time.Second}}), verdict: "timed-out", exit: 7, says: "no task of the new deployment was running within 1m40s", others: "give up at another time than they were told"},
		{name: "quota", ecs: "RegisterTaskDefinition: LimitExceededException", world: "\nfaults: [{operations: [RegisterTaskDefinition], code: LimitExceededException, message: too many}]\n", verdict: "error", exit: 1, says: "LimitExceededException", others: "the SDK tries three times"},
		{name: "iam:PassRole denied", ecs: "RegisterTaskDefinition: AccessDeniedException", world: "\nfaults: [{operations: [RegisterTaskDefinition], code: AccessDeniedException, message: 'User: x is not authorized to perform: iam:PassRole on resource: arn:r'}]\n", verdict: "error", exit: 4, says: "iam:PassRole", others: "the error, with exit code 1"},
		{name: "no such service", ecs: "failures: MISSING", run: deployedTo("prod", "none"), verdict: "error", exit: 3, says: "service none does not exist in cluster prod", others: "some crash; some register first"},
		{name: "no such cluster", ecs: "ClusterNotFoundException", run: deployedTo("none", "web"), verdict: "error", exit: 3, says: "cluster none does not exist", others: "as above"},
		{name: "deleted service", ecs: "the service is INACTIVE", run: deletedService, verdict: "error", exit: 3, says: "not ACTIVE", others: "register first, then fail"},
		{name: "CODE_DEPLOY controller", ecs: "UpdateService would refuse", run: controlledBy("CODE_DEPLOY"), verdict: "error", exit: 3, says: "the CODE_DEPLOY deployment controller", others: "aws-actions: register first"},
		{name: "EXTERNAL controller", ecs: "UpdateService would refuse", run: controlledBy("EXTERNAL"), verdict: "error", exit: 3, says: "the EXTERNAL deployment controller", others: "aws-actions: after registering"},
		{name: "deregistered revision", ecs: "-d names an INACTIVE one", run: deregistered, verdict: "error", exit: 3, says: "web:1 is INACTIVE", others: "ECS's error, at the update"},
	}
}

// alarms is a world in which an alarm goes off after each deployment.
const alarms = "\nalarms: [{name: errors, afterDeployment: true, after: 3m}]\n"

// classicService puts the service behind a Classic Load Balancer.
var classicService = []string{
	"    launchType: FARGATE\n    networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}\n",
	"    launchType: EC2\n    loadBalancers: [{loadBalancerName: classic, containerName: app, containerPort: 80}]\n",
	"[{name: prod}]", "[{name: prod, containerInstances: [{count: 4}]}]",
	"networkMode: awsvpc\n    requiresCompatibilities: [FARGATE]", "networkMode: bridge",
	`image: "repo/web:v1"`, `image: "repo/web:v1", portMappings: [{containerPort: 80}]`,
}

// balancedService puts the service behind a target group.
var balancedService = []string{
	"    launchType: FARGATE\n", "    launchType: FARGATE\n    loadBalancers: [{targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1', containerName: app, containerPort: 80}]\n",
	`image: "repo/web:v1"`, `image: "repo/web:v1", portMappings: [{containerPort: 80}]`,
}

// lateLook looks for the first time twenty minutes after the update.
func lateLook(b *bench) said {
	o := b.run(request(), deploy.Policy{NoWait: true})
	time.Sleep(20 * time.Minute)
	return b.say(b.deployer().Watch(b.Context(), o.Deployment, deploy.WatchOptions{}))
}

// firstDeployment creates a service whose first deployment fails, and waits for
// it.
func firstDeployment(b *bench) said {
	bad, err := b.deployer().Render(b.Context(), request().Ref, request().Want)
	if err != nil {
		b.Fatal(err)
	}
	text, err := bad.MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	b.raw("RegisterTaskDefinition", string(text))
	_, err = b.client.CreateService(b.Context(), &ecs.CreateServiceInput{
		Cluster: aws.String("prod"), ServiceName: aws.String("first"), TaskDefinition: aws.String("web:2"), DesiredCount: aws.Int32(1),
		LaunchType:              types.LaunchTypeFargate,
		NetworkConfiguration:    &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
		DeploymentConfiguration: &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: true}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return b.say(b.follow("prod", "first", ""), nil)
}

func deployedTo(cluster, service string) func(b *bench) said {
	return func(b *bench) said {
		r := request()
		r.Cluster, r.Service = cluster, service
		got := b.say(b.deployer().Run(b.Context(), r, deploy.Policy{}))
		b.untouched()
		return got
	}
}

func deletedService(b *bench) said {
	if _, err := b.client.DeleteService(b.Context(), &ecs.DeleteServiceInput{Cluster: aws.String("prod"), Service: aws.String("web"), Force: aws.Bool(true)}); err != nil {
		b.Fatal(err)
	}
	time.Sleep(time.Hour)
	b.calls = nil
	got := deployed(b)
	b.untouched()
	return got
}

func controlledBy(controller string) func(b *bench) said {
	return func(b *bench) said {
		b.answer = func(operation string) (string, bool) {
			return `{"services":[{"serviceName":"web","serviceArn":"arn:aws:ecs:us-east-1:1:service/prod/web","status":"ACTIVE","deploymentController":{"type":"` + controller + `"}}]}`,
				operation == "DescribeServices"
		}
		got := deployed(b)
		b.untouched()
		return got
	}
}

func allowedStuck(b *bench) said {
	r := request()
	r.AllowStuck = true
	return b.say(b.deployer().Run(b.Context(), r, deploy.Policy{}))
}

func deregistered(b *bench) said {
	b.run(request(), deploy.Policy{})
	b.deregister("web:1")
	b.calls = nil
	got := b.say(b.deployer().Run(b.Context(), deploy.Request{Ref: webInProd, Want: deploy.Want{TaskDefinition: "web:1"}}, deploy.Policy{}))
	b.untouched()
	return got
}
