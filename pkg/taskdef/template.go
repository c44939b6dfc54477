package taskdef

// A definition as a file that people keep and edit, and that is read with
// variables.

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/yamltext"
)

// Template is Indented as a file that is read with variables: every dollar in a
// value is doubled, so that [Parse] gives back the same definition.
func (d Definition) Template() ([]byte, error) {
	written, err := encode(doubled(d.doc), "  ")
	return append(written, '\n'), err
}

// TemplateYAML is Template as YAML. What things are called comes first in each
// object, the rest in alphabetical order.
func (d Definition) TemplateYAML() ([]byte, error) { return yamltext.Dump(node(doubled(d.doc))) }

// EnvironmentNames are the names of the variables that the definition has the
// values of, each once, in alphabetical order.
func (d Definition) EnvironmentNames() []string {
	var names []string
	for _, container := range d.containers() {
		for _, variable := range named(container, "environment") {
			names = append(names, text(variable, "name"))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// doubled copies a value with every dollar in it doubled. Names of members are
// not read with variables, and stay.
func doubled(value any) any {
	return mapped(value, func(leaf any) any {
		if text, ok := leaf.(string); ok {
			return strings.ReplaceAll(text, "$", "$$")
		}
		return leaf
	})
}

// foremost are the members by which a person knows an object.
var foremost = []string{"image", "key", "name", "family"}

// node is a JSON value as YAML.
func node(value any) *yaml.Node {
	switch value := value.(type) {
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode, Style: flowIf(len(value) == 0)}
		names := slices.SortedFunc(maps.Keys(value), func(a, b string) int {
			return cmp.Or(cmp.Compare(slices.Index(foremost, b), slices.Index(foremost, a)), cmp.Compare(a, b))
		})
		for _, name := range names {
			n.Content = append(n.Content, yamltext.Scalar(name), node(value[name]))
		}
		return n
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: flowIf(len(value) == 0)}
		for _, element := range value {
			n.Content = append(n.Content, node(element))
		}
		return n
	case string:
		return yamltext.Scalar(value)
	case json.Number:
		return yamltext.Literal(value.String())
	case bool:
		return yamltext.Literal(strconv.FormatBool(value))
	}
	return yamltext.Literal("null")
}

// flowIf writes what is empty as {} or [].
func flowIf(empty bool) yaml.Style {
	if empty {
		return yaml.FlowStyle
	}
	return 0
}
