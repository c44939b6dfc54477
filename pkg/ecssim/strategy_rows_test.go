package ecssim

// This file holds the strategies that shift traffic to what AWS documents and
// others measured: at each moment the stage, the tasks, the weights, and how it
// ends.

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// rowOf is a service deployment at a moment, as DescribeServiceDeployments and
// DescribeServices show it: status and stage; requested and running tasks and the
// percentages of production and test traffic of the target revision and of the
// source revision; the deployments.
func rowOf(e *engine, sd *serviceDeployment) string {
	view := e.serviceDeploymentView(e.web(), sd)
	revision := func(v any) string {
		r := v.(map[string]any)
		return fmt.Sprintf("%v,%v,%v,%v", r["requestedTaskCount"], r["runningTaskCount"],
			r["requestedProductionTrafficWeight"], r["requestedTestTrafficWeight"])
	}
	row := fmt.Sprintf("%s %v | %s |", sd.Status, orText(view["lifecycleStage"]), revision(view["targetServiceRevision"]))
	for _, source := range view["sourceServiceRevisions"].([]any) {
		row += " " + revision(source)
	}
	row += " |"
	for _, d := range e.web().Deployments {
		if d.Status != "INACTIVE" {
			row += fmt.Sprintf(" %s %s %d", d.Status, d.Rollout, d.Desired)
		}
	}
	return row
}

// pauseEverywhere is the hooks that hold a deployment at every stage that can
// have one: pauses, and functions where no pause is allowed.
var pauseEverywhere = fmt.Sprintf(`"lifecycleHooks":[
	{"targetType":"PAUSE","lifecycleStages":["RECONCILE_SERVICE","PRE_SCALE_UP","POST_SCALE_UP","POST_TEST_TRAFFIC_SHIFT","PRE_PRODUCTION_TRAFFIC_SHIFT","POST_PRODUCTION_TRAFFIC_SHIFT"]},
	{"hookTargetArn":%q,"roleArn":%q,"lifecycleStages":["TEST_TRAFFIC_SHIFT","PRODUCTION_TRAFFIC_SHIFT"]}]`, checkArn, hookRole)

// holds plays a deployment, tells the row at each stage that holds it, and
// continues it there. Every hook has an id of its own.
func holds(t *testing.T, e *engine, sd *serviceDeployment) []string {
	t.Helper()
	rows := []string{rowOf(e, sd)}
	ids := map[string]bool{}
	seen := 0
	for end := e.Now.add(30 * time.Hour); e.Now < end && !sd.over(); e.advance(e.Now + 500) {
		if len(sd.Hooks) == seen {
			continue
		}
		seen = len(sd.Hooks)
		h := sd.Hooks[seen-1]
		if ids[h.ID] {
			t.Fatalf("a second hook with the id %s", h.ID)
		}
		ids[h.ID] = true
		e.advance(e.Now + 1000)
		rows = append(rows, rowOf(e, sd))
		if h.Status == awaitingAction {
			e.advance(e.Now.add(time.Hour)) // a pause waits, whatever the tasks do
			if err := e.call("ContinueServiceDeployment", Document{"serviceDeploymentArn": sd.Arn, "hookId": h.ID}); err != nil {
				t.Fatal(err.message)
			}
		}
	}
	e.advance(e.Now + 5000)
	return append(rows, rowOf(e, sd))
}

