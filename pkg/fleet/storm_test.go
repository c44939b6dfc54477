package fleet_test

// Watching while AWS refuses calls for their rate.

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
)

// rateExceeded is the body with which AWS refuses a call for its rate.
const rateExceeded = `{"__type":"ThrottlingException","message":"Rate exceeded"}`

// looksAt are the times at which ECS was asked for a service.
func (b *bench) looksAt(service string) []time.Time {
	var times []time.Time
	for _, c := range b.made("DescribeServices") {
		if c.named(service) {
			times = append(times, c.at)
		}
	}
	return times
}

// TestAfterAStorm: AWS refuses all reads for a while. After the last refusal, every
// service is looked at within ten seconds, and ends as it would have.
func TestAfterAStorm(t *testing.T) {
	for n, storms := range map[int][]time.Duration{1: {15 * time.Second, time.Minute, 4 * time.Minute}, 10: {time.Minute, 4 * time.Minute}, 100: {time.Minute}} {
		for _, storm := range storms {
			t.Run(fmt.Sprintf("%d services, %s", n, storm), func(t *testing.T) {
				names := manyServices(n)
				inWorld(t, oneDefinition(names, ""), func(b *bench) {
					var begins, last time.Time
					b.refuse = func(c call) string {
						if begins.IsZero() || c.at.Before(begins) || c.at.After(begins.Add(storm)) || c.operation == "UpdateService" || c.operation == "RegisterTaskDefinition" {
							return ""
						}
						last = c.at
						return rateExceeded
					}
					members := b.crewOf(deploy.New(b.client, deploy.WithObserver(func(e deploy.Event) {
						if e.Type == deploy.EventUpdated && begins.IsZero() {
							begins = e.Time.Add(30 * time.Second)
						}
					})), names...)
					b.sharing(members)
					outcome := b.run(b.Context(), fleet.Options{Parallel: n}, members...)
					if outcome.ExitCode() != 0 || last.IsZero() {
						b.Errorf("exit code %d; the last refusal at %s", outcome.ExitCode(), last)
					}
					latest := time.Duration(0)
					for _, name := range names {
						looks := b.looksAt(name)
						i := slices.IndexFunc(looks, func(at time.Time) bool { return at.After(last) })
						if i < 0 || looks[i].Sub(last) > 10*time.Second {
							b.Errorf("%s is looked at late, or not at all: %v", name, looks[max(i, 0)].Sub(last))
						} else {
							latest = max(latest, looks[i].Sub(last))
						}
					}
					b.Logf("the last service is looked at %s after the last refusal", latest.Round(100*time.Millisecond))
				})
			})
		}
	}
}

// TestAStormBeforeTheWrites: services that wait for their turn to be registered or updated
// are looked at again before that, and a refused look does not fail them.
func TestAStormBeforeTheWrites(t *testing.T) {
	names := manyServices(60)
	inWorld(t, world(names, ""), func(b *bench) {
		began := time.Now()
		b.refuse = func(c call) string {
			if since := c.at.Sub(began); since > 15*time.Second && since < 3*time.Minute && c.operation == "DescribeServices" {
				return rateExceeded
			}
			return ""
		}
		outcome := b.run(b.Context(), fleet.Options{Parallel: len(names)}, b.crew(names...)...)
		if outcome.ExitCode() != 0 || len(b.updated()) != len(names) {
			b.Errorf("exit code %d, %d updates", outcome.ExitCode(), len(b.updated()))
			for _, r := range outcome.Members {
				b.Logf("%s %s: %s", r.Member, r.Verdict, r.Reason)
			}
		}
	})
}

// TestOneRefusedRead costs at most two seconds, whichever it is.
func TestOneRefusedRead(t *testing.T) {
	for _, operation := range []string{"DescribeServices", "DescribeServiceDeployments", "ListServiceDeployments", "ListTasks"} {
		for _, n := range []int{1, 10} {
			names := manyServices(n)
			inWorld(t, world(names, ""), func(b *bench) {
				var refused, again time.Time
				watching := false
				b.refuse = func(c call) string {
					switch {
					case !watching || c.operation != operation:
					case refused.IsZero():
						refused = c.at
						return rateExceeded
					case again.IsZero():
						again = c.at
					}
					return ""
				}
				members := b.crewOf(deploy.New(b.client, deploy.WithObserver(func(e deploy.Event) {
					watching = watching || e.Type == deploy.EventUpdated
				})), names...)
				outcome := b.run(b.Context(), fleet.Options{}, members...)
				if outcome.ExitCode() != 0 || refused.IsZero() || again.IsZero() {
					b.Errorf("%s: exit code %d, refused at %s", operation, outcome.ExitCode(), refused)
				}
				if cost := again.Sub(refused); cost > 2*time.Second {
					b.Errorf("%s of %d services is sent again after %s", operation, n, cost)
				}
			})
		}
	}
}
