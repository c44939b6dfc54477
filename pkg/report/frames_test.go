package report_test

// Frames of whole rollouts, played in the simulator in virtual time: what a person at a
// terminal of 60, 80 and 140 columns sees. They are written with -update, and looked at.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

var widths = []int{60, 80, 140}

// played are the frames of a run at some times after its first event.
type played struct {
	times  []time.Duration
	story  report.Story
	frames strings.Builder
}

// clocks are times that depend on when a look happened.
var clocks = regexp.MustCompile(`((?:ends|step|ECS continues|ECS rolls back) in|rolled back: \S+ \S+) +[0-9hms]+`)

// add takes the frames that are due before an event, and adds the event.
func (p *played) add(e deploy.Event) {
	for len(p.times) > 0 && !p.story.Began.IsZero() && e.Time.Sub(p.story.Began) > p.times[0] {
		for _, width := range widths {
			fmt.Fprintf(&p.frames, "== %d columns, after %s\n", width, p.times[0])
			for _, line := range p.story.Frame(p.story.Began.Add(p.times[0]), report.Size{Width: width, Height: 40}) {
				p.frames.WriteString(clocks.ReplaceAllString(line.Cut(width), "$1 ·") + "\n")
			}
		}
		p.times = p.times[1:]
	}
	p.story.Add(e)
}

// inScenario runs a test in virtual time, in the world of a scenario with services.
func inScenario(t *testing.T, scenario string, services []string, test func(ctx context.Context, client aws.Config)) {
	synctest.Test(t, func(t *testing.T) {
		world, err := ecssim.LoadScenario(scenario)
		if err != nil {
			t.Fatal(err)
		}
		for i, service := range services {
			world = world.WithSeed(ecssim.Seed{Cluster: "production1", Service: service, Image: service + ":v1", DesiredCount: 2 + i%4})
		}
		simulator, err := ecssim.New(world)
		if err != nil {
			t.Fatal(err)
		}
		test(t.Context(), aws.Config{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("x", "x", ""),
			BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: simulator.HTTPClient(),
		})
	})
}

func deployerOf(cfg aws.Config, observe func(deploy.Event)) *deploy.Deployer {
	return deploy.New(ecs.NewFromConfig(cfg), deploy.WithLogs(cloudwatchlogs.NewFromConfig(cfg)), deploy.WithTargetHealth(elasticloadbalancingv2.NewFromConfig(cfg)), deploy.WithObserver(observe))
}

func ofService(name string) deploy.Ref { return deploy.Ref{Cluster: "production1", Service: name} }

func newVersion(name string) deploy.Request {
	return deploy.Request{Ref: ofService(name), Want: deploy.Want{Images: []string{name + ":v2"}}}
}

func TestFramesOfRollouts(t *testing.T) {
	for _, tt := range []struct {
		name, scenario string
		times          []time.Duration
		interrupt      time.Duration
		until          rollout.Verdict
	}{
		{"healthy", "healthy", []time.Duration{30 * time.Second, 90 * time.Second, 110 * time.Second}, 0, rollout.Succeeded},
		{"failing", "crash-loop", []time.Duration{40 * time.Second, 130 * time.Second, 215 * time.Second, 243 * time.Second}, 0, rollout.RolledBack},
		{"unhealthy", "unhealthy", []time.Duration{80 * time.Second, 111 * time.Second, 190 * time.Second}, 0, rollout.RolledBack},
		{"canary", "canary", []time.Duration{30 * time.Second, 8 * time.Minute}, 0, rollout.Succeeded},
		{"interrupted", "healthy", []time.Duration{30 * time.Second}, 40 * time.Second, rollout.Interrupted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inScenario(t, tt.scenario, []string{"doorman"}, func(ctx context.Context, cfg aws.Config) {
				if tt.interrupt > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.interrupt)
					defer cancel()
				}
				p := &played{times: tt.times}
				outcome, err := deployerOf(cfg, p.add).Run(ctx, newVersion("doorman"), deploy.Policy{})
				if err != nil || outcome.Verdict != tt.until {
					t.Fatal(outcome.Verdict, outcome.Reason, err)
				}
				if frame := p.story.Frame(time.Now(), report.Size{Width: 80, Height: 40}); len(frame) > 0 {
					t.Errorf("a frame after the end: %v", frame)
				}
				golden(t, "frames-"+tt.name, p.frames.String())
			})
		})
	}
}

