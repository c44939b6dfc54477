package fleet

import (
	"fmt"
	"slices"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// graph is the order of members: for each, by its number, which must come before.
type graph [][]int

// graphOf is the order of members by their needs. Members that need each other are an
// error.
func graphOf(members []Member) (graph, error) {
	number := map[string]int{}
	for i, m := range members {
		number[m.Name] = i
	}
	g := make(graph, len(members))
	for i, m := range members {
		for _, name := range m.Needs {
			if j, ok := number[name]; ok {
				g[i] = append(g[i], j)
			}
		}
	}
	left := len(members)
	g.walk(walk{parallel: 1, do: func(int) bool { left--; return true }})
	if left > 0 {
		return nil, &deploy.UsageError{Problem: fmt.Sprintf("%d services need each other in a circle", left), Remedy: "remove one of their needs"}
	}
	return g, nil
}

// back is the same order the other way round, among some members.
func (g graph) back(in func(int) bool) graph {
	reversed := make(graph, len(g))
	for i, before := range g {
		for _, j := range before {
			if in(i) && in(j) {
				reversed[j] = append(reversed[j], i)
			}
		}
	}
	return reversed
}

// walk says how a graph is gone through.
type walk struct {
	// order are the members in the order in which they start where nothing else
	// decides; nil is that of their numbers.
	order []int
	// parallel is how many run at the same time.
	parallel int
	// stop, if not nil, is asked before each start: no more start after true.
	stop func() bool
	// do runs a member. Those that come after it start only after true.
	do func(int) bool
}

// walk runs each member after all that come before it, and returns when no member runs
// or can start any more. do is called by several goroutines at once, stop by one.
func (g graph) walk(w walk) {
	order := w.order
	if order == nil {
		for i := range g {
			order = append(order, i)
		}
	}
	type end struct {
		member int
		ok     bool
	}
	ends := make(chan end)
	waits, after := make([]int, len(g)), make([][]int, len(g))
	var ready []int // places in order, sorted
	for place, i := range order {
		waits[i] = len(g[i])
		for _, j := range g[i] {
			after[j] = append(after[j], place)
		}
		if waits[i] == 0 {
			ready = append(ready, place)
		}
	}
	running := 0
	for {
		for running < w.parallel && len(ready) > 0 && (w.stop == nil || !w.stop()) {
			i := order[ready[0]]
			ready = ready[1:]
			running++
			go func() { ends <- end{i, w.do(i)} }()
		}
		if running == 0 {
			return
		}
		ended := <-ends
		running--
		if !ended.ok {
			continue
		}
		for _, place := range after[ended.member] {
			if waits[order[place]]--; waits[order[place]] == 0 {
				at, _ := slices.BinarySearch(ready, place)
				ready = slices.Insert(ready, at, place)
			}
		}
	}
}
