package taskdef_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// variables are those of a test.
func variables(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

// TestForms: JSON, JSON with comments, YAML, and what DescribeTaskDefinition
// prints are read as the same definition.
func TestForms(t *testing.T) {
	want := parse(t, `{"family":"web","cpu":"256","memory":"512","tags":[{"key":"owner","value":"data"}],
		"containerDefinitions":[{"name":"app","image":"x:1","memory":512,"essential":true,"command":["a","b"],
		"environment":[{"name":"A","value":"012"},{"name":"B","value":"yes"},{"name":"C","value":"1.10"}]}]}`)
	forms := map[string]string{
		"comments and trailing commas": `// ours
			{"family":"web","cpu":"256",/* MiB */"memory":"512","tags":[{"key":"owner","value":"data"},],
			"containerDefinitions":[{"name":"app","image":"x:1","memory":512,"essential":true,"command":["a","b",],
			"environment":[{"name":"A","value":"012"},{"name":"B","value":"yes"},{"name":"C","value":"1.10"},]},],}`,
		"numbers for texts, and the other way round": `{"family":"web","cpu":256,"memory":512,"tags":[{"key":"owner","value":"data"}],
			"containerDefinitions":[{"name":"app","image":"x:1","memory":"512","essential":"true","command":["a","b"],
			"environment":[{"name":"A","value":"012"},{"name":"B","value":"yes"},{"name":"C","value":1.10}]}]}`,
		"described": `{"taskDefinition":{"taskDefinitionArn":"arn:aws:ecs:eu-west-1:1:task-definition/web:3","revision":3,"status":"ACTIVE",
			"family":"web","cpu":"256","memory":"512","compatibilities":["EC2"],"requiresAttributes":[{"name":"x","unheardOf":1}],
			"deleteRequestedAt":null,"containerDefinitions":[{"name":"app","image":"x:1","memory":512,"essential":true,"command":["a","b"],
			"environment":[{"name":"A","value":"012"},{"name":"B","value":"yes"},{"name":"C","value":"1.10"}]}]},
			"tags":[{"key":"owner","value":"data"},{"key":"aws:cloudformation:stack","value":"x"}]}`,
		"YAML": `
family: web
cpu: 256
memory: 512
tags: [{key: owner, value: data}]
x-ours: ~
containerDefinitions:
  - &app
    name: app
    image: x:1
    memory: 512
    essential: true
    command: [a, b]
    environment:
      - {name: A, value: 012}
      - {name: B, value: yes}
      - {name: C, value: 1.10}
`,
		"YAML with merge keys": `
family: web
cpu: 256
memory: 512
tags: [{key: owner, value: data}]
x-base: &base {image: y:1, memory: 512, essential: true, command: [a, b]}
containerDefinitions:
  - <<: *base
    name: app
    image: x:1
    environment: [{name: A, value: 012}, {name: B, value: yes}, {name: C, value: 1.10}]
`,
		"a byte order mark": "\xef\xbb\xbf" + string(indented(t, want)),
	}
	for name, text := range forms {
		d, err := taskdef.Parse("td", []byte(text), taskdef.ParseOptions{AllowUnknownFields: strings.HasPrefix(name, "YAML")})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := document(t, indented(t, d)).(map[string]any)
		delete(got, "x-base")
		if diff := cmp.Diff(document(t, indented(t, want)), any(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func indented(t testing.TB, d taskdef.Definition) []byte {
	t.Helper()
	text, err := d.Indented()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestVariables(t *testing.T) {
	set := variables(map[string]string{"TAG": "v2", "CPU": "256", "EMPTY": "", "QUOTE": `a"b`})
	d, err := taskdef.Parse("td.yaml", []byte(`
family: ${FAMILY:-web}
cpu: ${CPU}
containerDefinitions:
- name: app
  image: team/web:${TAG}
  memory: ${MEMORY:-512}
  essential: ${ESSENTIAL:-true}
  command: ["echo $$HOME $HOME 5$ $${TAG} ${EMPTY:-none}${EMPTY} ${QUOTE}"]
`), taskdef.ParseOptions{Variable: set})
	if err != nil {
		t.Fatal(err)
	}
	want := document(t, []byte(`{"family":"web","cpu":"256","containerDefinitions":[{"name":"app","image":"team/web:v2","memory":512,
		"essential":true,"command":["echo $HOME $HOME 5$ ${TAG} none a\"b"]}]}`))
	if diff := cmp.Diff(want, document(t, indented(t, d))); diff != "" {
		t.Error(diff)
	}
}

// TestVariablesWithoutAValue: a variable that is written without a value is an empty
// one, and not one that ECS takes for missing.
func TestVariablesWithoutAValue(t *testing.T) {
	d, err := taskdef.Parse("td.yaml", []byte("family: a\ncontainerDefinitions:\n- {name: b, image: c, user: null, environment: [{name: A, value: }, {name: B, value: null}]}\n"), taskdef.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := document(t, []byte(`{"family":"a","containerDefinitions":[{"name":"b","image":"c","environment":[{"name":"A","value":""},{"name":"B","value":""}]}]}`))
	if diff := cmp.Diff(want, document(t, indented(t, d))); diff != "" {
		t.Error(diff)
	}
}

// TestAllProblemsAtOnce: every problem is listed with its place, and a value that
// a variable brought in is not shown.
func TestAllProblemsAtOnce(t *testing.T) {
	_, err := taskdef.Parse("td.yaml", []byte(`family: ${FAMILY}
containerDefinitions:
- name: app
  image: team/web:${TAG}
  memory: ${PASSWORD}
  enviroment: []
  command: ["${not a name}", "${open"]
`), taskdef.ParseOptions{Variable: variables(map[string]string{"PASSWORD": "hunter2"})})
	var parse *taskdef.ParseError
	if !errors.As(err, &parse) {
		t.Fatal(err)
	}
	want := `td.yaml:1:9: the variable FAMILY is not set
td.yaml:4:10: the variable TAG is not set
td.yaml:5:11: containerDefinitions[0].memory: with the values of its variables, ${PASSWORD} is not a whole number, which ECS expects here
td.yaml:6:3: unknown field "enviroment"; did you mean "environment"?
td.yaml:7:13: a variable is written ${NAME} or ${NAME:-default}; $$ is a dollar
td.yaml:7:30: ${ has no closing brace; $$ is a dollar`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

// TestEndless: a short text that stands for an endless one is refused.
func TestEndless(t *testing.T) {
	for _, text := range []string{
		"family: a\nx: &x [*x]",
		"family: a\nx: &x {y: *x}",
		"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e]",
	} {
		_, err := taskdef.Parse("td", []byte(text), taskdef.ParseOptions{AllowUnknownFields: true})
		if err == nil || !strings.Contains(err.Error(), "refers to itself") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestTooLarge: what is no definition any more is refused, and brackets within
// brackets do not exhaust the stack.
func TestTooLarge(t *testing.T) {
	const most = 256 << 10
	for text, want := range map[string]string{
		strings.Repeat(" ", most+1):              "td: it has 256 KiB; ECS accepts at most 64 KiB",
		strings.Repeat("x", 3*most):              "td: it has 768 KiB; ",
		strings.Repeat("[", most):                "td:1:262145: the text ends in the middle of the task definition",
		strings.Repeat(`{"a":`, most/5):          "the text ends in the middle of the task definition",
		"a: " + strings.Repeat("[", most-3):      "exceeded max depth",
		"[" + strings.Repeat("[],", 100) + "[]]": "td:1:1: a task definition is an object, this is a list",
	} {
		if _, err := taskdef.Parse("td", []byte(text), taskdef.ParseOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q…: error %v, want %q", text, err, want)
		}
	}
}

// TestPlacesInOneLine: columns count characters from the beginning of the line,
// also if all is on one line.
func TestPlacesInOneLine(t *testing.T) {
	text := `{"family": "ä", "containerDefinitions": [{"name": "日本", "image": "x", "memry": 1}], "memry": 2}`
	_, err := taskdef.Parse("td", []byte(text), taskdef.ParseOptions{})
	want := "td:1:71: unknown field \"memry\"; did you mean \"memory\"?\ntd:1:85: unknown field \"memry\"; did you mean \"memory\"?"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// TestRealDefinitions reads what people have on disk: all that is JSON, and each
// that is not is refused at the place where it is not.
func TestRealDefinitions(t *testing.T) {
	files, err := filepath.Glob("../../../shared/reference/taskdefs/*.json")
	if err != nil || len(files) == 0 {
		t.Skip("the collection of task definitions is not here; it is no part of the repository")
	}
	broken := map[string]string{
		"04-firelens-dynatrace-invalid-json.json":        ":34:20: invalid character",
		"06-appmesh-colorteller-jq-template.json":        ":2:13: ",
		"31-agent-placeholder-breaks-json.json":          ": invalid character",
		"32-agent-placeholder-number.json":               ":6:12: ",
		"07-otel-ec2-sidecar-trailing-comma.json":        ":42:11: invalid literal: text must be in quotes",
		"36-awsdocs-docker-volume-ellipsis.json":         ":8:33: ",
		"13-agent-registry-with-port-unknown-field.json": `unknown field "portBindings"`,
		"17-agent-inference-accelerators.json":           `unknown field "inferenceDevices"`,
	}
	for _, file := range files {
		name := filepath.Base(file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = taskdef.Parse(name, text, taskdef.ParseOptions{})
		if want := broken[name]; want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
			continue
		}
		if err != nil && !strings.Contains(err.Error(), "has no image") && !strings.Contains(err.Error(), "no family") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTemplate: a definition written as a template is read back as itself,
// whatever dollars it has.
func TestTemplate(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.StringMatching(`[a$\{\}:A-]{0,12}`).Draw(rt, "value")
		text, err := json.Marshal(map[string]any{"family": "a", "containerDefinitions": []any{map[string]any{"name": "b", "image": "c", "user": value}}})
		if err != nil {
			rt.Fatal(err)
		}
		d, err := taskdef.Parse("td", text, taskdef.ParseOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		template, err := d.Template()
		if err != nil {
			rt.Fatal(err)
		}
		again, err := taskdef.Parse("td", template, taskdef.ParseOptions{Variable: variables(nil)})
		if err != nil {
			rt.Fatal(err)
		}
		if !bytes.Equal(indented(t, d), indented(t, again)) {
			rt.Fatalf("%q became\n%s", value, indented(t, again))
		}
	})
}

// FuzzParse: no text makes the reader panic; what it takes is written as JSON
// that it takes again, as the same; every problem has a place inside the text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"family":"a","containerDefinitions":[{"name":"b","image":"c"}]}`,
		"family: a\ncontainerDefinitions:\n- name: b\n  image: ${TAG:-c}\n  memory: 512\n",
		"// x\n{\"family\": \"a\", /* y */ \"cpu\": 1e3,}", "a: &a {b: *a}", "<<: {a: 1}", "{", "$", "${", "[*x]", "? [a]\n: b", "!!binary aGk=", "family: |\n  a\n",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, allow bool) {
		d, err := taskdef.Parse("td", text, taskdef.ParseOptions{AllowUnknownFields: allow, Variable: variables(map[string]string{"TAG": "t"})})
		if err != nil {
			var parse *taskdef.ParseError
			if !errors.As(err, &parse) || len(parse.Problems) == 0 || parse.Hint() == "" {
				t.Fatalf("error %v", err)
			}
			for _, p := range parse.Problems {
				if lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + 3; p.Line < 0 || p.Line > lines || p.Line > 0 && p.Column < 1 {
					t.Fatalf("place %d:%d in a text of %d lines", p.Line, p.Column, lines)
				}
			}
			return
		}
		first := indented(t, d)
		again, err := taskdef.Parse("td", first, taskdef.ParseOptions{AllowUnknownFields: allow})
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, first)
		}
		if second := indented(t, again); !bytes.Equal(first, second) {
			t.Fatalf("it changed:\n%s\n%s", first, second)
		}
	})
}
