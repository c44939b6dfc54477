package ecssim

// This file tests where tasks run: the sharing of a capacity provider strategy,
// and what a service's launch type and strategy become.

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

func TestNextProvider(t *testing.T) {
	for _, c := range []struct {
		shares []share
		n      int
		want   string
	}{
		{[]share{{"A", 0, 1}}, 3, "map[A:3]"},
		{[]share{{"A", 0, 1}, {"B", 0, 4}}, 10, "map[A:2 B:8]"},
		{[]share{{"A", 2, 1}, {"B", 0, 3}}, 10, "map[A:4 B:6]"},
		{[]share{{"A", 3, 0}, {"B", 0, 1}}, 5, "map[A:3 B:2]"},
		{[]share{{"A", 0, 0}, {"B", 0, 1}}, 4, "map[B:4]"},
	} {
		tasks := map[string]int{}
		for range c.n {
			tasks[next(c.shares, tasks)]++
		}
		if got := fmt.Sprint(tasks); got != c.want {
			t.Errorf("%d tasks of %+v: %s, want %s", c.n, c.shares, got, c.want)
		}
	}
}

func strategyOf(items ...string) []any {
	var list []any
	for i, name := range items {
		list = append(list, map[string]any{"capacityProvider": name, "weight": json.Number(fmt.Sprint(i + 1))})
	}
	return list
}

// TestServiceCapacity creates and updates services, and looks at what they and
// their new task have.
func TestServiceCapacity(t *testing.T) {
	e := testEngine(t, func(w *World) {
		w.Clusters[0].CapacityProviders = []string{"FARGATE", "FARGATE_SPOT", "spot", "idle"}
		w.Clusters[0].DefaultStrategy = []Document{{"capacityProvider": "FARGATE_SPOT", "weight": json.Number("1")}}
	})
	network := e.web().Spec["networkConfiguration"]
	create := func(name string, more Document) *apiError {
		input := Document{"serviceName": name, "taskDefinition": "web:1", "desiredCount": json.Number("3"), "networkConfiguration": network}
		for member, v := range more {
			input[member] = v
		}
		return e.call("CreateService", input)
	}
	// shown is the launch type, the strategy and the provider and launch type of
	// the newest task.
	shown := func(name string) string {
		e.advance(e.Now.add(20 * time.Second)) // the first tasks start after 14.4 s
		s := e.asked(t, "DescribeServices", Document{"services": []any{name}})["services"].([]any)[0].(map[string]any)
		var providers []string
		for _, item := range readStrategy(s["capacityProviderStrategy"]) {
			providers = append(providers, item.provider)
		}
		tasks := e.Clusters["default"].Services[name].tasks()
		last := tasks[len(tasks)-1]
		return fmt.Sprint(s["launchType"], providers, " ", last.LaunchType, " ", last.Provider)
	}
	for _, c := range []struct {
		name, want string
		more       Document
	}{
		{"default", "<nil> [FARGATE_SPOT] FARGATE FARGATE_SPOT", nil},
		{"typed", "FARGATE[] FARGATE ", Document{"launchType": "FARGATE"}},
		{"shared", "<nil> [FARGATE FARGATE_SPOT] FARGATE FARGATE_SPOT", Document{"capacityProviderStrategy": strategyOf("FARGATE", "FARGATE_SPOT")}},
	} {
		if err := create(c.name, c.more); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := shown(c.name); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	shared := map[string]int{}
	for _, task := range e.Clusters["default"].Services["shared"].tasks() {
		shared[task.Provider]++
	}
	if fmt.Sprint(shared) != "map[FARGATE:1 FARGATE_SPOT:2]" {
		t.Errorf("shared out as %v", shared)
	}
	for _, c := range []struct {
		strategy []any
		want     string
	}{
		{strategyOf("FARGATE_SPOT"), "<nil> [FARGATE_SPOT] FARGATE FARGATE_SPOT"},
		{[]any{}, "FARGATE[] FARGATE "},
	} {
		if err := e.call("UpdateService", Document{"service": "typed", "capacityProviderStrategy": c.strategy, "forceNewDeployment": true}); err != nil {
			t.Fatal(err)
		}
		if got := shown("typed"); got != c.want {
			t.Errorf("after %v: %s, want %s", c.strategy, got, c.want)
		}
	}
	for _, c := range []struct {
		want string
		more Document
	}{
		{"Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
			Document{"launchType": "FARGATE", "capacityProviderStrategy": strategyOf("FARGATE")}},
		{"A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers. Specify one or the other and try again.",
			Document{"capacityProviderStrategy": strategyOf("FARGATE", "spot")}},
		{"The specified capacity provider does not exist. Specify a valid name or ARN and try again.",
			Document{"capacityProviderStrategy": strategyOf("nowhere")}},
		{"Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.",
			Document{"schedulingStrategy": "DAEMON", "desiredCount": nil}},
	} {
		if err := create("refused", c.more); err == nil || err.message != c.want {
			t.Errorf("%v: %v", c.more, err)
		}
	}
}
