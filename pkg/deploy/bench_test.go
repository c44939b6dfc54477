package deploy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/cputime"
)

// jump is a clock that does not wait: sleeping moves it.
type jump struct{ now time.Time }

func (j *jump) Now() time.Time { return j.now }

// Sleep takes no time. A pause of ten whole seconds or more is none between two looks,
// which jitter, but the limit of calls that run beside it: these take no time, so that the
// limit is not reached.
func (j *jump) Sleep(ctx context.Context, d time.Duration) error {
	if d >= 10*time.Second && d%time.Second == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	j.now = j.now.Add(d)
	return nil
}

// timed is a simulated account on a clock that jumps.
func timed(b *testing.B, text string) (*bench, *jump) {
	b.Helper()
	world, err := ecssim.ParseWorld("bench", []byte(text))
	if err != nil {
		b.Fatal(err)
	}
	clock := &jump{now: time.Unix(1_800_000_000, 0)}
	simulator, err := ecssim.New(world, ecssim.WithClock(clock))
	if err != nil {
		b.Fatal(err)
	}
	t := &bench{TB: b, http: simulator.HTTPClient()}
	t.client = ecs.NewFromConfig(simulated(&recorder{bench: t, next: t.http}))
	return t, clock
}

// BenchmarkThirtyMinuteRollout watches a rollout of 100 tasks between 50 and 150
// percent, which takes half an hour of simulated time, with the real SDK client.
// The budget is 500 ms of CPU.
func BenchmarkThirtyMinuteRollout(b *testing.B) {
	before := cputime.Used(b)
	text := strings.NewReplacer("desiredCount: 2", "desiredCount: 100", "minimumHealthyPercent: 100", "minimumHealthyPercent: 50",
		"maximumPercent: 200", "maximumPercent: 150").Replace(webWorld) + "\nimages: [{match: 'repo/web:v2', startAfter: 28m}]\n"
	var outcome deploy.Outcome
	var calls int
	for b.Loop() {
		t, clock := timed(b, text)
		var err error
		outcome, err = deploy.New(t.client, deploy.WithClock(clock)).Run(b.Context(), request(),
			deploy.Policy{Watch: deploy.WatchOptions{CompleteTimeout: 2 * time.Hour}})
		if err != nil || outcome.ExitCode() != 0 {
			b.Fatal(outcome, err)
		}
		calls = len(t.calls)
	}
	b.ReportMetric((cputime.Used(b)-before).Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(outcome.Elapsed.Minutes(), "simulated-min/op")
	b.ReportMetric(float64(calls), "calls/op")
}

// BenchmarkABakeOfADay watches a blue/green deployment that bakes for 24 hours, the
// embedded ECS included. The budget is one second of CPU, and four calls a minute.
func BenchmarkABakeOfADay(b *testing.B) {
	var outcome deploy.Outcome
	var calls int
	before := cputime.Used(b)
	for b.Loop() {
		t, clock := timed(b, shifting(bakesADay))
		var err error
		outcome, err = deploy.New(t.client, deploy.WithClock(clock)).Run(b.Context(), request(), deploy.Policy{})
		if err != nil || outcome.ExitCode() != 0 {
			b.Fatal(outcome, err)
		}
		calls = len(t.calls)
	}
	b.ReportMetric((cputime.Used(b)-before).Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(outcome.Elapsed.Minutes(), "simulated-min/op")
	b.ReportMetric(float64(calls)/outcome.Elapsed.Minutes(), "calls/simulated-min")
}

// BenchmarkDetection measures how long after ECS's own end of a rollout of ten
// minutes the verdict comes (the budget is a median below one second), and how
// many calls the rollout took. Beside it, the same for the rule of the AWS CLI's
// services-stable: every 15 seconds, until there is one deployment with all its
// tasks running. A negative lag is a false claim.
func BenchmarkDetection(b *testing.B) {
	var ours, stable []time.Duration
	var calls int
	for i := 0; b.Loop(); i++ {
		start := fmt.Sprintf("\nrandomSeed: %d\nimages: [{match: 'repo/web:v2', startAfter: %dms}]\n", i+1, 480_000+337*(i%100))
		t, clock := timed(b, webWorld+start)
		d := deploy.New(t.client, deploy.WithClock(clock))
		outcome, err := d.Run(b.Context(), request(), deploy.Policy{})
		if err != nil || outcome.ExitCode() != 0 {
			b.Fatal(outcome, err)
		}
		ours, calls = append(ours, clock.now.Sub(outcome.EndedAt)), len(t.calls)

		t, clock = timed(b, webWorld+start)
		if _, err := deploy.New(t.client, deploy.WithClock(clock)).Run(b.Context(), request(), deploy.Policy{NoWait: true}); err != nil {
			b.Fatal(err)
		}
		for s := t.describe("web"); len(s.Deployments) != 1 || s.RunningCount != s.DesiredCount; s = t.describe("web") {
			clock.now = clock.now.Add(15 * time.Second)
		}
		stable = append(stable, clock.now.Sub(outcome.EndedAt))
	}
	median := func(lags []time.Duration) float64 {
		slices.Sort(lags)
		return lags[len(lags)/2].Seconds()
	}
	b.ReportMetric(median(ours), "lag-s")
	b.ReportMetric(median(stable), "services-stable-lag-s")
	b.ReportMetric(float64(calls), "calls/op")
}
