package taskdef

// From a text to a tree of nodes with places: JSON, JSON with comments and
// trailing commas, or YAML.

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
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
	// in values, where $$ is a dollar. nil: values are taken as they are.
	Variable func(name string) (value string, ok bool)
}

// Problem is one thing that is wrong with a text.
type Problem struct {
	// Line and Column are its place, counted from 1; 0 where it has no single
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

const formsHint = "a task definition is JSON, JSON with comments, or YAML: what RegisterTaskDefinition takes or DescribeTaskDefinition prints"

// Parse reads a task definition: the input of RegisterTaskDefinition, or the
// output of DescribeTaskDefinition with its wrapper ({"taskDefinition": …,
// "tags": […]}). A text that begins with a brace is JSON, which may have
// comments and trailing commas; all else is YAML.
//
// Output-only members and nulls are dropped, all else is kept. A number where
// ECS takes a string, and the other way round, is taken as what ECS takes. source
// names the text in errors, which are [*ParseError] values with every problem
// that was found.
func Parse(source string, text []byte, o ParseOptions) (Definition, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // a byte order mark, as Windows editors write it
	root, problem := tree(text)
	if problem != nil {
		return Definition{}, &ParseError{Source: source, Problems: []Problem{*problem}, hint: formsHint}
	}
	r := reader{options: o}
	d := r.definition(root)
	if len(r.problems) == 0 {
		for _, reason := range d.refused() {
			r.problems = append(r.problems, Problem{Reason: reason})
		}
	}
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return Definition{}, &ParseError{Source: source, Problems: r.problems, hint: r.hint()}
	}
	return d, nil
}

// sizeLimit bounds a text, in bytes. ECS takes 64 KiB, so there is room for white
// space and comments; brackets within brackets in a longer text could exhaust the
// stack.
const sizeLimit = 256 << 10

// tree reads a text into nodes with places.
func tree(text []byte) (*yaml.Node, *Problem) {
	switch {
	case len(text) > sizeLimit:
		return nil, &Problem{Reason: fmt.Sprintf("it has %d KiB; ECS takes no task definition over 64 KiB", len(text)>>10)}
	case len(bytes.TrimSpace(text)) == 0:
		return nil, &Problem{Reason: "it is empty"}
	}
	if isJSON(text) {
		return jsonTree(text)
	}
	return yamlTree(text)
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

func jsonTree(text []byte) (*yaml.Node, *Problem) {
	value, err := hujson.Parse(text)
	if err != nil {
		return nil, jsonProblem(err)
	}
	places := places{text: text}
	return places.node(value), nil
}

// jsonProblem takes the place out of an error's text, which is the only part of
// it that has one.
func jsonProblem(err error) *Problem {
	var p Problem
	reason := strings.TrimPrefix(err.Error(), "hujson: ")
	if _, scanErr := fmt.Sscanf(reason, "line %d, column %d:", &p.Line, &p.Column); scanErr == nil {
		_, reason, _ = strings.Cut(reason, ": ")
	}
	if strings.HasPrefix(reason, "invalid literal: ") { // what follows may be secret
		reason = "invalid literal: a text stands in quotes"
	}
	p.Reason = reason
	if errors.Is(err, io.ErrUnexpectedEOF) || strings.HasSuffix(reason, "unexpected EOF") {
		p.Reason = "the text ends in the middle of the task definition"
	}
	return &p
}

// places turns offsets, which come in ascending order, into lines and columns.
type places struct {
	text                 []byte
	offset, line, column int // what is known of the last offset, counted from 0
}

func (p *places) at(offset int) (line, column int) {
	passed := p.text[p.offset:offset]
	if last := bytes.LastIndexByte(passed, '\n'); last >= 0 {
		p.line += bytes.Count(passed, []byte("\n"))
		p.column, passed = 0, passed[last+1:]
	}
	p.column += utf8.RuneCount(passed)
	p.offset = offset
	return p.line + 1, p.column + 1
}

// node is the tree of a JSON value, as YAML would have it.
func (p *places) node(value hujson.Value) *yaml.Node {
	line, column := p.at(value.StartOffset)
	n := &yaml.Node{Line: line, Column: column}
	switch v := value.Value.(type) {
	case *hujson.Object:
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
		n.Content = make([]*yaml.Node, 0, 2*len(v.Members))
		for _, member := range v.Members {
			n.Content = append(n.Content, p.node(member.Name), p.node(member.Value))
		}
	case *hujson.Array:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		n.Content = make([]*yaml.Node, 0, len(v.Elements))
		for _, element := range v.Elements {
			n.Content = append(n.Content, p.node(element))
		}
	case hujson.Literal:
		n.Kind, n.Tag, n.Value = yaml.ScalarNode, jsonTag(v), jsonText(v)
	}
	return n
}

// jsonText is the value of a JSON literal. Most strings stand as they mean; only
// the others have to be read as JSON.
func jsonText(v hujson.Literal) string {
	if v.Kind() == '"' && !bytes.ContainsRune(v, '\\') && utf8.Valid(v) {
		return string(v[1 : len(v)-1])
	}
	return v.String()
}

// jsonTag is the YAML tag of a JSON literal.
func jsonTag(v hujson.Literal) string {
	switch v.Kind() {
	case '"':
		return "!!str"
	case 'n':
		return "!!null"
	case 't', 'f':
		return "!!bool"
	}
	return "!!float"
}
