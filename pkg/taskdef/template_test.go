package taskdef_test

import (
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestTemplatesReadBack: whatever a definition holds, dollars in values and in
// names included, both of its templates are read back as the same definition.
func TestTemplatesReadBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		doc := taskdef.GeneratedDocuments().Draw(rt, "definition")
		container := doc["containerDefinitions"].([]any)[0].(map[string]any)
		odd := rapid.OneOf(rapid.StringMatching(`[a$\{\}:A-]{1,12}`), rapid.StringMatching(`[-0-9a-z .:#'"\n\t|>&*!%@{}\[\],?~]*`))
		container["dockerLabels"] = map[string]any{odd.Draw(rt, "label"): odd.Draw(rt, "value")}
		container["command"] = []any{odd.Draw(rt, "word"), "on", "1.10", "012"}
		text, err := json.Marshal(map[string]any{"taskDefinition": doc})
		if err != nil {
			rt.Fatal(err)
		}
		d, err := taskdef.FromDescribe(text)
		if err != nil {
			rt.Fatal(err)
		}
		if _, err := taskdef.Parse("td", text, taskdef.ParseOptions{AllowUnknownFields: true}); err != nil {
			rt.Skip("ECS would refuse it")
		}
		for form, template := range map[string]func() ([]byte, error){"JSON": d.Template, "YAML": d.TemplateYAML} {
			written, err := template()
			if err != nil {
				rt.Fatal(err)
			}
			again, err := taskdef.Parse("td", written, taskdef.ParseOptions{Variable: variables(nil), AllowUnknownFields: true})
			if err != nil {
				rt.Fatalf("as %s\n%s\n%v", form, written, err)
			}
			if !slices.Equal(indented(t, d), indented(t, again)) {
				rt.Fatalf("as %s\n%s\nreads back as\n%s", form, written, indented(t, again))
			}
		}
	})
}

func TestTemplateYAMLIsForPeople(t *testing.T) {
	d, err := taskdef.Parse("td", []byte(`{"family": "web", "cpu": "256", "containerDefinitions": [{"cpu": 1, "essential": true, "links": [],
		"image": "web:$1", "name": "on", "command": ["sh", "-c", "set -e\nexec app\n"], "environment": [{"value": "${HOME}", "name": "A$B"}]}]}`), taskdef.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	written, err := d.TemplateYAML()
	if want := `family: web
containerDefinitions:
  - name: "on"
    image: "web:$$1"
    command:
      - sh
      - "-c"
      - |
        set -e
        exec app
    cpu: 1
    environment:
      - name: "A$$B"
        value: "$${HOME}"
    essential: true
    links: []
cpu: "256"
`; err != nil || string(written) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, written, want)
	}
	if names := d.EnvironmentNames(); !slices.Equal(names, []string{"A$B"}) {
		t.Errorf("variables %q", names)
	}
}
