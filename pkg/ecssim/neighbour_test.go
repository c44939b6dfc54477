package ecssim_test

// This file asks the neighbours of ECS with their real clients: what Elastic
// Load Balancing says about the tasks of a service, what they wrote into
// CloudWatch Logs, and how both fail.

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

const group = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/demo/73e2d6bc24d8a067"

func balancerClient(c *http.Client) *elb.Client {
	return elb.New(elb.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://elb.simulated"), HTTPClient: c,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
}

func logClient(c *http.Client) *cloudwatchlogs.Client {
	return cloudwatchlogs.New(cloudwatchlogs.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://logs.simulated"), HTTPClient: c,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
}

// targetStates are the targets of the group: "state reason description" by id.
func targetStates(t *testing.T, client *elb.Client) map[string]string {
	t.Helper()
	out, err := client.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(group)})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, d := range out.TargetHealthDescriptions {
		h := d.TargetHealth
		found[aws.ToString(d.Target.Id)] = strings.TrimSpace(fmt.Sprint(h.State, " ", h.Reason, " ", aws.ToString(h.Description)))
		if aws.ToInt32(d.Target.Port) != 8080 || aws.ToString(d.HealthCheckPort) != "8080" || aws.ToString(d.Target.AvailabilityZone) == "" {
			t.Errorf("target %+v", d.Target)
		}
	}
	return found
}

// addresses are the private addresses of the tasks of a deployment.
func addresses(t *testing.T, client *ecs.Client, deployment string) []string {
	t.Helper()
	list, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), StartedBy: aws.String(deployment)})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.TaskArns) == 0 {
		return nil
	}
	out, err := client.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String("demo"), Tasks: list.TaskArns})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, task := range out.Tasks {
		for _, a := range task.Attachments {
			for _, d := range a.Details {
				if *a.Type == "ElasticNetworkInterface" && *a.Status == "ATTACHED" && *d.Name == "privateIPv4Address" {
					found = append(found, *d.Value)
				}
			}
		}
		if n := task.Containers[0].NetworkInterfaces; len(n) == 1 && *n[0].PrivateIpv4Address != found[len(found)-1] {
			t.Errorf("container at %s, task at %s", *n[0].PrivateIpv4Address, found[len(found)-1])
		}
	}
	return found
}

// TestTargetHealth follows the targets of an image that fails its checks.
func TestTargetHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, client := demo(t, "unhealthy")
		lb := balancerClient(sim.HTTPClient())
		before := describe(t, client).Deployments[0]
		old := addresses(t, client, *before.Id)
		if got := targetStates(t, lb); len(got) != 2 || len(old) != 2 || got[old[0]] != "healthy" || got[old[1]] != "healthy" {
			t.Fatalf("at first: %v at %v", got, old)
		}
		arn := register(t, client, "web:2")
		ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
		seen := map[string]bool{}
		for newest(t, client).Status == types.ServiceDeploymentStatusPending || newest(t, client).Status == types.ServiceDeploymentStatusInProgress {
			time.Sleep(time.Second)
			states := targetStates(t, lb)
			for _, ip := range addresses(t, client, ours) {
				if states[ip] != "" {
					seen[states[ip]] = true
				}
			}
			for _, ip := range old {
				if states[ip] != "healthy" {
					t.Errorf("the old target %s is %s", ip, states[ip])
				}
			}
			for _, state := range states {
				if strings.HasPrefix(state, "draining") {
					seen[state] = true
				}
			}
		}
		for _, state := range []string{
			"initial Elb.RegistrationInProgress Target registration is in progress",
			"initial Elb.InitialHealthChecking Initial health checks in progress",
			"unhealthy Target.ResponseCodeMismatch Health checks failed with these codes: [502]",
			"draining Target.DeregistrationInProgress Target deregistration is in progress",
		} {
			if !seen[state] {
				t.Errorf("no target of the new deployment was ever %q", state)
			}
		}
		settle(t, client, 10*time.Minute)
		if got := targetStates(t, lb); len(got) != 2 {
			t.Errorf("at the end: %v", got)
		}
		out, err := lb.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(group), Targets: []elbtypes.TargetDescription{
			{Id: aws.String(old[1])}, {Id: aws.String("10.9.9.9"), Port: aws.Int32(80)},
		}})
		if err != nil || len(out.TargetHealthDescriptions) != 2 || *out.TargetHealthDescriptions[0].Target.Id != old[1] ||
			out.TargetHealthDescriptions[1].TargetHealth.Reason != elbtypes.TargetHealthReasonEnumNotRegistered {
			t.Errorf("two targets: %+v, %v", out, err)
		}
	})
}

