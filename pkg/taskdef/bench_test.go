package taskdef

import (
	"fmt"
	"strings"
	"testing"
)

// large is a definition of ten containers and some 60 KB: 80 variables each, in
// the order and with the values of a variant.
func large(t testing.TB, order, value int) Definition {
	var containers []string
	for c := range 10 {
		var variables []string
		for v := range 80 {
			variables = append(variables, fmt.Sprintf(`{"name": "VARIABLE_%d", "value": "a value of some length, number %d"}`, (v+order)%80, value))
		}
		containers = append(containers, fmt.Sprintf(`{"name": "container-%d", "image": "team/web:1", "essential": true, "portMappings": [{"containerPort": %d}],
			"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "web", "awslogs-region": "eu-west-1"}}, "environment": [%s]}`,
			c, 8000+c, strings.Join(variables, ", ")))
	}
	return described(t, `{"family": "web", "containerDefinitions": [`+strings.Join(containers, ", ")+`]}`)
}

// BenchmarkDiff compares definitions of 60 KB and ten containers: equal ones in
// another order, and ones in which each variable differs. The budget is 5 ms.
func BenchmarkDiff(b *testing.B) {
	for _, bench := range []struct {
		name         string
		value, found int
	}{{"equal", 1, 0}, {"all", 2, 800}} {
		b.Run(bench.name, func(b *testing.B) {
			first, second := large(b, 0, 1), large(b, 37, bench.value)
			text, err := first.MarshalJSON()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if found := Diff(first, second); len(found) != bench.found {
					b.Fatalf("%d differences, want %d", len(found), bench.found)
				}
			}
			b.ReportMetric(float64(len(text))/1024, "KB")
		})
	}
}

// BenchmarkParse reads a definition of 60 KB and ten containers: in one line, and
// as it is rendered.
func BenchmarkParse(b *testing.B) {
	d := large(b, 0, 1)
	line, err := d.MarshalJSON()
	if err != nil {
		b.Fatal(err)
	}
	lines, err := d.Indented()
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string][]byte{"line": line, "lines": lines} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(name, text, ParseOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