// TestRowsOfTheStages: what each stage shows, with hooks that hold the deployment
// there.
func TestRowsOfTheStages(t *testing.T) {
	for config, want := range map[string][]string{
		`{"strategy":"BLUE_GREEN","bakeTimeInMinutes":1,` + pauseEverywhere + `}`: {
			"PENDING - | 0,0,0,0 | 3,3,100,0 | PRIMARY IN_PROGRESS 0 ACTIVE COMPLETED 3",
			"IN_PROGRESS PRE_SCALE_UP | 0,0,0,0 | 3,3,100,0 | PRIMARY IN_PROGRESS 0 ACTIVE COMPLETED 3",
			"IN_PROGRESS POST_SCALE_UP | 3,3,0,0 | 3,3,100,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS TEST_TRAFFIC_SHIFT | 3,3,0,100 | 3,3,100,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS POST_TEST_TRAFFIC_SHIFT | 3,3,0,100 | 3,3,100,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS PRE_PRODUCTION_TRAFFIC_SHIFT | 3,3,0,100 | 3,3,100,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 3,3,100,100 | 3,3,0,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS POST_PRODUCTION_TRAFFIC_SHIFT | 3,3,100,100 | 3,3,0,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"SUCCESSFUL CLEAN_UP | 3,3,100,100 | 0,0,0,0 | PRIMARY COMPLETED 3",
		},
		`{"strategy":"LINEAR","linearConfiguration":{"stepPercent":50,"stepBakeTimeInMinutes":1},"bakeTimeInMinutes":0,` + pauseEverywhere + `}`: {
			"PENDING - | 0,0,0,0 | 3,3,100,0 | PRIMARY IN_PROGRESS 0 ACTIVE COMPLETED 3",
			"IN_PROGRESS PRE_SCALE_UP | 0,0,0,0 | 3,3,100,0 | PRIMARY IN_PROGRESS 0 ACTIVE COMPLETED 3",
			"IN_PROGRESS POST_SCALE_UP | 3,3,0,0 | 3,3,100,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS TEST_TRAFFIC_SHIFT | 3,3,0,100 | 3,3,100,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS POST_TEST_TRAFFIC_SHIFT | 3,3,0,100 | 3,3,100,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS PRE_PRODUCTION_TRAFFIC_SHIFT | 3,3,0,100 | 3,3,100,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 3,3,50,100 | 3,3,50,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS PRE_PRODUCTION_TRAFFIC_SHIFT | 3,3,50,100 | 3,3,50,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 3,3,100,100 | 3,3,0,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"IN_PROGRESS POST_PRODUCTION_TRAFFIC_SHIFT | 3,3,100,100 | 3,3,0,0 | PRIMARY IN_PROGRESS 3 ACTIVE COMPLETED 3",
			"SUCCESSFUL CLEAN_UP | 3,3,100,100 | 0,0,0,0 | PRIMARY COMPLETED 3",
		},
	} {
		e := shiftEngine(t, config)
		if rows := holds(t, e, shiftTo(t, e, "web:2")); !slices.Equal(rows, want) {
			t.Errorf("%s:\n%s", config, strings.Join(rows, "\n"))
		}
	}
}

// TestFivePausesOfALinearDeployment: a pause before the shift comes at each step,
// and its time counts from there.
func TestFivePausesOfALinearDeployment(t *testing.T) {
	e := shiftEngine(t, `{"strategy":"LINEAR","linearConfiguration":{"stepPercent":20,"stepBakeTimeInMinutes":0},"bakeTimeInMinutes":0,
		"lifecycleHooks":[{"targetType":"PAUSE","lifecycleStages":["PRE_PRODUCTION_TRAFFIC_SHIFT"],"timeoutConfiguration":{"timeoutInMinutes":10,"action":"CONTINUE"}}]}`)
	sd := shiftTo(t, e, "web:2")
	weights, _ := played(e, sd, 3*time.Hour, func() string { return fmt.Sprint(sd.Traffic.Production) })
	if !slices.Equal(weights, []string{"0", "20", "40", "60", "80", "100"}) || len(sd.Hooks) != 5 || sd.Status != "SUCCESSFUL" {
		t.Errorf("%s with %d hooks: %v", sd.Status, len(sd.Hooks), weights)
	}
	for _, h := range sd.Hooks {
		if h.Status != "TIMED_OUT" || h.EndedAt != h.ExpiresAt {
			t.Errorf("%+v", h)
		}
	}
}

// ending is how a service deployment has ended: status, stage, reason, where the
// production traffic goes, and which revision's tasks run.
func ending(e *engine, sd *serviceDeployment) string {
	tasks := map[string]int{}
	for _, task := range e.web().tasks() {
		if task.alive() {
			tasks[shortName(task.TaskDefinition)]++
		}
	}
	return fmt.Sprintf("%s %s green=%d %v: %s", sd.Status, sd.Stage, groupOf(e, prodRule, greenGroup), tasks, sd.Reason)
}

