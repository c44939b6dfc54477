package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// foreseen is a forecast of a plan.
func foreseen(f deploy.Forecast) *deploy.Plan {
	return &deploy.Plan{Ref: deploy.Ref{Cluster: cluster, Service: service}, Action: deploy.ActionRestart, Current: old, Forecast: &f}
}

// TestForecasts: a forecast is a section of the plan.
func TestForecasts(t *testing.T) {
	seconds := func(n int) deploy.Seconds { return deploy.Seconds(time.Duration(n) * time.Second) }
	for name, test := range map[string]struct {
		forecast deploy.Forecast
		want     []string
	}{
		"none": {deploy.Forecast{None: "it is too strange"}, []string{"  forecast", "    none: it is too strange"}},
		"stuck": {deploy.Forecast{Stuck: true, Fewest: 3, Most: 3, MostWithStopping: 3}, []string{
			"  forecast", "    never ends: ECS can neither start nor stop a task", "    at least 3 tasks running, at most 3 running or starting"}},
		"nothing to start": {deploy.Forecast{Usual: seconds(25), Shortest: seconds(25)}, []string{
			"  forecast", "    takes about 25s", "    at least 0 tasks running, at most 0 running or starting"}},
		"all": {deploy.Forecast{
			Shortest: seconds(120), Usual: seconds(190), Fewest: 1, Most: 6, MostWithStopping: 8,
			Waves:   []deploy.Wave{{After: seconds(5), Tasks: 3}, {After: seconds(80), Tasks: 1}},
			Basis:   []deploy.Basis{{Name: "start of a task", Value: "1m", Source: "its running task"}, {Name: "stop of a task", Value: "11s", Source: "assumed"}},
			Unknown: []string{"this", "that"},
			WhatIf:  []deploy.WhatIf{{Scenario: "crash-loop", Verdict: rollout.RolledBack, Says: "ECS rolls back"}},
		}, []string{
			"  forecast", "    takes 2m to 3m10s, in 2 waves of 1 to 3 tasks",
			"    at least 1 task running, at most 6 running or starting (8 with those that are stopping)",
			"    what if crash-loop: ECS rolls back",
			"    based on: start of a task 1m (its running task); stop of a task 11s (assumed)",
			"    unknown: this; that",
		}},
	} {
		var b bytes.Buffer
		show(t, "text", &b, report.Plan(foreseen(test.forecast)))
		_, got, _ := strings.Cut(strings.TrimSuffix(b.String(), "\n"), "\n")
		if diff := cmp.Diff(test.want, strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Programs read the times as numbers of seconds.
func TestForecastAsJSON(t *testing.T) {
	var b bytes.Buffer
	show(t, "json", &b, report.Plan(foreseen(deploy.Forecast{Usual: deploy.Seconds(1500 * time.Millisecond), Fewest: 2})))
	var got struct {
		Forecast deploy.Forecast `json:"forecast"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"usualSeconds": 1.5`) || time.Duration(got.Forecast.Usual) != 1500*time.Millisecond || got.Forecast.Fewest != 2 {
		t.Errorf("%s", b.String())
	}
}
