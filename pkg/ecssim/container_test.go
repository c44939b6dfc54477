package ecssim_test

// This file tests the containers of a task: their order, those that are not
// essential, and with which codes they exit.

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

func seconds(n int) ecssim.Duration { return ecssim.Duration(time.Duration(n) * time.Second) }

// definition is a container definition: "name=image", and more members.
func definition(nameAndImage string, more ecssim.Document) map[string]any {
	name, image, _ := strings.Cut(nameAndImage, "=")
	c := map[string]any{"name": name, "image": image, "memory": 64}
	for member, v := range more {
		c[member] = v
	}
	return c
}

func after(container, condition string) []any {
	return []any{map[string]any{"containerName": container, "condition": condition}}
}

var (
	spare = ecssim.Document{"essential": false}
	check = map[string]any{"command": []any{"CMD", "true"}, "interval": 15, "retries": 2}
)

// podWorld is a cluster with the task definition pod and no service.
func podWorld(containers []any, rules []ecssim.ImageRule) ecssim.World {
	return ecssim.World{
		Clusters: []ecssim.ClusterSpec{{Name: "demo", CapacityProviders: []string{"FARGATE_SPOT"}}},
		TaskDefinitions: []ecssim.Document{{"family": "pod", "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"},
			"cpu": "256", "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/execution", "containerDefinitions": containers}},
		Images: rules,
	}
}

// told is a task in one line: its status, and each container's with exit code.
func told(task types.Task) string {
	line := *task.LastStatus + ":"
	for _, c := range task.Containers {
		line += " " + *c.Name + " " + *c.LastStatus
		if c.ExitCode != nil {
			line += fmt.Sprintf(" %d", *c.ExitCode)
		}
		if c.HealthStatus != types.HealthStatusUnknown {
			line += " " + string(c.HealthStatus)
		}
	}
	return line
}

func TestContainers(t *testing.T) {
	three := 3
	migrate := ecssim.ImageRule{Match: "migrate:1", Behaviour: ecssim.Exits, Code: new(int), After: seconds(10)}
	broken := ecssim.ImageRule{Match: "migrate:1", Behaviour: ecssim.Exits, Code: &three, After: seconds(10)}
	// A task starts its containers after 25.1 s.
	for name, c := range map[string]struct {
		containers []any
		rules      []ecssim.ImageRule
		want       map[int]string // by seconds
	}{
		"a migration that succeeds": {
			[]any{definition("app=app:1", ecssim.Document{"dependsOn": after("migrate", "SUCCESS")}), definition("migrate=migrate:1", spare)},
			[]ecssim.ImageRule{migrate},
			map[int]string{
				20: "PENDING: app PENDING migrate PENDING",
				30: "PENDING: app PENDING migrate RUNNING",
				36: "RUNNING: app RUNNING migrate STOPPED 0",
				99: "RUNNING: app RUNNING migrate STOPPED 0",
			},
		},
		"a migration that fails": {
			[]any{definition("app=app:1", ecssim.Document{"dependsOn": after("migrate", "SUCCESS")}), definition("migrate=migrate:1", spare)},
			[]ecssim.ImageRule{broken},
			map[int]string{36: "DEPROVISIONING: app STOPPED 143 migrate STOPPED 3", 99: "STOPPED: app STOPPED 143 migrate STOPPED 3"},
		},
		"a migration that may fail": {
			[]any{definition("app=app:1", ecssim.Document{"dependsOn": after("migrate", "COMPLETE")}), definition("migrate=migrate:1", spare)},
			[]ecssim.ImageRule{broken},
			map[int]string{30: "PENDING: app PENDING migrate RUNNING", 99: "RUNNING: app RUNNING migrate STOPPED 3"},
		},
		"an init container without a rule": {
			[]any{definition("app=app:1", ecssim.Document{"dependsOn": after("init", "SUCCESS")}), definition("init=init:1", spare)},
			nil,
			map[int]string{29: "PENDING: app PENDING init RUNNING", 31: "RUNNING: app RUNNING init STOPPED 0"},
		},
		"a sidecar that crashes": {
			[]any{definition("app=app:1", nil), definition("log=log:1", spare)},
			[]ecssim.ImageRule{{Match: "log:1", Behaviour: ecssim.OutOfMemory}},
			map[int]string{30: "RUNNING: app RUNNING log RUNNING", 99: "RUNNING: app RUNNING log STOPPED 137"},
		},
		"a sidecar that cannot be pulled": {
			[]any{definition("app=app:1", nil), definition("log=log:1", spare)},
			[]ecssim.ImageRule{{Match: "log:1", Behaviour: ecssim.CannotPull}},
			map[int]string{30: "RUNNING: app RUNNING log STOPPED"},
		},
		"an essential sidecar that crashes": {
			[]any{definition("app=app:1", nil), definition("log=log:1", nil)},
			[]ecssim.ImageRule{{Match: "log:1", Behaviour: ecssim.Exits}},
			map[int]string{31: "DEPROVISIONING: app STOPPED 0 log STOPPED 1"},
		},
		"a sidecar that must be healthy": {
			[]any{definition("app=app:1", ecssim.Document{"dependsOn": after("proxy", "HEALTHY"), "healthCheck": check}),
				definition("proxy=proxy:1", ecssim.Document{"healthCheck": check})},
			nil,
			map[int]string{
				39: "PENDING: app PENDING proxy RUNNING",
				41: "RUNNING: app RUNNING proxy RUNNING HEALTHY",
				60: "RUNNING: app RUNNING HEALTHY proxy RUNNING HEALTHY",
			},
		},
		"a sidecar that is not healthy in time": {
			[]any{definition("app=app:1", ecssim.Document{"dependsOn": after("proxy", "HEALTHY")}),
				definition("proxy=proxy:1", ecssim.Document{"healthCheck": check, "startTimeout": 20})},
			[]ecssim.ImageRule{{Match: "proxy:1", Behaviour: ecssim.Unhealthy, Check: "container"}},
			map[int]string{44: "PENDING: app PENDING proxy RUNNING", 46: "DEPROVISIONING: app STOPPED 143 proxy STOPPED 0"},
		},
		"a chain": {
			[]any{
				definition("c=c:1", ecssim.Document{"dependsOn": after("b", "START")}),
				definition("b=b:1", ecssim.Document{"dependsOn": after("a", "COMPLETE")}),
				definition("a=a:1", spare),
			},
			nil,
			map[int]string{29: "PENDING: c PENDING b PENDING a RUNNING", 31: "RUNNING: c RUNNING b RUNNING a STOPPED 0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, client := start(t, podWorld(c.containers, c.rules))
				task := run(t, client, job(func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("pod") }))[0]
				for second := 1; second < 100; second++ {
					time.Sleep(time.Second)
					if want := c.want[second]; want != "" {
						if got := told(taskNow(t, client, task)); got != want {
							t.Errorf("after %d s: %s, want %s", second, got, want)
						}
					}
				}
			})
		})
	}
}

