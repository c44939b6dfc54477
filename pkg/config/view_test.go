package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
)

// viewed are the settings of a target, and what their view shows.
func viewed(t rapid.TB, text, target string) (*Settings, string) {
	t.Helper()
	f, err := ParseFile("ecs-deploy.yaml", []byte(text), "")
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	s, err := f.Settings(target)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := s.View(ViewOptions{Values: true}).YAML()
	if err != nil {
		t.Fatal(err)
	}
	return s, string(shown)
}

// TestAViewSaysTheSame puts the view of a random target under the defaults of
// another file: the same settings come of it.
func TestAViewSaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		view := func(text, target string) string {
			_, shown := viewed(t, text, target)
			return shown
		}
		first := view(drawLayers(t).file(), "prod")
		again := view("version: 1\ndefaults:\n  "+strings.ReplaceAll(first, "\n", "\n  "), "")
		if sorted(again) != sorted(first) {
			t.Fatalf("%s\nthen\n%s", first, again)
		}
	})
}

// sorted is YAML without the order of its keys: what is said of a container comes
// after what is said of all if one layer says both.
func sorted(text string) string {
	var content any
	if err := yaml.Load([]byte(text), &content); err != nil {
		return err.Error()
	}
	encoded, err := json.Marshal(content)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

func TestView(t *testing.T) {
	clearEnvironment(t)
	f, err := ParseFile("ecs-deploy.yaml", []byte(`version: 1
defaults:
  cluster: "012345670123"
  no-wait: false
  env: {A: one, B: two, web: {A: three, C: four}}
  docker-label: {team: doorman}
  only: [web, worker]
targets:
  prod:
    env: {A: five, web: null, C: null}
    secret: {TOKEN: /token}
    log-option: {token: hush}
`), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ECS_DEPLOY_AWS_ACCESS_KEY", "AKIDEXAMPLE")
	t.Setenv("ECS_DEPLOY_OUTPUT", "json")
	flags := bound()
	arguments := []string{"--target=prod", "-s", "hush", "-D", "0", "--env", "D=x=y", "--unset-env", "web:C", "--dry-run"}
	if err := flags.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	s, err := flags.resolve(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.View(ViewOptions{Origins: true}).YAML()
	if err != nil {
		t.Fatal(err)
	}
	want := `cluster: '012345670123' # ecs-deploy.yaml:3:12, defaults
only: # ecs-deploy.yaml:7:9, defaults
- web
- worker
env:
  B: '***' # ecs-deploy.yaml:5:20, defaults
  '*':
    web: null # ecs-deploy.yaml:10:25, target prod
  C: null # ecs-deploy.yaml:10:34, target prod
  A: '***' # ecs-deploy.yaml:10:14, target prod
  D: '***' # flag --env
  web:
    C: null # flag --unset-env
secret:
  TOKEN: /token # ecs-deploy.yaml:11:21, target prod
docker-label:
  team: doorman # ecs-deploy.yaml:6:24, defaults
log-option:
  token: '***' # ecs-deploy.yaml:12:25, target prod
desired-count: 0 # flag --desired-count
no-wait: false # ecs-deploy.yaml:4:12, defaults
aws-access-key: '***' # variable ECS_DEPLOY_AWS_ACCESS_KEY
aws-secret-key: '***' # flag --aws-secret-key
target: prod # flag --target
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		options ViewOptions
		want    []string
	}{
		{ViewOptions{}, []string{`"cluster":"012345670123"`, `"desired-count":0`, `"only":["web","worker"]`, `"B":"***"`, `"C":null`, `"token":"***"`}},
		{ViewOptions{Values: true}, []string{`"A":"five"`, `"D":"x=y"`, `"token":"hush"`, `"aws-secret-key":"***"`}},
		{ViewOptions{Origins: true}, []string{
			`"cluster":{"value":"012345670123","origin":"ecs-deploy.yaml:3:12, defaults"}`, `"C":{"value":null,"origin":"ecs-deploy.yaml:10:34, target prod"}`,
			`"web":{"C":{"value":null,"origin":"flag --unset-env"}}`,
		}},
	} {
		text, err := json.Marshal(s.View(c.options))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range c.want {
			if !strings.Contains(string(text), part) {
				t.Errorf("%+v: no %s in\n%s", c.options, part, text)
			}
		}
	}
	if text, err := new(Settings).View(ViewOptions{}).YAML(); string(text) != "{}\n" || err != nil {
		t.Errorf("%s %v", text, err)
	}
}

// TestAViewOfNamesWithColons: they need the container "*" in a file.
func TestAViewOfNamesWithColons(t *testing.T) {
	flags := bound()
	if err := flags.Parse([]string{"--env", "*:a:b=1", "--docker-label", "*:com:x=2", "--task-definition-tag", "a:b=3", "--env", "B=4"}); err != nil {
		t.Fatal(err)
	}
	clearEnvironment(t)
	s, err := flags.resolve(File{})
	if err != nil {
		t.Fatal(err)
	}
	shown, err := s.View(ViewOptions{Values: true}).YAML()
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFile("ecs-deploy.yaml", []byte("version: 1\ndefaults:\n  "+strings.ReplaceAll(string(shown), "\n", "\n  ")), "")
	if err != nil {
		t.Fatalf("%v:\n%s", err, shown)
	}
	again, err := f.Settings("")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]Entry{s.Env, s.DockerLabels, s.Tags}, [][]Entry{again.Env, again.DockerLabels, again.Tags}); diff != "" {
		t.Error(diff)
	}
}

// TestAViewAsksForTheSame puts the view of random layers of images and tags into
// another file: the same is asked of the service, and never anything else.
func TestAViewAsksForTheSame(t *testing.T) {
	const refused = "refused"
	clearEnvironment(t)
	words := map[string][]string{
		"image": {"a", "a:v1", "b:v1", "[a:v2, b]", "[]", "null"}, "container": {"{x: a:v3}", "{x: a, y: b:v4}", "{x: null}"},
		"tag": {"t1", "t2", "null"}, "only": {"x", "'*'", "null"}, "task-definition": {"web", "web:1", "null"}, "env": {"{A: 1}", "{x: {A: 2}}"},
	}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("version: 1\ntargets:\n")
		for i, head := range []string{"  base: {cluster: c", "  middle: {extends: base", "  prod: {extends: middle"} {
			b.WriteString(head)
			for _, name := range slices.Sorted(maps.Keys(words)) {
				if rapid.IntRange(0, 2).Draw(t, "given") == 0 {
					fmt.Fprintf(&b, ", %s: %s", name, rapid.SampledFrom(words[name]).Draw(t, name+fmt.Sprint(i)))
				}
			}
			b.WriteString("}\n")
		}
		asked := func(text, target string) (string, string) {
			s, shown := viewed(t, text, target)
			request, err := s.Request(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Service, request.ForceNewDeployment = "s", true
			if err := request.Validate(); err != nil {
				return refused, shown
			}
			tagged := func(text string) string {
				ref, err := image.Parse(text)
				if err == nil && request.Tag != "" && ref.Tag() == "" {
					ref, err = ref.WithTag(request.Tag)
				}
				if err != nil {
					t.Fatal(err)
				}
				return ref.String()
			}
			for i, text := range request.Images {
				request.Images[i] = tagged(text)
			}
			for container, text := range request.ContainerImages {
				request.ContainerImages[container] = tagged(text)
			}
			tag := ""
			if len(request.Images)+len(request.ContainerImages) == 0 {
				tag = request.Tag
			}
			return fmt.Sprint(request.Images, request.ContainerImages, request.TagOnly, tag, request.TaskDefinition, len(request.Edits) > 0), shown
		}
		first, shown := asked(b.String(), "prod")
		again, _ := asked("version: 1\ndefaults:\n  "+strings.ReplaceAll(shown, "\n", "\n  "), "")
		// One layer cannot say that some images have a tag of their own, and others wait for one.
		if again != first && (again != refused || !strings.Contains(shown, "tag: ")) {
			t.Fatalf("%s\n%s\n%s\n%s", b.String(), shown, first, again)
		}
	})
}