func TestFramesOfAFleet(t *testing.T) {
	var names []string
	for i := range 12 {
		names = append(names, fmt.Sprintf("service-%c", 'a'+i))
	}
	inScenario(t, "crash-loop", names, func(ctx context.Context, cfg aws.Config) {
		p := &played{times: []time.Duration{83 * time.Second, 190 * time.Second, 395 * time.Second, 462 * time.Second}}
		deployer := deployerOf(cfg, p.add)
		var group sync.WaitGroup
		for i, name := range names {
			plan, err := deployer.Prepare(ctx, newVersion(name), deploy.Policy{})
			if err != nil {
				t.Fatal(err)
			}
			group.Go(func() {
				time.Sleep(time.Duration(i) * 30 * time.Second)
				if i == 7 {
					time.Sleep(10 * time.Minute)
				}
				_, _ = deployer.Carry(ctx, plan, deploy.Policy{})
			})
		}
		group.Wait()
		golden(t, "frames-fleet", p.frames.String())
	})
}

func TestFramesOfARun(t *testing.T) {
	inScenario(t, "healthy", []string{"doorman"}, func(ctx context.Context, cfg aws.Config) {
		p := &played{times: []time.Duration{5 * time.Second, 30 * time.Second, 65 * time.Second}}
		_, err := deployerOf(cfg, p.add).RunTask(ctx, deploy.TaskRequest{Ref: ofService("doorman"), Command: []string{"bin/migrate"}, Count: 2}, deploy.TaskPolicy{Timeout: 2 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "frames-run", p.frames.String())
	})
}

func TestFramesOfARollbackPreview(t *testing.T) {
	preview := &deploy.Plan{
		Ref: deploy.Ref{Cluster: cluster, Service: service}, Action: deploy.ActionDeploy, Current: wanted, TaskDefinition: old,
		Back: &deploy.Past{TaskDefinition: old, Tag: "v1"}, Differences: plan(t).Differences,
		Checks: []deploy.Check{
			{Subject: "revision", State: deploy.CheckOK, Detail: "doorman:41 is ACTIVE"},
			{Subject: "image app", State: deploy.CheckProblem, Detail: "docker.repo.com/doorman:v1 is not in the repository any more", Remedy: "push the image again, or choose another revision with --to"},
			{Subject: "circuit breaker", State: deploy.CheckOK, Detail: "on: ECS ends a deployment whose tasks fail"},
		},
	}
	var b strings.Builder
	for _, width := range widths {
		var out bytes.Buffer
		report.New("text", report.Options{Out: &out, Err: io.Discard, OutTerminal: true, Size: report.Size{Width: width, Height: 40}, Location: time.UTC, Command: command}).Result(report.Plan(preview))
		fmt.Fprintf(&b, "== %d columns\n%s", width, out.String())
		for line := range strings.Lines(out.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n >= width && !strings.Contains(line, "environment") && !strings.HasPrefix(line, "doorman: ") {
				t.Errorf("%d columns: %q", n, line)
			}
		}
	}
	golden(t, "frames-rollback-preview", b.String())
}

// TestFramesFit: no line of a frame is wider than the terminal, and one service has at
// most twelve.
func TestFramesFit(t *testing.T) {
	var story report.Story
	for _, e := range rolledBack(t)[:9] {
		story.Add(e)
	}
	for width := 60; width <= 200; width++ {
		lines := story.Frame(at(60), report.Size{Width: width, Height: 24})
		if len(lines) == 0 || len(lines) > 12 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, line := range lines {
			if text := line.Cut(width); len([]rune(text)) > width {
				t.Fatalf("%d columns: %q", width, text)
			}
		}
	}
	for height := range 10 {
		if n := len(story.Frame(at(60), report.Size{Width: 80, Height: height})); n > max(height-1, 0) {
			t.Errorf("%d lines in %d rows", n, height)
		}
	}
}
