package ecssim

// This file tests the strategies that shift traffic in the engine: the order of
// their stages, weights and task counts, and what rules and records show.

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	elbArn     = "arn:aws:elasticloadbalancing:us-east-1:123456789012:"
	blueGroup  = elbArn + "targetgroup/blue/1111111111111111"
	greenGroup = elbArn + "targetgroup/green/2222222222222222"
	prodRule   = elbArn + "listener-rule/app/demo/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
	infraRole  = "arn:aws:iam::123456789012:role/infrastructure"
	testRule   = elbArn + "listener-rule/app/demo/50dc6c495c0c9188/0467ef3c8400ae65/8a1b2c3d4e5f6071"
)

// pairOf is the load balancers of a service with a pair of target groups.
func pairOf(production, test string) []any {
	config := map[string]any{
		"alternateTargetGroupArn": greenGroup, "productionListenerRule": production,
		"roleArn": infraRole,
	}
	if test != "" {
		config["testListenerRule"] = test
	}
	return []any{map[string]any{
		"targetGroupArn": blueGroup, "containerName": "web", "containerPort": json.Number("80"), "advancedConfiguration": config,
	}}
}

// strategyConfig is a deploymentConfiguration as JSON says it.
func strategyConfig(t testing.TB, text string) map[string]any {
	t.Helper()
	var config map[string]any
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	return config
}

// shiftEngine is a world whose service has a pair of target groups and a
// deploymentConfiguration.
func shiftEngine(t testing.TB, config string, changes ...func(*World)) *engine {
	return testEngine(t, func(w *World) {
		w.Services[0]["deploymentConfiguration"] = strategyConfig(t, config)
		w.Services[0]["loadBalancers"] = pairOf(prodRule, testRule)
		for _, change := range changes {
			change(w)
		}
	})
}

// shiftTo deploys a task definition and returns its service deployment.
func shiftTo(t testing.TB, e *engine, taskDefinition string) *serviceDeployment {
	t.Helper()
	if err := e.call("UpdateService", Document{"service": "web", "taskDefinition": taskDefinition}); err != nil {
		t.Fatal(err)
	}
	return e.web().current()
}

// played plays until the service deployment is over, or the limit, and tells
// each change of what row says, and when it came first.
func played(e *engine, sd *serviceDeployment, limit time.Duration, row func() string) (rows []string, at []time.Duration) {
	begin := e.Now
	for end := e.Now.add(limit); e.Now < end; e.advance(e.Now + 250) {
		if r := row(); len(rows) == 0 || rows[len(rows)-1] != r {
			rows, at = append(rows, r), append(at, time.Duration(e.Now-begin)*time.Millisecond)
		}
		if sd.over() {
			break
		}
	}
	return rows, at
}

// weightsOf is the stage, the weights of target and source, and the rules as
// they stand: the percentages of the target's group.
func weightsOf(e *engine, sd *serviceDeployment) string {
	view := e.serviceDeploymentView(e.web(), sd)
	target := view["targetServiceRevision"].(map[string]any)
	source := view["sourceServiceRevisions"].([]any)[0].(map[string]any)
	return fmt.Sprintf("%s %v: target %v %v, source %v %v", sd.Status, orText(view["lifecycleStage"]),
		target["requestedProductionTrafficWeight"], target["requestedTestTrafficWeight"],
		source["requestedProductionTrafficWeight"], source["requestedTestTrafficWeight"])
}

func orText(v any) any {
	if v == nil {
		return "-"
	}
	return v
}

// groupOf is the percentage of a rule's traffic that a target group gets.
func groupOf(e *engine, rule, group string) int {
	for _, f := range e.Rules[rule].Forward {
		if f.Group == group {
			return f.Weight
		}
	}
	return -1
}

