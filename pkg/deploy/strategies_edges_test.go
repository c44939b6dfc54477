package deploy_test

// More rows of docs/scenarios.md about deployments that shift traffic: what AWS documents
// about their beginning, hooks, rules and ends, beside the common ones.

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

const (
	infraRole  = "arn:aws:iam::123456789012:role/ecsInfrastructureRoleForLoadBalancers"
	hooksRole  = "arn:aws:iam::123456789012:role/hooks"
	otherGroup = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/other/3b2c3d4e5f607182"
	thirty     = "    {strategy: LINEAR, linearConfiguration: {stepPercent: 30, stepBakeTimeInMinutes: 1}, bakeTimeInMinutes: 1}"
)

// limited gives the hook of a world a timeout of its own.
func limited(world, minutes, action string) string {
	return strings.Replace(world, "lifecycleStages: [", "timeoutConfiguration: {timeoutInMinutes: "+minutes+", action: "+action+"}, lifecycleStages: [", 1)
}

// roles are those of a world, of which one lacks an action.
func roles(denied string, of ...string) string {
	world := "\nroles:\n"
	for _, role := range of {
		world += "  - {arn: '" + role + "', denied: ['" + denied + "']}\n"
	}
	return world
}

// untested is a world without a rule for the test traffic.
func untested(world string) string {
	return strings.Replace(world, "        testListenerRule: "+testRule+"\n", "", 1)
}

// connected is a world whose service gets its traffic by Service Connect.
func connected(configuration string) string {
	return strings.Replace(webWorld, `    deploymentCircuitBreaker: {enable: true, rollback: true}
    minimumHealthyPercent: 100
    maximumPercent: 200
`, configuration+"\n  serviceConnectConfiguration: {enabled: true, namespace: internal}\n", 1)
}

// created is a service whose first deployment somebody waits for.
func created(b *bench) said {
	like := b.describe("web")
	_, err := b.client.CreateService(b.Context(), &ecs.CreateServiceInput{
		Cluster: aws.String("prod"), ServiceName: aws.String("first"), TaskDefinition: like.TaskDefinition, DesiredCount: aws.Int32(2),
		LaunchType: types.LaunchTypeFargate, LoadBalancers: elsewhere(like.LoadBalancers), NetworkConfiguration: like.NetworkConfiguration,
		DeploymentConfiguration: like.DeploymentConfiguration,
	})
	if err != nil {
		b.Fatal(err)
	}
	joined, err := b.deployer().Join(b.Context(), deploy.Ref{Cluster: "prod", Service: "first"}, "")
	if err != nil {
		b.Fatal(err)
	}
	return b.say(b.deployer().Watch(b.Context(), joined, deploy.WatchOptions{}))
}

// elsewhere are load balancers with other target groups and rules.
func elsewhere(balancers []types.LoadBalancer) []types.LoadBalancer {
	other := func(arn *string) *string { return aws.String(aws.ToString(arn) + "1") }
	for i, b := range balancers {
		advanced := *b.AdvancedConfiguration
		advanced.AlternateTargetGroupArn, advanced.ProductionListenerRule = other(advanced.AlternateTargetGroupArn), other(advanced.ProductionListenerRule)
		advanced.TestListenerRule = other(advanced.TestListenerRule)
		balancers[i].TargetGroupArn, balancers[i].AdvancedConfiguration = other(b.TargetGroupArn), &advanced
	}
	return balancers
}

// afterADay deploys, and waits for the deployment a day later.
func afterADay(b *bench) said {
	b.run(request(), deploy.Policy{NoWait: true})
	return waited(24 * time.Hour)(b)
}

// replacing deploys over a deployment that is unfinished.
func replacing(b *bench) said {
	first := request()
	first.Images = []string{"repo/web:other"}
	b.run(first, deploy.Policy{NoWait: true})
	time.Sleep(150 * time.Second) // 10% of the traffic has moved
	return b.say(b.deployer().Run(b.Context(), request(), deploy.Policy{IfInProgress: deploy.IfInProgressReplace}))
}

