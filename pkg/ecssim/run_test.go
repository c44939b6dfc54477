package ecssim_test

// This file runs tasks that no service owns, with the real clients: their
// overrides, the log that they write, and what RunTask refuses.

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

var subnet = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}}

// job is what a task of web is run with.
func job(change func(*ecs.RunTaskInput)) *ecs.RunTaskInput {
	in := &ecs.RunTaskInput{
		Cluster: aws.String("demo"), TaskDefinition: aws.String("web"), LaunchType: types.LaunchTypeFargate, NetworkConfiguration: subnet,
	}
	if change != nil {
		change(in)
	}
	return in
}

func run(t *testing.T, client *ecs.Client, in *ecs.RunTaskInput) []types.Task {
	t.Helper()
	out, err := client.RunTask(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Failures) > 0 {
		t.Fatalf("failures: %s", *out.Failures[0].Reason)
	}
	return out.Tasks
}

func taskNow(t *testing.T, client *ecs.Client, task types.Task) types.Task {
	t.Helper()
	out, err := client.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{
		Cluster: aws.String("demo"), Tasks: []string{*task.TaskArn}, Include: []types.TaskField{types.TaskFieldTags},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Tasks) != 1 {
		t.Fatalf("%d tasks", len(out.Tasks))
	}
	return out.Tasks[0]
}

// migrations is a world in which the command of a container decides what it does.
func migrations(w *ecssim.World) {
	code := 3
	lag := ecssim.Duration(4 * time.Second)
	w.Switches.LogLag = &lag
	w.Images = []ecssim.ImageRule{
		{Match: "*", Command: "rake db:migrate*", Environment: map[string]string{"STEP": "2*"}, Behaviour: ecssim.Exits, Code: &code,
			After: ecssim.Duration(30 * time.Second), Logs: []ecssim.LogLine{
				{Text: "migrating"}, {Text: "step", After: ecssim.Duration(10 * time.Second), Every: ecssim.Duration(10 * time.Second)},
				{Text: "failed", Last: true},
			}},
		{Match: "*"},
	}
}

// TestRunTask runs a migration: overrides select what it does, its log comes
// while it runs, and its exit code remains.
func TestRunTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, client := demo(t, "healthy", migrations)
		register(t, client, "web:2") // web:1 is in service, and always works
		began := run(t, client, job(func(in *ecs.RunTaskInput) {
			in.StartedBy, in.Group = aws.String("deploy/7"), aws.String("migrations")
			in.Overrides = &types.TaskOverride{
				Cpu: aws.String("1024"), Memory: aws.String("2048"), EphemeralStorage: &types.EphemeralStorage{SizeInGiB: 30},
				ContainerOverrides: []types.ContainerOverride{{
					Name: aws.String("web"), Command: []string{"rake", "db:migrate", "-v"}, Cpu: aws.Int32(7),
					Environment: []types.KeyValuePair{{Name: aws.String("STEP"), Value: aws.String("21")}},
				}},
			}
			in.Tags = []types.Tag{{Key: aws.String("why"), Value: aws.String("deploy")}}
			in.EnableECSManagedTags = true
		}))
		if len(began) != 1 {
			t.Fatalf("%d tasks", len(began))
		}
		task := began[0]
		id := (*task.TaskArn)[strings.LastIndexByte(*task.TaskArn, '/')+1:]
		over := task.Overrides.ContainerOverrides
		if *task.LastStatus != "PROVISIONING" || *task.DesiredStatus != "RUNNING" || *task.Group != "migrations" || *task.StartedBy != "deploy/7" ||
			*task.Cpu != "1024" || *task.Memory != "2048" || task.EphemeralStorage.SizeInGiB != 30 || *task.PlatformVersion != "1.4.0" ||
			*task.Containers[0].Cpu != "7" || len(over) != 1 || strings.Join(over[0].Command, " ") != "rake db:migrate -v" {
			t.Errorf("at first: %+v, overrides %+v", task, task.Overrides)
		}
		logs := logClient(sim.HTTPClient())
		lines := func() string {
			out, err := logs.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{
				LogGroupName: aws.String("/ecs/web"), LogStreamName: aws.String("ecs/web/" + id), StartFromHead: aws.Bool(true)})
			if err != nil {
				return err.Error()[strings.LastIndexByte(err.Error(), ':')+2:]
			}
			var said []string
			for _, ev := range out.Events {
				said = append(said, *ev.Message)
			}
			return strings.Join(said, " ")
		}
		time.Sleep(27 * time.Second) // RUNNING for two seconds, the log lags by four
		if s := taskNow(t, client, task); *s.LastStatus != "RUNNING" || lines() != "The specified log stream does not exist." {
			t.Errorf("after 27 s: %s, log %q", *s.LastStatus, lines())
		}
		time.Sleep(15 * time.Second)
		if got := lines(); got != "migrating step" {
			t.Errorf("after 42 s: log %q", got)
		}
		time.Sleep(time.Minute)
		end := taskNow(t, client, task)
		if *end.LastStatus != "STOPPED" || end.StopCode != types.TaskStopCodeEssentialContainerExited ||
			*end.StoppedReason != "Essential container in task exited" || *end.Containers[0].ExitCode != 3 || len(end.Tags) != 2 {
			t.Errorf("at the end: %+v, containers %+v, tags %v", end, end.Containers, end.Tags)
		}
		if got := lines(); got != "migrating step step step failed" {
			t.Errorf("at the end: log %q", got)
		}
	})
}