// TestCausesOfARollback has a row for each cause, before the production shift and
// after it. The earlier version (in the green group) gets all traffic back.
func TestCausesOfARollback(t *testing.T) {
	stop := func(e *engine, sd *serviceDeployment) {
		e.call("StopServiceDeployment", Document{"serviceDeploymentArn": sd.Arn, "stopType": "ROLLBACK"})
	}
	answer := func(e *engine, sd *serviceDeployment) {
		e.call("ContinueServiceDeployment", Document{"serviceDeploymentArn": sd.Arn, "hookId": sd.awaiting(), "action": "ROLLBACK"})
	}
	ring := func(e *engine, _ *serviceDeployment) { e.ring(event{Kind: eventAlarm, Number: 0}) }
	const (
		bySomebody = "Service deployment rolled back because of a request to stop it."
		byAlarm    = "Service deployment rolled back because a CloudWatch alarm was detected."
		byBreaker  = "Service deployment rolled back because the circuit breaker threshold was exceeded."
	)
	for name, row := range map[string]struct {
		at    string // the stage at which something happens
		do    func(*engine, *serviceDeployment)
		image string
		hook  string // the stage of a pause
		want  string
	}{
		"stopped before any task":         {at: preScaleUp, hook: preScaleUp, do: stop, want: "ROLLBACK_SUCCESSFUL PRE_SCALE_UP green=100 map[web:1:3]: " + bySomebody},
		"stopped while tasks start":       {at: scaleUp, do: stop, want: "ROLLBACK_SUCCESSFUL SCALE_UP green=100 map[web:1:3]: " + bySomebody},
		"stopped before the shift":        {at: postTest, hook: postTest, do: stop, want: "ROLLBACK_SUCCESSFUL POST_TEST_TRAFFIC_SHIFT green=100 map[web:1:3]: " + bySomebody},
		"stopped while the canary bakes":  {at: shift, do: stop, want: "ROLLBACK_SUCCESSFUL PRODUCTION_TRAFFIC_SHIFT green=100 map[web:1:3]: " + bySomebody},
		"stopped in the bake time":        {at: bakeTime, do: stop, want: "ROLLBACK_SUCCESSFUL BAKE_TIME green=100 map[web:1:3]: " + bySomebody},
		"stopped too late":                {at: cleanUp, do: stop, want: "SUCCESSFUL CLEAN_UP green=0 map[web:2:3]: "},
		"pause answered before the shift": {at: preShift, hook: preShift, do: answer, want: "ROLLBACK_SUCCESSFUL PRE_PRODUCTION_TRAFFIC_SHIFT green=100 map[web:1:3]: Service deployment rolled back because PRE_PRODUCTION_TRAFFIC_SHIFT pause hook was rolled back."},
		"pause answered after it":         {at: postProduction, hook: postProduction, do: answer, want: "ROLLBACK_SUCCESSFUL POST_PRODUCTION_TRAFFIC_SHIFT green=100 map[web:1:3]: Service deployment rolled back because POST_PRODUCTION_TRAFFIC_SHIFT pause hook was rolled back."},
		"alarm before the shift":          {at: postTest, hook: postTest, do: func(e *engine, sd *serviceDeployment) { ring(e, sd); answerContinue(e, sd) }, want: "ROLLBACK_SUCCESSFUL PRODUCTION_TRAFFIC_SHIFT green=100 map[web:1:3]: " + byAlarm},
		"alarm in the canary bake":        {at: shift, do: ring, want: "ROLLBACK_SUCCESSFUL PRODUCTION_TRAFFIC_SHIFT green=100 map[web:1:3]: " + byAlarm},
		"alarm in the bake time":          {at: bakeTime, do: ring, want: "ROLLBACK_SUCCESSFUL BAKE_TIME green=100 map[web:1:3]: " + byAlarm},
		"alarm when it is over":           {at: cleanUp, do: ring, want: "SUCCESSFUL CLEAN_UP green=0 map[web:2:3]: "},
		"alarm before it began":           {at: "", do: func(*engine, *serviceDeployment) {}, want: "SUCCESSFUL CLEAN_UP green=0 map[web:2:3]: "},
		"circuit breaker":                 {at: scaleUp, do: func(*engine, *serviceDeployment) {}, image: "web:5", want: "ROLLBACK_SUCCESSFUL SCALE_UP green=100 map[web:1:3]: " + byBreaker},
	} {
		t.Run(name, func(t *testing.T) {
			hooks := ""
			if row.hook != "" {
				hooks = fmt.Sprintf(`,"lifecycleHooks":[{"targetType":"PAUSE","lifecycleStages":[%q]}]`, row.hook)
			}
			e := shiftEngine(t, `{"strategy":"CANARY","canaryConfiguration":{"canaryPercent":10,"canaryBakeTimeInMinutes":5},"bakeTimeInMinutes":5,
				"alarms":{"alarmNames":["errors"],"enable":true,"rollback":true},"deploymentCircuitBreaker":{"enable":true,"rollback":true}`+hooks+`}`,
				func(w *World) { w.Alarms = []AlarmSpec{{Name: "errors", After: Duration(1000 * time.Hour)}} })
			if row.at == "" {
				e.ring(event{Kind: eventAlarm, Number: 0})
			}
			image := "web:2"
			if row.image != "" {
				image = row.image
			}
			sd := shiftTo(t, e, image)
			for sd.Stage != row.at || row.at == shift && sd.Traffic.Production == 0 {
				e.advance(e.Now + 250)
			}
			e.advance(e.Now + 5000)
			row.do(e, sd)
			moved, began := millis(0), e.Now
			played(e, sd, 3*time.Hour, func() string {
				if groupOf(e, prodRule, greenGroup) == 100 && moved == 0 {
					moved = e.Now
				}
				return sd.Stage
			})
			if got := ending(e, sd); got != row.want {
				t.Errorf("%s\nwant %s", got, row.want)
			}
			if took := time.Duration(moved-began) * time.Millisecond; strings.HasPrefix(row.want, "ROLLBACK") && strings.Contains(name, "stopped") && took > 21*time.Second {
				t.Errorf("the earlier version serves after %s", took)
			}
		})
	}
}

