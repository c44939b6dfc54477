package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

var four = []string{"db", "api", "worker", "web"}

// ordered is the order of these four.
var ordered = []string{"db", "api needs db", "worker needs db", "web needs api,worker"}

// TestOrder: a member starts when all that it needs are done, and those without an
// order run side by side.
func TestOrder(t *testing.T) {
	inWorld(t, world(four, ""), func(b *bench) {
		b.want(b.run(b.Context(), fleet.Options{}, b.crew(ordered...)...), 0, "db succeeded", "api succeeded", "worker succeeded", "web succeeded")
		updated := b.updated()
		if len(updated) != 4 || updated[0] != "db" || updated[3] != "web" {
			b.Errorf("updated %v", updated)
		}
		over := map[string]bool{}
		for _, e := range b.events {
			m := e.Subject.Member
			if !strings.HasSuffix(e.Subject.ARN, "/"+m) {
				b.Errorf("a %s event of %s is about %s", e.Type, m, e.Subject.ARN)
			}
			if e.Type == deploy.EventUpdated && (m == "web" && !(over["api"] && over["worker"]) || m == "api" && (!over["db"] || over["worker"])) {
				b.Errorf("%s starts when these are done: %v", m, over)
			}
			over[m] = over[m] || e.Type == deploy.EventOutcome
		}
		if !slices.IsSortedFunc(b.events, func(x, y deploy.Event) int { return x.Time.Compare(y.Time) }) {
			b.Error("the events are not in the order of their times")
		}

		// Unchanged counts as done, and a second run does nothing.
		b.want(b.run(b.Context(), fleet.Options{}, b.crew(ordered...)...), 0, "db unchanged", "api unchanged", "worker unchanged", "web unchanged")
		if len(b.updated()) != 4 {
			b.Errorf("updated %v", b.updated())
		}
	})
}

func TestParallel(t *testing.T) {
	inWorld(t, world(four, ""), func(b *bench) {
		running, most := 0, 0
		b.crew()
		members := b.crewOf(deploy.New(b.client, deploy.WithObserver(func(e deploy.Event) {
			switch e.Type {
			case deploy.EventUpdated:
				running++
			case deploy.EventOutcome:
				running--
			}
			most = max(most, running)
		})), four...)
		b.want(b.run(b.Context(), fleet.Options{Parallel: 2}, members...), 0, "db succeeded", "api succeeded", "worker succeeded", "web succeeded")
		if most != 2 || !slices.Equal(b.updated()[2:], []string{"worker", "web"}) && !slices.Equal(b.updated()[2:], []string{"web", "worker"}) {
			b.Errorf("%d ran at once; updated %v", most, b.updated())
		}
	})
}

func TestCircle(t *testing.T) {
	inWorld(t, world(four, ""), func(b *bench) {
		_, err := fleet.Prepare(b.Context(), b.crew("db needs web", "api", "web needs db"))
		var usage *deploy.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), "2 services need each other in a circle") {
			b.Error(err)
		}
		b.untouched()
	})
}

// TestOneProblemStopsAll: nothing is written, and all problems are told.
func TestOneProblemStopsAll(t *testing.T) {
	inWorld(t, world(four, ""), func(b *bench) {
		b.refuse = func(c call) string {
			if c.named("api") {
				return `{"__type":"AccessDeniedException","message":"User: x is not authorized to perform: ecs:DescribeServices on resource: api"}`
			}
			return ""
		}
		_, err := fleet.Prepare(b.Context(), b.crew("db", "api", "nobody", "web", "nobody2"))
		var problems *fleet.ProblemsError
		if !errors.As(err, &problems) || problems.ExitCode() != 4 || len(problems.Problems) != 3 {
			b.Fatal(err)
		}
		for i, want := range []string{"api: ecs:DescribeServices", "hint: ", "nobody: service nobody does not exist", "hint: ", "nobody2: service nobody2"} {
			if !strings.HasPrefix(problems.Lines()[i], want) {
				b.Errorf("line %d: %q", i, problems.Lines()[i])
			}
		}
		b.untouched()
	})
}

