package config

import (
	"errors"
	"os"
	"strings"
	"testing"
)

const page = "../../docs/configuration.md"

// TestTheDocumentedKeysAreThoseOfTheTable holds the page's tables against the
// keys: short name, variable, and whether the file may have it.
func TestTheDocumentedKeysAreThoseOfTheTable(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) == 7 {
			name := strings.Trim(cells[1], " `")
			if documented[name] != nil && name != "flag, key" && name != "---" {
				t.Errorf("%s is documented twice", name)
			}
			documented[name] = []string{strings.Trim(cells[2], " `"), strings.Trim(cells[3], " `"), strings.TrimSpace(cells[4])}
		}
	}
	delete(documented, "flag, key")
	delete(documented, "---")
	for _, key := range new(Settings).Keys() {
		short, variable, inFile := "", "none", "no"
		if key.Short != "" {
			short = "-" + key.Short
		}
		if key.Source.InEnv() {
			variable = key.Env()
		}
		if key.Source.InFile() {
			inFile = "yes"
		}
		want := strings.Join([]string{short, variable, inFile}, "|")
		if got := strings.Join(documented[key.Name], "|"); got != want {
			t.Errorf("%s is documented as %q, want %q", key.Name, got, want)
		}
		delete(documented, key.Name)
	}
	for name := range documented {
		t.Errorf("%s is documented and no key", name)
	}
}

// TestTheDocumentedFilesAreRead reads the files that the page shows: one is good,
// and one has five problems.
func TestTheDocumentedFilesAreRead(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var problems []int
	for i, block := range strings.Split(string(text), "```yaml\n") {
		if i == 0 {
			continue
		}
		block, _, _ = strings.Cut(block, "```")
		_, err := ParseFile(FileName, []byte(block), "0.9.0")
		var found *FileError
		switch {
		case err == nil:
			problems = append(problems, 0)
		case errors.As(err, &found):
			problems = append(problems, len(found.Problems))
			if !strings.Contains(string(text), "error: "+err.Error()) {
				t.Errorf("the page does not show what is said:\n%v", err)
			}
		}
	}
	if len(problems) != 2 || problems[0] != 0 || problems[1] != 5 {
		t.Errorf("problems: %v", problems)
	}
	if schema := "# yaml-language-server: $schema=" + SchemaURL; !strings.Contains(string(text), schema) {
		t.Errorf("no line %s", schema)
	}
}
