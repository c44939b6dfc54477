package deploy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestInactiveInService: a deployment from a revision that was deregistered warns that
// there is no way back to it, and its content, registered again, is one.
func TestInactiveInService(t *testing.T) {
	for name, r := range map[string]deploy.Request{
		"an image":         request(),
		"another revision": {Ref: webInProd, Want: deploy.Want{TaskDefinition: "web:2"}},
		"on its own base":  {Ref: webInProd, Want: deploy.Want{TaskDefinition: "web:1", Images: []string{"repo/web:v3"}}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				whole, err := b.deployer().Render(b.Context(), request().Ref, request().Want)
				if err != nil {
					t.Fatal(err)
				}
				text, err := json.Marshal(whole)
				if err != nil {
					t.Fatal(err)
				}
				b.raw("RegisterTaskDefinition", string(text)) // web:2
				before, err := taskdef.FromDescribe(b.raw("DescribeTaskDefinition", `{"taskDefinition":"web:1"}`))
				if err != nil {
					t.Fatal(err)
				}
				b.deregister("web:1")
				plan, err := b.deployer().Plan(b.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if warnings := strings.Join(plan.Warnings, "\n"); !plan.Before.Inactive || !strings.Contains(warnings, "web:1 is INACTIVE: ECS cannot roll back to it") || !strings.Contains(warnings, "ecs-deploy rollback --to web:1 --yes") {
					t.Errorf("inactive %t, warnings %q", plan.Before.Inactive, warnings)
				}
				b.want(b.run(r, deploy.Policy{}), "succeeded")
				back := b.run(deploy.Request{Ref: webInProd, Want: deploy.Want{Definition: before}}, deploy.Policy{})
				b.want(back, "succeeded")
				if back.Deployment.Before.Inactive {
					t.Error("what is in service now is ACTIVE")
				}
			})
		})
	}
}

// classic is the answer of DescribeServices about a service behind a Classic Load
// Balancer, of which RUNNING tasks run and PENDING start.
const classic = `{"services":[{"serviceArn":"arn:aws:ecs:us-east-1:123456789012:service/prod/web","serviceName":"web","status":"ACTIVE",
	"clusterArn":"arn:aws:ecs:us-east-1:123456789012:cluster/prod","taskDefinition":"arn:aws:ecs:us-east-1:123456789012:task-definition/web:1",
	"desiredCount":2,"runningCount":RUNNING,"deployments":[{"id":"ecs-svc/1","status":"PRIMARY","desiredCount":2,"runningCount":RUNNING,"pendingCount":PENDING,
	"taskDefinition":"arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"}]}],"failures":[]}`

// TestUnsettledWithoutRolloutState: behind a Classic Load Balancer ECS gives no rollout
// state. Then a deployment whose tasks do not run is not what is wanted, and is waited
// for.
func TestUnsettledWithoutRolloutState(t *testing.T) {
	for _, tt := range []struct {
		running, pending  string
		images, onlyCount deploy.Action
	}{
		{"0", "0", deploy.ActionJoin, deploy.ActionSettings},
		{"1", "1", deploy.ActionJoin, deploy.ActionSettings},
		{"2", "1", deploy.ActionJoin, deploy.ActionSettings},
		{"2", "0", deploy.ActionNone, deploy.ActionNone},
	} {
		inWorld(t, webWorld, func(b *bench) {
			b.answer = func(operation string) (string, bool) {
				return strings.NewReplacer("RUNNING", tt.running, "PENDING", tt.pending).Replace(classic), operation == "DescribeServices"
			}
			same := deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{"repo/web:v1"}}}
			count := deploy.Request{Ref: webInProd, ServiceSettings: deploy.ServiceSettings{DesiredCount: aws.Int32(2)}}
			for r, want := range map[*deploy.Request]deploy.Action{&same: tt.images, &count: tt.onlyCount} {
				plan, err := b.deployer().Plan(b.Context(), *r)
				if err != nil || plan.Action != want {
					t.Errorf("%+v: %v, error %v, want %s", tt, plan, err, want)
				}
			}
		})
	}
}
