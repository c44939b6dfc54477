package ecssim

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// Served are the names of the operations that the simulator serves.
func Served() []string { return sortedKeys(operations()) }

// Strays finds what is in an answer and not in the SDK's model of it: members,
// types and values of enums.
func Strays(output reflect.Type, body []byte) []string {
	var doc Document
	if err := json.Unmarshal(body, &doc); err != nil {
		return []string{err.Error()}
	}
	model := shapeOf(output)
	found := model.strays("", map[string]any(doc))
	if err := model.checkTypes(map[string]any(doc)); err != nil {
		found = append(found, err.Error())
	}
	return found
}

func (s *shape) strays(path string, v any) []string {
	var found []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if s.list != nil {
				found = append(found, s.list.strays(path+"[]", e)...)
			}
		}
	case map[string]any:
		for key, e := range v {
			switch {
			case s.mapOf != nil:
				found = append(found, s.mapOf.strays(path+".*", e)...)
			case s.members == nil: // a union or a document
			case s.members[key] == nil:
				found = append(found, path+"."+key)
			default:
				found = append(found, s.members[key].strays(path+"."+key, e)...)
			}
		}
	case string:
		if s.values != nil && !slices.Contains(s.values, v) {
			found = append(found, fmt.Sprintf("%s=%s", path, v))
		}
	}
	return found
}