// TestRunTaskOfItsFamily lists a task by what it was run with, and stops it.
func TestRunTaskOfItsFamily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "healthy")
		tasks := run(t, client, job(func(in *ecs.RunTaskInput) { in.Count, in.StartedBy = aws.Int32(10), aws.String("me") }))
		if len(tasks) != 10 || *tasks[0].Group != "family:web" {
			t.Fatalf("%d tasks of group %s", len(tasks), *tasks[0].Group)
		}
		count := func(in ecs.ListTasksInput) int {
			in.Cluster = aws.String("demo")
			out, err := client.ListTasks(t.Context(), &in)
			if err != nil {
				t.Fatal(err)
			}
			return len(out.TaskArns)
		}
		time.Sleep(30 * time.Second)
		if _, err := client.StopTask(t.Context(), &ecs.StopTaskInput{Cluster: aws.String("demo"), Task: tasks[0].TaskArn, Reason: aws.String("enough")}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			in   ecs.ListTasksInput
			want int
		}{
			{ecs.ListTasksInput{StartedBy: aws.String("me")}, 9},
			{ecs.ListTasksInput{StartedBy: aws.String("me"), DesiredStatus: types.DesiredStatusStopped}, 1},
			{ecs.ListTasksInput{Family: aws.String("web")}, 11},
			{ecs.ListTasksInput{ServiceName: aws.String("web")}, 2},
		} {
			if got := count(c.in); got != c.want {
				t.Errorf("%+v: %d tasks, want %d", c.in, got, c.want)
			}
		}
		time.Sleep(2 * time.Minute)
		if end := taskNow(t, client, tasks[0]); end.StopCode != types.TaskStopCodeUserInitiated || *end.StoppedReason != "enough" {
			t.Errorf("%s %s", end.StopCode, *end.StoppedReason)
		}
		if s := describe(t, client); s.RunningCount != 2 || len(s.Deployments) != 1 {
			t.Errorf("the service has %d tasks", s.RunningCount)
		}
	})
}

