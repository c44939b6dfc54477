package taskdef

// Definitions for property tests: they follow the SDK's schema, hold the values
// that the table of rules speaks of often enough to matter, and have unknown
// members at every level.

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// GeneratedDocuments draws the JSON documents of task definitions. All have a
// family, and containers with names and images; no two elements of a keyed list
// have the same identity.
func GeneratedDocuments() *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		doc := drawValue(t, treatments()).(map[string]any)
		doc["family"] = rapid.SampledFrom([]string{"web", "batch"}).Draw(t, "family")
		containers := []any{}
		for _, name := range rapid.SliceOfNDistinct(drawnName(), 1, 3, rapid.ID[string]).Draw(t, "containers") {
			container := drawValue(t, treatments().members["containerDefinitions"].element).(map[string]any)
			container["name"] = "c" + name
			container["image"] = rapid.SampledFrom([]string{"team/web:1", "nginx", "docker.io/library/nginx"}).Draw(t, "image")
			containers = append(containers, container)
		}
		doc["containerDefinitions"] = containers
		return doc
	})
}

// drawnName draws what containers, variables and labels are called, also what
// the members of a definition are called.
func drawnName() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"environment", "secrets", "name", "value", "image", "a.b", "a/b", "A#2", "", "API_KEY", "containerDefinitions", "log opt"}),
		rapid.StringMatching(`[A-Z_]{1,6}`),
	)
}

func drawValue(t *rapid.T, m *treatment) any {
	if special, ok := drawSpecial(t, m); ok {
		return special
	}
	switch m.kind {
	case textKind:
		return strings.ToValidUTF8(rapid.StringN(0, 8, 24).Draw(t, m.path), "?")
	case numberKind:
		return json.Number(strconv.Itoa(rapid.IntRange(0, 70000).Draw(t, m.path)))
	case boolKind:
		return rapid.Bool().Draw(t, m.path)
	case stringsKind:
		values := map[string]any{}
		for _, name := range rapid.SliceOfN(drawnName(), 0, 3).Draw(t, m.path) {
			values[name] = drawValue(t, m.element)
		}
		return values
	case listKind:
		return drawList(t, m)
	case objectKind:
		return drawObject(t, m)
	}
	return drawJSON(t, 2)
}

// drawSpecial draws, now and then, what the rule of a member is about.
func drawSpecial(t *rapid.T, m *treatment) (value any, ok bool) {
	var values []any
	switch {
	case m.path == "networkMode":
		values = []any{"awsvpc", "host", "bridge"}
	case m.path == "requiresCompatibilities":
		values = []any{[]any{"FARGATE"}, []any{"EC2", "EXTERNAL"}}
	case m.path == "runtimePlatform.operatingSystemFamily":
		values = []any{"LINUX", "WINDOWS_SERVER_2022_CORE"}
	case m.spelling != nil:
		values = []any{"1 vCPU", "1024", "0.5 GB", "512"}
	case strings.HasSuffix(m.path, "Port"): // so that host ports are often those of the containers
		values = []any{json.Number("80"), json.Number("443")}
	}
	if m.absent != nil {
		values = append(values, clone(m.absent))
	}
	if len(values) == 0 || rapid.IntRange(0, 2).Draw(t, m.path+" any") == 0 {
		return nil, false
	}
	return clone(rapid.SampledFrom(values).Draw(t, m.path)), true
}

// drawObject draws some of an object's members, and perhaps one that the schema
// does not know.
func drawObject(t *rapid.T, m *treatment) map[string]any {
	object := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(m.members)) {
		if m.path == "" && name == "containerDefinitions" {
			continue
		}
		if rapid.IntRange(0, 3).Draw(t, name+"?") == 0 {
			object[name] = drawValue(t, m.members[name])
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "unknown?") == 0 {
		name := rapid.SampledFrom([]string{"ofNextYear", "environments", "secretOf2031"}).Draw(t, "unknown")
		object[name] = drawJSON(t, 2)
	}
	return object
}

func drawList(t *rapid.T, m *treatment) []any {
	list, taken := []any{}, map[string]bool{}
	for range rapid.IntRange(0, 3).Draw(t, m.path+" length") {
		element := drawValue(t, m.element)
		if m.order == keyed {
			object := element.(map[string]any)
			for _, key := range m.keys {
				if m.element.members[key].kind == textKind && m.element.members[key].absent == nil {
					object[key] = drawnName().Draw(t, key)
				}
			}
			key := identity(object, m)
			if taken[key] {
				continue
			}
			taken[key] = true
		}
		list = append(list, element)
	}
	return list
}

// drawJSON draws any JSON value but null, which means "absent" to ECS.
func drawJSON(t *rapid.T, depth int) any {
	switch rapid.IntRange(0, 4).Draw(t, "kind") + 2*min(0, depth-1) {
	case 4:
		object := map[string]any{}
		for _, name := range rapid.SliceOfN(drawnName(), 0, 3).Draw(t, "names") {
			object[name] = drawJSON(t, depth-1)
		}
		return object
	case 3:
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = drawJSON(t, depth-1)
		}
		return list
	case 2:
		return json.Number(rapid.SampledFrom([]string{"0", "-1", "2.50", "1e3", "123456789012345678901234567890"}).Draw(t, "number"))
	case 1:
		return rapid.Bool().Draw(t, "bool")
	}
	return strings.ToValidUTF8(rapid.StringN(0, 8, 24).Draw(t, "text"), "?")
}