func answerContinue(e *engine, sd *serviceDeployment) {
	e.call("ContinueServiceDeployment", Document{"serviceDeploymentArn": sd.Arn, "hookId": sd.awaiting()})
}

// TestFirstDeployment: a create goes through the stages with its hooks, and if it
// fails there is nothing to roll back to.
func TestFirstDeployment(t *testing.T) {
	for answer, want := range map[FunctionAnswer]string{
		FunctionSucceeds: "SUCCESSFUL CLEAN_UP 100: ",
		FunctionFails:    "ROLLBACK_FAILED POST_TEST_TRAFFIC_SHIFT 0: No rollback candidate was found to run the rollback.",
	} {
		e := testEngine(t, func(w *World) { w.Functions = []FunctionRule{{Match: "*", Answer: answer}} })
		if err := e.call("CreateService", Document{
			"serviceName": "api", "taskDefinition": "web:1", "desiredCount": 2, "launchType": "FARGATE", "loadBalancers": pairOf(prodRule, testRule),
			"networkConfiguration":    map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []any{"subnet-1"}}},
			"deploymentConfiguration": strategyConfig(t, functionHook("", postTest)),
		}); err != nil {
			t.Fatal(err.message)
		}
		s := e.Clusters["default"].Services["api"]
		sd := s.current()
		for end := e.Now.add(time.Hour); e.Now < end && !sd.over(); {
			e.advance(e.Now + 500)
		}
		e.advance(e.Now.add(10 * time.Minute))
		// The rule pointed at the first group of the pair, so the first revision is in the other one.
		if got := fmt.Sprintf("%s %s %d: %s", sd.Status, sd.Stage, groupOf(e, prodRule, greenGroup), sd.Reason); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		if n := s.fit(s.primary()); n != 2 || s.primary().balancers()[0].TargetGroup != greenGroup {
			t.Errorf("%s: %d healthy tasks in %s", answer, n, s.primary().balancers()[0].TargetGroup)
		}
		said := slices.ContainsFunc(s.Events, func(ev serviceEvent) bool {
			return strings.Contains(ev.Message, "deployment failed: Service deployment rolled back because POST_TEST_TRAFFIC_SHIFT lifecycle hook(s) failed.")
		})
		if said != (answer == FunctionFails) {
			t.Errorf("%s: the events name the cause: %t", answer, said)
		}
	}
}

