package ecssim_test

// This file goes through a rollout event by event, on a clock that is moved by
// hand.

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// rehearsed is the healthy scenario with one service, on a clock of its own.
func rehearsed(t *testing.T, scenario string) (*ecssim.Simulator, *ecssim.ManualClock, *ecs.Client) {
	t.Helper()
	world, err := ecssim.LoadScenario(scenario)
	if err != nil {
		t.Fatal(err)
	}
	clock := ecssim.NewManualClock(time.Unix(1_800_000_000, 0))
	sim, err := ecssim.New(world.WithSeed(ecssim.Seed{Cluster: "demo", Service: "web", Image: "web:1"}), ecssim.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	return sim, clock, ecs.New(ecs.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://ecs.simulated"), HTTPClient: sim.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
}

func TestMoments(t *testing.T) {
	sim, clock, client := rehearsed(t, "healthy")
	if _, err := client.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: aws.String("demo"), Service: aws.String("web"), ForceNewDeployment: true}); err != nil {
		t.Fatal(err)
	}
	began, most, status := clock.Now(), 0, ""
	for status != "SUCCESSFUL" {
		at, certain := sim.NextEvent()
		if !certain {
			t.Fatal("nothing happens any more, and the deployment has not ended")
		}
		clock.MoveTo(at)
		moment, err := sim.Moment("demo", "web")
		if err != nil {
			t.Fatal(err)
		}
		if !moment.At.Equal(at) {
			t.Fatalf("the moment is %s, the event was at %s", moment.At, at)
		}
		sum := 0
		for _, d := range moment.Deployments {
			sum += d.Running + d.Pending
			if d.Healthy > d.Running {
				t.Errorf("%+v has more healthy than running tasks", d)
			}
		}
		most, status = max(most, sum), moment.Status
		if next, certain := sim.NextEvent(); certain && !next.After(at) {
			t.Fatalf("the next event is at %s, and it is %s", next, at)
		}
	}
	if took := clock.Now().Sub(began); most != 4 || took < 2*time.Minute || took > 200*time.Second {
		t.Errorf("at most %d tasks, and SUCCESSFUL after %s", most, took)
	}
	if _, err := sim.Moment("demo", "other"); err == nil || !strings.Contains(err.Error(), "service other in cluster demo") {
		t.Errorf("a service that is not there: %v", err)
	}
}

// A manual clock stands still, and never goes back.
func TestManualClock(t *testing.T) {
	start := time.Unix(1_800_000_000, 0)
	clock := ecssim.NewManualClock(start)
	if err := clock.Sleep(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	clock.MoveTo(start)
	if got := clock.Now().Sub(start); got != time.Hour {
		t.Errorf("the clock moved by %s", got)
	}
}

// The image in service takes as long to start as the other images of its world.
func TestSeedStartsLikeItsWorld(t *testing.T) {
	_, _, client := rehearsed(t, "healthy")
	list, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), ServiceName: aws.String("web")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String("demo"), Tasks: list.TaskArns})
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range out.Tasks {
		if took := task.StartedAt.Sub(*task.CreatedAt); took != time.Minute {
			t.Errorf("a task of the image in service was RUNNING after %s", took)
		}
	}
}

func TestDeregistrationDelay(t *testing.T) {
	sim, _, _ := rehearsed(t, "unhealthy")
	out, err := balancerClient(sim.HTTPClient()).DescribeTargetGroupAttributes(t.Context(), &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: aws.String(group)})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Attributes) != 1 || aws.ToString(out.Attributes[0].Key) != "deregistration_delay.timeout_seconds" || aws.ToString(out.Attributes[0].Value) != "30" {
		t.Errorf("attributes: %+v", out.Attributes)
	}
	_, err = balancerClient(sim.HTTPClient()).DescribeTargetGroupAttributes(t.Context(), &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: aws.String("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/x/1")})
	if err == nil || !strings.Contains(err.Error(), "TargetGroupNotFound") {
		t.Errorf("a group that is not there: %v", err)
	}
}
