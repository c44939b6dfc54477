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

func TestStepsAndSavingChangeNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		deeds := rapid.SliceOfN(rapid.Custom(drawDeed), 1, 6).Draw(r, "deeds")
		change, past := drawWorld(r), courses{}
		whole, steps := testEngine(t, change), testEngine(t, change)
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
				past.check(r, steps.web())
				steps.look()
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

// TestLogsOnlyGrow: what was read of a log stays its beginning.
func TestLogsOnlyGrow(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		e := testEngine(t, func(w *World) {
			drawWorld(r)(w)
			w.Images[0].Logs = nil
			if rapid.Bool().Draw(r, "scripted") {
				w.Images = slices.Clone(w.Images)
				w.Images[0].Logs = []LogLine{{Text: "a", Every: Duration(7 * time.Second)}, {Text: "z", Last: true}, {Text: "b", After: Duration(time.Minute)}}
			}
		})
		read := map[string][]logEvent{}
		for _, d := range rapid.SliceOfN(rapid.Custom(drawDeed), 1, 6).Draw(r, "deeds") {
			for until := e.Now.add(d.after); e.Now < until; {
				e.advance(min(until, e.Now+millis(rapid.IntRange(1, 100_000).Draw(r, "step"))))
				for _, task := range slices.Concat(e.web().tasks(), e.web().home.Gone) {
					log := e.logOf(task, task.Containers[0])
					before := read[task.ID]
					if len(log) < len(before) || !slices.Equal(log[:len(before)], before) {
						r.Fatalf("the log was %v and is %v", before, log)
					}
					if n := len(log); n > 0 && log[n-1].at > e.Now {
						r.Fatalf("a line from the future: %v", log[n-1])
					}
					read[task.ID] = log
				}
			}
			e.do(d)
		}
	})
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
		e := testEngine(t, drawWorld(r))
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
		all, waiting := tally(s.tasks())
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

// TestLeftAlone comes back to a crash loop after ten years: ECS still tries, and
// nothing but the last hour is remembered.
func TestLeftAlone(t *testing.T) {
	e := testEngine(t, func(w *World) {
		w.Images = []ImageRule{{Match: "*", Behaviour: Exits}}
		delete(w.Services[0], "deploymentConfiguration")
	})
	if err := e.call("UpdateService", Document{"service": "web", "forceNewDeployment": true}); err != nil {
		t.Fatal(err)
	}
	e.advance(e.Now.add(10 * 365 * 24 * time.Hour))
	s, c := e.web(), e.Clusters["default"]
	last := s.Events[len(s.Events)-1].At
	if p := s.primary(); p.Rollout != "IN_PROGRESS" || p.Failures < manyLost || last < e.Now.add(-7*time.Hour) {
		t.Errorf("%s with %d failures, last event at %s", p.Rollout, p.Failures, last.time())
	}
	if len(c.Tasks) > 10 || len(c.Gone) > 10 || len(c.index) != len(c.Tasks)+len(c.Gone) || len(e.Queue) > 50 {
		t.Errorf("%d tasks, %d gone, %d known, %d events to come", len(c.Tasks), len(c.Gone), len(c.index), len(e.Queue))
	}
}
