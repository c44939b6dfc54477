package taskdef_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

func parse(t testing.TB, text string) taskdef.Definition {
	t.Helper()
	d, err := taskdef.Parse("test", []byte(text), taskdef.ParseOptions{AllowUnknownFields: true})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func refs(t testing.TB, texts ...string) []image.Reference {
	t.Helper()
	var list []image.Reference
	for _, text := range texts {
		ref, err := image.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, ref)
	}
	return list
}

// document decodes JSON with its numbers as written.
func document(t testing.TB, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestLossless: what is read is what would be registered, member by member,
// also if this program has never heard of the member (law 6; the ancestor
// kept two members, peers.md 1 #6).
func TestLossless(t *testing.T) {
	text := read(t, "fargate-mesh.json")
	d := parse(t, string(text))
	got, err := d.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	want := document(t, []byte(strings.ReplaceAll(string(text), `, "unheardOf": null`, "")))
	if diff := cmp.Diff(want, document(t, got)); diff != "" {
		t.Errorf("the definition changed (-want +got):\n%s", diff)
	}
	for _, literal := range []string{"123456789012345678901234567890", "2.50", "1e3", "<&>"} {
		if !strings.Contains(string(got), literal) {
			t.Errorf("%s did not survive as it was written", literal)
		}
	}
}

func TestParseDescribeOutput(t *testing.T) {
	d := parse(t, string(read(t, "ec2-described.json")))
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	doc := document(t, text).(map[string]any)
	for _, name := range []string{"taskDefinitionArn", "revision", "status", "registeredAt", "registeredBy", "compatibilities", "requiresAttributes", "taskDefinition"} {
		if _, ok := doc[name]; ok {
			t.Errorf("%s cannot be registered and must be dropped", name)
		}
	}
	if diff := cmp.Diff([]any{map[string]any{"key": "owner", "value": "data"}}, doc["tags"]); diff != "" {
		t.Errorf("tags come from beside the definition, without AWS's own:\n%s", diff)
	}
	if doc["pidMode"] != "host" || doc["ipcMode"] != "none" {
		t.Error("pidMode and ipcMode are lost")
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", " \n", "td.json: it is empty"},
		{"cut off", "{\n \"family\": \"web\",\n", "td.json:3:1: the text ends"},
		{"no comma", "{\n  \"family\": \"web\"\n  \"cpu\": \"1\"}", "td.json:3:3: invalid character '\"' after object value"},
		{"a placeholder", "{\n  \"cpu\": $$$$CPU$$$$\n}", "td.json:2:10: invalid"},
		{"not an object", "[1]", "td.json:1:1: a task definition is an object, this is a list"},
		{"null", "null", "td.json:1:1: a task definition is an object, this is null"},
		{"a word", "hello", "td.json:1:1: a task definition is an object, this is a string"},
		{"two", `{"family":"a","containerDefinitions":[{"name":"a","image":"b"}]} {}`, "td.json:1:66: invalid character '{' after top-level value"},
		{"two documents", "family: a\n---\nfamily: b\n", "td.json:2:1: a second document begins here"},
		{"bad YAML", "family: a\ncpu: [1\n", "td.json:3:1: did not find expected"},
		{"no family", `{"containerDefinitions":[{"name":"a","image":"b"}]}`, "td.json: the task definition has no family"},
		{"no containers", `{"family":"a","containerDefinitions":[]}`, "has no containerDefinitions"},
		{"no image", `{"family":"a","containerDefinitions":[{"name":"x"}]}`, "containerDefinitions[0] has no image"},
		{"not a container", `{"family":"a","containerDefinitions":["x"]}`, "td.json:1:39: containerDefinitions[0]: this is a string"},
		{"twice", "{\"family\": \"a\",\n \"family\": \"b\"}", "td.json:2:2: duplicate field \"family\""},
		{"two of a name", `{"family":"a","containerDefinitions":[{"name":"x","image":"b"},{"name":"x","image":"c"}]}`, "duplicate container name x"},
		{"typo", "{\n  \"family\": \"a\",\n  \"memry\": \"512\"}", `td.json:3:3: unknown field "memry"; did you mean "memory"?`},
		{"typo in a container", "family: a\ncontainerDefinitions:\n- name: x\n  image: b\n  enviroment: []\n", `td.json:5:3: unknown field "enviroment"; did you mean "environment"?`},
		{"CloudFormation", "Family: a\n", `td.json:1:1: unknown field "Family"; did you mean "family"?`},
		{"a list for text", `{"family":["a"]}`, "td.json:1:11: family: this is a list; ECS expects a string here"},
		{"text for a number", "family: a\ncontainerDefinitions: [{name: x, image: b, memory: 2 GB}]", `td.json:2:52: containerDefinitions[0].memory: this is a string; ECS expects a whole number here`},
		{"octal", "family: a\ncontainerDefinitions: [{name: x, image: b, memory: 010}]", `td.json:2:52: containerDefinitions[0].memory: this is a number, 010; ECS expects a whole number here`},
		{"yes", "family: a\ncontainerDefinitions: [{name: x, image: b, essential: yes}]", `ECS expects true or false here`},
		{"null in a list", `{"family":"a","containerDefinitions":[null]}`, "null is not allowed in a list"},
		{"itself", "family: a\nvolumes: [&x {<<: *x}]", "refers to itself"},
		{"Fargate", `{"family":"a","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"4 GB","containerDefinitions":[{"name":"a","image":"b"}]}`,
			"td.json: Fargate does not offer 256 CPU units with 4096 MiB of memory; with 256 units it offers 512, doubled up to 2048"},
	}
	for _, tt := range tests {
		d, err := taskdef.Parse("td.json", []byte(tt.text), taskdef.ParseOptions{})
		if err == nil { // it can be read, and edits may mend it
			err = d.Check()
		}
		var parse *taskdef.ParseError
		if !errors.As(err, &parse) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
			continue
		}
		if parse.ExitCode() != 3 || parse.Hint() == "" || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v must be one line and exit code 3", tt.name, err)
		}
	}
}