func TestTheSameServiceTwice(t *testing.T) {
	inWorld(t, world(four, ""), func(b *bench) {
		members := b.crew("db", "api")
		members[1].Plan = members[0].Plan
		if _, err := fleet.Prepare(b.Context(), members); err == nil || !strings.Contains(err.Error(), "api: it is the same service as db") {
			b.Error(err)
		}
	})
}

// failing is a world in which the new tasks of api exit, and those of worker take their
// time to start.
const failing = "images: [{match: 'repo/api:v2', behaviour: exits}, {match: 'repo/worker:v2', startAfter: 15m}]\n"

func TestFailureInTheMiddle(t *testing.T) {
	for _, c := range []struct {
		name      string
		onFailure fleet.OnFailure
		ends      []string
		code      int
		writes    int
	}{
		{"stop", "", []string{"db succeeded", "api rolled-back", "worker succeeded", "web not-started", "later not-started"}, 6, 3},
		{"continue", fleet.Continue, []string{"db succeeded", "api rolled-back", "worker succeeded", "web not-started", "later succeeded"}, 6, 4},
		{"rollback", fleet.Rollback, []string{"db rolled-back", "api rolled-back", "worker rolled-back", "web not-started", "later not-started"}, 6, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, world(append(four, "later"), failing), func(b *bench) {
				outcome := b.run(b.Context(), fleet.Options{Parallel: 2, OnFailure: c.onFailure}, b.crew(append(ordered, "later needs worker")...)...)
				b.want(outcome, c.code, c.ends...)
				if got := outcome.Members[3].Reason; got != "needs api" {
					b.Errorf("web was not started: %q", got)
				}
				if updated := b.updated(); len(updated) != c.writes || c.onFailure == fleet.Rollback && !slices.Equal(updated[3:], []string{"worker", "db"}) {
					b.Errorf("updated %v", updated)
				}
				if outcome.Members[0].Undone != nil && outcome.Members[0].Undone.Serving != outcome.Members[0].Outcome.Deployment.Before.TaskDefinition {
					b.Errorf("db runs %s", outcome.Members[0].Undone.Serving)
				}
			})
		})
	}
}

// TestNothingToRollBack: members that were unchanged, and the one that failed, are left
// alone.
func TestNothingToRollBack(t *testing.T) {
	inWorld(t, world(four, failing), func(b *bench) {
		b.run(b.Context(), fleet.Options{}, b.crew("db")...)
		outcome := b.run(b.Context(), fleet.Options{OnFailure: fleet.Rollback}, b.crew("db", "api needs db")...)
		b.want(outcome, 6, "db unchanged", "api rolled-back")
		if updated := b.updated(); !slices.Equal(updated, []string{"db", "api"}) || outcome.Members[1].Undone != nil {
			b.Errorf("updated %v; undone %v", updated, outcome.Members[1].Undone)
		}
	})
}

// TestRollbackThatFails: somebody else deploys db meanwhile, and a rollback must not
// undo that.
func TestRollbackThatFails(t *testing.T) {
	inWorld(t, world(four, failing), func(b *bench) {
		b.before = func(c call) {
			if c.operation == "UpdateService" && c.named("api") {
				b.before = nil
				_, err := b.client.UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("prod"), Service: aws.String("db"), ForceNewDeployment: true})
				if err != nil {
					b.Error(err)
				}
			}
		}
		outcome := b.run(b.Context(), fleet.Options{OnFailure: fleet.Rollback}, b.crew("db", "worker needs db", "api needs worker")...)
		b.want(outcome, 5, "db failed", "worker rolled-back", "api rolled-back")
		if reason := outcome.Members[0].Reason; !strings.Contains(reason, "the rollback from db:2 failed: another deployment has taken over") {
			b.Error(reason)
		}
	})
}

// TestOneDefinitionForSeveral: services with the same family and content share a
// revision.
func TestOneDefinitionForSeveral(t *testing.T) {
	inWorld(t, oneDefinition(four, ""), func(b *bench) {
		members := b.crew("db", "api", "web needs db")
		b.sharing(members)
		outcome := b.run(b.Context(), fleet.Options{}, members...)
		b.want(outcome, 0, "db succeeded", "api succeeded", "web succeeded")
		for _, r := range outcome.Members {
			if name := rollout.ShortName(r.Outcome.Serving); name != "db:2" {
				b.Errorf("%s runs %s", r.Member, name)
			}
		}
		if n := len(b.made("RegisterTaskDefinition")); n != 1 {
			b.Errorf("%d definitions were registered", n)
		}
	})
}

