// Package ecssim is an Amazon ECS that runs in this process: a service
// scheduler whose state is a function of time, behind the real ECS wire
// protocol. Demonstrations, tests and forecasts use it instead of an account.
//
// A [World] says what exists (clusters, task definitions, services), how each
// image behaves (starts, cannot be pulled, crashes, is never healthy) and what
// goes wrong on the wire (throttling, lost responses, denied operations).
// [New] turns a world into a [Simulator]; the services in it are born in steady
// state. Any ECS client can then talk to it:
//
//	world, err := ecssim.LoadScenario("cannot-pull")
//	world = world.WithSeed(ecssim.Seed{Cluster: "demo", Service: "web", Image: "web:1"})
//	sim, err := ecssim.New(world)
//	client := ecs.New(ecs.Options{
//		Region:       "us-east-1",
//		BaseEndpoint: aws.String("http://ecs.simulated"),
//		Credentials:  credentials.NewStaticCredentialsProvider("id", "secret", ""),
//		HTTPClient:   sim.HTTPClient(),
//	})
//
// The simulator starts no goroutine. Each request first plays every event that
// is due (a task reached RUNNING, a health check passed, the scheduler looked at
// the service) and is then served; how often requests come does not change what
// happens. Inside [testing/synctest] the default clock is the bubble's clock,
// so a rollout of half an hour takes milliseconds. [ScaledClock] makes time run
// faster than real time; [ManualClock], [Simulator.NextEvent] and
// [Simulator.Moment] go through a rollout event by event; a [Store] keeps one
// simulator in a file that several processes share.
//
// What is simulated: deployments of REPLICA and DAEMON services under the ECS
// deployment controller, rolling, blue/green, linear and canary; the deployment
// circuit breaker, alarms and their rollback, early success, lifecycle hooks,
// service deployments and revisions, stopped tasks with their reasons, service
// events, limits, paging and error shapes. What is not: AWS CodeDeploy, and
// capacity providers that scale. Operations that ECS has and the
// simulator lacks answer with UnknownOperationException.
//
// Four neighbours of ECS answer at the same address, so that one client
// configuration serves for all: Elastic Load Balancing v2 (DescribeTargetHealth,
// DescribeTargetGroups and DescribeTargetGroupAttributes) tells the health of the
// tasks as targets, CloudWatch Logs (GetLogEvents, FilterLogEvents) what their containers and the
// functions of hooks wrote,
// ECR (DescribeImages) the digests of images, and STS (GetCallerIdentity and
// AssumeRole) who calls.
//
// Where AWS documents no behaviour, the comments say "assumed".
package ecssim
