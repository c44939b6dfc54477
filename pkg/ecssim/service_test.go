package ecssim_test

// This file tests services of other kinds (DAEMON, EC2, CodeDeploy), their
// creation and deletion, and what goes wrong on purpose.

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// parsed is a simulator of a world in YAML, with its client.
func parsed(t *testing.T, text string) *ecs.Client {
	t.Helper()
	w, err := ecssim.ParseWorld("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, client := start(t, w)
	return client
}

// ec2 is a cluster demo with two instances and a service web on them.
const ec2 = `
clusters:
  - {name: demo, containerInstances: [{count: 2, cpu: 1024, memory: 1000}]}
taskDefinitions:
  - family: web
    containerDefinitions:
      - {name: web, image: "web:1", cpu: %d, memory: %d, portMappings: [{containerPort: 80, hostPort: %d}]}
services:
  - cluster: demo
    serviceName: web
    taskDefinition: web
    %s
`

func TestDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := parsed(t, fmt.Sprintf(ec2, 100, 100, 0, "schedulingStrategy: DAEMON"))
		s := describe(t, client)
		if s.DesiredCount != 2 || s.RunningCount != 2 || s.SchedulingStrategy != types.SchedulingStrategyDaemon || *s.DeploymentConfiguration.MaximumPercent != 100 {
			t.Errorf("%+v", s)
		}
		update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true})
		if sd := settle(t, client, 10*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
			t.Errorf("%s", sd.Status)
		}
		if s := describe(t, client); s.RunningCount != 2 {
			t.Errorf("%d running", s.RunningCount)
		}
		_, err := client.UpdateService(t.Context(), &ecs.UpdateServiceInput{Cluster: aws.String("demo"), Service: aws.String("web"), DesiredCount: aws.Int32(3)})
		wantCode(t, err, "InvalidParameterException", "does not support a desired count")
	})
}

// TestDaemonRollout watches a rollout of a DAEMON service: it stops before it
// starts, never has two tasks on one instance, and ends with one on each.
func TestDaemonRollout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := parsed(t, strings.Replace(fmt.Sprintf(ec2, 900, 900, 80, "schedulingStrategy: DAEMON"), "count: 2", "count: 3", 1))
		ours := *update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true}).Deployments[0].Id
		least := 3
		for begin := time.Now(); newest(t, client).Status != types.ServiceDeploymentStatusSuccessful; time.Sleep(time.Second) {
			if time.Since(begin) > 10*time.Minute {
				t.Fatal("it does not end")
			}
			if n := wantOnePerInstance(t, client, ""); n < least {
				least = n
			}
		}
		if n := wantOnePerInstance(t, client, ours); n != 3 || least != 0 {
			t.Errorf("%d at the end, %d on the way", n, least)
		}
	})
}

// wantOnePerInstance counts the tasks that are to run, of a deployment or of
// all, and wants each on an instance of its own.
func wantOnePerInstance(t *testing.T, client *ecs.Client, deployment string) int {
	t.Helper()
	list, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), ServiceName: aws.String("web")})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.TaskArns) == 0 {
		return 0
	}
	out, err := client.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String("demo"), Tasks: list.TaskArns})
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]bool{}
	for _, task := range out.Tasks {
		if host := *task.ContainerInstanceArn; taken[host] || deployment != "" && *task.StartedBy != deployment {
			t.Errorf("a second task on %s, or one of %s", host, *task.StartedBy)
		}
		taken[*task.ContainerInstanceArn] = true
	}
	return len(taken)
}

