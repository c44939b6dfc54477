package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLicencesOfAPackage(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"LICENSE": "A", "NOTICE.txt": "N", "inner/LICENSE-MIT": "B\r\nC\n", "inner/licenses.go": "X", "other/LICENSE": "O",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := dependency{Dir: filepath.Join(root, "inner")}
	p.Module = &struct {
		Path, Dir string
		Main      bool
	}{Path: "example.com/m", Dir: root}
	found := map[string][]string{}
	for range 2 {
		if err := collect(found, p); err != nil {
			t.Fatal(err)
		}
	}
	add(found, "A\n", "example.com/a")
	text := string(written(found))
	for _, want := range []string{"example.com/a\nexample.com/m\n\nA\n", "example.com/m/inner\n\nB\nC\n", "example.com/m\n\nN\n"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "O\n") || strings.Contains(text, "X") {
		t.Errorf("files that are no licences of the package:\n%s", text)
	}
	p.Dir, p.Module.Dir = filepath.Join(root, "none"), filepath.Join(root, "none")
	if err := os.Mkdir(p.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := collect(found, p); err == nil {
		t.Error("a module without a licence is taken")
	}
}
