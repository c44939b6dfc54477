package config

// The tasks before and after a deployment: a list of mappings in a target, of which each
// is a task.

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

// stepKeys are the keys of one task.
var stepKeys = []string{"container", "command", "timeout"}

// stepText is a task as the text of a value has it.
type stepText struct {
	Container string   `json:"container,omitempty"`
	Command   []string `json:"command,omitempty"`
	Timeout   string   `json:"timeout,omitempty"`
}

// steps are tasks of a deployment. Their text is JSON, which the reader of the file makes.
type steps struct{ target *[]deploy.TaskStep }

func (v steps) Type() string { return "tasks" }

func (v steps) String() string {
	if v.target == nil || len(*v.target) == 0 {
		return ""
	}
	var lines []string
	for _, step := range *v.target {
		lines = append(lines, step.String())
	}
	return strings.Join(lines, "; ")
}

func (v steps) Set(text string) error {
	var read []stepText
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		return fmt.Errorf("expected a list of tasks with the keys %s", strings.Join(stepKeys, ", "))
	}
	*v.target = nil
	for _, each := range read {
		step := deploy.TaskStep{Container: each.Container, Command: each.Command}
		if each.Timeout != "" {
			if err := (duration{&step.Timeout}).Set(each.Timeout); err != nil {
				return err
			}
		}
		*v.target = append(*v.target, step)
	}
	return nil
}

// shown are the tasks as the file has them.
func (v steps) shown() []stepText {
	shown := []stepText{}
	for _, step := range *v.target {
		text := stepText{Container: step.Container}
		for _, word := range step.Command {
			text.Command = append(text.Command, printable.WithoutSecrets(word))
		}
		if step.Timeout > 0 {
			text.Timeout = step.Timeout.String()
		}
		shown = append(shown, text)
	}
	return shown
}

// stepNodes are tasks as a list in YAML.
func stepNodes(tasks []stepText) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, task := range tasks {
		node := &yaml.Node{Kind: yaml.MappingNode}
		for _, pair := range [][2]string{{"container", task.Container}, {"timeout", task.Timeout}} {
			if pair[1] != "" {
				node.Content = append(node.Content, scalar("!!str", pair[0]), scalar("!!str", pair[1]))
			}
		}
		if len(task.Command) > 0 {
			words := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
			for _, word := range task.Command {
				words.Content = append(words.Content, scalar("!!str", word))
			}
			node.Content = append(node.Content, scalar("!!str", "command"), words)
		}
		list.Content = append(list.Content, node)
	}
	return list
}

// steps reads the tasks of a key.
func (r *fileReader) steps(l *layer, key Key, node *yaml.Node) {
	if node.Kind != yaml.SequenceNode {
		r.problem(node, key.Name+" must be a list of tasks")
		return
	}
	before := len(r.problems)
	read := []stepText{}
	for _, element := range node.Content {
		read = append(read, r.step(key, resolved(element)))
	}
	text, err := json.Marshal(read)
	if len(r.problems) == before && err == nil && r.set(key, node, string(text)) {
		l.values[key.Name] = value{texts: []string{string(text)}, origin: r.origin(l, node)}
	}
}

// step reads one task.
func (r *fileReader) step(key Key, node *yaml.Node) stepText {
	var step stepText
	r.mapping(node, "a task of "+key.Name, func(name, child *yaml.Node) {
		text, isText := plain(child)
		switch {
		case !slices.Contains(stepKeys, name.Value):
			r.problem(name, fmt.Sprintf("unknown key %q; %s", name.Value, among("known keys", name.Value, stepKeys)))
		case name.Value == "command" && child.Kind == yaml.SequenceNode:
			for _, word := range child.Content {
				text, ok := plain(resolved(word))
				if !ok {
					r.problem(word, "command must be a list of words")
				}
				step.Command = append(step.Command, text)
			}
		case !isText || text == "":
			r.problem(child, name.Value+" takes a plain value")
		case name.Value == "command":
			words, err := split(text)
			if err != nil {
				r.problem(child, fmt.Sprintf("command: %v; write it as a list of words", err))
			}
			step.Command = words
		case name.Value == "container":
			step.Container = text
		default:
			if err := (duration{new(time.Duration)}).Set(text); err != nil {
				r.problem(child, "timeout: "+err.Error())
			}
			step.Timeout = text
		}
	})
	return step
}

// stepsForm is what the schema takes for tasks.
func stepsForm() object {
	task := closed(object{
		"container": object{"type": "string", "minLength": 1, "description": "container whose exit code counts (default: the only essential one)"},
		"command":   object{"anyOf": []any{plainForm(), object{"type": "array", "items": plainForm()}}, "description": "what the container runs"},
		"timeout":   formOf(Key{Value: duration{}}),
	}, "a one-off task")
	return object{"type": "array", "items": task}
}