// TestClassicLoadBalancer is a service of which ECS tells less: no rolloutState,
// no service deployments, other words.
func TestClassicLoadBalancer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		balanced := "desiredCount: 1\n    loadBalancers: [{loadBalancerName: old-lb, containerName: web, containerPort: 80}]" +
			"\n    deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: true}}"
		client := parsed(t, fmt.Sprintf(ec2, 100, 100, 0, balanced)+"images: [{match: '*:bad', behaviour: unhealthy}]\n")
		ours := *update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true}).Deployments[0].Id
		list, err := client.ListServiceDeployments(t.Context(), &ecs.ListServiceDeploymentsInput{Cluster: aws.String("demo"), Service: aws.String("web")})
		if err != nil || len(list.ServiceDeployments) != 0 {
			t.Errorf("service deployments: %+v, %v", list, err)
		}
		for _, d := range describe(t, client).Deployments {
			if d.RolloutState != "" || d.RolloutStateReason != nil {
				t.Errorf("%s: %s, %v", *d.Id, d.RolloutState, d.RolloutStateReason)
			}
		}
		time.Sleep(5 * time.Minute)
		s := describe(t, client)
		if d := s.Deployments[0]; len(s.Deployments) != 1 || *d.Id != ours || d.RunningCount != 1 || d.RolloutState != "" {
			t.Errorf("at the end: %+v", s.Deployments)
		}
		for _, text := range []string{"registered 1 instances in (elb old-lb)", "deregistered 1 instances in (elb old-lb)", "has reached a steady state."} {
			wantEvent(t, s, "(service web) "+text)
		}
		td, err := client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("web"), Image: aws.String("web:bad"), Memory: aws.Int32(100), PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80)}}}}})
		if err != nil {
			t.Fatal(err)
		}
		ours = *update(t, client, ecs.UpdateServiceInput{TaskDefinition: td.TaskDefinition.TaskDefinitionArn}).Deployments[0].Id
		time.Sleep(20 * time.Minute)
		s = describe(t, client)
		if d := s.Deployments[0]; *d.Id != ours || d.FailedTasks < 3 || len(s.Deployments) != 2 {
			t.Errorf("a circuit breaker acted: %+v", s.Deployments)
		}
		wantEvent(t, s, "is unhealthy in (elb old-lb) due to (reason Instance has failed at least the UnhealthyThreshold number of health checks consecutively.)")
		if task := stoppedTasks(t, client, ours)[0]; *task.StoppedReason != "Task failed ELB health checks in (elb old-lb)" {
			t.Errorf("%s", *task.StoppedReason)
		}
	})
}

func TestPlacement(t *testing.T) {
	for name, c := range map[string]struct {
		cpu, memory, port int
		desired           string
		event             string
	}{
		"fits":     {100, 100, 0, "desiredCount: 2", ""},
		"CPU":      {600, 100, 0, "desiredCount: 2", "has insufficient CPU units available. For more information"},
		"memory":   {100, 600, 0, "desiredCount: 2", "has insufficient memory available. For more information"},
		"port":     {100, 100, 80, "desiredCount: 2", "is already using a port required by your task. For more information"},
		"makeroom": {600, 100, 0, "desiredCount: 2\n    deploymentConfiguration: {minimumHealthyPercent: 50, maximumPercent: 100}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := parsed(t, fmt.Sprintf(ec2, c.cpu, c.memory, c.port, c.desired))
				update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true})
				if c.event == "" {
					if sd := settle(t, client, 30*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
						t.Errorf("%s", sd.Status)
					}
					return
				}
				time.Sleep(40 * time.Minute)
				s := describe(t, client)
				wantEvent(t, s, "was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance ")
				wantEvent(t, s, c.event)
				if n := strings.Count(strings.Join(messages(s), "\n"), "unable to place"); n != 1 {
					t.Errorf("the event is there %d times", n)
				}
				if s.Deployments[0].FailedTasks != 3 {
					t.Errorf("%d failed tasks", s.Deployments[0].FailedTasks)
				}
			})
		})
	}
}

func TestCodeDeploy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := parsed(t, fmt.Sprintf(ec2, 100, 100, 0, "desiredCount: 1\n    deploymentController: {type: CODE_DEPLOY}\n    loadBalancers: [{targetGroupArn: arn:tg, containerName: web, containerPort: 80}]"))
		s := describe(t, client)
		if len(s.Deployments) != 0 || len(s.TaskSets) != 1 || s.DeploymentController.Type != types.DeploymentControllerTypeCodeDeploy {
			t.Errorf("%+v", s)
		}
		call := func(in ecs.UpdateServiceInput) error {
			in.Cluster, in.Service = aws.String("demo"), aws.String("web")
			_, err := client.UpdateService(t.Context(), &in)
			return err
		}
		wantCode(t, call(ecs.UpdateServiceInput{TaskDefinition: aws.String("web")}), "InvalidParameterException", "Please use Code Deploy to trigger a new deployment.")
		wantCode(t, call(ecs.UpdateServiceInput{ForceNewDeployment: true}), "InvalidParameterException", "Use AWS CodeDeploy to trigger a new deployment.")
		if err := call(ecs.UpdateServiceInput{DesiredCount: aws.Int32(2)}); err != nil {
			t.Error(err)
		}
		list, err := client.ListServiceDeployments(t.Context(), &ecs.ListServiceDeploymentsInput{Cluster: aws.String("demo"), Service: aws.String("web")})
		if err != nil || len(list.ServiceDeployments) != 0 {
			t.Errorf("service deployments: %+v, %v", list, err)
		}
	})
}

