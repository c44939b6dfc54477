package taskdef

// From a text to a definition: JSON, JSON with comments and trailing commas, or YAML;
// a template, or what DescribeTaskDefinition returned.

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/yamltext"
)

// ParseOptions say how a text is read. The zero value is strict, and leaves
// ${…} as it is.
type ParseOptions struct {
	// AllowUnknownFields takes fields that the SDK's schema of
	// RegisterTaskDefinition does not have, as they are. Otherwise they are
	// errors, because ECS ignores them without a word.
	AllowUnknownFields bool
	// Variable gives the value of a variable, for ${NAME} and ${NAME:-default}
	// in values, where $$ is a dollar. nil: values are taken as they are. It is not
	// asked for what DescribeTaskDefinition returned, which is no template.
	Variable func(name string) (value string, ok bool)
	// Warn, if not nil, is given what is not wrong, and may be a mistake.
	Warn func(Problem)
	// Expanded, if not nil, is given each dollar that was replaced, in the order of
	// the text.
	Expanded func(Expansion)
}

// Problem is one thing that is wrong with a text.
type Problem struct {
	// Line and Column are its place, counted from 1; 0 if it has no single
	// place.
	Line, Column int
	// Reason says what is wrong.
	Reason string
}

// ParseError says all that is wrong with a text that should be a task
// definition.
type ParseError struct {
	// Source names the text: a file name, or what the text is.
	Source string
	// Problems are in the order of the text; there is at least one.
	Problems []Problem

	hint string
}

// Error has a line "source:line:column: reason" for each problem.
func (e *ParseError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines are the problems, each to be shown as a line.
func (e *ParseError) Lines() []string {
	lines := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		if p.Line == 0 {
			lines = append(lines, fmt.Sprintf("%s: %s", e.Source, p.Reason))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", e.Source, p.Line, p.Column, p.Reason))
	}
	return lines
}

// Hint says what to do.
func (e *ParseError) Hint() string { return e.hint }

// ExitCode is that of bad input.
func (e *ParseError) ExitCode() int { return 3 }

const formsHint = "write JSON, JSON with comments, or YAML, in the form of RegisterTaskDefinition or DescribeTaskDefinition"

// Parse reads a task definition: the input of RegisterTaskDefinition, or the
// output of DescribeTaskDefinition with its wrapper ({"taskDefinition": …,
// "tags": […]}) or without it. A text that begins with a brace is JSON, which may have
// comments and trailing commas; all else is YAML. All of it must be UTF-8.
//
// What ECS would refuse of the definition is not looked for: images and edits may
// mend it. See [Definition.Check].
//
// Output-only members and nulls are dropped, all else is kept. A number where
// ECS takes a string, and the other way round, is taken as what ECS takes. source
// names the text in errors, which are [*ParseError] values with every problem
// that was found.
func Parse(source string, text []byte, o ParseOptions) (Definition, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // a byte order mark, as Windows editors write it
	root, problem := tree(text)
	if problem != nil {
		return Definition{}, notADefinition(source, text, *problem)
	}
	r := reader{options: o, origin: &origin{source: source, places: map[string]place{}}}
	d := r.definition(root)
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return Definition{}, &ParseError{Source: source, Problems: r.problems, hint: r.hint()}
	}
	return d, nil
}

// notADefinition is the error of a text that cannot be read at all. It names the
// languages of other programs, which look like JSON.
func notADefinition(source string, text []byte, p Problem) *ParseError {
	e := &ParseError{Source: source, Problems: []Problem{p}, hint: formsHint}
	switch {
	case isJsonnet(source, text):
		e.Problems[0].Reason += "; this is Jsonnet"
		e.hint = "render it first: jsonnet " + source + " | ecs-deploy … --task-definition-file -"
	case bytes.Contains(text, []byte("{{")):
		e.Problems[0].Reason += "; this is a template with {{ … }} of another program"
		e.hint = "render it first (ecspresso render taskdef), or write ${NAME} for variables"
	}
	return e
}

// isJsonnet reports whether a text that cannot be read is Jsonnet.
func isJsonnet(source string, text []byte) bool {
	named := strings.HasSuffix(source, ".jsonnet") || strings.HasSuffix(source, ".libsonnet")
	begins := bytes.TrimSpace(text)
	return named || bytes.HasPrefix(begins, []byte("local ")) || bytes.HasPrefix(begins, []byte("import ")) ||
		bytes.Contains(text, []byte("std.extVar(")) || bytes.Contains(text, []byte("std.native("))
}

// sizeLimit bounds a text, in bytes. ECS takes 64 KiB, so there is room for white
// space and comments; brackets within brackets in a longer text could exhaust the
// stack.
const sizeLimit = 256 << 10

// tree reads a text into nodes with places.
func tree(text []byte) (*yaml.Node, *Problem) {
	switch {
	case len(text) > sizeLimit:
		return nil, &Problem{Reason: fmt.Sprintf("it has %d KiB; ECS accepts at most 64 KiB", len(text)>>10)}
	case len(bytes.TrimSpace(text)) == 0:
		return nil, &Problem{Reason: "it is empty"}
	}
	if !isJSON(text) {
		return yamlTree(text)
	}
	if bad := yamltext.NotUTF8(text); bad != nil {
		return nil, &Problem{Line: bad.Line, Column: bad.Column, Reason: bad.Reason}
	}
	return jsonTree(text)
}

// isJSON reports whether the first thing in a text, but for comments as JSON may
// have them, is a brace or a bracket.
func isJSON(text []byte) bool {
	for {
		text = bytes.TrimLeft(text, " \t\r\n")
		end := ""
		switch {
		case bytes.HasPrefix(text, []byte("//")):
			end = "\n"
		case bytes.HasPrefix(text, []byte("/*")):
			end = "*/"
		default:
			return bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(text, []byte("["))
		}
		_, text, _ = bytes.Cut(text, []byte(end))
	}
}

func yamlTree(text []byte) (*yaml.Node, *Problem) {
	root, err := yamltext.Document(text)
	var syntax *yamltext.Error
	switch {
	case errors.As(err, &syntax):
		return nil, &Problem{Line: syntax.Line, Column: syntax.Column, Reason: syntax.Reason}
	case err != nil:
		return nil, &Problem{Reason: "it is empty"}
	}
	return root, nil
}
