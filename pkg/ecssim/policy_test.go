package ecssim_test

// This file calls under a policy, with the real client.

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// statements is a policy of these statements.
func statements(all ...any) ecssim.Document {
	return ecssim.Document{"Version": "2012-10-17", "Statement": all}
}

// allow is a statement; condition is "operator key value", or empty.
func allow(action, resource, condition string) map[string]any {
	s := map[string]any{"Effect": "Allow", "Action": action, "Resource": []any{resource}}
	if words := strings.Fields(condition); len(words) == 3 {
		s["Condition"] = map[string]any{words[0]: map[string]any{words[1]: words[2]}}
	}
	return s
}

func TestPolicy(t *testing.T) {
	const (
		account   = "arn:aws:ecs:us-east-1:123456789012:"
		mayPass   = "StringEquals iam:PassedToService ecs-tasks.amazonaws.com"
		inCluster = "ArnEquals ecs:cluster " + account + "cluster/demo"
	)
	describe := func(ctx context.Context, c *ecs.Client) error {
		_, err := c.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String("demo"), Services: []string{"web"}})
		return err
	}
	list := func(ctx context.Context, c *ecs.Client) error {
		_, err := c.ListTasks(ctx, &ecs.ListTasksInput{Cluster: aws.String("demo")})
		return err
	}
	scale := func(ctx context.Context, c *ecs.Client) error {
		_, err := c.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: aws.String("demo"), Service: aws.String("web"), DesiredCount: aws.Int32(3)})
		return err
	}
	registers := func(ctx context.Context, c *ecs.Client) error {
		out, err := c.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String("web")})
		if err != nil {
			return err
		}
		td := out.TaskDefinition
		_, err = c.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{Family: td.Family, ContainerDefinitions: td.ContainerDefinitions, Cpu: td.Cpu, Memory: td.Memory,
			NetworkMode: td.NetworkMode, RequiresCompatibilities: td.RequiresCompatibilities, ExecutionRoleArn: aws.String("arn:aws:iam::123456789012:role/execution")})
		return err
	}
	for _, c := range []struct {
		name   string
		policy ecssim.Document
		call   func(context.Context, *ecs.Client) error
		want   string // part of the refusal; empty: allowed
	}{
		{"everything", statements(allow("*", "*", "")), describe, ""},
		{"action by a pattern, in another case", statements(allow("ECS:describe*", "*", "")), describe, ""},
		{"a single statement", ecssim.Document{"Statement": allow("ecs:*", "*", "")}, scale, ""},
		{"nothing", statements(), describe, "ecs:DescribeServices on resource: " + account + "service/demo/web because no identity-based policy allows the ecs:DescribeServices action"},
		{"the service", statements(allow("ecs:DescribeServices", account+"service/demo/web", "")), describe, ""},
		{"another service", statements(allow("ecs:DescribeServices", account+"service/demo/web2", "")), describe, "ecs:DescribeServices"},
		{"only reads", statements(allow("ecs:Describe*", "*", "")), scale, "ecs:UpdateService"},
		{"the cluster", statements(allow("ecs:ListTasks", "*", inCluster)), list, ""},
		{"another cluster", statements(allow("ecs:ListTasks", "*", inCluster+"2")), list, "ecs:ListTasks on resource: *"},
		{"a key that the call does not have", statements(allow("ecs:ListTasks", "*", mayPass)), list, "ecs:ListTasks"},
		{"denied", statements(allow("*", "*", ""), map[string]any{"Effect": "Deny", "Action": "ecs:UpdateService", "Resource": "*"}), scale, "with an explicit deny"},
		{"no role to pass", statements(allow("ecs:*", "*", "")), registers, "iam:PassRole on resource: arn:aws:iam::123456789012:role/execution"},
		{"another role to pass", statements(allow("ecs:*", "*", ""), allow("iam:PassRole", "arn:aws:iam::123456789012:role/other", mayPass)), registers, "iam:PassRole"},
		{"to another service", statements(allow("ecs:*", "*", ""), allow("iam:PassRole", "*", mayPass+".cn")), registers, "iam:PassRole"},
		{"the role", statements(allow("ecs:*", "*", ""), allow("iam:PassRole", "*", mayPass)), registers, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, client := demo(t, "healthy", func(w *ecssim.World) { w.Policy = c.policy })
				err := c.call(t.Context(), client)
				if c.want == "" && err != nil {
					t.Fatal(err)
				}
				if c.want != "" {
					wantCode(t, err, "AccessDeniedException", c.want)
				}
			})
		})
	}
}

// TestPolicyIsChecked: a world does not take a policy of which a part is not known.
func TestPolicyIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		`{Statement: [{Effect: Permit, Action: "*", Resource: "*"}]}`:                                   `effect "Permit"`,
		`{Statement: [{Effect: Allow, NotAction: "*", Resource: "*"}]}`:                                 "NotAction",
		`{Statement: [{Effect: Allow, Action: "*"}]}`:                                                   "needs Action and Resource",
		`{Statement: [{Effect: Allow, Action: "*", Resource: "*", Condition: {DateLessThan: {a: b}}}]}`: "DateLessThan",
		`{Statement: [{Effect: Allow, Action: {}, Resource: "*"}]}`:                                     "neither a text nor a list",
		`{Statements: []}`: "Statements",
	} {
		_, err := ecssim.ParseWorld("world.yaml", []byte("policy: "+text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