func TestExternal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := parsed(t, fmt.Sprintf(ec2, 100, 100, 0, "desiredCount: 1\n    deploymentController: {type: EXTERNAL}"))
		s := describe(t, client)
		if len(s.Deployments) != 0 || len(s.TaskSets) != 1 || s.DeploymentController.Type != types.DeploymentControllerTypeExternal || *s.TaskSets[0].Status != "PRIMARY" || s.TaskSets[0].RunningCount != 1 {
			t.Errorf("%+v", s)
		}
		for _, in := range []ecs.UpdateServiceInput{{TaskDefinition: aws.String("web")}, {ForceNewDeployment: true}, {PlatformVersion: aws.String("1.4.0")}} {
			in.Cluster, in.Service = aws.String("demo"), aws.String("web")
			_, err := client.UpdateService(t.Context(), &in)
			wantCode(t, err, "InvalidParameterException", "EXTERNAL deployment controller")
		}
	})
}

func TestCreateAndDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := start(t, ecssim.World{})
		ctx := t.Context()
		if _, err := client.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("demo")}); err != nil {
			t.Fatal(err)
		}
		td, err := client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{Family: aws.String("web"), NetworkMode: types.NetworkModeAwsvpc,
			Cpu: aws.String("256"), Memory: aws.String("512"), RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
			ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("web"), Image: aws.String("web:1")}}})
		if err != nil {
			t.Fatal(err)
		}
		in := &ecs.CreateServiceInput{Cluster: aws.String("demo"), ServiceName: aws.String("web"), DesiredCount: aws.Int32(1),
			TaskDefinition: td.TaskDefinition.TaskDefinitionArn, LaunchType: types.LaunchTypeFargate}
		_, err = client.CreateService(ctx, in)
		wantCode(t, err, "InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
		in.NetworkConfiguration = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}}
		if _, err = client.CreateService(ctx, in); err != nil {
			t.Fatal(err)
		}
		if sd := settle(t, client, 5*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful || len(sd.SourceServiceRevisions) != 0 {
			t.Errorf("%s %v", sd.Status, sd.SourceServiceRevisions)
		}
		_, err = client.CreateService(ctx, in)
		wantCode(t, err, "InvalidParameterException", "Creation of service was not idempotent.")
		remove := &ecs.DeleteServiceInput{Cluster: aws.String("demo"), Service: aws.String("web")}
		_, err = client.DeleteService(ctx, remove)
		wantCode(t, err, "InvalidParameterException", "The service cannot be stopped while it is scaled above 0.")
		remove.Force = aws.Bool(true)
		if out, err := client.DeleteService(ctx, remove); err != nil || *out.Service.Status != "DRAINING" {
			t.Error(out, err)
		}
		_, err = client.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: aws.String("demo"), Service: aws.String("web"), ForceNewDeployment: true})
		wantCode(t, err, "ServiceNotActiveException", "Service was not ACTIVE.")
		time.Sleep(5 * time.Minute)
		if s := describe(t, client); *s.Status != "INACTIVE" || s.RunningCount != 0 {
			t.Errorf("%s, %d running", *s.Status, s.RunningCount)
		}
		if _, err = client.CreateService(ctx, in); err != nil {
			t.Errorf("the name can be used again: %v", err)
		}
	})
}

