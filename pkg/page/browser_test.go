package page_test

// The pages in a browser, where there is one: its console has no error, and no violation
// of the policy of the page, and the script works under that policy.

import (
	"bytes"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// browse has headless Chromium show a page, and returns what it writes. The console of
// the page is on standard error.
func browse(t *testing.T, path string, flags ...string) (out, console string) {
	t.Helper()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium in PATH")
	}
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), browser, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--user-data-dir=" + t.TempDir(), "--window-size=1000,1400",
	}, append(flags, "file://"+path)...)...)
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatal(err, stderr.String())
	}
	for line := range strings.Lines(stderr.String()) {
		if strings.Contains(line, "CONSOLE") {
			console += line
		}
	}
	return stdout.String(), console
}

// written is a page as a file.
func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	stream, err := os.ReadFile("testdata/canary.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	story, err := report.ReadStory(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	story.Services[0].Next = []report.Suggestion{{Purpose: "see details", Command: "ecs-deploy status"}}
	text := drawn(t, story)
	shot := filepath.Join(t.TempDir(), "page.png")
	_, console := browse(t, written(t, text), "--hide-scrollbars", "--screenshot="+shot)
	if console != "" {
		t.Error(console)
	}
	picture, err := os.Open(shot)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = picture.Close() }()
	drawing, err := png.Decode(picture)
	if err != nil {
		t.Fatal(err)
	}
	colors := map[[3]uint32]bool{}
	for x := drawing.Bounds().Min.X; x < drawing.Bounds().Max.X; x += 3 {
		for y := drawing.Bounds().Min.Y; y < drawing.Bounds().Max.Y; y += 3 {
			r, g, b, _ := drawing.At(x, y).RGBA()
			colors[[3]uint32{r, g, b}] = true
		}
	}
	if len(colors) < 10 {
		t.Errorf("the page has %d colors", len(colors))
	}
	out, _ := browse(t, written(t, text), "--dump-dom")
	if !strings.Contains(out, ">Copy</button>") || !strings.Contains(out, `class="tip" role="status" hidden`) {
		t.Error("the script of the page does not run")
	}
	// A page whose script is another one: the policy stops it, and the console says so.
	_, console = browse(t, written(t, strings.Replace(text, "'use strict';", "'use strict'; ", 1)), "--dump-dom")
	if !strings.Contains(console, "Content Security Policy") {
		t.Errorf("the policy lets another script run, or the console is not read: %q", console)
	}
}
