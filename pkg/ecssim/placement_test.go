package ecssim_test

// This file tests container instances with the real client: where tasks are
// placed, what is left, and what draining and deregistering does to a service.

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// fleet is a cluster of four container instances, two in each zone, of which
// the last is small, with a service web of n tasks.
func fleet(n int, members ecssim.Document) ecssim.World {
	service := ecssim.Document{"serviceName": "web", "cluster": "demo", "taskDefinition": "web", "desiredCount": n, "launchType": "EC2"}
	for member, v := range members {
		service[member] = v
		if v == nil {
			delete(service, member)
		}
	}
	return ecssim.World{
		Clusters: []ecssim.ClusterSpec{{Name: "demo", ContainerInstances: []ecssim.InstanceSpec{
			{Count: 3, CPU: 2048, Memory: 4000, Attributes: map[string]string{"stack": "blue"}}, {CPU: 2048, Memory: 2000},
		}}},
		TaskDefinitions: []ecssim.Document{{"family": "web", "containerDefinitions": []any{definition("web=web:1", ecssim.Document{"cpu": 128, "memory": 400})}}},
		Services:        []ecssim.Document{service},
	}
}

// instances are the container instances as "running/pending memory left status".
func instances(t *testing.T, client *ecs.Client) (arns, seen []string) {
	t.Helper()
	list, err := client.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{Cluster: aws.String("demo")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{Cluster: aws.String("demo"), ContainerInstances: list.ContainerInstanceArns})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range out.ContainerInstances {
		seen = append(seen, fmt.Sprintf("%d/%d %d %s", i.RunningTasksCount, i.PendingTasksCount, i.RemainingResources[1].IntegerValue, *i.Status))
	}
	return list.ContainerInstanceArns, seen
}

func TestPlacementRules(t *testing.T) {
	rules := func(list ...map[string]any) []any {
		var all []any
		for _, rule := range list {
			all = append(all, rule)
		}
		return all
	}
	for name, c := range map[string]struct {
		tasks   int
		members ecssim.Document
		want    string // tasks on each instance
	}{
		"most room first":   {6, nil, "2 2 2 0"},
		"distinct":          {5, ecssim.Document{"placementConstraints": rules(map[string]any{"type": "distinctInstance"})}, "1 1 1 1"},
		"member of a stack": {6, ecssim.Document{"placementConstraints": rules(map[string]any{"type": "memberOf", "expression": "attribute:stack == blue"})}, "2 2 2 0"},
		"member of a zone": {4, ecssim.Document{"placementConstraints": rules(map[string]any{
			"type": "memberOf", "expression": "attribute:ecs.availability-zone == us-east-1b and not attribute:stack exists"})}, "0 0 0 4"},
		"member of nothing": {2, ecssim.Document{"placementConstraints": rules(map[string]any{"type": "memberOf", "expression": "attribute:ecs.instance-type =~ p5.*"})}, "0 0 0 0"},
		"packed":            {6, ecssim.Document{"placementStrategy": rules(map[string]any{"type": "binpack", "field": "memory"})}, "1 0 0 5"},
		"spread over instances": {6, ecssim.Document{"placementStrategy": rules(map[string]any{"type": "spread", "field": "instanceId"})},
			"2 2 1 1"},
		"spread over zones, packed": {6, ecssim.Document{"placementStrategy": rules(
			map[string]any{"type": "spread", "field": "attribute:ecs.availability-zone"}, map[string]any{"type": "binpack", "field": "memory"})}, "3 0 0 3"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, client := start(t, fleet(0, c.members))
				update(t, client, ecs.UpdateServiceInput{DesiredCount: aws.Int32(int32(c.tasks))})
				time.Sleep(5 * time.Minute)
				_, seen := instances(t, client)
				var got []string
				for _, line := range seen {
					count, _, _ := strings.Cut(line, "/")
					got = append(got, count)
				}
				if strings.Join(got, " ") != c.want {
					t.Errorf("tasks on the instances: %v, want %s", got, c.want)
				}
				placed := 0
				for _, n := range got {
					placed += int(n[0] - '0')
				}
				if placed < c.tasks {
					wantEvent(t, describe(t, client), "was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance ")
				}
			})
		})
	}
}

func TestPlacementRefused(t *testing.T) {
	_, client := start(t, fleet(1, nil))
	for part, in := range map[string]ecs.RunTaskInput{
		"placementConstraints cannot": {PlacementConstraints: slices.Repeat([]types.PlacementConstraint{{Type: types.PlacementConstraintTypeDistinctInstance}}, 11)},
		"placementStrategy cannot":    {PlacementStrategy: slices.Repeat([]types.PlacementStrategy{{Type: types.PlacementStrategyTypeRandom}}, 6)},
		"memberOf":                    {PlacementConstraints: []types.PlacementConstraint{{Type: types.PlacementConstraintTypeMemberOf, Expression: aws.String("stack = blue")}}},
		"distinctInstance":            {PlacementConstraints: []types.PlacementConstraint{{Type: types.PlacementConstraintTypeDistinctInstance, Expression: aws.String("x")}}},
		"binpack":                     {PlacementStrategy: []types.PlacementStrategy{{Type: types.PlacementStrategyTypeBinpack, Field: aws.String("disk")}}},
	} {
		in.Cluster, in.TaskDefinition = aws.String("demo"), aws.String("web")
		_, err := client.RunTask(t.Context(), &in)
		wantCode(t, err, "InvalidParameterException", part)
	}
}