func TestLostResponse(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		arn := register(t, client, "web:2") // the first response is lost, the SDK tries again
		if !strings.HasSuffix(arn, ":3") {
			t.Errorf("registered %s", arn)
		}
	}, func(w *ecssim.World) {
		w.Faults = []ecssim.Fault{{Operations: []string{"RegisterTaskDefinition"}, Nth: 1, LostResponse: true}}
	})
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault ecssim.Fault
		fails string // by call: x fails, . succeeds
	}{
		"first":  {ecssim.Fault{First: 2, Code: "AccessDeniedException"}, "xx..."},
		"nth":    {ecssim.Fault{Nth: 3, Code: "ExpiredTokenException"}, "..x.."},
		"every":  {ecssim.Fault{Every: 2, Code: "X"}, ".x.x."},
		"always": {ecssim.Fault{Operations: []string{"List*"}, Code: "X"}, "xxxxx"},
		"other":  {ecssim.Fault{Operations: []string{"Describe*"}, Code: "X"}, "....."},
		"html":   {ecssim.Fault{Nth: 2, Body: "<html>no</html>", Status: 403}, ".x..."},
		"later":  {ecssim.Fault{AfterUpdate: true, First: 1, Code: "X"}, "..x.."},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
				got := ""
				for i := range 5 {
					if i == 2 && name == "later" {
						update(t, client, ecs.UpdateServiceInput{})
					}
					if _, err := client.ListClusters(t.Context(), nil, func(o *ecs.Options) { o.RetryMaxAttempts = 1 }); err != nil {
						got += "x"
					} else {
						got += "."
					}
				}
				if got != c.fails {
					t.Errorf("%s, want %s", got, c.fails)
				}
			}, func(w *ecssim.World) { w.Faults = []ecssim.Fault{c.fault} })
		})
	}
}

func TestLatencyPassesSimulatedTime(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		begin := time.Now()
		describe(t, client)
		if took := time.Since(begin); took != 1500*time.Millisecond {
			t.Errorf("took %s", took)
		}
	}, func(w *ecssim.World) {
		w.Faults = []ecssim.Fault{{Operations: []string{"DescribeServices"}, Latency: ecssim.Duration(1500 * time.Millisecond)}}
	})
}

func TestThrottlingBuckets(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		once := func(o *ecs.Options) { o.RetryMaxAttempts = 1 }
		served := 0
		var err error
		for err == nil {
			_, err = client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{Family: aws.String("a"),
				ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("a"), Image: aws.String("a"), Memory: aws.Int32(64)}}}, once)
			served++
		}
		wantCode(t, err, "ThrottlingException", "Rate exceeded")
		if served != 21 {
			t.Errorf("%d requests were served before the first refusal", served-1)
		}
		time.Sleep(time.Second)
		register(t, client, "web:2")
	}, func(w *ecssim.World) { w.Switches.Throttling = true })
}

func TestProbability(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		arn := register(t, client, "web:flaky")
		update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn, DesiredCount: aws.Int32(12)})
		if sd := settle(t, client, 40*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
			t.Errorf("%s", sd.Status)
		}
		if len(stoppedTasks(t, client, *describe(t, client).Deployments[0].Id)) == 0 {
			t.Error("none of the tasks failed")
		}
	}, func(w *ecssim.World) {
		w.Images = []ecssim.ImageRule{{Match: "*:flaky", Behaviour: ecssim.Exits, Probability: 0.4}}
	})
}

func TestActors(t *testing.T) {
	inBubble(t, "slow-start", func(t *testing.T, client *ecs.Client) {
		time.Sleep(59 * time.Second)
		if n := describe(t, client).DesiredCount; n != 2 {
			t.Errorf("desired %d before", n)
		}
		time.Sleep(time.Second)
		if n := describe(t, client).DesiredCount; n != 5 {
			t.Errorf("desired %d after a minute", n)
		}
		update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true})
		time.Sleep(31 * time.Second)
		if sd := newest(t, client); sd.Status != types.ServiceDeploymentStatusRollbackInProgress {
			t.Errorf("somebody stopped it, but it is %s", sd.Status)
		}
		settle(t, client, 5*time.Minute)
		update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true})
		if sd := settle(t, client, 15*time.Minute); sd.Status != types.ServiceDeploymentStatusSuccessful {
			t.Errorf("the second time: %s", sd.Status)
		}
	}, func(w *ecssim.World) {
		w.Actors = []ecssim.Actor{
			{After: ecssim.Duration(time.Minute), Cluster: "demo", Service: "web", Operation: "UpdateService",
				Input: ecssim.Document{"cluster": "{cluster}", "service": "{service}", "desiredCount": 5}},
			{AfterDeployment: true, After: ecssim.Duration(29 * time.Second), Operation: "StopServiceDeployment",
				Input: ecssim.Document{"serviceDeploymentArn": "{serviceDeployment}"}},
		}
		w.Faults = []ecssim.Fault{{Operations: []string{"StopServiceDeployment"}, Code: "AccessDeniedException"}} // not for actors
	})
}
