package ecssim

// This file measures how quick large and old worlds are:
//
//	go test ./pkg/ecssim -run none -bench . -benchtime 3x

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// largeWorld is a cluster with many services of 25 tasks each; on container
// instances if it has some.
func largeWorld(services, instances int) World {
	w := World{Clusters: []ClusterSpec{{Name: "large"}}, TaskDefinitions: []Document{{
		"family": "web", "networkMode": "awsvpc", "cpu": "256", "memory": "512", "requiresCompatibilities": []any{"FARGATE"},
		"containerDefinitions": []any{map[string]any{"name": "web", "image": "web:1"}},
	}}}
	launchType := "FARGATE"
	if instances > 0 {
		launchType = "EC2"
		w.TaskDefinitions[0]["cpu"], w.TaskDefinitions[0]["memory"] = "64", "128"
		delete(w.TaskDefinitions[0], "requiresCompatibilities")
		w.Clusters[0].ContainerInstances = []InstanceSpec{{Count: instances, CPU: 25 * 64 * services / instances * 2, Memory: 25 * 128 * services / instances * 2}}
	}
	for i := range services {
		w.Services = append(w.Services, Document{
			"serviceName": fmt.Sprintf("web-%04d", i), "cluster": "large", "taskDefinition": "web", "desiredCount": 25, "launchType": launchType,
			"networkConfiguration": map[string]any{"awsvpcConfiguration": map[string]any{"subnets": []any{"subnet-1"}}},
		})
	}
	return w
}

func largeEngine(b *testing.B, services, instances int) *engine {
	b.Helper()
	e, err := newEngine(largeWorld(services, instances), time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// ask serves a request as it comes over the wire.
func (e *engine) ask(b *testing.B, operation string, input Document) []byte {
	body, err := json.Marshal(input)
	if err != nil {
		b.Fatal(err)
	}
	r := e.respond(wireRequest{method: "POST", target: targetPrefix + operation, body: body}, fate{})
	if r.status != 200 {
		b.Fatalf("%s: %s", operation, r.body)
	}
	return r.body
}

// BenchmarkNew makes a world of 2,000 services and 50,000 tasks.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		largeEngine(b, 2000, 0)
	}
}

// BenchmarkNewOnInstances makes 20,000 tasks on 100 container instances.
func BenchmarkNewOnInstances(b *testing.B) {
	for b.Loop() {
		largeEngine(b, 800, 100)
	}
}

// BenchmarkLoad reads the saved state of 2,000 services and 50,000 tasks.
func BenchmarkLoad(b *testing.B) {
	data, err := largeEngine(b, 2000, 0).save()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := loadEngine(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRequests(b *testing.B) {
	e := largeEngine(b, 2000, 0)
	var names []any
	for i := range 10 {
		names = append(names, fmt.Sprintf("web-%04d", i*100))
	}
	var page struct {
		Tasks []any  `json:"taskArns"`
		Next  string `json:"nextToken"`
	}
	if err := json.Unmarshal(e.ask(b, "ListTasks", Document{"cluster": "large"}), &page); err != nil {
		b.Fatal(err)
	}
	for name, input := range map[string]Document{
		"DescribeServices": {"cluster": "large", "services": names},
		"DescribeTasks":    {"cluster": "large", "tasks": page.Tasks},
		"ListTasks":        {"cluster": "large", "family": "web", "nextToken": page.Next},
		"ListServices":     {"cluster": "large", "maxResults": 100},
		"DescribeClusters": {"clusters": []any{"large"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				e.ask(b, name, input)
			}
		})
	}
}

// BenchmarkListAllTasks lists 50,000 tasks page by page.
func BenchmarkListAllTasks(b *testing.B) {
	e := largeEngine(b, 2000, 0)
	for b.Loop() {
		input := Document{"cluster": "large"}
		for {
			var page struct {
				Next string `json:"nextToken"`
			}
			if err := json.Unmarshal(e.ask(b, "ListTasks", input), &page); err != nil {
				b.Fatal(err)
			}
			if page.Next == "" {
				break
			}
			input["nextToken"] = page.Next
		}
	}
}

// BenchmarkRollouts deploys 200 of 2,000 services at once, and looks at ten of
// them every second at speed 20 until they are done. What is reported is the
// slowest request, with all that it had to play.
func BenchmarkRollouts(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		e := largeEngine(b, 2000, 0)
		b.StartTimer()
		var slowest time.Duration
		timed := func(operation string, input Document) {
			began := time.Now()
			e.ask(b, operation, input)
			slowest = max(slowest, time.Since(began))
		}
		for i := range 200 {
			timed("UpdateService", Document{"cluster": "large", "service": fmt.Sprintf("web-%04d", i), "forceNewDeployment": true})
		}
		for i := range 30 {
			var names []any
			for j := range 10 {
				names = append(names, fmt.Sprintf("web-%04d", (10*i+j)%200))
			}
			began := time.Now()
			e.advance(e.Now.add(20 * time.Second))
			e.ask(b, "DescribeServices", Document{"cluster": "large", "services": names})
			slowest = max(slowest, time.Since(began))
		}
		b.ReportMetric(float64(slowest.Microseconds())/1000, "slowest-ms")
	}
}

// BenchmarkCrashLoop leaves a service whose tasks crash alone for ten years.
func BenchmarkCrashLoop(b *testing.B) {
	for name, images := range map[string][]ImageRule{
		"exits":      {{Match: "*", Behaviour: Exits}},
		"cannotPull": {{Match: "*", Behaviour: CannotPull}},
		"unhealthy":  {{Match: "*", Behaviour: Unhealthy}},
		"flaps":      {{Match: "*", Behaviour: Exits, After: Duration(time.Minute)}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w := largeWorld(1, 0)
				w.Images = images
				w.Services[0]["desiredCount"] = 2
				w.Services[0]["loadBalancers"] = []any{map[string]any{"targetGroupArn": testGroup, "containerName": "web", "containerPort": 80}}
				w.TaskDefinitions[0]["containerDefinitions"].([]any)[0].(map[string]any)["portMappings"] = []any{map[string]any{"containerPort": 80}}
				e, err := newEngine(w, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
				if err != nil {
					b.Fatal(err)
				}
				e.ask(b, "UpdateService", Document{"cluster": "large", "service": "web-0000", "forceNewDeployment": true})
				e.advance(e.Now.add(10 * 365 * 24 * time.Hour))
			}
		})
	}
}
