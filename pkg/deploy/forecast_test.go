package deploy_test

// What a plan reads for its forecast. Package forecast's own tests are about what is
// made of it.

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// listener is a forecaster that keeps what it is told.
type listener struct {
	told []deploy.Conditions
	made deploy.Forecast
	err  error
}

func (l *listener) Forecast(_ context.Context, c deploy.Conditions) (deploy.Forecast, error) {
	l.told = append(l.told, c)
	return l.made, l.err
}

// planned is a plan with a forecast.
func planned(b *bench, l *listener, r deploy.Request) *deploy.Plan {
	b.Helper()
	plan, err := deploy.New(b.client, deploy.WithForecaster(l, "crash-loop"), deploy.WithTargetHealth(b.elb)).Plan(b.Context(), r)
	if err != nil {
		b.Fatal(err)
	}
	return plan
}

const webGroup = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067"

// balanced is webWorld behind a target group, with a grace period and a health check.
var balanced = strings.NewReplacer(
	"    desiredCount: 2\n", "    desiredCount: 2\n    healthCheckGracePeriodSeconds: 90\n    loadBalancers: [{targetGroupArn: '"+webGroup+"', containerName: app, containerPort: 80}]\n",
	`image: "repo/web:v1"`, `image: "repo/web:v1", portMappings: [{containerPort: 80}], stopTimeout: 7, healthCheck: {command: [CMD, "true"], interval: 10}`,
).Replace(webWorld) + "images: [{match: '*', startAfter: 50s}]\nswitches: {deregistrationDelay: 75s}\n"

func TestConditions(t *testing.T) {
	inWorld(t, balanced, func(b *bench) {
		l := &listener{made: deploy.Forecast{Fewest: 2, Basis: []deploy.Basis{{Name: "a", Value: "b", Source: "c"}}}}
		r := request()
		r.DesiredCount, r.MinimumHealthyPercent = new(int32(5)), new(int32(50))
		plan := planned(b, l, r)
		app := taskdef.Timing{Container: "app", Essential: true, StopTimeout: 7 * time.Second, Check: &taskdef.HealthCheck{Interval: 10 * time.Second, Retries: 3}}
		containers := []taskdef.Timing{app, {Container: "proxy", Essential: true}}
		want := deploy.Conditions{
			Tasks: 2, Desired: 5, GracePeriod: 90 * time.Second, Before: containers, Wanted: containers,
			TargetGroups: []deploy.TargetGroup{{ARN: webGroup, Interval: 30 * time.Second, Unhealthy: 2, DeregistrationDelay: 75 * time.Second}},
			Starts:       []time.Duration{50 * time.Second, 50 * time.Second}, Patience: 3, WatchedPatience: 15, WhatIf: []string{"crash-loop"},
		}
		got := l.told[0]
		configuration, err := json.Marshal(got.Configuration)
		if err != nil {
			t.Fatal(err)
		}
		if wanted := `"maximumPercent":200,"minimumHealthyPercent":50`; !strings.Contains(string(configuration), wanted) {
			t.Errorf("the configuration is %s", configuration)
		}
		got.Configuration = nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("conditions (-want +got):\n%s", diff)
		}
		var basis []string
		for _, fact := range plan.Forecast.Basis {
			basis = append(basis, fact.String())
		}
		if got, want := strings.Join(basis, "\n"), "start of a task 50s (its 2 running tasks)\nderegistration delay 1m15s (target group)\na b (c)\nearlier deployments 2m (for comparison)"; got != want {
			t.Errorf("basis:\n%s\nwant\n%s", got, want)
		}
		if plan.Forecast.Fewest != 2 || len(plan.Forecast.Unknown) != 0 {
			t.Errorf("%+v", plan.Forecast)
		}
	})
}

// A forecast costs three calls to ECS, and nobody pays who did not ask.
func TestForecastCalls(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		if plan, err := deploy.New(b.client).Plan(b.Context(), request()); err != nil || plan.Forecast != nil {
			t.Fatal(plan.Forecast, err)
		}
		before := len(b.calls)
		planned(b, &listener{}, request())
		var more []string
		for _, call := range b.calls[2*before:] {
			more = append(more, call.operation)
		}
		slices.Sort(more)
		if got := strings.Join(more, " "); got != "DescribeTasks ListServiceDeployments ListTasks" {
			t.Errorf("a forecast calls %s", got)
		}
	})
}

// What cannot be read is named, and replaced by a default.
func TestForecastWithoutPermissions(t *testing.T) {
	denied := balanced + "faults: [{operations: [ListTasks, ListServiceDeployments, 'DescribeTargetGroup*'], code: AccessDeniedException, message: denied}]\n"
	inWorld(t, denied, func(b *bench) {
		l := &listener{}
		plan := planned(b, l, request())
		if group := l.told[0].TargetGroups[0]; group.Interval != 30*time.Second || group.DeregistrationDelay != 5*time.Minute || len(l.told[0].Starts) != 0 {
			t.Errorf("%+v", l.told[0])
		}
		unknown := strings.Join(plan.Forecast.Unknown, "\n")
		for _, part := range []string{"start time of its tasks: ecs:ListTasks is not allowed", "duration of its earlier deployments: ecs:ListServiceDeployments is not allowed",
			"health checks of its target groups; every 30s is assumed: elasticloadbalancing:DescribeTargetGroups is not allowed", "deregistration delay of a target group; the default, 5m, is assumed: elasticloadbalancing:DescribeTargetGroupAttributes is not allowed"} {
			if !strings.Contains(unknown, part) {
				t.Errorf("%q is not in\n%s", part, unknown)
			}
		}
	})
}

// A restart changes no definition: the one in service is read for its health checks.
func TestForecastOfARestart(t *testing.T) {
	inWorld(t, balanced, func(b *bench) {
		l := &listener{}
		planned(b, l, deploy.Request{Ref: webInProd, ForceNewDeployment: true})
		if c := l.told[0]; len(c.Wanted) != 2 || c.Wanted[0].Check == nil || len(c.Before) != 2 {
			t.Errorf("%+v", c)
		}
	})
}

// A forecast that cannot be made says why, and the plan is there.
func TestNoForecast(t *testing.T) {
	t.Run("forecaster", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			if plan := planned(b, &listener{err: errors.New("too strange")}, request()); plan.Forecast.None != "too strange" {
				t.Errorf("%+v", plan.Forecast)
			}
		})
	})
	t.Run("in progress", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			d := deploy.New(b.client)
			plan, err := d.Plan(b.Context(), request())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Apply(b.Context(), plan); err != nil {
				t.Fatal(err)
			}
			r := request()
			r.Images = []string{"repo/web:v3"}
			if plan := planned(b, &listener{}, r); !strings.Contains(plan.Forecast.None, "is in progress") {
				t.Errorf("%+v", plan.Forecast)
			}
		})
	})
	t.Run("strategy", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			text := `{"services": [{"serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/prod/web", "serviceName": "web", "status": "ACTIVE",
				"clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/prod", "taskDefinition": "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1",
				"desiredCount": 2, "runningCount": 2, "deploymentConfiguration": {"strategy": "RAINBOW"}}]}`
			b.answer = func(operation string) (string, bool) { return text, operation == "DescribeServices" }
			if plan := planned(b, &listener{}, request()); plan.Forecast.None != "a forecast does not cover the strategy RAINBOW" {
				t.Errorf("%+v", plan.Forecast)
			}
		})
	})
	t.Run("nothing to do", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			if plan := planned(b, &listener{}, deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{"repo/web:v1"}}}); plan.Forecast != nil {
				t.Errorf("%+v", plan.Forecast)
			}
		})
	})
}
