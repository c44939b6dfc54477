package taskdef

import (
	"fmt"
	"strings"
	"testing"
)

// large is a definition of ten containers and some 60 KB; variants differ in
// every container.
func large(t testing.TB, variant int) Definition {
	var containers []string
	for c := range 10 {
		var variables []string
		for v := range 80 {
			variables = append(variables, fmt.Sprintf(`{"name": "VARIABLE_%d", "value": "a value of some length, number %d"}`, (v*37+variant)%80, (v*37+variant)%80))
		}
		containers = append(containers, fmt.Sprintf(`{"name": "container-%d", "image": "team/web:%d", "essential": true, "portMappings": [{"containerPort": %d}],
			"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web", "awslogs-region": "eu-west-1"}}, "environment": [%s]}`,
			c, variant, 8000+c, strings.Join(variables, ", ")))
	}
	return described(t, `{"family": "web", "containerDefinitions": [`+strings.Join(containers, ", ")+`]}`)
}

// BenchmarkDiff compares two definitions of 60 KB and ten containers; the budget
// is 5 ms.
func BenchmarkDiff(b *testing.B) {
	first, second := large(b, 1), large(b, 2)
	text, err := first.MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(text))/1024, "KB")
	b.ReportAllocs()
	for b.Loop() {
		if found := Diff(first, second); len(found) != 10 {
			b.Fatalf("ten images differ, not %v", found)
		}
	}
}
