// Package pages reads the pages of the documentation, and the blocks of code in them, for
// the tests that run these blocks.
package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Written are the texts of the pages that are written by hand, by their paths below the
// root of the repository.
func Written(root string) (map[string]string, error) {
	texts := map[string]string{}
	for _, folder := range []string{".", "docs", "docs/troubleshooting"} {
		paths, err := filepath.Glob(filepath.Join(root, folder, "*.md"))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			texts[filepath.ToSlash(filepath.Join(folder, filepath.Base(path)))] = string(text)
		}
	}
	return texts, nil
}

// Block is a block of code in a page.
type Block struct {
	// Lang is the language, as it stands behind the fence.
	Lang string
	Text string
	// Line is the line of the page where the block begins.
	Line  int
	marks string
}

// The words that begin a comment before a block; the reader of the page does not see it.
const (
	// NotRun says why the block is not run.
	NotRun = "not run"
	// First is a command that runs before the block.
	First = "first"
	// With are flags for the commands of the block, which the reader does not need.
	With = "run with"
)

// Prompt begins a command in a transcript: a block of the language console.
const Prompt = "$ "

var block = regexp.MustCompile("(?m)^((?: *<!-- .* -->\n)*) *```([a-z]*)\n((?s:.*?))^ *```$")

// Blocks are the blocks of a page.
func Blocks(page string) []Block {
	var all []Block
	for _, at := range block.FindAllStringSubmatchIndex(page, -1) {
		all = append(all, Block{
			Lang: page[at[4]:at[5]], Text: page[at[6]:at[7]], Line: 1 + strings.Count(page[:at[4]], "\n"), marks: page[at[2]:at[3]],
		})
	}
	return all
}

// Mark is what a comment before the block says after its word, "" without that comment.
func (b Block) Mark(word string) string {
	_, rest, _ := strings.Cut(b.marks, "<!-- "+word+": ")
	text, _, _ := strings.Cut(rest, " -->")
	return text
}

// Pasted reports whether the commands of a page run from top to bottom as they are
// pasted: then the first of them makes a world in which nothing has happened, or is what
// a newcomer runs first, from a checkout.
func Pasted(page string) bool {
	for _, b := range Blocks(page) {
		if b.Lang == "sh" {
			return strings.Contains(b.Text, "ecs-deploy simulator reset\n") || strings.HasPrefix(b.Text, "go run ./cmd/ecs-deploy ")
		}
	}
	return false
}