func TestFromDescribeNonsense(t *testing.T) {
	for _, body := range []string{"", "<html>", "{}", `{"taskDefinition": null}`, "[]"} {
		if _, err := taskdef.FromDescribe([]byte(body)); err == nil {
			t.Errorf("%q passed as a task definition", body)
		}
	}
}

// TestWithImages changes every container of the repository and no other, as the
// ancestor promised and did not do (peers.md 1 #4, #5; 2.4).
func TestWithImages(t *testing.T) {
	d := parse(t, string(read(t, "ec2-described.json")))
	edited, changes, err := d.WithImages(refs(t, "registry.example.com:5000/team/worker:v2", "rabbitmq"))
	if err != nil {
		t.Fatal(err)
	}
	want := []taskdef.ImageChange{
		{Container: "worker", Old: "registry.example.com:5000/team/worker:2025-11-01", New: "registry.example.com:5000/team/worker:v2"},
		{Container: "worker-metrics", Old: "registry.example.com:5000/team/worker", New: "registry.example.com:5000/team/worker:v2"},
		{Container: "broker", Old: "rabbitmq:4", New: "rabbitmq:latest"},
	}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Error(diff)
	}
	if d.Containers()[0].Image != "registry.example.com:5000/team/worker:2025-11-01" {
		t.Error("the original definition was edited")
	}
	if again, changes, err := edited.WithImages(refs(t, "registry.example.com:5000/team/worker:v2")); err != nil || len(changes) != 0 || !taskdef.Equal(edited, again) {
		t.Errorf("setting the same image again: %v, %v", changes, err)
	}
}

func TestWithImagesDigest(t *testing.T) {
	d := parse(t, string(read(t, "fargate-mesh.json")))
	edited, changes, err := d.WithImages(refs(t, "012345670123.dkr.ecr.eu-west-1.amazonaws.com/team/web:v2"))
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 1 || edited.Containers()[1].Image != "012345670123.dkr.ecr.eu-west-1.amazonaws.com/team/web:v2" {
		t.Errorf("an image that was pinned by digest is replaced: %v", changes)
	}
	if edited.Containers()[2].Image != d.Containers()[2].Image {
		t.Error("team/web must not match team/web-admin")
	}
}

func TestWithImagesRefuses(t *testing.T) {
	d := parse(t, string(read(t, "ec2-described.json")))
	_, _, err := d.WithImages(refs(t, "worker:v2"))
	var noMatch *taskdef.NoMatchError
	if !errors.As(err, &noMatch) || !strings.Contains(err.Error(), "broker=rabbitmq:4") {
		t.Errorf("no match must list the containers: %v", err)
	}
	_, _, err = d.WithImages(refs(t, "rabbitmq:4", "docker.io/library/rabbitmq:5"))
	var conflict *taskdef.ConflictError
	if !errors.As(err, &conflict) {
		t.Errorf("two tags for one repository: %v", err)
	}
}

func TestEqualIgnoresWhatECSFillsIn(t *testing.T) {
	written := parse(t, `{"family":"web","networkMode":"awsvpc","cpu":"1 vCPU","memory":"2 GB","requiresCompatibilities":["FARGATE","EC2"],
		"containerDefinitions":[{"name":"a","image":"x:1","portMappings":[{"containerPort":80}],
		"environment":[{"name":"B","value":"2"},{"name":"A","value":"1"}]}]}`)
	stored := parse(t, `{"family":"web","networkMode":"awsvpc","cpu":"1024","memory":"2048","requiresCompatibilities":["EC2","FARGATE"],
		"volumes":[],"placementConstraints":[],
		"containerDefinitions":[{"name":"a","image":"x:1","cpu":0,"essential":true,"mountPoints":[],"volumesFrom":[],"systemControls":[],
		"portMappings":[{"containerPort":80,"hostPort":80,"protocol":"tcp"}],
		"environment":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]}`)
	if !taskdef.Equal(written, stored) {
		t.Errorf("differs: %v", taskdef.Diff(written, stored))
	}
}

