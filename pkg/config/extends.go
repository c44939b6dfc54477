package config

// Targets that extend others: those others exist, no target extends itself, and
// the chains are not longer than anybody needs.

import (
	"fmt"
	"slices"
	"strings"
)

// extensions makes sure that each target extends one that exists, and none
// itself. Each target is looked at a few times, however long the chains are.
func (r *fileReader) extensions() {
	names := r.file.Targets()
	missing := 0
	for _, name := range names {
		l := r.file.targets[name]
		if l.extends == nil || r.file.targets[l.extends.name] != nil {
			continue
		}
		text := fmt.Sprintf("target %s extends %q, which does not exist", name, l.extends.name)
		if missing++; missing <= meantLimit { // to look for what is meant takes its time
			text += "; " + among("targets", l.extends.name, names)
		}
		r.problem(l.extends.node, text)
		l.extends = nil
	}
	for _, circle := range circles(names, r.file.extended) {
		r.problem(r.file.targets[circle[0]].extends.node, fmt.Sprintf("target %s extends itself: %s", circle[0], way(append(circle, circle[0]))))
	}
	for name, depth := range depths(names, r.file.extended) {
		if depth == depthLimit+1 { // those above it are too deep because of it
			r.problem(r.file.targets[name].extends.node, fmt.Sprintf("target %s extends %d targets, one after the other; the limit is %d", name, depth, depthLimit))
		}
	}
}

// depthLimit is how many targets may extend each other in a row, so that to merge
// them takes no longer than to read them.
const depthLimit = 100

// meantLimit is for how many targets that do not exist others are suggested.
const meantLimit = 10

// depths are how many targets each of them extends, one after the other. Those of a
// circle, and those that lead to one, are left out.
func depths(names []string, next func(string) string) map[string]int {
	depth, met := map[string]int{}, map[string]bool{}
	for _, start := range names {
		var way []string
		at := start
		for ; at != "" && !met[at]; at = next(at) {
			met[at] = true
			way = append(way, at)
		}
		below, ends := depth[at]
		if at == "" {
			below, ends = -1, true
		}
		for _, name := range slices.Backward(way) {
			if below++; ends {
				depth[name] = below
			}
		}
	}
	return depth
}

// extended is the name of the target that a target extends, or "".
func (f File) extended(name string) string {
	if l := f.targets[name]; l != nil && l.extends != nil {
		return l.extends.name
	}
	return ""
}

// circles are the ways that come back to where they begin, each from that of its
// names which stands first.
func circles(names []string, next func(string) string) [][]string {
	var found [][]string
	rank := make(map[string]int, len(names))
	for i, name := range names {
		rank[name] = i
	}
	walk, position := map[string]int{}, map[string]int{} // in which walk a name was met, and where in it
	for i, start := range names {
		var met []string
		at := start
		for ; at != "" && walk[at] == 0; at = next(at) {
			walk[at], position[at] = i+1, len(met)
			met = append(met, at)
		}
		if at == "" || walk[at] != i+1 {
			continue // it ends, or leads to what was looked at before
		}
		circle := met[position[at]:]
		from := 0
		for i, name := range circle {
			if rank[name] < rank[circle[from]] {
				from = i
			}
		}
		found = append(found, slices.Concat(circle[from:], circle[:from]))
	}
	return found
}

// wayLength is how many names of a way are shown.
const wayLength = 12

// way shows a way from target to target. Of a long one the middle is left out.
func way(names []string) string {
	if over := len(names) - wayLength; over > 0 {
		names = slices.Concat(names[:wayLength/2], []string{fmt.Sprintf("(%d more)", over)}, names[len(names)-wayLength/2:])
	}
	return strings.Join(names, " -> ")
}
