// Package docs holds the pages that the program prints itself: ecs-deploy help
// cannot-pull works at two in the morning, without a network, and in the version that
// runs.
package docs

import (
	"embed"
	"fmt"
	"path"
	"regexp"
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

// link matches a link to another page, in Markdown.
var link = regexp.MustCompile(`\[[^]]*\]\((?:\.\./)?([a-z-]+)\.md\)`)

// Plain is the page for a terminal: tables are columns, links are the commands that print
// their pages, and commands are indented.
func (p Problem) Plain() string {
	var rows []string
	var table [][2]string
	fenced := false
	end := func() {
		width := 0
		for _, row := range table {
			width = max(width, len(row[0]))
		}
		for _, row := range table {
			rows = append(rows, fmt.Sprintf("  %-*s  %s", width, row[0], row[1]))
		}
		table = nil
	}
	for line := range strings.SplitSeq(link.ReplaceAllString(p.Text, "ecs-deploy help $1"), "\n") {
		if cells := strings.Split(strings.Trim(line, "|"), "|"); strings.HasPrefix(line, "|") && !fenced {
			if strings.Trim(line, "|-: ") != "" {
				table = append(table, [2]string{strings.TrimSpace(cells[0]), strings.TrimSpace(strings.Join(cells[1:], "  "))})
			}
			continue
		}
		end()
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced:
			rows = append(rows, "  "+line)
		default:
			rows = append(rows, strings.TrimPrefix(line, "## "))
		}
	}
	end()
	return strings.Join(rows, "\n")
}
