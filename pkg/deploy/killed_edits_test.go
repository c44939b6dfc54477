package deploy_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestKilledWithEdits: killed at any call up to the update, and run again, the
// edits are made once, whatever they are made in.
func TestKilledWithEdits(t *testing.T) {
	file, err := taskdef.Parse("web.yaml", []byte(`
family: web
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
cpu: 256
memory: 512
containerDefinitions: [{name: app, image: "repo/web:v1", cpu: 0.0}, {name: proxy, image: "nginx:1.29", portMappings: [{containerPort: 80}]}]
`), taskdef.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	edits := []taskdef.Edit{taskdef.SetEnvironment("app", "A", "1"), taskdef.SetMemory("1 GB"), taskdef.SetTag("owner", "data"), taskdef.SetRuntimePlatform("linux/arm64")}
	for name, r := range map[string]deploy.Request{
		"in service": {Ref: webInProd, Want: deploy.Want{Edits: edits, Tag: "v2", TagOnly: []string{"app"}}},
		"revision":   {Ref: webInProd, Want: deploy.Want{Edits: edits, TaskDefinition: "web:1"}},
		"file":       {Ref: webInProd, Want: deploy.Want{Edits: edits, Definition: file}},
	} {
		for n := 1; n <= 8; n++ {
			for _, moment := range []string{"before", "after"} {
				t.Run(fmt.Sprintf("%s %s call %d", name, moment, n), func(t *testing.T) {
					inWorld(t, webWorld, func(b *bench) {
						b.killAt, b.killAfter = n, moment == "after"
						func() {
							defer func() {
								if r := recover(); r != nil && !errors.Is(r.(error), errKilled) {
									panic(r)
								}
							}()
							_, _ = b.deployer().Run(b.Context(), r, deploy.Policy{})
						}()
						b.killAt = 0
						b.want(b.run(r, deploy.Policy{}), "succeeded")
						if n := b.revisions("web"); n != 2 {
							b.Errorf("%d revisions, want 2", n)
						}
						if s := b.describe("web"); rollout.ShortName(*s.TaskDefinition) != "web:2" || len(s.Deployments) != 1 {
							b.Errorf("in service: %s, %d deployments", *s.TaskDefinition, len(s.Deployments))
						}
						b.want(b.run(r, deploy.Policy{}), "unchanged")
					})
				})
			}
		}
	}
}

// TestWaitingWithEdits: after the deployment in the way, the edits are made of what
// that one brought, and nothing of it is lost.
func TestWaitingWithEdits(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.run(request(), deploy.Policy{NoWait: true}) // repo/web:v2
		o := b.run(deploy.Request{Ref: webInProd, Want: deploy.Want{Edits: []taskdef.Edit{taskdef.SetEnvironment("app", "A", "1")}}},
			deploy.Policy{IfInProgress: deploy.IfInProgressWait})
		b.want(o, "succeeded")
		app := b.registered("web")["containerDefinitions"].([]any)[0].(map[string]any)
		if app["image"] != "repo/web:v2" || fmt.Sprint(app["environment"]) != "[map[name:A value:1]]" {
			t.Errorf("registered %v", app)
		}
		if s := b.describe("web"); rollout.ShortName(*s.TaskDefinition) != "web:3" {
			t.Errorf("in service: %s", *s.TaskDefinition)
		}
	})
}
