package report_test

// The history and the preview of a rollback on a terminal of 80 columns, in every state of
// a service; and what is suggested after a rollback.

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// deployments are one of each ending, newest first.
func deployments() []deploy.Past {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	past := func(n int, tag, status string) deploy.Past {
		began := time.Date(2026, 10, 1, 14, 30, 0, 0, time.UTC).Add(time.Duration(n) * 24 * time.Hour)
		return deploy.Past{
			ServiceDeployment: account + fmt.Sprintf("service-deployment/production1/doorman/%d", n), ID: fmt.Sprintf("ecs-svc/%019d", n),
			CreatedAt: began, FinishedAt: began.Add(4 * time.Minute), Seconds: 241, Status: status, Strategy: "ROLLING",
			TaskDefinition: account + fmt.Sprintf("task-definition/doorman:%d", n), Tag: tag,
			Images: []deploy.RanImage{{Container: "doorman", Image: "registry/team/doorman:" + tag, Digest: digest}, {Container: "proxy", Image: "registry/nginx:1.29", Digest: digest}},
		}
	}
	all := []deploy.Past{
		past(48, "v8", "IN_PROGRESS"), past(47, "v7", "SUCCESSFUL"), past(46, "v6", "ROLLBACK_SUCCESSFUL"), past(45, "2026-11-26.45-3f1c2ab", "SUCCESSFUL"),
		past(44, "v4", "STOPPED"), past(43, "v3", "ROLLBACK_FAILED"), past(42, "v2", "ROLLBACK_IN_PROGRESS"), past(41, "v1", "SUCCESSFUL"), past(40, "v0", "RECONCILING"),
	}
	all[0].FinishedAt, all[0].Seconds = time.Time{}, 0
	all[1].Rollback, all[1].Running, all[1].LeftAgain = true, true, true
	all[2].RollbackReason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
	all[3].Rollback, all[3].Running, all[3].LeftAgain, all[3].WayBack = true, true, true, true
	all[4].Reason, all[6].Requested = "ECS deployment was stopped.", true
	return all
}

// histories are the states of a service.
func histories() map[string]deploy.History {
	ref := deploy.Ref{Cluster: cluster, Service: service}
	past := deployments()
	revisions := []deploy.Past{{TaskDefinition: wanted, Running: true}, {TaskDefinition: old, Tag: "v1", WayBack: true}}
	rollback := deploy.Rollback{From: wanted, FromTag: "v2", To: old, ToTag: "v1"}
	going, byECS, done := rollback, rollback, rollback
	going.InProgress, byECS.InProgress, byECS.ByECS, done.ByECS = true, true, true, true
	const denied = "ECS does not show its records (ecs:ListServiceDeployments is not allowed)"
	return map[string]deploy.History{
		"1 all endings":             {Ref: ref, Past: past, WayBack: &past[3], Older: 12},
		"2 nothing":                 {Ref: ref, Past: past[1:2]},
		"3 a rollback":              {Ref: ref, Past: past[1:2], Rollback: &going, WayBack: &past[7]},
		"4 a rollback by ECS":       {Ref: ref, Past: past[6:7], Rollback: &byECS, WayBack: &past[7]},
		"5 ECS rolled back":         {Ref: ref, Past: past[2:4], Rollback: &done, WayBack: &past[3]},
		"6 rolled back, no further": {Ref: ref, Past: past[2:3], Rollback: &done},
		"7 denied":                  {Ref: ref, Past: revisions, WayBack: &revisions[1], Guess: denied, Unrecorded: denied},
		"8 denied, in progress":     {Ref: ref, Past: revisions, WayBack: &revisions[1], Unrecorded: denied},
		"9 a guess of the last one": {Ref: ref, Past: past[1:2], WayBack: &revisions[1], Guess: "ECS shows no record of another revision that worked; it keeps records for 90 days"},
	}
}

// previews are the plans of a rollback.
func previews(t *testing.T) map[string]*deploy.Plan {
	past := deployments()
	rollback := func(p deploy.Plan) *deploy.Plan {
		p.Ref, p.Current, p.CurrentTag = deploy.Ref{Cluster: cluster, Service: service}, wanted, "v2"
		if p.Back == nil {
			p.Back = &past[7]
		}
		p.TaskDefinition, p.Tag = p.Back.TaskDefinition, p.Back.Tag
		return &p
	}
	checks := []deploy.Check{
		{Subject: "revision", State: deploy.CheckOK, Detail: "doorman:41 is ACTIVE"},
		{Subject: "last deployment", State: deploy.CheckWarning, Detail: "that of doorman:41 (v1) failed, and ECS rolled it back at 2026-11-26 20:32:11 UTC: Service deployment rolled back because the circuit breaker threshold was exceeded.", Remedy: "choose another revision with --to"},
		{Subject: "image app", State: deploy.CheckProblem, Detail: "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/doorman:v1 does not exist", Remedy: "push it again, or choose another revision"},
	}
	going := &deploy.Rollback{From: wanted, FromTag: "v2", To: old, ToTag: "v1", ByECS: true, InProgress: true}
	progress := &rollout.Deployment{ID: "ecs-svc/0000000000000000042", TaskDefinition: wanted, Tag: "v2"}
	return map[string]*deploy.Plan{
		"1 an update": rollback(deploy.Plan{Action: deploy.ActionDeploy, Differences: plan(t).Differences, Checks: checks[:1]}),
		"2 problems":  rollback(deploy.Plan{Action: deploy.ActionDeploy, Checks: checks, Notes: []string{"ECS already rolled back from doorman:42 (v2) to doorman:41 (v1); this goes further back to doorman:40 (v0)"}}),
		"3 a stop":    rollback(deploy.Plan{Action: deploy.ActionStop, InProgress: progress, Checks: checks[:1], Notes: []string{"there is nothing else to check, and no forecast: ECS returns to the revision and the settings from before the deployment in progress"}}),
		"4 followed":  rollback(deploy.Plan{Action: deploy.ActionJoin, InProgress: progress, Rollback: going, Notes: []string{"nothing needs to be done: " + going.String()}}),
		"5 nothing":   rollback(deploy.Plan{Action: deploy.ActionNone, Further: &past[7], Notes: []string{"ECS already rolled back from doorman:43 (v3) to doorman:42 (v2); doorman:43 (v3) no longer runs"}}),
		"6 a guess":   rollback(deploy.Plan{Action: deploy.ActionDeploy, Back: &deploy.Past{TaskDefinition: old}, Guess: "ECS shows no record of another revision that worked; it keeps records for 90 days", Checks: checks[:1]}),
	}
}