// TestRunTaskRefuses is what RunTask refuses, in ECS's words if they are known.
func TestRunTaskRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "healthy")
		for _, c := range []struct {
			code, text string
			change     func(*ecs.RunTaskInput)
		}{
			{"ClusterNotFoundException", "Cluster not found.", func(in *ecs.RunTaskInput) { in.Cluster = aws.String("none") }},
			{"ClientException", "TaskDefinition not found.", func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("none") }},
			{"InvalidParameterException", "count must be between 1 and 10.", func(in *ecs.RunTaskInput) { in.Count = aws.Int32(11) }},
			{"InvalidParameterException", "count must be between 1 and 10.", func(in *ecs.RunTaskInput) { in.Count = aws.Int32(0) }},
			{"InvalidParameterException", "Invalid namespace for group.", func(in *ecs.RunTaskInput) { in.Group = aws.String("service:web") }},
			{"InvalidParameterException", "startedBy", func(in *ecs.RunTaskInput) { in.StartedBy = aws.String("a b") }},
			{"InvalidParameterException", "startedBy", func(in *ecs.RunTaskInput) { in.StartedBy = aws.String(strings.Repeat("a", 129)) }},
			{"InvalidParameterException", "clientToken", func(in *ecs.RunTaskInput) { in.ClientToken = aws.String(strings.Repeat("a", 65)) }},
			{"InvalidParameterException", "propagateTags", func(in *ecs.RunTaskInput) { in.PropagateTags = types.PropagateTagsService }},
			{"InvalidParameterException", "No Container Instances were found in your cluster.", func(in *ecs.RunTaskInput) { in.LaunchType = "" }},
			{"InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
				func(in *ecs.RunTaskInput) { in.NetworkConfiguration = nil }},
			{"InvalidParameterException", "Specifying both a launch type and capacity provider strategy is not supported.", func(in *ecs.RunTaskInput) {
				in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE")}}
			}},
			{"InvalidParameterException", "Override for container named app is not a container in the TaskDefinition.", func(in *ecs.RunTaskInput) {
				in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("app")}}}
			}},
			{"InvalidParameterException", "Container Overrides length must be at most 8192", func(in *ecs.RunTaskInput) {
				in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{
					{Name: aws.String("web"), Command: []string{strings.Repeat("x", 8192)}}}}
			}},
			{"ClientException", "No Fargate configuration exists for given values.", func(in *ecs.RunTaskInput) {
				in.Overrides = &types.TaskOverride{Cpu: aws.String("4096")}
			}},
		} {
			_, err := client.RunTask(t.Context(), job(c.change))
			wantCode(t, err, c.code, c.text)
		}
	})
}

// TestRunTaskOnce repeats a RunTask with its clientToken.
func TestRunTaskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := demo(t, "healthy")
		with := func(startedBy string) (*ecs.RunTaskOutput, error) {
			return client.RunTask(t.Context(), job(func(in *ecs.RunTaskInput) {
				in.ClientToken, in.StartedBy = aws.String("once"), aws.String(startedBy)
			}))
		}
		first, err := with("me")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(23 * time.Hour)
		again, err := with("me")
		if err != nil || !reflect.DeepEqual(first.Tasks, again.Tasks) {
			t.Errorf("the same call again: %v, %v", again, err)
		}
		_, err = with("them")
		var conflict *types.ConflictException
		if !errors.As(err, &conflict) || len(conflict.ResourceIds) != 1 || conflict.ResourceIds[0] != *first.Tasks[0].TaskArn {
			t.Errorf("another call with the token: %v, %+v", err, conflict)
		}
		time.Sleep(time.Hour + time.Minute)
		late, err := with("me")
		if err != nil || *late.Tasks[0].TaskArn == *first.Tasks[0].TaskArn {
			t.Errorf("after a day: %v", err)
		}
	})
}

