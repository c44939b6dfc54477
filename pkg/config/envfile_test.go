package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEnvFile(t *testing.T) {
	text := "\ufeff# ours\r\n\r\nLOG_LEVEL=debug\nexport REGION = eu-west-1   # a comment\nEMPTY=\nHASH=a#b\nURL=postgres://u:p@h/d?x=1\n" +
		"GREETING=\"two\\nlines \\\"x\\\" \\$5 \\q\" # more\nPATTERN='^\\d+ $HOME \"#'\nKEY=\"-----BEGIN\nabc=\n-----END\"\ndotted.name=x y\nNOT_READ=${HOME}"
	got, err := parseEnvFile("a.env", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{
		{Name: "LOG_LEVEL", Value: "debug"}, {Name: "REGION", Value: "eu-west-1"}, {Name: "EMPTY"}, {Name: "HASH", Value: "a#b"},
		{Name: "URL", Value: "postgres://u:p@h/d?x=1"}, {Name: "GREETING", Value: "two\nlines \"x\" $5 \\q"}, {Name: "PATTERN", Value: `^\d+ $HOME "#`},
		{Name: "KEY", Value: "-----BEGIN\nabc=\n-----END"}, {Name: "dotted.name", Value: "x y"}, {Name: "NOT_READ", Value: "${HOME}"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEnvFileProblems: all of them at once, with their lines, and no value.
func TestEnvFileProblems(t *testing.T) {
	_, err := parseEnvFile("a.env", []byte("A=1\nhunter2\n=hunter2\nTWO WORDS=hunter2\nA=hunter2\nB=caf\xe9hunter2\nC='x' hunter2\nD=\"\nhunter2\xe9\"\nE='hunter2\n"))
	var problems *FileError
	if !errors.As(err, &problems) || problems.ExitCode() != 3 || problems.Hint() == "" {
		t.Fatal(err)
	}
	want := `a.env:2: this line has no =
a.env:3: the text before = is not a variable name
a.env:4: the text before = is not a variable name
a.env:5: duplicate variable A, which line 1 sets
a.env:6: the byte \xe9 is not UTF-8
a.env:7: C: unexpected text after the closing quote
a.env:8: D: the byte \xe9 is not UTF-8
a.env:10: E: missing closing quote`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

// TestEnvFileKeepsAnyValue: whatever a value is, it can be written in double quotes.
func TestEnvFileKeepsAnyValue(t *testing.T) {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`)
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		got, err := parseEnvFile("a.env", []byte(`A="`+quote.Replace(value)+`"`))
		if err != nil || len(got) != 1 || got[0].Value != value {
			t.Fatalf("%q became %+v, error %v", value, got, err)
		}
	})
}

func FuzzEnvFile(f *testing.F) {
	for _, seed := range []string{"A=1", "export A='b\n'", "A=\"\\", "=\n#", "A=\xff", "A=\"b\" c"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := parseEnvFile("a.env", text)
		if err != nil && (entries != nil || !strings.HasPrefix(err.Error(), "a.env:")) {
			t.Fatalf("%+v, error %v", entries, err)
		}
		for _, e := range entries {
			if e.Name == "" || isUTF8(e.Value) != nil {
				t.Fatalf("%+v", e)
			}
		}
	})
}

// TestEnvFileLayers: in one layer --env wins, and a higher layer's file wins over a
// lower layer's --env. The file's name is relative to the settings file.
func TestEnvFileLayers(t *testing.T) {
	clearEnvironment(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"low.env": "A=low\nB=low\nC=low\nD=low\n", "high.env": "B=high\nC=high\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := ParseFile(filepath.Join(dir, "ecs-deploy.yaml"), []byte("version: 1\ndefaults:\n  env-file: {app: [low.env]}\n  env: {app: {A: default, B: default, D: null}}\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	flags := bound()
	if err := flags.Parse([]string{"--env-file", "app:" + filepath.Join(dir, "high.env"), "--env", "app:C=flag"}); err != nil {
		t.Fatal(err)
	}
	s, err := flags.resolve(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.variables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	final := map[string]string{}
	for _, e := range all {
		if e.Container != "app" {
			t.Errorf("%+v", e)
		}
		if final[e.Name] = e.Value; e.Unset {
			delete(final, e.Name)
		}
	}
	if diff := cmp.Diff(map[string]string{"A": "default", "B": "high", "C": "flag"}, final); diff != "" {
		t.Error(diff)
	}
	view, err := s.View(ViewOptions{}).YAML()
	if err != nil || !strings.Contains(string(view), "env-file:") {
		t.Fatalf("%s, error %v", view, err)
	}
	s.EnvFiles = append(s.EnvFiles, Entry{Value: filepath.Join(dir, "none.env")})
	var missing *Error
	if _, err := s.Request(t.Context(), nil); !errors.As(err, &missing) || !strings.Contains(err.Error(), "none.env") {
		t.Errorf("error %v", err)
	}
}

// TestNamesOfEnvFiles: a container may stand before the file's name.
func TestNamesOfEnvFiles(t *testing.T) {
	for text, want := range map[string]Entry{
		"a.env": {Value: "a.env"}, "app:a.env": {Container: "app", Value: "a.env"}, "*:a:b.env": {Value: "a:b.env"},
		`C:\a.env`: {Value: `C:\a.env`}, `app:C:\a.env`: {Container: "app", Value: `C:\a.env`},
	} {
		var got []Entry
		if err := (files{&got}).Set(text); err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %+v, error %v", text, got, err)
		}
	}
	for _, text := range []string{"", ":a.env", "app:"} {
		var got []Entry
		if err := (files{&got}).Set(text); err == nil {
			t.Errorf("%q is taken as %+v", text, got)
		}
	}
}

// TestNotUTF8: no setting takes a byte that ECS would get as another character, and no
// error shows the value.
func TestNotUTF8(t *testing.T) {
	for _, argument := range []string{"--env=app:P=hunter2\xe9", "--env=P\xe9=hunter2", "--secret=\xe9:P=x", "--task-definition-tag=k=hunter2\xe9", "--docker-label=a=\xe9", "--command=app=\xe9",
		"--image=web\xe9", "--only=\xe9", "--cluster=\xe9", "--env-file=\xe9"} {
		flags := bound()
		if err := flags.Parse([]string{argument}); err == nil || !strings.Contains(err.Error(), `the byte \xe9 is not UTF-8`) {
			t.Errorf("%q: error %v", argument, err)
		}
	}
}

// TestSplit: errors name what is really there.
func TestSplit(t *testing.T) {
	for text, want := range map[string]string{
		`run C:\temp`: "a backslash is ambiguous", `sh -c "x"`: "quotes are ambiguous", "echo `x`": "back quotes need a shell",
		`["a`: "it is not a JSON list of words", `["\ud800"]`: "half of a surrogate pair", "[\"\xe9\"]": `the byte \xe9 is not UTF-8`, `[null]`: "it is not a JSON list",
	} {
		if _, err := split(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if words, err := split(`["a", "\u00e9", "\ud83d\ude00"]`); err != nil || !cmp.Equal(words, []string{"a", "é", "😀"}) {
		t.Errorf("%q, %v", words, err)
	}
}