// TestTheFirstOfSeveralIsStale: somebody deploys the service that was to register the
// definition for all, while it waits for its turn. The next one registers it.
func TestTheFirstOfSeveralIsStale(t *testing.T) {
	inWorld(t, oneDefinition(four, ""), func(b *bench) {
		limits := deploy.NewLimits(nil)
		members := b.crewOf(deploy.New(b.client, deploy.WithLimits(limits)), "db", "api")
		b.sharing(members)
		plan, err := fleet.Prepare(b.Context(), members)
		if err != nil {
			b.Fatal(err)
		}
		for range 60 {
			go func() { _ = limits.Take(b.Context(), "RegisterTaskDefinition") }()
		}
		time.AfterFunc(20*time.Second, func() {
			if _, err := b.client.UpdateService(b.Context(), &ecs.UpdateServiceInput{Cluster: aws.String("prod"), Service: aws.String("db"), ForceNewDeployment: true}); err != nil {
				b.Error(err)
			}
		})
		synctest.Wait()
		outcome, err := plan.Carry(b.Context(), fleet.Options{Parallel: 1, OnFailure: fleet.Continue})
		if err != nil {
			b.Fatal(err)
		}
		b.want(outcome, 5, "db error", "api succeeded")
		if n := len(b.made("RegisterTaskDefinition")); n != 1 {
			b.Errorf("%d definitions were registered", n)
		}
	})
}

func TestConfirm(t *testing.T) {
	inWorld(t, world(four, ""), func(b *bench) {
		plan, err := fleet.Prepare(b.Context(), b.crew(four...))
		if err != nil {
			b.Fatal(err)
		}
		asked, no := 0, errors.New("no")
		o := fleet.Options{Confirm: func(context.Context, *fleet.Plan) error { asked++; return no }}
		if _, err := plan.Carry(b.Context(), o); !errors.Is(err, no) || asked != 1 {
			b.Errorf("%v, asked %d times", err, asked)
		}
		b.untouched()
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []fleet.Options{{OnFailure: "retry"}, {Parallel: -1}} {
		var usage *deploy.UsageError
		if err := o.Validate(); !errors.As(err, &usage) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestMostSerious is the order of exit codes of the design.
func TestMostSerious(t *testing.T) {
	order := []int{130, 5, 6, 7, 8, 9, 4, 3, 1, 10, 11, 0}
	for i, a := range order {
		for j, b := range order {
			if got := fleet.MostSerious(a, b); got != order[min(i, j)] {
				t.Errorf("of %d and %d: %d", a, b, got)
			}
		}
	}
	if got := fleet.MostSerious(); got != 0 {
		t.Error(got)
	}
	if got := fleet.MostSerious(10, 42); got != 42 {
		t.Errorf("an unknown code is an error: %d", got)
	}
}

// TestFollow: somebody joins the deployments of all.
func TestFollow(t *testing.T) {
	inWorld(t, world(four, failing), func(b *bench) {
		members := b.crew("db", "api", "nobody")
		for i := range 2 {
			if _, err := members[i].Deployer.Run(b.Context(), deploy.Request{Ref: deploy.Ref{Cluster: "prod", Service: four[i]}, Want: deploy.Want{Images: []string{fmt.Sprintf("repo/%s:v2", four[i])}}}, deploy.Policy{NoWait: true}); err != nil {
				b.Fatal(err)
			}
		}
		outcome := fleet.Follow(b.Context(), members, nil, func(ctx context.Context, m fleet.Member) (deploy.Outcome, error) {
			deployment, err := m.Deployer.Join(ctx, deploy.Ref{Cluster: "prod", Service: m.Name}, "")
			if err != nil {
				return deploy.Outcome{}, err
			}
			return m.Deployer.Watch(ctx, deployment, deploy.WatchOptions{})
		})
		b.want(outcome, 6, "db succeeded", "api rolled-back", "nobody error")
	})
}
