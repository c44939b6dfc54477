package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"
	"pgregory.net/rapid"
)

// commandLine has the flags of all settings, or of some.
type commandLine struct {
	*pflag.FlagSet
	flags *Flags
}

func bound(names ...string) commandLine {
	line := commandLine{pflag.NewFlagSet("ecs-deploy", pflag.ContinueOnError), new(Flags)}
	for _, key := range new(Settings).Keys() {
		if len(names) == 0 || slices.Contains(names, key.Name) {
			line.flags.Add(line.FlagSet, key.Name)
		}
	}
	return line
}

// resolve is what the parsed flags, this process's environment and a file come to.
func (l commandLine) resolve(file File) (*Settings, error) {
	given := l.flags.Given(l.FlagSet)
	selection, err := file.Select(given.Targets(os.Environ()))
	if err != nil {
		return nil, err
	}
	return Resolve(given, os.Environ(), file, strings.Join(selection.Targets, ","))
}

// given are the settings that these arguments, the environment and a file come to.
func given(t rapid.TB, file File, arguments []string) *Settings {
	t.Helper()
	flags := bound()
	if err := flags.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	s, err := flags.resolve(file)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// clearEnvironment makes sure that no variable of ours is set.
func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, key := range new(Settings).Keys() {
		t.Setenv(key.Env(), "")
	}
}

