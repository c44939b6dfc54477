// Command gendocs writes what is generated from the command line's definition:
// the command reference and the permissions in docs/reference, the completion scripts
// in completions, the manual pages in man, and the schemas of the settings file and of
// the output. go generate runs it; a test holds its output against the files in the repository.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/cmd"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gendocs REPOSITORY")
		os.Exit(2)
	}
	if err := generate(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

// generate writes all generated files below root.
func generate(root string) error {
	command := cmd.New(cmd.Streams{Out: io.Discard, Err: io.Discard})
	command.InitDefaultHelpCmd()
	reference := filepath.Join(root, "docs", "reference")
	completions := filepath.Join(root, "completions")
	manuals := filepath.Join(root, "man")
	for _, dir := range []string{reference, completions, manuals} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := pages(command, reference); err != nil {
		return err
	}
	if err := manual(command, manuals); err != nil {
		return err
	}
	for name, write := range map[string]func(io.Writer) error{
		"ecs-deploy.bash": func(w io.Writer) error { return cmd.BashCompletion(command, w, true) },
		"_ecs-deploy":     func(w io.Writer) error { return cmd.ZshCompletion(command, w, true) },
		"ecs-deploy.fish": func(w io.Writer) error { return command.GenFishCompletion(w, true) },
		"ecs-deploy.ps1":  command.GenPowerShellCompletionWithDesc,
	} {
		if err := writeFile(filepath.Join(completions, name), write); err != nil {
			return err
		}
	}
	if err := writeFile(filepath.Join(reference, "permissions.md"), permissions); err != nil {
		return err
	}
	for name, words := range schemaFiles {
		err := writeFile(filepath.Join(root, name), func(w io.Writer) error {
			printer := cmd.New(cmd.Streams{Out: w, Err: io.Discard})
			printer.SetArgs(words)
			return printer.Execute()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// schemaFiles are the places of the schemas in the repository, and the commands that
// print them.
var schemaFiles = map[string][]string{
	filepath.Join("docs", "ecs-deploy.schema.json"): {"config", "schema"},
	filepath.Join("docs", "events.schema.json"):     {"output-schema", "events"},
	filepath.Join("docs", "results.schema.json"):    {"output-schema", "results"},
}

func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

// pages writes a page for a command and for each below it: what its help says.
func pages(c *cobra.Command, dir string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", c.CommandPath(), c.Short)
	if c.IsAdditionalHelpTopicCommand() {
		fmt.Fprintf(&b, "\n```text\n%s\n```\n", strings.TrimSpace(c.Long))
	} else {
		c.InitDefaultHelpFlag()
		fmt.Fprintf(&b, "\n%s\n\n```text\n%s```\n", strings.TrimSpace(c.Long), c.UsageString())
	}
	b.WriteString("\n## See also\n\n")
	if c.HasParent() {
		link(&b, c.Parent())
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
			link(&b, sub)
			if err := pages(sub, dir); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, pageOf(c)), []byte(b.String()), 0o644)
}

func link(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "- [%s](%s): %s\n", c.CommandPath(), pageOf(c), c.Short)
}

func pageOf(c *cobra.Command) string {
	return strings.ReplaceAll(c.CommandPath(), " ", "_") + ".md"
}
