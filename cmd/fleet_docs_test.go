package cmd

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// machine is a state machine in the Amazon States Language, as far as the page uses it.
type machine struct {
	StartAt string
	States  map[string]struct {
		Type, Resource, Next, ItemsPath, Default string
		End                                      bool
		Catch, Choices                           []struct{ Next string }
		ItemSelector                             map[string]string
		Parameters                               struct {
			Overrides struct {
				ContainerOverrides []map[string]string
			}
		}
		ItemProcessor *struct {
			machine
			ProcessorConfig struct{ Mode, ExecutionType string }
		}
	}
}

// TestTheStateMachineOfThePage: its states lead somewhere, its map is a distributed one
// whose shares do not stop each other, and its command is one that the program takes.
func TestTheStateMachineOfThePage(t *testing.T) {
	page, err := os.ReadFile("../docs/fleets.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "```json\n{\n  \"Comment\"")
	text, _, ended := strings.Cut("{\n  \"Comment\""+text, "```")
	if !found || !ended {
		t.Fatal("the page has no state machine")
	}
	var m machine
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	checkMachine(t, m)
	outer := m.States[m.StartAt]
	if outer.Type != "Map" || outer.ItemProcessor == nil || outer.ItemProcessor.ProcessorConfig.Mode != "DISTRIBUTED" || outer.ItemsPath != "$.shards" {
		t.Fatalf("%+v is no distributed map", outer)
	}
	inner := outer.ItemProcessor.machine
	checkMachine(t, inner)
	if len(inner.States[inner.StartAt].Catch) == 0 {
		t.Error("a share that fails stops the others")
	}
	task := inner.States[inner.StartAt]
	if task.Type != "Task" || task.Resource != "arn:aws:states:::ecs:runTask.sync" || len(task.Parameters.Overrides.ContainerOverrides) != 1 {
		t.Fatalf("%+v runs no task to its end", task)
	}
	command := task.Parameters.Overrides.ContainerOverrides[0]["Command.$"]
	words := regexp.MustCompile(`'([^']*)'|(\$\.\w+)`).FindAllStringSubmatch(command, -1)
	var args []string
	for _, word := range words {
		name := strings.TrimPrefix(word[2], "$.")
		if _, given := outer.ItemSelector[name+".$"]; word[2] != "" && !given {
			t.Errorf("nothing gives %s", word[2])
		}
		args = append(args, word[1]+map[string]string{"": "", "tag": "v2", "shard": "1/4"}[name])
	}
	root := New(Streams{})
	c, rest, err := root.Find(args)
	if err != nil || c.Name() != "deploy" {
		t.Fatalf("%q: %v", args, err)
	}
	if err := c.ParseFlags(rest); err != nil {
		t.Errorf("%q: %v", args, err)
	}
	for _, flag := range []string{"config", "target", "yes", "tag", "shard"} {
		if !c.Flags().Changed(flag) {
			t.Errorf("the command has no --%s: %q", flag, args)
		}
	}
}

// checkMachine makes sure that every state exists that is named, and that there is an end.
func checkMachine(t *testing.T, m machine) {
	t.Helper()
	if _, ok := m.States[m.StartAt]; !ok {
		t.Errorf("it starts at %q, which is no state", m.StartAt)
	}
	reached := map[string]bool{m.StartAt: true}
	ends := 0
	for name, state := range m.States {
		next := []string{state.Next, state.Default}
		for _, other := range slices.Concat(state.Catch, state.Choices) {
			next = append(next, other.Next)
		}
		next = slices.DeleteFunc(next, func(name string) bool { return name == "" })
		over := state.End || state.Type == "Succeed" || state.Type == "Fail"
		if over {
			ends++
		}
		if over == (state.Next != "" || state.Default != "") || state.Type == "Choice" && state.Default == "" {
			t.Errorf("state %s goes to %q, and ends: %v", name, next, over)
		}
		for _, other := range next {
			if _, ok := m.States[other]; !ok {
				t.Errorf("state %s goes to %q, which is no state", name, other)
			}
			reached[other] = true
		}
	}
	if ends == 0 || len(reached) != len(m.States) {
		t.Errorf("%d ends; reached %v", ends, reached)
	}
}
