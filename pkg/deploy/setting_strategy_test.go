package deploy_test

// The settings of a service that say how it deploys.

import (
	"errors"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

func of[T any](value T) *T { return &value }

// configured is the deploymentConfiguration of the world's service.
func (b *bench) configured() string {
	b.Helper()
	return string(jsonOf(b, b.document()["deploymentConfiguration"]))
}

// TestStrategySettings: what is asked is sent within the whole configuration of the
// service, and starts no deployment.
func TestStrategySettings(t *testing.T) {
	for name, tt := range map[string]struct {
		settings deploy.ServiceSettings
		has      []string // parts of the configuration afterwards
		restore  string
	}{
		"strategy":  {deploy.ServiceSettings{Strategy: of("LINEAR"), StepPercent: of(25.0), StepBakeTimeInMinutes: of(int32(3))}, []string{`"strategy":"LINEAR"`, `"stepPercent":25`, `"stepBakeTimeInMinutes":3`, `"bakeTimeInMinutes":5`}, "--strategy canary"},
		"bake time": {deploy.ServiceSettings{BakeTimeInMinutes: of(int32(60))}, []string{`"bakeTimeInMinutes":60`, `"canaryPercent":10`}, "--bake-time 5m"},
		"canary":    {deploy.ServiceSettings{CanaryPercent: of(12.5), CanaryBakeTimeInMinutes: of(int32(0))}, []string{`"canaryPercent":12.5`, `"canaryBakeTimeInMinutes":0`}, "--canary-percent 10 --canary-bake-time 5m"},
		"breaker":   {deploy.ServiceSettings{DeploymentCircuitBreaker: of(deploy.CircuitBreakerRollback)}, []string{`"enable":true,"resetOnHealthyTask":false,"rollback":true`}, "--circuit-breaker off"},
		"alarms":    {deploy.ServiceSettings{Alarms: of([]string{"errors", "latency"})}, []string{`"alarms":{"alarmNames":["errors","latency"],"enable":true,"rollback":true}`}, "--alarm old"},
		"no alarms": {deploy.ServiceSettings{Alarms: of([]string{deploy.NoAlarm})}, []string{`"enable":false`}, "--alarm old"},
		"rolling":   {deploy.ServiceSettings{Strategy: of("ROLLING")}, []string{`"strategy":"ROLLING"`}, "--strategy canary"},
	} {
		t.Run(name, func(t *testing.T) {
			world := shifting(more(canary, "deploymentCircuitBreaker: {enable: false, rollback: false, resetOnHealthyTask: false}, alarms: {alarmNames: [old], enable: true, rollback: true}"))
			inWorld(t, world, func(b *bench) {
				r := deploy.Request{Ref: webInProd, ServiceSettings: tt.settings}
				plan, err := b.deployer().Plan(b.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if plan.Action != deploy.ActionSettings || len(plan.Notes) != 1 || !strings.HasPrefix(plan.Notes[0], "ECS starts no deployment") {
					t.Errorf("%s: %q", plan.Action, plan.Notes)
				}
				var restore []string
				for _, setting := range plan.Settings {
					restore = append(restore, setting.Restore()...)
				}
				if got := strings.Join(restore, " "); !strings.HasPrefix(got, tt.restore) {
					t.Errorf("restored by %s, want %s", got, tt.restore)
				}
				b.want(b.run(r, deploy.Policy{}), "updated")
				after := b.configured()
				for _, part := range tt.has {
					if !strings.Contains(after, part) {
						t.Errorf("%s is not in %s", part, after)
					}
				}
				if n := b.deployments(); n != 1 {
					t.Errorf("%d deployments", n)
				}
				b.want(b.run(r, deploy.Policy{}), "unchanged")
			})
		})
	}
}

// TestTheNextDeploymentUsesTheStrategy: also if it is changed with the image.
func TestTheNextDeploymentUsesTheStrategy(t *testing.T) {
	inWorld(t, shifting(blueGreen), func(b *bench) {
		r := request()
		r.Strategy, r.CanaryPercent, r.CanaryBakeTimeInMinutes = of("CANARY"), of(20.0), of(int32(1))
		b.want(b.run(r, deploy.Policy{}), "succeeded")
		if rows := strings.Join(b.stagesTold(), "\n"); !strings.Contains(rows, "CANARY, stage PRODUCTION_TRAFFIC_SHIFT, traffic 20% web:2, 80% web:1") {
			t.Error(rows)
		}
	})
}

// TestStrategiesAreRefused before anything is written, with the reason.
func TestStrategiesAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		world    string
		settings deploy.ServiceSettings
		want     string
	}{
		"canary without traffic": {webWorld, deploy.ServiceSettings{Strategy: of("CANARY")}, "cannot deploy with the strategy canary: it has no load balancer, Service Connect or VPC Lattice"},
		"a plain load balancer":  {strings.NewReplacer(balancedService...).Replace(webWorld), deploy.ServiceSettings{Strategy: of("BLUE_GREEN")}, "cannot deploy with the strategy blue-green: its load balancer has no second target group"},
		"steps of another":       {shifting(blueGreen), deploy.ServiceSettings{CanaryPercent: of(5.0)}, "the canary percent is a setting of the strategy canary, and service web deploys with blue-green"},
		"no strategy":            {webWorld, deploy.ServiceSettings{Strategy: of("PURPLE")}, `"PURPLE" is not a deployment strategy`},
		"too long":               {shifting(blueGreen), deploy.ServiceSettings{BakeTimeInMinutes: of(int32(1441))}, "the bake time is 1441 minutes; ECS takes 0 to 1440"},
		"too small a step":       {shifting(linear), deploy.ServiceSettings{StepPercent: of(2.9)}, "the step percent is 2.9; ECS takes 3 to 100"},
		"too fine":               {shifting(canary), deploy.ServiceSettings{CanaryPercent: of(0.15)}, "the canary percent is 0.15; ECS takes 0.1 to 100, in steps of 0.1"},
		"two groups":             {shifting(blueGreen) + rules("50", "50"), deploy.ServiceSettings{}, "the production rule of service web sends traffic to 2 target groups (blue 50, green 50)"},
	} {
		inWorld(t, tt.world, func(b *bench) {
			r := request()
			r.ServiceSettings = tt.settings
			_, err := b.deployer().Run(b.Context(), r, deploy.Policy{})
			if got := b.say(deploy.Outcome{}, err); err == nil || got.exit != 3 || !strings.Contains(got.text, tt.want) {
				t.Errorf("%s: %v, want %s", name, err, tt.want)
			}
			b.untouched()
		})
	}
}

// TestARuleWithTwoGroupsShowsItsWeights: the remedy says what to change, and its command
// only shows.
func TestARuleWithTwoGroupsShowsItsWeights(t *testing.T) {
	inWorld(t, shifting(blueGreen)+rules("50", "50"), func(b *bench) {
		_, err := b.deployer().Plan(b.Context(), request())
		var refused *deploy.UsageError
		if !errors.As(err, &refused) || !strings.HasPrefix(refused.Remedy, "give all the weight to the group of the running tasks, with aws elbv2 modify-rule; to see it first: aws elbv2 describe-rules --rule-arns arn:") {
			b.Errorf("%v: %+v", err, refused)
		}
	})
}

// TestABreakerThatIsOffIsTold in the plan of a deployment that shifts traffic.
func TestABreakerThatIsOffIsTold(t *testing.T) {
	for configuration, told := range map[string]bool{blueGreen: true, more(blueGreen, breaker): false} {
		inWorld(t, shifting(configuration), func(b *bench) {
			plan, err := b.deployer().Plan(b.Context(), request())
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(strings.Join(plan.Notes, "\n"), "no circuit breaker is on"); got != told {
				t.Errorf("%s: %q", configuration, plan.Notes)
			}
		})
	}
}