func TestDiffMasks(t *testing.T) {
	a := parse(t, `{"family":"web","cpu":"256","containerDefinitions":[{"name":"app","image":"x:1","memory":512,
		"environment":[{"name":"DATABASE_PASSWORD","value":"hunter2"},{"name":"LOG","value":"info"}]}]}`)
	b := parse(t, `{"family":"web","cpu":"512","containerDefinitions":[{"name":"app","image":"x:2","memory":512,
		"environment":[{"name":"DATABASE_PASSWORD","value":"correct horse"}],
		"secrets":[{"name":"TOKEN","valueFrom":"arn:aws:ssm:eu-west-1:1:parameter/token"}],
		"portMappings":[{"containerPort":80}],
		"logConfiguration":{"logDriver":"awsfirelens","options":{"apikey":"abcdef"}}}]}`)
	var lines []string
	for _, d := range taskdef.Diff(a, b) {
		lines = append(lines, d.String())
	}
	want := []string{
		"app: image: x:1 -> x:2",
		"cpu: 256 -> 512",
		"app: environment DATABASE_PASSWORD: *** (7 characters, f52fbd) -> *** (13 characters, bd9f3b)",
		"app: environment LOG: removed (was *** (4 characters, 1dda0d))",
		"app: logConfiguration logDriver: added awsfirelens",
		"app: logConfiguration options apikey: added *** (6 characters, bef57e)",
		"app: portMappings 80/tcp: added present",
		"app: secrets TOKEN: added arn:aws:ssm:eu-west-1:1:parameter/token",
	}
	for i, line := range want {
		// The digests are checked by their form only.
		if i >= len(lines) || cut(lines[i]) != cut(line) {
			t.Fatalf("differences:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
	}
	all := strings.Join(lines, "\n")
	for _, secret := range []string{"hunter2", "correct horse", "abcdef", "info"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
}

func cut(line string) string {
	before, _, _ := strings.Cut(line, "characters")
	return before
}

// TestProperties: a definition has no difference from itself, from what is read
// back of it, or from its own rendering; any edit of an image shows.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		value := func(depth int) *rapid.Generator[any] { return jsonValue(depth) }
		doc := map[string]any{
			"family": rapid.StringMatching(`[a-z]{1,8}`).Draw(rt, "family"),
			"extra":  value(3).Draw(rt, "extra"),
		}
		var containers []any
		for i := range rapid.IntRange(1, 4).Draw(rt, "containers") {
			containers = append(containers, map[string]any{
				"name": fmt.Sprintf("c%d", i), "image": fmt.Sprintf("repo/c%d:1", i), "unknown": value(2).Draw(rt, "unknown"),
				"environment": []any{map[string]any{"name": "X", "value": rapid.String().Draw(rt, "env")}},
			})
		}
		doc["containerDefinitions"] = containers
		text, err := json.Marshal(doc)
		if err != nil {
			rt.Skip("not JSON")
		}
		d, err := taskdef.Parse("generated", text, taskdef.ParseOptions{AllowUnknownFields: true})
		if err != nil {
			rt.Fatal(err)
		}
		rendered, err := d.Indented()
		if err != nil {
			rt.Fatal(err)
		}
		again, err := taskdef.Parse("rendered", rendered, taskdef.ParseOptions{AllowUnknownFields: true})
		if err != nil {
			rt.Fatal(err)
		}
		twice, _ := again.Indented()
		if string(rendered) != string(twice) || !taskdef.Equal(d, again) || len(taskdef.Diff(d, again)) != 0 {
			rt.Fatalf("rendering is not idempotent:\n%s\n%s", rendered, twice)
		}
		ref, _ := image.Parse("repo/c0:2")
		edited, changes, err := d.WithImages([]image.Reference{ref})
		if err != nil || len(changes) != 1 || len(taskdef.Diff(d, edited)) != 1 {
			rt.Fatalf("one image was set: %v %v %v", changes, taskdef.Diff(d, edited), err)
		}
	})
}

// jsonValue generates any JSON value but null, which means "absent" to ECS.
func jsonValue(depth int) *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "?") }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
	)
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(jsonValue(depth-1), 0, 3), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-zA-Z.]{1,6}`), jsonValue(depth-1), 0, 3), func(m map[string]any) any { return m }),
	)
}

func ExampleDefinition_WithImages() {
	d, err := taskdef.Parse("web.json", []byte(`{"family": "web", "containerDefinitions": [
		{"name": "app", "image": "team/web:1"}, {"name": "proxy", "image": "nginx:1.29"}]}`), taskdef.ParseOptions{})
	if err != nil {
		panic(err)
	}
	ref, err := image.Parse("team/web:2")
	if err != nil {
		panic(err)
	}
	edited, _, err := d.WithImages([]image.Reference{ref})
	if err != nil {
		panic(err)
	}
	for _, difference := range taskdef.Diff(d, edited) {
		fmt.Println(difference)
	}
	// Output: app: image: team/web:1 -> team/web:2
}
