package config

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const ordered = `version: 1
targets:
  web: {needs: [api, worker]}
  api: {needs: database}
  worker: {needs: "data*"}
  database: {}
  "a,b": {}
groups:
  back: [worker, api]
  all: [front, back, "?atabase"]
  front: web
`

func TestSelect(t *testing.T) {
	f := parse(t, ordered)
	for _, c := range []struct {
		words, want string
		several     bool
	}{
		{"", "", false},
		{"api", "api", false},
		{"api api", "api", false},
		{"worker,api", "api worker", true},
		{"worker api", "api worker", true},
		{"worker, api", "api worker", true},
		{"a,b", "a,b", false},
		{"back", "api worker", true},
		{"front", "web", true},
		{"all", "web api worker database", true},
		{"back,web", "web api worker", true},
		{"w*", "web worker", true},
		{"data*", "database", true},
		{"*", "web api worker database a,b", true},
		{"a?i", "api", true},
	} {
		words := strings.Split(c.words, " ")
		if strings.Contains(c.words, ", ") || c.words == "" {
			words = []string{c.words}[:min(1, len(c.words))]
		}
		s, err := f.Select(words)
		if err != nil || strings.Join(s.Targets, " ") != c.want || s.Several != c.several {
			t.Errorf("%q: %v %v, want %q %v", c.words, s, err, c.want, c.several)
		}
	}
	for words, want := range map[string]string{
		"wrk":        `no target "wrk"; the targets are web, api, worker, database, a,b; the groups are back, all, front`,
		"bac":        "did you mean --target back?",
		"x*":         `no target matches "x*"`,
		"api,":       "--target is empty",
		"api,nobody": `no target "nobody"`,
	} {
		_, err := f.Select([]string{words})
		if e, ok := err.(*Error); !ok || !strings.Contains(e.Problem+"\n"+e.Remedy, want) || e.ExitCode() != 3 {
			t.Errorf("%q: %v, want %q", words, err, want)
		}
	}
	if _, err := (File{}).Select([]string{"web,api"}); err == nil || !strings.Contains(err.Error(), `target "web,api" needs a settings file`) {
		t.Error(err)
	}
}

func TestNeeds(t *testing.T) {
	f := parse(t, ordered)
	for target, want := range map[string][]string{"web": {"api", "worker", "database"}, "api": {"database"}, "worker": {"database"}, "database": {}, "nobody": {}} {
		if diff := cmp.Diff(want, f.Needs(target)); diff != "" {
			t.Errorf("%s: %s", target, diff)
		}
	}
}

// TestNeedsAreNotInherited: a target that extends another one is another service.
func TestNeedsAreNotInherited(t *testing.T) {
	f := parse(t, "version: 1\ntargets:\n  a: {}\n  b: {needs: a}\n  c: {extends: b}\n")
	if got := f.Needs("c"); len(got) != 0 {
		t.Errorf("c needs %v", got)
	}
}

// TestHostileNeeds: to find out what a file means takes no longer than to read it.
func TestHostileNeeds(t *testing.T) {
	var text strings.Builder
	text.WriteString("version: 1\ntargets:\n")
	for i := range 4000 {
		fmt.Fprintf(&text, "  t%d: {needs: [\"*\", \"*0\", g]}\n", i)
	}
	text.WriteString("groups: {g: [\"*\"]}\n")
	_, err := ParseFile("f.yaml", []byte(text.String()), "")
	if err == nil || !strings.Contains(err.Error(), "too many targets") {
		t.Error(err)
	}
}

// TestMatchesIsThatOfAnExpression: a pattern means what a regular expression would.
func TestMatchesIsThatOfAnExpression(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?é")), 0, 8, -1).Draw(t, "pattern")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abé")), 0, 8, -1).Draw(t, "text")
		expression := regexp.MustCompile("^" + strings.NewReplacer("*", ".*", "?", ".").Replace(pattern) + "$")
		if got := matches([]rune(pattern), []rune(text)); got != expression.MatchString(text) {
			t.Errorf("%q matches %q: %v", pattern, text, got)
		}
	})
}
