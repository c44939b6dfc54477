package ecssim

// This file is the model of ECS's JSON: the names and types of the members of
// each operation's input, read from the SDK's types, so that the simulator has
// no second list of them. Members that the model lacks are accepted, as by ECS.

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// shape is the type of a JSON value. The zero shape accepts any value.
type shape struct {
	name    string            // of the structure in the SDK
	scalar  string            // "String", "Integer", "Double", "Boolean", as ECS's errors name them
	values  []string          // of an enum
	list    *shape            // a list of these
	mapOf   *shape            // an object with any keys
	members map[string]*shape // an object with these members
}

var shapes sync.Map // of reflect.Type to *shape

// shapeOf is the shape of an SDK type.
func shapeOf(t reflect.Type) *shape {
	if known, ok := shapes.Load(t); ok {
		return known.(*shape)
	}
	s := &shape{}
	switch kind := t.Kind(); {
	case kind == reflect.Pointer:
		s = shapeOf(t.Elem())
	case t == reflect.TypeFor[time.Time](), kind == reflect.Float32, kind == reflect.Float64:
		s.scalar = "Double"
	case kind == reflect.String:
		s.scalar, s.values = "String", enumValues(t)
	case kind == reflect.Bool:
		s.scalar = "Boolean"
	case kind == reflect.Int32, kind == reflect.Int64:
		s.scalar = "Integer"
	case kind == reflect.Slice:
		s.list = shapeOf(t.Elem())
	case kind == reflect.Map:
		s.mapOf = shapeOf(t.Elem())
	case kind == reflect.Struct:
		s.name, s.members = t.Name(), map[string]*shape{}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				s.members[memberName(f.Name)] = shapeOf(f.Type)
			}
		}
	}
	shapes.Store(t, s)
	return s
}

// memberName is the JSON name of an SDK field: AwsvpcConfiguration is
// awsvpcConfiguration.
func memberName(field string) string { return strings.ToLower(field[:1]) + field[1:] }

// enumValues are the values of an SDK enum, or nil for any other text.
func enumValues(t reflect.Type) []string {
	method := reflect.New(t).Elem().MethodByName("Values")
	if !method.IsValid() {
		return nil
	}
	var values []string
	list := method.Call(nil)[0]
	for i := range list.Len() {
		values = append(values, list.Index(i).String())
	}
	return values
}

// dropLookalikes removes members whose names differ from a member's only in
// case: ECS does not know them, and encoding/json would take them.
func (s *shape) dropLookalikes(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if s.list != nil {
				s.list.dropLookalikes(e)
			}
		}
	case map[string]any:
		for key, e := range v {
			member := s.mapOf
			if s.members != nil {
				member = s.members[key]
			}
			switch {
			case member != nil:
				member.dropLookalikes(e)
			case s.looksLikeMember(key):
				delete(v, key)
			}
		}
	}
}

func (s *shape) looksLikeMember(key string) bool {
	for member := range s.members {
		if strings.EqualFold(member, key) {
			return true
		}
	}
	return false
}

// checkTypes finds the first value of the wrong JSON type.
func (s *shape) checkTypes(v any) *apiError {
	switch {
	case s.list != nil:
		list, ok := v.([]any)
		if !ok {
			return kindMismatch(kindOf(v), "a list")
		}
		for _, e := range list {
			if err := s.list.checkTypes(e); err != nil {
				return err
			}
		}
	case s.mapOf != nil || s.members != nil:
		m, ok := v.(map[string]any)
		if !ok {
			return kindMismatch(kindOf(v), "a structure")
		}
		for _, key := range sortedKeys(m) {
			member := s.mapOf
			if s.members != nil {
				member = s.members[key]
			}
			if member == nil {
				continue
			}
			if err := member.checkTypes(m[key]); err != nil {
				return err
			}
		}
	case s.scalar != "":
		return s.checkScalar(v)
	}
	return nil
}

func (s *shape) checkScalar(v any) *apiError {
	got := kindOf(v)
	want := map[string]string{
		"String": "STRING_VALUE", "Integer": "NUMBER_VALUE", "Double": "NUMBER_VALUE", "Boolean": "BOOLEAN_VALUE",
	}[s.scalar]
	if got != want {
		return kindMismatch(got, s.scalar)
	}
	if _, err := strconv.ParseInt(numberText(v), 10, 64); s.scalar == "Integer" && err != nil {
		return kindMismatch("NUMBER_VALUE", s.scalar) // assumed text: a number with a fraction
	}
	return nil
}

// spelled is a member's name as ECS's texts have it: launchType is "launch type".
func spelled(member string) string {
	var b strings.Builder
	for _, r := range member {
		if unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// kindOf is the name of a JSON type in ECS's serialization errors.
func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "STRING_VALUE"
	case bool:
		return "BOOLEAN_VALUE"
	case []any:
		return "START_ARRAY"
	case map[string]any:
		return "START_OBJECT"
	default:
		return "NUMBER_VALUE"
	}
}

// number is a JSON value as an int, or fallback if it is not a number.
func number(v any, fallback int) int {
	text := numberText(v)
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return int(f)
	}
	return fallback
}

// numberText is a JSON number, or a text, as it is written.
func numberText(v any) string {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	}
	return ""
}
