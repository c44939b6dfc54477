package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/report/schematest"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // the golden files are of no zone in particular
	os.Exit(m.Run())
}

var update = flag.Bool("update", false, "write the golden files")

// digests are those of masked values, which are others in each process.
var digests = regexp.MustCompile(`characters, [0-9a-f]{6}`)

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = digests.ReplaceAllString(got, "characters, ······")
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

const (
	account = "arn:aws:ecs:us-east-1:123456789012:"
	cluster = account + "cluster/production1"
	service = account + "service/production1/doorman"
	old     = account + "task-definition/doorman:41"
	wanted  = account + "task-definition/doorman:42"
)

// at is a moment of the scripted deployment.
func at(seconds int) time.Time {
	return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

var deployment = deploy.Deployment{
	Ref: deploy.Ref{Cluster: cluster, Service: service}, ID: "ecs-svc/42", TaskDefinition: wanted, CreatedAt: at(1), Action: deploy.ActionDeploy,
	Before: deploy.Before{Deployment: "ecs-svc/41", TaskDefinition: old, DesiredCount: 2, RollsBack: true, Guarded: true},
}

// state is a service with both deployments in it.
func state(oldRunning, newDesired, newRunning, newPending, newFailed int) *rollout.Service {
	return &rollout.Service{
		ARN: service, ClusterARN: cluster, Name: "doorman", Status: "ACTIVE", TaskDefinition: wanted,
		Desired: 2, Running: oldRunning + newRunning, Pending: newPending,
		Deployments: []rollout.Deployment{
			{ID: "ecs-svc/41", Status: rollout.StatusActive, TaskDefinition: old, Desired: 2, Running: oldRunning, RolloutState: rollout.RolloutCompleted},
			{ID: "ecs-svc/42", Status: rollout.StatusPrimary, TaskDefinition: wanted, Desired: newDesired, Running: newRunning,
				Pending: newPending, Failed: newFailed, RolloutState: rollout.RolloutInProgress},
		},
	}
}

func definition(t *testing.T, text string) taskdef.Definition {
	t.Helper()
	d, err := taskdef.Parse("doorman.json", []byte(text), taskdef.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// plan changes an image and a secret value, and two settings.
func plan(t *testing.T) *deploy.Plan {
	t.Helper()
	before := definition(t, `{"family": "doorman", "containerDefinitions": [{"name": "app", "image": "doorman:v1",
		"environment": [{"name": "PASSWORD", "value": "hunter2"}]}]}`)
	after := definition(t, `{"family": "doorman", "containerDefinitions": [{"name": "app", "image": "doorman:v2",
		"environment": [{"name": "PASSWORD", "value": "swordfish"}]}]}`)
	two := int32(2)
	return &deploy.Plan{
		Ref: deploy.Ref{Cluster: cluster, Service: service}, Action: deploy.ActionDeploy, Current: old, Base: old, Register: true, Family: "doorman",
		Images:      []taskdef.ImageChange{{Container: "app", Old: "doorman:v1", New: "doorman:v2"}},
		Differences: taskdef.Diff(before, after), Definition: after, Before: deployment.Before,
		Settings: []deploy.Setting{{Name: "desiredCount", Old: &two, New: 4}, {Name: "minimumHealthyPercent", New: 0}},
	}
}

var cause = rollout.Cause{
	Kind: rollout.Exited, Reason: "Essential container in task exited", Container: "app", ExitCode: new(1), Count: 4,
	Task: account + "task/production1/1", Hint: "the container ended by itself; its log says why",
}

// rolledBack are the events of a deployment that ECS takes back.
func rolledBack(t *testing.T) []deploy.Event {
	first := cause
	first.Count = 1
	return []deploy.Event{
		{Type: deploy.EventPlan, Time: at(0), Plan: plan(t)},
		{Type: deploy.EventRegistered, Time: at(0), TaskDefinition: wanted},
		{Type: deploy.EventUpdated, Time: at(1), Deployment: &deployment, Service: state(2, 0, 0, 0, 0)},
		{Type: deploy.EventProgress, Time: at(2), Elapsed: time.Second, Service: state(2, 2, 0, 2, 0), ServiceDeployment: &rollout.ServiceDeployment{Status: "PENDING"}},
		{Type: deploy.EventProgress, Time: at(3), Elapsed: 2 * time.Second, Service: state(2, 2, 0, 2, 0), ServiceDeployment: &rollout.ServiceDeployment{Status: "IN_PROGRESS"}},
		{Type: deploy.EventProgress, Time: at(4), Elapsed: 3 * time.Second, Service: state(2, 2, 0, 2, 0), ServiceDeployment: &rollout.ServiceDeployment{Status: "IN_PROGRESS"}},
		{Type: deploy.EventService, Time: at(9), Elapsed: 8 * time.Second, Service: state(2, 2, 0, 2, 0),
			ServiceEvent: &rollout.ServiceEvent{ID: "1", At: at(8), Message: "(service doorman) has started 2 tasks: (task 1) (task 2)."}},
		{Type: deploy.EventCause, Time: at(40), Elapsed: 39 * time.Second, Cause: &first, Service: state(2, 2, 0, 0, 1)},
		{Type: deploy.EventWarning, Time: at(95), Elapsed: 94 * time.Second, Message: "no task of the new deployment is running after 1m30s; still waiting for ECS to decide"},
		{Type: deploy.EventService, Time: at(200), Elapsed: 199 * time.Second, Service: state(2, 2, 0, 0, 4),
			ServiceEvent: &rollout.ServiceEvent{ID: "2", At: at(199), Message: "(service doorman) (deployment ecs-svc/42) deployment failed: tasks failed to start."}},
		{Type: deploy.EventOutcome, Time: at(230), Elapsed: 229 * time.Second, Outcome: &deploy.Outcome{
			Verdict: rollout.RolledBack, Reason: "the circuit breaker threshold was exceeded", Deployment: deployment,
			Elapsed: 229 * time.Second, Serving: old, Running: 2, Desired: 2,
			Diagnosis: rollout.Diagnosis{Causes: []rollout.Cause{cause}, Events: []string{"was unable to place a task."},
				Breaker: &rollout.Breaker{Status: "TRIGGERED", FailureCount: 4, Threshold: 3}},
		}},
	}
}

// command is a command line as a program would make it.
func command(_ deploy.Deployment, words ...string) string {
	return "ecs-deploy " + strings.Join(words, " ") + " -c production1 -n doorman"
}

// render runs events through a renderer.
func render(t *testing.T, format string, o report.Options, events []deploy.Event) (out, err string) {
	t.Helper()
	var outBuffer, errBuffer bytes.Buffer
	o.Out, o.Err, o.Location, o.Command = &outBuffer, &errBuffer, time.UTC, command
	r := report.New(format, o)
	for _, e := range events {
		r.Event(e)
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return outBuffer.String(), errBuffer.String()
}

func TestText(t *testing.T) {
	events := rolledBack(t)
	for name, o := range map[string]report.Options{
		"text":        {},
		"text-colour": {OutColor: true, ErrColor: true},
		"text-quiet":  {Quiet: true},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := render(t, "text", o, events)
			golden(t, name, "-- stdout --\n"+out+"-- stderr --\n"+err)
			if o.Quiet && err != "" {
				t.Errorf("quiet, and yet: %s", err)
			}
			if colours := strings.Contains(out+err, "\x1b["); colours != o.OutColor {
				t.Errorf("colours: %v", colours)
			}
			if strings.Contains(out+err, "hunter2") || strings.Contains(out+err, "swordfish") {
				t.Error("a value of the environment is shown")
			}
		})
	}
}

func TestOldNewsSaysWhenItHappened(t *testing.T) {
	_, err := render(t, "text", report.Options{}, []deploy.Event{{
		Type: deploy.EventService, Time: at(3600), Service: state(2, 2, 0, 2, 0),
		ServiceEvent: &rollout.ServiceEvent{ID: "1", At: at(8), Message: "(service doorman) has reached a steady state."},
	}})
	if want := "10:00:00  doorman in production1 (us-east-1, account 123456789012); times in UTC\n10:00:00  ECS: has reached a steady state. (09:00:08)\n"; err != want {
		t.Errorf("%q, want %q", err, want)
	}
}

func TestEachStreamHasItsOwnColours(t *testing.T) {
	out, err := render(t, "text", report.Options{OutColor: true}, rolledBack(t))
	if !strings.Contains(out, "\x1b[") || strings.Contains(err, "\x1b[") {
		t.Errorf("stdout %q\nstderr %q", out, err)
	}
	out, err = render(t, "text", report.Options{ErrColor: true}, rolledBack(t))
	if strings.Contains(out, "\x1b[") || !strings.Contains(err, "\x1b[") {
		t.Errorf("stdout %q\nstderr %q", out, err)
	}
}

// outcomes are one of each verdict.
func outcomes() map[string]deploy.Outcome {
	settings, follow := deployment, deployment
	settings.Action, follow.Action = deploy.ActionSettings, deploy.ActionFollow
	return map[string]deploy.Outcome{
		"succeeded":   {Verdict: rollout.Succeeded, Reason: "done", Deployment: deployment, Elapsed: 143 * time.Second, Serving: wanted, Running: 2, Desired: 2},
		"to zero":     {Verdict: rollout.Succeeded, Reason: "done", Deployment: deployment, Elapsed: 3 * time.Second, Serving: wanted},
		"ended":       {Verdict: rollout.Succeeded, Reason: "done", Deployment: follow, EndedAt: at(0), Serving: wanted, Running: 2, Desired: 2},
		"unchanged":   {Verdict: rollout.Unchanged, Reason: "doorman:41 is already running", Deployment: deployment, Serving: old, Running: 2, Desired: 2},
		"updated":     {Verdict: rollout.Updated, Reason: "4 of 4 tasks are running", Deployment: settings, Elapsed: time.Minute, Serving: old, Running: 4, Desired: 4},
		"running":     {Verdict: rollout.Running, Reason: "a task of the new deployment is running", Deployment: deployment, Elapsed: time.Minute, Serving: old, Running: 3, Desired: 2},
		"started":     {Verdict: rollout.Started, Reason: "ECS accepted the update. Not waiting for it to finish (--no-wait).", Deployment: deployment, Serving: old, Desired: 2},
		"failed":      {Verdict: rollout.Failed, Reason: "rollback is off", Deployment: deployment, Elapsed: time.Minute, Serving: old, Running: 2, Desired: 2},
		"timed-out":   {Verdict: rollout.TimedOut, Reason: "the deployment did not end within 30m0s", Deployment: deployment, Elapsed: 30 * time.Minute, Serving: old, Running: 2, Desired: 2},
		"superseded":  {Verdict: rollout.Superseded, Reason: "deployment ecs-svc/43 (doorman:43) has taken over", Deployment: deployment, Elapsed: time.Minute, Serving: old, Running: 2, Desired: 2},
		"paused":      {Verdict: rollout.Paused, Reason: "the deployment waits at hook h of stage s", Deployment: deployment, Elapsed: time.Minute, Serving: old, Running: 2, Desired: 2},
		"interrupted": {Verdict: rollout.Interrupted, Reason: "the rollout goes on", Deployment: deployment, Elapsed: time.Minute, Serving: old, Running: 2, Desired: 2},
	}
}

// names are the outcomes in a fixed order.
var names = []string{"succeeded", "to zero", "ended", "unchanged", "updated", "running", "started", "failed", "timed-out", "superseded", "paused", "interrupted"}

func TestOutcomesInText(t *testing.T) {
	var b strings.Builder
	for _, name := range names {
		outcome := outcomes()[name]
		out, err := render(t, "text", report.Options{}, []deploy.Event{{Type: deploy.EventOutcome, Outcome: &outcome}})
		if err != "" {
			t.Errorf("%s: the outcome is a result, and yet on stderr: %s", name, err)
		}
		b.WriteString("# " + name + "\n" + out)
	}
	golden(t, "outcomes", b.String())
}

func TestTimesAreOfTheChosenZone(t *testing.T) {
	var out bytes.Buffer
	outcome := outcomes()["ended"]
	r := report.New("text", report.Options{Out: &out, Location: time.FixedZone("there", 5*60*60)})
	r.Event(deploy.Event{Type: deploy.EventOutcome, Outcome: &outcome})
	if !strings.Contains(out.String(), "ended 2026-03-01 14:00:00 there") {
		t.Error(out.String())
	}
}

func TestNext(t *testing.T) {
	follow, look, back := "wait -c production1 -n doorman", "status -c production1 -n doorman", "rollback --to doorman:41 --yes -c production1 -n doorman"
	for name, want := range map[string][]string{
		"succeeded": nil, "unchanged": nil, "updated": nil,
		"running": {follow}, "superseded": {follow}, "paused": {"stop --yes -c production1 -n doorman"},
		"started": {follow, back}, "timed-out": {follow, back}, "interrupted": {follow, back}, "failed": {look, back},
	} {
		var got []string
		for _, s := range report.Next(outcomes()[name], command) {
			if s.Purpose == "" {
				t.Errorf("%s: %q has no purpose", name, s.Command)
			}
			got = append(got, strings.TrimPrefix(s.Command, "ecs-deploy "))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if report.Next(outcomes()[name], nil) != nil {
			t.Errorf("%s: suggestions without a way to make command lines", name)
		}
	}
}

func TestNoWayBackToWhatIsDeployed(t *testing.T) {
	outcome := outcomes()["failed"]
	outcome.Deployment.Before.TaskDefinition = outcome.Deployment.TaskDefinition // a restart
	if next := report.Next(outcome, command); len(next) != 1 {
		t.Error(next)
	}
	outcome.Deployment.Before.TaskDefinition = "" // not known
	if next := report.Next(outcome, command); len(next) != 1 {
		t.Error(next)
	}
}

// TestNoRollbackOfExpress: what ecs-deploy would refuse is not suggested.
func TestNoRollbackOfExpress(t *testing.T) {
	for name, outcome := range outcomes() {
		outcome.Deployment.Express = true
		for _, back := range []*deploy.Rollback{nil, {From: "doorman:42", To: "doorman:41", ByECS: true}} {
			outcome.Deployment.Rollback = back
			for _, next := range report.Next(outcome, command) {
				if strings.Contains(next.Command, " rollback") {
					t.Errorf("%s: %s", name, next.Command)
				}
			}
		}
	}
}

// TestMisroutedTrafficServesNobody: new tasks that no production traffic reaches do not
// serve users, however many run.
func TestMisroutedTrafficServesNobody(t *testing.T) {
	outcome := outcomes()["failed"]
	outcome.Serving, outcome.Running, outcome.Desired = outcome.Deployment.TaskDefinition, 2, 2
	outcome.Misrouted = &deploy.Misrouted{Rule: "arn:rule", TargetGroup: "blue", Weights: map[string]int32{"blue": 0, "green": 100}}
	outcome.Reason = "the deployment completed, but " + outcome.Misrouted.String()
	var out bytes.Buffer
	r := report.New("text", report.Options{Out: &out})
	r.Event(deploy.Event{Type: deploy.EventOutcome, Outcome: &outcome})
	if text := out.String(); strings.Contains(text, "users are") || !strings.Contains(text, "2 of 2 tasks, but the production rule sends no traffic to it\n") || !strings.Contains(text, "sends nothing to target group blue of the running tasks: blue 0, green 100 (rule arn:rule)") {
		t.Error(text)
	}
	out.Reset()
	report.New("text", report.Options{Out: &out}).Result(report.Status(deploy.Status{Misrouted: outcome.Misrouted}))
	report.New("text", report.Options{Out: &out}).Result(report.Status(deploy.Status{TrafficUnread: "x is not allowed"}))
	for _, want := range []string{"  traffic     the production rule sends nothing to target group blue of the running tasks", "  traffic     cannot be read: x is not allowed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestTheWayBackRestoresTheSettings(t *testing.T) {
	number := func(n int32) *int32 { return &n }
	const back = "ecs-deploy rollback --to doorman:41 --yes"
	for name, tt := range map[string]struct {
		settings []deploy.Setting
		before   deploy.Before
		want     string
	}{
		"none changed":       {nil, deploy.Before{DesiredCount: 2, MinimumHealthyPercent: number(100), MaximumPercent: number(200)}, ""},
		"all":                {[]deploy.Setting{{Name: "desiredCount", Old: number(2), New: 4}, {Name: "minimumHealthyPercent", Old: number(50), New: 0}, {Name: "maximumPercent", Old: number(200), New: 100}}, deploy.Before{DesiredCount: 2, MinimumHealthyPercent: number(50), MaximumPercent: number(200)}, " -D 2 -m 50 -M 200"},
		"not known before":   {[]deploy.Setting{{Name: "maximumPercent", New: 100}}, deploy.Before{DesiredCount: 2}, ""},
		"wedged all along":   {nil, deploy.Before{DesiredCount: 2, MinimumHealthyPercent: number(100), MaximumPercent: number(100)}, " -M 200"},
		"wedged by rounding": {nil, deploy.Before{DesiredCount: 1, MinimumHealthyPercent: number(1), MaximumPercent: number(199)}, " -M 200"},
		"nothing runs":       {nil, deploy.Before{MinimumHealthyPercent: number(100), MaximumPercent: number(100)}, ""},
	} {
		outcome := outcomes()["failed"]
		tt.before.TaskDefinition, outcome.Deployment.Settings = outcome.Deployment.Before.TaskDefinition, tt.settings
		outcome.Deployment.Before = tt.before
		next := report.Next(outcome, command)
		if got := next[len(next)-1].Command; got != back+tt.want+" -c production1 -n doorman" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestAnInactiveRevisionIsRegisteredAgain(t *testing.T) {
	outcome := outcomes()["failed"]
	outcome.Deployment.Before.Inactive = true
	var got []string
	for _, s := range report.Next(outcome, command)[1:] {
		got = append(got, s.Command)
	}
	want := []string{
		"ecs-deploy rollback --to doorman:41 --yes -c production1 -n doorman",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// lines decodes NDJSON.
func lines(t *testing.T, text string) []map[string]any {
	t.Helper()
	whole, ended := strings.CutSuffix(text, "\n")
	if !ended {
		t.Error("the last line does not end")
	}
	var objects []map[string]any
	for line := range strings.SplitSeq(whole, "\n") {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		objects = append(objects, object)
	}
	return objects
}

func TestStream(t *testing.T) {
	events := rolledBack(t)
	for i := range events {
		events[i].Subject = deploy.Subject{Kind: deploy.SubjectService, ARN: service}
	}
	out, err := render(t, "ndjson", report.Options{Version: "v1.2.3", Simulated: "crash-loop"}, events)
	golden(t, "ndjson", out)
	if err := schematest.Lines([]byte(out)); err != nil {
		t.Error(err)
	}
	if err != "" {
		t.Errorf("stderr: %s", err)
	}
	if strings.Contains(out, "hunter2") || strings.Contains(out, "swordfish") {
		t.Error("a value of the environment is in the stream")
	}
	objects := lines(t, out)
	want := map[string]any{"type": "version", "schema": "1.0", "version": "v1.2.3", "simulated": "crash-loop"}
	if diff := cmp.Diff(want, objects[0]); diff != "" {
		t.Errorf("first line (-want +got):\n%s", diff)
	}
	for i, object := range objects[1:] {
		last := i == len(objects)-2
		if kind, _ := object["type"].(string); kind == "" || kind == "version" || (kind == "outcome") != last {
			t.Errorf("line %d has type %q", i+2, kind)
		}
		if _, ok := object["elapsedSeconds"].(float64); !ok {
			t.Errorf("line %d has no elapsedSeconds", i+2)
		}
		if text, ok := object["time"].(string); !last && (!ok || !strings.HasSuffix(text, "Z")) {
			t.Errorf("line %d has time %v", i+2, object["time"])
		}
		if diff := cmp.Diff(map[string]any{"kind": "service", "arn": service}, object["subject"]); diff != "" {
			t.Errorf("line %d has another subject (-want +got):\n%s", i+2, diff)
		}
	}
	outcome := objects[len(objects)-1]
	if outcome["verdict"] != "rolled-back" || outcome["exitCode"] != 6.0 || outcome["serving"] != old || outcome["elapsedSeconds"] != 229.0 {
		t.Error(outcome)
	}
}

func TestTheVersionIsTheFirstLineOfAStream(t *testing.T) {
	var out bytes.Buffer
	r := report.New("ndjson", report.Options{Out: &out})
	r.Event(deploy.Event{Type: deploy.EventWarning})
	r.Event(deploy.Event{Type: deploy.EventWarning})
	if objects := lines(t, out.String()); len(objects) != 3 || objects[0]["type"] != "version" || objects[1]["type"] != "warning" || objects[2]["type"] != "warning" {
		t.Error(out.String())
	}
	out.Reset()
	r = report.New("ndjson", report.Options{Out: &out})
	if r.Result(report.Value("found")); out.String() != "\"found\"\n" {
		t.Errorf("a result has more than its line: %s", out.String())
	}
}

func TestEveryVerdictHasItsCode(t *testing.T) {
	codes := map[string]float64{
		"succeeded": 0, "unchanged": 0, "updated": 0, "running": 0, "started": 0,
		"failed": 5, "timed-out": 7, "superseded": 8, "paused": 9, "interrupted": 130,
	}
	for verdict, code := range codes {
		outcome := outcomes()[verdict]
		for _, format := range []string{"json", "ndjson"} {
			out, _ := render(t, format, report.Options{}, []deploy.Event{{Type: deploy.EventOutcome, Outcome: &outcome}})
			if format == "ndjson" {
				_, out, _ = strings.Cut(out, "\n")
			}
			var object map[string]any
			if err := json.Unmarshal([]byte(out), &object); err != nil {
				t.Fatal(err)
			}
			if object["type"] != "outcome" || object["verdict"] != verdict || object["exitCode"] != code {
				t.Errorf("%s, %s: %v %v", format, verdict, object["verdict"], object["exitCode"])
			}
		}
	}
}

func TestJSONIsTheOutcomeAlone(t *testing.T) {
	out, err := render(t, "json", report.Options{Simulated: "crash-loop"}, rolledBack(t))
	golden(t, "json", out)
	if err != "" {
		t.Errorf("stderr: %s", err)
	}
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(out))
	if err := decoder.Decode(&object); err != nil || decoder.More() {
		t.Fatalf("not one object: %v", err)
	}
	if object["schema"] != "1.0" || object["simulated"] != "crash-loop" {
		t.Error(object)
	}
}

var failure = report.Failure{
	Message: "no container of doorman uses the repository of <other>; its images are app=doorman:v1", Hint: "look & see", Verdict: "error", ExitCode: 3,
}

func TestFailure(t *testing.T) {
	for format, want := range map[string]struct{ out, err string }{
		"text": {"", "error: no container of doorman uses the repository of <other>; its images are app=doorman:v1\nhint: look & see\n"},
		"json": {`{
  "type": "outcome",
  "schema": "1.0",
  "verdict": "error",
  "exitCode": 3,
  "reason": "no container of doorman uses the repository of <other>; its images are app=doorman:v1",
  "hint": "look & see",
  "elapsedSeconds": 0
}
`, ""},
		"ndjson": {`{"type":"version","schema":"1.0"}
{"type":"outcome","verdict":"error","exitCode":3,"reason":"no container of doorman uses the repository of <other>; its images are app=doorman:v1","hint":"look & see","elapsedSeconds":0}
`, ""},
	} {
		var out, err bytes.Buffer
		report.New(format, report.Options{Out: &out, Err: &err}).Fail(failure)
		if diff := cmp.Diff(want.out, out.String()); diff != "" {
			t.Errorf("%s, stdout (-want +got):\n%s", format, diff)
		}
		if diff := cmp.Diff(want.err, err.String()); diff != "" {
			t.Errorf("%s, stderr (-want +got):\n%s", format, diff)
		}
	}
}

func TestFailureWithoutAHint(t *testing.T) {
	var err bytes.Buffer
	report.New("text", report.Options{Err: &err, ErrColor: true}).Fail(report.Failure{Message: "no"})
	if got := err.String(); !strings.HasSuffix(got, "no\n") || strings.Contains(got, "hint") || !strings.Contains(got, "\x1b[") {
		t.Errorf("%q", got)
	}
}

// full is a writer on a full disk.
type full struct{ room int }

var errFull = errors.New("no space left on device")

func (f *full) Write(text []byte) (int, error) {
	if len(text) > f.room {
		return 0, errFull
	}
	f.room -= len(text)
	return len(text), nil
}

func TestTheFirstErrorOfWritingIsKept(t *testing.T) {
	for _, format := range []string{"text", "json", "ndjson"} {
		for _, room := range []int{0, 100} {
			out := &full{room: room}
			r := report.New(format, report.Options{Out: out, Err: &bytes.Buffer{}})
			for _, e := range rolledBack(t) {
				r.Event(e)
			}
			out.room = 1 << 20 // a later success does not undo it
			r.Fail(failure)
			if !errors.Is(r.Err(), errFull) {
				t.Errorf("%s with room for %d: %v", format, room, r.Err())
			}
		}
	}
	r := report.New("text", report.Options{Out: &bytes.Buffer{}, Err: &full{}})
	for _, e := range rolledBack(t) {
		r.Event(e)
	}
	if !errors.Is(r.Err(), errFull) {
		t.Errorf("standard error: %v", r.Err())
	}
}

func TestViews(t *testing.T) {
	var b bytes.Buffer
	status := deploy.Status{
		Service: *state(2, 2, 1, 1, 3),
		Last:    &rollout.ServiceDeployment{Status: "ROLLBACK_SUCCESSFUL", StatusReason: "the threshold was exceeded"},
	}
	show(t, "text", &b, report.Status(status))
	status.Last, status.LastUnread = nil, "ecs:ListServiceDeployments is denied"
	show(t, "text", &b, report.Status(status))
	rollback := &deploy.Plan{
		Ref: deploy.Ref{Service: service}, Action: deploy.ActionDeploy, Current: wanted, Back: &deploy.Past{TaskDefinition: old}, Differences: plan(t).Differences,
		Guess:  "ECS has no records",
		Checks: []deploy.Check{{Subject: "revision", State: deploy.CheckProblem, Detail: "doorman:41 does not exist", Remedy: "choose another"}, {Subject: "room", State: deploy.CheckOK, Detail: "there is room"}},
	}
	show(t, "text", &b, report.Plan(rollback))
	show(t, "text", &b, report.Plan(&deploy.Plan{Ref: deploy.Ref{Service: service}, Action: deploy.ActionDeploy, Current: wanted, Back: &deploy.Past{TaskDefinition: old}}))
	golden(t, "views", b.String())
	if strings.Contains(b.String(), "hunter2") {
		t.Error("a value of the environment is shown")
	}
	for name, result := range map[string]report.Result{"status": report.Status(status), "rollback": report.Plan(rollback)} {
		for _, format := range report.Formats() {
			r := report.New(format, report.Options{Out: &full{}, OutColor: true})
			if r.Result(result); !errors.Is(r.Err(), errFull) {
				t.Errorf("%s as %s on a full disk: %v", name, format, r.Err())
			}
		}
	}
}
