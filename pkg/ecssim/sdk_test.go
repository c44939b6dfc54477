package ecssim_test

// This file is the harness of the tests: the real ECS client on a simulator,
// inside a synctest bubble, where a rollout takes no time.

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

func newClient(c *http.Client) *ecs.Client {
	return ecs.New(ecs.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String("http://ecs.simulated"),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		HTTPClient:   &http.Client{Transport: judge{c.Transport}},
		// More than the default of 3: one scenario throttles a third of all reads.
		RetryMaxAttempts: 10,
	})
}

// demo is a scenario with the service web of cluster demo, running web:1.
func demo(t *testing.T, scenario string, changes ...func(*ecssim.World)) (*ecssim.Simulator, *ecs.Client) {
	t.Helper()
	world, err := ecssim.LoadScenario(scenario)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		change(&world)
	}
	return start(t, world.WithSeed(ecssim.Seed{Cluster: "demo", Service: "web", Image: "web:1"}))
}

func start(t *testing.T, world ecssim.World) (*ecssim.Simulator, *ecs.Client) {
	t.Helper()
	sim, err := ecssim.New(world)
	if err != nil {
		t.Fatal(err)
	}
	return sim, newClient(sim.HTTPClient())
}

// register registers the newest revision of web with another image.
func register(t *testing.T, client *ecs.Client, image string) string {
	t.Helper()
	old, err := client.DescribeTaskDefinition(t.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String("web")})
	if err != nil {
		t.Fatal(err)
	}
	td := old.TaskDefinition
	td.ContainerDefinitions[0].Image = aws.String(image)
	out, err := client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: td.Family, ContainerDefinitions: td.ContainerDefinitions, Cpu: td.Cpu, Memory: td.Memory,
		NetworkMode: td.NetworkMode, RequiresCompatibilities: td.RequiresCompatibilities,
		ExecutionRoleArn: td.ExecutionRoleArn, TaskRoleArn: td.TaskRoleArn,
	})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.TaskDefinition.TaskDefinitionArn)
}

func update(t *testing.T, client *ecs.Client, in ecs.UpdateServiceInput) *types.Service {
	t.Helper()
	in.Cluster, in.Service = aws.String("demo"), aws.String("web")
	out, err := client.UpdateService(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	return out.Service
}

func describe(t *testing.T, client *ecs.Client) types.Service {
	t.Helper()
	out, err := client.DescribeServices(t.Context(), &ecs.DescribeServicesInput{Cluster: aws.String("demo"), Services: []string{"web"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Services) != 1 {
		t.Fatalf("%d services, failures %v", len(out.Services), out.Failures)
	}
	return out.Services[0]
}

// newest is the newest service deployment.
func newest(t *testing.T, client *ecs.Client) types.ServiceDeployment {
	t.Helper()
	list, err := client.ListServiceDeployments(t.Context(), &ecs.ListServiceDeploymentsInput{Cluster: aws.String("demo"), Service: aws.String("web")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.DescribeServiceDeployments(t.Context(), &ecs.DescribeServiceDeploymentsInput{
		ServiceDeploymentArns: []string{aws.ToString(list.ServiceDeployments[0].ServiceDeploymentArn)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.ServiceDeployments[0]
}

// settle polls until the newest service deployment is over.
func settle(t *testing.T, client *ecs.Client, limit time.Duration) types.ServiceDeployment {
	t.Helper()
	begin := time.Now()
	for {
		sd := newest(t, client)
		switch sd.Status {
		case types.ServiceDeploymentStatusSuccessful, types.ServiceDeploymentStatusStopped,
			types.ServiceDeploymentStatusRollbackSuccessful, types.ServiceDeploymentStatusRollbackFailed:
			t.Logf("%s after %s", sd.Status, time.Since(begin))
			return sd
		}
		if time.Since(begin) > limit {
			for _, ev := range describe(t, client).Events {
				t.Log(ev.CreatedAt.Format(time.TimeOnly), aws.ToString(ev.Message))
			}
			t.Fatalf("still %s after %s", sd.Status, limit)
		}
		time.Sleep(2 * time.Second)
	}
}

func messages(s types.Service) []string {
	var list []string
	for _, ev := range s.Events {
		list = append(list, aws.ToString(ev.Message))
	}
	return list
}

func wantEvent(t *testing.T, s types.Service, part string) {
	t.Helper()
	for _, m := range messages(s) {
		if strings.Contains(m, part) {
			return
		}
	}
	t.Errorf("no event contains %q:\n%s", part, strings.Join(messages(s), "\n"))
}

func wantCode(t *testing.T, err error, code, part string) {
	t.Helper()
	var apiErr smithy.APIError
	if !errors.As(err, &apiErr) || apiErr.ErrorCode() != code || !strings.Contains(apiErr.ErrorMessage(), part) {
		t.Errorf("error is %v, want %s: …%s…", err, code, part)
	}
}

// stoppedTasks are the stopped tasks of a deployment.
func stoppedTasks(t *testing.T, client *ecs.Client, deployment string) []types.Task {
	t.Helper()
	ctx := context.Background()
	list, err := client.ListTasks(ctx, &ecs.ListTasksInput{
		Cluster: aws.String("demo"), StartedBy: aws.String(deployment), DesiredStatus: types.DesiredStatusStopped,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.TaskArns) == 0 {
		return nil
	}
	out, err := client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String("demo"), Tasks: list.TaskArns})
	if err != nil {
		t.Fatal(err)
	}
	return out.Tasks
}
