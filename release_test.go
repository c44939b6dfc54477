package ecsdeploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

type releaseFile struct {
	Source   string `yaml:"src"`
	To       string `yaml:"dst"`
	Packager string `yaml:"packager"`
}

// TestTheFilesOfAReleaseExist, and each kind of package has each kind of file.
func TestTheFilesOfAReleaseExist(t *testing.T) {
	text, err := os.ReadFile(".goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var release struct {
		Archives []struct {
			Files []releaseFile `yaml:"files"`
		} `yaml:"archives"`
		Packages []struct {
			Formats  []string      `yaml:"formats"`
			Contents []releaseFile `yaml:"contents"`
		} `yaml:"nfpms"`
	}
	if err := yaml.Unmarshal(text, &release); err != nil || len(release.Archives) != 1 || len(release.Packages) != 1 {
		t.Fatalf("not the configuration of one archive and one package: %v", err)
	}
	archives, packages := release.Archives[0], release.Packages[0]
	var archived []string
	for _, file := range slices.Concat(archives.Files, packages.Contents) {
		matches, err := filepath.Glob(file.Source)
		if err != nil || len(matches) == 0 {
			t.Errorf("nothing is %s: %v", file.Source, err)
		}
		if file.To == "" {
			archived = append(archived, matches...)
		}
	}
	pages, err := filepath.Glob("docs/*/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages: ", err)
	}
	for _, page := range append(pages, filepath.FromSlash("docs/index.md")) {
		if !slices.Contains(archived, page) {
			t.Errorf("%s is not in the archives", page)
		}
	}
	for _, format := range packages.Formats {
		var kinds []string
		for _, file := range packages.Contents {
			if file.Packager == "" || file.Packager == format {
				kinds = append(kinds, filepath.ToSlash(file.Source))
			}
		}
		slices.Sort(kinds)
		want := []string{"LICENSE", "THIRD_PARTY_LICENSES", "completions/_ecs-deploy", "completions/ecs-deploy.bash", "completions/ecs-deploy.fish", "man/*.1", "man/*.7"}
		if !slices.Equal(kinds, want) {
			t.Errorf("%s has %q, want %q", format, kinds, want)
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