func TestBlueGreenRow(t *testing.T) {
	e := shiftEngine(t, `{"strategy":"BLUE_GREEN","bakeTimeInMinutes":5}`)
	if b, g := groupOf(e, prodRule, blueGroup), groupOf(e, prodRule, greenGroup); b != 0 || g != 100 {
		t.Fatalf("the first deployment goes where the rule did not point: blue %d, green %d", b, g)
	}
	blue := e.web().primary()
	sd := shiftTo(t, e, "web:2")
	rows, at := played(e, sd, time.Hour, func() string { return weightsOf(e, sd) })
	want := []string{
		"PENDING -: target 0 0, source 100 0",
		"IN_PROGRESS SCALE_UP: target 0 0, source 100 0",
		"IN_PROGRESS TEST_TRAFFIC_SHIFT: target 0 0, source 100 0",
		"IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT: target 0 100, source 100 0",
		"IN_PROGRESS BAKE_TIME: target 100 100, source 0 0",
		"IN_PROGRESS CLEAN_UP: target 100 100, source 0 0",
		"SUCCESSFUL CLEAN_UP: target 100 100, source 0 0",
	}
	if !slices.Equal(rows, want) {
		t.Fatalf("rows:\n%s", strings.Join(rows, "\n"))
	}
	if bake := at[5] - at[4]; bake < 5*time.Minute || bake > 5*time.Minute+5*time.Second {
		t.Errorf("baked for %s", bake)
	}
	for _, rule := range []string{prodRule, testRule} {
		if groupOf(e, rule, blueGroup) != 100 || groupOf(e, rule, greenGroup) != 0 {
			t.Errorf("the rule after it: %+v", e.Rules[rule].Forward)
		}
	}
	if e.web().deployment(blue.ID) != nil || sd.Target.Running != 3 || sd.Sources[0].Running != 0 {
		t.Errorf("at the end: %+v", sd)
	}
	for _, event := range e.web().Events {
		if strings.Contains(event.Message, "unable to stop or start tasks") {
			t.Errorf("the limits of rolling deployments are reported: %s", event.Message)
		}
	}
	// The pair swaps roles with each deployment.
	sd = shiftTo(t, e, "web:1")
	if played(e, sd, time.Hour, func() string { return sd.Stage }); groupOf(e, prodRule, greenGroup) != 100 {
		t.Errorf("the rule after the next: %+v", e.Rules[prodRule].Forward)
	}
}

func TestStepsOfTraffic(t *testing.T) {
	for config, want := range map[string]struct {
		weights []float64
		least   time.Duration
	}{
		`{"strategy":"LINEAR","bakeTimeInMinutes":1}`:                                                                         {[]float64{10, 20, 30, 40, 50, 60, 70, 80, 90, 100}, 55 * time.Minute},
		`{"strategy":"LINEAR","linearConfiguration":{"stepPercent":30,"stepBakeTimeInMinutes":2},"bakeTimeInMinutes":0}`:      {[]float64{30, 60, 90, 100}, 6 * time.Minute},
		`{"strategy":"LINEAR","linearConfiguration":{"stepPercent":33.3,"stepBakeTimeInMinutes":1},"bakeTimeInMinutes":0}`:    {[]float64{33.3, 66.6, 99.9, 100}, 3 * time.Minute},
		`{"strategy":"LINEAR","linearConfiguration":{"stepPercent":100},"bakeTimeInMinutes":0}`:                               {[]float64{100}, 0},
		`{"strategy":"CANARY","bakeTimeInMinutes":2}`:                                                                         {[]float64{5, 100}, 12 * time.Minute},
		`{"strategy":"CANARY","canaryConfiguration":{"canaryPercent":0.1,"canaryBakeTimeInMinutes":1},"bakeTimeInMinutes":0}`: {[]float64{0.1, 100}, time.Minute},
	} {
		e := shiftEngine(t, config)
		sd := shiftTo(t, e, "web:2")
		var got []float64
		begin, first := e.Now, millis(0)
		played(e, sd, 3*time.Hour, func() string {
			w := sd.Traffic.Production
			if w > 0 && (len(got) == 0 || got[len(got)-1] != w) {
				got = append(got, w)
				if first == 0 {
					first = e.Now
				}
			}
			sum := 0
			for _, f := range e.Rules[prodRule].Forward {
				sum += f.Weight
			}
			if sum != 100 && sum != 1000 {
				t.Fatalf("weights %+v", e.Rules[prodRule].Forward)
			}
			if w > 0 && e.web().fit(e.web().primary()) < 3 {
				t.Fatalf("%g %% of the traffic to %d tasks", w, e.web().fit(e.web().primary()))
			}
			return sd.Stage
		})
		took := time.Duration(e.Now-first) * time.Millisecond
		if sd.Status != "SUCCESSFUL" || !slices.Equal(got, want.weights) || took < want.least || took > want.least+4*time.Minute {
			t.Errorf("%s: %s, weights %v, %s from the first shift, %s in all", config, sd.Status, got, took, time.Duration(e.Now-begin)*time.Millisecond)
		}
	}
}