// TestTargetReasons maps the text of an image rule to ELB's reason.
func TestTargetReasons(t *testing.T) {
	for message, reason := range map[string]elbtypes.TargetHealthReasonEnum{
		"":                     elbtypes.TargetHealthReasonEnumResponseCodeMismatch,
		"Request timed out":    elbtypes.TargetHealthReasonEnumTimeout,
		"Health checks failed": elbtypes.TargetHealthReasonEnumFailedHealthChecks,
		"Health checks failed with these codes: [404]": elbtypes.TargetHealthReasonEnumResponseCodeMismatch,
	} {
		synctest.Test(t, func(t *testing.T) {
			sim, client := demo(t, "unhealthy", func(w *ecssim.World) { w.Images[0].Message = message })
			arn := register(t, client, "web:2")
			update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn})
			time.Sleep(120 * time.Second) // 55 s after RUNNING: ECS has not noticed yet
			var got []string
			for _, state := range targetStates(t, balancerClient(sim.HTTPClient())) {
				got = append(got, state)
			}
			slices.Sort(got)
			if len(got) != 4 || !strings.HasPrefix(got[2], "unhealthy "+string(reason)+" ") || !strings.HasSuffix(got[2], message) {
				t.Errorf("%q: %q", message, got)
			}
		})
	}
}

func TestTargetsOnInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := ecssim.ParseWorld("test.yaml", []byte(fmt.Sprintf(ec2, 100, 100, 0,
			"desiredCount: 2\n    loadBalancers: [{targetGroupArn: "+group+", containerName: web, containerPort: 80}]")))
		if err != nil {
			t.Fatal(err)
		}
		sim, client := start(t, w)
		out, err := balancerClient(sim.HTTPClient()).DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(group)})
		if err != nil || len(out.TargetHealthDescriptions) != 2 {
			t.Fatal(out, err)
		}
		list, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), ServiceName: aws.String("web")})
		if err != nil {
			t.Fatal(err)
		}
		tasks, err := client.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String("demo"), Tasks: list.TaskArns})
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range out.TargetHealthDescriptions {
			host, err := client.DescribeContainerInstances(t.Context(), &ecs.DescribeContainerInstancesInput{
				Cluster: aws.String("demo"), ContainerInstances: []string{*tasks.Tasks[i].ContainerInstanceArn, "other"}})
			if err != nil || len(host.Failures) != 1 || *host.ContainerInstances[0].Ec2InstanceId != *d.Target.Id || host.ContainerInstances[0].RunningTasksCount != 1 {
				t.Errorf("%+v, %v", host, err)
			}
			bound := tasks.Tasks[i].Containers[0].NetworkBindings
			if !strings.HasPrefix(*d.Target.Id, "i-") || d.TargetHealth.State != elbtypes.TargetHealthStateEnumHealthy ||
				len(bound) != 1 || *bound[0].ContainerPort != 80 || *bound[0].HostPort != *d.Target.Port || *d.Target.Port < 32768 {
				t.Errorf("target %+v %+v, bindings %+v", d.Target, d.TargetHealth, bound)
			}
		}
		groups, err := balancerClient(sim.HTTPClient()).DescribeTargetGroups(t.Context(), &elb.DescribeTargetGroupsInput{Names: []string{"demo"}})
		if err != nil || len(groups.TargetGroups) != 1 || groups.TargetGroups[0].TargetType != elbtypes.TargetTypeEnumInstance {
			t.Errorf("%+v, %v", groups, err)
		}
	})
}

func TestTargetGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, _ := demo(t, "unhealthy")
		client := balancerClient(sim.HTTPClient())
		for _, in := range []elb.DescribeTargetGroupsInput{{}, {Names: []string{"demo"}}, {TargetGroupArns: []string{group}}} {
			out, err := client.DescribeTargetGroups(t.Context(), &in)
			if err != nil || len(out.TargetGroups) != 1 {
				t.Fatalf("%+v: %+v, %v", in, out, err)
			}
			g := out.TargetGroups[0]
			if *g.TargetGroupArn != group || *g.TargetGroupName != "demo" || g.TargetType != elbtypes.TargetTypeEnumIp ||
				*g.HealthCheckIntervalSeconds != 30 || *g.Matcher.HttpCode != "200" || !*g.HealthCheckEnabled || len(g.LoadBalancerArns) != 1 {
				t.Errorf("%+v", g)
			}
		}
		_, err := client.DescribeTargetGroups(t.Context(), &elb.DescribeTargetGroupsInput{Names: []string{"other"}})
		wantCode(t, err, "TargetGroupNotFound", "One or more target groups not found")
		_, err = client.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(strings.Replace(group, "demo", "other", 1))})
		wantCode(t, err, "TargetGroupNotFound", "One or more target groups not found")
		_, err = client.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String("nonsense")})
		wantCode(t, err, "ValidationError", "'nonsense' is not a valid target group ARN")
		_, err = client.DescribeLoadBalancers(t.Context(), &elb.DescribeLoadBalancersInput{})
		wantCode(t, err, "InvalidAction", "DescribeLoadBalancers")
	})
}

