package taskdef

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestCompareProperties: the laws of the comparison, for any definition.
func TestCompareProperties(t *testing.T) {
	documents := GeneratedDocuments()
	t.Run("itself", rapid.MakeCheck(func(rt *rapid.T) {
		doc := documents.Draw(rt, "document")
		if found := Diff(Definition{doc: doc}, reread(t, doc)); len(found) != 0 {
			rt.Fatalf("a definition differs from itself: %v", found)
		}
	}))
	t.Run("symmetry", rapid.MakeCheck(func(rt *rapid.T) {
		checkSymmetry(rt, Definition{doc: documents.Draw(rt, "a")}, Definition{doc: documents.Draw(rt, "b")})
	}))
	t.Run("order", rapid.MakeCheck(func(rt *rapid.T) {
		doc := documents.Draw(rt, "document")
		shuffled := shuffle(rt, doc, treatments()).(map[string]any)
		if found := Diff(Definition{doc: doc}, Definition{doc: shuffled}); len(found) != 0 {
			rt.Fatalf("order matters: %v", found)
		}
	}))
	t.Run("defaults", rapid.MakeCheck(func(rt *rapid.T) {
		doc := documents.Draw(rt, "document")
		filled := clone(doc).(map[string]any)
		fill(filled, filled, treatments(), func(path string) bool { return rapid.Bool().Draw(rt, path) })
		if found := Diff(Definition{doc: doc}, Definition{doc: filled}); len(found) != 0 {
			rt.Fatalf("a default matters: %v", found)
		}
	}))
	t.Run("one leaf", rapid.MakeCheck(func(rt *rapid.T) {
		doc := documents.Draw(rt, "document")
		edited := clone(doc).(map[string]any)
		changes := leaves(edited, nil)
		place := rapid.SampledFrom(slices.Sorted(maps.Keys(changes))).Draw(rt, "leaf")
		changes[place]()
		if len(Diff(Definition{doc: doc}, Definition{doc: edited})) == 0 {
			rt.Fatalf("a change of %s does not show", place)
		}
	}))
	t.Run("secrets", rapid.MakeCheck(func(rt *rapid.T) {
		a, b := documents.Draw(rt, "a"), documents.Draw(rt, "b")
		plant(a)
		plant(b)
		checkSecrecy(rt, Definition{doc: a}, Definition{doc: b})
	}))
}

func checkSymmetry(t rapid.TB, a, b Definition) {
	forth, back := Diff(a, b), Diff(b, a)
	for i := range back {
		back[i].Old, back[i].New = back[i].New, back[i].Old
	}
	if !slices.Equal(forth, back) {
		t.Fatalf("there and back differ:\n%v\n%v", forth, back)
	}
	if Equal(a, b) != (len(forth) == 0) || len(DiffInClear(a, b)) != len(forth) {
		t.Fatalf("equal is %t; %d differences, %d in clear", Equal(a, b), len(forth), len(DiffInClear(a, b)))
	}
}

// shuffle reorders the lists whose order means nothing.
func shuffle(t *rapid.T, value any, m *treatment) any {
	if m == nil {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		shuffled := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			shuffled[name] = shuffle(t, value[name], m.member(name))
		}
		return shuffled
	case []any:
		shuffled := make([]any, len(value))
		for i, element := range value {
			shuffled[i] = shuffle(t, element, m.elements())
		}
		if len(value) > 1 && (m.order == keyed || m.order == unordered) {
			return rapid.Permutation(shuffled).Draw(t, m.path)
		}
		return shuffled
	}
	return value
}

// fill writes out, if wanted, what is understood if it is absent.
func fill(object, doc map[string]any, m *treatment, wanted func(path string) bool) {
	for _, name := range slices.Sorted(maps.Keys(m.members)) {
		member := m.members[name]
		if _, ok := object[name]; !ok && wanted(member.path) {
			if value, ok := understood(object, doc, member); ok {
				object[name] = value
			}
		}
		switch value := object[name].(type) {
		case map[string]any:
			fill(value, doc, member, wanted)
		case []any:
			for _, element := range value {
				if element, ok := element.(map[string]any); ok && member.element != nil {
					fill(element, doc, member.element, wanted)
				}
			}
		}
	}
}

func understood(object, doc map[string]any, m *treatment) (value any, ok bool) {
	switch {
	case strings.HasSuffix(m.path, ".hostPort") && object["containerPort"] != nil && (doc["networkMode"] == "awsvpc" || doc["networkMode"] == "host"):
		return object["containerPort"], true // as ECS itself writes it
	case m.absent != nil:
		return clone(m.absent), m.implied == nil || m.implied(m.absent, object, doc)
	case m.kind == listKind:
		return []any{}, true
	case m.kind == objectKind || m.kind == stringsKind:
		return map[string]any{}, !m.keptEmpty
	}
	return nil, false
}

// leaves are functions that change one leaf each, by its place.
func leaves(value any, place []string) map[string]func() {
	found := map[string]func(){}
	add := func(name string, element any, set func(any)) {
		inside := append(slices.Clip(place), name)
		switch element := element.(type) {
		case string:
			found[strings.Join(inside, " ")] = func() { set(element + "x") }
		case bool:
			found[strings.Join(inside, " ")] = func() { set(!element) }
		case json.Number:
			found[strings.Join(inside, " ")] = func() {
				n, err := strconv.Atoi(string(element))
				if err != nil {
					n = 4711
				}
				set(json.Number(strconv.Itoa(n + 1)))
			}
		default:
			maps.Copy(found, leaves(element, inside))
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			add(name, member, func(changed any) { value[name] = changed })
		}
	case []any:
		for i, element := range value {
			add(strconv.Itoa(i), element, func(changed any) { value[i] = changed })
		}
	}
	return found
}

const secretMarker = "correct-horse-battery-staple"

// plant writes secrets where definitions hold them.
func plant(doc map[string]any) {
	containers, _ := doc["containerDefinitions"].([]any)
	for _, element := range containers {
		container, ok := element.(map[string]any)
		if !ok {
			continue
		}
		variables, _ := container["environment"].([]any)
		for _, variable := range variables {
			if variable, ok := variable.(map[string]any); ok {
				variable["value"] = secretMarker
			}
		}
		container["logConfiguration"] = map[string]any{"logDriver": "splunk", "options": map[string]any{
			fmt.Sprintf("splunk-token-%d", len(variables)): secretMarker,
		}}
		container["unheardOf"] = []any{map[string]any{"a": secretMarker, "n": json.Number(strconv.Itoa(len(variables)))}}
	}
}

func checkSecrecy(t rapid.TB, a, b Definition) {
	found := Diff(a, b)
	text, err := encode(found, "")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text)+fmt.Sprint(found), secretMarker) {
		t.Fatalf("a secret is shown: %s", text)
	}
}
