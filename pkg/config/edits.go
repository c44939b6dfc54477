package config

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// noRole, as a role, is none.
const noRole = "none"

// edits are the edits of the task definition that the settings ask for. Those of
// one member are in the order of the settings; different members do not touch
// each other.
func (s *Settings) edits(ctx context.Context) ([]taskdef.Edit, error) {
	var edits []taskdef.Edit
	env, err := s.variables(ctx)
	if err != nil {
		return nil, err
	}
	for _, kind := range []struct {
		entries []Entry
		set     func(container, name, value string) taskdef.Edit
		unset   func(container, name string) taskdef.Edit
	}{
		{env, taskdef.SetEnvironment, taskdef.UnsetEnvironment},
		{s.Secrets, taskdef.SetSecret, taskdef.UnsetSecret},
		{s.DockerLabels, taskdef.SetDockerLabel, taskdef.UnsetDockerLabel},
		{s.LogOptions, taskdef.SetLogOption, taskdef.UnsetLogOption},
		{s.Tags, setTag, unsetTag},
	} {
		for _, e := range kind.entries {
			if e.Unset {
				edits = append(edits, kind.unset(e.Container, e.Name))
				continue
			}
			edits = append(edits, kind.set(e.Container, e.Name, e.Value))
		}
	}
	edits = append(edits, s.sizes()...)
	edits = append(edits, s.taskEdits()...)
	words, err := s.words()
	return append(edits, words...), err
}

func setTag(_, key, value string) taskdef.Edit { return taskdef.SetTag(key, value) }
func unsetTag(_, key string) taskdef.Edit      { return taskdef.UnsetTag(key) }

// sizes are the edits of the containers' sizes.
func (s *Settings) sizes() []taskdef.Edit {
	var edits []taskdef.Edit
	for _, kind := range []struct {
		entries []Entry
		set     func(container, size string) taskdef.Edit
	}{
		{s.ContainerCPU, taskdef.SetContainerCPU},
		{s.ContainerMemory, taskdef.SetContainerMemory},
		{s.ContainerMemoryReservation, taskdef.SetContainerMemoryReservation},
	} {
		for _, e := range kind.entries {
			edits = append(edits, kind.set(e.Container, e.Value))
		}
	}
	return edits
}

// taskEdits are the edits of the task itself.
func (s *Settings) taskEdits() []taskdef.Edit {
	var edits []taskdef.Edit
	for _, kind := range []struct {
		value string
		set   func(value string) taskdef.Edit
	}{
		{s.CPU, taskdef.SetCPU},
		{s.Memory, taskdef.SetMemory},
		{s.TaskRole, func(role string) taskdef.Edit { return taskdef.SetTaskRole(roleOrNone(role)) }},
		{s.ExecutionRole, func(role string) taskdef.Edit { return taskdef.SetExecutionRole(roleOrNone(role)) }},
		{s.RuntimePlatform, taskdef.SetRuntimePlatform},
	} {
		if kind.value != "" {
			edits = append(edits, kind.set(kind.value))
		}
	}
	return edits
}

func roleOrNone(role string) string {
	if role == noRole {
		return ""
	}
	return role
}

// words are the edits of commands and entry points.
func (s *Settings) words() ([]taskdef.Edit, error) {
	var edits []taskdef.Edit
	for _, kind := range []struct {
		flag    string
		entries []Entry
		set     func(container string, words ...string) taskdef.Edit
	}{
		{"command", s.Commands, taskdef.SetCommand},
		{"entry-point", s.EntryPoints, taskdef.SetEntryPoint},
	} {
		for _, e := range kind.entries {
			list, err := split(e.Value)
			if err != nil {
				return nil, &Error{Problem: fmt.Sprintf("--%s for container %s: %v", kind.flag, e.Container, err), Remedy: `write it as a JSON list: ["sh", "-c", "sleep 1; exec app"]`}
			}
			edits = append(edits, kind.set(e.Container, list...))
		}
	}
	return edits, nil
}

// split reads a command: a JSON list of words, or words with spaces between
// them. Quotes are not guessed at. Errors do not repeat the words: they may be
// secret.
func split(text string) ([]string, error) {
	if strings.HasPrefix(text, "[") {
		return taskdef.Words([]byte(text))
	}
	for _, kind := range []struct{ chars, problem string }{
		{`'"`, "quotes are ambiguous here"},
		{`\`, "a backslash is ambiguous here"},
		{"`", "back quotes need a shell"},
	} {
		if strings.ContainsAny(text, kind.chars) {
			return nil, errors.New(kind.problem)
		}
	}
	return strings.Fields(text), nil
}
