package docs_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/docs"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// TestEveryKindOfCauseHasAPage, and the index lists every page.
func TestEveryKindOfCauseHasAPage(t *testing.T) {
	var names []string
	for _, p := range docs.Problems() {
		names = append(names, p.Name)
		if p.Title == "" || !strings.Contains(p.Text, "## What to do") {
			t.Errorf("the page %s has no title, or does not say what to do", p.Name)
		}
	}
	for _, kind := range rollout.Kinds() {
		if !slices.Contains(names, string(kind)) {
			t.Errorf("no page about %s", kind)
		}
	}
	for _, topic := range []string{rollout.StuckTopic, rollout.TrafficTopic, "alarm", "hook"} {
		if !slices.Contains(names, topic) {
			t.Errorf("no page about %s", topic)
		}
	}
	index, err := os.ReadFile("troubleshooting/index.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range docs.Problems() {
		if !strings.Contains(string(index), "["+p.Name+"]("+p.Name+".md) | "+p.Title) {
			t.Errorf("the index lacks %s, %s", p.Name, p.Title)
		}
	}
}

// TestPagesShowTheirProblem: the scenario of a page exists.
func TestPagesShowTheirProblem(t *testing.T) {
	scenario := regexp.MustCompile(`--scenario ([a-z-]+)`)
	for _, p := range docs.Problems() {
		for _, match := range scenario.FindAllStringSubmatch(p.Text, -1) {
			if _, err := ecssim.LoadScenario(match[1]); err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
		}
	}
}

// TestPlain: no page for a terminal has the tables, links and fences of Markdown.
func TestPlain(t *testing.T) {
	for _, p := range docs.Problems() {
		for line := range strings.SplitSeq(p.Plain(), "\n") {
			if strings.HasPrefix(line, "|") || strings.Contains(line, "](") || strings.HasPrefix(line, "```") || strings.HasPrefix(line, "#") {
				t.Errorf("%s: %s", p.Name, line)
			}
		}
	}
	p := docs.Problem{Text: "## Why\n\n| code | meaning |\n|---|---|\n| 0 | ended |\n| 127 | not there |\n\nSee [strategies.md](../strategies.md) or [hook](hook.md).\n\n```shell\na | b\n```"}
	const want = "Why\n\n  code  meaning\n  0     ended\n  127   not there\n\nSee ecs-deploy help strategies or ecs-deploy help hook.\n\n  a | b"
	if got := p.Plain(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
