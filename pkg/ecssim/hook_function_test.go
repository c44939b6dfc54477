package ecssim

// This file tests Lambda functions behind lifecycle hooks in the engine: what
// each answer does to a deployment, when they are called, and what they write.

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	checkArn = "arn:aws:lambda:us-east-1:123456789012:function:check"
	hookRole = "arn:aws:iam::123456789012:role/hooks"
)

// functionHook is a deploymentConfiguration of blue/green with the function at
// stages.
func functionHook(more string, stages ...string) string {
	list, _ := json.Marshal(stages)
	return fmt.Sprintf(`{"strategy":"BLUE_GREEN","bakeTimeInMinutes":1,"lifecycleHooks":[{"hookTargetArn":%q,"roleArn":%q,"lifecycleStages":%s%s}]}`,
		checkArn, hookRole, list, more)
}

// TestFunctionAnswers plays a blue/green deployment with a function at one stage.
// The way back is a move of the traffic that had moved.
func TestFunctionAnswers(t *testing.T) {
	const failed = " lifecycle hook(s) failed. "
	for name, row := range map[string]struct {
		rule   FunctionRule
		roles  []RoleSpec
		more   string // of the hook
		stage  string
		status string // of the service deployment
		hook   string // the status of the hook
		reason string
		took   time.Duration // of the hook
	}{
		"succeeds":             {rule: FunctionRule{Answer: FunctionSucceeds, Takes: Duration(25 * time.Second)}, stage: postTest, status: "SUCCESSFUL", hook: "SUCCEEDED", took: 25 * time.Second},
		"in progress":          {rule: FunctionRule{InProgress: 3}, stage: preScaleUp, status: "SUCCESSFUL", hook: "SUCCEEDED", took: 98 * time.Second},
		"call-back delay":      {rule: FunctionRule{InProgress: 2, CallBackDelay: Duration(5 * time.Second)}, stage: postScaleUp, status: "SUCCESSFUL", hook: "SUCCEEDED", took: 16 * time.Second},
		"fails":                {rule: FunctionRule{Answer: FunctionFails}, stage: postTest, status: "ROLLBACK_SUCCESSFUL", hook: "FAILED", took: 2 * time.Second, reason: postTest + failed + "Lifecycle hook target " + checkArn + " returned FAILED status."},
		"fails at first":       {rule: FunctionRule{Answer: FunctionFails}, stage: preScaleUp, status: "ROLLBACK_SUCCESSFUL", hook: "FAILED", took: 2 * time.Second, reason: preScaleUp + failed + "Lifecycle hook target " + checkArn + " returned FAILED status."},
		"fails in the shift":   {rule: FunctionRule{Answer: FunctionFails}, stage: shift, status: "ROLLBACK_SUCCESSFUL", hook: "FAILED", took: 2 * time.Second, reason: shift + failed + "Lifecycle hook target " + checkArn + " returned FAILED status."},
		"fails after it":       {rule: FunctionRule{Answer: FunctionFails}, stage: postProduction, status: "ROLLBACK_SUCCESSFUL", hook: "FAILED", took: 2 * time.Second, reason: postProduction + failed + "Lifecycle hook target " + checkArn + " returned FAILED status."},
		"raises":               {rule: FunctionRule{Answer: FunctionRaises}, stage: preShift, status: "ROLLBACK_SUCCESSFUL", hook: "FAILED", took: 2 * time.Second, reason: preShift + failed + "ECS was unable to parse the response from " + checkArn + " due to HookStatus must not be null"},
		"denied":               {rule: FunctionRule{Answer: FunctionDenied}, stage: postScaleUp, status: "ROLLBACK_SUCCESSFUL", hook: "FAILED", took: 2 * time.Second, reason: postScaleUp + failed + "ECS was unable to invoke hook target " + checkArn + " due to User: arn:aws:sts::123456789012:assumed-role/hooks/ECSLifecycleHook is not authorized to perform: lambda:InvokeFunction"},
		"denied by its role":   {roles: []RoleSpec{{ARN: infraRole}, {ARN: hookRole, Denied: []string{"lambda:*"}}}, stage: postScaleUp, status: "ROLLBACK_SUCCESSFUL", hook: "FAILED", took: 2 * time.Second, reason: postScaleUp + failed + "ECS was unable to invoke hook target " + checkArn + " due to User: arn:aws:sts::123456789012:assumed-role/hooks/ECSLifecycleHook is not authorized to perform: lambda:InvokeFunction"},
		"no role":              {roles: []RoleSpec{{ARN: "arn:aws:iam::123456789012:role/infrastructure"}}, stage: testShift, status: "ROLLBACK_SUCCESSFUL", hook: "FAILED", took: 2 * time.Second, reason: testShift + failed + "ECS was unable to assume role " + hookRole},
		"hangs":                {rule: FunctionRule{Answer: FunctionHangs}, more: `,"timeoutConfiguration":{"timeoutInMinutes":10}`, stage: postTest, status: "ROLLBACK_SUCCESSFUL", hook: "TIMED_OUT", took: 10 * time.Minute, reason: postTest + failed + "Lifecycle hook target " + checkArn + " timed out."},
		"hangs, and continues": {rule: FunctionRule{Answer: FunctionHangs}, more: `,"timeoutConfiguration":{"timeoutInMinutes":10,"action":"CONTINUE"}`, stage: postTest, status: "SUCCESSFUL", hook: "TIMED_OUT", took: 10 * time.Minute},
		"another stage":        {rule: FunctionRule{Answer: FunctionFails, Stage: preShift}, stage: postTest, status: "SUCCESSFUL", hook: "SUCCEEDED", took: 2 * time.Second},
		"another image":        {rule: FunctionRule{Answer: FunctionFails, Image: "ok:*"}, stage: postTest, status: "SUCCESSFUL", hook: "SUCCEEDED", took: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			row.rule.Match = "check"
			e := shiftEngine(t, functionHook(row.more, row.stage), func(w *World) { w.Functions, w.Roles = []FunctionRule{row.rule}, row.roles })
			old := e.web().primary()
			sd := shiftTo(t, e, "web:2")
			played(e, sd, 48*time.Hour, func() string { return sd.Stage })
			h := sd.Hooks[0]
			if took := time.Duration(h.EndedAt-h.Call.BeganAt) * time.Millisecond; sd.Status != row.status || h.Status != row.hook || took != row.took {
				t.Errorf("%s, hook %s after %s", sd.Status, h.Status, took)
			}
			if row.reason == "" {
				return
			}
			reason := "Service deployment rolled back because " + row.reason
			if !strings.HasPrefix(sd.Reason, reason) || sd.RollbackReason != sd.Reason || sd.Stage != row.stage {
				t.Errorf("at %s: %s", sd.Stage, sd.Reason)
			}
			event := fmt.Sprintf("(service web) (deployment %s) deployment failed: %s", sd.Deployment, sd.Reason)
			if !slices.ContainsFunc(e.web().Events, func(ev serviceEvent) bool { return ev.Message == event }) {
				t.Errorf("no event %s", event)
			}
			if all, starting := tally(e.web().tasks()); e.web().primary() != old || e.web().fit(old) != 3 || all+starting != 3 || groupOf(e, prodRule, greenGroup) != 100 || groupOf(e, testRule, greenGroup) != 100 {
				t.Errorf("at the end: %d tasks, %+v", all, e.Rules[prodRule].Forward)
			}
		})
	}
}

