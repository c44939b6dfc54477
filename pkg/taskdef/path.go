package taskdef

// Where a value is: in the definition, and in the text from which it was read.

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// path is a place in a definition: containerDefinitions[0].image.
type path []string

func (p *path) push(name string) { *p = append(*p, name) }
func (p *path) index(i int)      { *p = append(*p, "["+strconv.Itoa(i)+"]") }
func (p *path) pop()             { *p = (*p)[:len(*p)-1] }

// String writes the path as tools that query JSON do.
func (p path) String() string { return p.join(func(step string) string { return step }) }

// pattern is the path for every element of its lists: containerDefinitions[].image.
func (p path) pattern() string {
	return p.join(func(step string) string {
		if step[:min(1, len(step))] == "[" {
			return "[]"
		}
		return step
	})
}

func (p path) join(write func(string) string) string {
	var b strings.Builder
	for i, step := range p {
		if i > 0 && !strings.HasPrefix(step, "[") {
			b.WriteByte('.')
		}
		b.WriteString(write(step))
	}
	return b.String()
}

// forShell reports whether what is here is mostly read by a shell.
func (p path) forShell() bool {
	return slices.ContainsFunc(p, func(step string) bool { return step == "command" || step == "entryPoint" })
}

// forImage reports whether what is here is a container's image.
func (p path) forImage() bool { return p.pattern() == "containerDefinitions[].image" }

// placedDepth is how deep a value's place is kept: that of a port of a container is. A
// text with aliases may be very much deeper.
const placedDepth = 5

// place is where a value stands in a text, counted from 1.
type place struct{ line, column int }

// origin is the text from which a definition was read.
type origin struct {
	source string
	places map[string]place // by path
}

// at is the place of a path, or that of the nearest thing around it.
func (o *origin) at(where string) place {
	for o != nil && where != "" {
		if found, ok := o.places[where]; ok {
			return found
		}
		where = where[:max(0, strings.LastIndexAny(where, ".["))]
	}
	return place{}
}

// ownerPlaces are the objects of the schema that have a field, by its name.
var ownerPlaces = sync.OnceValue(func() map[string][]string {
	owners := map[string][]string{}
	var walk func(t *treatment)
	walk = func(t *treatment) {
		for name, member := range t.members {
			owners[name] = append(owners[name], t.path)
			walk(member)
		}
		if t.element != nil {
			walk(t.element)
		}
	}
	walk(treatments())
	for _, paths := range owners {
		slices.SortFunc(paths, func(a, b string) int {
			return cmp.Or(cmp.Compare(strings.Count(a, ".")+strings.Count(a, "["), strings.Count(b, ".")+strings.Count(b, "[")), cmp.Compare(a, b))
		})
	}
	return owners
})

// ownersOf names the objects that have a field of this name, or is "": where there are
// none, or so many that the name says nothing.
func ownersOf(field string) string {
	const few = 3
	paths := ownerPlaces()[field]
	if len(paths) > few {
		return ""
	}
	names := make([]string, len(paths))
	for i, at := range paths {
		names[i] = ownerName(at)
	}
	return strings.Join(slices.Compact(names), " and ")
}

// ownerName is what people call the object at a path of the schema.
func ownerName(at string) string {
	switch at {
	case "":
		return "the task"
	case "containerDefinitions[]":
		return "a container"
	}
	return strings.TrimSuffix(at[strings.LastIndexByte(at, '.')+1:], "[]")
}
