package taskdef

// ECS fills in defaults when it stores a task definition, and does not keep the
// order of lists that are sets. This file brings a definition into a normal
// form in which such differences are gone, so that two definitions that mean
// the same are equal. The normal form is for comparing only; it is never
// registered, and shares what it can with the definition.

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

// entry is an element of a keyed list.
type entry struct {
	key    string // what tells it apart
	name   string // the same, with a number if others have the same key
	object map[string]any
}

// entries is the normal form of a keyed list, sorted by key. Elements of one key
// keep their order: of two variables of one name the later one wins.
type entries []entry

// MarshalJSON writes the list as a task definition has it.
func (e entries) MarshalJSON() ([]byte, error) {
	objects := make([]any, len(e))
	for i := range e {
		objects[i] = e[i].object
	}
	return encode(objects, "")
}

// normaliser makes the normal form of one definition.
type normaliser struct{ doc map[string]any }

// normalised returns the definition in normal form.
func (d Definition) normalised() map[string]any {
	return normaliser{d.doc}.object(d.doc, treatments())
}

func (n normaliser) value(value any, t *treatment) any {
	if t == nil {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		if t.kind == objectKind || t.kind == stringsKind {
			return n.object(value, t)
		}
	case []any:
		if t.kind == listKind {
			return n.list(value, t)
		}
	case json.Number:
		if t.kind == numberKind {
			return plainNumber(value)
		}
	case string:
		if t.spelling != nil {
			return t.spelling(value)
		}
	}
	return value
}

// object leaves out what means the same as nothing.
func (n normaliser) object(object map[string]any, t *treatment) map[string]any {
	normal := make(map[string]any, len(object))
	for name, value := range object {
		member := t.member(name)
		value = n.value(value, member)
		if isEmpty(value, member) || member != nil && n.isDefault(value, object, member) {
			continue
		}
		normal[name] = value
	}
	return normal
}

// isEmpty tells what ECS does not distinguish from an absent member. Of a list
// that the schema does not know too: ECS answers with an empty one if none
// was given, as it once began to do for systemControls.
func isEmpty(value any, t *treatment) bool {
	switch value := value.(type) {
	case nil:
		return true
	case entries:
		return len(value) == 0
	case []any:
		return len(value) == 0 && (t == nil || t.kind == listKind)
	case map[string]any:
		return len(value) == 0 && t != nil && (t.kind == objectKind || t.kind == stringsKind) && !t.keptEmpty
	}
	return false
}

func (n normaliser) isDefault(value any, object map[string]any, t *treatment) bool {
	switch {
	case t.absent == nil:
		return false
	case t.implied != nil:
		return t.implied(value, object, n.doc)
	}
	return same(value, t.absent)
}

func (n normaliser) list(list []any, t *treatment) any {
	if t.order == keyed && allObjects(list) {
		return n.entries(list, t)
	}
	normal := make([]any, len(list))
	for i, element := range list {
		normal[i] = n.value(element, t.element)
	}
	if t.order == unordered {
		slices.SortFunc(normal, func(a, b any) int { return strings.Compare(exactly(a), exactly(b)) })
	}
	return normal
}

func (n normaliser) entries(list []any, t *treatment) entries {
	normal := make(entries, len(list))
	for i, element := range list {
		object := n.object(element.(map[string]any), t.element)
		key := identity(object, t)
		normal[i] = entry{key: key, name: key, object: object}
	}
	slices.SortStableFunc(normal, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	for i, nth := 1, 1; i < len(normal); i++ {
		if nth++; normal[i].key != normal[i-1].key {
			nth = 1
		}
		if nth > 1 {
			normal[i].name += "#" + strconv.Itoa(nth)
		}
	}
	return normal
}

// identity is what tells an element of a keyed list apart: "LOG_LEVEL", "80/tcp".
func identity(object map[string]any, t *treatment) string {
	if text, ok := object[t.keys[0]].(string); ok && len(t.keys) == 1 && text != "" {
		return text // as nearly everywhere
	}
	var parts []string
	for _, member := range t.keys {
		value := object[member]
		if value == nil {
			value = t.element.members[member].absent
		}
		if value != nil {
			parts = append(parts, plainText(value))
		}
	}
	return cmp.Or(strings.Join(parts, "/"), `""`)
}

// exactly writes a JSON value in the one way that stands for it.
func exactly(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(value)
	case json.Number:
		return string(value)
	}
	text, err := encode(value, "")
	if err != nil {
		return err.Error() // a definition holds what JSON can say
	}
	return string(text)
}

func allObjects(list []any) bool {
	return !slices.ContainsFunc(list, func(element any) bool {
		_, ok := element.(map[string]any)
		return !ok
	})
}

// plainNumber writes whole numbers in the plain way: 1e3 and 1000.0 are 1000.
func plainNumber(number json.Number) json.Number {
	if !strings.ContainsAny(string(number), ".eE-") {
		return number
	}
	value, err := number.Float64()
	if err != nil || value != math.Trunc(value) || math.Abs(value) > 1<<53 {
		return number
	}
	return json.Number(strconv.FormatInt(int64(value), 10))
}

// units reads the forms that ECS accepts for task size, "1 vCPU" and "2 GB",
// as the plain numbers that it returns.
func units(text string) string {
	lower := strings.ToLower(strings.ReplaceAll(text, " ", ""))
	for _, suffix := range []string{"vcpu", "gb"} {
		number, found := strings.CutSuffix(lower, suffix)
		if !found || strings.Trim(number, "0123456789.") != "" {
			continue
		}
		if value, err := strconv.ParseFloat(number, 64); err == nil && value < 1<<30 {
			return strconv.Itoa(int(math.Round(value * 1024)))
		}
	}
	return text
}