// TestAt80Columns: every line fits, except values and commands, which nobody should break.
func TestAt80Columns(t *testing.T) {
	var b bytes.Buffer
	shown := func(name string, result report.Result) {
		var one bytes.Buffer
		show(t, "text", &one, result)
		fmt.Fprintf(&b, "== %s\n%s", name, one.String())
		for line := range strings.Lines(one.String()) {
			line = strings.TrimSuffix(line, "\n")
			if len([]rune(line)) > 80 && !strings.Contains(line, ": ecs-deploy ") && !strings.Contains(line, ": *** (") {
				t.Errorf("%s: %d columns: %s", name, len([]rune(line)), line)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(histories())) {
		shown(name, report.History(histories()[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(previews(t))) {
		shown("preview "+name, report.Plan(previews(t)[name]))
	}
	golden(t, "rollbacks", b.String())
}

// TestNextOfRollbackFromAFailure does not offer to go back to what is known to have failed.
func TestNextOfRollbackFromAFailure(t *testing.T) {
	d := deploy.Deployment{Ref: deploy.Ref{Cluster: cluster, Service: service}, TaskDefinition: wanted, Action: deploy.ActionStop,
		Rollback: &deploy.Rollback{From: wanted, To: old, FromFailed: true, ByECS: true}, Before: deploy.Before{TaskDefinition: old}}
	next := report.Next(deploy.Outcome{Verdict: rollout.Succeeded, Deployment: d, Over: true}, command)
	if len(next) != 1 || strings.Contains(next[0].Command, "doorman:42") {
		t.Errorf("%v", next)
	}
}

// TestNextOfRollback: a rollback that goes on is continued with its own target; what was
// left is named only to undo it.
func TestNextOfRollback(t *testing.T) {
	byUpdate := deploy.Deployment{Ref: deploy.Ref{Cluster: cluster, Service: service}, TaskDefinition: old, Action: deploy.ActionDeploy,
		Rollback: &deploy.Rollback{From: wanted, To: old}, Before: deploy.Before{TaskDefinition: wanted}}
	byStop := deploy.Deployment{Ref: byUpdate.Ref, TaskDefinition: wanted, Action: deploy.ActionStop,
		Rollback: &deploy.Rollback{From: wanted, To: old, ByECS: true}, Before: deploy.Before{TaskDefinition: old}}
	follow, status, history := "follow it: ecs-deploy wait -c production1 -n doorman", "see details: ecs-deploy status -c production1 -n doorman", "choose another revision: ecs-deploy history -c production1 -n doorman"
	again := "continue the rollback: ecs-deploy rollback --to doorman:41 --yes -c production1 -n doorman"
	undo := "undo the rollback: ecs-deploy rollback --to doorman:42 --yes -c production1 -n doorman"
	for verdict, want := range map[rollout.Verdict][]string{
		rollout.Interrupted: {follow, again}, rollout.TimedOut: {follow, again}, rollout.Started: {follow, again}, rollout.Running: {follow, again},
		rollout.Superseded: {follow}, rollout.Failed: {status, history}, rollout.RolledBack: {status, history}, rollout.Paused: {"stop it and roll back: ecs-deploy stop --yes -c production1 -n doorman"},
		rollout.Succeeded: {undo}, rollout.Unchanged: nil,
	} {
		for _, d := range []deploy.Deployment{byUpdate, byStop} {
			var got []string
			for _, s := range report.Next(deploy.Outcome{Verdict: verdict, Deployment: d}, command) {
				got = append(got, s.Purpose+": "+s.Command)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of a rollback by %s (-want +got):\n%s", verdict, d.Action, diff)
			}
		}
	}
}

// TestAnUndoneDeploymentDidNotFail: it succeeded, and was rolled back because another
// service of the run failed.
func TestAnUndoneDeploymentDidNotFail(t *testing.T) {
	const earlier, later = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1", "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:2"
	outcome := deploy.Outcome{
		Verdict: rollout.RolledBack, Reason: "rolled back to web:1: api failed", Over: true, Serving: earlier, Running: 2, Desired: 2,
		Deployment: deploy.Deployment{Ref: deploy.Ref{Cluster: "prod", Service: "web"}, TaskDefinition: earlier, Rollback: &deploy.Rollback{From: later, To: earlier}},
	}
	out, _ := render(t, "text", report.Options{}, []deploy.Event{{Type: deploy.EventOutcome, Outcome: &outcome}})
	if strings.Contains(out, ":1 failed") || strings.Contains(out, "new revision") || !strings.Contains(out, "rolled back: web is running web:1, 2 of 2 tasks") {
		t.Error(out)
	}
}
