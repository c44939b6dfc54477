package report_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// plans are one with everything, and each of those that say little.
func plans() []*deploy.Plan {
	full := &deploy.Plan{
		Ref: deploy.Ref{Cluster: cluster, Service: service}, Action: deploy.ActionDeploy, Current: old, Base: old, Register: true, Family: "doorman",
		Images: []taskdef.ImageChange{{Container: "app", Old: "team/doorman:v1", New: "team/doorman:v2"}},
		Differences: []taskdef.Difference{
			{Container: "app", Field: "image", Old: "team/doorman:v1", New: "team/doorman:v2"},
			{Field: "cpu", Old: "256", New: "512"},
			{Container: "app", Field: "environment PASSWORD", Old: "*** (7 characters, 012345)", New: "*** (13 characters, 6789ab)"},
			{Container: "proxy", Field: "environment OLD", Old: "*** (1 characters, 012345)"},
			{Container: "proxy", Field: "secrets TOKEN", New: "/doorman/token"},
		},
		Settings:   []deploy.Setting{{Name: "desiredCount", Old: aws.Int32(2), New: 4}, {Name: "maximumPercent", New: 150}},
		Warnings:   []string{"ECS has no room to start or stop a task"},
		InProgress: &rollout.Deployment{ID: "ecs-svc/41", TaskDefinition: old},
	}
	return []*deploy.Plan{
		full,
		{Ref: deploy.Ref{Service: service}, Action: deploy.ActionDeploy, Current: old, TaskDefinition: wanted, Reused: true},
		{Ref: deploy.Ref{Service: service}, Action: deploy.ActionNone, Current: old},
		{Ref: deploy.Ref{Service: service}, Action: deploy.ActionRestart, Current: old},
		{Ref: deploy.Ref{Service: service}, Action: deploy.ActionJoin, Current: wanted},
		{Ref: deploy.Ref{Service: service}, Action: deploy.ActionSettings, Current: old, Settings: []deploy.Setting{{Name: "desiredCount", Old: aws.Int32(2), New: 0}}},
	}
}

// show writes a result in a form.
func show(t *testing.T, format string, out io.Writer, result report.Result) {
	t.Helper()
	r := report.New(format, report.Options{Out: out, Command: command})
	if r.Result(result); r.Err() != nil {
		t.Fatal(r.Err())
	}
}

// TestPlans: what diff and a dry run print, for people and for programs.
func TestPlans(t *testing.T) {
	var b bytes.Buffer
	for _, plan := range plans() {
		show(t, "text", &b, report.Plan(plan))
	}
	report.New("text", report.Options{Out: &b, OutColor: true}).Result(report.Plan(plans()[0]))
	for _, plan := range plans()[:3] {
		show(t, "ndjson", &b, report.Plan(plan))
	}
	golden(t, "plans", b.String())
}

// TestPrunings: as a forecast, as done, and if there was nothing to do.
func TestPrunings(t *testing.T) {
	some := deploy.Pruning{Ref: deploy.Ref{Cluster: cluster, Service: service}, Family: "doorman", Keep: 2, Active: 42,
		InUse: []string{account + "task-definition/doorman:7"}, Remove: []string{account + "task-definition/doorman:1", account + "task-definition/doorman:2"}}
	var b bytes.Buffer
	for _, pruning := range []deploy.Pruning{some, {Family: "doorman", Keep: 20, Active: 3, Remove: []string{}}} {
		for _, forecast := range []bool{true, false} {
			show(t, "text", &b, report.Pruning(pruning, !forecast))
		}
		show(t, "json", &b, report.Pruning(pruning, true))
	}
	golden(t, "prunings", b.String())
}
