package taskdef

// What ECS would refuse, and what can be known of it before it is asked.

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/utf8text"
)

// finding is something that makes ECS refuse a definition.
type finding struct {
	path   string // where it is
	reason string
}

// Check finds what ECS would refuse of a definition, or would only learn when it pulls
// an image, and returns all of it as a [*ParseError]; nil if nothing is known to be
// wrong. It is for a definition whose images and edits are made: see [Parse].
func (d Definition) Check() error {
	found := d.refused()
	if len(found) == 0 {
		return nil
	}
	e := &ParseError{Source: "task definition " + d.Family(), hint: "correct it, or edit it with flags: --container NAME=IMAGE, --env, --cpu and others"}
	if d.origin != nil {
		e.Source = d.origin.source
	}
	for _, f := range found {
		at := d.origin.at(f.path)
		e.Problems = append(e.Problems, Problem{Line: at.line, Column: at.column, Reason: f.reason})
	}
	slices.SortStableFunc(e.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return e
}

// refused lists what makes ECS refuse a definition.
func (d Definition) refused() []finding {
	var found []finding
	add := func(at, format string, args ...any) {
		found = append(found, finding{at, fmt.Sprintf(format, args...)})
	}
	if d.Family() == "" {
		add("", "the task definition has no family")
	}
	list, _ := d.doc["containerDefinitions"].([]any)
	if len(list) == 0 {
		add("", "the task definition has no containerDefinitions")
	}
	seen := map[string]bool{}
	for i, element := range list {
		at := fmt.Sprintf("containerDefinitions[%d]", i)
		container, ok := element.(map[string]any)
		if !ok {
			add(at, "%s is not an object", at)
			continue
		}
		for _, name := range []string{"name", "image"} {
			if text(container, name) == "" {
				add(at, "%s has no %s", at, name)
			}
		}
		if name := text(container, "name"); name != "" && seen[name] {
			add(at, "duplicate container name %s", name)
		}
		seen[text(container, "name")] = true
		refusedOf(container, at, add)
	}
	if reason := d.fargateSize(); reason != "" {
		add("", "%s", reason)
	}
	if size, given := wholeNumber(d.doc, "ephemeralStorage", "sizeInGiB"); given && (size < 21 || size > 200) {
		add("ephemeralStorage.sizeInGiB", "ephemeralStorage.sizeInGiB is %d; ECS accepts 21 to 200, and uses 20 if it is not set", size)
	}
	badTexts(path{}, d.doc, "", add)
	return found
}

// refusedOf finds what makes ECS refuse a container.
func refusedOf(container map[string]any, at string, add func(at, format string, args ...any)) {
	name := text(container, "name")
	if written := text(container, "image"); written != "" {
		if _, err := image.Parse(written); err != nil {
			add(at+".image", "container %s: %v", name, err)
		}
	}
	secrets := named(container, "secrets")
	for _, list := range []string{"environment", "secrets"} {
		for i, variable := range named(container, list) {
			if strings.TrimSpace(text(variable, "name")) == "" {
				add(fmt.Sprintf("%s.%s[%d]", at, list, i), "container %s has an element of %s without a name", name, list)
			}
		}
	}
	for i, variable := range named(container, "environment") {
		key := text(variable, "name")
		if slices.ContainsFunc(secrets, func(secret map[string]any) bool { return text(secret, "name") == key }) {
			add(fmt.Sprintf("%s.environment[%d]", at, i), "container %s has %s both as a variable and as a secret; remove one of them", name, key)
		}
	}
	for i, mapping := range named(container, "portMappings") {
		for _, member := range []string{"containerPort", "hostPort"} {
			if port, given := wholeNumber(mapping, member); given && (port < 0 || port > 65535) {
				add(fmt.Sprintf("%s.portMappings[%d].%s", at, i, member), "container %s: %s is %d; a port is at most 65535", name, member, port)
			}
		}
	}
}

// wholeNumber is a number within objects.
func wholeNumber(object map[string]any, names ...string) (number int, given bool) {
	for _, name := range names[:len(names)-1] {
		object, _ = object[name].(map[string]any)
	}
	written, _ := object[names[len(names)-1]].(json.Number)
	number, err := strconv.Atoi(plainNumber(written).String())
	return number, err == nil
}

// badTexts finds texts that are not UTF-8, which JSON has no form for, and words that
// are spelt otherwise. member is the member of an object that the value is, or is in.
func badTexts(p path, value any, member string, add func(at, format string, args ...any)) {
	switch value := value.(type) {
	case string:
		if reason := utf8text.Reason(value); reason != "" {
			add(p.String(), "%s: %s", p, reason)
		}
		if meant := wordLike(member, value); meant != "" {
			add(p.String(), "%s is %q; ECS spells it %q", p, value, meant)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if reason := utf8text.Reason(name); reason != "" {
				add(p.String(), "%s: in a name, %s", p, reason)
			}
			badTexts(append(p, name), value[name], name, add)
		}
	case []any:
		for i, element := range value {
			badTexts(append(p, "["+strconv.Itoa(i)+"]"), element, member, add)
		}
	}
}

// named are the elements of a list of objects.
func named(container map[string]any, list string) []map[string]any {
	elements, _ := container[list].([]any)
	var objects []map[string]any
	for _, element := range elements {
		if object, ok := element.(map[string]any); ok {
			objects = append(objects, object)
		}
	}
	return objects
}

// memories are sizes of memory in MiB: from the least to the most, in steps, or,
// where the step is 0, each twice the one before.
type memories struct{ least, most, step int }

func (m memories) has(memory int) bool {
	if memory < m.least || memory > m.most {
		return false
	}
	if m.step == 0 {
		return memory%m.least == 0 && bits.OnesCount(uint(memory/m.least)) == 1
	}
	return (memory-m.least)%m.step == 0
}

func (m memories) String() string {
	if m.step == 0 {
		return fmt.Sprintf("%d, doubled up to %d", m.least, m.most)
	}
	return fmt.Sprintf("%d to %d in steps of %d", m.least, m.most, m.step)
}

// fargateMemory is the memory in MiB that Fargate gives to each size of cpu (AWS
// documentation, "Task size"), from the smallest. A larger cpu than the last is left
// to ECS: such sizes are added from time to time.
var fargateMemory = []struct {
	cpu int
	memories
}{
	{256, memories{512, 2048, 0}},
	{512, memories{1024, 4096, 1024}},
	{1024, memories{2048, 8192, 1024}},
	{2048, memories{4096, 16384, 1024}},
	{4096, memories{8192, 30720, 1024}},
	{8192, memories{16384, 61440, 4096}},
	{16384, memories{32768, 122880, 8192}},
}

// fargateSize says why Fargate has no task of this size, or "".
func (d Definition) fargateSize() string {
	platforms, _ := d.doc["requiresCompatibilities"].([]any)
	cpu, cpuErr := strconv.Atoi(units(text(d.doc, "cpu")))
	memory, memoryErr := strconv.Atoi(units(text(d.doc, "memory")))
	if !slices.Contains(platforms, any("FARGATE")) || cpuErr != nil || cpu > fargateMemory[len(fargateMemory)-1].cpu {
		return ""
	}
	var all []string
	for _, size := range fargateMemory {
		switch {
		case size.cpu != cpu:
		case memoryErr != nil || size.has(memory):
			return ""
		default:
			return fmt.Sprintf("Fargate does not offer %d CPU units with %d MiB of memory; with %d units it offers %s", cpu, memory, cpu, size)
		}
		all = append(all, fmt.Sprintf("%d (memory %s)", size.cpu, size.memories))
	}
	return fmt.Sprintf("Fargate does not offer %d CPU units; it offers %s", cpu, strings.Join(all, "; "))
}
