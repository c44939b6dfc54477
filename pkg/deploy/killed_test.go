package deploy_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// TestKilled kills the process at every call of a deployment, before and after
// the call is carried out, and runs it again: it converges, with one revision
// and one deployment.
func TestKilled(t *testing.T) {
	total := 0
	inWorld(t, webWorld, func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		for _, c := range b.calls {
			total++
			if c.operation == "UpdateService" {
				break
			}
		}
	})
	const looks = 12 // and some calls of the watch, which all are reads
	for n := 1; n <= total+looks; n++ {
		for _, moment := range []string{"before", "after"} {
			t.Run(fmt.Sprintf("%s call %d", moment, n), func(t *testing.T) {
				inWorld(t, webWorld, func(b *bench) {
					b.killAt, b.killAfter = n, moment == "after"
					func() {
						defer func() {
							if r := recover(); r != nil && !errors.Is(r.(error), errKilled) {
								panic(r)
							}
						}()
						_, _ = b.deployer().Run(b.Context(), request(), deploy.Policy{})
					}()
					b.killAt = 0
					b.want(b.run(request(), deploy.Policy{}), "succeeded")
					if n := b.revisions("web"); n != 2 {
						b.Errorf("%d revisions, want 2: one is orphaned", n)
					}
					s := b.describe("web")
					if rollout.ShortName(*s.TaskDefinition) != "web:2" || len(s.Deployments) != 1 {
						b.Errorf("in service: %s, %d deployments", *s.TaskDefinition, len(s.Deployments))
					}
					if n := b.deployments(); n != 2 { // the one the world began with, and ours
						b.Errorf("%d service deployments, want 2", n)
					}
				})
			})
		}
	}
}

func TestExpectRevision(t *testing.T) {
	for _, name := range []string{"web:1", "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"} {
		inWorld(t, webWorld, func(b *bench) {
			r := request()
			r.ExpectRevision = name
			b.want(b.run(r, deploy.Policy{}), "succeeded")
			b.want(b.run(r, deploy.Policy{}), "unchanged") // it is our own work that is in service
		})
	}
	inWorld(t, webWorld, func(b *bench) {
		r := request()
		r.ExpectRevision = "web:7"
		var unexpected *deploy.UnexpectedRevisionError
		if err := b.planError(r, 10); !errors.As(err, &unexpected) {
			b.Errorf("error %v", err)
		}
	})
}
