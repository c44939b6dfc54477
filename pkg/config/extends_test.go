package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// chained are targets of which each extends the next, and the last one, if closed,
// the first.
func chained(count int, closed bool) string {
	var b strings.Builder
	b.WriteString("version: 1\ntargets:\n")
	for i := range count {
		fmt.Fprintf(&b, "  t%d:\n    env: {N%d: x}\n", i, i)
		if i+1 < count || closed {
			fmt.Fprintf(&b, "    extends: t%d\n", (i+1)%count)
		}
	}
	return b.String()
}

// TestExtendsIsLinear counts the steps from target to target.
func TestExtendsIsLinear(t *testing.T) {
	for _, closed := range []bool{false, true} {
		for _, backwards := range []bool{false, true} {
			const count = 20_000
			var names []string
			next := map[string]string{}
			for i := range count {
				names = append(names, fmt.Sprint(i))
				if i+1 < count || closed {
					next[fmt.Sprint(i)] = fmt.Sprint((i + 1) % count)
				}
			}
			if backwards {
				slices.Reverse(names)
			}
			steps := 0
			step := func(name string) string { steps++; return next[name] }
			found, deep := circles(names, step), depths(names, step)
			if steps > 2*count {
				t.Errorf("closed %v, backwards %v: %d steps for %d targets", closed, backwards, steps, count)
			}
			if wantCircles := map[bool]int{true: 1}[closed]; len(found) != wantCircles || closed && len(found[0]) != count {
				t.Errorf("closed %v: %d circles", closed, len(found))
			}
			if !closed && (deep["0"] != count-1 || deep[fmt.Sprint(count-1)] != 0) || closed && len(deep) != 0 {
				t.Errorf("closed %v: %d depths, the deepest %d", closed, len(deep), deep["0"])
			}
		}
	}
}

func TestLongWays(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"a ring":        {chained(5000, true), []string{"f.yaml:5:14: target t0 extends itself: t0 -> t1 -> t2 -> t3 -> t4 -> t5 -> (4989 more) -> t4995 -> t4996 -> t4997 -> t4998 -> t4999 -> t0"}},
		"a chain":       {chained(20_000, false), []string{"f.yaml:59699:14: target t19898 extends 101 targets, one after the other; the limit is 100"}},
		"the longest":   {chained(101, false), nil},
		"a tail":        {"version: 1\ntargets: {a: {extends: b}, b: {extends: c}, c: {extends: b}}\n", []string{"f.yaml:2:41: target b extends itself: b -> c -> b"}},
		"two rings":     {"version: 1\ntargets: {a: {extends: a}, b: {extends: c}, c: {extends: b}}\n", []string{"f.yaml:2:24: target a extends itself: a -> a", "f.yaml:2:41: target b extends itself: b -> c -> b"}},
		"extend":        {"version: 1\ntargets: {a: {}, b: {extend: a}}\n", []string{`f.yaml:2:22: unknown key "extend"; did you mean "extends"?`}},
		"in defaults":   {"version: 1\ndefaults: {extend: a}\n", nil},
		"listed once":   {"version: 1\ndefaults: {xyzzy: a}\ntargets: {a: {plugh: 1}}\n", nil},
		"missing often": {"version: 1\ntargets: {a: {extends: b}, b: {extends: zzzzzzzz}}\n", nil},
	} {
		_, err := ParseFile("f.yaml", []byte(test.text), "")
		switch {
		case test.want != nil && (err == nil || err.Error() != strings.Join(test.want, "\n")):
			t.Errorf("%s: %v", name, err)
		case name == "the longest" && err != nil:
			t.Errorf("%s: %v", name, err)
		case name == "in defaults" && (err == nil || strings.Contains(err.Error(), `"extends"`)):
			t.Errorf("%s: %v", name, err)
		case name == "listed once" && (err == nil || strings.Count(err.Error(), "; the known keys are") != 1):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkTargets reads a long chain and a large ring.
func BenchmarkTargets(b *testing.B) {
	for name, text := range map[string]string{"chain": chained(20_000, false), "ring": chained(5000, true)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = ParseFile("f.yaml", []byte(text), "")
			}
		})
	}
}
