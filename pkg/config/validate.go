package config

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Validate finds what is wrong with the file beyond its text: files that it names
// and that cannot be read, and settings of a target that contradict each other. All
// problems are one [*FileError].
func (f File) Validate(ctx context.Context) error {
	var problems []string
	seen := map[string]bool{}
	checked := checkedFiles{definitions: map[definitionFile][]string{}, envFiles: map[Origin][]string{}}
	for _, target := range f.usable() {
		s, err := f.Settings(target)
		if err != nil {
			return err
		}
		for _, problem := range slices.Concat(checked.definition(ctx, s), checked.variables(ctx, s), limitProblems(s), f.policyProblems(s)) {
			if !seen[problem] { // that of the defaults is every target's
				seen[problem] = true
				problems = append(problems, problem)
			}
		}
	}
	if len(problems) > 0 {
		return &FileError{Problems: problems, remedy: "correct these settings; ecs-deploy config view shows what a target gets, and from where"}
	}
	return nil
}

// usable are the names of the targets, and "" for the defaults, if they can be used
// alone.
func (f File) usable() []string {
	if f.requireTarget {
		return f.Targets()
	}
	return append([]string{""}, f.Targets()...)
}

// checkedFiles are the problems of the files that were checked: many targets may name
// the same.
type checkedFiles struct {
	definitions map[definitionFile][]string
	envFiles    map[Origin][]string // by the place that names the file
}

// variables checks the env-files that a target names.
func (c checkedFiles) variables(ctx context.Context, s *Settings) []string {
	var problems []string
	origins := s.EntryOrigins("env-file")
	for i, file := range s.EnvFiles {
		found, ok := c.envFiles[origins[i]]
		if !ok {
			found = envFileProblems(ctx, file, origins[i])
			c.envFiles[origins[i]] = found
		}
		problems = append(problems, found...)
	}
	return problems
}

func envFileProblems(ctx context.Context, file Entry, origin Origin) []string {
	err := inRepository("env-file", file.Value, origin)
	if err != nil {
		return []string{oneLine(err)} // it begins with the place
	}
	_, err = readEnvFile(ctx, file, false)
	var bad *FileError
	switch {
	case errors.As(err, &bad):
		return bad.Problems
	case err != nil:
		return []string{origin.Place() + ": " + oneLine(err)}
	}
	return nil
}

// limitProblems reports a lower limit above the upper one.
func limitProblems(s *Settings) []string {
	if s.MinimumHealthyPercent == nil || s.MaximumPercent == nil || *s.MinimumHealthyPercent <= *s.MaximumPercent {
		return nil
	}
	at := s.Origin("min")
	if s.height("max") > s.height("min") {
		at = s.Origin("max")
	}
	return []string{fmt.Sprintf("%s: min %d is above max %d", at.Place(), *s.MinimumHealthyPercent, *s.MaximumPercent)}
}

// definitionFile is a file of a task definition: who names it, and how it is read.
type definitionFile struct {
	origin        Origin
	path          string
	unknownFields bool
	noVariables   bool
}

// definition checks the task definition's file that a target names.
func (c checkedFiles) definition(ctx context.Context, s *Settings) []string {
	if s.TaskDefinitionFile == "" || s.TaskDefinitionFile == StandardInput {
		return nil
	}
	tried := c.definitions
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
