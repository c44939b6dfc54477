package deploy_test

// Deployments that shift traffic, followed in virtual time.

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// shifting is webWorld with a pair of target groups and another strategy.
func shifting(configuration string) string {
	const elb = "arn:aws:elasticloadbalancing:us-east-1:123456789012:"
	ported := strings.Replace(webWorld, `image: "repo/web:v1"}`, `image: "repo/web:v1", portMappings: [{containerPort: 8080}]}`, 1)
	return strings.Replace(ported, `    deploymentCircuitBreaker: {enable: true, rollback: true}
    minimumHealthyPercent: 100
    maximumPercent: 200
`, configuration+`
  loadBalancers:
    - targetGroupArn: `+elb+`targetgroup/blue/73e2d6bc24d8a067
      containerName: app
      containerPort: 8080
      advancedConfiguration:
        alternateTargetGroupArn: `+elb+`targetgroup/green/1b2c3d4e5f607182
        productionListenerRule: `+elb+`listener-rule/app/demo/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee
        testListenerRule: `+elb+`listener-rule/app/demo/50dc6c495c0c9188/0467ef3c8400ae65/8a1b2c3d4e5f6071
        roleArn: arn:aws:iam::123456789012:role/ecsInfrastructureRoleForLoadBalancers
`, 1)
}

const (
	canary    = "    {strategy: CANARY, canaryConfiguration: {canaryPercent: 10, canaryBakeTimeInMinutes: 5}, bakeTimeInMinutes: 5}"
	linear    = "    {strategy: LINEAR, linearConfiguration: {stepPercent: 25, stepBakeTimeInMinutes: 2}, bakeTimeInMinutes: 5}"
	blueGreen = "    {strategy: BLUE_GREEN, bakeTimeInMinutes: 5}"
	bakesADay = "    {strategy: BLUE_GREEN, bakeTimeInMinutes: 1440}"
)

// told are the different things that a watch told of the record: stage, traffic and
// what was awaited, without how long.
func (b *bench) stagesTold() []string {
	var rows []string
	for _, e := range b.events {
		if e.Type != deploy.EventProgress || e.ServiceDeployment == nil {
			continue
		}
		row := e.ServiceDeployment.Stage()
		if waits := e.ServiceDeployment.Waits; len(waits) > 0 {
			row += "; " + waits[0].For
		}
		if len(rows) == 0 || rows[len(rows)-1] != row {
			rows = append(rows, row)
		}
	}
	return rows
}

func TestACanaryIsFollowed(t *testing.T) {
	inWorld(t, shifting(canary), func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		rows := b.stagesTold()
		for _, want := range []string{
			"CANARY, stage SCALE_UP, traffic 100% web:1",
			"CANARY, stage PRODUCTION_TRAFFIC_SHIFT, traffic 10% web:2, 90% web:1, test traffic web:2; step",
			"CANARY, stage BAKE_TIME, traffic 100% web:2; bake",
			"CANARY, stage CLEAN_UP, traffic 100% web:2",
		} {
			if !slices.Contains(rows, want) {
				t.Errorf("not told: %s", want)
			}
		}
		if t.Failed() {
			t.Log(strings.Join(rows, "\n"))
		}
		if text := `^2 of 2 new tasks running; CANARY, stage PRODUCTION_TRAFFIC_SHIFT, traffic 10% web:2, 90% web:1, test traffic web:2; next step in \d+m`; !slices.ContainsFunc(b.events, func(e deploy.Event) bool {
			return e.Type == deploy.EventHeartbeat && regexp.MustCompile(text).MatchString(e.Message)
		}) {
			t.Error("no heartbeat says what is awaited")
		}
	})
}

// TestABakeOfADayIsQuiet: while only a clock runs, a watch makes at most four calls a
// minute, says at least every five minutes what it waits for, and sees the end at once.
func TestABakeOfADayIsQuiet(t *testing.T) {
	inWorld(t, shifting(bakesADay), func(b *bench) {
		var at []time.Time
		b.before = func(string) { at = append(at, time.Now()) }
		began := time.Now()
		outcome := b.run(request(), deploy.Policy{})
		b.want(outcome, "succeeded")
		from, to := began.Add(20*time.Minute), began.Add(23*time.Hour)
		most := 0
		for i := range at {
			if at[i].Before(from) || at[i].After(to) {
				continue
			}
			n := i
			for n < len(at) && at[n].Sub(at[i]) < time.Minute {
				n++
			}
			most = max(most, n-i)
		}
		if most > 4 || most == 0 {
			t.Errorf("%d calls in a minute", most)
		}
		last := began
		for _, e := range b.events {
			if gap := e.Time.Sub(last); gap > 6*time.Minute {
				t.Errorf("nothing was told for %s, until %s", gap, e.Message)
			}
			last = e.Time
		}
		if late := last.Sub(outcome.EndedAt); late > 4*time.Second {
			t.Errorf("the end was seen %s late", late)
		}
	})
}

