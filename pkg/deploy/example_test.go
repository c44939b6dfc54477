package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// A deployment against AWS, with progress.
func Example() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return
	}
	d := deploy.New(ecs.NewFromConfig(cfg), deploy.WithObserver(func(e deploy.Event) {
		fmt.Println(e.Elapsed, e.Type, e.Message)
	}))
	outcome, err := d.Run(ctx, deploy.Request{
		Ref: deploy.Ref{Cluster: "production1", Service: "doorman-service"}, Want: deploy.Want{Images: []string{"docker.repo.com/doorman:v2"}},
	}, deploy.Policy{})
	var busy *deploy.BusyError
	if errors.As(err, &busy) {
		fmt.Println("somebody else is deploying:", busy.Deployment.ID)
	}
	fmt.Println(outcome.Verdict, outcome.Reason)
}

// The same against the embedded ECS: in process, 1000 times faster.
func ExampleDeployer_Run() {
	world, err := ecssim.LoadScenario("healthy")
	if err != nil {
		panic(err)
	}
	clock := ecssim.ScaledClock(time.Now(), 1000)
	simulator, err := ecssim.New(world.WithSeed(ecssim.Seed{Cluster: "production1", Service: "doorman", Image: "doorman:v1"}), ecssim.WithClock(clock))
	if err != nil {
		panic(err)
	}
	client := ecs.New(ecs.Options{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("x", "x", ""),
		BaseEndpoint: aws.String("http://ecs.simulated"), HTTPClient: simulator.HTTPClient(),
	})
	d := deploy.New(client, deploy.WithClock(clock))
	outcome, err := d.Run(context.Background(), deploy.Request{
		Ref: deploy.Ref{Cluster: "production1", Service: "doorman"}, Want: deploy.Want{Images: []string{"doorman:v2"}},
	}, deploy.Policy{})
	if err != nil {
		panic(err)
	}
	fmt.Println(outcome.Verdict, outcome.Running, "of", outcome.Desired)
	// Output: succeeded 2 of 2
}