// TestStopMovesTrafficBack stops a deployment at each of its stages: the old
// version gets the traffic back within seconds, and no old task ever stops.
func TestStopMovesTrafficBack(t *testing.T) {
	for _, at := range []string{"", scaleUp, testShift, shift, bakeTime} {
		e := shiftEngine(t, `{"strategy":"BLUE_GREEN","bakeTimeInMinutes":5}`)
		blue := e.web().primary()
		sd := shiftTo(t, e, "web:2")
		for sd.Stage != at {
			e.advance(e.Now + 250)
		}
		if err := e.call("StopServiceDeployment", Document{"serviceDeploymentArn": sd.Arn, "stopType": "ROLLBACK"}); err != nil || sd.Status != "ROLLBACK_REQUESTED" {
			t.Fatalf("at %q: %s, %v", at, sd.Status, err)
		}
		stopped := e.Now
		moved := millis(0)
		rows, _ := played(e, sd, time.Hour, func() string {
			if groupOf(e, prodRule, greenGroup) == 100 && moved == 0 {
				moved = e.Now
			}
			if n := e.web().fit(blue); n != 3 {
				t.Fatalf("at %q: %d of the old tasks", at, n)
			}
			return sd.Status
		})
		if want := []string{"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"}; !slices.Equal(rows, want) {
			t.Errorf("at %q: %v", at, rows)
		}
		if took := time.Duration(moved-stopped) * time.Millisecond; took > 22*time.Second || at == bakeTime && took < 15*time.Second {
			t.Errorf("at %q: the old version is back after %s", at, took)
		}
		view := e.serviceDeploymentView(e.web(), sd)
		if stage := orText(view["lifecycleStage"]); at != "" && stage != at || *sd.Traffic != (traffic{}) || sd.Target.Running != 0 || groupOf(e, testRule, greenGroup) != 100 {
			t.Errorf("at %q: %v, %+v, rule %+v", at, view, sd.Traffic, e.Rules[testRule].Forward)
		}
		if e.web().primary() != blue || len(e.web().Deployments) != 1 {
			t.Errorf("at %q: %d deployments", at, len(e.web().Deployments))
		}
	}
}

// TestStopTooLate: after the last stage has begun a request to stop is accepted,
// and the deployment succeeds.
func TestStopTooLate(t *testing.T) {
	e := shiftEngine(t, `{"strategy":"BLUE_GREEN","bakeTimeInMinutes":0}`)
	sd := shiftTo(t, e, "web:2")
	for sd.Stage != cleanUp {
		e.advance(e.Now + 250)
	}
	if err := e.call("StopServiceDeployment", Document{"serviceDeploymentArn": sd.Arn}); err != nil {
		t.Fatal(err)
	}
	if rows, _ := played(e, sd, time.Hour, func() string { return sd.Status }); !slices.Equal(rows, []string{"ROLLBACK_REQUESTED", "SUCCESSFUL"}) {
		t.Errorf("%v", rows)
	}
	if err := e.call("StopServiceDeployment", Document{"serviceDeploymentArn": sd.Arn}); err == nil || err.code != "ConflictException" {
		t.Errorf("after the end: %v", err)
	}
}
