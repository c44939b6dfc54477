package taskdef_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestDescribedIsNoTemplate: what DescribeTaskDefinition returned is taken as it is,
// whatever form it was printed in; a person's file is a template, and is not if that is
// said.
func TestDescribedIsNoTemplate(t *testing.T) {
	const container = `"containerDefinitions":[{"name":"app","image":"x:1","command":["sh","-c","echo ${HOSTNAME}"],"environment":[{"name":"P","value":"myuser:$$2a$$08$$abc"}]}]`
	const kept = "td:%s: this is output of DescribeTaskDefinition: ${HOSTNAME} and every other variable stay as they are (pass --no-variables to confirm)"
	for name, tt := range map[string]struct {
		text     string
		at       string
		template bool
		off      bool
	}{
		"wrapped":                {text: `{"taskDefinition":{"family":"web",` + container + `}}`, at: "1:108"},
		"wrapped by boto3":       {text: `{"taskDefinition":{"family":"web",` + container + `},"tags":[],"ResponseMetadata":{"RetryAttempts":0}}`, at: "1:108"},
		"with an ARN":            {text: `{"taskDefinitionArn":"arn:aws:ecs:r:1:task-definition/web:3","family":"web",` + container + `}`, at: "1:150"},
		"with a revision":        {text: `{"revision":3,"family":"web",` + container + `}`, at: "1:103"},
		"with registeredAt":      {text: `{"family":"web",` + container + `,"registeredAt":1.5}`, at: "1:90"},
		"as YAML":                {text: "registeredAt: 2026-01-02T03:04:05+00:00\nfamily: web\ncontainerDefinitions:\n- {name: app, image: 'x:1', command: [sh, -c, 'echo ${HOSTNAME}'], environment: [{name: P, value: 'myuser:$$2a$$08$$abc'}]}\n", at: "4:47"},
		"wrapped, variables off": {text: `{"taskDefinition":{"family":"web",` + container + `}}`, off: true},
		"a template":             {text: `{"family":"web",` + container + `}`, template: true},
		"one, variables off":     {text: `{"family":"web",` + container + `}`, off: true},
	} {
		t.Run(name, func(t *testing.T) {
			var warnings []string
			o := taskdef.ParseOptions{Variable: variables(map[string]string{"HOSTNAME": "ci-7"}), Warn: func(p taskdef.Problem) {
				warnings = append(warnings, fmt.Sprintf("td:%d:%d: %s", p.Line, p.Column, p.Reason))
			}}
			if tt.off {
				o.Variable = nil
			}
			d, err := taskdef.Parse("td", []byte(tt.text), o)
			if err != nil {
				t.Fatal(err)
			}
			want := `{"family":"web",` + container + `}`
			if tt.template {
				want = strings.NewReplacer("${HOSTNAME}", "ci-7", "$$", "$").Replace(want)
			}
			if diff := cmp.Diff(document(t, []byte(want)), document(t, indented(t, d))); diff != "" {
				t.Error(diff)
			}
			var wantWarnings []string
			if tt.at != "" {
				wantWarnings = []string{fmt.Sprintf(kept, tt.at)}
			}
			if diff := cmp.Diff(wantWarnings, warnings); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestExpansions: each dollar that was replaced is reported with its place, and without
// what came in its place.
func TestExpansions(t *testing.T) {
	var got []string
	_, err := taskdef.Parse("td", []byte("family: ${FAMILY:-web}\ncontainerDefinitions:\n- name: app\n  image: x:${TAG}\n  environment: [{name: P, value: '$${a}$5'}]\n"),
		taskdef.ParseOptions{Variable: variables(map[string]string{"TAG": "s3cret"}), Expanded: func(e taskdef.Expansion) { got = append(got, e.String()) }})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1:9: family: ${FAMILY:-…} is its default, " + taskdef.Mask("web"),
		"4:10: containerDefinitions[0].image: ${TAG} is " + taskdef.Mask("s3cret"),
		"5:34: containerDefinitions[0].environment[0].value: $$ is a dollar",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestDoubtful: what another program would have filled in is warned of, but for a
// command, which a shell reads, and the templates of log drivers.
func TestDoubtful(t *testing.T) {
	var got []string
	_, err := taskdef.Parse("td", []byte("family: web\ncontainerDefinitions:\n- name: app\n  image: x:1\n  command: [sh, -c, echo $HOME]\n  healthCheck: {command: [CMD-SHELL, test $X]}\n"+
		"  environment:\n  - {name: A, value: $HOST/x}\n  - {name: B, value: 'a$$b$$c 5$ $1'}\n  - {name: C, value: '{{ must_env `X` }}'}\n"+
		"  logConfiguration: {logDriver: fluentd, options: {tag: '{{.Name}}'}}\n"),
		taskdef.ParseOptions{Variable: variables(nil), Warn: func(p taskdef.Problem) { got = append(got, fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Reason)) }})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"8:22: containerDefinitions[0].environment[0].value: $HOST stays as it is; a variable is written ${HOST}",
		"10:22: containerDefinitions[0].environment[2].value: {{ must_env … }} stays as it is; ecs-deploy does not expand the templates of other programs",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestBytes: a byte that is not UTF-8 is refused, from wherever it comes; U+FFFD itself
// is a character like others.
func TestBytes(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"JSON":                {"{\"family\":\"a\",\n\"cpu\":\"日caf\xe9-\xa3-1\"}", `td:2:12: the byte \xe9 is not UTF-8; save the file as UTF-8`},
		"a name in JSON":      {"{\"famil\xff\":\"a\"}", `td:1:8: the byte \xff is not UTF-8`},
		"a comment in JSON":   {"// caf\xe9\n{\"family\":\"a\"}", `td:1:7: the byte \xe9 is not UTF-8`},
		"YAML":                {"family: a\ncpu: caf\xe9\n", `td:2:9: the byte \xe9 is not UTF-8`},
		"half a pair":         {`{"family":"a","cpu":"b\ud800c"}`, "td:1:23: this is half of a surrogate pair"},
		"the other half":      {`{"family":"a\\\udc00"}`, "td:1:15: this is half of a surrogate pair"},
		"half a pair in YAML": {"family: \"\\ud800\"\n", "td:1:"},
		"a variable":          {`{"family":"${CAFE}"}`, `td:1:11: the variable CAFE has the byte \xe9, which is not UTF-8`},
	} {
		_, err := taskdef.Parse("td", []byte(tt.text), taskdef.ParseOptions{Variable: variables(map[string]string{"CAFE": "caf\xe9"})})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	d := parse(t, `{"family":"a","containerDefinitions":[{"name":"b","image":"c","user":"\ud83d\ude00�\\ud800"}]}`)
	if text := string(indented(t, d)); !strings.Contains(text, `😀�\\ud800`) {
		t.Error(text)
	}
	for name, edit := range map[string]taskdef.Edit{
		"environment[0].value: ": taskdef.SetEnvironment("b", "P", "caf\xe9"), "environment[0].name: ": taskdef.SetEnvironment("", "caf\xe9", ""),
		"command[0]: ": taskdef.SetCommand("b", "caf\xe9"), "dockerLabels: in a name, ": taskdef.SetDockerLabel("b", "caf\xe9", ""),
		"tags[0].value: ": taskdef.SetTag("k", "caf\xe9"), "secrets[0].valueFrom: ": taskdef.SetSecret("b", "S", "caf\xe9"),
	} {
		if _, err := d.With(edit); err == nil || !strings.Contains(err.Error(), name+`the byte \xe9 is not UTF-8`) || strings.Contains(err.Error(), "�") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := taskdef.FromDescribe([]byte("{\"taskDefinition\":{\"family\":\"\xe9\"}}")); err == nil {
		t.Error("a broken answer of ECS is taken")
	}
}

// TestCheckAfterEdits: what is wrong with a definition is judged when its images and
// edits are made, with the place in the file.
func TestCheckAfterEdits(t *testing.T) {
	ref, err := image.Parse("repo/web:2")
	if err != nil {
		t.Fatal(err)
	}
	for _, written := range []string{`"name":"web"`, `"name":"web","image":""`, `"name":"web","image":"<IMAGE1_NAME>"`} {
		d, err := taskdef.Parse("td.json", []byte(`{"family":"a","containerDefinitions":[{`+written+`}]}`), taskdef.ParseOptions{})
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		if err := d.Check(); err == nil || !strings.HasPrefix(err.Error(), "td.json:1:") {
			t.Errorf("%s: %v, want an error with a place", written, err)
		}
		edited, err := d.With(taskdef.SetImage("web", ref))
		if err != nil || edited.Check() != nil {
			t.Errorf("%s: with an image: %v, %v", written, err, edited.Check())
		}
	}
	d := parse(t, `{"family":"a","containerDefinitions":[{"name":"web","image":"b","environment":[{"name":"T","value":"x"}],"secrets":[{"name":"T","valueFrom":"y"}]}]}`)
	if edited, err := d.With(taskdef.UnsetSecret("web", "T")); err != nil || d.Check() == nil || edited.Check() != nil {
		t.Errorf("a name given twice: %v, %v, %v", err, d.Check(), edited.Check())
	}
}

// TestChecks: what ECS refuses, or learns only when it pulls an image, is refused with
// the place of the value.
func TestChecks(t *testing.T) {
	for name, tt := range map[string]struct{ task, container, want string }{
		"<…>":                {container: `"image":"<IMAGE1_NAME>"`, want: `2:47: container app: "<IMAGE1_NAME>" is not an image reference: it has <IMAGE1_NAME>, which was not replaced by a value`},
		"$NAME":              {container: `"image":"$REPOSITORY_URI:$IMAGE_TAG"`, want: `it has $REPOSITORY_URI, which was not replaced by a value`},
		"{{…}}":              {container: "\"image\":\"x:{{must_env `X`}}\"", want: "it has {{must_env `X`}}, which was not replaced by a value"},
		"upper case":         {container: `"image":"team/Web:1"`, want: "repository name (team/Web) must be lowercase"},
		"a digest alone":     {container: `"image":"sha256:` + strings.Repeat("a", 64) + `"`, want: "a digest is written REPOSITORY@sha256:…"},
		"a blank variable":   {container: `"image":"x","environment":[{"name":" ","value":"1"}]`, want: "2:66: container app has an element of environment without a name"},
		"a secret, nameless": {container: `"image":"x","secrets":[{"valueFrom":"1"}]`, want: "an element of secrets without a name"},
		"a port":             {container: `"image":"x","portMappings":[{"containerPort":70000}]`, want: "2:84: container app: containerPort is 70000; a port is at most 65535"},
		"storage":            {task: `"ephemeralStorage":{"sizeInGiB":20},`, container: `"image":"x"`, want: "1:47: ephemeralStorage.sizeInGiB is 20; ECS accepts 21 to 200"},
		"arm64":              {task: `"runtimePlatform":{"cpuArchitecture":"arm64"},`, container: `"image":"x"`, want: `1:52: runtimePlatform.cpuArchitecture is "arm64"; ECS spells it "ARM64"`},
		"fargate":            {task: `"requiresCompatibilities":["fargate"],`, container: `"image":"x"`, want: `requiresCompatibilities[0] is "fargate"; ECS spells it "FARGATE"`},
		"cpu of Fargate":     {task: `"requiresCompatibilities":["FARGATE"],"cpu":"300","memory":"512",`, container: `"image":"x"`, want: "Fargate does not offer 300 CPU units; it offers 256 (memory 512, doubled up to 2048); 512 (memory 1024 to 4096 in steps of 1024); 1024 ("},
		"cpu, no memory":     {task: `"requiresCompatibilities":["FARGATE"],"cpu":"300",`, container: `"image":"x"`, want: "Fargate does not offer 300 CPU units"},
		"a larger Fargate":   {task: `"requiresCompatibilities":["FARGATE"],"cpu":"32768","memory":"61440",`, container: `"image":"x"`},
		"a new word":         {task: `"runtimePlatform":{"cpuArchitecture":"RISCV"},`, container: `"image":"x"`},
	} {
		d, err := taskdef.Parse("td.json", []byte(`{"family":"a",`+tt.task+"\n"+`"containerDefinitions":[{"name":"app",`+tt.container+`}]}`), taskdef.ParseOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		err = d.Check()
		var parse *taskdef.ParseError
		if got := fmt.Sprint(err); tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &parse) || !strings.Contains(got, tt.want) || parse.ExitCode() != 3 || parse.Hint() == "") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// TestWhatIsReallyThere: an error in a text names what is wrong, at its own place.
func TestWhatIsReallyThere(t *testing.T) {
	for name, tt := range map[string]struct{ text, want, hint string }{
		"a Windows path":       {text: `{"family":"C:\inetpub"}`, want: `td:1:14: \i is not an escape of JSON; write a backslash as \\`},
		"an escaped dollar":    {text: "{\n\"family\":\"日\\$x\"}", want: `td:2:12: \$ is not an escape of JSON; write $, or $$ before {`},
		"a line break":         {text: "{\"family\":\"a\nb\"}", want: `td:1:13: a text has a line break in it; write \n, or close the quotes before it`},
		"a tab":                {text: "{\"family\":\"a\tb\"}", want: `td:1:13: a text has the control character \x09 in it; write \u0009`},
		"half an escape":       {text: `{"family":"a\u12"}`, want: `td:1:13: \u is not followed by four hexadecimal digits`},
		"a number's variable":  {text: `{"cpu": ${PORT}}`, want: `td:1:9: a variable must be in quotes, even if ECS expects a number: "${PORT}"`},
		"of no number":         {text: `{"containerDefinitions":[{"portMappings":[{"containerPort":"${PORT}"}]}]}`, want: "td:1:60: containerDefinitions[0].portMappings[0].containerPort: with the values of its variables, ${PORT} is not a whole number, which ECS expects here"},
		"one line":             {text: `{"family":"a","containerDefinitions":[{"name":"a"},{"cpu":true}]}`, want: "td:1:59: containerDefinitions[1].cpu: this is true or false; ECS expects a whole number here"},
		"of a secret":          {text: `{"containerDefinitions":[{"environment":[{"name":"A","valueFrom":"x"}]}]}`, want: `td:1:54: "valueFrom" is a field of secrets and secretOptions, and not of environment`, hint: "move the field to where ECS has it"},
		"of a container":       {text: `{"logConfiguration":{}}`, want: `td:1:2: "logConfiguration" is a field of a container, and not of the task`, hint: "move the field to where ECS has it"},
		"of the task":          {text: `{"containerDefinitions":[{"executionRoleArn":"x"}]}`, want: `"executionRoleArn" is a field of the task, and not of a container`, hint: "move the field to where ECS has it"},
		"a list of containers": {text: `[{"name":"a","image":"b"}]`, want: "td:1:1: a task definition is an object, this is a list of containers alone", hint: `write {"family": "NAME", "containerDefinitions": […]}`},
		"several":              {text: `[{"taskDefinition":{}},{"taskDefinition":{}}]`, want: "td:1:1: a task definition is an object, this is a list of 2 of them; write each into its own file"},
		"wrapped twice":        {text: `{"taskDefinition":{"taskDefinition":{}}}`, want: "a taskDefinition contains another taskDefinition"},
		"Jsonnet":              {text: "local x = 1;\n{family: x}", want: "; this is Jsonnet", hint: "render it first: jsonnet td | ecs-deploy … --task-definition-file -"},
		"a template":           {text: `{"cpu": {{ must_env "CPU" }}}`, want: "; this is a template with {{ … }} of another program", hint: "render it first (ecspresso render taskdef), or write ${NAME} for variables"},
		"a template in YAML":   {text: "family: a\ncpu: {{ must_env `CPU` }}\n", want: "; "},
		"a secret":             {text: `{"family":"${X:-hunter2 ${Y}"}`, want: "${X:-…}: a default is text"},
	} {
		_, err := taskdef.Parse("td", []byte(tt.text), taskdef.ParseOptions{Variable: variables(map[string]string{"PORT": "80a"})})
		var parse *taskdef.ParseError
		if !errors.As(err, &parse) || !strings.Contains(err.Error(), tt.want) || tt.hint != "" && parse.Hint() != tt.hint || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v (%s), want %s (%s)", name, err, hintOf(err), tt.want, tt.hint)
		}
	}
}

func hintOf(err error) string {
	var hinter interface{ Hint() string }
	if errors.As(err, &hinter) {
		return hinter.Hint()
	}
	return ""
}
