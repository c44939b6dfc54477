package report_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/report/schematest"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// defined is what the tests read of a definition of a schema.
type defined struct {
	Properties map[string]struct {
		Enum  []string
		Const string
	}
}

// definitions are those of the schema of the stream.
func definitions(t *testing.T) map[string]defined {
	t.Helper()
	text, err := report.EventsSchema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]defined `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	return schema.Defs
}

const goodOutcome = `{"type":"outcome","verdict":"failed","exitCode":5,"elapsedSeconds":1.5,"reason":"x","deployment":` + goodDeployment + `,"over":true,"running":1,"desired":2}`

const goodDeployment = `{"cluster":"c","service":"s","id":"ecs-svc/1","taskDefinition":"t","action":"deploy","before":{"deployment":"","taskDefinition":"","desiredCount":2,"runningCount":2,"rollsBack":true,"guarded":true}}`

func TestTheSchemaRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new string }{
		{"nothing wrong", "", ""},
		{"a verdict that does not exist", `"failed"`, `"fialed"`},
		{"no type", `"type":"outcome",`, ``},
		{"another type", `"type":"outcome",`, `"type":"end",`},
		{"a number as a string", `"exitCode":5`, `"exitCode":"5"`},
		{"half a count", `"running":1`, `"running":1.5`},
		{"a deployment without counts", `"running":1,`, ``},
		{"an action that does not exist", `"action":"deploy"`, `"action":"destroy"`},
		{"null in the place of a list", `"over":true`, `"over":true,"next":null`},
		{"no verdict", `"verdict":"failed",`, ``},
		{"an event without its subject", goodOutcome, `{"type":"warning","time":"2026-01-02T03:04:05Z","elapsedSeconds":0,"message":"x"}`},
		{"a time that is none", goodOutcome, `{"type":"warning","time":"yesterday","elapsedSeconds":0,"message":"x","subject":{"kind":"service","arn":"a"}}`},
		{"another major version", goodOutcome, `{"type":"version","schema":"2.0"}`},
	} {
		err := schematest.Lines([]byte(strings.Replace(goodOutcome, c.old, c.new, 1)))
		if good := c.old == ""; good != (err == nil) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestTheSchemaIsOpen: a reader with this schema reads what a newer program prints.
func TestTheSchemaIsOpen(t *testing.T) {
	text, err := report.EventsSchema()
	if err != nil {
		t.Fatal(err)
	}
	open, err := schematest.Compile(text, false)
	if err != nil {
		t.Fatal(err)
	}
	newer := `{"type":"version","schema":"1.7","moon":"full"}` + strings.Replace(goodOutcome, `"over"`, `"weather":"fine","over"`, 1)
	if err := schematest.Values(open, []byte(newer)); err != nil {
		t.Error(err)
	}
	if schematest.Lines([]byte(newer)) == nil {
		t.Error("the strict schema of the tests takes an unknown field")
	}
}

// constants are the values of the constants of a string type in a package.
func constants(t *testing.T, dir, typeName string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			literal, quoted := spec.Values[0].(*ast.BasicLit)
			if named, ok := spec.Type.(*ast.Ident); ok && quoted && named.Name == typeName {
				value, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, value)
			}
			return true
		})
	}
	slices.Sort(values)
	return values
}

// TestTheSchemaKnowsOurWords: every event that the code has, and every word of the types
// whose words are ours.
func TestTheSchemaKnowsOurWords(t *testing.T) {
	defs := definitions(t)
	for _, kind := range constants(t, "../deploy", "EventType") {
		if kind != string(deploy.EventOutcome) && defs[kind+"-event"].Properties["type"].Const != kind {
			t.Errorf("the schema has no event %s", kind)
		}
	}
	for _, c := range []struct{ dir, typeName, def, field string }{
		{"../rollout", "Kind", "cause", "kind"}, {"../rollout", "EndedBy", "ending", "by"},
		{"../deploy", "Action", "plan", "action"}, {"../deploy", "CheckState", "check", "state"}, {"../deploy", "SubjectKind", "subject", "kind"},
	} {
		have := slices.Sorted(slices.Values(defs[c.def].Properties[c.field].Enum))
		if want := constants(t, c.dir, c.typeName); len(want) == 0 || !slices.Equal(have, want) {
			t.Errorf("%s of %s: the schema has %q, the code %q", c.field, c.def, have, want)
		}
	}
	verdicts := constants(t, "../rollout", "Verdict")
	final := slices.DeleteFunc(verdicts, func(v string) bool { return v == string(rollout.InProgress) })
	if have := defs["outcome"].Properties["verdict"].Enum; !slices.Equal(have, final) {
		t.Errorf("the schema has the verdicts %q, the code %q", have, final)
	}
}

// TestTheSchemaHasTheFieldsOfValues fills all fields of events: what is encoded then has
// exactly the fields that the schema knows of each type.
func TestTheSchemaHasTheFieldsOfValues(t *testing.T) {
	defs := definitions(t)
	for name, value := range map[string]any{
		"plan": deploy.Plan{}, "deployment": deploy.Deployment{}, "service": rollout.Service{}, "serviceDeployment": rollout.ServiceDeployment{},
		"cause": rollout.Cause{}, "task": rollout.Task{}, "taskPlan": deploy.TaskPlan{}, "taskOutcome": deploy.TaskOutcome{}, "forecast": deploy.Forecast{},
	} {
		full := reflect.New(reflect.TypeOf(value)).Elem()
		fillOnce(full, 0)
		text, err := json.Marshal(full.Interface())
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for field := range fields {
			if _, ok := defs[name].Properties[field]; !ok {
				t.Errorf("%s of %s is encoded, and not in the schema", field, name)
			}
		}
		for field := range defs[name].Properties {
			if _, ok := fields[field]; !ok {
				t.Errorf("%s of %s is in the schema, and not encoded", field, name)
			}
		}
	}
}

// fillOnce gives every field of a value something that is not empty.
func fillOnce(v reflect.Value, depth int) {
	if !v.CanSet() || depth > 6 {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Interface:
		v.Set(reflect.ValueOf("x"))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillOnce(v.Elem(), depth+1)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillOnce(v.Index(0), depth+1)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 0)))
		}
		for i := range v.NumField() {
			fillOnce(v.Field(i), depth+1)
		}
	}
}

// backticked matches a word of code in a page.
var backticked = regexp.MustCompile("`([^`]+)`")

// rows are the rows of the tables of docs/output.md by the name in their first cell.
func rows(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "output.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text2, found := strings.Cut(string(text), "\n## Schema ")
	if !found {
		t.Fatal("docs/output.md has no section about the schema")
	}
	all := map[string]string{}
	for line := range strings.Lines(text2) {
		if cells := strings.SplitN(strings.Trim(line, "| \n"), " | ", 2); len(cells) == 2 && strings.HasPrefix(line, "| `") {
			for _, word := range backticked.FindAllStringSubmatch(cells[0], -1) {
				all[word[1]] += " " + cells[1]
			}
		}
	}
	return all
}

// TestThePageNamesTheFieldsOfTheSchema holds the tables of docs/output.md against the
// schema: a row for each type of line, with all its own fields, and the fields of objects.
func TestThePageNamesTheFieldsOfTheSchema(t *testing.T) {
	page, defs := rows(t), definitions(t)
	common := []string{"type", "time", "elapsedSeconds", "subject"}
	for name, def := range defs {
		kind, isEvent := strings.CutSuffix(name, "-event")
		row := page[kind]
		switch {
		case !isEvent && (row == "" || name == "outcome"):
			continue // described in another row, or in a table of its own
		case row == "":
			t.Errorf("the page has no row for %s", kind)
		}
		for field := range def.Properties {
			if !strings.Contains(row, "`"+field+"`") && !slices.Contains(common, field) {
				t.Errorf("the row of %s does not name %s", kind, field)
			}
		}
	}
	for field := range defs["outcome"].Properties {
		if page[field] == "" && !slices.Contains(common, field) {
			t.Errorf("the page has no row for %s of an outcome", field)
		}
	}
}
