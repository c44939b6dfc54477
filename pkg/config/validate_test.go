package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestValidateFindsWhatIsWrongWithEveryTarget(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"web.json": `{"family": "a", "containerDefinitions": [{"name": "b", "image": "c"}]}`, "bad.json": "{\n  \"family\" }",
		"template.json": `{"family": "a", "containerDefinitions": [{"name": "b", "image": "c", "command": ["${NOBODY_SETS_THIS}"]}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		text string
		want []string // of each problem, behind the file's path
	}{
		"all well": {"version: 1\ndefaults: {task-definition-file: web.json}\ntargets:\n  a: {}\n  b: {task-definition-file: '-'}\n", nil},
		"files": {"version: 1\ntargets:\n  a: {task-definition-file: web.json}\n  b: {task-definition-file: bad.json}\n  c: {task-definition-file: nowhere.json}\n", []string{
			":4:29: ", ":5:29: the task definition cannot be read: ",
		}},
		"once":         {"version: 1\ndefaults:\n  task-definition-file: nowhere.json\ntargets:\n  a: {}\n  b: {}\n", []string{":3:25: the task definition cannot be read: "}},
		"not used":     {"version: 1\nrequire-target: true\ndefaults:\n  task-definition-file: nowhere.json\ntargets:\n  a: {task-definition-file: web.json}\n", nil},
		"no variables": {"version: 1\ntargets:\n  a: {task-definition-file: template.json, no-variables: true}\n  b: {task-definition-file: template.json}\n  c: {extends: b, no-variables: true}\n", []string{":4:29: "}},
		"policies": {"version: 1\ndefaults: {no-wait: true}\ntargets:\n  a: {}\n  b: {rollback-on-failure: true}\n  c: {extends: b, no-wait: false}\n", []string{
			":5:3: target b: --no-wait contradicts --rollback-on-failure",
		}},
		"policy": {"version: 1\ndefaults: {no-wait: true, on-interrupt: rollback}\n", []string{":1:1: defaults: --no-wait contradicts "}},
	} {
		path := filepath.Join(dir, FileName)
		f, err := ParseFile(path, []byte(c.text), "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var problems FileError
		if err := f.Validate(t.Context()); err != nil {
			var found *FileError
			if !errors.As(err, &found) {
				t.Fatalf("%s: %v", name, err)
			}
			problems = *found
		}
		if len(problems.Problems) != len(c.want) {
			t.Errorf("%s: %d problems, want %d: %q", name, len(problems.Problems), len(c.want), problems.Problems)
			continue
		}
		for i, want := range c.want {
			if got := problems.Problems[i]; !strings.HasPrefix(got, path+want) || strings.Contains(got, "\n") {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	}
}

// TestValidateReadsEachDefinitionOnce counts the readings: many targets name the same
// file.
func TestValidateReadsEachDefinitionOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	var b strings.Builder
	b.WriteString("version: 1\ndefaults: {task-definition-file: nowhere.json}\ntargets:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "  t%d: {allow-unknown-fields: %t}\n", i, i%2 == 0)
	}
	f, err := ParseFile(path, []byte(b.String()), "")
	if err != nil {
		t.Fatal(err)
	}
	checked := checkedFiles{definitions: map[definitionFile][]string{}}
	for _, target := range f.Targets() {
		s, err := f.Settings(target)
		if err != nil {
			t.Fatal(err)
		}
		if problems := checked.definition(t.Context(), s); len(problems) != 1 {
			t.Error(problems)
		}
	}
	if len(checked.definitions) != 2 { // with and without unknown fields
		t.Errorf("%d readings", len(checked.definitions))
	}
}
