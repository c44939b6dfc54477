package ecssim

// This file tests the engine without the wire: arithmetic, invariants under
// random histories, and that steps, saving and loading change nothing.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestLimits(t *testing.T) {
	for _, c := range []struct{ minimum, maximum, desired, lower, upper int }{
		{100, 200, 2, 2, 4},
		{50, 200, 4, 2, 8},
		{75, 200, 2, 2, 4},
		{100, 125, 3, 3, 3}, // none can start
		{0, 100, 5, 0, 5},
		{33, 150, 10, 4, 15},
		{100, 200, 0, 0, 0},
		{1, 110, 1, 1, 1},
	} {
		lower, upper := deploymentConfig{Minimum: &c.minimum, Maximum: &c.maximum}.limits(c.desired)
		if lower != c.lower || upper != c.upper {
			t.Errorf("%d/%d of %d: %d to %d, want %d to %d", c.minimum, c.maximum, c.desired, lower, upper, c.lower, c.upper)
		}
	}
}

func TestThreshold(t *testing.T) {
	for _, c := range []struct {
		kind                 string
		value, desired, want int
	}{
		{"", 0, 1, 3}, {"", 0, 25, 13}, {"", 0, 400, 200}, {"", 0, 800, 200}, {"", 0, 0, 3},
		{"BOUNDED_PERCENT", 10, 100, 10}, {"BOUNDED_PERCENT", 10, 5, 3},
		{"UNBOUNDED_PERCENT", 50, 800, 400}, {"UNBOUNDED_PERCENT", 50, 1, 1},
		{"COUNT", 7, 1, 7},
	} {
		config := deploymentConfig{Breaker: &breakerConfig{}}
		if c.kind != "" {
			config.Breaker.Threshold = &thresholdConfig{c.kind, c.value}
		}
		if got := config.threshold(c.desired); got != c.want {
			t.Errorf("%s %d of %d: %d, want %d", c.kind, c.value, c.desired, got, c.want)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"*", "", true}, {"*", "a/b:c", true}, {"*:bad", "r.io/team/app:bad", true}, {"*:bad", "app:good", false},
		{"a?c", "abc", true}, {"a?c", "ac", false}, {globEscape(`a*b?\c`), `a*b?\c`, true}, {globEscape("a*b"), "axb", false},
	} {
		if got := glob(c.pattern, c.s); got != c.want {
			t.Errorf("glob(%q, %q) = %t", c.pattern, c.s, got)
		}
	}
}

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
	w := World{Clusters: []ClusterSpec{{Name: "default"}}, Images: kinds}
	for _, k := range kinds {
		w.TaskDefinitions = append(w.TaskDefinitions, Document{
			"family": "web", "containerDefinitions": []any{map[string]any{
				"name": "web", "image": strings.Replace(k.Match, "*", "1", 1), "memory": json.Number("128"),
				"healthCheck": map[string]any{"command": []any{"CMD", "true"}, "interval": json.Number("10")},
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
	switch rapid.IntRange(0, 5).Draw(t, "deed") {
	case 0, 1:
		d.input["taskDefinition"] = fmt.Sprintf("web:%d", rapid.IntRange(1, len(kinds)).Draw(t, "revision"))
	case 2:
		d.input["desiredCount"] = json.Number(fmt.Sprint(rapid.IntRange(0, 6).Draw(t, "desired")))
	case 3:
		d.input["forceNewDeployment"] = true
	case 4:
		minimum := rapid.IntRange(0, 100).Draw(t, "minimum")
		d.input["deploymentConfiguration"] = map[string]any{
			"minimumHealthyPercent": minimum, "maximumPercent": rapid.IntRange(100, 200).Draw(t, "maximum"),
			"deploymentCircuitBreaker": map[string]any{
				"enable": rapid.Bool().Draw(t, "enable"), "rollback": rapid.Bool().Draw(t, "rollback"),
			},
		}
	case 5:
		d.operation = "stop" // the newest service deployment
	}
	return d
}

func (e *engine) do(d deed) {
	if d.operation == "stop" {
		history := e.web().History
		e.call("StopServiceDeployment", Document{"serviceDeploymentArn": history[len(history)-1].Arn})
		return
	}
	e.call(d.operation, d.input)
}

func TestStepsAndSavingChangeNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		deeds := rapid.SliceOfN(rapid.Custom(drawDeed), 1, 6).Draw(r, "deeds")
		whole, steps := testEngine(t, nil), testEngine(t, nil)
		now := whole.Now
		for _, d := range append(deeds, deed{after: 20 * time.Minute, operation: "UpdateService", input: Document{"service": "web"}}) {
			next := now.add(d.after)
			whole.advance(next)
			for now < next {
				now = min(next, now+millis(rapid.IntRange(1, 200_000).Draw(r, "step")))
				steps.advance(now)
				if rapid.Bool().Draw(r, "save") {
					steps = reload(r, steps)
				}
				checkInvariants(r, steps)
				history := steps.web().History
				steps.call("DescribeServiceDeployments", Document{"serviceDeploymentArns": []any{history[len(history)-1].Arn}})
				steps.call("DescribeServices", Document{"services": []any{"web"}, "include": []any{"TAGS"}})
				steps.call("ListTasks", Document{"serviceName": "web"})
			}
			whole.do(d)
			steps.do(d)
		}
		a, b := saved(r, whole), saved(r, steps)
		if !bytes.Equal(a, b) {
			r.Fatalf("states differ:\n%s\n%s", a, b)
		}
	})
}

func saved(t *rapid.T, e *engine) []byte {
	data, err := json.Marshal(e.state)
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
	if all, _ := tally(s.Tasks); all != sum {
		t.Fatalf("the service runs %d tasks, its deployments %d", all, sum)
	}
	if len(s.Events) > maxEvents || !slices.IsSortedFunc(s.Events, func(a, b serviceEvent) int { return int(a.At - b.At) }) {
		t.Fatalf("%d events, or out of order", len(s.Events))
	}
	for _, sd := range s.History {
		if sd.over() && sd.FinishedAt == 0 && sd.StoppedAt == 0 {
			t.Fatalf("%s %s has no end", sd.Arn, sd.Status)
		}
		if !sd.over() && sd != s.History[len(s.History)-1] {
			t.Fatalf("%s is %s, but a newer one exists", sd.Arn, sd.Status)
		}
	}
	for _, task := range s.Tasks {
		if task.Status == stopped {
			t.Fatal("a stopped task among the others")
		}
	}
}

// TestLimitsHold rolls out images that work, with any limits: never too many,
// never too few, and it ends unless the limits allow no move.
func TestLimitsHold(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		desired := rapid.IntRange(1, 12).Draw(r, "desired")
		minimum := rapid.IntRange(0, 100).Draw(r, "minimum")
		maximum := rapid.IntRange(100, 200).Draw(r, "maximum")
		e := testEngine(t, func(w *World) {
			w.Switches.StoppingCountsInUpper = rapid.Bool().Draw(r, "stoppingCounts")
			w.Services[0]["desiredCount"] = json.Number(fmt.Sprint(desired))
			w.Services[0]["deploymentConfiguration"] = map[string]any{"minimumHealthyPercent": minimum, "maximumPercent": maximum}
		})
		s := e.web()
		lower, upper := s.Config.limits(desired)
		if err := e.call("UpdateService", Document{"service": "web", "taskDefinition": "web:2"}); err != nil {
			r.Fatal(err)
		}
		end := e.Now.add(3 * time.Hour)
		for e.Now < end && s.primary().Rollout != "COMPLETED" {
			e.advance(e.Now + 1000)
			c := s.census()
			if c.alive > upper || c.healthy < lower {
				r.Fatalf("%d tasks, %d healthy; allowed: at most %d, at least %d", c.alive, c.healthy, upper, lower)
			}
		}
		stuck := upper == desired && lower == desired
		if completed := s.primary().Rollout == "COMPLETED"; completed == stuck {
			r.Fatalf("completed: %t, limits %d to %d of %d", completed, lower, upper, desired)
		}
		said := slices.ContainsFunc(s.Events, func(ev serviceEvent) bool {
			return strings.Contains(ev.Message, "was unable to stop or start tasks during a deployment")
		})
		if said != stuck {
			r.Fatalf("stuck %t, said so %t", stuck, said)
		}
	})
}

