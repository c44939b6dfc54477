package taskdef

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
)

// drawnEdit is an edit with the member that it names, whichever container that is
// in, and a function that removes that member from a document.
type drawnEdit struct {
	Edit
	member string
	strip  func(doc map[string]any)
}

// inContainers strips each container.
func inContainers(strip func(container map[string]any)) func(map[string]any) {
	return func(doc map[string]any) {
		for _, container := range (Definition{doc: doc}).containers() {
			strip(container)
		}
	}
}

// withoutNamed removes an element of a list, and the list if it was the last.
func withoutNamed(object map[string]any, list, key, name string) {
	elements, _ := object[list].([]any)
	setList(object, list, slices.DeleteFunc(slices.Clone(elements), func(element any) bool {
		found, ok := element.(map[string]any)
		return ok && text(found, key) == name
	}))
}

// without removes members of an object that is a member, and the object if they
// were the last.
func without(object map[string]any, inner string, names ...string) {
	values, ok := object[inner].(map[string]any)
	if !ok {
		return
	}
	for _, name := range names {
		delete(values, name)
	}
	if len(values) == 0 {
		delete(object, inner)
	}
}

// drawEdit draws any edit there is, for a container of the document or for all.
func drawEdit(t *rapid.T, d Definition) drawnEdit {
	container := ""
	if rapid.Bool().Draw(t, "one container") {
		container = rapid.SampledFrom(d.Containers()).Draw(t, "container").Name
	}
	one := rapid.SampledFrom(d.Containers()).Draw(t, "the container").Name
	name, value := drawnName().Draw(t, "name"), rapid.StringN(1, 8, 24).Draw(t, "value")
	ref, err := image.Parse(rapid.SampledFrom([]string{"a/b:1", "reg.example.com:5000/a@sha256:" + strings.Repeat("0", 64)}).Draw(t, "image"))
	if err != nil {
		t.Fatal(err)
	}
	named := func(list string) func(map[string]any) {
		return inContainers(func(c map[string]any) { withoutNamed(c, list, "name", name) })
	}
	plain := func(member string) func(map[string]any) {
		return inContainers(func(c map[string]any) { delete(c, member) })
	}
	inTask := func(member string) func(map[string]any) { return func(doc map[string]any) { delete(doc, member) } }
	labels := inContainers(func(c map[string]any) { without(c, "dockerLabels", name) })
	options := inContainers(func(c map[string]any) {
		if configuration, ok := c["logConfiguration"].(map[string]any); ok {
			without(configuration, "options", name)
		}
	})
	tags := func(doc map[string]any) { withoutNamed(doc, "tags", "key", name) }
	platform := func(doc map[string]any) { without(doc, "runtimePlatform", "operatingSystemFamily", "cpuArchitecture") }
	return rapid.SampledFrom([]drawnEdit{
		{SetImage(one, ref), "image", plain("image")},
		{SetEnvironment(container, name, value), "environment " + name, named("environment")},
		{UnsetEnvironment(container, name), "environment " + name, named("environment")},
		{SetSecret(container, name, value), "secret " + name, named("secrets")},
		{UnsetSecret(container, name), "secret " + name, named("secrets")},
		{SetDockerLabel(container, name, value), "label " + name, labels},
		{UnsetDockerLabel(container, name), "label " + name, labels},
		{SetLogOption(container, name, value), "option " + name, options},
		{UnsetLogOption(container, name), "option " + name, options},
		{SetCommand(one, value, name), "command", plain("command")},
		{SetCommand(one), "command", plain("command")},
		{SetEntryPoint(one, value), "entryPoint", plain("entryPoint")},
		{SetContainerCPU(one, "128"), "container cpu", plain("cpu")},
		{SetContainerMemory(one, "0.5 GB"), "container memory", plain("memory")},
		{SetContainerMemoryReservation(one, "64"), "reservation", plain("memoryReservation")},
		{SetCPU("1 vCPU"), "cpu", inTask("cpu")},
		{SetMemory("2048"), "memory", inTask("memory")},
		{SetTaskRole(value), "task role", inTask("taskRoleArn")},
		{SetTaskRole(""), "task role", inTask("taskRoleArn")},
		{SetExecutionRole(value), "execution role", inTask("executionRoleArn")},
		{SetTag("t"+name, value), "tag t" + name, func(doc map[string]any) { withoutNamed(doc, "tags", "key", "t"+name) }},
		{UnsetTag(name), "tag " + name, tags},
		{SetRuntimePlatform("linux/arm64"), "platform", platform},
	}).Draw(t, "edit")
}

