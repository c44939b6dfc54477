package report

// The JSON Schemas of what the program prints for programs. They are made of the types
// that are encoded, so that no field is in one and not in the other; a table adds which
// fields a line of the stream always has, and the words that are ours.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// schemaFolder is where the schemas are published.
const schemaFolder = "https://raw.githubusercontent.com/ecs-deploy/ecs-deploy/main/docs/"

// node is a JSON object of a schema.
type node = map[string]any

// EventsSchema is the JSON Schema (draft 2020-12) of a line of the NDJSON stream, and of
// the outcome that -o json prints.
func EventsSchema() ([]byte, error) {
	s := newSchema()
	var types []string
	var lines []any
	for _, line := range streamLines {
		types = append(types, line.Type)
		lines = append(lines, node{"if": node{"properties": node{"type": node{"const": line.Type}}}, "then": s.line(line)})
	}
	root := node{
		"description": "a line of -o ndjson, or the outcome of -o json. Ignore fields that you do not know: a newer version of ecs-deploy may print more of them.",
		"type":        "object", "required": []string{"type"}, "properties": node{"type": node{"enum": types}}, "allOf": lines,
	}
	return s.document("events.schema.json", "output of ecs-deploy: events and outcomes, schema "+Schema, root)
}

// ResultForm is what some commands print with -o json.
type ResultForm struct {
	// Name is the name of the definition in the schema, Commands are the commands that
	// print it.
	Name, Commands string
	// Value is a value of its type.
	Value any
}

// ResultsSchema is the JSON Schema of what the commands print with -o json that find
// something and change nothing. more are results that other packages make.
func ResultsSchema(more ...ResultForm) ([]byte, error) {
	s := newSchema()
	var all []any
	for _, form := range slices.Concat(resultForms, more) {
		shape := s.of(reflect.TypeOf(form.Value))
		shape["description"] = "printed by " + form.Commands
		s.defs[form.Name] = shape
		all = append(all, ref(form.Name))
	}
	root := node{
		"description": "what a command found, with -o json or -o ndjson. Each definition names its commands. Ignore fields that you do not know: a newer version of ecs-deploy may print more of them. An error is an outcome, which events.schema.json describes.",
		"anyOf":       all,
	}
	return s.document("results.schema.json", "output of ecs-deploy: results, schema "+Schema, root)
}

// schema is a schema that is being made: its definitions by name, and the types of which
// they are.
type schema struct {
	defs  node
	types map[string]reflect.Type
}

func newSchema() schema { return schema{node{}, map[string]reflect.Type{}} }

// document is the whole schema as text.
func (s schema) document(file, title string, root node) ([]byte, error) {
	root["$schema"], root["$id"], root["title"], root["$defs"] = "https://json-schema.org/draft/2020-12/schema", schemaFolder+file, title, s.defs
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return b.Bytes(), nil
}

// line defines a line of the stream.
func (s schema) line(line streamLine) node {
	if line.Type == string(deploy.EventOutcome) {
		several, task, one := s.of(reflect.TypeFor[fleetObject]()), s.of(reflect.TypeFor[taskObject]()), s.of(reflect.TypeFor[outcomeObject]())
		return node{
			"description": line.When,
			"if":          node{"required": []string{"members"}}, "then": several,
			"else": node{"if": node{"required": []string{"container"}}, "then": task, "else": one},
		}
	}
	if line.value != nil {
		return s.of(reflect.TypeOf(line.value))
	}
	all := s.fields(reflect.TypeFor[eventObject]())
	properties := node{"type": node{"const": line.Type}}
	always := append([]string{"type", "time", "elapsedSeconds", "subject"}, line.Always...)
	for _, name := range slices.Concat(always[1:], line.Sometimes) {
		properties[name] = s.of(all[name].Type)
	}
	name := line.Type + "-event"
	s.defs[name] = node{"description": line.When, "type": "object", "required": always, "properties": properties}
	return ref(name)
}

func ref(name string) node { return node{"$ref": "#/$defs/" + name} }

// of is what a value of a type looks like in JSON. It panics for a type of which nobody
// said: a test finds it.
func (s schema) of(t reflect.Type) node {
	if words := closedWords[t]; words != nil {
		return node{"enum": words}
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return node{"type": "string", "format": "date-time"}
	case reflect.TypeFor[deploy.Seconds]():
		return node{"type": "number"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Interface:
		return node{}
	case reflect.String:
		return node{"type": "string"}
	case reflect.Bool:
		return node{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return node{"type": "integer"}
	case reflect.Float64:
		return node{"type": "number"}
	case reflect.Slice:
		return node{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return node{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.structure(t)
	}
	panic("no schema for " + t.String())
}

// structure defines a type by its fields.
func (s schema) structure(t reflect.Type) node {
	name := definitionName(t)
	if other := s.types[name]; other != nil {
		if other != t {
			panic(fmt.Sprintf("%s and %s are both %s in the schema; name one in typeNames", other, t, name))
		}
		return ref(name)
	}
	s.types[name] = t
	definition := node{"type": "object"}
	s.defs[name] = definition // before its fields, which may have the same type
	properties, required, together := node{}, []string{}, []string{}
	for field, f := range s.fields(t) {
		if properties[field] = fieldForms[name+"."+field]; properties[field] == nil {
			properties[field] = s.of(f.Type)
		}
		switch {
		case f.optional:
		case f.ofPointer:
			together = append(together, field)
		default:
			required = append(required, field)
		}
	}
	if field := spans[t]; field != "" {
		properties[field] = node{"type": "number"}
	}
	slices.Sort(required)
	slices.Sort(together)
	definition["properties"], definition["required"] = properties, required
	if len(together) > 0 { // fields of a part that is there, or is not
		definition["dependentRequired"] = node{together[0]: together[1:]}
	}
	return ref(name)
}

// definitionName is the name of a type's definition.
func definitionName(t reflect.Type) string {
	if name := typeNames[t]; name != "" {
		return name
	}
	name := []rune(strings.TrimSuffix(t.Name(), "Object"))
	name[0] = unicode.ToLower(name[0])
	return string(name)
}

// encoded is a field as package encoding/json writes it.
type encoded struct {
	reflect.Type
	optional  bool // it may be absent if it is empty
	ofPointer bool // it is in an embedded struct that may be nil
	depth     int
}

// fields are the fields of a struct by their names in JSON, those of embedded structs
// included, by the rule of package encoding/json: the least nested one wins.
func (s schema) fields(t reflect.Type) map[string]encoded {
	all := map[string]encoded{}
	var collect func(t reflect.Type, depth int, ofPointer bool)
	collect = func(t reflect.Type, depth int, ofPointer bool) {
		for i := range t.NumField() {
			field := t.Field(i)
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case field.Anonymous && name == "" && field.Type.Kind() == reflect.Pointer:
				// The plan of a result is always there: only the outcome may be missing.
				collect(field.Type.Elem(), depth+1, ofPointer || field.Type == reflect.TypeFor[*outcomeFields]())
			case field.Anonymous && name == "":
				collect(field.Type, depth+1, ofPointer)
			case !field.IsExported() || name == "-":
			default:
				if earlier, ok := all[name]; ok && earlier.depth <= depth {
					continue
				}
				all[name] = encoded{field.Type, strings.Contains(options, "omit"), ofPointer, depth}
			}
		}
	}
	collect(t, 0, false)
	return all
}