// TestAllHooksOfAStageAreAwaited: they run at the same time, and the stage ends
// with the last.
func TestAllHooksOfAStageAreAwaited(t *testing.T) {
	config := fmt.Sprintf(`{"strategy":"BLUE_GREEN","bakeTimeInMinutes":0,"lifecycleHooks":[
		{"hookTargetArn":%[1]q,"roleArn":%[2]q,"lifecycleStages":["POST_TEST_TRAFFIC_SHIFT"]},
		{"hookTargetArn":"%[1]s-slow","roleArn":%[2]q,"lifecycleStages":["POST_TEST_TRAFFIC_SHIFT"]},
		{"targetType":"PAUSE","lifecycleStages":["POST_TEST_TRAFFIC_SHIFT"]}]}`, checkArn, hookRole)
	e := shiftEngine(t, config, func(w *World) {
		w.Functions = []FunctionRule{{Match: "*:check-slow", Takes: Duration(10 * time.Minute)}}
	})
	sd := shiftTo(t, e, "web:2")
	until := func(want ...string) {
		t.Helper()
		var statuses []string
		for end := e.Now.add(time.Hour); e.Now < end && !slices.Equal(statuses, want); e.advance(e.Now + 500) {
			statuses = nil
			for _, h := range sd.Hooks {
				statuses = append(statuses, h.Status)
			}
		}
		if !slices.Equal(statuses, want) || sd.waitsAt() != postTest {
			t.Fatalf("%v at %s, want %v", statuses, sd.Stage, want)
		}
	}
	until("IN_PROGRESS", "IN_PROGRESS", "AWAITING_ACTION")
	until("SUCCEEDED", "IN_PROGRESS", "AWAITING_ACTION")
	if err := e.call("ContinueServiceDeployment", Document{"serviceDeploymentArn": sd.Arn, "hookId": sd.Hooks[1].ID}); err == nil {
		t.Error("a function was continued")
	}
	if err := e.call("ContinueServiceDeployment", Document{"serviceDeploymentArn": sd.Arn, "hookId": sd.Hooks[2].ID}); err != nil {
		t.Fatal(err)
	}
	until("SUCCEEDED", "IN_PROGRESS", "SUCCEEDED")
	if played(e, sd, time.Hour, func() string { return sd.Stage }); sd.Status != "SUCCESSFUL" {
		t.Errorf("%s: %s", sd.Status, sd.Reason)
	}
}

