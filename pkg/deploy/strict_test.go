package deploy_test

// The strict policy: each problem is refused before anything is written, and nothing
// that was not checked is.

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// checking is a deployer with clients of all neighbours.
func (b *bench) checking() *deploy.Deployer {
	cfg := simulated(&recorder{bench: b, next: b.http})
	return deploy.New(b.client, deploy.WithNeighbours(cfg), deploy.WithRegistry(ecr.NewFromConfig(cfg)), deploy.WithObserver(b.observe))
}

// fullHost is a world whose container instance has no room for another task.
const fullHost = `
clusters: [{name: prod, containerInstances: [{count: 1, cpu: 1024, memory: 1100}]}]
taskDefinitions: [{family: web, containerDefinitions: [{name: app, image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v1", cpu: 256, memory: 512}]}]
services: [{cluster: prod, serviceName: web, taskDefinition: web, desiredCount: 2, launchType: EC2, deploymentConfiguration: {minimumHealthyPercent: 100, maximumPercent: 200}}]
`

// strictReads are reads that are not called Describe or List.
var strictReads = []string{"GetRole", "GetParameters"}

// TestStrict: what must fail is refused, with the check that found it.
func TestStrict(t *testing.T) {
	hundred := aws.Int32(100)
	v2 := deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{ecrImage("v2")}}}
	stuck, allowed := v2, v2
	stuck.MinimumHealthyPercent, stuck.MaximumPercent = hundred, hundred
	allowed.ServiceSettings, allowed.AllowStuck = stuck.ServiceSettings, true
	settings := deploy.Request{Ref: webInProd, ServiceSettings: deploy.ServiceSettings{DesiredCount: aws.Int32(3)}}
	for name, c := range map[string]struct {
		world    string
		request  deploy.Request
		denied   string // an operation
		says     string // "": it passes
		problems int    // 0: refused without a check
	}{
		"all is well":       {world: checkWorld, request: v2},
		"image":             {checkWorld + "images: [{match: '*:v2', behaviour: cannotPull}]\n", v2, "", "strict checks refuse web: image app: " + ecrImage("v2") + " does not exist", 1},
		"role":              {checkWorld + "roles: [{arn: 'arn:aws:iam::123456789012:role/web-task'}]\n", v2, "", "role ecsTaskExecutionRole: it does not exist", 1},
		"secret":            {checkWorld + "secrets: [/app/token]\n", v2, "", "secret db-AbCdEf: it does not exist", 1},
		"parameter":         {checkWorld + "secrets: [db]\n", v2, "", "parameter /app/token: it does not exist", 1},
		"two at once":       {checkWorld + "secrets: [/app/token]\nimages: [{match: '*:v2', behaviour: cannotPull}]\n", v2, "", "does not exist; secret db-AbCdEf", 2},
		"capacity":          {fullHost, v2, "", "room: no container instance has room for another task", 1},
		"arithmetic":        {checkWorld, stuck, "", "This deployment cannot make progress", 0},
		"allowed":           {world: checkWorld, request: allowed},
		"only a count":      {world: checkWorld + "secrets: [db]\n", request: settings},
		"a warning":         {world: strings.Replace(checkWorld, "max: 4", "max: 1", 1), request: v2},
		"roles denied":      {world: checkWorld + "roles: [{arn: 'arn:aws:iam::123456789012:role/other'}]\n", request: v2, denied: "GetRole"},
		"secrets denied":    {world: checkWorld + "secrets: [/app/token]\n", request: v2, denied: "DescribeSecret"},
		"parameters denied": {world: checkWorld + "secrets: [db]\n", request: v2, denied: "GetParameters"},
		"images denied":     {world: checkWorld + "images: [{match: '*:v2', behaviour: cannotPull}]\n", request: v2, denied: "DescribeImages"},
		"instances denied":  {world: fullHost, request: v2, denied: "ListContainerInstances"},
		"scaling denied":    {world: checkWorld, request: v2, denied: "DescribeScalableTargets"},
		"alarms denied":     {world: checkWorld, request: v2, denied: "DescribeAlarms"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, c.world, func(b *bench) {
				b.refuse = func(operation string) (string, bool) {
					return `{"__type":"AccessDeniedException","message":"no"}`, c.denied != "" && operation == c.denied
				}
				outcome, err := b.checking().Run(b.Context(), c.request, deploy.Policy{Strict: true, NoWait: true})
				if c.says == "" {
					if err != nil || outcome.Deployment.ID == "" || !slices.Contains(b.wrote(), "UpdateService") {
						t.Errorf("%+v, %v; wrote %v", outcome.Verdict, err, b.wrote())
					}
					return
				}
				b.untouchedBy(strictReads...)
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("%v", err)
				}
				var refused *deploy.RefusedError
				if errors.As(err, &refused) != (c.problems > 0) || refused != nil && (len(refused.Problems) != c.problems || refused.Hint() == "" || refused.ExitCode() != 3) {
					t.Errorf("%+v", refused)
				}
			})
		})
	}
}

