package config

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Validate finds what is wrong with the file beyond its text: files that it names
// and that cannot be read, and settings of a target that do not go together. All
// problems are one [*FileError].
func (f File) Validate(ctx context.Context) error {
	var problems []string
	seen, tried := map[string]bool{}, map[definitionFile][]string{}
	for _, target := range append([]string{""}, f.Targets()...) {
		if target == "" && f.requireTarget {
			continue // the defaults alone are not used
		}
		s, err := f.Settings(target)
		if err != nil {
			return err
		}
		for _, problem := range append(f.definitionProblems(ctx, s, tried), f.policyProblems(s)...) {
			if !seen[problem] { // that of the defaults is every target's
				seen[problem] = true
				problems = append(problems, problem)
			}
		}
	}
	if len(problems) > 0 {
		return &FileError{Problems: problems}
	}
	return nil
}

// definitionFile is a file of a task definition: who names it, and how it is read.
type definitionFile struct {
	origin        Origin
	path          string
	unknownFields bool
	noVariables   bool
}

// definitionProblems tries the file of the task definition that a target names; tried
// has the problems of those that were: many targets may name the same.
func (f File) definitionProblems(ctx context.Context, s *Settings, tried map[definitionFile][]string) []string {
	if s.TaskDefinitionFile == "" || s.TaskDefinitionFile == "-" {
		return nil
	}
	file := definitionFile{s.Origin("task-definition-file"), s.TaskDefinitionFile, s.AllowUnknownFields, s.NoVariables}
	if problems, ok := tried[file]; ok {
		return problems
	}
	tried[file] = nil
	only := &Settings{TaskDefinitionFile: s.TaskDefinitionFile, AllowUnknownFields: s.AllowUnknownFields, NoVariables: s.NoVariables, checkOnly: true}
	only.sources = map[string][]source{"task-definition-file": {{origin: file.origin}}}
	if _, err := only.Request(ctx, nil); err != nil {
		tried[file] = []string{file.origin.Place() + ": " + oneLine(err)}
	}
	return tried[file]
}

// policyProblems holds a target's policy to the library's own rules.
func (f File) policyProblems(s *Settings) []string {
	err := s.Policy().Validate()
	if err == nil {
		return nil
	}
	at, whose := position{1, 1}, "defaults"
	if l := f.targets[s.Target]; l != nil {
		at, whose = l.at, "target "+s.Target
	}
	return []string{fmt.Sprintf("%s: %s: %s", at.in(f.Path), whose, oneLine(err))}
}

// oneLine is an error with what to do about it.
func oneLine(err error) string {
	line := strings.ReplaceAll(err.Error(), "\n", "; ")
	var hinter interface{ Hint() string }
	if errors.As(err, &hinter) && hinter.Hint() != "" {
		line += " (" + hinter.Hint() + ")"
	}
	return line
}