// later shows what an operation answers only some time after it began to be so.
func later(b *bench, of string, hides func(answer map[string]any) bool) said {
	var since time.Time
	var earlier map[string]any
	d := b.edited(func(operation string, answer map[string]any) {
		switch {
		case operation != of:
		case !hides(answer):
			earlier = answer
		case since.IsZero(), time.Since(since) < 38*time.Second:
			if since.IsZero() {
				since = time.Now()
			}
			clear(answer)
			for member, value := range earlier {
				answer[member] = value
			}
		}
	})
	got := b.say(d.Run(b.Context(), request(), deploy.Policy{}))
	if since.IsZero() {
		b.Error("nothing was late")
	}
	return got
}

// completedAlone reports whether a service as ECS describes it has a deployment that completed
// and no other one.
func completedAlone(answer map[string]any) bool {
	text, _ := json.Marshal(answer["services"])
	return strings.Count(string(text), `"rolloutState":"COMPLETED"`) == 1 && strings.Count(string(text), "rolloutState") == 2 && strings.Contains(string(text), "task-definition/web:2")
}

func successful(answer map[string]any) bool {
	text, _ := json.Marshal(answer)
	return strings.Contains(string(text), `"SUCCESSFUL"`) && strings.Contains(string(text), "finishedAt")
}

// ruleMoved deploys after somebody has pointed the production rule at the other group.
func ruleMoved(b *bench) said {
	b.pointAt(productionRule, blueGroup)
	return deployed(b)
}

// continuedTwice answers a pause that is answered already.
func continuedTwice(b *bench) said {
	b.run(request(), deploy.Policy{Watch: deploy.WatchOptions{OnPause: deploy.OnPauseExit}})
	p := b.inProgress()
	pauses, err := p.Pauses("")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := b.deployer().Continue(b.Context(), p, pauses, deploy.Policy{}); err != nil {
		b.Fatal(err)
	}
	_, err = b.deployer().InProgress(b.Context(), webInProd)
	return b.say(deploy.Outcome{}, err)
}

// otherHook continues a pause by the id of another one.
func otherHook(b *bench) said {
	b.run(request(), deploy.Policy{Watch: deploy.WatchOptions{OnPause: deploy.OnPauseExit}})
	_, err := b.inProgress().Pauses("ecs-pause-of-the-step-before")
	return b.say(deploy.Outcome{}, err)
}

