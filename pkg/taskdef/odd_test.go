package taskdef_test

import (
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// oddly is a definition with something odd in its container.
func oddly(odd string) string {
	return `{"family":"web","containerDefinitions":[{"name":"app","image":"x:1",` + odd + `}]}`
}

// TestOddWrappers: tags beside what is no definition are refused like it.
func TestOddWrappers(t *testing.T) {
	for _, inner := range []string{`[]`, `null`, `"web"`, `7`} {
		_, err := taskdef.Parse("td", []byte(`{"taskDefinition": `+inner+`, "tags": [{"key": "a", "value": "b"}]}`), taskdef.ParseOptions{})
		if err == nil || !strings.HasPrefix(err.Error(), "td:1:20: a task definition is an object") {
			t.Errorf("%s: %v", inner, err)
		}
	}
}

// TestWholeNumbers: ECS takes integers only, so what is one is registered as one,
// and what is none is refused here, with its place.
func TestWholeNumbers(t *testing.T) {
	for text, want := range map[string]string{"512": "512", "512.0": "512", "5.12e2": "512", `"512"`: "512", "-1": "-1", "-0": "0"} {
		d, err := taskdef.Parse("td", []byte(oddly(`"memory": `+text)), taskdef.ParseOptions{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if written := string(indented(t, d)); !strings.Contains(written, `"memory": `+want+",") {
			t.Errorf("%s became %s", text, written)
		}
	}
	for _, text := range []string{"512.5", "1e-3", "1e400", "9007199254740993.5", `"512.5"`} {
		_, err := taskdef.Parse("td", []byte(oddly(`"memory": `+text)), taskdef.ParseOptions{})
		if err == nil || !strings.HasSuffix(err.Error(), "ECS expects a whole number here") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestDefaultsOfVariables: a default is text, in which $$ is a dollar as
// everywhere; a variable within one would be cut in half.
func TestDefaultsOfVariables(t *testing.T) {
	read := func(value string) (string, error) {
		d, err := taskdef.Parse("td", []byte(oddly(`"command": ["`+value+`"]`)), taskdef.ParseOptions{Variable: variables(map[string]string{"SET": "set"})})
		if err != nil {
			return "", err
		}
		return document(t, indented(t, d)).(map[string]any)["containerDefinitions"].([]any)[0].(map[string]any)["command"].([]any)[0].(string), nil
	}
	for value, want := range map[string]string{
		"${A:-$$5}":   "$5",
		"${A:-$5}":    "$5",
		"${SET:-$$5}": "set",
		"${A:-a:-b}":  "a:-b",
		"${A:-{b}":    "{b",
	} {
		if got, err := read(value); err != nil || got != want {
			t.Errorf("%s is %q, %v", value, got, err)
		}
	}
	for _, value := range []string{"${A:-${B}}", "${SET:-${B:-c}}", "${A:-x${SET}}"} {
		if got, err := read(value); err == nil || !strings.Contains(err.Error(), "td:1:81: ${") {
			t.Errorf("%s is %q, %v", value, got, err)
		}
	}
}

// TestUnknownFieldsKeepTheirSwitches: YAML has three ways to write true.
func TestUnknownFieldsKeepTheirSwitches(t *testing.T) {
	for text, want := range map[string]string{"true": "true", "True": "true", "TRUE": "true", "False": "false", "'True'": `"True"`} {
		d, err := taskdef.Parse("web.yaml", []byte("family: web\nnewer: "+text+"\ncontainerDefinitions: [{name: a, image: b}]\n"), taskdef.ParseOptions{AllowUnknownFields: true})
		if err != nil {
			t.Fatal(err)
		}
		if body, err := d.MarshalJSON(); err != nil || !strings.Contains(string(body), `"newer":`+want) {
			t.Errorf("%s is read as %s (%v)", text, body, err)
		}
	}
}
