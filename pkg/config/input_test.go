package config

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInputsThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, InputLimit+1); err != nil {
		t.Fatal(err)
	}
	endless := filepath.Join(dir, "endless")
	if err := os.Symlink("/dev/zero", endless); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	for path, want := range map[string]string{
		large:                        large + " is larger than 16 MiB",
		endless:                      endless + " is a device or a socket, not a file",
		dir:                          dir + " is a directory",
		filepath.Join(dir, "absent"): "no such file",
	} {
		_, err := Input{What: "the world", Path: path, Pipes: true, Remedy: "see docs"}.Read(t.Context())
		var refused *Error
		if !errors.As(err, &refused) || !strings.HasPrefix(refused.Problem, "the world cannot be read: ") || !strings.HasSuffix(refused.Problem, want) && !strings.Contains(refused.Problem, want) || refused.Remedy != "see docs" {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// zeros never end.
type zeros struct{}

func (zeros) Read(into []byte) (int, error) { clear(into); return len(into), nil }

func TestStandardInputHasALimit(t *testing.T) {
	_, err := Input{What: "the task definition", Path: StandardInput, Stdin: zeros{}}.Read(t.Context())
	if err == nil || err.Error() != "the task definition cannot be read: standard input is larger than 16 MiB" {
		t.Error(err)
	}
	if text, err := (Input{Path: StandardInput}).Read(t.Context()); err != nil || len(text) > 0 {
		t.Errorf("no standard input: %q, %v", text, err)
	}
}

// TestReadingEndsWithTheContext: nobody ever writes into this standard input.
func TestReadingEndsWithTheContext(t *testing.T) {
	silent, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Input{Path: StandardInput, Stdin: silent}).Read(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Stoppable(ctx, silent).Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	line, err := io.ReadAll(Stoppable(t.Context(), strings.NewReader("all of it")))
	if err != nil || string(line) != "all of it" {
		t.Errorf("%q, %v", line, err)
	}
}

// TestFindRefuses what is beside you and cannot be read, or not alone.
func TestFindRefuses(t *testing.T) {
	dir := t.TempDir()
	yml, yaml := filepath.Join(dir, "ecs-deploy.yml"), filepath.Join(dir, "ecs-deploy.yaml")
	if err := os.WriteFile(yml, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := Find(dir); found != yml || err != nil {
		t.Errorf("%q, %v", found, err)
	}
	if err := os.WriteFile(yaml, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(dir); err == nil || err.Error() != "found two settings files: "+yaml+" and "+yml {
		t.Error(err)
	}
	if err := errors.Join(os.Remove(yml), os.Remove(yaml), os.Symlink("/dev/zero", yaml)); err != nil {
		t.Skip(err)
	}
	if _, err := Find(dir); err == nil || !strings.Contains(err.Error(), yaml+" is a pipe, a device or a socket") {
		t.Error(err)
	}
}

// TestAPublicFolderIsNotSearched: in /tmp, anybody may put a settings file and a
// folder .git.
func TestAPublicFolderIsNotSearched(t *testing.T) {
	public := t.TempDir()
	mine := filepath.Join(public, "mine")
	for _, dir := range []string{mine, filepath.Join(public, ".git")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	planted := filepath.Join(public, FileName)
	if err := os.WriteFile(planted, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := Find(mine); found != planted || err != nil {
		t.Errorf("in a repository: %q, %v", found, err)
	}
	if err := os.Chmod(public, 0o777|os.ModeSticky); err != nil {
		t.Skip(err)
	}
	if found, err := Find(mine); found != "" || err != nil {
		t.Errorf("in a public folder: %q, %v", found, err)
	}
}

// TestFindRefusesALinkOutOfTheRepository: what is wrong with a settings file quotes it.
func TestFindRefusesALinkOutOfTheRepository(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	for path, text := range map[string]string{filepath.Join(outside, "config"): "token: hunter2", filepath.Join(root, "shared.yaml"): "version: 1"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(root, "service")
	for _, folder := range []string{filepath.Join(root, ".git"), dir} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, FileName)
	for target, refused := range map[string]bool{filepath.Join(outside, "config"): true, "../shared.yaml": false, filepath.Join(root, "shared.yaml"): false} {
		_ = os.Remove(link)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		found, err := Find(dir)
		var told *Error
		if refused != errors.As(err, &told) || refused && (found != "" || !strings.HasSuffix(told.Problem, "to a file outside the repository") || told.Remedy == "") || !refused && found != link {
			t.Errorf("%s: %q, %v", target, found, err)
		}
	}
}