// TestStrictPlanIsShown: the plan that was refused was told, with its checks.
func TestStrictPlanIsShown(t *testing.T) {
	inWorld(t, checkWorld+"secrets: [db]\n", func(b *bench) {
		_, err := b.checking().Run(b.Context(), deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{ecrImage("v2")}}}, deploy.Policy{Strict: true})
		if err == nil || len(b.events) != 1 || b.events[0].Plan == nil || len(deploy.Problems(b.events[0].Plan.Checks)) != 1 {
			t.Errorf("%v, %+v", err, b.events)
		}
	})
}

// TestStrictRollback: a rollback whose image is gone is refused; and so is a plan that
// nobody checked.
func TestStrictRollback(t *testing.T) {
	quiet := strings.Replace(checkWorld, "alarms: {enable: true", "alarms: {enable: false", 1)
	inWorld(t, quiet, func(b *bench) {
		d := b.checking()
		v2 := deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{ecrImage("v2")}}}
		o, err := d.Run(b.Context(), v2, deploy.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		b.want(o, "succeeded")
		b.refuse = func(operation string) (string, bool) {
			return `{"__type":"ImageNotFoundException","message":"gone"}`, operation == "DescribeImages"
		}
		back, err := d.PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
		if err != nil {
			t.Fatal(err)
		}
		v3 := v2
		v3.Images = []string{ecrImage("v3")}
		forward, err := d.Plan(b.Context(), v3)
		if err != nil {
			t.Fatal(err)
		}
		b.calls = nil
		for _, plan := range []*deploy.Plan{back, forward} {
			_, err = d.Carry(b.Context(), plan, deploy.Policy{Strict: true})
			var refused *deploy.RefusedError
			if !errors.As(err, &refused) || refused.Problems[0].Subject != "image app" {
				t.Errorf("%v", err)
			}
		}
		b.untouchedBy(strictReads...)
	})
}

// TestStrictTasks: a one-off task is refused for what it lacks, and the tasks before a
// deployment never run if the deployment is refused.
func TestStrictTasks(t *testing.T) {
	task := deploy.TaskRequest{Ref: webInProd, Command: []string{"migrate"}}
	for name, c := range map[string]struct{ world, denied, says string }{
		"image":       {checkWorld + "images: [{match: '*:v1', behaviour: cannotPull}]\n", "", "strict checks refuse web: image app: " + ecrImage("v1") + " does not exist"},
		"role":        {checkWorld + "roles: [{arn: 'arn:aws:iam::123456789012:role/web-task'}]\n", "", "role ecsTaskExecutionRole: it does not exist"},
		"secret":      {checkWorld + "secrets: [/app/token]\n", "", "secret db-AbCdEf: it does not exist"},
		"not checked": {checkWorld + "secrets: [/app/token]\n", "DescribeSecret", ""},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, c.world, func(b *bench) {
				b.refuse = func(operation string) (string, bool) {
					return `{"__type":"AccessDeniedException","message":"no"}`, c.denied != "" && operation == c.denied
				}
				d := deploy.New(b.client, deploy.WithNeighbours(simulated(&recorder{bench: b, next: b.http})), deploy.WithRegistry(ecr.NewFromConfig(simulated(&recorder{bench: b, next: b.http}))))
				_, err := d.RunTask(b.Context(), task, deploy.TaskPolicy{Strict: true, NoWait: true})
				if c.says == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				var refused *deploy.RefusedError
				if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v", err)
				}
				b.untouchedBy(strictReads...)
			})
		})
	}
	inWorld(t, checkWorld+"secrets: [db]\n", func(b *bench) {
		r := deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{ecrImage("v2")}}, BeforeTasks: []deploy.TaskStep{{Command: []string{"migrate"}}}}
		confirmed := func(context.Context, *deploy.Plan) error { t.Error("asked about what is refused"); return nil }
		if _, err := b.checking().Run(b.Context(), r, deploy.Policy{Strict: true, Confirm: confirmed}); err == nil {
			t.Error("not refused")
		}
		b.untouchedBy(strictReads...)
	})
}
