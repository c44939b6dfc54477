package ecssim_test

// This file tests the operations that keep and show something: clusters, capacity
// providers, account settings; and what is done with one running task.

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

func TestKeptThings(t *testing.T) {
	sim, _ := demo(t, "healthy")
	const group = `"autoScalingGroupProvider":{"autoScalingGroupArn":"arn:asg"}`
	for _, step := range []struct{ operation, body, want string }{
		{"UpdateClusterSettings", `{"cluster":"demo","settings":[{"name":"containerInsights","value":"enabled"}]}`, `"settings":[{"name":"containerInsights","value":"enabled"}]`},
		{"UpdateCluster", `{"cluster":"demo","serviceConnectDefaults":{"namespace":"ns"}}`, `"serviceConnectDefaults":{"namespace":"ns"}`},
		{"DescribeClusters", `{"clusters":["demo"]}`, `"settings":[]`},
		{"DescribeClusters", `{"clusters":["demo"],"include":["SETTINGS"]}`, `"settings":[{"name":"containerInsights","value":"enabled"}]`},
		{"DescribeClusters", `{"clusters":["demo"]}`, `"statistics":[]`},
		{"DescribeClusters", `{"clusters":["demo"],"include":["STATISTICS"]}`, `{"name":"runningFargateTasksCount","value":"2"}`},
		{"DescribeClusters", `{"clusters":["demo"],"include":["STATISTICS"]}`, `{"name":"activeFargateServiceCount","value":"1"}`},
		{"DescribeClusters", `{"clusters":["demo"],"include":["EVERYTHING"]}`, "Include should be one of [ATTACHMENTS"},
		{"UpdateCluster", `{"cluster":"demo","configuration":{"executeCommandConfiguration":{"logging":"NONE"}}}`, `"logging":"NONE"`},
		{"DescribeClusters", `{"clusters":["demo"],"include":["CONFIGURATIONS"]}`, `"logging":"NONE"`},
		{"DeleteCluster", `{"cluster":"demo"}`, "ClusterContainsServicesException"},
		{"DeleteCluster", `{"cluster":"none"}`, "ClusterNotFoundException"},
		{"CreateCluster", `{"clusterName":"empty"}`, `"status":"ACTIVE"`},
		{"DeleteCluster", `{"cluster":"empty"}`, `"status":"INACTIVE"`},
		{"DescribeClusters", `{"clusters":["empty"]}`, `"status":"INACTIVE"`},
		{"ListServices", `{"cluster":"empty"}`, "ClusterNotFoundException"},
		{"CreateCluster", `{"clusterName":"empty"}`, `"status":"ACTIVE"`},

		{"CreateCapacityProvider", `{"name":"aws-a",` + group + `}`, "cannot be prefixed"},
		{"CreateCapacityProvider", `{"name":"spot"}`, "InvalidParameterException"},
		{"CreateCapacityProvider", `{"name":"spot",` + group + `}`, `"targetCapacity":100`},
		{"CreateCapacityProvider", `{"name":"spot",` + group + `}`, "already exists"},
		{"UpdateCapacityProvider", `{"name":"spot","autoScalingGroupProvider":{"managedDraining":"DISABLED"}}`, `"managedDraining":"DISABLED"`},
		{"DescribeCapacityProviders", `{}`, `"name":"FARGATE_SPOT"`},
		{"DescribeCapacityProviders", `{"capacityProviders":["spot","none"]}`, `"failures":[{"arn":"arn:aws:ecs:us-east-1:123456789012:capacity-provider/none","reason":"MISSING"}]`},
		{"PutClusterCapacityProviders", `{"cluster":"empty","capacityProviders":["spot"],"defaultCapacityProviderStrategy":[{"capacityProvider":"FARGATE"}]}`, "not associated with the cluster"},
		{"PutClusterCapacityProviders", `{"cluster":"empty","capacityProviders":["none"],"defaultCapacityProviderStrategy":[]}`, "does not exist"},
		{"PutClusterCapacityProviders", `{"cluster":"empty","capacityProviders":["spot"],"defaultCapacityProviderStrategy":[{"capacityProvider":"spot","weight":1}]}`, `"capacityProviders":["spot"]`},
		{"UpdateCapacityProvider", `{"name":"spot","autoScalingGroupProvider":{"managedScaling":{"status":"ENABLED"}}}`, `"status":"ENABLED"`},
		{"DescribeClusters", `{"clusters":["empty"],"include":["ATTACHMENTS"]}`, `{"name":"capacityProviderName","value":"spot"}`},
		{"CreateCluster", `{"clusterName":"other","capacityProviders":["none"]}`, "does not exist"},
		{"RunTask", `{"cluster":"demo","taskDefinition":"web","capacityProviderStrategy":[{"capacityProvider":"spot"}]}`, "not associated with the cluster"},
		{"RunTask", `{"cluster":"demo","taskDefinition":"web","capacityProviderStrategy":[{"capacityProvider":"none"}]}`, "does not exist"},
		{"DeleteCapacityProvider", `{"capacityProvider":"spot"}`, "in use"},
		{"PutClusterCapacityProviders", `{"cluster":"empty","capacityProviders":[],"defaultCapacityProviderStrategy":[]}`, `"capacityProviders":[]`},
		{"DeleteCapacityProvider", `{"capacityProvider":"spot"}`, `"status":"INACTIVE"`},
		{"DeleteCapacityProvider", `{"capacityProvider":"spot"}`, "ClientException"},
		{"DeleteCapacityProvider", `{"capacityProvider":"FARGATE"}`, "InvalidParameterException"},

		{"ListAccountSettings", `{}`, `"settings":[]`},
		{"ListAccountSettings", `{"effectiveSettings":true,"name":"containerInsights"}`, `"value":"disabled"`},
		{"PutAccountSettingDefault", `{"name":"containerInsights","value":"enhanced"}`, `"principalArn":"arn:aws:iam::123456789012:root"`},
		{"ListAccountSettings", `{"effectiveSettings":true,"name":"containerInsights"}`, `"value":"enhanced"`},
		{"PutAccountSetting", `{"name":"containerInsights","value":"maybe"}`, "InvalidParameterException"},
		{"PutAccountSetting", `{"name":"insights","value":"enabled"}`, "Name should be one of [serviceLongArnFormat"},
		{"PutAccountSetting", `{"name":"containerInsights","value":"enabled"}`, `"type":"user"`},
		{"ListAccountSettings", `{}`, `"value":"enabled"`},
		{"DeleteAccountSetting", `{"name":"containerInsights"}`, `"value":"enhanced"`},
		{"ListAccountSettings", `{}`, `"settings":[]`},

		{"DeleteTaskDefinitions", `{"taskDefinitions":[]}`, "must be greater than 0"},
		{"DeleteTaskDefinitions", `{"taskDefinitions":["web"]}`, "Revision is missing."},
		{"DeleteTaskDefinitions", `{"taskDefinitions":["web:1","web:9"]}`, "still in ACTIVE status"},
		{"DeregisterTaskDefinition", `{"taskDefinition":"web:1"}`, `"status":"INACTIVE"`},
		{"DeleteTaskDefinitions", `{"taskDefinitions":["web:1"]}`, `"deleteRequestedAt"`},
		{"ListTaskDefinitions", `{"status":"DELETE_IN_PROGRESS"}`, `task-definition/web:1`},
		{"ListTaskDefinitions", `{"status":"INACTIVE"}`, `"taskDefinitionArns":[]`},
		{"ListServicesByNamespace", `{"namespace":"ns"}`, `"serviceArns":[]`},
		{"DiscoverPollEndpoint", `{}`, "UnknownOperationException"},
	} {
		if _, body := post(t, sim, step.operation, step.body); !strings.Contains(body, step.want) {
			t.Errorf("%s %s: %s, want %s", step.operation, step.body, body, step.want)
		}
	}
}

