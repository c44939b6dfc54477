package taskdef

// ECS fills in defaults when it stores a task definition, and does not keep the
// order of lists that are sets. This file brings a definition into a normal
// form in which such differences are gone, so that two definitions that mean
// the same are equal. The normal form is for comparing only; it is never
// registered.

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// listKeys says, for each list that is really a set, which member identifies
// an element.
var listKeys = map[string][]string{
	"containerDefinitions": {"name"},
	"environment":          {"name"},
	"secrets":              {"name"},
	"secretOptions":        {"name"},
	"properties":           {"name"},
	"volumes":              {"name"},
	"ulimits":              {"name"},
	"tags":                 {"key"},
	"mountPoints":          {"containerPath"},
	"portMappings":         {"containerPort", "containerPortRange", "protocol"},
	"systemControls":       {"namespace"},
	"dependsOn":            {"containerName"},
	"extraHosts":           {"hostname"},
	"volumesFrom":          {"sourceContainer"},
	"resourceRequirements": {"type"},
	"devices":              {"hostPath"},
	"tmpfs":                {"containerPath"},
}

// sets are lists of plain values whose order means nothing.
var sets = map[string]bool{"requiresCompatibilities": true, "add": true, "drop": true}

// normalised returns the definition in normal form.
func (d Definition) normalised() map[string]any {
	doc, _ := clone(d.doc).(map[string]any)
	fillDefaults(doc)
	normal, _ := normalise("", doc).(map[string]any)
	return normal
}

// fillDefaults makes explicit what ECS assumes, or drops it where absent means
// the same.
func fillDefaults(doc map[string]any) {
	for _, name := range []string{"cpu", "memory"} {
		if text, ok := doc[name].(string); ok {
			doc[name] = units(text)
		}
	}
	mode, _ := doc["networkMode"].(string)
	containers, _ := doc["containerDefinitions"].([]any)
	for _, element := range containers {
		container, ok := element.(map[string]any)
		if !ok {
			continue
		}
		dropDefault(container, "essential", true)
		dropDefault(container, "cpu", json.Number("0"))
		ports, _ := container["portMappings"].([]any)
		for _, element := range ports {
			if port, ok := element.(map[string]any); ok {
				fillPort(port, mode)
			}
		}
	}
}

// fillPort brings a port mapping to the form with an explicit protocol and
// without a host port that says nothing: 0 is a dynamic port, and in the
// network modes awsvpc and host it always equals the container port.
func fillPort(port map[string]any, mode string) {
	if _, ok := port["protocol"]; !ok {
		port["protocol"] = "tcp"
	}
	dropDefault(port, "hostPort", json.Number("0"))
	if mode == "awsvpc" || mode == "host" {
		delete(port, "hostPort")
	}
}

func dropDefault(object map[string]any, name string, value any) {
	if object[name] == value {
		delete(object, name)
	}
}

// units reads the forms that ECS accepts for task size, "1 vCPU" and "2 GB",
// as the plain numbers that it returns.
func units(text string) string {
	lower := strings.ToLower(strings.ReplaceAll(text, " ", ""))
	for _, suffix := range []string{"vcpu", "gb"} {
		number, found := strings.CutSuffix(lower, suffix)
		if !found {
			continue
		}
		if value, err := strconv.ParseFloat(number, 64); err == nil {
			return strconv.Itoa(int(math.Round(value * 1024)))
		}
	}
	return text
}

// normalise drops empty members and turns keyed lists into objects.
func normalise(name string, value any) any {
	switch value := value.(type) {
	case map[string]any:
		return normaliseObject(value)
	case []any:
		return normaliseList(name, value)
	}
	return value
}

func normaliseObject(object map[string]any) map[string]any {
	normal := make(map[string]any, len(object))
	for name, member := range object {
		if member = normalise(name, member); !isEmpty(member) {
			normal[name] = member
		}
	}
	return normal
}

func normaliseList(name string, list []any) any {
	if keys, ok := listKeys[name]; ok && allObjects(list) {
		normal := make(map[string]any, len(list))
		for _, element := range list {
			object := element.(map[string]any)
			key := keyOf(object, keys)
			for n := 2; ; n++ { // ECS does not promise that names are unique everywhere
				if _, taken := normal[key]; !taken {
					break
				}
				key = fmt.Sprintf("%s#%d", keyOf(object, keys), n)
			}
			normalElement := normaliseObject(object)
			for _, name := range keys {
				delete(normalElement, name) // its place says it
			}
			normal[key] = normalElement
		}
		return normal
	}
	normal := make([]any, 0, len(list))
	for _, element := range list {
		normal = append(normal, normalise("", element))
	}
	if sets[name] {
		slices.SortFunc(normal, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	return normal
}

func allObjects(list []any) bool {
	return !slices.ContainsFunc(list, func(element any) bool {
		_, ok := element.(map[string]any)
		return !ok
	})
}

func keyOf(object map[string]any, keys []string) string {
	var parts []string
	for _, key := range keys {
		if value, ok := object[key]; ok {
			parts = append(parts, fmt.Sprint(value))
		}
	}
	return strings.Join(parts, "/")
}

// isEmpty tells what ECS does not distinguish from an absent member.
func isEmpty(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case map[string]any:
		return len(value) == 0
	case []any:
		return len(value) == 0
	}
	return false
}