// TestEveryHistoryCanBeHealed: whatever happened, a healthy image in the end
// completes.
func TestEveryHistoryCanBeHealed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		e := testEngine(t, nil)
		for _, d := range rapid.SliceOfN(rapid.Custom(drawDeed), 0, 6).Draw(r, "deeds") {
			e.advance(e.Now.add(d.after))
			e.do(d)
		}
		e.call("UpdateService", Document{"service": "web", "deploymentConfiguration": map[string]any{"minimumHealthyPercent": 50, "maximumPercent": 200}})
		if err := e.call("UpdateService", Document{"service": "web", "taskDefinition": "web:1", "forceNewDeployment": true}); err != nil {
			r.Fatal(err)
		}
		e.advance(e.Now.add(time.Hour))
		checkInvariants(r, e)
		s := e.web()
		all, waiting := tally(s.Tasks)
		if len(s.Deployments) != 1 || s.primary().Rollout != "COMPLETED" || all != s.Desired || waiting != 0 || s.SteadyAt == 0 {
			r.Fatalf("not healed: %d deployments, %s, %d running, %d pending of %d", len(s.Deployments), s.primary().Rollout, all, waiting, s.Desired)
		}
	})
}

// BenchmarkEngine rolls out 100 tasks and asks for the service every two
// seconds of half an hour.
func BenchmarkEngine100Tasks30Minutes(b *testing.B) {
	for b.Loop() {
		e := testEngine(b, func(w *World) { w.Services[0]["desiredCount"] = json.Number("100") })
		e.call("UpdateService", Document{"service": "web", "taskDefinition": "web:2"})
		for range 900 {
			e.advance(e.Now + 2000)
		}
		if e.web().primary().Rollout != "COMPLETED" {
			b.Fatal("not completed")
		}
	}
}

// BenchmarkEngineCrashLoop is the same with tasks that crash all the time.
func BenchmarkEngineCrashLoop(b *testing.B) {
	for b.Loop() {
		e := testEngine(b, func(w *World) {
			w.Services[0]["desiredCount"] = json.Number("100")
			w.Services[0]["deploymentConfiguration"] = map[string]any{}
		})
		e.call("UpdateService", Document{"service": "web", "taskDefinition": "web:5"})
		for range 900 {
			e.advance(e.Now + 2000)
		}
	}
}
