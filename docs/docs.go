// Package docs holds the pages that the program prints itself: ecs-deploy help
// cannot-pull works at two in the morning, without a network, and in the version that
// runs.
package docs

import (
	"embed"
	"path"
	"slices"
	"strings"
)

//go:embed troubleshooting/*.md
var pages embed.FS

// Problem is a page about one reason why a deployment fails.
type Problem struct {
	// Name is the page's, as in ecs-deploy help NAME. Causes of failed tasks have their
	// pages by their kinds (rollout.Kind).
	Name string
	// Title says what happened, in a few words.
	Title string
	// Text is the page, in Markdown, without the title.
	Text string
}

// Problems are all pages about problems, sorted by name.
func Problems() []Problem {
	entries, err := pages.ReadDir("troubleshooting")
	if err != nil {
		panic(err) // the folder is in the program
	}
	var all []Problem
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".md")
		if name == "index" {
			continue
		}
		text, err := pages.ReadFile(path.Join("troubleshooting", entry.Name()))
		if err != nil {
			panic(err)
		}
		title, rest, _ := strings.Cut(string(text), "\n")
		all = append(all, Problem{Name: name, Title: strings.TrimPrefix(title, "# "), Text: strings.TrimSpace(rest)})
	}
	slices.SortFunc(all, func(a, b Problem) int { return strings.Compare(a.Name, b.Name) })
	return all
}
