package ecssim_test

// This file tests task sets and the services that ECS does not deploy itself.

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const setsWorld = `
clusters: [{name: demo, containerInstances: [{count: 2}]}]
taskDefinitions:
  - family: web
    networkMode: awsvpc
    requiresCompatibilities: [FARGATE]
    cpu: "256"
    memory: "512"
    containerDefinitions: [{name: web, image: "web:1", portMappings: [{containerPort: 80}]}]
  - family: web
    networkMode: awsvpc
    requiresCompatibilities: [FARGATE]
    cpu: "256"
    memory: "512"
    containerDefinitions: [{name: web, image: "web:2", portMappings: [{containerPort: 80}]}]
services:
  - cluster: demo
    serviceName: rolling
    taskDefinition: web
    desiredCount: 1
    launchType: FARGATE
    networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}
`

// deployer deploys the service web by task sets, as an external controller does.
type deployer struct {
	*testing.T
	*ecs.Client
	balancers *elb.Client
}

// blueGroup is the target group of its task sets.
const blueGroup = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/blue/73e2d6bc24d8a067"

// targets are the states of the targets of a group.
func targets(t *testing.T, client *elb.Client, group string) string {
	t.Helper()
	out, err := client.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: &group})
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, d := range out.TargetHealthDescriptions {
		states = append(states, string(d.TargetHealth.State))
	}
	return strings.Join(states, " ")
}

func (d deployer) create(definition string, scale float64) *types.TaskSet {
	d.Helper()
	out, err := d.CreateTaskSet(d.Context(), &ecs.CreateTaskSetInput{
		Cluster: aws.String("demo"), Service: aws.String("web"), TaskDefinition: &definition, LaunchType: types.LaunchTypeFargate,
		ExternalId: aws.String("build-7"), Scale: &types.Scale{Unit: types.ScaleUnitPercent, Value: scale},
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
		LoadBalancers:        []types.LoadBalancer{{TargetGroupArn: aws.String(blueGroup), ContainerName: aws.String("web"), ContainerPort: aws.Int32(80)}},
		Tags:                 []types.Tag{{Key: aws.String("colour"), Value: aws.String("green")}},
	})
	if err != nil {
		d.Fatal(err)
	}
	return out.TaskSet
}

func (d deployer) scale(set *types.TaskSet, percent float64) {
	d.Helper()
	_, err := d.UpdateTaskSet(d.Context(), &ecs.UpdateTaskSetInput{
		Cluster: aws.String("demo"), Service: aws.String("web"), TaskSet: set.Id, Scale: &types.Scale{Unit: types.ScaleUnitPercent, Value: percent}})
	if err != nil {
		d.Error(err)
	}
}

func (d deployer) delete(set *types.TaskSet, force bool) error {
	_, err := d.DeleteTaskSet(d.Context(), &ecs.DeleteTaskSetInput{
		Cluster: aws.String("demo"), Service: aws.String("web"), TaskSet: set.TaskSetArn, Force: &force})
	return err
}

func (d deployer) promote(set *types.TaskSet) {
	d.Helper()
	_, err := d.UpdateServicePrimaryTaskSet(d.Context(), &ecs.UpdateServicePrimaryTaskSetInput{
		Cluster: aws.String("demo"), Service: aws.String("web"), PrimaryTaskSet: set.Id})
	if err != nil {
		d.Error(err)
	}
}

// sets is what the service shows, in one line: each task set with its status,
// numbers and stability.
func (d deployer) sets() string {
	d.Helper()
	s := describe(d.T, d.Client)
	line := fmt.Sprintf("%s %s", s.LaunchType, aws.ToString(s.TaskDefinition))
	line = strings.ReplaceAll(line, "arn:aws:ecs:us-east-1:123456789012:task-definition/", "")
	for _, set := range s.TaskSets {
		name := (*set.TaskDefinition)[strings.LastIndex(*set.TaskDefinition, "/")+1:]
		line += fmt.Sprintf(" | %s %s %d/%d %s", *set.Status, name, set.RunningCount, set.ComputedDesiredCount, set.StabilityStatus)
	}
	return line
}

