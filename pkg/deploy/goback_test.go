package deploy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// TestRollbackOnFailure: if ECS does not roll back, the earlier revision and
// what we changed beside it come back, without another registration.
func TestRollbackOnFailure(t *testing.T) {
	for name, world := range map[string]string{
		"nobody else decides":  unguarded + crash,
		"breaker, no rollback": noRollback + crash,
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, world, func(b *bench) {
				r := request()
				r.DesiredCount, r.MinimumHealthyPercent = aws.Int32(3), aws.Int32(50)
				o := b.run(r, deploy.Policy{RollbackOnFailure: true})
				b.want(o, "rolled-back")
				s := b.describe("web")
				if rollout.ShortName(*s.TaskDefinition) != "web:1" || s.DesiredCount != 2 || *s.DeploymentConfiguration.MinimumHealthyPercent != 100 {
					b.Errorf("in service: %s, %d tasks, minimum %d", *s.TaskDefinition, s.DesiredCount, *s.DeploymentConfiguration.MinimumHealthyPercent)
				}
				if n := b.revisions("web"); n != 2 {
					b.Errorf("%d revisions", n)
				}
				if len(o.Diagnosis.Causes) == 0 || rollout.ShortName(o.Serving) != "web:1" || o.ExitCode() != 6 {
					b.Errorf("%+v", o)
				}
			})
		})
	}
	t.Run("a limit passed", func(t *testing.T) {
		inWorld(t, webWorld+never, func(b *bench) {
			o := b.run(request(), deploy.Policy{RollbackOnFailure: true, Watch: deploy.WatchOptions{RunningTimeout: 3 * time.Minute}})
			b.want(o, "rolled-back")
		})
	})
	t.Run("ECS rolls back by itself", func(t *testing.T) {
		inWorld(t, webWorld+crash, func(b *bench) {
			b.want(b.run(request(), deploy.Policy{RollbackOnFailure: true}), "rolled-back")
			if n := len(b.made("UpdateService")); n != 1 {
				b.Errorf("UpdateService was sent %d times", n)
			}
		})
	})
	t.Run("somebody changed the count since", func(t *testing.T) {
		inWorld(t, unguarded+crash+`
actors: [{afterDeployment: true, after: 30s, operation: UpdateService, input: {cluster: prod, service: web, desiredCount: 5}}]
`, func(b *bench) {
			r := request()
			r.DesiredCount = aws.Int32(3)
			b.want(b.run(r, deploy.Policy{RollbackOnFailure: true}), "rolled-back")
			if s := b.describe("web"); s.DesiredCount != 5 {
				b.Errorf("the count is %d; what somebody else set stays", s.DesiredCount)
			}
		})
	})
	t.Run("the way back is gone", func(t *testing.T) {
		inWorld(t, unguarded+crash, func(b *bench) {
			b.before = func(operation string) {
				if operation == "UpdateService" && len(b.made("UpdateService")) == 1 {
					b.before = nil
					b.deregister("web:1")
				}
			}
			o := b.run(request(), deploy.Policy{RollbackOnFailure: true})
			b.want(o, "failed")
			if !strings.Contains(o.Reason, "rolling back to web:1 failed") {
				b.Errorf("reason %q", o.Reason)
			}
		})
	})
}

// TestRollbackOnInterrupt: the first signal asks ECS to roll back, which is
// followed to its end.
func TestRollbackOnInterrupt(t *testing.T) {
	for name, faults := range map[string]string{
		"by ECS": "",
		"by an update, where StopServiceDeployment is denied": "\nfaults: [{operations: [StopServiceDeployment], code: AccessDeniedException, message: no}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, webWorld+faults, func(b *bench) {
				ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
				defer cancel()
				o, err := b.deployer().Run(ctx, request(), deploy.Policy{OnInterrupt: deploy.OnInterruptRollback})
				if err != nil {
					b.Fatal(err)
				}
				b.want(o, "interrupted")
				if o.ExitCode() != 130 || rollout.ShortName(o.Serving) != "web:1" || o.Running != 2 {
					b.Errorf("exit code %d, serving %s, %d running: %s", o.ExitCode(), o.Serving, o.Running, o.Reason)
				}
				if s := b.describe("web"); rollout.ShortName(*s.TaskDefinition) != "web:1" || len(s.Deployments) != 1 {
					b.Errorf("in service: %s", *s.TaskDefinition)
				}
			})
		})
	}
}

// TestStrategiesWithClocks: ECS bakes longer than the usual limit, and what must go
// back is rolled back by ECS, not by another deployment with clocks of its own.
func TestStrategiesWithClocks(t *testing.T) {
	canary := func(minutes float64) func(string, map[string]any) {
		return func(operation string, doc map[string]any) {
			if operation != "DescribeServices" {
				return
			}
			for _, service := range doc["services"].([]any) {
				configuration := service.(map[string]any)["deploymentConfiguration"].(map[string]any)
				configuration["strategy"], configuration["bakeTimeInMinutes"] = "CANARY", minutes
				configuration["canaryConfiguration"] = map[string]any{"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 10.0}
			}
		}
	}
	slow := "\nswitches: {completionLag: 50m}\n"
	t.Run("the limit knows the clocks", func(t *testing.T) {
		inWorld(t, webWorld+slow, func(b *bench) {
			o, err := b.edited(canary(30)).Run(b.Context(), request(), deploy.Policy{})
			if err != nil {
				b.Fatal(err)
			}
			b.want(o, "succeeded")
		})
	})
	t.Run("a limit that the user set holds", func(t *testing.T) {
		inWorld(t, webWorld+slow, func(b *bench) {
			o, err := b.edited(canary(30)).Run(b.Context(), request(), deploy.Policy{Watch: deploy.WatchOptions{CompleteTimeout: 20 * time.Minute}})
			if err != nil {
				b.Fatal(err)
			}
			b.want(o, "timed-out")
		})
	})
	t.Run("ECS rolls back", func(t *testing.T) {
		inWorld(t, webWorld+"\nimages: [{match: 'repo/web:v2', behaviour: hangs}]\n", func(b *bench) {
			policy := deploy.Policy{RollbackOnFailure: true, Watch: deploy.WatchOptions{CompleteTimeout: 10 * time.Minute}}
			o, err := b.edited(canary(0)).Run(b.Context(), request(), policy)
			if err != nil {
				b.Fatal(err)
			}
			b.want(o, "rolled-back")
			if diff := cmp.Diff([]string{"RegisterTaskDefinition", "UpdateService", "StopServiceDeployment"}, b.wrote()); diff != "" {
				b.Errorf("writes (-want +got):\n%s", diff)
			}
		})
	})
}
