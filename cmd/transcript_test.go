package cmd_test

// Transcripts in pages: blocks of the kind "console" with pages.Prompts. Their commands run in
// virtual time, each block in a world in which nothing has happened, and print what the
// page shows, but for times, ids, and where lines are broken.

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ecs-deploy/ecs-deploy/internal/pages"
)

// written are the pages that are written by hand.
func written(t *testing.T) map[string]string {
	t.Helper()
	texts, err := pages.Written("..")
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestTheTranscriptsOfThePagesAreTrue(t *testing.T) {
	total := 0
	for page, text := range written(t) {
		settings := ""
		for _, b := range pages.Blocks(text) {
			if b.Lang == "yaml" && b.Mark(pages.NotRun) == "" && strings.Contains("\n"+b.Text, "\nversion: 1\n") {
				settings = b.Text
			}
			if b.Lang != "console" || !strings.HasPrefix(b.Text, pages.Prompt) || b.Mark(pages.NotRun) != "" {
				continue
			}
			total++
			t.Run(filepath.Base(page)+":"+strconv.Itoa(b.Line), func(t *testing.T) {
				dir := t.TempDir()
				for name, value := range environment(dir) {
					t.Setenv(name, value)
				}
				t.Chdir(dir)
				if settings != "" {
					if err := os.WriteFile("ecs-deploy.yaml", []byte(settings), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Test(t, func(t *testing.T) { transcript(t, b) })
			})
		}
	}
	if total < 20 {
		t.Errorf("only %d transcripts were found", total)
	}
}

var (
	// transcribed is a command in a transcript: variables, arguments, and what the
	// shell does with the output.
	transcribed = regexp.MustCompile(`^((?:[A-Z_]+=\S* )*)ecs-deploy (.*?)(?: 2?>.*| *\|.*)?$`)
	digits      = regexp.MustCompile(`\b[0-9a-f]{6,32}\b|(?:\d+[hms])+|\d+(?:\.\d+)?`)
)

// transcript runs the commands of a transcript.
func transcript(t *testing.T, b pages.Block) {
	if command := b.Mark(pages.First); command != "" {
		run(t, command, "")
	}
	last := played{}
	for _, part := range strings.Split("\n"+b.Text, "\n"+pages.Prompt)[1:] {
		line, printed, _ := strings.Cut(part, "\n")
		if line == "echo $?" {
			if printed = strings.TrimSpace(printed); printed != strconv.Itoa(last.code) {
				t.Errorf("the exit code is %d, not %s", last.code, printed)
			}
			continue
		}
		last = run(t, line, b.Mark(pages.With))
		got := shape(last.out + " " + last.err)
		if flags := b.Mark(pages.With); flags != "" {
			got = strings.ReplaceAll(got, " "+flags, "")
		}
		for want := range strings.Lines(printed) {
			want = strings.TrimSuffix(strings.TrimSpace(want), "…")
			if !strings.Contains(got, shape(want)) {
				t.Errorf("%s\ndoes not print: %s\nbut:\n%.4000s%.4000s", line, want, last.err, last.out)
			}
		}
	}
}

// run runs a command of a transcript, with more flags.
func run(t *testing.T, line, flags string) played {
	found := transcribed.FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("this command cannot be played: %s", line)
	}
	for _, variable := range strings.Fields(found[1]) {
		name, value, _ := strings.Cut(variable, "=")
		if err := os.Setenv(name, value); err != nil {
			t.Fatal(err)
		}
		defer os.Unsetenv(name)
	}
	words, _ := wordsOf(t, "ecs-deploy "+found[2])
	return play(t, os.Getenv("XDG_STATE_HOME"), append(words, strings.Fields(flags)...), 0)
}

// TestTheTroubleshootingPagesShowTheirProblem: the command under "See it" ends with an
// outcome that names the page.
func TestTheTroubleshootingPagesShowTheirProblem(t *testing.T) {
	for page, text := range written(t) {
		if !strings.Contains(page, "troubleshooting") {
			continue
		}
		for _, b := range pages.Blocks(text) {
			name := strings.TrimSuffix(filepath.Base(page), ".md")
			t.Run(name, func(t *testing.T) {
				dir := t.TempDir()
				for name, value := range environment(dir) {
					t.Setenv(name, value)
				}
				t.Chdir(dir)
				synctest.Test(t, func(t *testing.T) {
					got := run(t, strings.TrimSpace(b.Text), "")
					if want := "explained: ecs-deploy help " + name; got.code == 0 || !strings.Contains(got.out, want) {
						t.Errorf("exit code %d, and not %q:\n%s", got.code, want, got.out)
					}
				})
			})
		}
	}
}

// shape is a text without what differs from run to run.
func shape(text string) string {
	return digits.ReplaceAllString(strings.Join(strings.Fields(text), " "), "0")
}
