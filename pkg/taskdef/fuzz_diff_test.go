package taskdef

import (
	"strings"
	"testing"
)

// FuzzDiff compares any two documents that ECS could answer with: there and
// back is the same, equal is no difference, and no secret is shown.
func FuzzDiff(f *testing.F) {
	seeds := []string{
		`{}`, `[]`, `{"containerDefinitions": null}`, `{"containerDefinitions": [null, 1, {"name": 1}]}`,
		`{"family": "web", "networkMode": "awsvpc", "cpu": "1 vCPU", "containerDefinitions": [{"name": "app", "image": "x:1",
			"portMappings": [{"containerPort": 80, "hostPort": 80}, {"containerPortRange": "90-91", "protocol": "udp"}],
			"environment": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}, {"name": ""}], "dockerLabels": {"a": "b"}}]}`,
		`{"family": "web", "containerDefinitions": [{"name": "environment", "image": "x:2", "environment": {"A": ["b"]},
			"command": ["run", "--password", "b", {"c": null}], "next": {"environment": []}}], "volumes": [{"name": "v", "host": {}}],
			"tags": [{"key": "token", "value": "b"}]}`,
	}
	for _, a := range seeds {
		for _, b := range seeds {
			f.Add(a, b)
		}
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		first, err := FromDescribe([]byte(`{"taskDefinition": ` + a + `}`))
		if err != nil {
			t.Skip()
		}
		second, err := FromDescribe([]byte(`{"taskDefinition": ` + b + `}`))
		if err != nil {
			t.Skip()
		}
		checkSymmetry(t, first, second)
		checkSymmetry(t, first, first)
		if !Equal(first, first) {
			t.Fatalf("differs from itself: %v", Diff(first, first))
		}
		if !strings.Contains(a+b, secretMarker) {
			plant(first.doc)
			plant(second.doc)
			checkSecrecy(t, first, second)
		}
	})
}
