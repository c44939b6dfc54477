package config

// What belongs to the repository of a settings file. Another file of the user is not
// the repository's to name: an env-file's values are deployed.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// inRepository refuses a file that a settings file names, at an origin, and that is
// not in the same repository, by its path or by a link.
func inRepository(key, path string, origin Origin) error {
	place, err := filepath.Abs(path)
	if err == nil {
		place, err = filepath.EvalSymlinks(place)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // reported when it is opened
	}
	root := ""
	if err == nil {
		root, err = repositoryOf(filepath.Dir(origin.File))
	}
	switch {
	case err != nil:
		return &Error{Problem: fmt.Sprintf("%s: %s cannot be found: %v", origin.Place(), path, err), Remedy: "use a file inside the repository"}
	case isWithin(place, root):
		return nil
	}
	return &Error{
		Problem: fmt.Sprintf("%s: %s names %s, which is outside the repository", origin.Place(), key, path),
		Remedy:  fmt.Sprintf("pass it yourself, if you trust the settings file: --%s %s", key, path),
	}
}

// repositoryOf is the folder that holds all that belongs to a settings file in dir:
// the root of the repository or, outside of one, dir.
func repositoryOf(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at, nil
		}
		if filepath.Dir(at) == at {
			return dir, nil
		}
	}
}

// isWithin reports whether a path is a folder, or in it. Both are absolute, without
// links.
func isWithin(path, folder string) bool {
	relative, err := filepath.Rel(folder, path)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator))
}
