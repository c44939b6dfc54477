package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTextsArriveAsTheyAreWritten(t *testing.T) {
	clearEnvironment(t)
	for text, want := range map[string]string{
		"012345670123": "012345670123", "on": "on", "0x10": "0x10", "1.10": "1.10", "yes": "yes", "1e3": "1e3", "~x": "~x",
		"2026-01-01": "2026-01-01", `"quoted # text"`: "quoted # text", "'it''s'": "it's", "a # comment": "a", ".inf": ".inf", "1_000": "1_000",
		"Prod-EU": "Prod-EU", "arn:aws:ecs:us-east-1:123456789012:cluster/a.b": "arn:aws:ecs:us-east-1:123456789012:cluster/a.b",
		"true": "true", "0": "0", `""`: "",
	} {
		flags := bound()
		s, err := flags.resolve(file(t, "  cluster: "+text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if s.Cluster != want {
			t.Errorf("%s arrives as %q, want %q", text, s.Cluster, want)
		}
	}
}

func TestCountsInTheFileAreReadAsFlagsAre(t *testing.T) {
	clearEnvironment(t)
	for text, want := range map[string]int32{"0": 0, "4": 4, "010": 10, `"4"`: 4} {
		flags := bound()
		s, err := flags.resolve(file(t, "  desired-count: "+text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if s.DesiredCount == nil || *s.DesiredCount != want {
			t.Errorf("%s: %v", text, s.DesiredCount)
		}
	}
}

// badFiles are files that are refused, and what is said of them, in order; each
// is the beginning of a problem.
var badFiles = map[string]struct {
	text string
	want []string
}{
	"unknown key":       {"version: 1\ndefaults:\n  clutser: a\n", []string{`f.yaml:3:3: unknown key "clutser"; did you mean "cluster"?`}},
	"another case":      {"version: 1\ndefaults:\n  Cluster: a\n", []string{`f.yaml:3:3: unknown key "Cluster"`}},
	"unknown at top":    {"version: 1\nservices: {}\n", []string{`f.yaml:2:1: unknown key "services"; the known keys are version, required-version, require-target, defaults, targets`}},
	"duplicate key":     {"version: 1\ndefaults:\n  min: 1\n  max: 2\n  min: 3\n", []string{`f.yaml:5:3: duplicate key "min"`}},
	"duplicate at top":  {"version: 1\nversion: 1\n", []string{`f.yaml:2:1: duplicate key "version"`}},
	"duplicate section": {"version: 1\ndefaults: {min: 1}\ndefaults: {max: 2}\n", []string{`f.yaml:3:1: duplicate key "defaults"`}},
	"a map for a text":  {"version: 1\ndefaults:\n  cluster: {name: a}\n", []string{"f.yaml:3:12: cluster takes a plain value"}},
	"a list for a text": {"version: 1\ndefaults:\n  cluster: [a]\n", []string{"f.yaml:3:12: cluster takes a plain value"}},
	"nothing":           {"version: 1\ndefaults:\n  cluster:\n", []string{"f.yaml:3:"}},
	"a map in a list":   {"version: 1\ndefaults:\n  image:\n    - a\n    - {b: c}\n", []string{"f.yaml:5:7: image takes a plain value or a list of plain values"}},
	"a word for a number": {"version: 1\ndefaults:\n  desired-count: two\n",
		[]string{`f.yaml:3:18: desired-count: "two" is not a whole number from 0 to 2147483647`}},
	"another base":       {"version: 1\ndefaults:\n  max: 0x10\n", []string{`f.yaml:3:8: max: "0x10" is not a whole number`}},
	"an old boolean":     {"version: 1\ndefaults:\n  no-wait: on\n", []string{`f.yaml:3:12: no-wait: "on" is not true or false`}},
	"a bad duration":     {"version: 1\ndefaults:\n  timeout: -1\n", []string{`f.yaml:3:12: timeout: "-1" must be above 0`}},
	"a bad choice":       {"version: 1\ndefaults:\n  until: done\n", []string{`f.yaml:3:10: until: "done" is not one of running, test-traffic, canary, production, complete, drained`}},
	"a flag only":        {"version: 1\ndefaults:\n  simulate: true\n", []string{`f.yaml:3:3: "simulate" cannot be set in a file; use the flag --simulate`}},
	"a secret":           {"version: 1\ndefaults:\n  aws-secret-key: x\n", []string{`f.yaml:3:3: "aws-secret-key" cannot be set in a file`}},
	"no version":         {"defaults: {}\n", []string{"f.yaml:1:1: the file has no version; it begins with version: 1"}},
	"another version":    {"version: 2\n", []string{`f.yaml:1:10: version "2" is unknown; this ecs-deploy reads version 1`}},
	"a precise version":  {"version: 1.0\n", []string{`f.yaml:1:10: version "1.0" is unknown`}},
	"a list":             {"- version: 1\n", []string{"f.yaml:1:1: the file must be a mapping"}},
	"a word":             {"version 1\n", []string{"f.yaml:1:1: the file must be a mapping"}},
	"defaults as a list": {"version: 1\ndefaults: [a]\n", []string{"f.yaml:2:11: defaults must be a mapping"}},
	"empty":              {"", []string{"f.yaml:1:1: the file is empty"}},
	"only a comment":     {"# version: 1\n", []string{"f.yaml:1:1: the file is empty"}},
	"a tab":              {"version: 1\ndefaults:\n\tcluster: a\n", []string{"f.yaml:3:1: YAML does not allow tabs for indentation"}},
	"an open brace":      {"version: 1\ndefaults: {cluster: a\n", []string{"f.yaml:3:1: "}},
	"an open quote":      {"version: 1\ndefaults:\n  cluster: \"a\n", []string{"f.yaml:"}},
	"two documents":      {"version: 1\n---\nversion: 1\n", []string{"f.yaml:2:1: "}},
	"all at once": {"version: 3\ndefaults:\n  clutser: a\n  min: one\n  min: 2\n  timeout: soon\nother: 1\n", []string{
		`f.yaml:1:10: version "3"`, `f.yaml:3:3: unknown key "clutser"`, `f.yaml:4:8: min: "one"`, `f.yaml:5:3: duplicate key "min"`,
		`f.yaml:6:12: timeout: "soon"`, `f.yaml:7:1: unknown key "other"`,
	}},

	"nothing like it":     {"version: 1\ndefaults:\n  volume: a\n", []string{`f.yaml:3:3: unknown key "volume"; the known keys are account, alarm, allow-other-family, `}},
	"not under defaults":  {"version: 1\ncluster: a\n", []string{`f.yaml:2:1: unknown key "cluster"; put it under defaults or in a target`}},
	"nearly at top":       {"version: 1\ntarget: {}\n", []string{`f.yaml:2:1: unknown key "target"; did you mean "targets"?`}},
	"somebody else's tag": {"version: 1\ndefaults: {cluster: !Ref a}\n", []string{"f.yaml:2:21: cluster takes a plain value"}},
	"a merge key":         {"version: 1\ndefaults: &d {cluster: a}\ntargets:\n  b:\n    <<: *d\n", []string{"f.yaml:5:5: merge keys are not supported; use extends: NAME to inherit from another target"}},
	"a list as a key":     {"version: 1\ndefaults:\n  ? [a]\n  : b\n", []string{"f.yaml:3:5: a key of defaults must be a name"}},
	"null as a key":       {"version: 1\ndefaults: {env: {~: b}}\n", []string{"f.yaml:2:18: a key of env must be a name"}},
	"an alias of a map":   {"version: 1\ndefaults: {env: &e {A: 1}, cluster: *e}\n", []string{"f.yaml:2:37: cluster takes a plain value"}},
	"an unknown alias":    {"version: 1\ndefaults: {cluster: *e}\n", []string{"f.yaml:2:"}},
	"a bad image":         {"version: 1\ndefaults: {image: [web, Web]}\n", []string{`f.yaml:2:25: image: "Web" is not an image reference`}},
	"a bad account":       {"version: 1\ndefaults: {account: 1234}\n", []string{`f.yaml:2:21: account: "1234" is not the id of an AWS account, which has 12 digits`}},
	"an empty name":       {"version: 1\ndefaults: {only: [a, \"\"]}\n", []string{`f.yaml:2:22: only: "" contains an empty name`}},

	"require-target as a word": {"version: 1\nrequire-target: always\n", []string{"f.yaml:2:17: require-target must be true or false"}},
	"targets as a list":        {"version: 1\ntargets: [a]\n", []string{"f.yaml:2:10: targets must be a mapping"}},
	"a target as a word":       {"version: 1\ntargets:\n  a: b\n", []string{"f.yaml:3:6: target a must be a mapping"}},
	"a target of nothing":      {"version: 1\ntargets:\n  a:\n", []string{"f.yaml:3:5: target a must be a mapping"}},
	"a target twice":           {"version: 1\ntargets:\n  a: {}\n  a: {}\n", []string{`f.yaml:4:3: duplicate key "a"`}},
	"a target without a name":  {"version: 1\ntargets:\n  \"\": {}\n", []string{"f.yaml:3:3: a key of targets must be a name"}},
	"a bad key of a target":    {"version: 1\ntargets:\n  a: {clustr: b}\n", []string{`f.yaml:3:7: unknown key "clustr"; did you mean "cluster"?`}},
	"defaults extend nothing":  {"version: 1\ndefaults: {extends: a}\n", []string{`f.yaml:2:12: unknown key "extends"; the known keys are `}},
	"extends a list":           {"version: 1\ntargets:\n  a: {extends: [b]}\n", []string{"f.yaml:3:16: extends must be the name of another target"}},
	"extends nobody":           {"version: 1\ntargets:\n  a: {extends: bas}\n  base: {}\n", []string{`f.yaml:3:16: target a extends "bas", which does not exist; did you mean "base"?`}},
	"extends in another case":  {"version: 1\ntargets:\n  a: {extends: B}\n  b: {}\n", []string{`f.yaml:3:16: target a extends "B", which does not exist; did you mean "b"?`}},
	"extends itself":           {"version: 1\ntargets:\n  a: {extends: a}\n", []string{"f.yaml:3:16: target a extends itself: a -> a"}},
	"extends in a circle": {"version: 1\ntargets:\n  z: {extends: b}\n  b: {extends: c}\n  c: {extends: b}\n", []string{
		"f.yaml:4:16: target b extends itself: b -> c -> b",
	}},

	"env as a word": {"version: 1\ndefaults:\n  env: A=1\n", []string{"f.yaml:3:8: env must be a mapping of keys to values"}},
	"env as a list": {"version: 1\ndefaults:\n  env: [A=1]\n", []string{"f.yaml:3:8: env must be a mapping"}},
	"a list in env": {"version: 1\ndefaults:\n  env: {A: [1]}\n", []string{"f.yaml:3:12: env: A takes a plain value, or null to remove the entry"}},
	"a flag's form in env": {"version: 1\ndefaults:\n  env: {\"app:A\": x, \"*\": {\"app:A\": x}}\n  log-option: {\"app:A\": ~}\n", []string{
		`f.yaml:3:9: env: "app:A" is the syntax of the flag; write app: {A: …}, or "*": {"app:A": …} for a name with a colon`,
		`f.yaml:4:16: log-option: "app:A" is the syntax of the flag; write app: {A: …}, or "*": {"app:A": …} for a name with a colon`}},
	"too deep in env":           {"version: 1\ndefaults:\n  env: {web: {A: {B: 1}}}\n", []string{"f.yaml:3:18: env: A takes a plain value, or null to remove the entry"}},
	"twice in env":              {"version: 1\ndefaults:\n  env: {A: 1, A: 2}\n", []string{`f.yaml:3:15: duplicate key "A"`}},
	"twice in a container":      {"version: 1\ndefaults:\n  env: {web: {A: 1, A: 2}}\n", []string{`f.yaml:3:21: duplicate key "A"`}},
	"a value in unset-env":      {"version: 1\ndefaults:\n  unset-env: [A=1]\n", []string{`f.yaml:3:15: unset-env: "A=…" has a value; pass the name only`}},
	"a map as unset-env":        {"version: 1\ndefaults:\n  unset-env: {A: 1}\n", []string{"f.yaml:3:14: unset-env takes a plain value or a list of plain values"}},
	"no container in unset-env": {"version: 1\ndefaults:\n  unset-env: [\":A\"]\n", []string{`f.yaml:3:15: unset-env: ":A" has no name; write [container:]name`}},
	"a tag of a container":      {"version: 1\ndefaults:\n  task-definition-tag: {web: {A: 1}}\n", []string{"f.yaml:3:30: task-definition-tag: web takes a plain value"}},
	"an image of no container":  {"version: 1\ndefaults:\n  container: web:v2\n", []string{"f.yaml:3:14: container must be a mapping"}},
	"a removed image":           {"version: 1\ndefaults:\n  container: {web: null}\n", []string{"f.yaml:3:20: container of web takes a plain value"}},
	"a bad image of one":        {"version: 1\ndefaults:\n  container: {web: Web}\n", []string{`f.yaml:3:20: container of web: "Web" is not an image reference`}},
	"an empty command":          {"version: 1\ndefaults:\n  command: {web: \"\"}\n", []string{"f.yaml:3:18: command: container web has an empty value"}},
	"a map as a command":        {"version: 1\ndefaults:\n  command: {web: {a: b}}\n", []string{"f.yaml:3:18: command of web takes a plain value"}},
	"a map in a command":        {"version: 1\ndefaults:\n  command: {web: [a, {b: c}]}\n", []string{"f.yaml:3:18: command of web takes words or a list of words"}},
	"words for cpu":             {"version: 1\ndefaults:\n  container-cpu: {web: [1]}\n", []string{"f.yaml:3:24: container-cpu of web takes a plain value"}},

	"needs nobody":            {"version: 1\ntargets:\n  a: {needs: [b, wrker]}\n  b: {}\n  worker: {}\n", []string{`f.yaml:3:18: target a names "wrker", which is neither a target nor a group; did you mean "worker"?`}},
	"needs a map":             {"version: 1\ntargets:\n  a: {needs: {b: c}}\n", []string{"f.yaml:3:14: needs takes the name of a target or a group, or a list of names"}},
	"needs nothing of a kind": {"version: 1\ntargets:\n  a: {needs: 'x-*'}\n", []string{`f.yaml:3:14: target a names "x-*", which is neither a target nor a group`}},
	"needs itself":            {"version: 1\ntargets:\n  a: {needs: a}\n", []string{"f.yaml:3:14: target a needs itself: a -> a"}},
	"needs in a circle":       {"version: 1\ntargets:\n  z: {needs: b}\n  b: {needs: [z, c]}\n  c: {needs: d}\n  d: {needs: [b]}\n", []string{"f.yaml:3:14: target z needs itself: z -> b -> z", "f.yaml:4:15: target b needs itself: b -> c -> d -> b"}},
	"needs its own group":     {"version: 1\ngroups: {g: '*'}\ntargets:\n  a: {needs: g}\n", []string{"f.yaml:4:14: target a needs itself: a -> a"}},
	"needs in the defaults":   {"version: 1\ndefaults: {needs: a}\n", []string{`f.yaml:2:12: unknown key "needs"; the known keys are `}},
	"a group of nobody":       {"version: 1\ngroups: {g: [a, wb]}\ntargets: {web: {}}\n", []string{`f.yaml:2:14: group g names "a", which is neither`, `f.yaml:2:17: group g names "wb", which is neither a target nor a group; did you mean "web"?`}},
	"an empty group":          {"version: 1\ngroups: {g: []}\n", []string{"f.yaml:2:13: group g has no targets"}},
	"a group like a target":   {"version: 1\ngroups: {web: web}\ntargets: {web: {}}\n", []string{"f.yaml:2:10: group web has the name of a target"}},
	"a group with a comma":    {"version: 1\ngroups: {'a,b': web}\ntargets: {web: {}}\n", []string{`f.yaml:2:10: group "a,b": the name of a group has no comma`}},

	"no bounds":        {"version: 1\nrequired-version: newest\n", []string{`f.yaml:2:19: required-version: "newest" is not a version constraint; write ">= 0.5, < 2"`}},
	"a list of bounds": {"version: 1\nrequired-version: [1]\n", []string{"f.yaml:2:19: required-version: "}},
}

func TestProblemsHaveTheirPlaces(t *testing.T) {
	for name, c := range badFiles {
		t.Run(name, func(t *testing.T) {
			_, err := ParseFile("f.yaml", []byte(c.text), "")
			var problems *FileError
			if !errors.As(err, &problems) {
				t.Fatalf("error %v", err)
			}
			if problems.ExitCode() != 3 || problems.Hint() == "" || err.Error() != strings.Join(problems.Problems, "\n") {
				t.Errorf("exit code %d, hint %q", problems.ExitCode(), problems.Hint())
			}
			if len(problems.Problems) != len(c.want) {
				t.Fatalf("%d problems, want %d:\n%v", len(problems.Problems), len(c.want), err)
			}
			for i, want := range c.want {
				if got := problems.Problems[i]; !strings.HasPrefix(got, want) || strings.Contains(got, "\n") {
					t.Errorf("problem %d is %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

func TestAFileThatSaysNothing(t *testing.T) {
	for _, text := range []string{"version: 1\n", "version: \"1\"\n", "version: 1\ndefaults: {}\n", "\ufeffversion: 1\n", "version: 1\r\ndefaults: {}\r\n"} {
		f, err := ParseFile("f.yaml", []byte(text), "")
		if err != nil || len(f.defaults.values) != 0 || f.Path != "f.yaml" {
			t.Errorf("%q: %v %v", text, f, err)
		}
	}
}

func TestABadValueIsToldWithItsPlaceEvenIfOverridden(t *testing.T) {
	_, err := ParseFile("f.yaml", []byte("version: 1\ndefaults:\n  image: [a]\n  timeout: soon\n"), "")
	if err == nil || !strings.HasPrefix(err.Error(), "f.yaml:4:12: timeout: ") {
		t.Error(err)
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	for _, unreadable := range []string{path, filepath.Dir(path)} {
		_, err := ReadFile(t.Context(), unreadable, "")
		checkProblem(t, err, unreadable)
	}
	if err := os.WriteFile(path, []byte("version: 1\ndefaults: {image: web:v2, cluster: a}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(t.Context(), path, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"web:v2"}, f.defaults.values["image"].texts); diff != "" || f.Path != path {
		t.Error(diff)
	}
}

// TestNothingBehindTheDocumentIsOverlooked: whoever writes there means something.
func TestNothingBehindTheDocumentIsOverlooked(t *testing.T) {
	for text, want := range map[string]string{
		"version: 1\n...\n}\n":             "f.yaml:3:1: ",
		"version: 1\n---\n\tcluster: a\n":  "f.yaml:",
		"version: 1\n--- {\n":              "f.yaml:",
		"version: 1\n---\nversion: 1\n":    "f.yaml:2:1: a second document",
		"version: 1\n...\n# a remark\n":    "",
		"---\nversion: 1\n...\n":           "",
		"\ufeffversion: 1\r\ndefaults: {}": "",
	} {
		_, err := ParseFile("f.yaml", []byte(text), "")
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestParsingNeverPanics(t *testing.T) {
	for _, text := range []string{"{", "[", "a: *b", "&a [*a]", "? a\n: b", "? [a]\n: b", "!!binary x", "version: !!int x", "<<: 1", "\x00", "%YAML 9", "version: 1\ndefaults: {? {a: b} : c}", "version: 1\ndefaults: {cluster: &x a, service-name: *x}"} {
		if f, err := ParseFile("f.yaml", []byte(text), ""); err != nil && !strings.HasPrefix(err.Error(), "f.yaml:") {
			t.Errorf("%q: %v %v", text, f, err)
		}
	}
}

// TestTheHintOfAFileIsAboutItsProblem: the names of flags help nobody whose file is not YAML,
// empty, or for another version.
func TestTheHintOfAFileIsAboutItsProblem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                     "ecs-deploy init",
		"# version: 1\n":                       "ecs-deploy init",
		"version: 2\n":                         "write version: 1",
		"version: 1\n\tdefaults: a\n":          "indent with spaces",
		"version: 1\ndefaults:\n\tregion: a\n": "indent with spaces",
		"version: 1\na:\n  b: 1\n c: 2\n":      "check the indentation",
		"version: 1\ndefaults: {cluster: \"a":  "quotes and brackets are closed",
		"version: 2\ndefaults: {clutser: a}\n": "use the names of the flags as keys", // two problems
		"version: 1\nclutser: a\n":             "use the names of the flags as keys",
	} {
		_, err := ParseFile("f.yaml", []byte(text), "")
		var found *FileError
		if !errors.As(err, &found) || !strings.Contains(found.Hint(), want) {
			t.Errorf("%q: %v; the hint has not %q", text, err, want)
		}
	}
}