// external makes the service web of a deployer.
func external(t *testing.T) deployer {
	t.Helper()
	world, err := ecssim.ParseWorld("world.yaml", []byte(setsWorld))
	if err != nil {
		t.Fatal(err)
	}
	sim, client := start(t, world)
	d := deployer{t, client, balancerClient(sim.HTTPClient())}
	if _, err := d.CreateService(t.Context(), &ecs.CreateServiceInput{
		Cluster: aws.String("demo"), ServiceName: aws.String("web"), DesiredCount: aws.Int32(2),
		DeploymentController: &types.DeploymentController{Type: types.DeploymentControllerTypeExternal}}); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestTaskSets deploys a second revision beside the first one, and takes the first
// one away.
func TestTaskSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := external(t)
		see := func(want string) {
			t.Helper()
			if got := d.sets(); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		}
		see("EC2 ")
		blue := d.create("web:1", 100)
		see("EC2  | ACTIVE web:1 0/0 STABILIZING")
		time.Sleep(3 * time.Minute)
		see("EC2  | ACTIVE web:1 2/2 STEADY_STATE")
		d.promote(blue)
		see("FARGATE web:1 | PRIMARY web:1 2/2 STEADY_STATE")
		if got := targets(t, d.balancers, blueGroup); got != "healthy healthy" {
			t.Errorf("targets %s", got)
		}

		green := d.create("web:2", 30)
		time.Sleep(3 * time.Minute)
		see("FARGATE web:1 | PRIMARY web:1 2/2 STEADY_STATE | ACTIVE web:2 1/1 STEADY_STATE")
		d.scale(green, 100)
		update(t, d.Client, ecs.UpdateServiceInput{DesiredCount: aws.Int32(3)})
		time.Sleep(3 * time.Minute)
		d.promote(green)
		see("FARGATE web:2 | PRIMARY web:2 3/3 STEADY_STATE | ACTIVE web:1 3/3 STEADY_STATE")

		wantCode(t, d.delete(green, false), "InvalidParameterException", "Primary TaskSet cannot be deleted")
		wantCode(t, d.delete(blue, false), "InvalidParameterException", "scaled above 0")
		d.scale(blue, 0)
		time.Sleep(2 * time.Minute)
		if err := d.delete(blue, false); err != nil {
			t.Error(err)
		}
		see("FARGATE web:2 | PRIMARY web:2 3/3 STEADY_STATE | DRAINING web:1 0/0 STABILIZING")
		time.Sleep(time.Minute)
		see("FARGATE web:2 | PRIMARY web:2 3/3 STEADY_STATE")
		if err := d.delete(green, true); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Minute)
		wantCode(t, d.delete(green, true), "TaskSetNotFoundException", "")

		said := strings.Join(messages(describe(t, d.Client)), "\n")
		for _, want := range []string{
			"(service web) updated computedDesiredCount for taskSet " + *blue.Id + " to 2.",
			"(service web, taskSet " + *blue.Id + ") has started 2 tasks: (task ",
			"(service web, taskSet " + *blue.Id + ") registered 2 targets in (target-group " + blueGroup + ")",
			"(service web, taskSet " + *blue.Id + ") updated state to STEADY_STATE.",
			"(service web) has reached a steady state.",
			"(service web, taskSet " + *blue.Id + ") has stopped 3 running tasks: (task ",
		} {
			if !strings.Contains(said, want) {
				t.Errorf("no event %q in\n%s", want, said)
			}
		}
		if strings.Contains(said, "deployment completed") {
			t.Error("a deployment completed")
		}
	})
}

// TestTaskSetsAreReplaced loses a task of a task set.
func TestTaskSetsAreReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := external(t)
		set := d.create("web:1", 100)
		time.Sleep(3 * time.Minute)
		list, err := d.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), StartedBy: set.Id})
		if err != nil || len(list.TaskArns) != 2 {
			t.Fatal(list, err)
		}
		if _, err := d.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String("demo"), Task: &list.TaskArns[0]}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if got, want := d.sets(), "EC2  | ACTIVE web:1 1/2 STABILIZING"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		time.Sleep(2 * time.Minute)
		if got, want := d.sets(), "EC2  | ACTIVE web:1 2/2 STEADY_STATE"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