// TestRequestsOfAFunction: the hooks of the shift stages are told the weights, each
// step calls them again, and so does the way back.
func TestRequestsOfAFunction(t *testing.T) {
	config := fmt.Sprintf(`{"strategy":"CANARY","canaryConfiguration":{"canaryPercent":20,"canaryBakeTimeInMinutes":5},"bakeTimeInMinutes":5,
		"lifecycleHooks":[{"hookTargetArn":%q,"roleArn":%q,"hookDetails":{"suite":"smoke"},
		"lifecycleStages":["PRE_SCALE_UP","TEST_TRAFFIC_SHIFT","PRE_PRODUCTION_TRAFFIC_SHIFT","PRODUCTION_TRAFFIC_SHIFT","POST_PRODUCTION_TRAFFIC_SHIFT"]}]}`, checkArn, hookRole)
	e := shiftEngine(t, config)
	sd := shiftTo(t, e, "web:2")
	for sd.Stage != bakeTime {
		e.advance(e.Now + 250)
	}
	if err := e.call("StopServiceDeployment", Document{"serviceDeploymentArn": sd.Arn}); err != nil {
		t.Fatal(err)
	}
	played(e, sd, time.Hour, func() string { return sd.Stage })
	var rows []string
	for _, h := range sd.Hooks {
		var request struct {
			Stage    string            `json:"lifecycleStage"`
			Resource string            `json:"resourceArn"`
			Suite    map[string]string `json:"hookDetails"`
			Details  struct {
				Target     string         `json:"targetServiceRevisionArn"`
				Test       map[string]int `json:"testTrafficWeights"`
				Production map[string]int `json:"productionTrafficWeights"`
			} `json:"executionDetails"`
		}
		if err := json.Unmarshal([]byte(h.Call.Request), &request); err != nil || request.Resource != sd.Arn || request.Suite["suite"] != "smoke" || request.Details.Target != sd.Target.Arn {
			t.Errorf("%v: %s", err, h.Call.Request)
		}
		shares := func(of map[string]int) string {
			if len(of) == 0 {
				return "-"
			}
			return fmt.Sprint(of[sd.Target.Arn], "/", of[sd.Live])
		}
		rows = append(rows, request.Stage+" "+shares(request.Details.Test)+" "+shares(request.Details.Production))
	}
	want := []string{
		"PRE_SCALE_UP - -", "TEST_TRAFFIC_SHIFT 100/0 -",
		"PRE_PRODUCTION_TRAFFIC_SHIFT - 0/100", "PRODUCTION_TRAFFIC_SHIFT - 20/80",
		"PRE_PRODUCTION_TRAFFIC_SHIFT - 20/80", "PRODUCTION_TRAFFIC_SHIFT - 100/0",
		"POST_PRODUCTION_TRAFFIC_SHIFT - -",
		"PRODUCTION_TRAFFIC_SHIFT - 0/100", "TEST_TRAFFIC_SHIFT 0/100 -", // the way back
	}
	if sd.Status != "ROLLBACK_SUCCESSFUL" || !slices.Equal(rows, want) {
		t.Errorf("%s:\n%s", sd.Status, strings.Join(rows, "\n"))
	}
}