// TestWhoJoinsABakeKnowsItsEnd: ECS's record says since when it bakes.
func TestWhoJoinsABakeKnowsItsEnd(t *testing.T) {
	inWorld(t, shifting(bakesADay), func(b *bench) {
		b.run(request(), deploy.Policy{NoWait: true})
		time.Sleep(12 * time.Hour)
		status, err := b.deployer().Status(b.Context(), webInProd)
		if err != nil {
			t.Fatal(err)
		}
		waits := status.Last.Waits
		if len(waits) != 1 || waits[0].For != rollout.WaitBake || waits[0].Left < 12*time.Hour || waits[0].Left > 12*time.Hour+10*time.Minute {
			t.Errorf("%+v", waits)
		}
		if got := status.Last.Traffic(); got != "100% web:2" {
			t.Errorf("traffic %s", got)
		}
	})
}

// TestTheRecordIsOurs: ECS lists the deployment of before first, lists ours seconds
// later, and shows the old one as the service's current service deployment.
func TestTheRecordIsOurs(t *testing.T) {
	inWorld(t, shifting(blueGreen), func(b *bench) {
		before := doc{}
		if err := json.Unmarshal(b.raw("ListServiceDeployments", `{"cluster":"prod","service":"web"}`), &before); err != nil {
			t.Fatal(err)
		}
		list := before["serviceDeployments"].([]any)
		old, sent := list[0].(doc)["serviceDeploymentArn"], time.Time{}
		d, _ := b.played(func(x *exchange) doc {
			if x.operation == "UpdateService" {
				sent = time.Now()
			}
			answer := x.ecs()
			switch x.operation {
			case "ListServiceDeployments":
				listed := list
				if time.Since(sent) > 3*time.Second {
					listed = append(listed[:1:1], answer["serviceDeployments"].([]any)...)
				}
				answer["serviceDeployments"] = listed
			case "DescribeServices":
				for _, service := range answer["services"].([]any) {
					service.(doc)["currentServiceDeployment"] = old
				}
			}
			return answer
		})
		o, err := d.Run(b.Context(), request(), deploy.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		b.want(o, "succeeded")
		if o.Deployment.ServiceDeployment == old || o.Elapsed < 5*time.Minute || !strings.HasSuffix(o.Serving, "/web:2") {
			t.Errorf("followed %s for %s", o.Deployment.ServiceDeployment, o.Elapsed)
		}
	})
}

// TestTheLimitIsWhatTheConfigurationNeeds: the default is told at the start, and a limit
// that is given holds.
func TestTheLimitIsWhatTheConfigurationNeeds(t *testing.T) {
	for configuration, want := range map[string]string{
		canary:    "waiting up to 40m for the deployment to end: 30m, and 1 × 5m between steps, bake time 5m",
		linear:    "waiting up to 41m for the deployment to end: 30m, and 3 × 2m between steps, bake time 5m",
		bakesADay: "waiting up to 24h30m for the deployment to end: 30m, and bake time 24h",
		strings.Replace(calling(linear, "PRE_PRODUCTION_TRAFFIC_SHIFT"), "lifecycleStages", "timeoutConfiguration: {timeoutInMinutes: 10, action: ROLLBACK}, lifecycleStages", 1): "waiting up to 1h21m for the deployment to end: 30m, and 3 × 2m between steps, bake time 5m, hooks up to 40m",
		pausing(blueGreen, "POST_SCALE_UP"): "waiting up to 35m for the deployment to end: 30m, and bake time 5m",
		// Nobody has set a limit for the hook; ECS's own one, a day, would hide a hang.
		calling(blueGreen, "PRE_SCALE_UP"):                 "waiting up to 35m for the deployment to end: 30m, and bake time 5m; not counted: hook smoke-test, for which ECS waits up to 24h",
		calling("    {strategy: ROLLING}", "PRE_SCALE_UP"): "waiting up to 30m for the deployment to end; not counted: hook smoke-test, for which ECS waits up to 24h",
	} {
		inWorld(t, shifting(configuration), func(b *bench) {
			b.run(request(), deploy.Policy{})
			if !b.told(deploy.EventLimit, want) {
				t.Errorf("not told: %s", want)
			}
		})
	}
	inWorld(t, shifting(bakesADay), func(b *bench) {
		o := b.run(request(), deploy.Policy{Watch: deploy.WatchOptions{CompleteTimeout: time.Hour}})
		b.want(o, "timed-out")
		if b.told(deploy.EventLimit, "") || !strings.Contains(o.Reason, "did not end within 1h (BLUE_GREEN, stage BAKE_TIME, traffic 100% web:2; bake time ends in 23h") {
			t.Error(o.Reason)
		}
	})
}
