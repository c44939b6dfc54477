package rollout_test

import (
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

func percent(n float64) *float64 { return &n }

func TestStagesHaveAnOrder(t *testing.T) {
	for _, tt := range []struct {
		stage, other string
		want         bool
	}{
		{"PRE_SCALE_UP", "PRE_SCALE_UP", true},
		{"BAKE_TIME", "PRE_SCALE_UP", true},
		{"SCALE_UP", "BAKE_TIME", false},
		{"", "PRE_SCALE_UP", false},
		{"NEW_STAGE", "PRE_SCALE_UP", false},
		{"BAKE_TIME", "NEW_STAGE", false},
		{"NEW_STAGE", "NEW_STAGE", false},
	} {
		if got := (&rollout.ServiceDeployment{LifecycleStage: tt.stage}).Reached(tt.other); got != tt.want {
			t.Errorf("%s has reached %s: %v", tt.stage, tt.other, got)
		}
	}
	if (*rollout.ServiceDeployment)(nil).Reached("SCALE_UP") {
		t.Error("no record has reached anything")
	}
}

// TestClocksCountDown: from when the stage or the weight was first seen, and, for
// somebody who joins, from when ECS last changed the record.
func TestClocksCountDown(t *testing.T) {
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	seen := func(elapsed time.Duration, stage string, weight float64, change ...func(*rollout.ServiceDeployment)) rollout.Observation {
		d := &rollout.ServiceDeployment{
			Status: "IN_PROGRESS", Strategy: "LINEAR", LifecycleStage: stage, BakeMinutes: 60, Steps: &rollout.Steps{Percent: 10, BakeMinutes: 6},
			Target: rollout.Share{Production: percent(weight)}, At: noon.Add(elapsed), UpdatedAt: noon,
		}
		for _, f := range change {
			f(d)
		}
		return rollout.Observation{Elapsed: elapsed, ServiceDeployment: d}
	}
	hook := func(h rollout.Hook) func(*rollout.ServiceDeployment) {
		return func(d *rollout.ServiceDeployment) { d.Hooks = append(d.Hooks, h) }
	}
	ended := func(d *rollout.ServiceDeployment) { d.Status = "ROLLBACK_IN_PROGRESS" }
	pause := rollout.Hook{ID: "ecs-pause-1", Type: "PAUSE", Status: "AWAITING_ACTION", ExpiresAt: noon.Add(25 * time.Hour), OnTimeout: "ROLLBACK"}
	running := rollout.Hook{ID: "ecs-l-1", Type: "AWS_LAMBDA", Function: "arn:aws:lambda:us-east-1:1:function:smoke", Status: "IN_PROGRESS", ExpiresAt: noon.Add(30 * time.Minute), OnTimeout: "CONTINUE"}
	for name, tt := range map[string]struct {
		looks []rollout.Observation
		want  string
	}{
		"a stage without a clock":        {[]rollout.Observation{seen(0, "SCALE_UP", 0)}, ""},
		"an unknown stage":               {[]rollout.Observation{seen(0, "NEW_STAGE", 10)}, ""},
		"a bake that was seen to begin":  {[]rollout.Observation{seen(0, "PRODUCTION_TRAFFIC_SHIFT", 100), seen(time.Minute, "BAKE_TIME", 100), seen(11*time.Minute, "BAKE_TIME", 100)}, "bake time ends in 50m"},
		"a bake that was joined":         {[]rollout.Observation{seen(20*time.Minute, "BAKE_TIME", 100)}, "bake time ends in 40m"},
		"a joined bake, later":           {[]rollout.Observation{seen(20*time.Minute, "BAKE_TIME", 100), seen(35*time.Minute, "BAKE_TIME", 100)}, "bake time ends in 25m"},
		"a bake that takes too long":     {[]rollout.Observation{seen(90*time.Minute, "BAKE_TIME", 100)}, "bake time ends now"},
		"a step":                         {[]rollout.Observation{seen(0, "PRODUCTION_TRAFFIC_SHIFT", 0), seen(time.Minute, "PRODUCTION_TRAFFIC_SHIFT", 10), seen(2*time.Minute, "PRODUCTION_TRAFFIC_SHIFT", 10)}, "next step in 5m"},
		"the next step":                  {[]rollout.Observation{seen(0, "PRODUCTION_TRAFFIC_SHIFT", 10), seen(6*time.Minute, "PRODUCTION_TRAFFIC_SHIFT", 20)}, "next step in 6m"},
		"the last step":                  {[]rollout.Observation{seen(0, "PRODUCTION_TRAFFIC_SHIFT", 100)}, ""},
		"no step bakes before the first": {[]rollout.Observation{seen(0, "PRODUCTION_TRAFFIC_SHIFT", 0)}, ""},
		"a function":                     {[]rollout.Observation{seen(0, "POST_SCALE_UP", 0, hook(running))}, "hook smoke is running (ECS continues in 30m if it does not answer)"},
		"a pause":                        {[]rollout.Observation{seen(0, "POST_SCALE_UP", 0, hook(pause))}, "paused (ECS rolls back in 25h if nothing happens)"},
		"a pause comes before a clock":   {[]rollout.Observation{seen(0, "PRODUCTION_TRAFFIC_SHIFT", 10, hook(pause))}, "paused (ECS rolls back in 25h if nothing happens)"},
		"hooks that have answered":       {[]rollout.Observation{seen(0, "POST_SCALE_UP", 0, hook(rollout.Hook{Status: "SUCCEEDED"}), hook(rollout.Hook{Status: "NEW"}))}, ""},
		"a rollback":                     {[]rollout.Observation{seen(0, "BAKE_TIME", 100, ended)}, ""},
	} {
		var clocks rollout.Clocks
		var last rollout.ServiceDeployment
		for _, look := range tt.looks {
			last = *look.ServiceDeployment
			last.Waits = clocks.Note(look)
		}
		if got := last.Awaited(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if waits := new(rollout.Clocks).Note(rollout.Observation{}); waits != nil {
		t.Error("without a record there is no clock")
	}
}

func TestTrafficIsNamed(t *testing.T) {
	for want, d := range map[string]*rollout.ServiceDeployment{
		"": {},
		"30% web:8, 70% web:7": {
			Target:  rollout.Share{TaskDefinition: "arn:aws:ecs:us-east-1:1:task-definition/web:8", Production: percent(30)},
			Sources: []rollout.Share{{TaskDefinition: "arn:aws:ecs:us-east-1:1:task-definition/web:7", Production: percent(70)}},
		},
		"100% web:7":                          {Target: rollout.Share{Production: percent(0)}, Sources: []rollout.Share{{TaskDefinition: "web:7", Production: percent(100)}, {TaskDefinition: "web:6"}}},
		"0.1% new tasks, 99.9% earlier tasks": {Target: rollout.Share{Production: percent(0.1)}, Sources: []rollout.Share{{Production: percent(99.9)}}},
	} {
		if got := d.Traffic(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
