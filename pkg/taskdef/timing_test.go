package taskdef_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

func TestTimings(t *testing.T) {
	definition, err := taskdef.FromDescribe([]byte(`{"taskDefinition": {"family": "web", "containerDefinitions": [
		{"name": "app", "image": "a", "stopTimeout": 45, "healthCheck": {"command": ["CMD", "true"], "interval": 10, "retries": 2, "startPeriod": 60}},
		{"name": "proxy", "image": "b", "essential": false, "healthCheck": {"command": ["CMD", "true"]}},
		{"name": "odd", "image": "c", "stopTimeout": "soon"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []taskdef.Timing{
		{Container: "app", Essential: true, StopTimeout: 45 * time.Second, Check: &taskdef.HealthCheck{Interval: 10 * time.Second, StartPeriod: time.Minute, Retries: 2}},
		{Container: "proxy", Check: &taskdef.HealthCheck{}},
		{Container: "odd", Essential: true},
	}
	if diff := cmp.Diff(want, definition.Timings()); diff != "" {
		t.Errorf("timings (-want +got):\n%s", diff)
	}
}
