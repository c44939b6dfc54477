package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// Shard is a share of the members of a run: the Index-th of Of, from 1. Several
// processes take a share each.
type Shard struct{ Index, Of int }

// ParseShard reads a share in the form I/N, such as 2/4.
func ParseShard(text string) (Shard, error) {
	index, of, _ := strings.Cut(text, "/")
	s := Shard{}
	var err1, err2 error
	s.Index, err1 = strconv.Atoi(index)
	s.Of, err2 = strconv.Atoi(of)
	if err1 != nil || err2 != nil || s.Index < 1 || s.Index > s.Of {
		return Shard{}, &deploy.UsageError{Problem: fmt.Sprintf("%q is not a share of the targets", text), Remedy: "write it as I/N, for example --shard 1/4 to --shard 4/4"}
	}
	return s, nil
}

// Share are the names that belong to the shard, in their order. needs are the names that
// a name needs; names that are connected by their needs stay together. The shares of
// the same names are always the same, together they are all names, and they are as even
// as the needs allow.
func (s Shard) Share(names []string, needs func(string) []string) []string {
	groups := connected(names, needs)
	slices.SortStableFunc(groups, func(a, b []string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(slices.Min(a), slices.Min(b)))
	})
	sizes := make([]int, s.Of)
	mine := map[string]bool{}
	for _, group := range groups {
		smallest := slices.Index(sizes, slices.Min(sizes))
		sizes[smallest] += len(group)
		for _, name := range group {
			mine[name] = smallest == s.Index-1
		}
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !mine[name] })
}

// connected are the names, those together that need each other, directly or not.
func connected(names []string, needs func(string) []string) [][]string {
	parent := map[string]string{}
	for _, name := range names {
		parent[name] = name
	}
	var top func(string) string
	top = func(name string) string {
		if parent[name] != name {
			parent[name] = top(parent[name])
		}
		return parent[name]
	}
	for _, name := range names {
		for _, other := range needs(name) {
			if _, chosen := parent[other]; chosen {
				parent[top(name)] = top(other)
			}
		}
	}
	at := map[string]int{}
	var groups [][]string
	for _, name := range names {
		root := top(name)
		if _, known := at[root]; !known {
			at[root] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[root]] = append(groups[at[root]], name)
	}
	return groups
}
