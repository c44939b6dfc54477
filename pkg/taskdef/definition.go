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
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/utf8text"
)

// outputOnly are the members that DescribeTaskDefinition returns and that
// RegisterTaskDefinition does not take: the difference between the shapes
// TaskDefinition and RegisterTaskDefinitionRequest of the ECS API.
var outputOnly = []string{
	"compatibilities", "deleteRequestedAt", "deregisteredAt", "registeredAt", "registeredBy",
	"requiresAttributes", "revision", "status", "taskDefinitionArn",
}

// Definition is a task definition in the form in which it is registered: the document with
// every member that ECS returned or the file had, without the output-only ones, and with its
// tags. The zero value has no definition.
type Definition struct {
	doc    map[string]any
	origin *origin // where it was read from; nil for one that ECS returned
}

// Container is one entry of containerDefinitions, as far as a deployment names it.
type Container struct {
	// Name is the container's name, unique within the definition.
	Name string `json:"name"`
	// Image is the image reference as it stands in the definition.
	Image string `json:"image"`
}

// FromDescribe reads the body of a DescribeTaskDefinition response. Unlike
// Parse it takes what ECS says as it is.
func FromDescribe(body []byte) (Definition, error) {
	if reason := utf8text.Reason(body); reason != "" {
		return Definition{}, fmt.Errorf("DescribeTaskDefinition answered with a text that is broken: %s", reason)
	}
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
	return doc, nil
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
	return clean(doc)
}

// clean makes a definition of a document, without what cannot be registered.
func clean(doc map[string]any) Definition {
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
	return text(d.doc, "family")
}

// Containers lists the containers in the order of the definition.
func (d Definition) Containers() []Container {
	members := d.containers()
	containers := make([]Container, 0, len(members))
	for _, member := range members {
		containers = append(containers, Container{Name: text(member, "name"), Image: text(member, "image")})
	}
	return containers
}

// containers are the container definitions, as they stand in the document.
func (d Definition) containers() []map[string]any {
	list, _ := d.doc["containerDefinitions"].([]any)
	containers := make([]map[string]any, 0, len(list))
	for _, element := range list {
		if container, ok := element.(map[string]any); ok {
			containers = append(containers, container)
		}
	}
	return containers
}

// text is a member that is a string, or "".
func text(object map[string]any, name string) string {
	value, _ := object[name].(string)
	return value
}

// LogOptions is the log driver of a container and its options; an empty driver
// if the container has no log configuration.
func (d Definition) LogOptions(container string) (driver string, options map[string]string) {
	for _, member := range d.containers() {
		if text(member, "name") != container {
			continue
		}
		configuration, _ := member["logConfiguration"].(map[string]any)
		driver = text(configuration, "logDriver")
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
	written, err := encode(d.doc, "  ")
	return append(written, '\n'), err
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
	return mapped(value, func(leaf any) any { return leaf })
}

// mapped copies a value, with something else in the place of each plain value in
// it.
func mapped(value any, replace func(leaf any) any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for name, member := range value {
			copied[name] = mapped(member, replace)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, element := range value {
			copied[i] = mapped(element, replace)
		}
		return copied
	}
	return replace(value)
}
