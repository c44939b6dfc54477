package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const severalTargets = `version: 1
defaults:
  cluster: production1
  service-name: doorman-service
  timeout: 3m
  image: [docker.repo.com/doorman, docker.repo.com/proxy]
  env:
    LOG_LEVEL: info
    a.B: 1.10
    OLD: null
    web: {PORT: 8080, NO: no}
  unset-env: ["web:PORT", GONE]
targets:
  Prod-EU.1:
    extends: prod
    region: eu-west-1
    env: {web: {PORT: 0x10}, LOG_LEVEL: warn}
  prod:
    extends: base
    account: 012345670123
    confirm: true
    timeout: 10m
    image: docker.repo.com/doorman
  base:
    timeout: 5m
    service-name: base
    command: {web: [serve, "--x=<y>", 8080], worker: run it}
  staging: {image: []}
`

func parse(t *testing.T, text string) File {
	t.Helper()
	f, err := ParseFile("ecs-deploy.yaml", []byte(text), "")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTargetsAreLaidUponEachOther(t *testing.T) {
	f := parse(t, severalTargets)
	if diff := cmp.Diff([]string{"Prod-EU.1", "prod", "base", "staging"}, f.Targets()); diff != "" {
		t.Error(diff)
	}
	s, err := f.Settings("Prod-EU.1")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(s.Cluster, " ", s.Service, " ", s.Timeout, " ", s.Images, " ", s.Region, " ", s.Account, " ", s.Confirm, " ", s.Target)
	if want := "production1 base 10m0s [docker.repo.com/doorman] eu-west-1 012345670123 true Prod-EU.1"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	var env []string
	for _, entry := range s.Env {
		env = append(env, readEntry(entry))
	}
	want := []string{
		"OLD removed", "GONE removed", "LOG_LEVEL=info", "a.B=1.10", "web:PORT removed", "web:PORT=8080", "web:NO=no", // defaults
		"LOG_LEVEL=warn", "web:PORT=0x10", // Prod-EU.1
	}
	if diff := cmp.Diff(want, env); diff != "" {
		t.Error(diff)
	}
	commands := []Entry{{Container: "web", Value: `["serve","--x=<y>","8080"]`}, {Container: "worker", Value: "run it"}}
	if diff := cmp.Diff(commands, s.Commands); diff != "" {
		t.Error(diff)
	}
	if s, err := f.Settings("staging"); err != nil || len(s.Images) != 0 || s.Origin("image").Line != 28 {
		t.Error("an empty list replaces no other:", s.Images, s.Origin("image"), err)
	}
	if s, err := f.Settings(""); err != nil || len(s.Images) != 2 || s.Confirm || s.Service != "doorman-service" {
		t.Error("the defaults alone:", s, err)
	}
}

func TestTheTargetComesFromFlagOrVariable(t *testing.T) {
	clearEnvironment(t)
	f := parse(t, severalTargets)
	t.Setenv("ECS_DEPLOY_TARGET", "prod")
	flags := bound()
	if s, err := flags.resolve(f); err != nil || s.Target != "prod" || s.Account == "" || s.Origin("target") != (Origin{Layer: Variable, Name: "ECS_DEPLOY_TARGET"}) {
		t.Errorf("%+v %v", s, err)
	}
	flags = bound()
	if err := flags.Parse([]string{"--target", "base"}); err != nil {
		t.Fatal(err)
	}
	if s, err := flags.resolve(f); err != nil || s.Target != "base" || s.Account != "" || s.Service != "base" {
		t.Errorf("%+v %v", s, err)
	}
}

// TestAnEmptyFlagIsAMistake: of a script whose variable is not set. Without the
// value, something else would be deployed, or nothing would be held back.
func TestAnEmptyFlagIsAMistake(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("ECS_DEPLOY_TARGET", "prod")
	for _, name := range []string{"target", "tag", "expect-revision"} {
		flags := bound()
		if err := flags.Parse([]string{"--" + name + "="}); err != nil {
			t.Fatal(err)
		}
		_, err := flags.resolve(parse(t, severalTargets))
		checkProblem(t, err, "--"+name+" is empty")
	}
}

func TestTargetsThatAreNotThere(t *testing.T) {
	for name, c := range map[string]struct{ text, target, problem, hint string }{
		"misspelt":       {severalTargets, "pro", `ecs-deploy.yaml:13:1: no target "pro"; the targets are Prod-EU.1, prod, base, staging`, "did you mean --target prod?"},
		"another case":   {severalTargets, "prod-eu.1", `ecs-deploy.yaml:13:1: no target "prod-eu.1"`, "did you mean --target Prod-EU.1?"},
		"nothing like":   {severalTargets, "elsewhere", `ecs-deploy.yaml:13:1: no target "elsewhere"`, "pass --target NAME"},
		"no targets":     {"version: 1\n", "prod", `ecs-deploy.yaml: no target "prod"; the file has no targets`, "docs/configuration.md"},
		"required":       {"version: 1\nrequire-target: true\ntargets: {prod: {}}\n", "", "ecs-deploy.yaml:3:1: target not set; the targets are prod", "--target"},
		"not required":   {"version: 1\nrequire-target: false\ntargets: {prod: {}}\n", "", "", ""},
		"required, none": {"version: 1\nrequire-target: true\n", "", "ecs-deploy.yaml: target not set; the file has no targets", "docs/configuration.md"},
	} {
		_, err := parse(t, c.text).Settings(c.target)
		if c.problem == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.problem != "" {
			checkProblem(t, err, c.problem)
			var hinter interface{ Hint() string }
			if errors.As(err, &hinter) && !strings.Contains(hinter.Hint(), c.hint) {
				t.Errorf("%s: hint %q", name, hinter.Hint())
			}
		}
	}
	_, err := File{}.Settings("prod")
	checkProblem(t, err, `target "prod" needs a settings file, and none was found`)
	if s, err := (File{}).Settings(""); err != nil || s.Cluster != "" {
		t.Error(err)
	}
}

func TestRequiredVersion(t *testing.T) {
	for _, c := range []struct {
		bounds, running string
		ok              bool
	}{
		{">= 0.5, < 2", "0.5.0", true}, {">= 0.5, < 2", "v1.9.9", true}, {">= 0.5, < 2", "2.0.0", false}, {">= 0.5, < 2", "0.4.9", false},
		{">= 0.5", "0.6.0-rc.1", true}, {">= 0.6", "0.6.0-rc.1", false}, {"~1.2", "1.3.0", false}, {"1.2", "1.2.7", true},
		{">= 9", "(devel)", true}, {">= 9", "", true}, {">= 9", "v0.0.0-20261123100000-abcdefabcdef", true}, {">= 9", "v1.2.4-0.20261123100000-abcdefabcdef", true},
		{">= 9", "v0.5.0+dirty", true},
	} {
		_, err := ParseFile("f.yaml", []byte("version: 1\nrequired-version: '"+c.bounds+"'\ndefaults: {key-of-the-future: 1}\n"), c.running)
		var problems *FileError
		if !errors.As(err, &problems) || len(problems.Problems) != 1 {
			t.Fatalf("%s of %s: %v", c.running, c.bounds, err)
		}
		// A file for another version may have other keys: only the bound is told.
		want := "f.yaml:3:12: unknown key"
		if !c.ok {
			want = fmt.Sprintf("f.yaml:2:19: the file requires ecs-deploy %s; this is %s", c.bounds, c.running)
		}
		if !strings.HasPrefix(err.Error(), want) || problems.Hint() == "" {
			t.Errorf("%s of %s: %v", c.running, c.bounds, err)
		}
	}
}

func TestAliases(t *testing.T) {
	f := parse(t, `version: 1
defaults:
  cluster: &name production1
  service-name: *name
  env: &env {A: 1}
targets:
  one: &one
    env: *env
    image: [&image "web:v2", *image]
  two: *one
`)
	s, err := f.Settings("two")
	if err != nil {
		t.Fatal(err)
	}
	if s.Service != "production1" || s.Origin("service-name").Line != 4 || !slices.Equal(s.Images, []string{"web:v2", "web:v2"}) || len(s.Env) != 2 {
		t.Errorf("%+v, from %s", s, s.Origin("service-name"))
	}
}

func TestVariablesThatDoNothingAreToldOf(t *testing.T) {
	got := Warnings([]string{
		"HOME=/root", "ECS_DEPLOY_CLUSTER=a", "ECS_DEPLOY_CONFIG=f.yaml", "ECS_DEPLOY_TARGET=prod", "ECS_DEPLOY_EMPTY=", "ECS_DEPLOYMENT=x",
		"ECS_DEPLOY_CLUTSER=hush", "ECS_DEPLOY_ENV=A=hush", "ECS_DEPLOY_SIMULATE=hush", "ECS_DEPLOY_CONFIRM=hush", "ECS_DEPLOY_NONSENSE=hush", "ECS_DEPLOY_AWS_SECRET_KEY=hush",
	})
	want := []string{
		"unknown variable ECS_DEPLOY_CLUTSER; did you mean ECS_DEPLOY_CLUSTER?",
		"ECS_DEPLOY_CONFIRM has no effect: confirm can be set only in the settings file",
		"ECS_DEPLOY_ENV has no effect: env can be set only with --env or in the settings file",
		"unknown variable ECS_DEPLOY_NONSENSE",
		"ECS_DEPLOY_SIMULATE has no effect: it can be set only with --simulate",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestATagInAHigherImageWins: the variable of a lower layer is not asked for,
// unless another image waits for it.
func TestATagInAHigherImageWins(t *testing.T) {
	const text = "version: 1\ndefaults: {image: web, tag-env-var: GIT_TAG}\ntargets: {prod: {image: 'web:v2'}, side: {container: {proxy: proxy}}}\n"
	for _, c := range []struct {
		arguments []string
		asked     bool
	}{
		{nil, true},
		{[]string{"-i", "web"}, true},
		{[]string{"-i", "web:v2"}, false},
		{[]string{"-i", "web@sha256:" + strings.Repeat("0", 64)}, false},
		{[]string{"-i", "web:v2", "-i", "proxy"}, true},
		{[]string{"-i", "web:v2", "--target", "side"}, true},
		{[]string{"--target", "prod"}, false},
		{[]string{"--target", "prod", "-e", "GIT_TAG"}, true},
	} {
		clearEnvironment(t)
		t.Setenv("GIT_TAG", "")
		s := given(t, parse(t, text), c.arguments)
		_, err := s.Request(t.Context(), nil)
		if asked := err != nil && strings.Contains(err.Error(), "the variable GIT_TAG"); asked != c.asked || !asked && err != nil {
			t.Errorf("%v: %v", c.arguments, err)
		}
		if shown := s.Origin("tag-env-var") != (Origin{}); shown != c.asked {
			t.Errorf("%v: tag-env-var is from %s", c.arguments, s.Origin("tag-env-var"))
		}
	}
}

// large is a file with 200 targets, each with what a service mostly has.
func large() []byte {
	var b strings.Builder
	b.WriteString("version: 1\ndefaults:\n  region: eu-west-1\n  timeout: 5m\n  env: {LOG_LEVEL: info}\ntargets:\n  base: {max-definitions: 10}\n")
	for i := range 200 {
		fmt.Fprintf(&b, "  service-%03d:\n    extends: base\n    account: 012345670123\n    cluster: production%d\n    service-name: service-%03d\n    image: docker.repo.com/service-%03d\n    desired-count: %d\n    env:\n      SERVICE: service-%03d\n      web: {PORT: 8080}\n", i, i%3, i, i, i%7, i)
	}
	return []byte(b.String())
}

// BenchmarkLoad reads a file with 200 targets and merges each of them. The
// budget is 10 ms.
func BenchmarkLoad(b *testing.B) {
	content := large()
	for b.Loop() {
		f, err := ParseFile("ecs-deploy.yaml", content, "")
		if err != nil {
			b.Fatal(err)
		}
		for _, target := range f.Targets() {
			if _, err := f.Settings(target); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// FuzzParseFile: a file is read or refused with places; nothing else happens.
func FuzzParseFile(f *testing.F) {
	for _, c := range badFiles {
		f.Add(c.text)
	}
	for _, defaults := range goodFiles {
		f.Add(good(defaults))
	}
	f.Add(severalTargets)
	f.Fuzz(func(t *testing.T, text string) {
		file, err := ParseFile("f.yaml", []byte(text), "1.0.0")
		var problems *FileError
		switch {
		case err != nil && !errors.As(err, &problems):
			t.Fatal(err)
		case err != nil:
			for _, problem := range problems.Problems {
				if !strings.HasPrefix(problem, "f.yaml:") {
					t.Fatal(problem)
				}
			}
			return
		}
		for _, target := range file.Targets() {
			if _, err := file.Settings(target); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestImagesAndOnlyAreAlternatives: the higher layer says which it is.
func TestImagesAndOnlyAreAlternatives(t *testing.T) {
	for _, c := range []struct {
		name, target string
		arguments    []string
		want         string
	}{
		{"only by flag", "image: web", []string{"--tag", "v2", "--only", "a"}, "[] [a] v2"},
		{"images by flag", "tag: v1, only: a", []string{"-i", "web:v2"}, "[web:v2] [] "},
		{"images without a tag", "tag: v1, only: a", []string{"-i", "web"}, "[web] [] v1"},
		{"one layer", "tag: v1, only: a, image: web", nil, "[web] [a] v1"},
		{"the target is higher", "image: web", nil, "[web] [] v0"},
	} {
		clearEnvironment(t)
		s := given(t, parse(t, "version: 1\ndefaults: {only: b, tag: v0}\ntargets: {prod: {"+c.target+"}}\n"), append(c.arguments, "--target=prod"))
		if got := fmt.Sprint(s.Images, " ", s.Only, " ", s.Tag); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if (s.Images == nil) != (s.Origin("image") == Origin{}) || (s.Only == nil) != (s.Origin("only") == Origin{}) {
			t.Errorf("%s: images from %s, only from %s", c.name, s.Origin("image"), s.Origin("only"))
		}
	}
}

// TestNullTakesBack: a target can have what is built in, whatever the defaults say.
func TestNullTakesBack(t *testing.T) {
	f := parse(t, `version: 1
defaults:
  desired-count: 4
  timeout: 5m
  until: running
  no-wait: true
  image: [a, b]
  cluster: main
  command: {web: [a, b], api: serve}
  container-cpu: {web: 128}
targets:
  bare: {desired-count: null, timeout: ~, until: null, no-wait: null, image: null, command: {web: null}, container-cpu: {web: null}}
  again: {extends: bare, desired-count: 2, command: {web: run}}
`)
	bare, err := f.Settings("bare")
	if err != nil {
		t.Fatal(err)
	}
	if bare.DesiredCount != nil || bare.Timeout != 0 || bare.Until != "" || bare.NoWait || bare.Images != nil || bare.ContainerCPU != nil || bare.Cluster != "main" {
		t.Errorf("%+v", bare)
	}
	if len(bare.Commands) != 1 || bare.Commands[0].Container != "api" || bare.Origin("desired-count").Layer != BuiltIn {
		t.Errorf("%+v %v", bare.Commands, bare.Origin("desired-count"))
	}
	again, err := f.Settings("again")
	if err != nil {
		t.Fatal(err)
	}
	if *again.DesiredCount != 2 || again.Timeout != 0 || len(again.Commands) != 2 || again.Commands[1].Value != "run" {
		t.Errorf("%+v", again)
	}
	if origins := again.EntryOrigins("command"); len(origins) != 2 || origins[1].Name != "again" {
		t.Errorf("%v", origins)
	}
}

// TestARevisionIsTakenAsItIs: a layer that names a revision leaves out what lower
// layers say of images and edits, and nothing of its own or higher ones.
func TestARevisionIsTakenAsItIs(t *testing.T) {
	for _, c := range []struct {
		name, target, variable string
		arguments              []string
		left                   string
		edits                  int
	}{
		{name: "by flag", arguments: []string{"-d", "web:1"}, left: "image tag env"},
		{name: "by flag, with an edit", arguments: []string{"-d", "web:1", "--env", "B=2"}, left: "image tag env", edits: 1},
		{name: "by variable", variable: "web:1", left: "image tag env"},
		{name: "by the target", target: "task-definition: 'web:1', env: {C: 3}", left: "image tag env", edits: 1},
		{name: "an ARN", arguments: []string{"-d", "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1"}, left: "image tag env"},
		{name: "a family", arguments: []string{"-d", "web"}, edits: 1},
		{name: "the ARN of a family", arguments: []string{"-d", "arn:aws:ecs:eu-west-1:123456789012:task-definition/web"}, edits: 1},
	} {
		clearEnvironment(t)
		t.Setenv("ECS_DEPLOY_TASK_DEFINITION", c.variable)
		flags := bound()
		if err := flags.Parse(append(c.arguments, "--target=prod")); err != nil {
			t.Fatal(err)
		}
		f := parse(t, "version: 1\ndefaults: {image: web, tag: v2, env: {A: 1}}\ntargets: {prod: {"+c.target+"}}\n")
		s, err := flags.resolve(f)
		if err != nil {
			t.Fatal(err)
		}
		request, err := s.Request(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if left := strings.Join(s.LeftOut(), " "); left != c.left || len(request.Edits) != c.edits || (len(request.Images) > 0) != (c.left == "") {
			t.Errorf("%s: left out %q, images %v, %d edits", c.name, left, request.Images, len(request.Edits))
		}
	}
}

// TestARevisionThatIsNotDeployedTakesNothingBack: a file of a higher layer takes the
// place of a revision, and with it of what that would leave out.
func TestARevisionThatIsNotDeployedTakesNothingBack(t *testing.T) {
	s, err := parse(t, `version: 1
defaults: {env: {A: one}}
targets:
  base: {task-definition: 'web:1'}
  prod: {extends: base, task-definition-file: web.json}
`).Settings("prod")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Env) != 1 || len(s.LeftOut()) > 0 || s.TaskDefinition != "" || s.TaskDefinitionFile != "web.json" {
		t.Errorf("env %v, left out %v, %q, %q", s.Env, s.LeftOut(), s.TaskDefinition, s.TaskDefinitionFile)
	}
}
