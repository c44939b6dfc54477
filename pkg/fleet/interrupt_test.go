package fleet_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// TestInterrupted at each phase: nothing is started any more, what runs goes on, and the
// outcome names what can be followed again.
func TestInterrupted(t *testing.T) {
	followed := map[string]bool{} // members whose deployments were followed
	for _, c := range []struct {
		name string
		at   func(deploy.Event) bool
		ends []string
		join []string
	}{
		{"planning", func(e deploy.Event) bool { return e.Type == deploy.EventPlan }, nil, nil},
		{"registering", func(e deploy.Event) bool { return e.Type == deploy.EventRegistered }, []string{"db interrupted", "api not-started", "worker not-started", "web not-started"}, nil},
		{"following", func(e deploy.Event) bool {
			followed[e.Subject.Member] = followed[e.Subject.Member] || e.Type == deploy.EventProgress
			return followed["api"] && followed["worker"]
		}, []string{"db succeeded", "api interrupted", "worker interrupted", "web not-started"}, []string{"api", "worker"}},
		{"between", func(e deploy.Event) bool { return e.Type == deploy.EventOutcome && e.Subject.Member == "db" },
			[]string{"db succeeded", "api not-started", "worker not-started", "web not-started"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, world(four, ""), func(b *bench) {
				ctx, cancel := context.WithCancel(b.Context())
				defer cancel()
				members := b.crewOf(deploy.New(b.client, deploy.WithObserver(func(e deploy.Event) {
					if c.at(e) {
						cancel()
					}
				})), ordered...)
				plan, err := fleet.Prepare(ctx, members)
				if c.ends == nil {
					var stopped *deploy.InterruptedError
					if !errors.As(err, &stopped) {
						b.Error(err)
					}
					b.untouched()
					return
				}
				if err != nil {
					b.Fatal(err)
				}
				outcome, err := plan.Carry(ctx, fleet.Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.want(outcome, 130, c.ends...)
				if got := outcome.Unfinished(); !slices.Equal(got, c.join) {
					b.Errorf("unfinished %v, want %v", got, c.join)
				}

				// The same run again converges, and doubles nothing.
				b.run(b.Context(), fleet.Options{}, b.crew(ordered...)...)
				if updated := b.updated(); len(updated) != 4 {
					b.Errorf("updated %v", updated)
				}
				if registered := b.made("RegisterTaskDefinition"); len(registered) != 4 {
					b.Errorf("%d definitions were registered", len(registered))
				}
			})
		})
	}
}

// TestInterruptedWhileRollingBack: no other member is rolled back any more, the rollback
// under way goes on in ECS, and the outcome says which service still runs the new revision.
func TestInterruptedWhileRollingBack(t *testing.T) {
	inWorld(t, world(four, failing), func(b *bench) {
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		members := b.crewOf(deploy.New(b.client, deploy.WithObserver(func(e deploy.Event) {
			if e.Type == deploy.EventUpdated && rollout.ShortName(e.Deployment.TaskDefinition) == "web:1" {
				cancel()
			}
		})), "db", "web needs db", "api needs web")
		outcome := b.run(ctx, fleet.Options{OnFailure: fleet.Rollback}, members...)
		b.want(outcome, 130, "db interrupted", "web interrupted", "api rolled-back")
		if got := outcome.Unfinished(); !slices.Equal(got, []string{"web"}) {
			b.Errorf("unfinished %v", got)
		}
		if reason := outcome.Members[0].Reason; reason != "interrupted; db:2 is still running" {
			b.Error(reason)
		}
	})
}
