package forecast_test

// Forecasts held against what then happens: whole rollouts of random services, by
// the deployer itself, on a simulated account of which the forecast knows only what
// its calls show.

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/forecast"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// TestMain plays fifty random services, unless a flag says otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "50"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// poll is the longest time between two looks of the deployer, spread included.
const poll = 3300 * time.Millisecond

// account is a simulated account with one service. It is the clock of its deployer,
// and sees every event that happens while that sleeps.
type account struct {
	mu        sync.Mutex
	simulator *ecssim.Simulator
	deployer  func(...deploy.Option) *deploy.Deployer

	began            time.Time // the first deployment after the world was made
	took             time.Duration
	old              string // id of the deployment before
	fewest, most     int
	mostWithStopping int
	fewestEarlier    int
}

// Now is the time of the bubble.
func (a *account) Now() time.Time { return time.Now() }

// Sleep goes from event to event.
func (a *account) Sleep(ctx context.Context, d time.Duration) error {
	clock := ecssim.RealClock()
	until := a.Now().Add(d)
	for {
		next, certain := a.simulator.NextEvent()
		if !certain || next.After(until) {
			return clock.Sleep(ctx, until.Sub(a.Now()))
		}
		if err := clock.Sleep(ctx, next.Sub(a.Now())); err != nil {
			return err
		}
		a.look()
	}
}

// look notes what the service looks like, until its deployment has ended.
func (a *account) look() {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, err := a.simulator.Moment("prod", "web")
	if err != nil {
		panic(err)
	}
	if a.old == "" {
		a.old = m.Deployments[0].ID
		a.fewest, a.fewestEarlier = math.MaxInt, math.MaxInt
	}
	if a.took > 0 {
		return
	}
	running, pending, earlier := 0, 0, 0
	for _, d := range m.Deployments {
		running, pending = running+d.Running, pending+d.Pending
		if d.ID == a.old {
			earlier = d.Running
		}
	}
	a.fewest, a.most = min(a.fewest, running), max(a.most, running+pending)
	a.mostWithStopping = max(a.mostWithStopping, running+pending+m.Stopping)
	a.fewestEarlier = min(a.fewestEarlier, earlier)
	if ended := m.Status == "SUCCESSFUL" || m.Status == "ROLLBACK_SUCCESSFUL" || m.Status == "STOPPED"; ended && m.Deployments[0].ID != a.old || m.Status == "ROLLBACK_SUCCESSFUL" {
		a.took = m.At.Sub(a.began)
	}
}

// open makes the account of a world.
func open(world ecssim.World) (*account, error) {
	a := &account{}
	var err error
	if a.simulator, err = ecssim.New(world); err != nil {
		return nil, err
	}
	a.look()
	a.began = a.Now()
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: a.simulator.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
	a.deployer = func(options ...deploy.Option) *deploy.Deployer {
		return deploy.New(ecs.NewFromConfig(cfg), append(options, deploy.WithClock(a), deploy.WithTargetHealth(elb.NewFromConfig(cfg)))...)
	}
	return a, nil
}