// strategyEdges are more scenarios of deployments that shift traffic.
func strategyEdges() []scenario {
	networkWorld := networked(shifting(blueGreen))
	all := []scenario{
		{name: "an unfinished canary is replaced", ecs: "RECONCILE_SERVICE first: the revision with most of the traffic stays", world: shifting(canary), run: replacing, verdict: "succeeded", exit: 0, says: "completed", others: "deploy over it; success when the tasks run"},
		{name: "a first deployment", ecs: "CreateService, with a hook; there is no earlier revision", world: shifting(calling(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), run: created, verdict: "succeeded", exit: 0, says: "completed", others: "none follows it"},
		{name: "a first deployment is refused", ecs: "there is nothing to roll back to; the cause is only in the service events", world: shifting(calling(blueGreen, "POST_TEST_TRAFFIC_SHIFT")) + answering("answer: fails, logs: ['1 of 2 checks failed']"), run: created, verdict: "failed", exit: 5, says: "ended by hook smoke-test at stage POST_TEST_TRAFFIC_SHIFT: 1 of 2 checks failed", others: "\"No rollback candidate was found\""},
		{name: "no test listener", ecs: "the stages of the test traffic take no time, their hooks run", world: untested(shifting(calling(blueGreen, "POST_TEST_TRAFFIC_SHIFT"))), verdict: "succeeded", exit: 0, says: "completed", others: "success when the new tasks run"},
		{name: "--until test-traffic, no test listener", ecs: "the stage is reached", world: untested(shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT"))), run: until("test-traffic"), verdict: "running", exit: 0, says: "ECS continues: all traffic", others: ""},
		{name: "steps that do not add up to 100", ecs: "30, 60, 90, 100%", world: shifting(thirty), verdict: "succeeded", exit: 0, says: "completed", others: "as above"},
		{name: "a step of 100%", ecs: "a linear deployment of one step", world: shifting(strings.Replace(thirty, "30", "100", 1)), verdict: "succeeded", exit: 0, says: "completed", others: "as above"},
		{name: "Service Connect", ecs: "a canary without a load balancer", world: connected(canary), verdict: "succeeded", exit: 0, says: "completed", others: "as above"},
		{name: "SUCCESSFUL before COMPLETED", ecs: "the record ends 38 s before the rollout state does", world: shifting(blueGreen), run: func(b *bench) said { return later(b, "DescribeServices", completedAlone) }, verdict: "succeeded", exit: 0, says: "completed", others: "38 s later"},
		{name: "COMPLETED before SUCCESSFUL", ecs: "the rollout state ends 38 s before the record does", world: shifting(blueGreen), run: func(b *bench) said { return later(b, "DescribeServiceDeployments", successful) }, verdict: "succeeded", exit: 0, says: "completed", others: "success, 38 s early"},

		{name: "a hook times out, ROLLBACK", ecs: "the function answers IN_PROGRESS for the 10 minutes that it may", world: limited(shifting(calling(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), "10", "ROLLBACK") + answering("answer: hangs, logs: [{text: still running}]"), verdict: "rolled-back", exit: 6, says: "timed out.; ended by hook smoke-test at stage POST_TEST_TRAFFIC_SHIFT", others: "time is up, no reason"},
		{name: "a hook times out, CONTINUE", ecs: "the same, and its timeout lets the deployment continue", world: limited(shifting(calling(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), "10", "CONTINUE") + answering("answer: hangs"), verdict: "succeeded", exit: 0, says: "completed", others: "time is up, no reason"},
		{name: "a pause times out, CONTINUE, --on-pause wait", ecs: "nobody answers for an hour", world: limited(shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), "60", "CONTINUE"), run: onPause(deploy.OnPauseWait), verdict: "succeeded", exit: 0, says: "completed", others: "time is up"},
		{name: "the role of a hook is gone", ecs: "ECS cannot assume it", world: shifting(calling(blueGreen, "PRE_SCALE_UP")) + roles("", infraRole), verdict: "rolled-back", exit: 6, says: "ECS was unable to assume role", others: "success"},
		{name: "a hook refuses beside a pause", ecs: "both run at the same stage; nobody needs to answer the pause", world: strings.Replace(shifting(calling(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), "lifecycleHooks: [", "lifecycleHooks: [{targetType: PAUSE, lifecycleStages: [POST_TEST_TRAFFIC_SHIFT]}, ", 1) + answering("answer: fails, logs: ['1 of 2 checks failed']"), run: onPause(deploy.OnPauseWait), verdict: "rolled-back", exit: 6, says: "ended by hook smoke-test at stage POST_TEST_TRAFFIC_SHIFT: 1 of 2 checks failed", others: "success"},
		{name: "a hook refuses a rolling deployment", ecs: "a Lambda hook at PRE_SCALE_UP; no task is started", world: shifting(calling("    {strategy: ROLLING}", "PRE_SCALE_UP")) + answering("answer: fails, logs: [{text: 'frozen until Monday'}]"), verdict: "rolled-back", exit: 6, says: "ended by hook smoke-test at stage PRE_SCALE_UP: frozen until Monday", others: "success: the earlier tasks run"},
		{name: "a pause before the first task", ecs: "PRE_SCALE_UP", world: shifting(pausing(canary, "PRE_SCALE_UP")), verdict: "paused", exit: 9, says: "of stage PRE_SCALE_UP until", others: "no task starts: time is up"},
		{name: "a pause after all traffic has moved", ecs: "POST_PRODUCTION_TRAFFIC_SHIFT", world: shifting(pausing(canary, "POST_PRODUCTION_TRAFFIC_SHIFT")), verdict: "paused", exit: 9, says: "traffic 100% web:2", others: "success, before somebody rejects it"},
		{name: "continue, another pause's hook", ecs: "each pause has an id of its own", world: shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), run: otherHook, verdict: "error", exit: 3, says: "does not wait at hook ecs-pause-of-the-step-before", others: "ECS's error"},
		{name: "continue, too late", ecs: "the deployment has ended", world: shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), run: continuedTwice, verdict: "error", exit: 3, says: "has no deployment in progress; the last one ended SUCCESSFUL", others: "ECS's error"},
		{name: "stop, before any task", ecs: "StopServiceDeployment while the deployment is PENDING", world: shifting(blueGreen), run: stoppedAfter(time.Second, 0), verdict: "succeeded", exit: 0, says: "rolled back on request", others: "none offers it"},

		{name: "an alarm that is on before", ecs: "ECS ignores the alarms of that deployment", world: shifting(more(canary, "alarms: {alarmNames: [errors], enable: true, rollback: true}")) + "\nalarms: [{name: errors, after: 0s}]\n", verdict: "succeeded", exit: 0, says: "completed", others: "as above"},
		{name: "a stage takes a day", ecs: "the new tasks hang while they start, no circuit breaker: the limit of a stage", world: shifting(blueGreen) + fail("hangs"), run: afterADay, verdict: "rolled-back", exit: 6, says: "exceeded the limit of 24 hours", others: "time is up, no reason"},
		{name: "--complete-timeout in the bake time", ecs: "ECS continues", world: shifting(bakesADay), run: deployedBy(deploy.Policy{Watch: deploy.WatchOptions{CompleteTimeout: time.Hour}}), verdict: "timed-out", exit: 7, says: "did not end within 1h (BLUE_GREEN, stage BAKE_TIME, traffic 100% web:2; bake time ends in 23h", others: "time is up, no reason"},

		{name: "a foreign target group is live", ecs: "the production rule sends the traffic to a group of another service", world: shifting(blueGreen) + strings.ReplaceAll(rules("0", "0"), "forward: [", "forward: [{targetGroup: '"+otherGroup+"', weight: 1}, "), verdict: "error", exit: 3, says: "sends its traffic to target group other, and not to blue or green", others: "deploy, and wait"},
		{name: "the rule was moved before the deployment", ecs: "the new tasks start in the group of the running ones; ECS does not notice", world: shifting(blueGreen), run: ruleMoved, verdict: "succeeded", exit: 0, says: "completed", others: "success; both revisions answer for a while"},
		{name: "the role of the load balancer is gone", ecs: "ECS rolls back at once", world: shifting(blueGreen) + roles("", hooksRole), verdict: "rolled-back", exit: 6, says: "missing permissions on ECS Infrastructure Role", others: "success"},
		{name: "the role cannot change the rule", ecs: "elasticloadbalancing:ModifyRule is denied at the first shift", world: shifting(blueGreen) + roles("elasticloadbalancing:ModifyRule", infraRole), verdict: "rolled-back", exit: 6, says: "ended by its listener rules at stage TEST_TRAFFIC_SHIFT", others: "success"},
		{name: "the role cannot change the listener", ecs: "the same with a Network Load Balancer, ten minutes later", world: networkWorld + roles("elasticloadbalancing:ModifyListener", infraRole), verdict: "rolled-back", exit: 6, says: "elasticloadbalancing:ModifyListener", others: "success"},

		{name: "Express mode, deploy", ecs: "ECS manages the service", world: expressWorld, verdict: "error", exit: 3, says: "uses Express mode", others: "UpdateService, behind the back of Express mode"},
		{name: "Express mode, wait", ecs: "UpdateExpressGatewayService: a canary of 5%", world: expressWorld, run: func(b *bench) said { b.express(); return waited(time.Minute)(b) }, verdict: "succeeded", exit: 0, says: "completed", others: "aws ecs monitor-express-gateway-service shows it"},
	}
	for i := range all {
		all[i].full = true
	}
	return all
}
