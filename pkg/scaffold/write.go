package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// NewFile is a file that is to be written: whole, or not at all.
type NewFile struct {
	// Path is where.
	Path string
	// Replace: what is there already is replaced. Nothing else ever is.
	Replace bool
}

// newFileMode is that of a file that everybody may read, as far as the user's mask
// lets them.
const newFileMode = 0o644

// Check finds what would keep the file from being written, as far as that can be
// seen before. It fails with an [*config.Error].
func (f NewFile) Check() error {
	info, err := os.Stat(f.Path)
	dir := filepath.Dir(f.Path)
	switch {
	case err == nil && info.IsDir():
		return &config.Error{Problem: f.Path + " is a folder", Remedy: "pass the name of a file in it"}
	case err == nil && !info.Mode().IsRegular():
		return &config.Error{Problem: f.Path + " is not a regular file", Remedy: "pass another file"}
	case err == nil && !f.Replace:
		return f.exists()
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(f.Path); err == nil { // a link to nowhere
			return f.exists()
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return &config.Error{Problem: fmt.Sprintf("%s cannot be written: folder %s does not exist", f.Path, dir), Remedy: "create the folder, or pass another file"}
		}
	case err != nil:
		return f.cannot(err)
	}
	return nil
}

// Probe is Check for a file that is written later, after something that cannot be undone:
// it finds out whether its folder takes a new file.
func (f NewFile) Probe() error {
	if err := f.Check(); err != nil {
		return err
	}
	path, err := f.target()
	if err == nil {
		temporary := f.temporary(path)
		if err = writeSynced(temporary, nil, newFileMode); err == nil {
			err = os.Remove(temporary)
		}
	}
	if err != nil {
		return f.cannot(err)
	}
	return nil
}

// target is the path of the file that is written: where a link leads, if it exists.
func (f NewFile) target() (string, error) {
	path, err := filepath.EvalSymlinks(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return f.Path, nil
	}
	return path, err
}

// temporary is the file beside it that gets its name when it is complete.
func (f NewFile) temporary(path string) string {
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d", filepath.Base(path), os.Getpid()))
}

// Write writes the file. It fails with an [*config.Error], and then leaves what was there.
func (f NewFile) Write(text []byte) error {
	if err := f.Check(); err != nil {
		return err
	}
	mode := fs.FileMode(newFileMode)
	path, err := f.target()
	if err != nil {
		return f.cannot(err)
	}
	if info, err := os.Stat(path); err == nil { // to be replaced
		mode = info.Mode().Perm()
	}
	temporary := f.temporary(path)
	if err := writeSynced(temporary, text, mode); err != nil {
		return f.cannot(err)
	}
	defer func() { _ = os.Remove(temporary) }() // gone already, if all went well
	err = f.rename(temporary, path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return f.exists()
	case err != nil:
		return f.cannot(err)
	}
	return nil
}

// rename gives a file that was written its name.
func (f NewFile) rename(temporary, path string) error {
	if f.Replace {
		return os.Rename(temporary, path)
	}
	// A link, unlike a new name, never takes the place of a file that somebody else
	// has made in the meantime.
	err := os.Link(temporary, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := f.Check(); err != nil { // a file system without links
		return err
	}
	return os.Rename(temporary, path)
}

func writeSynced(path string, text []byte, mode fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync())
	err = errors.Join(err, file.Close())
	if err != nil {
		_ = os.Remove(path) // half of it is no use
	}
	return err
}

func (f NewFile) exists() error {
	return &config.Error{Problem: f.Path + " already exists", Remedy: "pass --force to replace it, or pass another file"}
}

func (f NewFile) cannot(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err // the path is the file's own, or a temporary one beside it
	}
	return &config.Error{Problem: fmt.Sprintf("%s cannot be written: %v", f.Path, err), Remedy: "pass a file that you can write"}
}

// DefinitionText is a task definition as the text of a file of this name, which
// reads back as the same definition: YAML for .yaml and .yml, and else JSON.
// unknown reports that it does so only with AllowUnknownFields.
func DefinitionText(name string, d taskdef.Definition) (text []byte, unknown bool, err error) {
	write := d.Template
	if slices.Contains([]string{".yaml", ".yml"}, strings.ToLower(filepath.Ext(name))) {
		write = d.TemplateYAML
	}
	if text, err = write(); err != nil {
		return nil, false, err
	}
	for _, unknown = range []bool{false, true} {
		var again taskdef.Definition
		again, err = taskdef.Parse(name, text, taskdef.ParseOptions{
			AllowUnknownFields: unknown, Variable: func(string) (string, bool) { return "", false },
		})
		if err == nil && len(again.Containers()) == 0 { // what ECS has may be odd, but not empty
			err = again.Check()
		}
		if err == nil && !taskdef.Equal(d, again) {
			err = fmt.Errorf("the definition %s, written to a file, would not be the same", d.Family())
		}
		if err == nil {
			return text, unknown, nil
		}
	}
	return nil, false, err
}
