package ecssim

// This file makes the histories of the engine's tests: a world with an image of
// every kind, random deeds, and what must hold whatever they do.

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// kinds are the images that the tests deploy.
var kinds = []ImageRule{
	{Match: "ok:*", Behaviour: Starts},
	{Match: "slow:*", Behaviour: Starts, StartAfter: Duration(3 * time.Minute)},
	{Match: "pull:*", Behaviour: CannotPull},
	{Match: "init:*", Behaviour: InitFail},
	{Match: "exit:*", Behaviour: Exits},
	{Match: "late:*", Behaviour: Exits, After: Duration(10 * time.Minute)},
	{Match: "oom:*", Behaviour: OutOfMemory},
	{Match: "sick:*", Behaviour: Unhealthy, Check: "container"},
	{Match: "hang:*", Behaviour: Hangs},
	{Match: "flaky:*", Behaviour: Exits, Probability: 0.4},
}

// testEngine has the service web, with one revision for each of the kinds:
// web:1 is ok:1, web:2 is slow:1 and so on.
func testEngine(t testing.TB, change func(*World)) *engine {
	t.Helper()
	w := World{Clusters: []ClusterSpec{{Name: "default", CapacityProviders: []string{"FARGATE"}}}, Images: kinds}
	for _, k := range kinds {
		w.TaskDefinitions = append(w.TaskDefinitions, Document{
			"family": "web", "containerDefinitions": []any{map[string]any{
				"name": "web", "image": strings.Replace(k.Match, "*", "1", 1), "memory": json.Number("128"),
				"portMappings": []any{map[string]any{"containerPort": json.Number("80")}},
				"healthCheck":  map[string]any{"command": []any{"CMD", "true"}, "interval": json.Number("10")},
				"logConfiguration": map[string]any{"logDriver": "awslogs", "options": map[string]any{
					"awslogs-group": "/ecs/web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}},
			}},
		})
	}
	w.Services = []Document{{
		"serviceName": "web", "taskDefinition": "web:1", "desiredCount": json.Number("3"),
		"deploymentConfiguration": map[string]any{"deploymentCircuitBreaker": map[string]any{"enable": true, "rollback": true}},
		"launchType":              "FARGATE",
	}}
	delete(w.Services[0], "launchType")
	w.Services[0]["capacityProviderStrategy"] = []any{map[string]any{"capacityProvider": "FARGATE"}}
	for _, td := range w.TaskDefinitions {
		td["requiresCompatibilities"], td["networkMode"] = []any{"FARGATE"}, "awsvpc"
		td["cpu"], td["memory"] = "256", "512"
		td["executionRoleArn"] = "arn:aws:iam::123456789012:role/ecsTaskExecutionRole"
	}
	w.Services[0]["networkConfiguration"] = map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []any{"subnet-1"}}}
	if change != nil {
		change(&w)
	}
	e, err := newEngine(w, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *engine) web() *service { return e.Clusters["default"].Services["web"] }

// call calls an operation as somebody would over the wire.
func (e *engine) call(operation string, input Document) *apiError {
	body, err := json.Marshal(input)
	if err != nil {
		panic(err)
	}
	_, apiErr := operations()[operation].serve(e, body)
	return apiErr
}

// deed is something that a history does, after a while.
type deed struct {
	after     time.Duration
	operation string
	input     Document
}

func (d deed) String() string { return fmt.Sprint(d.after, " ", d.operation, d.input) }

func drawDeed(t *rapid.T) deed {
	d := deed{
		after:     time.Duration(rapid.IntRange(0, 600_000).Draw(t, "after")) * time.Millisecond,
		operation: "UpdateService",
		input:     Document{"service": "web"},
	}
	switch rapid.IntRange(0, 8).Draw(t, "deed") {
	case 0, 1:
		d.input["taskDefinition"] = fmt.Sprintf("web:%d", rapid.IntRange(1, len(kinds)).Draw(t, "revision"))
	case 2:
		d.input["desiredCount"] = json.Number(fmt.Sprint(rapid.IntRange(0, 6).Draw(t, "desired")))
	case 3:
		d.input["forceNewDeployment"] = true
	case 4:
		d.input["deploymentConfiguration"] = drawConfig(t)
	case 5:
		d.operation = "stop" // the newest service deployment
	case 6:
		d.operation = "continue" // it, if it waits at a hook
		d.input["action"] = rapid.SampledFrom([]string{"CONTINUE", "ROLLBACK"}).Draw(t, "action")
	case 7:
		d.input["taskDefinition"], d.input["deploymentConfiguration"] = "web:1", drawConfig(t)
		d.input["forceNewDeployment"] = true
	case 8:
		d.operation = "rule" // somebody changes the production rule, if there is one
		d.input["weight"] = rapid.SampledFrom([]int{0, 30, 100}).Draw(t, "weight")
	}
	return d
}

func drawConfig(t *rapid.T) map[string]any {
	minimum := rapid.IntRange(0, 100).Draw(t, "minimum")
	config := map[string]any{
		"minimumHealthyPercent": minimum, "maximumPercent": rapid.IntRange(100, 200).Draw(t, "maximum"),
		"deploymentCircuitBreaker": map[string]any{
			"enable": rapid.Bool().Draw(t, "enable"), "rollback": rapid.Bool().Draw(t, "rollback"),
		},
		"alarms": map[string]any{
			"alarmNames": []any{"early", "late"}, "enable": rapid.Bool().Draw(t, "alarms"), "rollback": rapid.Bool().Draw(t, "alarmRollback"),
		},
		"novelty": rapid.IntRange(0, 9).Draw(t, "novelty"),
	}
	switch strategy := rapid.SampledFrom([]string{"ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"}).Draw(t, "strategy"); strategy {
	case "LINEAR":
		config["linearConfiguration"] = map[string]any{
			"stepPercent": rapid.SampledFrom([]float64{12.5, 30, 50, 100}).Draw(t, "stepPercent"), "stepBakeTimeInMinutes": rapid.IntRange(0, 2).Draw(t, "stepBake")}
		fallthrough
	case "CANARY":
		config["canaryConfiguration"] = map[string]any{
			"canaryPercent": rapid.SampledFrom([]float64{0.1, 5, 100}).Draw(t, "canaryPercent"), "canaryBakeTimeInMinutes": rapid.IntRange(0, 2).Draw(t, "canaryBake")}
		fallthrough
	case "BLUE_GREEN":
		config["strategy"], config["bakeTimeInMinutes"] = strategy, rapid.IntRange(0, 3).Draw(t, "bake")
	}
	if rapid.Bool().Draw(t, "early") {
		config["earlySuccessCriteria"] = map[string]any{
			"enable": true, "healthyPercent": rapid.IntRange(minimum, 100).Draw(t, "healthyPercent"),
			"sourceServiceRevisionCleanup": rapid.SampledFrom([]string{"BLOCKING", "DEFERRED"}).Draw(t, "cleanup"),
		}
	}
	var hooks []any
	if stages := rapid.SliceOfDistinct(rapid.SampledFrom(pauseStages), rapid.ID).Draw(t, "stages"); len(stages) > 0 {
		hooks = append(hooks, map[string]any{
			"targetType": "PAUSE", "lifecycleStages": stages, "timeoutConfiguration": map[string]any{
				"timeoutInMinutes": rapid.IntRange(1, 20).Draw(t, "timeout"),
				"action":           rapid.SampledFrom([]string{"CONTINUE", "ROLLBACK"}).Draw(t, "timeoutAction"),
			},
		})
	}
	if stages := rapid.SliceOfDistinct(rapid.SampledFrom(append([]string{testShift, shift}, pauseStages...)), rapid.ID).Draw(t, "functionStages"); len(stages) > 0 {
		hooks = append(hooks, map[string]any{"hookTargetArn": checkArn, "roleArn": hookRole, "lifecycleStages": stages})
	}
	if len(hooks) > 0 {
		config["lifecycleHooks"] = hooks
	}
	return config
}

// drawWorld gives the world alarms, a function that refuses some images, and the
// service one of the ways to get its traffic.
func drawWorld(t *rapid.T) func(*World) {
	way := rapid.SampledFrom([]string{"", "target group", "pair", "network pair", "Service Connect"}).Draw(t, "way")
	return func(w *World) {
		alarmed(way == "target group")(w)
		w.Functions = []FunctionRule{{Match: "check", Image: "slow:*", InProgress: 1}, {Match: "check", Image: "flaky:*", Answer: FunctionFails}}
		switch way {
		case "pair":
			w.Services[0]["loadBalancers"] = pairOf(prodRule, testRule)
		case "network pair":
			w.Services[0]["loadBalancers"] = pairOf(networkListener, "")
		case "Service Connect":
			w.Services[0]["serviceConnectConfiguration"] = map[string]any{"enabled": true, "namespace": "internal"}
		}
	}
}

// alarmed gives the world two alarms and, if asked, the service a target group.
func alarmed(balanced bool) func(*World) {
	return func(w *World) {
		w.Alarms = []AlarmSpec{
			{Name: "early", AfterDeployment: true, Image: "slow:*", After: Duration(2 * time.Minute), For: Duration(10 * time.Minute)},
			{Name: "late", AfterDeployment: true, ExceptImages: []string{"flaky:*"}, After: Duration(6 * time.Minute), For: Duration(time.Minute)},
		}
		if balanced {
			w.Services[0]["loadBalancers"] = []any{map[string]any{
				"targetGroupArn": testGroup, "containerName": "web", "containerPort": json.Number("80"),
			}}
		}
	}
}

const testGroup = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1"

func (e *engine) do(d deed) {
	history := e.web().History
	newest := history[len(history)-1]
	switch d.operation {
	case "stop":
		e.call("StopServiceDeployment", Document{"serviceDeploymentArn": newest.Arn})
	case "continue":
		e.call("ContinueServiceDeployment", Document{
			"serviceDeploymentArn": newest.Arn, "hookId": newest.awaiting(), "action": d.input["action"],
		})
	case "rule":
		if r := e.Rules[prodRule]; r != nil {
			weight := d.input["weight"].(int)
			r.Forward = []forward{{blueGroup, weight}, {greenGroup, 100 - weight}}
		}
	default:
		e.call(d.operation, d.input)
	}
}

// look reads all that can be read, which changes nothing.
func (e *engine) look() {
	history := e.web().History
	e.call("DescribeServiceDeployments", Document{"serviceDeploymentArns": []any{history[len(history)-1].Arn}})
	e.call("DescribeServices", Document{"services": []any{"web"}, "include": []any{"TAGS"}})
	e.call("ListTasks", Document{"serviceName": "web"})
	for _, t := range e.web().tasks() {
		e.call("DescribeTasks", Document{"tasks": []any{t.ID}})
		_, _ = e.getLogEvents(getLogEventsInput{logRange: logRange{Group: "/ecs/web"}, Stream: "ecs/web/" + t.ID}, nil)
	}
	_, _ = e.describeTargetHealth(url.Values{"TargetGroupArn": {testGroup}})
}

func saved(t *rapid.T, e *engine) []byte {
	data, err := e.save()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func reload(t *rapid.T, e *engine) *engine {
	e, err := loadEngine(saved(t, e))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// checkInvariants checks what always holds.
func checkInvariants(t *rapid.T, e *engine) {
	s := e.web()
	sum := 0
	for i, d := range s.Deployments {
		if (d.Status == "PRIMARY") != (i == 0) {
			t.Fatalf("deployment %d of %d is %s", i, len(s.Deployments), d.Status)
		}
		sum += s.count(d, func(t *task) bool { return t.Status == running })
	}
	if all, _ := tally(s.tasks()); all != sum {
		t.Fatalf("the service runs %d tasks, its deployments %d", all, sum)
	}
	if len(s.Events) > maxEvents || !slices.IsSortedFunc(s.Events, func(a, b serviceEvent) int { return int(a.At - b.At) }) {
		t.Fatalf("%d events, or out of order", len(s.Events))
	}
	for _, sd := range s.History {
		if sd.over() && sd.FinishedAt == 0 && sd.StoppedAt == 0 {
			t.Fatalf("%s %s has no end", sd.Arn, sd.Status)
		}
		if !sd.over() && sd.Status != "STOP_REQUESTED" && sd != s.History[len(s.History)-1] {
			t.Fatalf("%s is %s, but a newer one exists", sd.Arn, sd.Status)
		}
	}
	addresses := map[string]bool{}
	for _, task := range s.tasks() {
		if task.Status == stopped {
			t.Fatal("a stopped task among the others")
		}
		if addresses[task.Address] {
			t.Fatalf("two tasks at %s", task.Address)
		}
		addresses[task.Address] = true
	}
	checkMonitors(t, s)
	checkTraffic(t, e, s)
	for _, d := range e.targets(testGroup) {
		if !addresses[d.Target.ID] {
			t.Fatalf("a target at %s, where no task is", d.Target.ID)
		}
	}
}

// checkTraffic checks what always holds of deployments that shift traffic.
func checkTraffic(t *rapid.T, e *engine, s *service) {
	for arn, r := range e.Rules {
		sum := 0
		for _, f := range r.Forward {
			sum += f.Weight
		}
		if sum != 100 && sum != 1000 {
			t.Fatalf("rule %s: %+v", arn, r.Forward)
		}
	}
	for _, sd := range s.History {
		view := e.serviceDeploymentView(s, sd)
		weights := func(of any) float64 {
			w, _ := of.(map[string]any)["requestedProductionTrafficWeight"].(float64)
			return w
		}
		sum := weights(view["targetServiceRevision"])
		for _, source := range view["sourceServiceRevisions"].([]any) {
			sum += weights(source)
		}
		if sd.Traffic != nil && sd.Live != "" && sum != 100 {
			t.Fatalf("%s %s: the weights are %g in all", sd.Arn, sd.Status, sum)
		}
	}
	sd := s.History[len(s.History)-1]
	if s.Status != "ACTIVE" || !sd.Config.shifts() || sd.Status != "SUCCESSFUL" && sd.Status != "ROLLBACK_SUCCESSFUL" || sd.FinishedAt != e.Now {
		return
	}
	for _, d := range s.Deployments[1:] {
		if n := s.count(d, (*task).alive); n > 0 {
			t.Fatalf("%s is %s, and %d tasks of %s still run", sd.Arn, sd.Status, n, d.ID)
		}
	}
}

// courses is how far service deployments have come.
type courses map[string]serviceDeployment

// check checks that service deployments only go forwards: no stage comes after a
// later one in one direction, and what is over stays as it is.
func (c courses) check(t *rapid.T, s *service) {
	for _, sd := range s.History {
		before, known := c[sd.Arn]
		turned := (sd.RollbackAt != 0) != (before.RollbackAt != 0)
		switch {
		case !known:
		case before.over() && (sd.Status != before.Status || sd.Reason != before.Reason || sd.Step != before.Step):
			t.Fatalf("%s was %s and is %s", sd.Arn, before.Status, sd.Status)
		case sd.Step < before.Step && !turned:
			t.Fatalf("%s %s goes back from step %d to %d", sd.Arn, sd.Status, before.Step, sd.Step)
		case before.RollbackAt != 0 && sd.RollbackAt == 0:
			t.Fatalf("%s is not rolled back any more", sd.Arn)
		}
		c[sd.Arn] = *sd
	}
}

// checkMonitors checks what always holds of alarms and pauses.
func checkMonitors(t *rapid.T, s *service) {
	for _, sd := range s.History {
		if (sd.Alarms.Status == "TRIGGERED") && len(sd.Alarms.Triggered) == 0 {
			t.Fatalf("%s was failed by no alarm", sd.Arn)
		}
		if sd.over() && (sd.waitsAt() != "" || sd.Alarms.Status == "MONITORING" || sd.Breaker == "MONITORING") {
			t.Fatalf("%s is %s, and yet waits or watches", sd.Arn, sd.Status)
		}
		if sd.waitsAt() == preScaleUp && s.count(s.primary(), func(*task) bool { return true }) > 0 {
			t.Fatalf("%s has tasks before PRE_SCALE_UP is over", sd.Arn)
		}
	}
}
