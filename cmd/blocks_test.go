package cmd_test

// Blocks of code in pages: every one is run, read by what it is for, or says why it is
// not.

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// block is a block of code in a page.
type block struct {
	lang, text string
	marks      string // the lines of comments before it
	line       int
}

var anyBlock = regexp.MustCompile("(?m)^((?: *<!-- .* -->\n)*) *```([a-z]*)\n((?s:.*?))^ *```$")

func blocksOf(page string) []block {
	var all []block
	for _, at := range anyBlock.FindAllStringSubmatchIndex(page, -1) {
		all = append(all, block{page[at[4]:at[5]], page[at[6]:at[7]], page[at[2]:at[3]], 1 + strings.Count(page[:at[4]], "\n")})
	}
	return all
}

// mark is what a comment before the block says after a word, "" without that comment.
func (b block) mark(word string) string {
	_, rest, _ := strings.Cut(b.marks, "<!-- "+word+": ")
	text, _, _ := strings.Cut(rest, " -->")
	return text
}

const (
	// notRun is the reason why a block is not run.
	notRun = "not run"
	// first is a command that runs before a transcript.
	first = "first"
	// with are flags for the commands of a transcript, which the reader does not need.
	with   = "run with"
	prompt = "$ "
)

// handPages are the pages that are written by hand.
func handPages(t *testing.T) map[string]string {
	pages := map[string]string{}
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/troubleshooting/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			pages[path] = string(text)
		}
	}
	return pages
}

// TestEveryBlockIsRunOrSaysWhyNot: commands run as they are pasted or as transcripts,
// settings files, worlds and task definitions are read by the program, and Go is compiled.
// Every other block has a comment before it, which a reader does not see.
func TestEveryBlockIsRunOrSaysWhyNot(t *testing.T) {
	pasted := map[string]bool{}
	for _, page := range pastedPages {
		pasted[filepath.Join("../docs", page)] = true
	}
	for page, text := range handPages(t) {
		printed := false // by the commands before
		for _, b := range blocksOf(text) {
			commands := b.lang == "sh" && pasted[page] || strings.Contains(page, "troubleshooting") && b.lang == "shell"
			if err := b.checked(commands, printed); err != nil && b.mark(notRun) == "" {
				t.Errorf("%s:%d: a block of %q is not run: %v; run it, or say why not: <!-- %s: … -->", page, b.line, b.lang, err, notRun)
			}
			printed = commands || printed && b.lang != "console"
		}
	}
}

// checked is an error if nothing runs or reads the block. commands tells whether a test
// runs it, printed whether the block shows what the one before printed.
func (b block) checked(commands, printed bool) error {
	switch b.lang {
	case "", "text": // a picture
		return nil
	case "go": // TestTheGoOfThePagesCompiles
		return nil
	case "console":
		if printed || strings.HasPrefix(b.text, prompt) {
			return nil
		}
		return errors.New("no command printed it")
	case "json":
		decoder := json.NewDecoder(strings.NewReader(b.text))
		for {
			var value any
			if err := decoder.Decode(&value); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	case "yaml":
		_, settings := config.ParseFile(config.FileName, []byte(b.text), "0.9.0")
		_, world := ecssim.ParseWorld("world", []byte(b.text))
		_, definition := taskdef.Parse("definition.yaml", []byte(b.text), taskdef.ParseOptions{})
		if settings == nil || world == nil || definition == nil {
			return nil
		}
		return errors.Join(settings, world, definition)
	}
	if commands {
		return nil
	}
	return errors.New("no test runs it")
}