// randomWorld is a service with random settings; its new image does what images say.
func randomWorld(t *rapid.T, images []ecssim.ImageRule) ecssim.World {
	number := func(n int) json.Number { return json.Number(fmt.Sprint(n)) }
	start := ecssim.Duration(time.Duration(rapid.IntRange(3, 150).Draw(t, "start")) * time.Second)
	drain := ecssim.Duration(time.Duration(rapid.IntRange(0, 300).Draw(t, "drain")) * time.Second)
	minimum := rapid.SampledFrom([]int{0, 10, 25, 50, 66, 75, 90, 100}).Draw(t, "minimum")
	maximum := rapid.SampledFrom([]int{100, 110, 125, 150, 200, 300}).Draw(t, "maximum")
	app := map[string]any{"name": "app", "image": "repo/web:v1", "portMappings": []any{map[string]any{"containerPort": number(80)}}}
	if rapid.Bool().Draw(t, "checked") {
		app["healthCheck"] = map[string]any{"command": []any{"CMD", "true"}, "interval": number(rapid.IntRange(5, 90).Draw(t, "interval")),
			"retries": number(rapid.IntRange(1, 5).Draw(t, "retries")), "startPeriod": number(rapid.IntRange(0, 60).Draw(t, "start period"))}
	}
	if stop := rapid.IntRange(0, 20).Draw(t, "stop timeout"); stop > 1 {
		app["stopTimeout"] = number(stop)
	}
	configuration := map[string]any{
		"minimumHealthyPercent": number(minimum), "maximumPercent": number(maximum),
		"deploymentCircuitBreaker": map[string]any{"enable": rapid.Bool().Draw(t, "breaker"), "rollback": rapid.Bool().Draw(t, "rollback")},
	}
	switch rapid.IntRange(0, 5).Draw(t, "extra") {
	case 0:
		configuration["alarms"] = map[string]any{"alarmNames": []any{"errors"}, "enable": true, "rollback": true}
	case 1:
		configuration["earlySuccessCriteria"] = map[string]any{"enable": true, "healthyPercent": number(rapid.IntRange(minimum, 100).Draw(t, "enough")),
			"sourceServiceRevisionCleanup": rapid.SampledFrom([]string{"BLOCKING", "DEFERRED"}).Draw(t, "cleanup")}
	}
	service := ecssim.Document{
		"cluster": "prod", "serviceName": "web", "taskDefinition": "web", "launchType": "FARGATE",
		"desiredCount":            number(rapid.OneOf(rapid.IntRange(1, 6), rapid.IntRange(1, 40)).Draw(t, "tasks")),
		"networkConfiguration":    map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []any{"subnet-1"}}},
		"deploymentConfiguration": configuration,
	}
	if rapid.Bool().Draw(t, "balanced") {
		service["loadBalancers"] = []any{map[string]any{
			"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef", "containerName": "app", "containerPort": number(80)}}
		service["healthCheckGracePeriodSeconds"] = number(rapid.IntRange(0, 90).Draw(t, "grace"))
	}
	for i := range images {
		images[i].Match = "repo/web:v2"
		if images[i].StartAfter > 0 || images[i].Behaviour == ecssim.Starts {
			images[i].StartAfter = start
		}
	}
	return ecssim.World{
		Switches: ecssim.Switches{DeregistrationDelay: &drain},
		Clusters: []ecssim.ClusterSpec{{Name: "prod"}},
		TaskDefinitions: []ecssim.Document{{"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"},
			"cpu": "256", "memory": "512", "containerDefinitions": []any{app}}},
		Services: []ecssim.Document{service},
		Images:   append(images, ecssim.ImageRule{Match: "*", StartAfter: start}),
	}
}

// inVirtualTime plays something in virtual time, and returns what is wrong.
func inVirtualTime(t *testing.T, play func(ctx context.Context) error) (err error) {
	synctest.Test(t, func(t *testing.T) { err = play(t.Context()) })
	return err
}

func request() deploy.Request {
	return deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: "web"}, Want: deploy.Want{Images: []string{"repo/web:v2"}}, AllowStuck: true}
}

// The fewest and the most tasks are exactly those that happen, and the time is right
// within a poll.
func TestForecastIsWhatHappens(t *testing.T) {
	rapid.Check(t, func(random *rapid.T) {
		world := randomWorld(random, []ecssim.ImageRule{{Behaviour: ecssim.Starts}})
		if err := inVirtualTime(t, func(ctx context.Context) error { return compareForecast(ctx, world) }); err != nil {
			random.Fatal(err)
		}
	})
}