// TestProtectedTask: a protected task outlives scale-in, until its protection
// ends.
func TestProtectedTask(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		list, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo")})
		if err != nil {
			t.Fatal(err)
		}
		protect, err := client.UpdateTaskProtection(t.Context(), &ecs.UpdateTaskProtectionInput{
			Cluster: aws.String("demo"), Tasks: append(list.TaskArns, "none"), ProtectionEnabled: true, ExpiresInMinutes: aws.Int32(30),
		})
		if err != nil || len(protect.ProtectedTasks) != 2 || len(protect.Failures) != 1 {
			t.Fatalf("%+v, %v", protect, err)
		}
		update(t, client, ecs.UpdateServiceInput{DesiredCount: aws.Int32(0)})
		time.Sleep(20 * time.Minute)
		if s := describe(t, client); s.RunningCount != 2 {
			t.Errorf("%d tasks are running while they are protected", s.RunningCount)
		}
		time.Sleep(15 * time.Minute)
		if s := describe(t, client); s.RunningCount != 0 {
			t.Errorf("%d tasks are running after their protection", s.RunningCount)
		}
	})
}

func TestExecuteCommand(t *testing.T) {
	inBubble(t, "healthy", func(t *testing.T, client *ecs.Client) {
		run := func(task, container string) (*ecs.ExecuteCommandOutput, error) {
			return client.ExecuteCommand(t.Context(), &ecs.ExecuteCommandInput{
				Cluster: aws.String("demo"), Task: aws.String(task), Container: aws.String(container), Command: aws.String("sh"), Interactive: true})
		}
		task := func() string {
			list, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("demo"), DesiredStatus: types.DesiredStatusRunning})
			if err != nil {
				t.Fatal(err)
			}
			return list.TaskArns[0]
		}
		_, err := run(task(), "web")
		wantCode(t, err, "InvalidParameterException", "execute command was not enabled when the task was run")
		update(t, client, ecs.UpdateServiceInput{EnableExecuteCommand: aws.Bool(true), ForceNewDeployment: true})
		settle(t, client, 10*time.Minute)
		_, err = run(task(), "other")
		wantCode(t, err, "InvalidParameterException", "other")
		out, err := run(task(), "web")
		if err != nil || !strings.Contains(*out.Session.StreamUrl, "simulated") {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

// TestServedOperationsAreDocumented compares the list in docs/simulator.md with
// the code.
func TestServedOperationsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n### Operations\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var listed []string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "|") {
			listed = append(listed, regexp.MustCompile("[A-Z][A-Za-z]+").FindAllString(line, -1)...)
		}
	}
	slices.Sort(listed)
	if got, want := fmt.Sprint(listed), fmt.Sprint(ecssim.Served()); got != want {
		t.Errorf("docs/simulator.md lists\n%s\nserved are\n%s", got, want)
	}
}