// TestDraining drains an instance: its service tasks move, never fewer than two
// are healthy, and a task that somebody ran stays.
func TestDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := start(t, fleet(2, ecssim.Document{"placementStrategy": []any{map[string]any{"type": "spread", "field": "host"}}}))
		arns, _ := instances(t, client)
		if _, err := client.StartTask(t.Context(), &ecs.StartTaskInput{Cluster: aws.String("demo"), TaskDefinition: aws.String("web"), ContainerInstances: arns[:1]}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if _, seen := instances(t, client); seen[0] != "2/0 3200 ACTIVE" || seen[1] != "1/0 3600 ACTIVE" {
			t.Fatalf("at first: %v", seen)
		}
		out, err := client.UpdateContainerInstancesState(t.Context(), &ecs.UpdateContainerInstancesStateInput{
			Cluster: aws.String("demo"), ContainerInstances: []string{arns[0], "none"}, Status: types.ContainerInstanceStatusDraining})
		if err != nil || len(out.ContainerInstances) != 1 || len(out.Failures) != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
		for range 120 {
			time.Sleep(2 * time.Second)
			if s := describe(t, client); s.RunningCount < 2 {
				t.Fatalf("%d tasks are running", s.RunningCount)
			}
		}
		_, seen := instances(t, client)
		if seen[0] != "1/0 3600 DRAINING" || seen[1] != "1/0 3600 ACTIVE" || seen[2] != "1/0 3600 ACTIVE" {
			t.Errorf("drained: %v", seen)
		}
		if s := describe(t, client); s.RunningCount != 2 || s.PendingCount != 0 || len(s.Deployments) != 1 {
			t.Errorf("the service runs %d tasks", s.RunningCount)
		}
		wantEvent(t, describe(t, client), "has reached a steady state.")
	})
}

// TestDeregister takes an instance with a task away, and brings another one.
func TestDeregister(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := start(t, fleet(0, ecssim.Document{"schedulingStrategy": "DAEMON", "desiredCount": nil}))
		arns, _ := instances(t, client)
		in := &ecs.DeregisterContainerInstanceInput{Cluster: aws.String("demo"), ContainerInstance: &arns[1]}
		_, err := client.DeregisterContainerInstance(t.Context(), in)
		wantCode(t, err, "InvalidParameterException", "Found running tasks on the instance.")
		in.Force = aws.Bool(true)
		out, err := client.DeregisterContainerInstance(t.Context(), in)
		if err != nil || *out.ContainerInstance.Status != "INACTIVE" {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if s := describe(t, client); s.DesiredCount != 3 || s.RunningCount != 3 {
			t.Errorf("%d of %d tasks without the instance", s.RunningCount, s.DesiredCount)
		}
		fresh, err := client.RegisterContainerInstance(t.Context(), &ecs.RegisterContainerInstanceInput{
			Cluster: aws.String("demo"), InstanceIdentityDocument: aws.String(`{"instanceId": "i-0123", "instanceType": "m7g.large", "availabilityZone": "us-east-1c"}`),
			TotalResources: []types.Resource{{Name: aws.String("CPU"), Type: aws.String("INTEGER"), IntegerValue: 1024}, {Name: aws.String("MEMORY"), Type: aws.String("INTEGER"), IntegerValue: 900}},
		})
		if err != nil || *fresh.ContainerInstance.Ec2InstanceId != "i-0123" || fresh.ContainerInstance.RemainingResources[1].IntegerValue != 900 {
			t.Fatalf("%+v, %v", fresh, err)
		}
		time.Sleep(time.Minute)
		if s := describe(t, client); s.DesiredCount != 4 || s.RunningCount != 4 {
			t.Errorf("%d of %d tasks with the new instance", s.RunningCount, s.DesiredCount)
		}
		list, err := client.ListContainerInstances(t.Context(), &ecs.ListContainerInstancesInput{
			Cluster: aws.String("demo"), Filter: aws.String("attribute:ecs.instance-type == m7g.large and runningTasksCount == 1")})
		if err != nil || len(list.ContainerInstanceArns) != 1 || list.ContainerInstanceArns[0] != *fresh.ContainerInstance.ContainerInstanceArn {
			t.Errorf("filtered: %v, %v", list, err)
		}
	})
}

// TestListTasksWhileTheyStop lists tasks page by page while some of them stop:
// none comes twice, none that stays is left out.
func TestListTasksWhileTheyStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "healthy")
		var all []string
		for range 3 {
			for _, task := range run(t, client, job(func(in *ecs.RunTaskInput) { in.Count = aws.Int32(10) })) {
				all = append(all, *task.TaskArn)
			}
		}
		time.Sleep(time.Minute)
		seen := map[string]int{}
		in := &ecs.ListTasksInput{Cluster: aws.String("demo"), MaxResults: aws.Int32(7)}
		for page := 0; ; page++ {
			out, err := client.ListTasks(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, arn := range out.TaskArns {
				seen[arn]++
			}
			if out.NextToken == nil {
				break
			}
			in.NextToken = out.NextToken
			if _, err := client.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String("demo"), Task: &out.TaskArns[6]}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Minute)
		}
		for _, arn := range all {
			if seen[arn] != 1 {
				t.Errorf("%s came %d times", arn, seen[arn])
			}
		}
	})
}