// TestRunTaskWithoutRoom gets failures[] if there is no room, and StartTask
// those of the instances that it names.
func TestRunTaskWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := ecssim.World{
			Clusters: []ecssim.ClusterSpec{{Name: "demo", ContainerInstances: []ecssim.InstanceSpec{{CPU: 1024, Memory: 900}, {CPU: 100, Memory: 4000}}}},
			TaskDefinitions: []ecssim.Document{{"family": "batch", "containerDefinitions": []any{map[string]any{
				"name": "batch", "image": "batch:1", "cpu": 256, "memory": 500, "memoryReservation": 400}}}},
		}
		_, client := start(t, world)
		out, err := client.RunTask(t.Context(), &ecs.RunTaskInput{Cluster: aws.String("demo"), TaskDefinition: aws.String("batch"), Count: aws.Int32(5)})
		if err != nil {
			t.Fatal(err)
		}
		var reasons []string
		for _, f := range out.Failures {
			reasons = append(reasons, *f.Reason)
		}
		if len(out.Tasks) != 2 || fmt.Sprint(reasons) != "[RESOURCE:MEMORY RESOURCE:CPU]" {
			t.Errorf("%d tasks, failures %v", len(out.Tasks), reasons)
		}
		if c := out.Tasks[0].Containers[0]; *c.Memory != "500" || *c.MemoryReservation != "400" || *c.Cpu != "256" || *out.Tasks[0].Memory != "400" {
			t.Errorf("container %+v", c)
		}
		_, err = client.RunTask(t.Context(), &ecs.RunTaskInput{Cluster: aws.String("demo"), TaskDefinition: aws.String("batch"), EnableExecuteCommand: true})
		wantCode(t, err, "InvalidParameterException", "a valid taskRoleArn is not being used")
		started, err := client.StartTask(t.Context(), &ecs.StartTaskInput{
			Cluster: aws.String("demo"), TaskDefinition: aws.String("batch"), ContainerInstances: []string{*out.Tasks[0].ContainerInstanceArn, "none"}})
		if err != nil || len(started.Tasks) != 0 || len(started.Failures) != 2 || *started.Failures[0].Reason != "RESOURCE:MEMORY" || *started.Failures[1].Reason != "MISSING" {
			t.Errorf("StartTask: %+v, %v", started, err)
		}
	})
}

// TestTaskTags gives tasks the tags of their service, and more.
func TestTaskTags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := podWorld([]any{definition("app=app:1", nil)}, nil)
		world.ServiceDefaults = ecssim.Document{"launchType": "FARGATE"}
		world.Services = []ecssim.Document{{
			"serviceName": "web", "cluster": "demo", "taskDefinition": "pod", "desiredCount": 1,
			"capacityProviderStrategy": []any{map[string]any{"capacityProvider": "FARGATE_SPOT"}},
			"networkConfiguration":     map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []any{"subnet-1"}}},
			"propagateTags":            "SERVICE", "enableECSManagedTags": true,
			"tags": []any{map[string]any{"key": "team", "value": "web"}},
		}}
		_, client := start(t, world)
		list, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo")})
		if err != nil {
			t.Fatal(err)
		}
		arn := list.TaskArns[0]
		if _, err := client.TagResource(t.Context(), &ecs.TagResourceInput{ResourceArn: &arn, Tags: []types.Tag{{Key: aws.String("more"), Value: aws.String("1")}}}); err != nil {
			t.Fatal(err)
		}
		task := taskNow(t, client, types.Task{TaskArn: &arn})
		var tags []string
		for _, tag := range task.Tags {
			tags = append(tags, *tag.Key+"="+*tag.Value)
		}
		if got := strings.Join(tags, " "); got != "team=web aws:ecs:serviceName=web aws:ecs:clusterName=demo more=1" {
			t.Errorf("tags %s", got)
		}
		if aws.ToString(task.CapacityProviderName) != "FARGATE_SPOT" || task.LaunchType != types.LaunchTypeFargate {
			t.Errorf("on %s, %s", aws.ToString(task.CapacityProviderName), task.LaunchType)
		}
		out, err := client.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String("demo"), Tasks: []string{arn}})
		if err != nil || len(out.Tasks[0].Tags) != 0 {
			t.Errorf("tags without TAGS: %v, %v", out, err)
		}
	})
}
