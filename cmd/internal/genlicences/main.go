// Command genlicences writes the licences of everything that the program is linked
// with, on any platform that is released, into one file: they ask for it. It reads
// the module cache and the Go installation, and nothing else. Versions are left out,
// so that the file changes only if a licence or the set of modules does.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// platforms are those of .goreleaser.yaml whose packages differ.
var platforms = []string{"linux", "darwin", "windows"}

// licenceFile matches the names of files that are to be handed on.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|copyright)([-.].*)?$`)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: genlicences FILE")
	}
	text, err := generate()
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// dependency is a package as go list describes it.
type dependency struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Dir string
		Main      bool
	}
}

// generate is the text of the file.
func generate() ([]byte, error) {
	found := map[string][]string{} // the text of a licence → where it was found
	for _, platform := range platforms {
		packages, err := linked(platform)
		if err != nil {
			return nil, err
		}
		for _, p := range packages {
			if p.Module == nil || p.Module.Main {
				continue
			}
			if err := collect(found, p); err != nil {
				return nil, err
			}
		}
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	licence, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "LICENSE"))
	if err != nil {
		return nil, err
	}
	add(found, string(licence), "Go (https://go.dev), its standard library")
	return written(found), nil
}

// linked are the packages that the program is linked with on a platform.
func linked(platform string) ([]dependency, error) {
	list := exec.Command("go", "list", "-deps", "-json=Dir,Standard,Module", "github.com/ecs-deploy/ecs-deploy/cmd/ecs-deploy")
	list.Env, list.Stderr = append(os.Environ(), "GOOS="+platform, "GOARCH=amd64", "CGO_ENABLED=0"), os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list for %s: %w", platform, err)
	}
	var packages []dependency
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p dependency
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list for %s: %w", platform, err)
		}
		packages = append(packages, p)
	}
}

// collect adds the licences of a package: those in its folder and in each above it,
// up to its module's. A module without one cannot be handed on.
func collect(found map[string][]string, p dependency) error {
	licensed := false
	for dir := p.Dir; strings.HasPrefix(dir, p.Module.Dir); dir = filepath.Dir(dir) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if entry.IsDir() || !licenceFile.MatchString(entry.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			if err != nil {
				return err
			}
			place := filepath.ToSlash(p.Module.Path + strings.TrimPrefix(dir, p.Module.Dir))
			add(found, string(text), place)
			licensed = true
		}
	}
	if !licensed {
		return fmt.Errorf("module %s has no licence", p.Module.Path)
	}
	return nil
}

func add(found map[string][]string, text, place string) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if !slices.Contains(found[text], place) {
		found[text] = append(found[text], place)
		slices.Sort(found[text])
	}
}

// written is the file: each text once, below the names of what it is for.
func written(found map[string][]string) []byte {
	var parts []string
	for text, places := range found {
		parts = append(parts, strings.Join(places, "\n")+"\n\n"+text+"\n")
	}
	slices.Sort(parts)
	line := strings.Repeat("=", 80) + "\n"
	return []byte("ecs-deploy is linked with the following software. Each licence stands below the\nnames of what it is for.\n\n" +
		line + strings.Join(parts, "\n"+line))
}
