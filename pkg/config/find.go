package config

// Where the settings file is looked for.

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FileName is the name of the file that is looked for.
const FileName = "ecs-deploy.yaml"

// FileNames are its names. A folder has at most one of them.
var FileNames = []string{FileName, "ecs-deploy.yml"}

// Find looks for the settings file in dir and above it, up to the root of the
// repository; outside of a repository, in dir alone. It returns "" if there is none.
// Two files in one folder, a path that is not a file, and a link that leads out of
// the repository are an [*Error].
//
// Find does not search a folder above dir in which everybody can write, such as /tmp,
// and does not treat it as a repository: anybody can put a file there.
func Find(dir string) (string, error) {
	found := ""
	for at := dir; ; at = filepath.Dir(at) {
		if at != dir && isPublic(at) {
			return alone(found, dir), nil
		}
		if found == "" {
			path, err := settingsIn(at)
			if err != nil {
				return "", err
			}
			found = path
		}
		if _, err := os.Stat(filepath.Join(at, ".git")); err == nil {
			return found, nil
		}
		if filepath.Dir(at) == at {
			return alone(found, dir), nil
		}
	}
}

// alone is what was found in dir itself, outside of a repository.
func alone(found, dir string) string {
	if filepath.Dir(found) == filepath.Clean(dir) {
		return found
	}
	return ""
}

// isPublic reports whether everybody may put files into a folder.
func isPublic(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.Mode()&fs.ModeSticky != 0 && info.Mode().Perm()&0o002 != 0
}

// settingsIn is the settings file of a folder, or "".
func settingsIn(dir string) (string, error) {
	const remedy = "pass another file with --config FILE, or --config none to use no file"
	var found []string
	for _, name := range FileNames {
		path := filepath.Join(dir, name)
		switch info, err := os.Stat(path); {
		case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return "", &Error{Problem: "the settings file cannot be read: " + err.Error(), Remedy: remedy}
		case err != nil, info.IsDir():
		case !info.Mode().IsRegular():
			return "", &Error{Problem: "the settings file " + path + " is a pipe, a device or a socket, not a file", Remedy: remedy}
		default:
			found = append(found, path)
		}
	}
	if len(found) > 1 {
		return "", &Error{Problem: "found two settings files: " + strings.Join(found, " and "), Remedy: "remove one of them, or pass one with --config FILE"}
	}
	if len(found) == 0 {
		return "", nil
	}
	if err := ofRepository(found[0]); err != nil {
		return "", err
	}
	return found[0], nil
}

// ofRepository refuses a settings file that was found, and not named by the user, and
// that is a link to elsewhere: its errors would quote another file of the user.
func ofRepository(path string) error {
	var outside *Error
	if errors.As(inRepository("config", path, Origin{File: path}), &outside) {
		return &Error{Problem: "the settings file " + path + " is a link to a file outside the repository", Remedy: "pass it yourself, if you trust it: --config " + path}
	}
	return nil
}
