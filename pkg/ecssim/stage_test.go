package ecssim

// This file tests the stages of a deployment in the engine.

import (
	"slices"
	"testing"
	"time"
)

func pausing(stages ...any) map[string]any {
	return map[string]any{"lifecycleHooks": []any{map[string]any{
		"targetType": "PAUSE", "lifecycleStages": stages,
		"timeoutConfiguration": map[string]any{"timeoutInMinutes": 60, "action": "CONTINUE"},
	}}}
}

// TestStagesInOrder: a rolling deployment goes through its stages in their
// order, each once, with hooks or without.
func TestStagesInOrder(t *testing.T) {
	for _, config := range []map[string]any{{}, pausing(preScaleUp, postScaleUp)} {
		e := testEngine(t, nil)
		if err := e.call("UpdateService", Document{"service": "web", "taskDefinition": "web:2", "deploymentConfiguration": config}); err != nil {
			t.Fatal(err)
		}
		sd := e.web().current()
		var seen []string
		for end := e.Now.add(4 * time.Hour); e.Now < end && !sd.over(); e.advance(e.Now + 500) {
			if sd.Stage != "" && !slices.Contains(seen, sd.Stage) {
				seen = append(seen, sd.Stage)
			}
			if n := len(seen); n > 0 && seen[n-1] != sd.Stage {
				t.Fatalf("back to %s from %v", sd.Stage, seen)
			}
		}
		want := []string{preScaleUp, scaleUp, postScaleUp, cleanUp}
		if config["lifecycleHooks"] == nil {
			want = []string{scaleUp, cleanUp} // the others take no time
		}
		if sd.Status != "SUCCESSFUL" || !slices.Equal(seen, want) {
			t.Errorf("%s, stages %v, want %v", sd.Status, seen, want)
		}
	}
}

// TestTheWayBackBeginsAnew: a rollback goes through the stages, without pauses.
func TestTheWayBackBeginsAnew(t *testing.T) {
	e := testEngine(t, nil)
	if err := e.call("UpdateService", Document{"service": "web", "taskDefinition": "web:2", "deploymentConfiguration": pausing(postScaleUp)}); err != nil {
		t.Fatal(err)
	}
	e.advance(e.Now.add(10 * time.Minute))
	sd := e.web().current()
	if sd.waitsAt() != postScaleUp {
		t.Fatalf("at %s, %s", sd.Stage, sd.Status)
	}
	if err := e.call("StopServiceDeployment", Document{"serviceDeploymentArn": sd.Arn}); err != nil {
		t.Fatal(err)
	}
	e.advance(e.Now.add(5 * time.Minute))
	if sd.Status != "ROLLBACK_SUCCESSFUL" || sd.Stage != cleanUp || len(sd.Hooks) != 1 {
		t.Errorf("%s at %s, hooks %v", sd.Status, sd.Stage, sd.Hooks)
	}
}

// TestAPauseKeepsTheEarlierTasks, also when a new task stops meanwhile: they are
// the way back.
func TestAPauseKeepsTheEarlierTasks(t *testing.T) {
	e := testEngine(t, nil)
	s := e.web()
	old := s.primary()
	if err := e.call("UpdateService", Document{"service": "web", "taskDefinition": "web:2", "deploymentConfiguration": pausing(postScaleUp)}); err != nil {
		t.Fatal(err)
	}
	e.advance(e.Now.add(10 * time.Minute))
	fresh := slices.Collect(s.tasksOf(s.primary()))
	if s.current().waitsAt() != postScaleUp || len(fresh) != 3 {
		t.Fatalf("at %s with %d new tasks", s.current().Stage, len(fresh))
	}
	if err := e.call("StopTask", Document{"task": fresh[0].ID}); err != nil {
		t.Fatal(err)
	}
	e.advance(e.Now.add(10 * time.Minute))
	if s.fit(old) != 3 || s.fit(s.primary()) != 3 {
		t.Errorf("%d earlier and %d new tasks", s.fit(old), s.fit(s.primary()))
	}
}
