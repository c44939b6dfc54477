package cmd

// The pages are read as somebody reads them who types what they say: flags,
// variables and commands must be ours, links must lead somewhere, and the Go must
// compile. What the commands print is not compared: it has times and ids.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
)

// eachPage calls read for every page that is written by hand.
func eachPage(t *testing.T, read func(t *testing.T, page, text string)) {
	t.Helper()
	pages, err := filepath.Glob("../docs/*.md")
	problems, problemsErr := filepath.Glob("../docs/troubleshooting/*.md")
	if err := errors.Join(err, problemsErr); err != nil || len(pages) == 0 || len(problems) == 0 {
		t.Fatal("no pages: ", err)
	}
	pages = append(pages, problems...)
	for _, page := range append(pages, "../README.md", "../CHANGELOG.md", "../CONTRIBUTING.md", "../SECURITY.md") {
		t.Run(filepath.Base(page), func(t *testing.T) {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			read(t, page, strings.ReplaceAll(string(text), "\\\n", ""))
		})
	}
}

var (
	flagWord     = regexp.MustCompile(`(?:^|[^-\w])(--[a-z][a-z-]*[a-z])`)
	variableWord = regexp.MustCompile(`ECS_DEPLOY_[A-Z_]*[A-Z]`)
	// othersCommand is a command of another program, to the end of its line or
	// of the cell that it stands in.
	othersCommand = regexp.MustCompile("(?m)\\b(apk|aws|brew|buildkite-agent|cosign|curl|docker|ecs|ecspresso|gh|git|goreleaser)( [A-Za-z0-9-]+)+ [^`\n]*")
	// othersCell is the first cell of a row about another program.
	othersCell = regexp.MustCompile(`(?m)^\| [^|]* \|`)
)

func TestTheFlagsAndVariablesOfThePagesExist(t *testing.T) {
	flags, variables := map[string]bool{"--help": true, "--version": true}, map[string]bool{}
	every(New(Streams{Out: io.Discard, Err: io.Discard}), func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { flags["--"+f.Name] = true })
	})
	for _, old := range legacyFlags {
		flags[old.name] = true
	}
	for _, key := range new(config.Settings).Keys() {
		if key.Source.InEnv() {
			variables[key.Env()] = true
		}
	}
	variables["ECS_DEPLOY_CLUTSER"] = true // is shown as a mistake
	eachPage(t, func(t *testing.T, page, text string) {
		text = othersCommand.ReplaceAllString(text, "")
		if strings.Contains(page, "migrating-") {
			text = othersCell.ReplaceAllString(text, "")
		}
		for _, found := range flagWord.FindAllStringSubmatch(text, -1) {
			if !flags[found[1]] {
				t.Errorf("there is no flag %s", found[1])
			}
		}
		for _, name := range variableWord.FindAllString(text, -1) {
			if !variables[name] {
				t.Errorf("there is no variable %s", name)
			}
		}
	})
}

var (
	// pageCommand is a line of a block that runs the program, with what stands
	// around its arguments in the shell.
	pageCommand = regexp.MustCompile(`^(?:\$ )?(?:[A-Z_]+=\S* )*ecs-deploy (.*?)(?: 2?>.*| *\|.*| &| +#.*)?$`)
	// inlineCommand is a command within a text or a table.
	inlineCommand = regexp.MustCompile("`ecs-deploy ([^`…|]+)`")
	shellWord     = regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`)
)

// TestTheCommandsOfThePagesAreRead parses the flags and arguments of each command, in
// blocks and in the text, but for those that the page shows to be refused.
func TestTheCommandsOfThePagesAreRead(t *testing.T) {
	total := 0
	eachPage(t, func(t *testing.T, _, text string) {
		lines := strings.Split(strings.Join(fence.FindAllString(text, -1), "\n"), "\n")
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "```") }) // what is printed is a block of its own
		for i, line := range lines {
			found := pageCommand.FindStringSubmatch(line)
			if found == nil || i+1 < len(lines) && strings.HasPrefix(lines[i+1], "error: un") {
				continue
			}
			total++
			checkArguments(t, line, shellWord.FindAllString(found[1], -1))
		}
		for _, found := range inlineCommand.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			total++
			checkArguments(t, found[0], shellWord.FindAllString(found[1], -1))
		}
	})
	if total < 50 {
		t.Errorf("only %d commands were found", total)
	}
}

var (
	fence   = regexp.MustCompile("(?ms)^```.*?^```")
	link    = regexp.MustCompile(`\]\(([^)]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notSlug = regexp.MustCompile(`[^a-z0-9_ -]`)
)

// anchors are the names of the headings of a page, as the forge makes them.
func anchors(t *testing.T, page string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Error(err)
	}
	names := map[string]bool{"": true}
	for _, found := range heading.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1) {
		name := notSlug.ReplaceAllString(strings.ToLower(found[1]), "")
		names[strings.ReplaceAll(name, " ", "-")] = true
	}
	return names
}

func TestTheLinksOfThePagesLeadSomewhere(t *testing.T) {
	linked := map[string]bool{filepath.Join("..", "README.md"): true}
	eachPage(t, func(t *testing.T, page, text string) {
		for _, found := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(found[1], "#")
			to := page
			if path != "" {
				to = filepath.Join(filepath.Dir(page), path)
			}
			linked[to] = true
			if _, err := os.Stat(to); err != nil || anchor != "" && !anchors(t, to)[anchor] {
				t.Errorf("%s leads nowhere", found[1])
			}
		}
	})
	eachPage(t, func(t *testing.T, page, _ string) {
		if !linked[page] {
			t.Error("no page leads here")
		}
	})
}

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```")

// TestTheGoOfThePagesCompiles lays each piece of Go over this module as a package
// of its own, and has it compiled. That of a test is one without tests, then.
func TestTheGoOfThePagesCompiles(t *testing.T) {
	program, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command: ", err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir, overlay := t.TempDir(), map[string]string{}
	var packages []string
	eachPage(t, func(t *testing.T, _, text string) {
		for _, found := range goBlock.FindAllStringSubmatch(text, -1) {
			name := fmt.Sprintf("page%d", len(packages))
			source := filepath.Join(dir, name+".go")
			if err := os.WriteFile(source, []byte(found[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			overlay[filepath.Join(root, "docs", name, "page.go")] = source
			packages = append(packages, "./docs/"+name)
		}
	})
	if len(packages) < 5 {
		t.Fatalf("only %d pieces of Go were found", len(packages))
	}
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, text, 0o600); err != nil {
		t.Fatal(err)
	}
	// -export compiles, and links nothing.
	compile := exec.Command(program, append([]string{"list", "-export", "-overlay", list}, packages...)...)
	compile.Dir = root
	if out, err := compile.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
