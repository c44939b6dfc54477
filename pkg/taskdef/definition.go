// Package taskdef treats a task definition as what it is on the wire: a JSON
// document. It is read, edited, compared and written as such, so that a field
// that this program, or this version of the AWS SDK, has never heard of
// survives a deployment unchanged.
//
// A [Definition] is the input of RegisterTaskDefinition. It is a value: every
// edit returns another one and leaves the first as it was.
package taskdef

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// outputOnly are the members that DescribeTaskDefinition returns and that
// RegisterTaskDefinition does not take: the difference between the shapes
// TaskDefinition and RegisterTaskDefinitionRequest of the ECS API.
var outputOnly = []string{
	"compatibilities", "deleteRequestedAt", "deregisteredAt", "registeredAt", "registeredBy",
	"requiresAttributes", "revision", "status", "taskDefinitionArn",
}

// Definition is a task definition in the form in which it is registered: the
// document with every member that ECS returned or the file had, without the
// output-only ones, and with its tags. The zero value is no definition.
type Definition struct {
	doc map[string]any
}

// Container is one entry of containerDefinitions, as far as a deployment names it.
type Container struct {
	// Name is the container's name, unique within the definition.
	Name string `json:"name"`
	// Image is the image reference as it stands in the definition.
	Image string `json:"image"`
}

// ParseError says that a text is not a usable task definition.
type ParseError struct {
	// Source names the text: a file name, or what the text is.
	Source string
	// Line and Column point into the text, counted from 1; 0 where the
	// problem has no single place.
	Line, Column int
	// Reason says what is wrong.
	Reason string
}

// Error is "source:line:column: reason".
func (e *ParseError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Source, e.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Source, e.Line, e.Column, e.Reason)
}

// Hint says which forms are read.
func (e *ParseError) Hint() string {
	return "a task definition is JSON, as RegisterTaskDefinition takes it or DescribeTaskDefinition prints it"
}

// ExitCode is that of bad input.
func (e *ParseError) ExitCode() int { return 3 }

// Parse reads a task definition from JSON text: the input of
// RegisterTaskDefinition, or the output of DescribeTaskDefinition with its
// wrapper ({"taskDefinition": …, "tags": […]}). Output-only members and nulls
// are dropped, all else is kept. source names the text in errors, which are
// [*ParseError] values.
func Parse(source string, text []byte) (Definition, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // a byte order mark, as Windows editors write it
	doc, err := decodeObject(text)
	if err != nil {
		return Definition{}, syntaxError(source, text, err)
	}
	d := unwrap(doc)
	if err := d.check(); err != nil {
		return Definition{}, &ParseError{Source: source, Reason: err.Error()}
	}
	return d, nil
}

// FromDescribe reads the body of a DescribeTaskDefinition response. Unlike
// Parse it takes what ECS says as it is.
func FromDescribe(body []byte) (Definition, error) {
	doc, err := decodeObject(body)
	if err != nil {
		return Definition{}, fmt.Errorf("DescribeTaskDefinition answered with something that is not a task definition: %w", err)
	}
	if _, ok := doc["taskDefinition"].(map[string]any); !ok {
		return Definition{}, errors.New("DescribeTaskDefinition answered without a task definition")
	}
	return unwrap(doc), nil
}

// decodeObject reads one JSON object, numbers as they are written.
func decodeObject(text []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var doc map[string]any
	if err := decoder.Decode(&doc); err != nil {
		return nil, err
	}
	if doc == nil {
		return nil, errors.New("null is not a task definition")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, &trailingError{offset: decoder.InputOffset()}
	}
	return doc, nil
}

type trailingError struct{ offset int64 }

func (e *trailingError) Error() string { return "there is more text behind the task definition" }

// syntaxError gives a decoding error its place in the text.
func syntaxError(source string, text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var trailing *trailingError
	offset, reason := int64(-1), err.Error()
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset, reason = kind.Offset, fmt.Sprintf("a task definition is an object, this is a JSON %s", kind.Value)
	case errors.As(err, &trailing):
		offset = trailing.offset
	case errors.Is(err, io.EOF):
		return &ParseError{Source: source, Reason: "it is empty"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		offset, reason = int64(len(text)), "the text ends in the middle of the task definition"
	}
	if offset < 0 {
		return &ParseError{Source: source, Reason: reason}
	}
	before := text[:min(max(offset-1, 0), int64(len(text)))]
	return &ParseError{
		Source: source,
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Reason: reason,
	}
}

