package ecssim

// This file reads a world from YAML, strictly: unknown keys, duplicate keys,
// wrong types and contradictions are all reported, each with its place.

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// ParseWorld reads a world from YAML. name (usually the file's name) begins
// every line of the error, which joins all problems as
// "name:line:column: message".
func ParseWorld(name string, data []byte) (World, error) {
	var root yaml.Node
	if err := yaml.Load(data, &root); err != nil {
		return World{}, placeErrors(name, err)
	}
	var w World
	if err := yaml.Load(data, &w, yaml.WithKnownFields(), yaml.WithUniqueKeys()); err != nil {
		return World{}, placeErrors(name, err)
	}
	var found []error
	for _, p := range w.problems() {
		line, column := place(&root, p.path)
		found = append(found, fmt.Errorf("%s:%d:%d: %s", name, line, column, p.message))
	}
	if len(found) > 0 {
		return World{}, errors.Join(found...)
	}
	return w, nil
}

// placeErrors gives every YAML error the form name:line:column: message.
func placeErrors(name string, err error) error {
	var many *yaml.LoadErrors
	var one *yaml.LoadError
	switch {
	case errors.As(err, &many):
		found := make([]error, 0, len(many.Errors))
		for _, e := range many.Errors {
			found = append(found, placeError(name, e))
		}
		return errors.Join(found...)
	case errors.As(err, &one):
		return placeError(name, one)
	default:
		return fmt.Errorf("%s: %w", name, err)
	}
}

func placeError(name string, e *yaml.LoadError) error {
	return fmt.Errorf("%s:%d:%d: %s", name, max(e.Mark.Line, 1), max(e.Mark.Column, 1), plain(e.Message))
}

// plain says a decoder's message without the names of Go's types, which mean
// nothing to who writes a world.
func plain(message string) string {
	if field, _, ok := strings.Cut(message, " not found in type "); ok {
		return "unknown key " + strings.TrimPrefix(field, "field ")
	}
	if _, rest, ok := strings.Cut(message, "cannot construct "); ok {
		what, kind, _ := strings.Cut(rest, " into ")
		wanted := "another kind of value"
		if strings.HasPrefix(kind, "[]") {
			wanted = "a list"
		}
		return fmt.Sprintf("%s stands where %s is expected", strings.NewReplacer("!!map", "a mapping", "!!seq", "a list", "!!str", "the text").Replace(what), wanted)
	}
	return message
}

// place finds the line and column of a path in a YAML document, or of the
// nearest thing around it that the document has.
func place(node *yaml.Node, path []any) (line, column int) {
	if node.Kind == yaml.DocumentNode && len(node.Content) == 1 {
		node = node.Content[0]
	}
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return max(node.Line, 1), max(node.Column, 1)
}

func child(node *yaml.Node, step any) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	case string:
		if node.Kind != yaml.MappingNode {
			return nil
		}
		i := slices.IndexFunc(node.Content, func(n *yaml.Node) bool { return n.Value == step })
		if i >= 0 && i%2 == 0 {
			return node.Content[i+1]
		}
	}
	return nil
}
