package ecssim

// This file tests what the engine keeps beside the state to find its way: it is
// always what the state alone would give.

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// indexes is what is kept beside the state of a cluster.
func (c *cluster) indexes() string {
	c.arrange()
	var b strings.Builder
	for _, h := range c.Hosts {
		fmt.Fprintln(&b, h.ID, h.cpu, h.memory, ids(h.tasks))
	}
	for _, name := range sortedKeys(c.byOwner) {
		if list := c.byOwner[name]; len(list) > 0 {
			fmt.Fprintln(&b, name, ids(list))
		}
	}
	fmt.Fprintln(&b, len(c.index), len(c.Tasks)+len(c.Gone))
	return b.String()
}

func ids(tasks []*task) string {
	var b strings.Builder
	for _, t := range tasks {
		fmt.Fprint(&b, t.Number, " ")
	}
	return b.String()
}

// TestIndexes starts, stops, drains and takes away at random, on four instances.
func TestIndexes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e, err := newEngine(World{
			Clusters: []ClusterSpec{{Name: "default", ContainerInstances: []InstanceSpec{{Count: 4, CPU: 1000, Memory: 1000}}}},
			TaskDefinitions: []Document{{"family": "web", "containerDefinitions": []any{map[string]any{
				"name": "web", "image": "web:1", "cpu": json.Number("100"), "memory": json.Number("150")}}}},
			Services: []Document{
				{"serviceName": "web", "taskDefinition": "web", "desiredCount": json.Number("4"), "launchType": "EC2"},
				{"serviceName": "agent", "taskDefinition": "web", "schedulingStrategy": "DAEMON", "launchType": "EC2"},
			},
			Images: []ImageRule{{Match: "*", Behaviour: Exits, Probability: 0.2, After: Duration(2 * time.Minute)}, {Match: "*"}},
		}, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			c := e.Clusters["default"]
			instance := func() string {
				if len(c.Hosts) == 0 {
					return "none"
				}
				return c.Hosts[rapid.IntRange(0, len(c.Hosts)-1).Draw(rt, "instance")].ID
			}
			switch rapid.IntRange(0, 6).Draw(rt, "step") {
			case 0:
				e.call("RunTask", Document{"taskDefinition": "web", "count": json.Number("3"), "placementStrategy": []any{map[string]any{"type": "random"}}})
			case 1:
				if len(c.Tasks) > 0 {
					e.call("StopTask", Document{"task": c.Tasks[rapid.IntRange(0, len(c.Tasks)-1).Draw(rt, "task")].ID})
				}
			case 2:
				status := rapid.SampledFrom([]string{"ACTIVE", "DRAINING"}).Draw(rt, "status")
				e.call("UpdateContainerInstancesState", Document{"containerInstances": []any{instance()}, "status": status})
			case 3:
				e.call("DeregisterContainerInstance", Document{"containerInstance": instance(), "force": true})
			case 4:
				e.call("RegisterContainerInstance", Document{})
			case 5:
				e.call("UpdateService", Document{"service": "web", "desiredCount": json.Number(fmt.Sprint(rapid.IntRange(0, 30).Draw(rt, "desired")))})
			}
			e.advance(e.Now.add(time.Duration(rapid.IntRange(0, 200).Draw(rt, "seconds")) * time.Second))
			loaded, err := loadEngine(savedState(t, e))
			if err != nil {
				rt.Fatal(err)
			}
			fresh := loaded.Clusters["default"]
			if got, want := c.indexes(), fresh.indexes(); got != want {
				rt.Fatalf("kept:\n%swant:\n%s", got, want)
			}
			for name := range fresh.blocked {
				if !c.blocked[name] {
					rt.Fatalf("service %s is not known to be blocked", name)
				}
			}
			for _, h := range c.Hosts {
				if h.cpu > h.CPU || h.memory > h.Memory || h.cpu < 0 {
					rt.Fatalf("instance %s: %d of %d CPU, %d of %d memory", h.ID, h.cpu, h.CPU, h.memory, h.Memory)
				}
			}
		}
	})
}
