// Package schematest holds what the program prints for programs against its JSON Schemas.
// It is stricter than they are: a field that no schema names is an error.
package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// events is the strict schema of the stream.
var events = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := report.EventsSchema()
	if err != nil {
		return nil, err
	}
	return Compile(text, true)
})

// Compile makes a validator of a schema. If it is strict, no object has other fields than
// the schema names.
func Compile(text []byte, strict bool) (*jsonschema.Schema, error) {
	return compile(text, strict, "schema.json")
}

// CompileDefinition makes a strict validator of one definition of a schema.
func CompileDefinition(text []byte, name string) (*jsonschema.Schema, error) {
	return compile(text, true, "schema.json#/$defs/"+name)
}

func compile(text []byte, strict bool, part string) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	root, _ := document.(map[string]any)
	definitions, _ := root["$defs"].(map[string]any)
	for _, definition := range definitions {
		if object, ok := definition.(map[string]any); ok && strict && object["properties"] != nil {
			object["additionalProperties"] = false
		}
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", document); err != nil {
		return nil, err
	}
	return compiler.Compile(part)
}

// Lines checks each JSON value of a text against the schema of the stream.
func Lines(text []byte) error {
	schema, err := events()
	if err != nil {
		return err
	}
	return Values(schema, text)
}

// Values checks each JSON value of a text against a schema.
func Values(schema *jsonschema.Schema, text []byte) error {
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		if err := schema.Validate(value); err != nil {
			return fmt.Errorf("%s: %w", raw, err)
		}
	}
}

// Events checks events as -o ndjson prints them, and those that are outcomes as -o json
// prints them too.
func Events(t testing.TB, events ...deploy.Event) {
	t.Helper()
	var out bytes.Buffer
	stream, object := report.New("ndjson", report.Options{Out: &out}), report.New("json", report.Options{Out: &out})
	for _, e := range events {
		stream.Event(e)
		object.Event(e)
	}
	if err := Lines(out.Bytes()); err != nil {
		t.Error(err)
	}
}
