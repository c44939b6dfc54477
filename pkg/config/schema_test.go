package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

// compiled is the schema as a validator reads it.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(SchemaURL, document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(SchemaURL)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// complaint is what the schema says of a file, as an editor reads it: its values,
// and not its texts.
func complaint(schema *jsonschema.Schema, text string) error {
	var content any
	if err := yaml.Load([]byte(text), &content); err != nil {
		return err
	}
	encoded, err := json.Marshal(content)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// goodFiles are files that are read, by what is in their defaults.
var goodFiles = map[string]string{
	"nothing":  "  {}",
	"texts":    "  cluster: 012345670123\n  service-name: 1.10\n  tag: on\n  region: 0x10\n  profile: no\n  external-id: 2026-01-01\n  task-role: ''",
	"counts":   "  desired-count: 0\n  min: '010'\n  max: 200\n  max-attempts: +5",
	"spans":    "  timeout: 90\n  complete-timeout: 1h30m\n  call-timeout: .5s",
	"switches": "  no-wait: true\n  force-new-deployment: 'false'\n  confirm: true",
	"lists":    "  image: [docker.repo.com/doorman:v2, doorman]\n  only: web,worker",
	"a list":   "  image: doorman\n  only: ['*']",
	"account":  "  account: '012345670123'",
	"accounts": "  account: 112233445566",
	"env":      "  env:\n    LOG_LEVEL: info\n    a.B: 1.10\n    OLD: ~\n    web: {PORT: 0x10, NO: no, GONE: null}\n    '*': {web: 1}\n    EMPTY: ''",
	"removed":  "  unset-env: [A, web:B, '*:C:D']\n  unset-secret: A",
	"secrets":  "  secret: {web: {TOKEN: 'arn:aws:ssm:eu-west-1:012345670123:parameter/token'}, KEY: /key}",
	"labels":   "  docker-label: {app.kubernetes.io/name: web}\n  log-option: {web: {awslogs-group: /web, mode: null}}",
	"tags":     "  task-definition-tag: {Team: doorman, cost/centre: 007, old: null}",
	"commands": "  command: {web: [serve, --port, 8080, true, ''], worker: run it}\n  entry-point: {web: '[\"sh\"]', worker: []}",
	"each":     "  container: {web: 'doorman:v2'}\n  container-cpu: {web: 256}\n  container-memory: {web: 0.5 GB}\n  container-memory-reservation: {web: '128'}",
	"alias":    "  cluster: &c production1\n  service-name: *c",
}

func good(defaults string) string { return "version: 1\ndefaults:\n" + defaults + "\n" }

// onlyTheProgramSees are the bad files that no schema can tell from good ones:
// it sees values where the program reads texts, knows of no other part of the
// file, and of no grammar of images and versions, nor of digits before a number.
var onlyTheProgramSees = []string{
	"duplicate ", "another base", "a precise version", "two documents", "empty", "only a comment", "twice in ", "a target twice",
	"somebody else's tag", "a merge key", "null as a key", "a bad image", "a bad account", "an empty name",
	"extends nobody", "extends in another case", "extends itself", "extends in a circle", "no bounds",
	"needs nobody", "needs nothing of", "needs itself", "needs in a circle", "needs its own", "a group of nobody", "a group like",
}

func TestTheSchemaAgreesWithTheReader(t *testing.T) {
	schema := compiled(t)
	for name, defaults := range goodFiles {
		if _, err := ParseFile("f.yaml", []byte(good(defaults)), ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := complaint(schema, good(defaults)); err != nil {
			t.Errorf("%s: the schema refuses it: %v", name, err)
		}
	}
	used := map[string]bool{}
	for name, c := range badFiles {
		unseen := false
		for _, prefix := range onlyTheProgramSees {
			if strings.HasPrefix(name, prefix) {
				unseen, used[prefix] = true, true
			}
		}
		if err := complaint(schema, c.text); err == nil && !unseen {
			t.Errorf("%s: the schema takes it:\n%s", name, c.text)
		}
	}
	for _, prefix := range onlyTheProgramSees {
		if !used[prefix] {
			t.Errorf("no bad file is called %s", prefix)
		}
	}
}

// TestTheSchemaTakesWhatTheReaderTakes gives both random texts for every key.
func TestTheSchemaTakesWhatTheReaderTakes(t *testing.T) {
	schema := compiled(t)
	texts := []string{"1", "0", "true", "'90s'", "1m30s", "'+5'", "one", "''", "012345670123", "[a, b]", "[]", "{a: 1}", "{a: {b: c}}", "{web: [a, 1]}", "running", "'.5h'", "{a: ~}", "~", "-1", "'00'", "1us", "'0x1'", "skip", "112233445566"}
	rapid.Check(t, func(t *rapid.T) {
		keys := new(Settings).Keys()
		key := keys[rapid.IntRange(0, len(keys)-1).Draw(t, "key")]
		text := good(fmt.Sprintf("  %s: %s", key.Name, rapid.SampledFrom(texts).Draw(t, "text")))
		_, bad := ParseFile("f.yaml", []byte(text), "")
		refused := complaint(schema, text)
		if bad == nil && refused != nil {
			t.Fatalf("%s: the schema refuses it: %v", text, refused)
		}
	})
}

func TestTheSchemaKnowsEveryKeyOfTheFile(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Properties map[string]json.RawMessage }
	var section struct{ Properties map[string]any }
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(schema.Properties["defaults"], &section); err != nil {
		t.Fatal(err)
	}
	for _, key := range new(Settings).Keys() {
		_, inDefaults := section.Properties[key.Name]
		if inDefaults != key.Source.InFile() {
			t.Errorf("%s: in the schema %v, in a file %v", key.Name, inDefaults, key.Source.InFile())
		}
	}
	for _, name := range topKeys {
		if _, ok := schema.Properties[name]; !ok {
			t.Errorf("the schema does not know %s", name)
		}
	}
}
