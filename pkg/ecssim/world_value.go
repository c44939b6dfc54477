package ecssim

// This file holds the two value types of a world: Duration, written as "90s",
// and Document, a free-form ECS JSON object whose numbers keep their text.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// Duration is a time.Duration that a world writes as "90s" or "15m"; a plain
// number is seconds.
type Duration time.Duration

// UnmarshalText reads a Go duration or a number of seconds; neither may be
// negative.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	v, err := time.ParseDuration(s)
	if err != nil {
		seconds, numErr := strconv.ParseFloat(s, 64)
		if numErr != nil {
			return fmt.Errorf("%q is not a duration such as 90s or 15m", s)
		}
		v = time.Duration(seconds * float64(time.Second))
	}
	if v < 0 {
		return fmt.Errorf("duration %q is negative", s)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the duration as Go does.
func (d Duration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

// or is the duration, or fallback if it is zero.
func (d Duration) or(fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return time.Duration(d)
}

// orDefault is the duration, or fallback if it is absent.
func orDefault(d *Duration, fallback time.Duration) time.Duration {
	if d == nil {
		return fallback
	}
	return time.Duration(*d)
}

// Document is a JSON object of the ECS API: the input of an operation, written
// in YAML or JSON. Its numbers are json.Number, so that none loses a digit.
type Document map[string]any

// UnmarshalJSON keeps numbers as json.Number.
func (d *Document) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return err
	}
	*d = m
	return nil
}

// UnmarshalYAML turns the YAML mapping into the JSON object that it stands for.
func (d *Document) UnmarshalYAML(node *yaml.Node) error {
	v, err := jsonValue(node)
	if err != nil {
		return err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("expected a mapping (an ECS JSON object)")
	}
	*d = m
	return nil
}

// UnmarshalYAML also takes a plain text.
func (l *LogLine) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*l = LogLine{Text: node.Value}
		return nil
	}
	type plain LogLine
	return node.Load((*plain)(l), yaml.WithKnownFields(), yaml.WithUniqueKeys())
}

// jsonValue is the JSON value of a YAML node.
func jsonValue(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.AliasNode:
		return jsonValue(node.Alias)
	case yaml.MappingNode:
		m := make(map[string]any, len(node.Content)/2)
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			if _, twice := m[key.Value]; twice {
				return nil, fmt.Errorf("duplicate key %q", key.Value)
			}
			v, err := jsonValue(node.Content[i+1])
			if err != nil {
				return nil, err
			}
			m[key.Value] = v
		}
		return m, nil
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for _, n := range node.Content {
			v, err := jsonValue(n)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	default:
		return jsonScalar(node)
	}
}

// jsonScalar is the JSON value of a YAML scalar. A number that JSON could not
// write the same way (012, 0x10, .inf) stays text.
func jsonScalar(node *yaml.Node) (any, error) {
	switch node.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		var b bool
		if err := node.Decode(&b); err != nil {
			return nil, err
		}
		return b, nil
	case "!!int", "!!float":
		if json.Valid([]byte(node.Value)) {
			return json.Number(node.Value), nil
		}
	}
	return node.Value, nil
}

// clone is a deep copy of a JSON value.
func clone[T any](v T) T {
	return cloneValue(v).(T)
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case Document:
		if v == nil {
			return v
		}
		return Document(cloneValue(map[string]any(v)).(map[string]any))
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = cloneValue(e)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = cloneValue(e)
		}
		return list
	default:
		return v
	}
}
