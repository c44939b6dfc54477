package deploy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// jump is a clock that does not wait: sleeping moves it.
type jump struct{ now time.Time }

func (j *jump) Now() time.Time { return j.now }

func (j *jump) Sleep(_ context.Context, d time.Duration) error {
	j.now = j.now.Add(d)
	return nil
}

// BenchmarkThirtyMinuteRollout watches a rollout of 100 tasks between 50 and 150
// percent, which takes half an hour of simulated time, with the real SDK client.
// The budget is 500 ms of CPU.
func BenchmarkThirtyMinuteRollout(b *testing.B) {
	text := strings.NewReplacer("desiredCount: 2", "desiredCount: 100", "minimumHealthyPercent: 100", "minimumHealthyPercent: 50",
		"maximumPercent: 200", "maximumPercent: 150").Replace(webWorld) + "\nimages: [{match: 'repo/web:v2', startAfter: 28m}]\n"
	world, err := ecssim.ParseWorld("bench", []byte(text))
	if err != nil {
		b.Fatal(err)
	}
	var elapsed time.Duration
	var calls int
	for b.Loop() {
		clock := &jump{now: time.Unix(1_800_000_000, 0)}
		simulator, err := ecssim.New(world, ecssim.WithClock(clock))
		if err != nil {
			b.Fatal(err)
		}
		recorded := &bench{TB: b}
		client := ecs.New(ecs.Options{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
			BaseEndpoint: aws.String("http://ecs.simulated"), HTTPClient: &recorder{bench: recorded, next: simulator.HTTPClient()},
		})
		outcome, err := deploy.New(client, deploy.WithClock(clock)).Run(b.Context(), request(),
			deploy.Policy{Watch: deploy.WatchOptions{CompleteTimeout: 2 * time.Hour}})
		if err != nil || outcome.ExitCode() != 0 {
			b.Fatal(outcome, err)
		}
		elapsed, calls = outcome.Elapsed, len(recorded.calls)
	}
	b.ReportMetric(elapsed.Minutes(), "simulated-min/op")
	b.ReportMetric(float64(calls), "calls/op")
}