// TestStopTimes stops a task whose containers take their time.
func TestStopTimes(t *testing.T) {
	code := 143
	for name, c := range map[string]struct {
		term, limit int // seconds: SIGTERM to exit, stopTimeout
		want        string
		took        time.Duration // the two containers exit one after the other
	}{
		"by themselves": {4, 10, "STOPPED: app STOPPED 143 proxy STOPPED 0", 8 * time.Second},
		"killed":        {60, 10, "STOPPED: app STOPPED 137 proxy STOPPED 137", 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := podWorld([]any{
					definition("app=app:1", ecssim.Document{"dependsOn": after("proxy", "START"), "stopTimeout": c.limit}),
					definition("proxy=proxy:1", ecssim.Document{"stopTimeout": c.limit}),
				}, []ecssim.ImageRule{{Match: "app:1", StopCode: &code}})
				term := seconds(c.term)
				world.Switches.TaskStopTime = &term
				_, client := start(t, world)
				task := run(t, client, job(func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("pod") }))[0]
				time.Sleep(time.Minute)
				if _, err := client.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String("demo"), Task: task.TaskArn}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Minute)
				end := taskNow(t, client, task)
				if got := told(end); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
				if took := end.ExecutionStoppedAt.Sub(*end.StoppingAt); took != c.took {
					t.Errorf("SIGTERM to exit: %s, want %s", took, c.took)
				}
			})
		})
	}
}

// TestRolloutWithMigration deploys a service whose tasks migrate first.
func TestRolloutWithMigration(t *testing.T) {
	for name, c := range map[string]struct {
		code   int
		status types.ServiceDeploymentStatus
		failed bool
	}{
		"works": {0, types.ServiceDeploymentStatusSuccessful, false},
		"fails": {1, types.ServiceDeploymentStatusRollbackSuccessful, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := podWorld([]any{
					definition("app=app:1", ecssim.Document{"dependsOn": after("migrate", "SUCCESS")}),
					definition("migrate=migrate:1", spare),
				}, []ecssim.ImageRule{{Match: "migrate:1", Behaviour: ecssim.Exits, Code: &c.code, After: seconds(10)}})
				world.Services = []ecssim.Document{{
					"serviceName": "web", "cluster": "demo", "taskDefinition": "pod", "desiredCount": 2, "launchType": "FARGATE",
					"networkConfiguration":    map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []any{"subnet-1"}}},
					"deploymentConfiguration": map[string]any{"deploymentCircuitBreaker": map[string]any{"enable": true, "rollback": true}},
				}}
				_, client := start(t, world)
				update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true})
				sd := settle(t, client, 30*time.Minute)
				if sd.Status != c.status || (sd.DeploymentCircuitBreaker.FailureCount > 0) != c.failed {
					t.Errorf("%s, %d failures", sd.Status, sd.DeploymentCircuitBreaker.FailureCount)
				}
			})
		})
	}
}