// TestDetailsComeBack: what a function returns with IN_PROGRESS is in its next requests,
// and in those of no other hook.
func TestDetailsComeBack(t *testing.T) {
	config := fmt.Sprintf(`{"strategy":"BLUE_GREEN","bakeTimeInMinutes":0,"lifecycleHooks":[
		{"hookTargetArn":%[1]q,"roleArn":%[2]q,"lifecycleStages":["PRE_SCALE_UP","POST_SCALE_UP"],"hookDetails":{"suite":"smoke"}}]}`, checkArn, hookRole)
	e := shiftEngine(t, config, func(w *World) {
		w.Functions = []FunctionRule{{Match: "check", Stage: preScaleUp, InProgress: 2, HookDetails: Document{"run": "7"}}, {Match: "check", InProgress: 1}}
	})
	sd := shiftTo(t, e, "web:2")
	played(e, sd, time.Hour, func() string { return sd.Stage })
	var got []string
	for _, h := range sd.Hooks {
		for _, line := range e.functionLog(h) {
			var request map[string]any
			if json.Unmarshal([]byte(line.text), &request) == nil {
				got = append(got, fmt.Sprint(request["lifecycleStage"], " ", request["hookDetails"]))
			}
		}
	}
	want := []string{"PRE_SCALE_UP map[suite:smoke]", "PRE_SCALE_UP map[run:7]", "PRE_SCALE_UP map[run:7]", "POST_SCALE_UP map[suite:smoke]", "POST_SCALE_UP map[suite:smoke]"}
	if sd.Status != "SUCCESSFUL" || !slices.Equal(got, want) {
		t.Errorf("%s: %q", sd.Status, got)
	}
}

// TestLogsOfAFunction reads the log group of a function while it runs and after.
func TestLogsOfAFunction(t *testing.T) {
	e := shiftEngine(t, functionHook("", postTest), func(w *World) {
		w.Functions = []FunctionRule{{Match: "check", Answer: FunctionFails, InProgress: 1, Takes: Duration(4 * time.Second), Logs: []LogLine{
			{Text: "checking", After: Duration(time.Second)}, {Text: "1 check failed", After: Duration(3 * time.Second), Last: true}}}}
	})
	read := func() (texts []string) {
		out, err := e.filterLogEvents(filterLogEventsInput{logRange: logRange{Group: "/aws/lambda/check"}}, nil)
		if err != nil {
			return []string{err.code}
		}
		for _, ev := range objects(out.(map[string]any)["events"]) {
			text, _, _ := strings.Cut(ev["message"].(string), " RequestId")
			if !strings.HasPrefix(text, "{") {
				texts = append(texts, text)
			}
		}
		return texts
	}
	sd := shiftTo(t, e, "web:2")
	if got := read(); !slices.Equal(got, []string{"ResourceNotFoundException"}) {
		t.Errorf("before: %q", got)
	}
	for len(sd.Hooks) == 0 {
		e.advance(e.Now + 100)
	}
	e.advance(sd.Hooks[0].Call.BeganAt + 2000)
	if got := read(); !slices.Equal(got, []string{"START", "checking"}) {
		t.Errorf("while it runs: %q", got)
	}
	played(e, sd, time.Hour, func() string { return sd.Stage })
	if got := read(); !slices.Equal(got, []string{"START", "checking", "END", "REPORT", "START", "checking", "1 check failed", "END", "REPORT"}) {
		t.Errorf("after: %q", got)
	}
	stream := sd.Hooks[0].Call.stream(sd.Hooks[0].ID)
	if log, err := e.stream("/aws/lambda/check", stream); err != nil || len(log) != 9 {
		t.Errorf("the stream %s: %d lines, %v", stream, len(log), err)
	}
}

