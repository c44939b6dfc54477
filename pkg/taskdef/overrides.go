package taskdef

// What a one-off task can be given without another revision: the overrides of RunTask
// (API_TaskOverride, API_ContainerOverride).

import (
	"maps"
	"slices"
)

// Members that an override replaces as a whole.
var (
	taskOverrides      = []string{"cpu", "memory", "taskRoleArn", "executionRoleArn"}
	containerOverrides = []string{"command", "cpu", "memory", "memoryReservation"}
)

// Overrides expresses the difference between two definitions as the overrides member
// of RunTask, as far as it can be: commands, variables that are set, sizes and roles.
// rest is to without that difference. Unless it equals from, the task needs another
// revision. overrides is nil if there are none.
func Overrides(from, to Definition) (overrides map[string]any, rest Definition) {
	rest = Definition{doc: clone(to.doc).(map[string]any), origin: to.origin}
	overrides = overridden(from.doc, rest.doc, taskOverrides)
	var containers []any
	for _, container := range rest.containers() {
		i := slices.IndexFunc(from.containers(), func(c map[string]any) bool { return text(c, "name") == text(container, "name") })
		if i < 0 {
			continue
		}
		earlier := from.containers()[i]
		over := overridden(earlier, container, containerOverrides)
		if variables := setVariables(earlier, container); len(variables) > 0 {
			over["environment"] = variables
			container["environment"] = clone(earlier["environment"])
			if earlier["environment"] == nil {
				delete(container, "environment")
			}
		}
		if len(over) > 0 {
			over["name"] = text(container, "name")
			containers = append(containers, over)
		}
	}
	if len(containers) > 0 {
		overrides["containerOverrides"] = containers
	}
	if len(overrides) == 0 {
		return nil, rest
	}
	return overrides, rest
}

// overridden takes the members that were set to another value out of an object, and
// gives it the earlier ones.
func overridden(from, to map[string]any, members []string) map[string]any {
	over := map[string]any{}
	for _, name := range members {
		value, set := to[name]
		if !set || same(from[name], value) || isEmptyList(value) {
			continue
		}
		over[name] = value
		if earlier, had := from[name]; had {
			to[name] = clone(earlier)
		} else {
			delete(to, name)
		}
	}
	return over
}

func isEmptyList(value any) bool {
	list, ok := value.([]any)
	return ok && len(list) == 0
}

// setVariables are the environment variables that a container has with another value
// than before. There are none if one was removed: an override cannot do that.
func setVariables(from, to map[string]any) []any {
	earlier, now := variables(from), variables(to)
	for name := range earlier {
		if _, still := now[name]; !still {
			return nil
		}
	}
	var set []any
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if value, had := earlier[name]; !had || value != now[name] {
			set = append(set, map[string]any{"name": name, "value": now[name]})
		}
	}
	return set
}

func variables(container map[string]any) map[string]string {
	found := map[string]string{}
	for _, variable := range named(container, "environment") {
		found[text(variable, "name")] = text(variable, "value")
	}
	return found
}

// Essential are the names of the containers whose end is the end of the task
// (ContainerDefinition: essential is true unless it is false).
func (d Definition) Essential() []string {
	var names []string
	for _, container := range d.containers() {
		if essential, given := container["essential"].(bool); !given || essential {
			names = append(names, text(container, "name"))
		}
	}
	return names
}