func file(t require, lines ...string) File {
	f, err := ParseFile("ecs-deploy.yaml", []byte("version: 1\ndefaults:\n"+strings.Join(lines, "")), "")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// require is what tests and properties have in common.
type require interface{ Fatal(...any) }

func TestEveryKeyWorksFromFlagEnvironmentAndFile(t *testing.T) {
	for _, key := range new(Settings).Keys() {
		for _, want := range samples(key) {
			for _, layer := range []string{"flag", "environment", "file"} {
				if layer == "file" && !key.Source.InFile() || layer == "environment" && !key.Source.InEnv() || layer == "flag" && key.Source == FileOnly {
					continue
				}
				t.Run(strings.Join([]string{key.Name, want.reads, layer}, "/"), func(t *testing.T) {
					clearEnvironment(t)
					flags := bound()
					var f File
					switch layer {
					case "flag":
						if err := flags.Parse([]string{"--" + key.Name + "=" + want.flag}); err != nil {
							t.Fatal(err)
						}
					case "environment":
						t.Setenv(key.Env(), want.flag)
					case "file":
						f = file(t, fmt.Sprintf("  %s: %s\n", key.Name, want.file))
					}
					if key.Name == "target" {
						f = targets(t, "one", "two")
					}
					s, err := flags.resolve(f)
					if err != nil {
						t.Fatal(err)
					}
					if k, _ := s.key(key.Name); read(k) != want.reads {
						t.Errorf("%q, want %q", read(k), want.reads)
					}
				})
			}
		}
	}
}

// targets is a file with targets that say nothing.
func targets(t require, names ...string) File {
	f, err := ParseFile("ecs-deploy.yaml", []byte("version: 1\ntargets:\n  "+strings.Join(names, ": {}\n  ")+": {}\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNoOtherKeyIsTouched(t *testing.T) {
	clearEnvironment(t)
	for _, key := range new(Settings).Keys() {
		if !key.Source.InFile() {
			continue
		}
		flags := bound()
		before := map[string]string{}
		for _, k := range new(Settings).Keys() {
			before[k.Name] = read(k)
		}
		s, err := flags.resolve(file(t, fmt.Sprintf("  %s: %s\n", key.Name, samples(key)[0].file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range s.Keys() {
			if mapName(k) != mapName(key) && read(k) != before[k.Name] {
				t.Errorf("%s changes %s to %q", key.Name, k.Name, read(k))
			}
		}
	}
}

func TestASubcommandResolvesItsOwnFlagsOnly(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("ECS_DEPLOY_IMAGE", "web:v2")
	t.Setenv("ECS_DEPLOY_DESIRED_COUNT", "not looked at")
	deploy := bound("cluster", "image", "timeout")
	wait := commandLine{pflag.NewFlagSet("wait", pflag.ContinueOnError), deploy.flags}
	wait.flags.Add(wait.FlagSet, "cluster", "timeout")
	if err := wait.Parse([]string{"--timeout", "2m"}); err != nil {
		t.Fatal(err)
	}
	s, err := wait.resolve(file(t, "  timeout: 9m\n  cluster: production1\n  min: 5\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Timeout != 2*time.Minute || s.Cluster != "production1" || s.Images != nil || s.MinimumHealthyPercent != nil {
		t.Errorf("%+v", s)
	}
}

func TestValues(t *testing.T) {
	type read struct {
		ok   bool
		want string
	}
	yes := func(text string) read { return read{true, text} }
	for name, texts := range map[string]map[string]read{
		"desired-count": {
			"0": yes("0"), "4": yes("4"), "010": yes("10"), "2147483647": yes("2147483647"),
			"": {}, "-1": {}, "2147483648": {}, "abc": {}, "1.5": {}, "0x10": {}, "1e3": {}, " 4": {}, "4 tasks": {}, "1_000": {},
		},
		"timeout": {
			"90": yes("1m30s"), "90s": yes("1m30s"), "15m": yes("15m0s"), "1h30m": yes("1h30m0s"), "0.5s": yes("500ms"),
			"": {}, "0": {}, "0s": {}, "-1": {}, "-90s": {}, "soon": {}, "90 s": {}, "1.5": {}, "99999999999": {},
		},
		"until":   {"running": yes("running"), "drained": yes("drained"), "": {}, "Running": {}, "done": {}},
		"no-wait": {"true": yes("true"), "false": yes("false"), "": {}, "on": yes("true"), "Yes": yes("true"), "1": yes("true"), "TRUE": yes("true"), "t": yes("true"), "off": yes("false"), "NO": yes("false"), "0": yes("false"), "F": yes("false"), "2": {}, "y": {}, " true": {}},
		"cluster": {"production1": yes("production1"), "012345670123": yes("012345670123"), "": yes("")},
		"image":   {"web:v2": yes("web:v2"), "a,b": yes("a,b")},
	} {
		for text, want := range texts {
			key, ok := new(Settings).key(name)
			if !ok {
				t.Fatal(name)
			}
			err := key.Value.Set(text)
			switch {
			case (err == nil) != want.ok:
				t.Errorf("%s %q: %v", name, text, err)
			case err == nil && key.Value.String() != want.want:
				t.Errorf("%s %q reads as %q, want %q", name, text, key.Value, want.want)
			case err != nil && !strings.Contains(err.Error(), fmt.Sprintf("%q", text)):
				t.Errorf("%s: the error does not quote %q: %v", name, text, err)
			}
		}
	}
}

func TestABadValueIsNotHalfTaken(t *testing.T) {
	s := &Settings{}
	for _, key := range s.Keys() {
		if key.Name != "desired-count" && key.Name != "timeout" && key.Name != "until" {
			continue
		}
		if err := key.Value.Set("nonsense"); err == nil {
			t.Errorf("%s takes nonsense", key.Name)
		}
	}
	if diff := cmp.Diff(&Settings{}, s, cmpopts.IgnoreUnexported(Settings{})); diff != "" {
		t.Error(diff)
	}
}

func TestAbsentIsNotZero(t *testing.T) {
	clearEnvironment(t)
	flags := bound()
	s, err := flags.resolve(File{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Settings{}, s, cmpopts.IgnoreUnexported(Settings{})); diff != "" {
		t.Error(diff)
	}
}

func TestListsInVariables(t *testing.T) {
	for text, want := range map[string][]string{
		"a:1":         {"a:1"},
		"a:1,b:2":     {"a:1", "b:2"},
		" a:1 , b:2,": {"a:1", "b:2"},
		",":           nil,
		"":            nil,
	} {
		clearEnvironment(t)
		t.Setenv("ECS_DEPLOY_IMAGE", text)
		flags := bound()
		s, err := flags.resolve(File{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.Images); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestAHigherListReplacesALowerOne(t *testing.T) {
	clearEnvironment(t)
	lower := file(t, "  image: [a:1, b:1]\n")
	flags := bound()
	if s, err := flags.resolve(lower); err != nil || !slices.Equal(s.Images, []string{"a:1", "b:1"}) {
		t.Error(s.Images, err)
	}
	t.Setenv("ECS_DEPLOY_IMAGE", "c:1")
	flags = bound()
	if s, err := flags.resolve(lower); err != nil || !slices.Equal(s.Images, []string{"c:1"}) {
		t.Error(s.Images, err)
	}
	flags = bound()
	if err := flags.Parse([]string{"-i", "d:1", "-i", "e:1,f"}); err != nil {
		t.Fatal(err)
	}
	if s, err := flags.resolve(lower); err != nil || !slices.Equal(s.Images, []string{"d:1", "e:1,f"}) {
		t.Error(s.Images, err)
	}
}

func TestBadVariables(t *testing.T) {
	for name, text := range map[string]string{
		"ECS_DEPLOY_DESIRED_COUNT": "abc", "ECS_DEPLOY_MIN": "1.5", "ECS_DEPLOY_TIMEOUT": "soon", "ECS_DEPLOY_UNTIL": "forever", "ECS_DEPLOY_NO_WAIT": "maybe",
	} {
		clearEnvironment(t)
		t.Setenv(name, text)
		flags := bound()
		_, err := flags.resolve(File{})
		var bad *ValueError
		if !errors.As(err, &bad) || bad.ExitCode() != 3 || !strings.HasPrefix(err.Error(), fmt.Sprintf("%s: %q ", name, text)) {
			t.Errorf("%s: %v", name, err)
		}
		checkProblem(t, err, name)
	}
}

func TestAFileIsNamedFromWhereTheSettingsFileStands(t *testing.T) {
	clearEnvironment(t)
	f, err := ParseFile(filepath.Join("deep", FileName), []byte("version: 1\ndefaults:\n  task-definition-file: web.json\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	flags := bound()
	if s, err := flags.resolve(f); err != nil || s.TaskDefinitionFile != filepath.Join("deep", "web.json") {
		t.Error(s.TaskDefinitionFile, err)
	}
	t.Setenv("ECS_DEPLOY_TASK_DEFINITION_FILE", "here.json")
	flags = bound()
	if s, err := flags.resolve(f); err != nil || s.TaskDefinitionFile != "here.json" {
		t.Error(s.TaskDefinitionFile, err)
	}
	absolute := filepath.Join(t.TempDir(), "web.json")
	f = file(t, "  task-definition-file: "+absolute+"\n")
	t.Setenv("ECS_DEPLOY_TASK_DEFINITION_FILE", "")
	flags = bound()
	if s, err := flags.resolve(f); err != nil || s.TaskDefinitionFile != absolute {
		t.Error(s.TaskDefinitionFile, err)
	}
}

func TestNothingTurnsTheSimulatorOnButFlags(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("ECS_DEPLOY_SIMULATE", "true")
	t.Setenv("ECS_DEPLOY_SCENARIO", "healthy")
	flags := bound()
	if s, err := flags.resolve(File{}); err != nil || s.Simulated() {
		t.Error(s.Simulated(), err)
	}
	for _, key := range new(Settings).Keys() {
		if secret := strings.HasPrefix(key.Name, "aws-"); secret && key.Source == Anywhere {
			t.Errorf("the file may hold %s", key.Name)
		}
	}
	for scenario, s := range map[string]Settings{"": {}, "healthy": {Simulate: true}, "crash-loop": {Scenario: "crash-loop"}} {
		if s.ScenarioName() != scenario || s.Simulated() != (scenario != "") {
			t.Errorf("%q: %q, %v", scenario, s.ScenarioName(), s.Simulated())
		}
	}
}

func TestKeysAreWellFormed(t *testing.T) {
	names, shorts := map[string]bool{}, map[string]bool{}
	for _, key := range new(Settings).Keys() {
		if names[key.Name] || key.Short != "" && shorts[key.Short] {
			t.Errorf("%s or -%s is there twice", key.Name, key.Short)
		}
		names[key.Name], shorts[key.Short] = true, true
		if key.Usage == "" || strings.HasSuffix(key.Usage, ".") {
			t.Errorf("%s: usage %q", key.Name, key.Usage)
		}
		if want := "ECS_DEPLOY_" + strings.ToUpper(strings.ReplaceAll(key.Name, "-", "_")); key.Env() != want {
			t.Errorf("%s: %s", key.Name, key.Env())
		}
	}
}

func TestColored(t *testing.T) {
	for _, c := range []struct {
		choice                                 string
		terminal                               bool
		noColor, cliColorForce, cliColor, kind string
		want                                   bool
	}{
		{want: false},
		{terminal: true, want: true},
		{choice: "auto", terminal: true, want: true},
		{choice: "always", want: true},
		{choice: "always", noColor: "1", want: true},
		{choice: "never", terminal: true, want: false},
		{choice: "never", terminal: true, cliColorForce: "1", want: false},
		{terminal: true, noColor: "1", want: false},
		{terminal: true, noColor: "0", want: false},
		{cliColorForce: "1", want: true},
		{cliColorForce: "0", want: false},
		{terminal: true, cliColorForce: "0", want: true},
		{noColor: "1", cliColorForce: "1", want: false},
		{terminal: true, cliColor: "0", want: false},
		{terminal: true, cliColor: "1", want: true},
		{cliColor: "0", cliColorForce: "1", want: true},
		{terminal: true, kind: "dumb", want: false},
	} {
		t.Setenv("NO_COLOR", c.noColor)
		t.Setenv("CLICOLOR_FORCE", c.cliColorForce)
		t.Setenv("CLICOLOR", c.cliColor)
		t.Setenv("TERM", c.kind)
		if got := Colored(c.choice, c.terminal); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"outside/repository/.git", "outside/repository/a/b", "outside/repository/folder/ecs-deploy.yaml", "outside/worktree/a", "outside/plain"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(path string) {
		if err := os.WriteFile(filepath.Join(root, path), []byte("version: 1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check := func(dir, want string) {
		t.Helper()
		got, err := Find(filepath.Join(root, dir))
		if want != "" {
			want = filepath.Join(root, want)
		}
		if got != want || err != nil {
			t.Errorf("from %s: %q, %v, want %q", dir, got, err, want)
		}
	}
	write("outside/ecs-deploy.yaml")
	write("outside/worktree/.git") // a worktree has a file there
	check("outside/repository/a/b", "")
	check("outside/repository", "")
	check("outside/worktree/a", "")
	check("outside", "outside/ecs-deploy.yaml")
	check("outside/plain", "") // what stands above a folder of no repository may be anybody's
	check("outside/repository/folder", "")
	write("outside/repository/ecs-deploy.yaml")
	check("outside/repository/a/b", "outside/repository/ecs-deploy.yaml")
	check("outside/repository/folder", "outside/repository/ecs-deploy.yaml")
	write("outside/repository/a/ecs-deploy.yaml")
	check("outside/repository/a/b", "outside/repository/a/ecs-deploy.yaml")
}
