package taskdef

// What ECS would refuse, and what can be known of it before it is asked.

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
)

// refused lists what makes ECS refuse a definition, one line each.
func (d Definition) refused() []string {
	var reasons []string
	if d.Family() == "" {
		reasons = append(reasons, "the task definition has no family")
	}
	list, _ := d.doc["containerDefinitions"].([]any)
	if len(list) == 0 {
		reasons = append(reasons, "the task definition has no containerDefinitions")
	}
	seen := map[string]bool{}
	for i, element := range list {
		container, ok := element.(map[string]any)
		if !ok {
			reasons = append(reasons, fmt.Sprintf("containerDefinitions[%d] is not an object", i))
			continue
		}
		for _, name := range []string{"name", "image"} {
			if text(container, name) == "" {
				reasons = append(reasons, fmt.Sprintf("containerDefinitions[%d] has no %s", i, name))
			}
		}
		if name := text(container, "name"); name != "" && seen[name] {
			reasons = append(reasons, fmt.Sprintf("two containers are called %s", name))
		}
		seen[text(container, "name")] = true
		reasons = append(reasons, sharedNames(container)...)
	}
	if reason := d.fargateSize(); reason != "" {
		reasons = append(reasons, reason)
	}
	return reasons
}

// sharedNames finds the names that a container has both as a variable and as a
// secret.
func sharedNames(container map[string]any) []string {
	var reasons []string
	secrets := named(container, "secrets")
	for _, variable := range named(container, "environment") {
		name := text(variable, "name")
		if slices.ContainsFunc(secrets, func(secret map[string]any) bool { return text(secret, "name") == name }) {
			reasons = append(reasons, fmt.Sprintf("container %s has %s both as a variable and as a secret; remove one of them", text(container, "name"), name))
		}
	}
	return reasons
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
// documentation, "Task size"). A cpu that is not here is left to ECS: sizes are
// added from time to time.
var fargateMemory = map[int]memories{
	256:   {512, 2048, 0},
	512:   {1024, 4096, 1024},
	1024:  {2048, 8192, 1024},
	2048:  {4096, 16384, 1024},
	4096:  {8192, 30720, 1024},
	8192:  {16384, 61440, 4096},
	16384: {32768, 122880, 8192},
}

// fargateSize says why Fargate has no task of this size, or "".
func (d Definition) fargateSize() string {
	platforms, _ := d.doc["requiresCompatibilities"].([]any)
	cpu, cpuErr := strconv.Atoi(units(text(d.doc, "cpu")))
	memory, memoryErr := strconv.Atoi(units(text(d.doc, "memory")))
	if !slices.Contains(platforms, any("FARGATE")) || cpuErr != nil || memoryErr != nil {
		return ""
	}
	sizes, known := fargateMemory[cpu]
	if !known || sizes.has(memory) {
		return ""
	}
	return fmt.Sprintf("Fargate has no task with %d cpu units and %d MiB of memory; with %d units it takes %s", cpu, memory, cpu, sizes)
}