// TestNeighboursFail lets faults strike the neighbours, in their own protocols.
func TestNeighboursFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, client := demo(t, "unhealthy", func(w *ecssim.World) {
			w.Faults = []ecssim.Fault{
				{Operations: []string{"DescribeTargetHealth"}, Code: "AccessDenied", Message: "User: x is not authorized to perform: elasticloadbalancing:{operation}", Status: 403},
				{Operations: []string{"GetLogEvents"}, Code: "AccessDeniedException", Message: "not authorized: logs:{operation}"},
				{Operations: []string{"DescribeTargetGroups"}, First: 2, Code: "Throttling", Message: "Rate exceeded"},
			}
		})
		_, err := balancerClient(sim.HTTPClient()).DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(group)})
		wantCode(t, err, "AccessDenied", "elasticloadbalancing:DescribeTargetHealth")
		_, err = logClient(sim.HTTPClient()).GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("/ecs/web"), LogStreamName: aws.String("x")})
		wantCode(t, err, "AccessDeniedException", "logs:GetLogEvents")
		if _, err = balancerClient(sim.HTTPClient()).DescribeTargetGroups(t.Context(), &elb.DescribeTargetGroupsInput{}); err != nil {
			t.Errorf("throttled twice: %v", err)
		}
		describe(t, client)
	})
}

func events(t *testing.T, client *cloudwatchlogs.Client, in cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, []string) {
	t.Helper()
	if in.LogGroupName == nil && in.LogGroupIdentifier == nil {
		in.LogGroupName = aws.String("/ecs/web")
	}
	out, err := client.GetLogEvents(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, ev := range out.Events {
		texts = append(texts, aws.ToString(ev.Message))
	}
	return out, texts
}

func shortID(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// TestLogsOfStoppedTasks reads what the tasks of a failed deployment wrote.
func TestLogsOfStoppedTasks(t *testing.T) {
	for scenario, want := range map[string][]string{
		"crash-loop":    {"starting web:2", "fatal: cannot connect to the database: connection refused", "exiting with code 1"},
		"out-of-memory": {"starting web:2", "listening on port 8080", "loading the cache: 486 MiB of 512 MiB in use"},
	} {
		synctest.Test(t, func(t *testing.T) {
			sim, client := demo(t, scenario)
			logs := logClient(sim.HTTPClient())
			arn := register(t, client, "web:2")
			ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
			settle(t, client, 10*time.Minute)
			for _, task := range stoppedTasks(t, client, ours) {
				if task.StartedAt == nil {
					continue
				}
				out, texts := events(t, logs, cloudwatchlogs.GetLogEventsInput{LogStreamName: aws.String("ecs/web/" + shortID(*task.TaskArn))})
				if scripted := texts; len(scripted) > 0 && task.StopCode == types.TaskStopCodeEssentialContainerExited && !slices.Equal(scripted, want) {
					t.Errorf("%s: %q", scenario, texts)
				}
				if first := *out.Events[0].Timestamp; first != task.StartedAt.UnixMilli() {
					t.Errorf("the first line is of %d, the task of %d", first, task.StartedAt.UnixMilli())
				}
			}
		})
	}
}

func TestLogErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, client := demo(t, "cannot-pull")
		logs := logClient(sim.HTTPClient())
		arn := register(t, client, "web:2")
		ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
		settle(t, client, 10*time.Minute)
		id := shortID(*stoppedTasks(t, client, ours)[0].TaskArn)
		for _, c := range []struct {
			in         cloudwatchlogs.GetLogEventsInput
			code, text string
		}{
			{cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("/ecs/other"), LogStreamName: aws.String("x")}, "ResourceNotFoundException", "The specified log group does not exist."},
			{cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("/ecs/web"), LogStreamName: aws.String("ecs/web/" + id)}, "ResourceNotFoundException", "The specified log stream does not exist."},
			{cloudwatchlogs.GetLogEventsInput{LogStreamName: aws.String("x")}, "InvalidParameterException", "logGroupName"},
			{cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("/ecs/web"), LogStreamName: aws.String("x"), Limit: aws.Int32(10001)}, "InvalidParameterException", "less than or equal to 10000"},
		} {
			_, err := logs.GetLogEvents(t.Context(), &c.in)
			wantCode(t, err, c.code, c.text)
		}
		_, err := logs.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
		wantCode(t, err, "UnknownOperationException", "DescribeLogGroups of Amazon CloudWatch Logs")
	})
}

