package deploy_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// TestTheWayBackBehindRestarts: a service that was started anew again and again has
// its way back behind more than a page of deployments of one revision.
func TestTheWayBackBehindRestarts(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		restart := deploy.Request{Ref: webInProd, ForceNewDeployment: true}
		for range 21 {
			b.want(b.run(restart, deploy.Policy{}), "succeeded")
		}
		preview, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
		if err != nil || rollout.ShortName(preview.Back.TaskDefinition) != "web:1" {
			t.Errorf("would go back to %s: %v", preview.Back.TaskDefinition, err)
		}
	})
}

// TestOtherThanSent: a definition that ECS stores with other values than it was sent would be
// registered again by each deployment, and that is said. Tags are not in every
// answer.
func TestOtherThanSent(t *testing.T) {
	const warning = "ECS stored web:1 with other values than it was sent, so the same deployment will register it again: app dockerLabels"
	for answer, warned := range map[string]bool{
		`{"name":"app","image":"repo/web:v2"}`:                                           true,
		`{"name":"app","image":"repo/web:v2","dockerLabels":{"a":"b"},"mountPoints":[]}`: false,
	} {
		inWorld(t, webWorld, func(b *bench) {
			b.answer = func(operation string) (string, bool) {
				return `{"taskDefinition":{"taskDefinitionArn":"arn:aws:ecs:us-east-1:123456789012:task-definition/web:1","family":"web",
					"containerDefinitions":[` + answer + `]}}`, operation == "RegisterTaskDefinition"
			}
			r := deploy.Request{Ref: webInProd, Want: deploy.Want{Definition: parsed(t, `{"family":"web","tags":[{"key":"owner","value":"me"}],
				"containerDefinitions":[{"name":"app","image":"repo/web:v2","dockerLabels":{"a":"b"}}]}`)}}
			if _, err := b.deployer().Run(b.Context(), r, deploy.Policy{NoWait: true}); err != nil {
				t.Fatal(err)
			}
			if b.told(deploy.EventWarning, warning) != warned || b.told(deploy.EventWarning, "with other values than it was sent") != warned {
				t.Errorf("%s: %v", answer, b.events)
			}
		})
	}
}

// TestTidyingHasAnEnd: the outcome of a deployment does not wait for thousands of
// revisions.
func TestTidyingHasAnEnd(t *testing.T) {
	inWorld(t, manyRevisions(70, 70, 70), func(b *bench) {
		r := deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{"repo/web:v71"}}}
		b.want(b.run(r, deploy.Policy{KeepDefinitions: aws.Int32(2)}), "succeeded")
		if n := len(b.made("DeregisterTaskDefinition")); n != 60 {
			t.Errorf("%d revisions were deregistered", n)
		}
		if !b.told(deploy.EventWarning, "9 old revisions of web remain; the next deployments or ecs-deploy prune deregister them") {
			t.Errorf("%v", b.events)
		}
	})
}
