package ecsdeploy_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/internal/pages"
	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// TestEveryBlockIsRunOrSaysWhyNot: commands run as they are pasted or as transcripts,
// settings files, worlds and task definitions are read by the program, and Go is compiled.
// Every other block has a comment before it.
func TestEveryBlockIsRunOrSaysWhyNot(t *testing.T) {
	texts, err := pages.Written(".")
	if err != nil || len(texts) < 30 {
		t.Fatal(len(texts), err)
	}
	for page, text := range texts {
		pasted, printed := pages.Pasted(text), false // by the commands before
		for _, b := range pages.Blocks(text) {
			commands := b.Lang == "sh" && pasted || b.Lang == "shell" && strings.Contains(page, "troubleshooting")
			if err := read(b, commands, printed); err != nil && b.Mark(pages.NotRun) == "" {
				t.Errorf("%s:%d: no test runs this block (%v); run it, or say why not on the line before: <!-- %s: the reason -->", page, b.Line, err, pages.NotRun)
			}
			printed = commands || printed && b.Lang != "console"
		}
	}
}

// read is an error if nothing runs or reads a block. commands tells whether a test runs
// it, printed whether it shows what the commands before it printed.
func read(b pages.Block, commands, printed bool) error {
	switch b.Lang {
	case "", "text": // a picture
		return nil
	case "go": // TestTheGoOfThePagesCompiles
		return nil
	case "console":
		if printed || strings.HasPrefix(b.Text, pages.Prompt) {
			return nil
		}
		return errors.New("no command prints it")
	case "json":
		decoder := json.NewDecoder(strings.NewReader(b.Text))
		for {
			var value any
			if err := decoder.Decode(&value); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
	case "yaml":
		_, settings := config.ParseFile(config.FileName, []byte(b.Text), "0.9.0")
		_, world := ecssim.ParseWorld("world", []byte(b.Text))
		_, definition := taskdef.Parse("definition.yaml", []byte(b.Text), taskdef.ParseOptions{})
		if settings == nil || world == nil || definition == nil {
			return nil
		}
		return errors.New("it is no settings file, world or task definition")
	}
	if commands {
		return nil
	}
	return errors.New("language " + b.Lang)
}