func compareForecast(ctx context.Context, world ecssim.World) error {
	a, err := open(world)
	if err != nil {
		return err
	}
	plan, err := a.deployer(deploy.WithForecaster(forecast.New(ecssim.Switches{}))).Plan(ctx, request())
	if err != nil {
		return err
	}
	f := plan.Forecast
	if f == nil || f.None != "" {
		return fmt.Errorf("no forecast: %+v", f)
	}
	outcome, err := a.deployer().Run(ctx, request(), deploy.Policy{Watch: deploy.WatchOptions{CompleteTimeout: time.Duration(f.Usual) + time.Hour}})
	late := outcome.Elapsed - time.Duration(f.Usual)
	switch {
	case err != nil:
		return err
	case f.Stuck && outcome.Verdict == rollout.TimedOut:
		return nil
	case f.Stuck || outcome.Verdict != rollout.Succeeded:
		return fmt.Errorf("%s, forecast stuck: %t", outcome.Verdict, f.Stuck)
	case a.fewest != f.Fewest || a.most != f.Most || a.mostWithStopping != f.MostWithStopping:
		return fmt.Errorf("%d to %d (%d) tasks; forecast %d to %d (%d)", a.fewest, a.most, a.mostWithStopping, f.Fewest, f.Most, f.MostWithStopping)
	case a.took != time.Duration(f.Usual) || f.Shortest != f.Usual:
		return fmt.Errorf("ECS took %s, forecast %s to %s", a.took, f.Shortest, f.Usual)
	case late < 0 || late > poll:
		return fmt.Errorf("the outcome came after %s, forecast %s", outcome.Elapsed, f.Usual)
	}
	return nil
}

// So are the verdict, its time and the old tasks if the image is bad.
func TestWhatIfIsWhatHappens(t *testing.T) {
	rapid.Check(t, func(random *rapid.T) {
		name := rapid.SampledFrom([]string{"cannot-pull", "secrets-missing", "crash-loop", "out-of-memory", "unhealthy"}).Draw(random, "scenario")
		scenario, err := ecssim.LoadScenario(name)
		if err != nil {
			random.Fatal(err)
		}
		world := randomWorld(random, scenario.Images)
		if world.Services[0]["loadBalancers"] == nil && name == "unhealthy" {
			world.Images[0].Check, world.Images[0].After = "container", 0
		}
		if err := inVirtualTime(t, func(ctx context.Context) error { return compareWhatIf(ctx, world, name) }); err != nil {
			random.Fatal(err)
		}
	})
}

func compareWhatIf(ctx context.Context, world ecssim.World, name string) error {
	a, err := open(world)
	if err != nil {
		return err
	}
	plan, err := a.deployer(deploy.WithForecaster(forecast.New(ecssim.Switches{}), name)).Plan(ctx, request())
	if err != nil {
		return err
	}
	if plan.Forecast.None != "" {
		return errors.New(plan.Forecast.None)
	}
	what := plan.Forecast.WhatIf[0]
	outcome, err := a.deployer().Run(ctx, request(), deploy.Policy{Watch: deploy.WatchOptions{CompleteTimeout: time.Duration(what.After) + deploy.DefaultCompleteTimeout + time.Minute}})
	late := outcome.Elapsed - time.Duration(what.After)
	switch {
	case err != nil:
		return err
	case what.Verdict == rollout.TimedOut && outcome.Elapsed > deploy.DefaultCompleteTimeout:
		return nil // it was followed for longer than by default
	case name == "unhealthy" && !what.ByECS && what.Verdict == rollout.Failed && late >= -3*poll && outcome.Verdict != rollout.Succeeded:
		return nil // ecs-deploy gives up when a look shows none of the new tasks running, and these run for minutes
	case outcome.Verdict != what.Verdict:
		return fmt.Errorf("%s after %s (%s), forecast %s after %s: %s", outcome.Verdict, outcome.Elapsed, outcome.Reason, what.Verdict, what.After, what.Says)
	case what.ByECS && (late < 0 || late > poll), late.Abs() > 3*poll: // when ecs-deploy gives up depends on which tasks it has seen
		return fmt.Errorf("%s after %s (%s), forecast after %s: %s", outcome.Verdict, outcome.Elapsed, outcome.Reason, what.After, what.Says)
	case what.ByECS && a.fewestEarlier != what.FewestEarlier:
		return fmt.Errorf("at least %d old tasks ran, forecast %d", a.fewestEarlier, what.FewestEarlier)
	}
	return nil
}
