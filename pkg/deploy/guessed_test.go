package deploy_test

// A lost answer, and a colleague whose deployment looks as ours would.

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// TestAColleaguesRestartIsNotOurs: our update never reached ECS, and a colleague
// restarts the service. What ours would have set is not there.
func TestAColleaguesRestartIsNotOurs(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		lost := false
		d, p := b.played(func(x *exchange) doc {
			if x.operation == "UpdateService" && !lost {
				lost = true
				b.colleagueRestarts()
				return nil
			}
			return x.ecs()
		})
		r := restart()
		r.DesiredCount = aws.Int32(4)
		o, err := d.Run(b.Context(), r, deploy.Policy{})
		b.exits(7, o, err)
		p.sent("UpdateService", 0)
	})
}

// TestAColleaguesRestartOfOurs: our update was carried out, its answer is lost, and
// a colleague restarts what we deployed. Ours is the older of the two.
func TestAColleaguesRestartOfOurs(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		d, p := b.played(b.losing("UpdateService", b.colleagueRestarts))
		o, err := d.Run(b.Context(), request(), deploy.Policy{})
		b.exits(8, o, err)
		p.sent("UpdateService", 1)
	})
}

// TestWhatMayBeSomebodyElsesIsNotRolledBack: a restart whose answer was lost, and
// one deployment that looks like it.
func TestWhatMayBeSomebodyElsesIsNotRolledBack(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		lost := false
		d, _ := b.played(func(x *exchange) doc {
			switch {
			case x.operation == "UpdateService" && !lost:
				lost = true
				b.colleagueRestarts()
				return nil
			case x.operation == "StopServiceDeployment":
				b.Error("the colleague's deployment was stopped")
			}
			return x.ecs()
		})
		policy := deploy.Policy{RollbackOnFailure: true, Watch: deploy.WatchOptions{CompleteTimeout: 1}}
		o, err := d.Run(b.Context(), restart(), policy)
		b.exits(7, o, err)
	})
}

// colleagueRestarts starts a deployment of what the service runs.
func (b *bench) colleagueRestarts() {
	b.raw("UpdateService", `{"cluster":"prod","service":"web","forceNewDeployment":true}`)
}
