package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

func TestRequestAndPolicy(t *testing.T) {
	clearEnvironment(t)
	flags := bound()
	err := flags.Parse([]string{
		"-c", "production1", "-n", "doorman-service", "-d", "doorman:41", "-i", "a:1", "-i", "b:2", "-D", "0", "-m", "0", "-M", "200",
		"--force-new-deployment", "--if-unchanged", "restart", "--if-in-progress", "wait", "--max-definitions", "0", "--no-wait",
		"-t", "240", "--complete-timeout", "1h", "--until", "drained",
	})
	if err != nil {
		t.Fatal(err)
	}
	s := flags.flags.Settings()
	request, err := s.Request(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if request.Cluster != "production1" || request.Service != "doorman-service" || request.TaskDefinition != "doorman:41" ||
		!cmp.Equal(request.Images, []string{"a:1", "b:2"}) || !request.ForceNewDeployment || request.IfUnchanged != deploy.IfUnchangedRestart ||
		*request.DesiredCount != 0 || *request.MinimumHealthyPercent != 0 || *request.MaximumPercent != 200 {
		t.Errorf("%+v", request)
	}
	policy := s.Policy()
	watch := deploy.WatchOptions{Until: rollout.UntilDrained, RunningTimeout: 240 * time.Second, CompleteTimeout: time.Hour}
	if !policy.NoWait || policy.IfInProgress != deploy.IfInProgressWait || *policy.KeepDefinitions != 0 || policy.Watch != watch {
		t.Errorf("%+v", policy)
	}
}

func TestWhatIsNotAskedIsNotInTheRequest(t *testing.T) {
	request, err := new(Settings).Request(t.Context(), nil)
	if err != nil || request.DesiredCount != nil || request.MinimumHealthyPercent != nil || request.MaximumPercent != nil ||
		!request.Definition.IsZero() || request.Images != nil {
		t.Errorf("%+v %v", request, err)
	}
	if policy := new(Settings).Policy(); policy.KeepDefinitions != nil || policy.NoWait || policy.Watch != (deploy.WatchOptions{}) {
		t.Errorf("%+v", policy)
	}
}

func TestTagFromAVariable(t *testing.T) {
	t.Setenv("BUILD", "v7")
	t.Setenv("EMPTY", "")
	for _, c := range []struct{ variable, tag, want, problem string }{
		{"", "", "", ""},
		{"", "v6", "v6", ""},
		{"BUILD", "", "v7", ""},
		{"BUILD", "v6", "", "both --tag and --tag-env-var are set"},
		{"EMPTY", "", "", "the variable EMPTY"},
		{"NOT_SET_AT_ALL", "", "", "the variable NOT_SET_AT_ALL"},
	} {
		request, err := (&Settings{TagEnvVar: c.variable, Tag: c.tag}).Request(t.Context(), nil)
		if c.problem == "" && (err != nil || request.Tag != c.want) {
			t.Errorf("%s %s: %v %v", c.variable, c.tag, request.Tag, err)
		}
		if c.problem != "" {
			checkProblem(t, err, c.problem)
		}
	}
}

// TestTagsOfLayers: what a higher layer says of an image's tag wins.
func TestTagsOfLayers(t *testing.T) {
	t.Setenv("BUILD", "v7")
	for _, c := range []struct {
		name, file, args string
		images           []string
		containers       map[string]string
		tag              string
		only             []string
		problem          string
	}{
		{name: "the file's image, the flag's tag", file: "image: a", args: "--tag v2", images: []string{"a:v2"}},
		{name: "the file's image with a tag, the flag's tag", file: "image: a:v1", args: "--tag v2", images: []string{"a:v2"}},
		{name: "the file's tag, the flag's image with its own", file: "tag: v1\n  image: b", args: "-i a:v2", images: []string{"a:v2"}},
		{name: "the file's tag, the flag's image without one", file: "tag: v1", args: "-i a", images: []string{"a:v1"}},
		{name: "the file's digest", file: "image: a@sha256:" + strings.Repeat("0", 64), args: "--tag v2", images: []string{"a:v2"}},
		{name: "a target's tag", file: "image: a:v1", args: "--target base", images: []string{"a:of-base"}},
		{name: "a nearer target's variable", file: "image: a", args: "--target near", images: []string{"a:v7"}},
		{name: "one layer says both", file: "image: a:v1\n  tag: v2", images: []string{"a:v1"}, tag: "v2"},
		{name: "the file's variable is not asked", file: "image: a\n  tag-env-var: NOT_SET_AT_ALL", args: "--tag v2", images: []string{"a:v2"}},
		{name: "the file's variable", file: "image: a\n  tag-env-var: NOT_SET_AT_ALL", problem: "the variable NOT_SET_AT_ALL"},
		{name: "twice in one layer", file: "image: a\n  tag-env-var: BUILD\n  tag: v1", problem: "both --tag and --tag-env-var are set"},
		{name: "containers", file: "container: {x: a, y: b}\n  tag: v0", args: "--container x=a:v9", containers: map[string]string{"x": "a:v9", "y": "b:v0"}},
		{name: "the file's container, the flag's image", file: "container: {x: 'a:v1', y: b:v1}", args: "-i a:v2", images: []string{"a:v2"},
			containers: map[string]string{"x": "a:v2", "y": "b:v1"}},
		{name: "a target's tag, the file's container, the flag's image", file: "container: {x: 'a:v1', y: b}", args: "--target base -i a:v2", images: []string{"a:v2"},
			containers: map[string]string{"x": "a:v2", "y": "b:of-base"}},
		{name: "the file's tag and container, the flag's container", file: "container: {x: 'a:v1'}\n  tag: v3", args: "--container x=a:v2", containers: map[string]string{"x": "a:v2"}},
		{name: "the file's only, the flag's image", file: "tag: v1\n  only: [x]", args: "-i a:v2", images: []string{"a:v2"}},
		{name: "the flag's only, the file's image", file: "image: a", args: "--tag v2 --only x", tag: "v2", only: []string{"x"}},
	} {
		f, err := ParseFile("f.yaml", []byte("version: 1\ntargets:\n  base: {tag: of-base}\n  near: {extends: base, tag-env-var: BUILD}\ndefaults:\n  "+c.file+"\n"), "")
		if err != nil {
			t.Fatal(err)
		}
		s := given(t, f, strings.Fields(c.args))
		request, err := s.Request(t.Context(), nil)
		if c.problem != "" {
			checkProblem(t, err, c.problem)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		empty := cmpopts.EquateEmpty()
		if !cmp.Equal(c.images, request.Images, empty) || !cmp.Equal(c.containers, request.ContainerImages, empty) || c.tag != request.Tag || !cmp.Equal(c.only, request.TagOnly, empty) {
			t.Errorf("%s: %v %v %q %v", c.name, request.Images, request.ContainerImages, request.Tag, request.TagOnly)
		}
	}
}

// TestDefinitionsOfLayers: a definition by name and one by file are two ways to
// say the same; the higher layer's counts.
func TestDefinitionsOfLayers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.json")
	if err := os.WriteFile(path, []byte(`{"family": "web", "containerDefinitions": [{"name": "b", "image": "c"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file, args string
		name       string
		definition bool
	}{
		{"task-definition: api", "--task-definition-file " + path, "", true},
		{"task-definition-file: " + path, "-d api", "api", false},
		{"task-definition-file: " + path + "\n  task-definition: api", "", "api", true},
	} {
		f, err := ParseFile("f.yaml", []byte("version: 1\ndefaults:\n  "+c.file+"\n"), "")
		if err != nil {
			t.Fatal(err)
		}
		s := given(t, f, strings.Fields(c.args))
		request, err := s.Request(t.Context(), nil)
		if err != nil || request.TaskDefinition != c.name || request.Definition.IsZero() == c.definition {
			t.Errorf("%s, %s: %q %v %v", c.file, c.args, request.TaskDefinition, request.Definition, err)
		}
	}
}

// TestEdits: each flag of an edit edits what it says, in the definition that the
// request would deploy.
func TestEdits(t *testing.T) {
	const before = `{"family": "web", "containerDefinitions": [
		{"name": "app", "image": "team/web:1", "command": ["serve"], "environment": [{"name": "GONE", "value": "1"}, {"name": "LOG", "value": "info"}],
			"secrets": [{"name": "OLD", "valueFrom": "arn:old"}], "logConfiguration": {"logDriver": "awslogs"}},
		{"name": "proxy", "image": "nginx:1.29"}]}`
	const app, proxy = "/containerDefinitions/0", "/containerDefinitions/1"
	for _, c := range []struct {
		args string
		want map[string]any // by place in the document; nil: nothing is there
	}{
		{"--env LOG=debug", map[string]any{app + "/environment/1/value": "debug", proxy + "/environment/0/name": "LOG"}},
		{"--env app:LOG=a=b:c", map[string]any{app + "/environment/1/value": "a=b:c", proxy + "/environment": nil}},
		{"--env *:Logging:Level=x", map[string]any{proxy + "/environment/0/name": "Logging:Level"}},
		{"--unset-env GONE", map[string]any{app + "/environment/0/name": "LOG", app + "/environment/1": nil}},
		{"--unset-env app:GONE --env GONE=2", map[string]any{app + "/environment/1/value": "2"}},
		{"--secret app:TOKEN=arn:aws:ssm:x", map[string]any{app + "/secrets/1/valueFrom": "arn:aws:ssm:x"}},
		{"--unset-secret OLD --env app:OLD=1", map[string]any{app + "/secrets": nil, app + "/environment/2/name": "OLD"}},
		{"--docker-label app:a.b/c=d", map[string]any{app + "/dockerLabels/a.b~1c": "d"}},
		{"--log-option awslogs-group=/x", map[string]any{app + "/logConfiguration/options/awslogs-group": "/x", proxy + "/logConfiguration": nil}},
		{"--task-definition-tag owner=me=you", map[string]any{"/tags/0/value": "me=you"}},
		{`--command app=["sh","-c","a_b"] --entry-point proxy=tini_--`, map[string]any{app + "/command/2": "a b", proxy + "/entryPoint/1": "--"}},
		{"--command app=[]", map[string]any{app + "/command": nil}},
		{"--cpu 1_vCPU --memory 2GB", map[string]any{"/cpu": "1024", "/memory": "2048"}},
		{"--container-cpu app=128 --container-memory app=1_GB --container-memory-reservation proxy=64",
			map[string]any{app + "/cpu": json.Number("128"), app + "/memory": json.Number("1024"), proxy + "/memoryReservation": json.Number("64")}},
		{"--task-role arn:role --execution-role none", map[string]any{"/taskRoleArn": "arn:role", "/executionRoleArn": nil}},
		{"--runtime-platform linux/amd64", map[string]any{"/runtimePlatform/cpuArchitecture": "X86_64", "/runtimePlatform/operatingSystemFamily": "LINUX"}},
		{"--container proxy=nginx:2 -i team/web:2", map[string]any{app + "/image": "team/web:2", proxy + "/image": "nginx:2"}},
		{"--tag v3 --only *", map[string]any{app + "/image": "team/web:v3", proxy + "/image": "nginx:v3"}},
	} {
		flags := bound()
		args := strings.Fields(c.args)
		for i, arg := range args {
			if !strings.HasPrefix(arg, "--") {
				args[i] = strings.ReplaceAll(arg, "_", " ")
			}
		}
		if err := flags.Parse(args); err != nil {
			t.Fatal(err)
		}
		s := flags.flags.Settings()
		s.TaskDefinitionFile = StandardInput
		request, err := s.Request(t.Context(), strings.NewReader(before))
		if err != nil {
			t.Fatal(err)
		}
		edited, err := request.Offline(request.Definition)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		for place, want := range c.want {
			if got := at(t, edited, place); !cmp.Equal(got, want) {
				t.Errorf("%s: %s is %v, want %v", c.args, place, got, want)
			}
		}
	}
}

// at is what a definition has at a place, in the words of RFC 6901.
func at(t *testing.T, d taskdef.Definition, place string) any {
	t.Helper()
	text, err := d.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(place, "/")[1:] {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch container := value.(type) {
		case map[string]any:
			value = container[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(container) {
				return nil
			}
			value = container[i]
		default:
			return nil
		}
	}
	return value
}

func TestCommandsThatAreNotClear(t *testing.T) {
	for _, text := range []string{`sh -c "a b"`, `["a", 1]`, `["a"`, `a\b`} {
		_, err := (&Settings{Commands: []Entry{{Container: "app", Value: text}}}).Request(t.Context(), nil)
		checkProblem(t, err, "--command for container app: ")
	}
}

// checkProblem holds an error to what every error for people has.
func checkProblem(t *testing.T, err error, part string) {
	t.Helper()
	var coder interface{ ExitCode() int }
	var hinter interface{ Hint() string }
	if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want %q", err, part)
		return
	}
	if !errors.As(err, &coder) || coder.ExitCode() != 3 || !errors.As(err, &hinter) || hinter.Hint() == "" {
		t.Errorf("%v: no exit code 3, or no hint", err)
	}
}

func TestDefinitionFromAFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.json", `{"family": "a", "containerDefinitions": [{"name": "b", "image": "c"}]}`)
	request, err := (&Settings{TaskDefinitionFile: good}).Request(t.Context(), nil)
	if err != nil || request.Definition.Family() != "a" {
		t.Errorf("%v %v", request.Definition, err)
	}
	for path, part := range map[string]string{
		filepath.Join(dir, "nowhere.json"):     "nowhere.json",
		dir:                                    dir,
		write("bad.json", "{\n  \"family\" }"): "bad.json:2:12: ",
		write("empty.json", ""):                "empty.json",
	} {
		_, err := (&Settings{TaskDefinitionFile: path}).Request(t.Context(), nil)
		checkProblem(t, err, part)
	}
}
