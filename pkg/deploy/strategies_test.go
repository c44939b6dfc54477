package deploy_test

// The rows of docs/scenarios.md about deployments that shift traffic.

import (
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const (
	productionRule = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/demo/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
	testRule       = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/demo/50dc6c495c0c9188/0467ef3c8400ae65/8a1b2c3d4e5f6071"
	blueGroup      = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/blue/73e2d6bc24d8a067"
	greenGroup     = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/green/1b2c3d4e5f607182"
)

// more adds members to a deployment configuration.
func more(configuration, members string) string {
	return strings.TrimSuffix(configuration, "}") + ", " + members + "}"
}

// calling adds a Lambda hook at a stage.
func calling(configuration, stage string) string {
	return more(configuration, "lifecycleHooks: [{hookTargetArn: 'arn:aws:lambda:us-east-1:123456789012:function:smoke-test', roleArn: 'arn:aws:iam::123456789012:role/hooks', lifecycleStages: ["+stage+"]}]")
}

// answering is what the function of the hook does.
func answering(rule string) string { return "\nfunctions: [{match: smoke-test, " + rule + "}]\n" }

// rules sends the production traffic of the world's service to its groups, by weights.
func rules(blue, green string) string {
	forward := "forward: [{targetGroup: '" + blueGroup + "', weight: " + blue + "}, {targetGroup: '" + greenGroup + "', weight: " + green + "}]"
	return "\nrules: [{arn: '" + productionRule + "', " + forward + "}, {arn: '" + testRule + "', " + forward + "}]\n"
}

// acting is what somebody does some time after the deployment began.
func acting(after, operation, input string) string {
	return "\nactors: [{afterDeployment: true, after: " + after + ", operation: " + operation + ", input: {" + input + "}}]\n"
}

// until follows a deployment up to somewhere.
func until(end rollout.Until) func(b *bench) said {
	return deployedBy(deploy.Policy{Watch: deploy.WatchOptions{Until: end}})
}

func onPause(answer deploy.OnPause) func(b *bench) said {
	return deployedBy(deploy.Policy{Watch: deploy.WatchOptions{OnPause: answer}})
}

// stoppedAfter has the deployment stopped by ecs-deploy stop.
func stoppedAfter(look, stop time.Duration) func(b *bench) said {
	return func(b *bench) said {
		b.run(request(), deploy.Policy{NoWait: true})
		time.Sleep(look)
		p := b.inProgress()
		time.Sleep(stop)
		return b.say(b.deployer().Stop(b.Context(), p, deploy.Policy{}))
	}
}

const breaker = "deploymentCircuitBreaker: {enable: true, rollback: true}"

// strategies are the scenarios of deployments that shift traffic.
func strategies() []scenario {
	stop := "serviceDeploymentArn: '{serviceDeployment}', stopType: ROLLBACK"
	all := []scenario{
		{name: "blue/green", ecs: "all traffic at once, 5 minutes of bake time", world: shifting(blueGreen), verdict: "succeeded", exit: 0, says: "completed", others: "success when the new tasks run, before any traffic has moved"},
		{name: "canary", ecs: "10% for 5 minutes, then all", world: shifting(canary), verdict: "succeeded", exit: 0, says: "completed", others: "as above"},
		{name: "linear", ecs: "25% every 2 minutes", world: shifting(linear), verdict: "succeeded", exit: 0, says: "completed", others: "as above"},
		{name: "a bake time of a day", ecs: "IN_PROGRESS for 24 hours with all traffic on the new tasks", world: shifting(bakesADay), verdict: "succeeded", exit: 0, says: "completed", others: "time is up, no reason"},
		{name: "Network Load Balancer", ecs: "each shift takes ten minutes longer", world: strings.ReplaceAll(strings.ReplaceAll(shifting(linear), "listener-rule/app/demo/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee", "listener/net/demo/50dc6c495c0c9188/f2f7dc8efc522ab2"), "listener-rule/app/demo/50dc6c495c0c9188/0467ef3c8400ae65/8a1b2c3d4e5f6071", "listener/net/demo/50dc6c495c0c9188/0467ef3c8400ae65"), verdict: "succeeded", exit: 0, says: "completed", others: "as above"},
		{name: "blue/green without a load balancer", ecs: "tasks are replaced, no traffic is shifted", world: strings.Replace(webWorld, "    deploymentCircuitBreaker: {enable: true, rollback: true}\n", "    strategy: BLUE_GREEN\n    bakeTimeInMinutes: 1\n", 1), verdict: "succeeded", exit: 0, says: "completed", others: "as above"},
		{name: "blue/green, records denied", ecs: "only DescribeServices is allowed", world: shifting(blueGreen) + "\nfaults: [{operations: ['*ServiceDeployments'], code: AccessDeniedException, message: no}]\n", verdict: "succeeded", exit: 0, says: "completed", others: "as above"},
		{name: "--until test-traffic", ecs: "the test listener shows the new revision alone", world: shifting(pausing(canary, "POST_TEST_TRAFFIC_SHIFT")), run: until(rollout.UntilTestTraffic), verdict: "running", exit: 0, says: "the test traffic goes to web:2; ECS continues: 10% of the traffic for 5m, all traffic", others: "ecspresso: the stage's name"},
		{name: "--until canary", ecs: "the first 10% of the traffic", world: shifting(canary), run: until(rollout.UntilCanary), verdict: "running", exit: 0, says: "production traffic: 10% web:2, 90% web:1; ECS continues: all traffic, bake time 5m", others: "none offers it"},
		{name: "--until production", ecs: "all traffic; the bake time begins", world: shifting(bakesADay), run: until(rollout.UntilProduction), verdict: "running", exit: 0, says: "production traffic: 100% web:2; ECS continues: bake time 24h, the earlier tasks stop", others: "ecspresso: deployed"},
		{name: "--until canary, rolling", ecs: "a rolling deployment has no canary", world: webWorld, run: until(rollout.UntilCanary), verdict: "succeeded", exit: 0, says: "completed", others: ""},
		{name: "a hook that takes its time", ecs: "the function answers IN_PROGRESS four times", world: shifting(calling(blueGreen, "POST_TEST_TRAFFIC_SHIFT")) + answering("inProgress: 4"), verdict: "succeeded", exit: 0, says: "completed", others: "time is up, or success too early"},
		{name: "a hook refuses", ecs: "the function answers FAILED before the production shift", world: shifting(calling(blueGreen, "POST_TEST_TRAFFIC_SHIFT")) + answering("answer: fails, logs: ['1 of 2 checks failed']"), verdict: "rolled-back", exit: 6, says: "ended by hook smoke-test at stage POST_TEST_TRAFFIC_SHIFT: 1 of 2 checks failed", others: "success"},
		{name: "a hook refuses late", ecs: "the function answers FAILED when all traffic has moved", world: shifting(calling(blueGreen, "POST_PRODUCTION_TRAFFIC_SHIFT")) + answering("answer: fails"), verdict: "rolled-back", exit: 6, says: "ended by hook smoke-test at stage POST_PRODUCTION_TRAFFIC_SHIFT", others: "success"},
		{name: "a hook raises", ecs: "the function ends with an exception", world: shifting(calling(canary, "PRE_SCALE_UP")) + answering("answer: raises"), verdict: "rolled-back", exit: 6, says: "HookStatus must not be null", others: "success"},
		{name: "a hook cannot be invoked", ecs: "its role does not allow lambda:InvokeFunction", world: shifting(calling(canary, "POST_SCALE_UP")) + answering("answer: denied"), verdict: "rolled-back", exit: 6, says: "unable to invoke hook target", others: "success"},
		{name: "a hook that never answers", ecs: "IN_PROGRESS, and nobody has set a timeout: ECS waits for 24 hours", world: shifting(calling(blueGreen, "POST_TEST_TRAFFIC_SHIFT")) + answering("answer: hangs"), verdict: "timed-out", exit: 7, says: "hook smoke-test is running (ECS rolls back in 23h27m", others: "time is up, no reason"},
		{name: "pause before the production shift", ecs: "a person looks at the test listener first", world: shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), verdict: "paused", exit: 9, says: "of stage POST_TEST_TRAFFIC_SHIFT until 2000-01-02", others: "hang, up to 14 days"},
		{name: "a pause at each step, --on-pause continue", ecs: "four pauses, each with an id of its own", world: shifting(pausing(linear, "PRE_PRODUCTION_TRAFFIC_SHIFT")), run: onPause(deploy.OnPauseContinue), verdict: "succeeded", exit: 0, says: "completed", others: "none offers it"},
		{name: "somebody continues, --on-pause wait", ecs: "ContinueServiceDeployment after 3 hours", world: shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")) + acting("3h", "ContinueServiceDeployment", "serviceDeploymentArn: '{serviceDeployment}', hookId: '{hook}'"), run: onPause(deploy.OnPauseWait), verdict: "succeeded", exit: 0, says: "completed", others: "time is up"},
		{name: "nobody continues, --on-pause wait", ecs: "the pause times out after 24 hours", world: shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")), run: onPause(deploy.OnPauseWait), verdict: "rolled-back", exit: 6, says: "ended by a pause hook at stage POST_TEST_TRAFFIC_SHIFT", others: "time is up"},
		{name: "a pause is answered with ROLLBACK", ecs: "ContinueServiceDeployment with the action ROLLBACK", world: shifting(pausing(blueGreen, "POST_TEST_TRAFFIC_SHIFT")) + acting("1h", "ContinueServiceDeployment", "serviceDeploymentArn: '{serviceDeployment}', hookId: '{hook}', action: ROLLBACK"), run: onPause(deploy.OnPauseWait), verdict: "rolled-back", exit: 6, says: "ended by a pause hook", others: "success"},
		{name: "somebody stops a canary", ecs: "StopServiceDeployment with 10% on the new tasks", world: shifting(canary) + acting("4m", "StopServiceDeployment", stop), verdict: "superseded", exit: 8, says: "somebody asked ECS to roll the deployment back", others: "success"},
		{name: "stop", ecs: "StopServiceDeployment in the bake time", world: shifting(bakesADay), run: stoppedAfter(2*time.Hour, 0), verdict: "succeeded", exit: 0, says: "rolled back on request", others: "none offers it"},
		{name: "stop, too late", ecs: "the deployment completes before the request", world: shifting(blueGreen), run: stoppedAfter(2*time.Minute, time.Hour), verdict: "failed", exit: 5, says: "too late to stop it", others: "none offers it"},
		{name: "alarm in the canary step", ecs: "a CloudWatch alarm goes off with 10% on the new tasks", world: shifting(more(canary, "alarms: {alarmNames: [errors], enable: true, rollback: true}")) + "\nalarms: [{name: errors, afterDeployment: true, after: 4m, image: 'repo/web:v2'}]\n", verdict: "rolled-back", exit: 6, says: "ended by a CloudWatch alarm at stage PRODUCTION_TRAFFIC_SHIFT; alarms: errors", others: "success"},
		{name: "alarm in the bake time", ecs: "a CloudWatch alarm goes off after 10 hours with all traffic moved", world: shifting(more(bakesADay, "alarms: {alarmNames: [errors], enable: true, rollback: true}")) + "\nalarms: [{name: errors, afterDeployment: true, after: 10h, image: 'repo/web:v2'}]\n", verdict: "rolled-back", exit: 6, says: "ended by a CloudWatch alarm at stage BAKE_TIME; alarms: errors", others: "success, before the alarm"},
		{name: "blue/green, crash loop", ecs: "circuit breaker on", world: shifting(more(blueGreen, breaker)) + fail("exits"), verdict: "rolled-back", exit: 6, says: "ended by the circuit breaker at stage SCALE_UP", others: "success"},
		{name: "blue/green, crash loop, no breaker", ecs: "ECS starts tasks for up to 24 hours", world: shifting(blueGreen) + fail("exits"), verdict: "failed", exit: 5, says: "ECS keeps retrying", others: "wait until their time is up, without a reason"},
		{name: "two groups have weight", ecs: "somebody left the production rule half way", world: shifting(blueGreen) + rules("50", "50"), verdict: "error", exit: 3, says: "sends traffic to 2 target groups (blue 50, green 50)", others: "deploy, and wait"},
		{name: "the same, rules denied", ecs: "ECS rolls the deployment back at once", world: shifting(blueGreen) + rules("50", "50") + "\nfaults: [{operations: [DescribeRules], code: AccessDenied, message: no}]\n", verdict: "rolled-back", exit: 6, says: "should have exactly one target group serving traffic but found 2", others: "success"},
		{name: "the rule is moved back in the bake time", ecs: "somebody sends the production traffic to the earlier tasks; ECS says SUCCESSFUL", world: shifting(blueGreen) + acting("4m", "ModifyRule", "RuleArn: '"+productionRule+"', Actions: [{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: '"+blueGroup+"', Weight: 0}, {TargetGroupArn: '"+greenGroup+"', Weight: 100}]}}]"), verdict: "failed", exit: 5, says: "the deployment completed, but the production rule sends nothing to target group blue of the running tasks", others: "success"},
		{name: "somebody deploys over a canary", ecs: "UpdateService with 10% on the new tasks", world: shifting(canary) + acting("4m", "UpdateService", "cluster: prod, service: web, forceNewDeployment: true"), verdict: "superseded", exit: 8, says: "took over", others: "success, of the colleague's"},
	}
	for i := range all {
		all[i].full = true
	}
	return all
}
