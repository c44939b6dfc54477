package ecsdeploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// pinned is an action by the hash of a commit, with its version for people and Dependabot.
var pinned = regexp.MustCompile(`uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)

// TestWorkflowsHaveTheLeastRights: no rights unless a job asks for them, and only actions
// that cannot be exchanged.
func TestWorkflowsHaveTheLeastRights(t *testing.T) {
	files, err := filepath.Glob(".github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no workflows: ", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var workflow struct {
			Permissions map[string]string `yaml:"permissions"`
			Jobs        map[string]struct {
				Permissions map[string]string `yaml:"permissions"`
				Timeout     int               `yaml:"timeout-minutes"`
				Steps       []struct {
					Run string `yaml:"run"`
				} `yaml:"steps"`
			} `yaml:"jobs"`
		}
		if err := yaml.Unmarshal(text, &workflow); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if workflow.Permissions == nil || len(workflow.Permissions) != 0 {
			t.Errorf("%s: the permissions of all jobs are %v", file, workflow.Permissions)
		}
		for name, job := range workflow.Jobs {
			if job.Permissions == nil || job.Timeout == 0 {
				t.Errorf("%s: job %s has no permissions of its own, or no limit", file, name)
			}
			for _, step := range job.Steps {
				if strings.Contains(step.Run, "${{") {
					t.Errorf("%s: job %s: an expression would be code of the shell: %s", file, name, step.Run)
				}
			}
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); strings.Contains(line, "uses:") && !pinned.MatchString(line) {
				t.Errorf("%s: %s is not pinned", file, line)
			}
		}
	}
}

// TestTheReleaseIsBuiltWithOneVersion of goreleaser.
func TestTheReleaseIsBuiltWithOneVersion(t *testing.T) {
	versions := map[string][]string{}
	for file, pattern := range map[string]string{
		".ci/reproducible":              `(?m)^version=(\S+)`,
		".goreleaser.yaml":              `Checked with goreleaser (v\S+)\.`,
		".github/workflows/ci.yml":      `version: (v\S+)\n\s+install-only`,
		".github/workflows/release.yml": `version: (v\S+)\n\s+install-only`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		if found == nil {
			t.Errorf("%s names no version", file)
			continue
		}
		versions[string(found[1])] = append(versions[string(found[1])], file)
	}
	if len(versions) != 1 {
		t.Errorf("the files differ: %v", versions)
	}
}

func TestTheTextOfAReleaseIsItsSectionOfTheChangelog(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("scripts do not start by themselves here")
	}
	text, err := exec.Command(".ci/release-notes", "Unreleased").Output()
	if err != nil || len(text) == 0 || strings.Contains("\n"+string(text), "\n## ") {
		t.Errorf("%v: %s", err, text)
	}
	if text, err := exec.Command(".ci/release-notes", "v999.0.0").CombinedOutput(); err == nil || !strings.Contains(string(text), "## [999.0.0]") {
		t.Errorf("a version without a section: %v: %s", err, text)
	}
}
