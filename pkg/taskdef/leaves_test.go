package taskdef

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestEveryLeafCounts: whatever ECS knows of a definition, two values of it are two
// definitions, and so are one and none, but for the defaults of the table.
func TestEveryLeafCounts(t *testing.T) {
	leaves := 0
	var walk func(path string, s shape, in func(value any) any)
	walk = func(path string, s shape, in func(value any) any) {
		values := map[kind][]any{textKind: {"p", "q"}, numberKind: {json.Number("7"), json.Number("8")}, boolKind: {true, false}}[s.kind()]
		switch s.kind() {
		case objectKind:
			for _, name := range s.names() {
				member, _ := s.member(name)
				walk(path+"."+name, member, func(value any) any { return in(map[string]any{name: value}) })
			}
			return
		case listKind:
			walk(path+"[]", s.element(), func(value any) any { return in([]any{value}) })
			return
		case stringsKind:
			member, _ := s.member("")
			walk(path+".*", member, func(value any) any { return in(map[string]any{"x": value}) })
			return
		}
		if len(values) == 0 {
			t.Fatalf("%s is %s", path, s.kind())
		}
		leaves++
		of := func(value any) Definition { return Definition{doc: in(value).(map[string]any)} }
		if Equal(of(values[0]), of(values[1])) {
			t.Errorf("%s: %v and %v are one", path, values[0], values[1])
		}
		for _, value := range values {
			if Equal(of(value), Definition{doc: map[string]any{}}) != isTheDefault(path, value) {
				t.Errorf("%s: whether %v is the same as none is not what the table says", path, value)
			}
		}
	}
	walk("", registration(), func(value any) any { return value })
	if leaves < 100 {
		t.Errorf("only %d leaves", leaves)
	}
}

// isTheDefault reports whether the table says that a value is the same as none,
// with nothing beside it that would make its object something else than none.
func isTheDefault(path string, value any) bool {
	if strings.Contains(path, "[]") { // an element of a list is there, whatever is in it
		return false
	}
	for _, r := range rules {
		if "."+r.path == path {
			return r.absent == value
		}
	}
	return false
}
