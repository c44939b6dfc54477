package fleet_test

// One member in trouble, and others who deploy the same services.

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
)

// deaf is the way to an account that refuses every call once it is set.
type deaf struct {
	*bench
	on *atomic.Bool
}

// Do is one call.
func (d deaf) Do(request *http.Request) (*http.Response, error) {
	if d.on.Load() {
		return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(rateExceeded)), Request: request}, nil
	}
	return d.bench.Do(request)
}

// TestOneAccountIsThrottledForEver: the member in it gives up after five minutes, and the
// others end as they would.
func TestOneAccountIsThrottledForEver(t *testing.T) {
	inWorld(t, world(four, ""), func(b *bench) {
		var throttled atomic.Bool
		other := ecs.NewFromConfig(aws.Config{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
			BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: deaf{b, &throttled},
		})
		members := b.crew("db", "worker")
		members = append(members, b.crewOf(deploy.New(other, deploy.WithObserver(func(e deploy.Event) {
			throttled.Store(throttled.Load() || e.Type == deploy.EventUpdated)
		})), "api")...)
		outcome := b.run(b.Context(), fleet.Options{}, members...)
		b.want(outcome, 7, "db succeeded", "worker succeeded", "api timed-out")
		if d := outcome.Members[0].Outcome.Elapsed; d > 3*time.Minute {
			b.Errorf("db took %s", d)
		}
		if d := outcome.Elapsed; d > 8*time.Minute {
			b.Errorf("all took %s", d)
		}
	})
}

// TestOneMember in trouble does not hold up the others.
func TestOneMemberInTrouble(t *testing.T) {
	for _, c := range []struct {
		name, refusal string
		only          string
		end           string
		code          int
	}{
		{"no permission to update", `{"__type":"AccessDeniedException","message":"not authorized to perform: ecs:UpdateService"}`, "UpdateService", "api error", 5},
		{"no permission to watch", `{"__type":"AccessDeniedException","message":"not authorized to perform: ecs:DescribeServices"}`, "DescribeServices", "api timed-out", 7},
		{"throttled for ever", `{"__type":"ThrottlingException","message":"Rate exceeded"}`, "UpdateService", "api error", 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, world(four, ""), func(b *bench) {
				members := b.crew("db", "api", "worker")
				plan, err := fleet.Prepare(b.Context(), members)
				if err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				b.refuse = func(call call) string {
					if call.operation == c.only && call.named("api") {
						return c.refusal
					}
					return ""
				}
				outcome, err := plan.Carry(b.Context(), fleet.Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.want(outcome, c.code, "db succeeded", c.end, "worker succeeded")
				for _, r := range []fleet.Result{outcome.Members[0], outcome.Members[2]} {
					if late := began.Add(r.Outcome.Elapsed).Sub(r.Outcome.EndedAt); late > 10*time.Second {
						b.Errorf("%s: verdict %s after its end", r.Member, late)
					}
				}
			})
		})
	}
}

func TestOneIsSuperseded(t *testing.T) {
	inWorld(t, world(four, ""), func(b *bench) {
		members := b.crewOf(deploy.New(b.client, deploy.WithObserver(func(e deploy.Event) {
			if e.Type == deploy.EventUpdated && e.Subject.Member == "api" {
				go func() {
					time.Sleep(20 * time.Second)
					_, err := b.client.UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("prod"), Service: aws.String("api"), ForceNewDeployment: true})
					if err != nil {
						b.Error(err)
					}
				}()
			}
		})), "db", "api", "worker needs api")
		b.want(b.run(b.Context(), fleet.Options{}, members...), 8, "db succeeded", "api superseded", "worker not-started")
	})
}

// TestTwoRunsAtOnce of the same fleet: the later one joins what the first one deploys,
// both succeed, and nothing is deployed twice.
func TestTwoRunsAtOnce(t *testing.T) {
	for _, later := range []time.Duration{time.Second, 40 * time.Second, 3 * time.Minute} {
		inWorld(t, world(four, ""), func(b *bench) {
			var running sync.WaitGroup
			for i := range 2 {
				running.Go(func() {
					time.Sleep(time.Duration(i) * later)
					outcome := b.run(b.Context(), fleet.Options{}, b.crewOf(deploy.New(b.client), ordered...)...)
					if code := outcome.ExitCode(); code != 0 {
						b.Errorf("run %d, %s later: exit code %d", i, later, code)
					}
				})
			}
			running.Wait()
			if updated := b.updated(); len(updated) != 4 {
				b.Errorf("%s later: updated %v", later, updated)
			}
			if n := len(b.made("RegisterTaskDefinition")); n != 4 {
				b.Errorf("%s later: %d definitions were registered", later, n)
			}
			b.want(b.run(b.Context(), fleet.Options{}, b.crew(ordered...)...), 0, "db unchanged", "api unchanged", "worker unchanged", "web unchanged")
		})
	}
}

// TestSomebodyElseDeploysMeanwhile: another image is left alone, also if the member has
// waited for others.
func TestSomebodyElseDeploysMeanwhile(t *testing.T) {
	inWorld(t, world(four, ""), func(b *bench) {
		time.AfterFunc(30*time.Second, func() {
			if _, err := b.client.UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("prod"), Service: aws.String("api"), TaskDefinition: aws.String("worker")}); err != nil {
				b.Error(err)
			}
		})
		outcome := b.run(b.Context(), fleet.Options{}, b.crew("db", "api needs db")...)
		b.want(outcome, 5, "db succeeded", "api error")
		if reason := outcome.Members[1].Reason; !strings.Contains(reason, "the service changed since the plan was made") {
			b.Error(reason)
		}
	})
}
