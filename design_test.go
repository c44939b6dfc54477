package ecsdeploy_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// designPage says how the program is built.
const designPage = "docs/design.md"

func TestThePageOfTheDesignNamesTheRooms(t *testing.T) {
	page, err := os.ReadFile(designPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		for _, room := range r.rooms {
			if r.arrow && !strings.HasPrefix(room, "pkg/internal") && !strings.Contains(string(page), "`"+room+"`") {
				t.Errorf("%s has no row for the room %s", designPage, room)
			}
		}
	}
}

// The tests that the page names are there.
func TestThePageOfTheDesignNamesTests(t *testing.T) {
	page, err := os.ReadFile(designPage)
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	var tests []string
	err = fs.WalkDir(os.DirFS("."), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, match := range declared.FindAllStringSubmatch(string(source), -1) {
			tests = append(tests, match[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(page), -1)
	if len(named) == 0 {
		t.Fatalf("%s names no test", designPage)
	}
	for _, match := range named {
		if !slices.Contains(tests, match[1]) {
			t.Errorf("%s names %s, and there is no such test", designPage, match[1])
		}
	}
}