// written is a document as JSON, so that all that is not told apart there is the
// same.
func written(t rapid.TB, d Definition) string {
	text, err := d.Indented()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEditProperties: the laws of edits, for any definition.
func TestEditProperties(t *testing.T) {
	documents := GeneratedDocuments()
	t.Run("different members commute", rapid.MakeCheck(func(rt *rapid.T) {
		d := Definition{doc: documents.Draw(rt, "document")}
		a, b := drawEdit(rt, d), drawEdit(rt, d)
		if a.member == b.member {
			return
		}
		forth, err := d.With(a.Edit, b.Edit)
		back, backErr := d.With(b.Edit, a.Edit)
		if (err == nil) != (backErr == nil) || err == nil && !Equal(forth, back) {
			rt.Fatalf("%s, then %s: %v\n%s\nthe other way round: %v\n%s", a.member, b.member, err, written(rt, forth), backErr, written(rt, back))
		}
	}))
	t.Run("twice is once", rapid.MakeCheck(func(rt *rapid.T) {
		d := Definition{doc: documents.Draw(rt, "document")}
		edit := drawEdit(rt, d)
		once, err := d.With(edit.Edit)
		if err != nil {
			return
		}
		twice, err := once.With(edit.Edit)
		if err != nil || written(rt, once) != written(rt, twice) {
			rt.Fatalf("%s: %v\n%s", edit.member, err, cmp.Diff(written(rt, once), written(rt, twice)))
		}
	}))
	t.Run("nothing else", rapid.MakeCheck(func(rt *rapid.T) {
		d := Definition{doc: documents.Draw(rt, "document")}
		before := written(rt, d)
		var edits []drawnEdit
		for range rapid.IntRange(0, 4).Draw(rt, "edits") {
			edits = append(edits, drawEdit(rt, d))
		}
		checkNothingElse(rt, d, edits)
		if written(rt, d) != before {
			rt.Fatal("the definition that was edited has changed itself")
		}
	}))
	t.Run("rendered and read", rapid.MakeCheck(func(rt *rapid.T) {
		d := Definition{doc: documents.Draw(rt, "document")}
		edit := drawEdit(rt, d)
		if edited, err := d.With(edit.Edit); err == nil {
			d = edited
		}
		read := func(text string) (Definition, bool) {
			again, err := Parse("rendered", []byte(text), ParseOptions{AllowUnknownFields: true})
			return again, err == nil // the generator knows nothing of what ECS refuses
		}
		once, ok := read(written(rt, d))
		if !ok {
			return
		}
		if twice, ok := read(written(rt, once)); !ok || !Equal(d, once) || written(rt, once) != written(rt, twice) {
			rt.Fatal(cmp.Diff(written(rt, once), written(rt, twice)))
		}
	}))
}

// checkNothingElse makes edits, and compares what is left of the two documents
// when the edited members are taken away.
func checkNothingElse(t rapid.TB, d Definition, edits []drawnEdit) {
	var plain []Edit
	for _, edit := range edits {
		plain = append(plain, edit.Edit)
	}
	edited, err := d.With(plain...)
	if err != nil {
		return
	}
	before, after := clone(d.doc).(map[string]any), clone(edited.doc).(map[string]any)
	for _, edit := range edits {
		edit.strip(before)
		edit.strip(after)
	}
	if diff := cmp.Diff(written(t, Definition{doc: before}), written(t, Definition{doc: after})); diff != "" {
		t.Fatalf("something else has changed (-before +after):\n%s", diff)
	}
}

// TestEditsOfRealDefinitions: all edits, of every definition that people have on
// disk, leave the rest as it is.
func TestEditsOfRealDefinitions(t *testing.T) {
	files, err := filepath.Glob("../../../shared/reference/taskdefs/*.json")
	if err != nil || len(files) == 0 {
		t.Skip("the collection of task definitions is not here; it is no part of the repository")
	}
	edited := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Parse(file, text, ParseOptions{AllowUnknownFields: true})
		if err != nil {
			continue
		}
		edited++
		rapid.Check(t, func(rt *rapid.T) {
			var edits []drawnEdit
			for range rapid.IntRange(1, 6).Draw(rt, "edits") {
				edits = append(edits, drawEdit(rt, d))
			}
			checkNothingElse(rt, d, edits)
		})
	}
	if edited < 25 {
		t.Errorf("only %d definitions were edited", edited)
	}
}

