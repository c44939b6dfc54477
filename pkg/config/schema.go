package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strings"
)

// SchemaURL is where the schema of the settings file is published.
const SchemaURL = "https://raw.githubusercontent.com/ecs-deploy/ecs-deploy/main/docs/ecs-deploy.schema.json"

// object is a JSON object of the schema.
type object = map[string]any

// Schema is the JSON Schema (draft 2020-12) of the settings file, made of the
// table of keys. Editors check a file by it while it is written. A schema sees
// values where the program reads texts: duplicate keys, targets that do not
// exist and numbers written in another base are the program's to find.
func Schema() ([]byte, error) {
	keys := object{}
	settings, target := object{}, object{}
	for _, key := range new(Settings).Keys() {
		if !key.Source.InFile() {
			continue
		}
		form := formOf(key)
		form["description"] = strings.ReplaceAll(key.Usage, "`", "")
		keys[key.Name] = form
		settings[key.Name] = object{"$ref": "#/$defs/" + key.Name}
		target[key.Name] = inTarget(key, settings[key.Name])
	}
	target["extends"] = object{"type": "string", "minLength": 1, "description": "another target to inherit settings from"}
	target["needs"] = described(wordsForm(0), "targets, groups or patterns that are deployed before, in a run of several targets")
	properties := object{
		"version":          object{"enum": []any{1, FormatVersion}, "description": "version of the file format"},
		"required-version": object{"type": []string{"string", "number"}, "description": "required version of ecs-deploy, such as >= 0.5, < 2"},
		"require-target":   object{"enum": []any{true, false, "true", "false"}, "description": "require --target"},
		"defaults":         closed(settings, "settings of all targets, and of commands without a target"),
		"groups": object{
			"type": "object", "description": "groups of targets by name; use them like targets", "propertyNames": object{"pattern": "^[^,*?]+$"},
			"additionalProperties": described(wordsForm(1), "targets, other groups or patterns such as production-*"),
		},
		"targets": object{
			"type": "object", "description": "targets by name",
			"propertyNames": object{"minLength": 1}, "additionalProperties": closed(target, "one target: settings that override the defaults"),
		},
	}
	schema := closed(properties, "settings of ecs-deploy")
	schema["$schema"], schema["$id"], schema["title"] = "https://json-schema.org/draft/2020-12/schema", SchemaURL, FileName
	schema["required"], schema["$defs"] = []string{"version"}, keys
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return b.Bytes(), nil
}

// wordsForm is what the schema takes for words that choose targets.
func wordsForm(least int) object {
	word := plainForm()
	word["minLength"] = 1
	return object{"anyOf": []any{word, object{"type": "array", "items": word, "minItems": least}}}
}

// described is a form with a description.
func described(form object, description string) object {
	form = maps.Clone(form)
	form["description"] = description
	return form
}

// closed is an object with these properties and no others.
func closed(properties object, description string) object {
	return object{"type": "object", "description": description, "properties": properties, "additionalProperties": false}
}

// inTarget is what a target takes for a key: what the defaults take, or null, which
// takes back what they say.
func inTarget(key Key, defaults any) any {
	null := object{"type": "null"}
	switch v := key.Value.(type) {
	case perContainer:
		return mapOf(object{"anyOf": []any{ofContainer(v), null}})
	case entryValue:
		return defaults
	}
	return object{"anyOf": []any{defaults, null}}
}

// plainForm is what the schema takes for a text.
func plainForm() object { return object{"type": []string{"string", "number", "boolean"}} }

// ofContainer is what the schema takes for what a container has only one of.
func ofContainer(v perContainer) object {
	one := plainForm()
	one["minLength"] = 1
	if v.words {
		return object{"anyOf": []any{one, object{"type": "array", "items": plainForm()}}}
	}
	return one
}

// spanPattern is a time span: a bare number is seconds, one with units is Go's.
const spanPattern = `^\+?([0-9]+|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`

// formOf is what the schema takes for a key.
func formOf(key Key) object {
	removable := object{"type": []string{"string", "number", "boolean", "null"}}
	switch v := key.Value.(type) {
	case optionalCount:
		return object{"type": []string{"integer", "string"}, "minimum": 0, "maximum": math.MaxInt32, "pattern": `^\+?[0-9]+$`}
	case duration:
		return object{"type": []string{"integer", "string"}, "minimum": 1, "maximum": math.MaxInt32, "allOf": []any{
			object{"pattern": spanPattern}, object{"pattern": "[1-9]"},
		}}
	case optionalSeconds:
		return object{"type": []string{"integer", "string"}, "minimum": 0, "maximum": math.MaxInt32, "pattern": spanPattern}
	case optionalMinutes:
		return object{"type": []string{"integer", "string"}, "minimum": 0, "maximum": math.MaxInt32, "pattern": spanPattern}
	case optionalPercent:
		return object{"type": []string{"number", "string"}, "minimum": 0, "maximum": 100, "pattern": `^[0-9]+(\.[0-9]+)?$`}
	case toggle:
		return object{"enum": []any{true, false, "true", "false"}}
	case choice:
		return object{"enum": v.allowed}
	case accountID:
		return object{"type": []string{"string", "integer"}, "pattern": fmt.Sprintf("^[0-9]{%d}$", accountDigits), "minimum": 0, "maximum": int64(999999999999)}
	case steps:
		return stepsForm()
	case list, names:
		return object{"anyOf": []any{plainForm(), object{"type": "array", "items": plainForm()}}}
	case files:
		some := object{"anyOf": []any{plainForm(), object{"type": "array", "items": plainForm()}}}
		return object{"anyOf": []any{some, mapOf(some)}}
	case tags:
		return mapOf(removable)
	case perContainer:
		return mapOf(ofContainer(v))
	case entries:
		if v.unset {
			place := object{"type": []string{"string", "number", "boolean"}, "pattern": "^([^:=]+:[^=]+|[^:=]+)$"}
			return object{"anyOf": []any{place, object{"type": "array", "items": place}}}
		}
		form := mapOf(object{"anyOf": []any{removable, mapOf(removable)}})
		form["patternProperties"] = object{":": mapOf(removable)} // CONTAINER:NAME is the form of a flag
		return form
	}
	return plainForm()
}

// mapOf is an object of any names.
func mapOf(form object) object {
	return object{"type": "object", "propertyNames": object{"minLength": 1}, "additionalProperties": form}
}