// TestStageLimit: without a circuit breaker ECS tries for a day.
func TestStageLimit(t *testing.T) {
	e := shiftEngine(t, `{"strategy":"BLUE_GREEN","bakeTimeInMinutes":5}`)
	begin, sd := e.Now, shiftTo(t, e, "web:5")
	played(e, sd, 30*time.Hour, func() string { return sd.Status })
	took := time.Duration(e.Now-begin) * time.Millisecond
	if sd.Status != "ROLLBACK_SUCCESSFUL" || took < 24*time.Hour || took > 24*time.Hour+5*time.Minute || sd.Stage != scaleUp ||
		sd.Reason != "Service deployment rolled back because the lifecycle stage SCALE_UP exceeded the limit of 24 hours." {
		t.Errorf("%s at %s after %s: %s", sd.Status, sd.Stage, took, sd.Reason)
	}
}

// TestHooksThatECSRefuses has a row for each rule of lifecycleHooks, and one for
// the defaults that ECS shows.
func TestHooksThatECSRefuses(t *testing.T) {
	function := fmt.Sprintf(`"hookTargetArn":%q,"roleArn":%q,"lifecycleStages":["PRE_SCALE_UP"]`, checkArn, hookRole)
	eleven := strings.TrimSuffix(strings.Repeat("{"+function+"},", 11), ",")
	for hooks, text := range map[string]string{
		`{"targetType":"PAUSE","lifecycleStages":["TEST_TRAFFIC_SHIFT"]}`:                                             "Invalid lifecycle stage provided for Pause Hook",
		`{"targetType":"PAUSE","lifecycleStages":["PRE_SCALE_UP","PRODUCTION_TRAFFIC_SHIFT"]}`:                        "Invalid lifecycle stage provided for Pause Hook",
		`{"targetType":"EMAIL","lifecycleStages":["PRE_SCALE_UP"]}`:                                                   "Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE",
		`{"targetType":"PAUSE",` + function + `}`:                                                                     "hookTargetArn and roleArn are not allowed for PAUSE hooks.",
		`{"lifecycleStages":["PRE_SCALE_UP"],"hookTargetArn":"` + checkArn + `"}`:                                     "hookTargetArn and roleArn are required for AWS_LAMBDA hooks.",
		`{"targetType":"PAUSE","lifecycleStages":[]}`:                                                                 "lifecycleStages is required for lifecycle hooks.",
		`{` + function + `,"timeoutConfiguration":{"timeoutInMinutes":1441}}`:                                         "timeoutInMinutes must be between 1 and 1440.",
		`{"targetType":"PAUSE","lifecycleStages":["PRE_SCALE_UP"],"timeoutConfiguration":{"timeoutInMinutes":20161}}`: "timeoutInMinutes must be between 1 and 20160.",
		eleven: "A service cannot have more than 10 lifecycle hooks of type AWS_LAMBDA.",
		`{` + function + `},{"targetType":"PAUSE","lifecycleStages":["RECONCILE_SERVICE"],"timeoutConfiguration":{"timeoutInMinutes":20160}}`: "",
	} {
		e := testEngine(t, nil)
		err := e.call("UpdateService", Document{"service": "web", "deploymentConfiguration": strategyConfig(t, `{"lifecycleHooks":[`+hooks+`]}`)})
		if text == "" && err == nil {
			shown := fmt.Sprint(e.web().Config.shown().Hooks)
			if !strings.Contains(shown, "targetType:AWS_LAMBDA") || !strings.Contains(shown, "action:ROLLBACK timeoutInMinutes:1440") {
				t.Errorf("shown: %s", shown)
			}
			continue
		}
		if err == nil || err.code != "InvalidParameterException" || !strings.Contains(err.message, text) || text == "" {
			t.Errorf("%s: %s\nwant %s", hooks, orNo(err), text)
		}
	}
}