// TestEditsRefused: what cannot be edited, and what ECS would refuse, is said in
// one line each; what was wrong before is not the edits' doing.
func TestEditsRefused(t *testing.T) {
	const fargate = `{"family":"web","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"512","containerDefinitions":[{"name":"app","image":"x",
		"environment":[{"name":"A","value":"1"}],"secrets":[{"name":"S","valueFrom":"s"}],
		"logConfiguration":{"logDriver":"splunk","secretOptions":[{"name":"splunk-token","valueFrom":"s"}]}},{"name":"side","image":"y"}]}`
	for name, tt := range map[string]struct {
		edits []Edit
		want  []string // none: it is taken
	}{
		"nothing":                {nil, nil},
		"a zero edit":            {[]Edit{{}}, nil},
		"variable and secret":    {[]Edit{SetEnvironment("app", "S", "1")}, []string{"container app has S both as a variable and as a secret; remove one of them"}},
		"in all containers":      {[]Edit{SetEnvironment("", "S", "1")}, []string{"container app has S both"}},
		"the other way round":    {[]Edit{SetSecret("app", "A", "a")}, []string{"container app has A both"}},
		"exchanged":              {[]Edit{UnsetSecret("", "S"), SetEnvironment("app", "S", "1"), SetSecret("app", "A", "a"), UnsetEnvironment("", "A")}, nil},
		"another container's":    {[]Edit{SetEnvironment("side", "S", "1"), SetSecret("side", "A", "a")}, nil},
		"no such Fargate task":   {[]Edit{SetMemory("4 GB")}, []string{"Fargate does not offer 256 CPU units with 4096 MiB of memory"}},
		"only both together":     {[]Edit{SetMemory("4 GB"), SetCPU("1 vCPU")}, nil},
		"a size that is unknown": {[]Edit{SetCPU("32768"), SetMemory("1")}, nil},
		"sizes":                  {[]Edit{SetCPU("0"), SetMemory("-1"), SetContainerMemory("app", "1.5")}, []string{`cpu: "0" is not a size`, `memory: "-1" is not a size`, `container app: memory: "1.5" is not a size`}},
		"more sizes":             {[]Edit{SetCPU(""), SetCPU("010"), SetCPU("1e3"), SetMemory("0.0001 GB"), SetMemory("99999999999999999999")}, []string{`cpu: ""`, `cpu: "010"`, `cpu: "1e3"`, `memory: "0.0001 GB"`, `memory: "99999999999999999999"`}},
		"an option and a secret": {[]Edit{SetLogOption("app", "splunk-token", "x")}, []string{"log option splunk-token: it is already a secret option"}},
		"no log driver":          {[]Edit{SetLogOption("side", "a", "b")}, []string{"container side: log option a: no log driver"}},
		"AWS's tag":              {[]Edit{SetTag("AWS:x", "y")}, []string{"tag AWS:x: keys that begin with aws: are reserved for AWS"}},
		"platforms":              {[]Edit{SetRuntimePlatform("arm64"), SetRuntimePlatform("/x"), SetRuntimePlatform("linux/")}, []string{`"arm64" is not`, `"/x" is not`, `"linux/" is not`}},
		"a secret of nothing":    {[]Edit{SetSecret("side", "X", "")}, []string{"secret X: it is not the name of a parameter or secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Parse("test", []byte(fargate), ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.With(tt.edits...)
			var refused *EditError
			if len(tt.want) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.As(err, &refused) || len(refused.Reasons) != len(tt.want) || refused.ExitCode() != 3 || refused.Hint() == "" {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			for i, want := range tt.want {
				if !strings.Contains(refused.Reasons[i], want) {
					t.Errorf("reason %q, want %q", refused.Reasons[i], want)
				}
			}
		})
	}
	before := Definition{doc: map[string]any{"family": "web", "cpu": "256", "memory": "9999", "requiresCompatibilities": []any{"FARGATE"},
		"containerDefinitions": []any{map[string]any{"name": "app", "image": "x"}}}}
	if _, err := before.With(SetEnvironment("", "A", "1")); err != nil {
		t.Errorf("what was wrong before is refused: %v", err)
	}
	var unknown *UnknownContainerError
	if _, err := before.With(SetEnvironment("App", "A", "1")); !errors.As(err, &unknown) || unknown.ExitCode() != 3 || !strings.Contains(err.Error(), `no container "App"; it has app`) {
		t.Errorf("error %v", err)
	}
}

// TestSizes: sizes are registered as ECS writes them.
func TestSizes(t *testing.T) {
	d := Definition{doc: map[string]any{"family": "web", "containerDefinitions": []any{map[string]any{"name": "app", "image": "x"}}}}
	for size, want := range map[string]string{"256": "256", "0.25 vCPU": "256", "1 vcpu": "1024", "2vCPU": "2048", ".5 vCPU": "512"} {
		edited, err := d.With(SetCPU(size))
		if err != nil || text(edited.doc, "cpu") != want {
			t.Errorf("cpu %q is %v, want %s (error %v)", size, edited.doc["cpu"], want, err)
		}
	}
	for size, want := range map[string]string{"512": "512", "0.5 GB": "512", "2 GB": "2048", "2gb": "2048"} {
		edited, err := d.With(SetMemory(size))
		if err != nil || text(edited.doc, "memory") != want {
			t.Errorf("memory %q is %v, want %s (error %v)", size, edited.doc["memory"], want, err)
		}
	}
}