// TestTaskSetOperations is what the operations show and refuse.
func TestTaskSetOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := external(t)
		set := d.create("web:1", 0)
		out, err := d.DescribeTaskSets(t.Context(), &ecs.DescribeTaskSetsInput{
			Cluster: aws.String("demo"), Service: aws.String("web"), TaskSets: []string{*set.Id, "ecs-svc/1"}, Include: []types.TaskSetField{types.TaskSetFieldTags}})
		switch {
		case err != nil:
			t.Fatal(err)
		case len(out.TaskSets) != 1 || len(out.Failures) != 1 || *out.Failures[0].Reason != "MISSING":
			t.Fatalf("%+v", out)
		}
		got := out.TaskSets[0]
		if *got.ExternalId != "build-7" || got.StartedBy != nil || got.Scale.Value != 0 || len(got.Tags) != 1 || *got.PlatformVersion != "1.4.0" ||
			*got.TaskSetArn != "arn:aws:ecs:us-east-1:123456789012:task-set/demo/web/"+*set.Id || len(got.LoadBalancers) != 1 {
			t.Errorf("%+v", got)
		}
		if _, err := d.TagResource(t.Context(), &ecs.TagResourceInput{ResourceArn: got.TaskSetArn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}); err != nil {
			t.Error(err)
		}
		for range 4 {
			d.create("web:2", 0)
		}
		refuse := func(change func(*ecs.CreateTaskSetInput), message string) {
			t.Helper()
			in := ecs.CreateTaskSetInput{Cluster: aws.String("demo"), Service: aws.String("web"), TaskDefinition: aws.String("web"), LaunchType: types.LaunchTypeFargate,
				NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}}}
			change(&in)
			_, err := d.CreateTaskSet(t.Context(), &in)
			wantCode(t, err, "InvalidParameterException", message)
		}
		refuse(func(*ecs.CreateTaskSetInput) {}, "5 deployments exist on the service. Unable to create new TaskSet since this exceeds the maximum limit.")
		refuse(func(in *ecs.CreateTaskSetInput) { in.Service = aws.String("rolling") }, "Amazon ECS only supports task set management on services configured to use external deployment controllers.")
		refuse(func(in *ecs.CreateTaskSetInput) { in.Scale = &types.Scale{Value: 100.5} }, "between 0 and 100")
		refuse(func(in *ecs.CreateTaskSetInput) { in.NetworkConfiguration = nil }, "Network Configuration must be provided")
		refuse(func(in *ecs.CreateTaskSetInput) {
			in.LoadBalancers = []types.LoadBalancer{{ContainerName: aws.String("web"), ContainerPort: aws.Int32(81), TargetGroupArn: aws.String("arn:a")}}
		}, "did not have a container port 81 defined.")
		_, err = d.CreateService(t.Context(), &ecs.CreateServiceInput{Cluster: aws.String("demo"), ServiceName: aws.String("other"), TaskDefinition: aws.String("web"),
			DeploymentController: &types.DeploymentController{Type: types.DeploymentControllerTypeExternal}})
		wantCode(t, err, "InvalidParameterException", "TaskDefinition must be blank.")
	})
}

// TestBornWithoutTaskSets is a service of a world that has no task set yet: the
// defaults for a task set do not concern it.
func TestBornWithoutTaskSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := deployer{t, parsed(t, strings.Replace(setsWorld, "services:", `serviceDefaults:
  launchType: FARGATE
  networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-1]}}
services:
  - {cluster: demo, serviceName: web, desiredCount: 1, deploymentController: {type: EXTERNAL}}`, 1)), nil}
		if got, want := d.sets(), "EC2 "; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

// TestBornTaskSets are services of a world that somebody else deploys: in steady
// state, with one PRIMARY task set.
func TestBornTaskSets(t *testing.T) {
	for controller, startedBy := range map[string]string{"CODE_DEPLOY": "CODE_DEPLOY", "EXTERNAL": ""} {
		synctest.Test(t, func(t *testing.T) {
			client := parsed(t, fmt.Sprintf(ec2, 100, 100, 0, "desiredCount: 2\n    deploymentController: {type: "+controller+"}\n    loadBalancers: [{targetGroupArn: arn:tg, containerName: web, containerPort: 80}]"))
			time.Sleep(time.Hour)
			d := deployer{t, client, nil}
			if got, want := d.sets(), "EC2 web:1 | PRIMARY web:1 2/2 STEADY_STATE"; got != want {
				t.Errorf("%s: %s, want %s", controller, got, want)
			}
			s := describe(t, client)
			if len(s.Deployments) != 0 || aws.ToString(s.TaskSets[0].StartedBy) != startedBy || (s.TaskSets[0].ExternalId != nil) != (startedBy != "") {
				t.Errorf("%s: %+v", controller, s.TaskSets[0])
			}
			if said := strings.Join(messages(s), "\n"); strings.Contains(said, "deployment") || !strings.Contains(said, "has reached a steady state.") {
				t.Errorf("%s says %s", controller, said)
			}
		})
	}
}
