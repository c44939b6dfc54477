package scaffold

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// onlyFile makes sure that a folder has one file, with this content: nothing
// temporary stays.
func onlyFile(t *testing.T, path, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || string(text) != want {
		t.Errorf("%s is %q (%v), want %q", path, text, err, want)
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("%v beside %s, %v", names, path, err)
	}
}

func TestNewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := (NewFile{Path: path}).Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	onlyFile(t, path, "one")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&^0o022 != newFileMode&^0o022 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for name, err := range map[string]error{"Check": NewFile{Path: path}.Check(), "Write": NewFile{Path: path}.Write([]byte("two"))} {
		var refused *config.Error
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "already exists") || !strings.Contains(refused.Hint(), "--force") || refused.ExitCode() != 3 {
			t.Errorf("%s: %v", name, err)
		}
	}
	onlyFile(t, path, "one")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (NewFile{Path: path, Replace: true}).Write([]byte("three")); err != nil {
		t.Fatal(err)
	}
	onlyFile(t, path, "three")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("replaced, its mode is %v, %v", info.Mode(), err)
	}
}

// TestNewFileMadeInTheMeantime: what somebody else wrote after the check stays.
func TestNewFileMadeInTheMeantime(t *testing.T) {
	dir := t.TempDir()
	path, temporary := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "temporary")
	for _, p := range []string{path, temporary} {
		if err := os.WriteFile(p, []byte(filepath.Base(p)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := (NewFile{Path: path}).rename(temporary, path); !errors.Is(err, os.ErrExist) {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "a.yaml" {
		t.Errorf("it is %q, %v", text, err)
	}
}

func TestNewFileThroughALink(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	path, real := filepath.Join(dir, "a.yaml"), filepath.Join(elsewhere, "b.yaml")
	if err := os.Symlink(real, path); err != nil {
		t.Skip(err)
	}
	if err := (NewFile{Path: path}).Write(nil); err == nil {
		t.Error("a link to nowhere was replaced")
	}
	if err := os.WriteFile(real, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (NewFile{Path: path, Replace: true}).Write([]byte("two")); err != nil {
		t.Fatal(err)
	}
	onlyFile(t, real, "two")
	onlyFile(t, path, "two")
}

func TestNewFileWhereNoneCanBe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "is a folder", filepath.Join(dir, "no", "a.yaml"): "does not exist", filepath.Join(file, "a.yaml"): "a.yaml cannot be written",
		filepath.Join(dir, strings.Repeat("x", 300)): "cannot be written: file name too long", os.DevNull: "is not a regular file",
	} {
		for _, replace := range []bool{false, true} {
			err := NewFile{Path: path, Replace: replace}.Write([]byte("text"))
			var refused *config.Error
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) || refused.Hint() == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, want %s", path, err, want)
			}
		}
	}
	onlyFile(t, file, "content")
}

// TestDefinitionText: a definition is read back from its file as it was, whatever
// it holds and whatever the environment.
func TestDefinitionText(t *testing.T) {
	t.Setenv("HOME", "elsewhere")
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.StringMatching(`(\$|\{HOME\}|HOME|:-|\}|a){0,6}`), rapid.String()).Draw(t, "value")
		d := definitionOf(t, "app", "web:1", value, value+"x")
		name := rapid.SampledFrom([]string{"td.json", "td.yaml", "td.YML", "td"}).Draw(t, "file")
		if value == "app" || value == "" {
			t.Skip("two containers of one name, or one without")
		}
		text, unknown, err := DefinitionText(name, d)
		if err != nil || unknown {
			t.Fatalf("%v, unknown fields %v", err, unknown)
		}
		if isJSON := strings.HasPrefix(string(text), "{"); isJSON != (name == "td.json" || name == "td") {
			t.Fatalf("%s is\n%s", name, text)
		}
		again, err := taskdef.Parse(name, text, taskdef.ParseOptions{Variable: os.LookupEnv})
		if err != nil || !taskdef.Equal(d, again) {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}

func TestDefinitionTextWithFieldsOfANewerECS(t *testing.T) {
	d, err := taskdef.FromDescribe([]byte(`{"taskDefinition":{"family":"web","novelty":{"a":[1,2.50,true]},"containerDefinitions":[{"name":"app","image":"web:1","later":null}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"td.yaml", "td.json"} {
		text, unknown, err := DefinitionText(name, d)
		if err != nil || !unknown || !strings.Contains(string(text), "2.50") {
			t.Errorf("%v, unknown fields %v\n%s", err, unknown, text)
		}
	}
}

func TestDefinitionTextOfWhatCannotBeReadBack(t *testing.T) {
	d, err := taskdef.FromDescribe([]byte(`{"taskDefinition":{"family":"web","containerDefinitions":[]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if text, _, err := DefinitionText("td.json", d); err == nil {
		t.Errorf("written all the same:\n%s", text)
	}
}
