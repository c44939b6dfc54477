package ecssim

// This file tests that tasks need no service, and that a service reacts to its
// own tasks only.

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// asked is an answer of an operation, as a client decodes it.
func (e *engine) asked(t *testing.T, operation string, input Document) Document {
	t.Helper()
	body, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	out, apiErr := operations()[operation].serve(e, body)
	if apiErr != nil {
		t.Fatal(apiErr)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var answer Document
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// job is what somebody starts a task of its own with.
func (e *engine) job(revision string) order {
	return order{
		Cluster: "default", Group: "family:web", StartedBy: "nightly", LaunchType: "FARGATE",
		TaskDefinition: e.arn("task-definition/" + revision), Subnets: []string{"subnet-1"},
	}
}

// TestATaskOfItsOwn starts a task that no service owns. It runs, exits, is
// described, listed and logged, saved and loaded, and forgotten.
func TestATaskOfItsOwn(t *testing.T) {
	e := testEngine(t, nil)
	before, err := json.Marshal(e.web())
	if err != nil {
		t.Fatal(err)
	}
	job, why := e.start(e.job("web:5")) // exits 5 s after it is RUNNING
	if why != nil {
		t.Fatal(why)
	}
	describe := func() Document {
		return e.asked(t, "DescribeTasks", Document{"tasks": []any{job.ID}})["tasks"].([]any)[0].(map[string]any)
	}
	listed := func(filter Document) bool {
		return slices.Contains(e.asked(t, "ListTasks", filter)["taskArns"].([]any), any(e.taskArn(job)))
	}
	e.advance(e.Now.add(27 * time.Second))
	if view := describe(); view["lastStatus"] != "RUNNING" || view["group"] != "family:web" || view["startedBy"] != "nightly" || len(view["attachments"].([]any)) != 1 {
		t.Errorf("after 27 s: %v", view)
	}
	if !listed(Document{"startedBy": "nightly"}) || !listed(Document{"family": "web"}) || listed(Document{"serviceName": "web"}) {
		t.Error("the lists are wrong")
	}
	if e, err = loadEngine(savedState(t, e)); err != nil {
		t.Fatal(err)
	}
	e.advance(e.Now.add(time.Minute))
	view := describe()
	containers, _ := view["containers"].([]any)
	if view["lastStatus"] != "STOPPED" || view["stopCode"] != "EssentialContainerExited" || containers[0].(map[string]any)["exitCode"] != json.Number("1") {
		t.Errorf("after 87 s: %v", view)
	}
	if log, apiErr := e.stream("/ecs/web", "ecs/web/"+job.ID); apiErr != nil || len(log) == 0 {
		t.Errorf("log %v, %v", log, apiErr)
	}
	if !listed(Document{"startedBy": "nightly", "desiredStatus": "STOPPED"}) {
		t.Error("the stopped task is not listed")
	}
	after, err := json.Marshal(e.web())
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the service has reacted, %v:\n%s\n%s", err, before, after)
	}
	e.advance(e.Now.add(remembered))
	if c := e.Clusters["default"]; c.task(job.ID) != nil || len(c.Gone) != 0 {
		t.Error("the task is remembered for more than an hour")
	}
}

// TestATaskOfItsOwnTakesAPlace: a task that nobody's service owns counts on its
// cluster, StopTask stops it, and a service that waits for the place gets it.
func TestATaskOfItsOwnTakesAPlace(t *testing.T) {
	slots := 4
	e := testEngine(t, func(w *World) { w.Clusters[0].TaskSlots = &slots })
	job, why := e.start(e.job("web:1"))
	if why != nil {
		t.Fatal(why)
	}
	if _, why := e.start(e.job("web:1")); why == nil {
		t.Error("a fifth task has a place among four")
	}
	e.advance(e.Now.add(time.Minute))
	if err := e.call("UpdateService", Document{"service": "web", "desiredCount": json.Number("4")}); err != nil {
		t.Fatal(err)
	}
	e.advance(e.Now.add(time.Minute))
	if n := len(e.web().tasks()); n != 3 {
		t.Fatalf("%d tasks of the service beside the other one", n)
	}
	if err := e.call("StopTask", Document{"task": job.ID}); err != nil {
		t.Fatal(err)
	}
	e.advance(e.Now.add(2 * time.Minute))
	if all, _ := tally(e.web().tasks()); all != 4 || job.Status != stopped || job.StopCode != "UserInitiated" {
		t.Errorf("%d tasks of the service, the other one %s (%s)", all, job.Status, job.StopCode)
	}
}

// TestATaskKeepsWhatItWasStartedWith whatever becomes of the service.
func TestATaskKeepsWhatItWasStartedWith(t *testing.T) {
	e := testEngine(t, func(w *World) { alarmed(true)(w) })
	old := e.web().tasks()[0]
	if err := e.call("UpdateService", Document{
		"service": "web", "loadBalancers": []any{}, "taskDefinition": "web:7",
		"networkConfiguration": map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []any{"subnet-2"}}},
	}); err != nil {
		t.Fatal(err)
	}
	e.advance(e.Now.add(20 * time.Second))
	tasks := e.web().tasks()
	if fresh := tasks[len(tasks)-1]; len(fresh.Balancers) != 0 || fresh.Subnets[0] != "subnet-2" {
		t.Errorf("the new task has %+v", fresh.order)
	}
	if old.Balancers[0].TargetGroup != testGroup || old.Subnets[0] != "subnet-1" || len(e.targets(testGroup)) != 3 {
		t.Errorf("the old task has %+v, the group %d targets", old.order, len(e.targets(testGroup)))
	}
}