// TestStopInEachState has a row for each status of a service deployment.
func TestStopInEachState(t *testing.T) {
	e := shiftEngine(t, `{"strategy":"BLUE_GREEN","bakeTimeInMinutes":0}`)
	stop := func(sd *serviceDeployment) string {
		if err := e.call("StopServiceDeployment", Document{"serviceDeploymentArn": sd.Arn}); err != nil {
			return err.code
		}
		return sd.Status
	}
	until := func(sd *serviceDeployment, status string) {
		t.Helper()
		for end := e.Now.add(time.Hour); sd.Status != status; e.advance(e.Now + 250) {
			if e.Now > end {
				t.Fatalf("it is %s, not %s", sd.Status, status)
			}
		}
	}
	first := shiftTo(t, e, "web:2")
	second := shiftTo(t, e, "web:1")
	if first.Status != "STOP_REQUESTED" || stop(first) != "STOP_REQUESTED" {
		t.Errorf("a deployment that is superseded: %s", first.Status)
	}
	until(second, "IN_PROGRESS")
	if first.Status != "STOPPED" || stop(first) != "ConflictException" {
		t.Errorf("a deployment that was superseded: %s", first.Status)
	}
	for _, want := range []string{"ROLLBACK_REQUESTED", "ROLLBACK_REQUESTED"} {
		if got := stop(second); got != want {
			t.Errorf("stopped: %s, want %s", got, want)
		}
	}
	until(second, "ROLLBACK_IN_PROGRESS")
	if got := stop(second); got != "ROLLBACK_IN_PROGRESS" {
		t.Errorf("stopped while it rolls back: %s", got)
	}
	until(second, "ROLLBACK_SUCCESSFUL")
	if got := stop(second); got != "ConflictException" {
		t.Errorf("stopped at its end: %s", got)
	}
	if err := e.call("StopServiceDeployment", Document{"serviceDeploymentArn": second.Arn + "x"}); err == nil || err.code != "ServiceDeploymentNotFoundException" {
		t.Errorf("a deployment that does not exist: %v", err)
	}
}

// TestSupersede starts a deployment while another one is at each of its stages. The
// newer one begins with RECONCILE_SERVICE, the hooks of the older one are void,
// and in the end one revision is left with all the traffic.
func TestSupersede(t *testing.T) {
	for _, at := range []string{preScaleUp, scaleUp, postTest, shift, bakeTime} {
		hooks := ""
		if at == preScaleUp || at == postTest {
			hooks = fmt.Sprintf(`,"lifecycleHooks":[{"targetType":"PAUSE","lifecycleStages":[%q]}]`, at)
		}
		e := shiftEngine(t, `{"strategy":"CANARY","canaryConfiguration":{"canaryPercent":60,"canaryBakeTimeInMinutes":5},"bakeTimeInMinutes":5`+hooks+`}`)
		older := shiftTo(t, e, "web:2")
		for older.Stage != at || at == shift && older.Traffic.Production == 0 {
			e.advance(e.Now + 250)
		}
		hook := older.awaiting()
		if err := e.call("UpdateService", Document{"service": "web", "taskDefinition": "web:1", "forceNewDeployment": true, "deploymentConfiguration": map[string]any{"strategy": "BLUE_GREEN",
			"lifecycleHooks": []any{map[string]any{"targetType": "PAUSE", "lifecycleStages": []any{reconcile}}}}}); err != nil {
			t.Fatal(err.message)
		}
		newer := e.web().current()
		if older.Status != "STOP_REQUESTED" || len(newer.Sources) != 2 {
			t.Errorf("at %s: %s, %d sources", at, older.Status, len(newer.Sources))
		}
		if hook != "" {
			if err := e.call("ContinueServiceDeployment", Document{"serviceDeploymentArn": older.Arn, "hookId": hook}); err == nil {
				t.Errorf("at %s: the hook of the older deployment still works", at)
			}
		}
		statuses, _ := played(e, older, time.Minute, func() string { return older.Status })
		for newer.awaiting() == "" {
			e.advance(e.Now + 250)
		}
		if !slices.Equal(statuses, []string{"STOP_REQUESTED", "STOPPED"}) || newer.Stage != reconcile {
			t.Errorf("at %s: %v, and the newer one is at %s", at, statuses, newer.Stage)
		}
		answerContinue(e, newer)
		stages, _ := played(e, newer, time.Hour, func() string { return newer.Stage })
		left := map[string]int{}
		for _, task := range e.web().tasks() {
			if task.alive() {
				left[task.StartedBy]++
			}
		}
		group := e.web().primary().balancers()[0].TargetGroup
		if newer.Status != "SUCCESSFUL" || len(left) != 1 || left[newer.Deployment] != 3 || groupOf(e, prodRule, group) != 100 || groupOf(e, testRule, group) != 100 {
			t.Errorf("at %s: %s, stages %v, tasks %v, rule %+v", at, newer.Status, stages, left, e.Rules[prodRule].Forward)
		}
	}
}

