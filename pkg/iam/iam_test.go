package iam_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/iam"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestRowsAreComplete: what is advised says what is lost without it, and every command
// and feature is in the table.
func TestRowsAreComplete(t *testing.T) {
	commands, features := map[string]bool{}, map[iam.Feature]bool{}
	for _, p := range iam.Permissions() {
		isAdvised := false
		for _, need := range p.Needs {
			isAdvised = isAdvised || need.Advised
			features[need.Feature] = true
			for _, c := range need.Commands {
				commands[c] = true
				if !slices.Contains(iam.Commands(), c) {
					t.Errorf("%s is needed by %q, which is no command", p.Action, c)
				}
			}
		}
		if isAdvised != (p.Lost != "") {
			t.Errorf("%s (%s): advised %t, lost %q", p.Action, p.Scope, isAdvised, p.Lost)
		}
	}
	for _, c := range iam.Commands() {
		if !commands[c] {
			t.Errorf("%s needs nothing", c)
		}
	}
	for _, f := range iam.Features() {
		if !features[f] {
			t.Errorf("nothing is needed for %q", f)
		}
	}
}

func definition(t *testing.T, text string) taskdef.Definition {
	t.Helper()
	d, err := taskdef.FromDescribe([]byte(`{"taskDefinition": ` + text + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSubject reads what a definition names.
func TestSubject(t *testing.T) {
	s := iam.Subject{Partition: "aws-cn", Region: "cn-north-1", Account: "123456789012"}
	for range 2 { // the same things are added once
		s.Add(definition(t, `{"family": "web", "executionRoleArn": "execution", "taskRoleArn": "arn:aws-cn:iam::123456789012:role/x/task",
			"tags": [{"key": "a", "value": "b"}], "containerDefinitions": [
			{"name": "app", "image": "210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/web:v1",
			 "secrets": [{"name": "A", "valueFrom": "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:db-AbCdEf:password::"},
			             {"name": "B", "valueFrom": "/web/token"}, {"name": "C", "valueFrom": "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/c"}],
			 "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-region": "cn-northwest-1"}}},
			{"name": "proxy", "image": "docker.io/library/nginx:1", "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/proxy"}}},
			{"name": "agent", "image": "${AGENT}", "logConfiguration": {"logDriver": "splunk"}}]}`))
	}
	want := iam.Subject{
		Partition: "aws-cn", Region: "cn-north-1", Account: "123456789012", Family: "web", Tags: true,
		Roles:        []string{"arn:aws-cn:iam::123456789012:role/execution", "arn:aws-cn:iam::123456789012:role/x/task"},
		LogGroups:    []string{"arn:aws-cn:logs:cn-northwest-1:123456789012:log-group:/ecs/web:*", "arn:aws-cn:logs:cn-north-1:123456789012:log-group:/ecs/proxy:*"},
		Repositories: []string{"arn:aws-cn:ecr:eu-west-1:210987654321:repository/team/web"},
		Secrets:      []string{"arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:db-AbCdEf"},
		Parameters:   []string{"arn:aws-cn:ssm:cn-north-1:123456789012:parameter/web/token", "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/c"},
	}
	if d := cmp.Diff(want, s); d != "" {
		t.Error(d)
	}
}

// TestFor: the policy of some commands has their actions, and no others.
func TestFor(t *testing.T) {
	s := iam.Subject{Region: "eu-west-1", Account: "123456789012", Cluster: "prod", Service: "web", Family: "web", Roles: []string{"arn:aws:iam::123456789012:role/task"}}
	for _, c := range []struct {
		uses       iam.Uses
		has, lacks string
	}{
		{iam.Uses{Commands: []string{"status"}}, "ecs:DescribeServices", "ecs:UpdateService iam:PassRole ecs:RunTask ecs:DeregisterTaskDefinition"},
		{iam.Uses{Commands: []string{"deploy"}}, "ecs:UpdateService iam:PassRole ecs:RegisterTaskDefinition", "ecs:RunTask ecs:StopServiceDeployment ecs:DeregisterTaskDefinition"},
		{iam.Uses{Commands: []string{"deploy"}, Features: []iam.Feature{iam.Steps, iam.Interrupting, iam.Tidying}}, "ecs:RunTask ecs:StopServiceDeployment ecs:DeregisterTaskDefinition", "ecs:ExecuteCommand"},
		{iam.Uses{Commands: []string{"run"}, Features: []iam.Feature{iam.Propagating}}, "ecs:TagResource ecs:ListTagsForResource", "ecs:UpdateService"},
		{iam.Uses{Commands: []string{"deploy"}, Features: []iam.Feature{iam.ByFamily}}, "ecs:ListServices", "ecs:ListTagsForResource"},
		{iam.Uses{Commands: []string{"exec", "run"}}, "ecs:ExecuteCommand ecs:RunTask ecs:StopTask iam:PassRole", "ecs:UpdateService ecs:RegisterTaskDefinition"},
	} {
		p, err := iam.For(s, c.uses)
		if err != nil {
			t.Fatal(err)
		}
		var actions []string
		sids := map[string]bool{}
		for _, statement := range p.Statement {
			actions = append(actions, statement.Action...)
			if sids[statement.Sid] || len(statement.Resource) == 0 {
				t.Errorf("%v: statement %+v", c.uses, statement)
			}
			sids[statement.Sid] = true
		}
		for _, action := range strings.Fields(c.has) {
			if !slices.Contains(actions, action) {
				t.Errorf("%v: no %s", c.uses, action)
			}
		}
		for _, action := range strings.Fields(c.lacks) {
			if slices.Contains(actions, action) {
				t.Errorf("%v: %s", c.uses, action)
			}
		}
	}
	if _, err := iam.For(s, iam.Uses{Commands: []string{"destroy"}}); err == nil {
		t.Error("an unknown command has a policy")
	}
}