// unwrap takes the definition out of a describe-task-definition answer, if it
// is one, and leaves out what cannot be registered.
func unwrap(doc map[string]any) Definition {
	if inner, ok := doc["taskDefinition"].(map[string]any); ok {
		if tags, ok := doc["tags"].([]any); ok && len(tags) > 0 {
			inner["tags"] = tags
		}
		doc = inner
	}
	for _, name := range outputOnly {
		delete(doc, name)
	}
	dropNulls(doc)
	dropReservedTags(doc)
	return Definition{doc: doc}
}

// dropNulls removes null members: on the wire they mean "absent".
func dropNulls(value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if member == nil {
				delete(value, name)
				continue
			}
			dropNulls(member)
		}
	case []any:
		for _, element := range value {
			dropNulls(element)
		}
	}
}

// dropReservedTags removes the tags that AWS itself sets ("aws:…"): they are
// read with the others, but a request that carries one is refused
// (Tagging your Amazon ECS resources, tag restrictions).
func dropReservedTags(doc map[string]any) {
	tags, ok := doc["tags"].([]any)
	if !ok {
		return
	}
	kept := make([]any, 0, len(tags))
	for _, tag := range tags {
		member, _ := tag.(map[string]any)
		if key, _ := member["key"].(string); !strings.HasPrefix(strings.ToLower(key), "aws:") {
			kept = append(kept, tag)
		}
	}
	if len(kept) == 0 {
		delete(doc, "tags")
		return
	}
	doc["tags"] = kept
}

// check finds what makes a definition unusable before ECS is asked.
func (d Definition) check() error {
	if family, ok := d.doc["family"].(string); !ok || family == "" {
		return errors.New("the task definition has no family")
	}
	list, ok := d.doc["containerDefinitions"].([]any)
	if !ok || len(list) == 0 {
		return errors.New("the task definition has no containerDefinitions")
	}
	for i, element := range list {
		container, ok := element.(map[string]any)
		if !ok {
			return fmt.Errorf("containerDefinitions[%d] is not an object", i)
		}
		for _, name := range []string{"name", "image"} {
			if text, ok := container[name].(string); !ok || text == "" {
				return fmt.Errorf("containerDefinitions[%d] has no %s", i, name)
			}
		}
	}
	return nil
}

// IsZero reports whether there is no definition.
func (d Definition) IsZero() bool { return d.doc == nil }

// String names the definition and shows nothing of its content, which may be
// secret; MarshalJSON and Indented show it.
func (d Definition) String() string {
	if d.IsZero() {
		return "no task definition"
	}
	return fmt.Sprintf("task definition %s with %d containers", d.Family(), len(d.Containers()))
}

// GoString is String: %#v must not show secrets either.
func (d Definition) GoString() string { return d.String() }

// Family is the family under which the definition is registered.
func (d Definition) Family() string {
	family, _ := d.doc["family"].(string)
	return family
}

// Containers lists the containers in the order of the definition.
func (d Definition) Containers() []Container {
	list, _ := d.doc["containerDefinitions"].([]any)
	containers := make([]Container, 0, len(list))
	for _, element := range list {
		member, _ := element.(map[string]any)
		name, _ := member["name"].(string)
		image, _ := member["image"].(string)
		containers = append(containers, Container{Name: name, Image: image})
	}
	return containers
}

// LogOptions is the log driver of a container and its options; an empty driver
// where the container has no log configuration.
func (d Definition) LogOptions(container string) (driver string, options map[string]string) {
	list, _ := d.doc["containerDefinitions"].([]any)
	for _, element := range list {
		member, _ := element.(map[string]any)
		if member["name"] != container {
			continue
		}
		configuration, _ := member["logConfiguration"].(map[string]any)
		driver, _ = configuration["logDriver"].(string)
		options = map[string]string{}
		values, _ := configuration["options"].(map[string]any)
		for name, value := range values {
			options[name] = fmt.Sprint(value)
		}
		return driver, options
	}
	return "", nil
}

// MarshalJSON writes the input of RegisterTaskDefinition, in clear, members in
// alphabetical order.
func (d Definition) MarshalJSON() ([]byte, error) {
	return encode(d.doc, "")
}

// Indented is MarshalJSON for people: two spaces, and a newline at the end.
func (d Definition) Indented() ([]byte, error) {
	text, err := encode(d.doc, "  ")
	return append(text, '\n'), err
}

// encode writes JSON without the escapes that are only useful in HTML.
func encode(value any, indent string) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("writing the task definition as JSON: %w", err)
	}
	return bytes.TrimRight(buffer.Bytes(), "\n"), nil
}

// clone copies a document, so that edits never reach the original.
func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for name, member := range value {
			copied[name] = clone(member)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, element := range value {
			copied[i] = clone(element)
		}
		return copied
	}
	return value
}