// TestScalingDuringAShift: both revisions get the new count, and a share of the
// traffic stays a share.
func TestScalingDuringAShift(t *testing.T) {
	for _, desired := range []int{1, 6} {
		e := shiftEngine(t, `{"strategy":"CANARY","canaryConfiguration":{"canaryPercent":10,"canaryBakeTimeInMinutes":30},"bakeTimeInMinutes":0}`)
		old, sd := e.web().primary(), shiftTo(t, e, "web:2")
		for sd.Traffic.Production == 0 {
			e.advance(e.Now + 250)
		}
		if err := e.call("UpdateService", Document{"service": "web", "desiredCount": desired}); err != nil {
			t.Fatal(err.message)
		}
		e.advance(e.Now.add(10 * time.Minute))
		if before, after := e.web().fit(old), e.web().fit(e.web().primary()); before != desired || after != desired || sd.Traffic.Production != 10 {
			t.Errorf("%d: %d old and %d new tasks, %g %%", desired, before, after, sd.Traffic.Production)
		}
		if played(e, sd, time.Hour, func() string { return sd.Stage }); sd.Status != "SUCCESSFUL" || sd.Target.Running != desired {
			t.Errorf("%d: %s with %d tasks", desired, sd.Status, sd.Target.Running)
		}
	}
}

// TestMeasuredTimes compares with what others measured (Fargate, an Application
// Load Balancer, 2 tasks, a function of 25 s at the test stage, a bake time of 2
// minutes), counted from UpdateService.
func TestMeasuredTimes(t *testing.T) {
	for _, row := range []struct {
		answer FunctionAnswer
		moment string
		ends   string
		from   time.Duration
		to     time.Duration
	}{
		{FunctionSucceeds, "test traffic shifted", "SUCCESSFUL", 105 * time.Second, 140 * time.Second}, // 112 s after PRE_SCALE_UP
		{FunctionSucceeds, "production shifted", "SUCCESSFUL", 140 * time.Second, 185 * time.Second},   // about 170 s
		{FunctionSucceeds, "over", "SUCCESSFUL", 280 * time.Second, 350 * time.Second},                 // about 310 s
		{FunctionFails, "over", "ROLLBACK_SUCCESSFUL", 200 * time.Second, 265 * time.Second},           // 205 to 260 s
	} {
		e := shiftEngine(t, functionHook("", postTest), func(w *World) {
			delete(w.TaskDefinitions[0]["containerDefinitions"].([]any)[0].(map[string]any), "healthCheck")
			w.Services[0]["desiredCount"] = 2
			w.Services[0]["deploymentConfiguration"].(map[string]any)["bakeTimeInMinutes"] = 2
			w.Functions = []FunctionRule{{Match: "*", Answer: row.answer, Takes: Duration(25 * time.Second)}}
		})
		if err := e.call("UpdateService", Document{"service": "web", "forceNewDeployment": true}); err != nil {
			t.Fatal(err)
		}
		sd := e.web().current()
		begin := e.Now
		at := map[string]time.Duration{}
		note := func(moment string, now bool) {
			if _, known := at[moment]; now && !known {
				at[moment] = time.Duration(e.Now-begin) * time.Millisecond
			}
		}
		played(e, sd, time.Hour, func() string {
			note("test traffic shifted", sd.Traffic.Test == 100)
			note("production shifted", sd.Traffic.Production == 100)
			return sd.Stage
		})
		note("over", sd.over())
		if took := at[row.moment]; took < row.from || took > row.to || sd.Status != row.ends {
			t.Errorf("%s: %s after %s, want %s to %s; %s", row.answer, row.moment, took, row.from, row.to, sd.Status)
		}
	}
}
