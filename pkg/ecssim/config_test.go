package ecssim_test

// This file tests that what a newer ECS may know survives: members of a service
// that the simulator's types do not have.

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// posted sends a raw request and reads its answer.
func posted(t *testing.T, sim *ecssim.Simulator, operation, body string) map[string]any {
	t.Helper()
	code, text := post(t, sim, operation, body)
	var answer map[string]any
	if err := json.Unmarshal([]byte(text), &answer); err != nil || code != 200 {
		t.Fatalf("%s: %d %s", operation, code, text)
	}
	return answer
}

func theService(t *testing.T, sim *ecssim.Simulator) map[string]any {
	t.Helper()
	answer := posted(t, sim, "DescribeServices", `{"cluster":"demo","services":["web"]}`)
	return answer["services"].([]any)[0].(map[string]any)
}

const newer = `{"cluster":"demo","service":"web","rolloutPolicy":{"pace":"slow"},"deploymentConfiguration":{
	"minimumHealthyPercent":100,"maximumPercent":200,"strategy":"ROLLING","bakeTimeInMinutes":0,
	"deploymentCircuitBreaker":{"enable":true,"rollback":true,"cooldown":{"seconds":30}},
	"alarms":{"alarmNames":["a"],"enable":false,"rollback":false,"quorum":2},
	"lifecycleHooks":[{"hookTargetArn":"arn:aws:lambda:x","roleArn":"arn:r","lifecycleStages":["PRE_SCALE_UP"],"retries":3,
		"targetType":"AWS_LAMBDA","timeoutConfiguration":{"timeoutInMinutes":1440,"action":"ROLLBACK","warnAfter":60}}],
	"linearConfiguration":{"stepPercent":10.0},"canary2":{"percent":[1,2.50]}}}`

func TestUnknownMembersAreKept(t *testing.T) {
	for _, mode := range []string{"reset", "merge"} {
		sim, _ := demo(t, "healthy", func(w *ecssim.World) { w.Switches.PartialDeploymentConfiguration = mode })
		var given map[string]any
		if err := json.Unmarshal([]byte(newer), &given); err != nil {
			t.Fatal(err)
		}
		posted(t, sim, "UpdateService", newer)
		saved, err := sim.Save()
		if err != nil {
			t.Fatal(err)
		}
		if sim, err = ecssim.Load(saved); err != nil {
			t.Fatal(err)
		}
		s := theService(t, sim)
		if !reflect.DeepEqual(s["deploymentConfiguration"], given["deploymentConfiguration"]) || !reflect.DeepEqual(s["rolloutPolicy"], given["rolloutPolicy"]) {
			t.Errorf("%s: %v, %v", mode, s["deploymentConfiguration"], s["rolloutPolicy"])
		}
		if n := len(s["deployments"].([]any)); n != 1 {
			t.Errorf("%s: an unknown member started a deployment", mode)
		}
		posted(t, sim, "UpdateService", `{"cluster":"demo","service":"web","status":"GONE","deploymentConfiguration":{"maximumPercent":150}}`)
		s = theService(t, sim)
		config := s["deploymentConfiguration"].(map[string]any)
		_, whole := config["canary2"]
		cooldown := config["deploymentCircuitBreaker"].(map[string]any)["cooldown"]
		if kept := mode == "merge"; whole != kept || (cooldown != nil) != kept || config["maximumPercent"] != 150.0 {
			t.Errorf("%s, partly: %v", mode, config)
		}
		if s["rolloutPolicy"] == nil || s["status"] != "ACTIVE" {
			t.Errorf("%s: policy %v, status %v", mode, s["rolloutPolicy"], s["status"])
		}
	}
}

func TestUnknownMembersOfANewService(t *testing.T) {
	sim, _ := demo(t, "healthy")
	posted(t, sim, "CreateService", `{"cluster":"demo","serviceName":"other","taskDefinition":"web","desiredCount":0,"launchType":"FARGATE","novelty":[1],
		"networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"]}},"deploymentConfiguration":{"novelty":{"deep":null,"b":1}}}`)
	answer := posted(t, sim, "DescribeServices", `{"cluster":"demo","services":["other"]}`)
	s := answer["services"].([]any)[0].(map[string]any)
	if !reflect.DeepEqual(s["novelty"], []any{1.0}) || !reflect.DeepEqual(s["deploymentConfiguration"].(map[string]any)["novelty"], map[string]any{"b": 1.0}) {
		t.Errorf("%v, %v", s["novelty"], s["deploymentConfiguration"])
	}
}