// TestLogPages reads a log that a world scripts, forwards, backwards and by
// time.
func TestLogPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, client := demo(t, "healthy", func(w *ecssim.World) {
			w.Images[len(w.Images)-1].Logs = []ecssim.LogLine{
				{Text: "ready"}, {Text: "tick", After: ecssim.Duration(time.Second), Every: ecssim.Duration(time.Second)}, {Text: "bye", Last: true},
			}
		})
		logs := logClient(sim.HTTPClient())
		arn := register(t, client, "web:2")
		ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
		time.Sleep(100 * time.Second)
		list, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), StartedBy: &ours})
		if err != nil {
			t.Fatal(err)
		}
		in := cloudwatchlogs.GetLogEventsInput{LogStreamName: aws.String("ecs/web/" + shortID(list.TaskArns[0])), Limit: aws.Int32(10), StartFromHead: aws.Bool(true)}
		var all []logtypes.OutputLogEvent
		for pages := 0; ; pages++ {
			out, _ := events(t, logs, in)
			all = append(all, out.Events...)
			if in.NextToken != nil && *in.NextToken == *out.NextForwardToken {
				break
			}
			if !strings.HasPrefix(*out.NextForwardToken, "f/") || pages > 20 {
				t.Fatalf("page %d: %s", pages, *out.NextForwardToken)
			}
			in.NextToken = out.NextForwardToken
		}
		if n := len(all); n < 20 || n > 40 || *all[0].Message != "ready" || *all[1].Message != "tick" || *all[n-1].Timestamp-*all[1].Timestamp != int64(n-2)*1000 {
			t.Errorf("%d lines: %+v", n, all)
		}
		time.Sleep(5 * time.Second) // the token goes on where the log has grown
		if _, texts := events(t, logs, in); len(texts) != 5 {
			t.Errorf("%d more lines", len(texts))
		}
		tail := cloudwatchlogs.GetLogEventsInput{LogGroupIdentifier: aws.String("arn:aws:logs:us-east-1:123456789012:log-group:/ecs/web:*"), LogStreamName: in.LogStreamName, Limit: aws.Int32(3)}
		out, texts := events(t, logs, tail)
		if len(texts) != 3 || *out.Events[2].Timestamp != *all[len(all)-1].Timestamp+5000 {
			t.Errorf("the tail: %q", texts)
		}
		tail.NextToken = out.NextBackwardToken
		if before, _ := events(t, logs, tail); len(before.Events) != 3 || *before.Events[2].Timestamp != *out.Events[0].Timestamp-1000 {
			t.Errorf("before the tail: %+v", before.Events)
		}
		tail.NextToken, tail.StartTime, tail.EndTime = nil, all[5].Timestamp, all[7].Timestamp
		if some, _ := events(t, logs, tail); len(some.Events) != 2 || *some.Events[0].Timestamp != *all[5].Timestamp {
			t.Errorf("two seconds: %+v", some.Events)
		}
		tail.NextToken = aws.String("f/x")
		_, err = logs.GetLogEvents(t.Context(), &tail)
		wantCode(t, err, "InvalidParameterException", "nextToken")
	})
}

// TestLogOfAHealthyTask is what the seeded service writes until it is stopped.
func TestLogOfAHealthyTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, client := demo(t, "healthy")
		old := *describe(t, client).Deployments[0].Id
		update(t, client, ecs.UpdateServiceInput{ForceNewDeployment: true})
		settle(t, client, 10*time.Minute)
		time.Sleep(time.Minute)
		task := stoppedTasks(t, client, old)[0]
		_, texts := events(t, logClient(sim.HTTPClient()), cloudwatchlogs.GetLogEventsInput{LogStreamName: aws.String("ecs/web/" + shortID(*task.TaskArn))})
		if want := []string{"starting web:1", "listening on port 8080", "received SIGTERM, shutting down"}; !slices.Equal(texts, want) {
			t.Errorf("%q", texts)
		}
	})
}
