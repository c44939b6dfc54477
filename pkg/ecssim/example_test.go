package ecssim_test

// This file shows, in code that runs, how a client talks to the simulator.

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// A client starts a deployment and follows it, ten thousand times faster than
// real time.
func Example() {
	world, err := ecssim.LoadScenario("healthy")
	if err != nil {
		fmt.Println(err)
		return
	}
	clock := ecssim.ScaledClock(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), 10_000)
	sim, err := ecssim.New(world.WithSeed(ecssim.Seed{Cluster: "demo", Service: "web", Image: "web:1"}), ecssim.WithClock(clock))
	if err != nil {
		fmt.Println(err)
		return
	}
	client := ecs.New(ecs.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String("http://ecs.simulated"),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		HTTPClient:   sim.HTTPClient(),
	})

	ctx := context.Background()
	out, err := client.UpdateService(ctx, &ecs.UpdateServiceInput{
		Cluster: aws.String("demo"), Service: aws.String("web"), ForceNewDeployment: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ours := aws.ToString(out.Service.Deployments[0].Id)
	for {
		_ = clock.Sleep(ctx, 5*time.Second)
		now, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String("demo"), Services: []string{"web"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		if p := now.Services[0].Deployments[0]; aws.ToString(p.Id) == ours && p.RolloutState == "COMPLETED" {
			fmt.Println(p.RolloutState, p.RunningCount, "of", p.DesiredCount)
			return
		}
	}
	// Output: COMPLETED 2 of 2
}
