package cmd

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// TestEveryRendererIsAnOutput: --output takes the formats that there are.
func TestEveryRendererIsAnOutput(t *testing.T) {
	for _, key := range new(config.Settings).Keys() {
		if key.Name == "output" && !slices.Equal(key.Choices(), report.Formats()) {
			t.Errorf("--output takes %q, and there are %q", key.Choices(), report.Formats())
		}
	}
}

func TestFilesOfTheJob(t *testing.T) {
	a := &app{}
	if a.jobFile("x", "", true) != nil {
		t.Error("a file without a path")
	}
	path := filepath.Join(t.TempDir(), "file")
	for _, own := range []bool{false, true} {
		if err := os.WriteFile(path, []byte("before\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		file := a.jobFile("x", path, own)
		for _, text := range []string{"a\n", "b\n"} {
			if _, err := io.WriteString(file, text); err != nil {
				t.Fatal(err)
			}
		}
		want := map[bool]string{false: "before\na\nb\n", true: "a\nb\n"}[own]
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("own %v: %q, %v", own, got, err)
		}
	}
	if _, err := io.WriteString(a.jobFile("x", t.TempDir(), false), "x"); err == nil || a.jobFiles[2].err == nil {
		t.Error("a folder was written")
	}
}