func savedState(t *testing.T, e *engine) []byte {
	t.Helper()
	data, err := e.save()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestContainersInSteps plays the containers of a task at once, and again in
// steps with saving and loading in between: the state is the same.
func TestContainersInSteps(t *testing.T) {
	world := func(w *World) {
		w.TaskDefinitions = append(w.TaskDefinitions, Document{
			"family": "pod", "networkMode": "awsvpc", "requiresCompatibilities": []any{"FARGATE"}, "cpu": "256", "memory": "512",
			"containerDefinitions": []any{
				map[string]any{"name": "app", "image": "app", "dependsOn": []any{
					map[string]any{"containerName": "init", "condition": "SUCCESS"}, map[string]any{"containerName": "proxy", "condition": "HEALTHY"}}},
				map[string]any{"name": "init", "image": "init", "essential": false},
				map[string]any{"name": "proxy", "image": "proxy", "startTimeout": json.Number("60"), "healthCheck": map[string]any{"command": []any{"CMD", "true"}}},
			},
		})
	}
	begin := func() *engine {
		e := testEngine(t, world)
		network := map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []any{"subnet-1"}}}
		if err := e.call("RunTask", Document{"taskDefinition": "pod", "count": json.Number("2"), "launchType": "FARGATE", "networkConfiguration": network, "clientToken": "once"}); err != nil {
			t.Fatal(err)
		}
		return e
	}
	whole, steps := begin(), begin()
	end := whole.Now.add(2 * time.Minute)
	whole.advance(end)
	for steps.Now < end {
		steps.advance(steps.Now.add(time.Second))
		loaded, err := loadEngine(savedState(t, steps))
		if err != nil {
			t.Fatal(err)
		}
		steps = loaded
	}
	tasks := steps.Clusters["default"].owned("")
	if len(tasks) != 2 || tasks[0].Status != running || tasks[0].Containers[1].Exit == nil || tasks[0].StartedAt != tasks[0].CreatedAt+55100 {
		t.Fatalf("%+v", tasks[0])
	}
	if a, b := savedState(t, whole), savedState(t, steps); !bytes.Equal(a, b) {
		t.Error("the states differ")
	}
}
