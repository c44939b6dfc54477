package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/nearest"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/yamltext"
)

// FormatVersion is the version of the settings file's format.
const FormatVersion = "1"

// File is a settings file that was read. Its zero value is no file.
type File struct {
	// Path is where it was read from; "" for no file.
	Path string

	requireTarget bool
	defaults      *layer
	targets       map[string]*layer
	targetsAt     position // where the word targets stands
	groups        map[string]*group
}

// position is a line and a column of the file, both from 1.
type position struct{ line, col int }

func placeOf(node *yaml.Node) position { return position{max(node.Line, 1), max(node.Column, 1)} }

// in is the place in a file: file:line:column.
func (p position) in(path string) string { return fmt.Sprintf("%s:%d:%d", path, p.line, p.col) }

// compare is how cmp.Compare puts places into the order of the file.
func (p position) compare(other position) int {
	return cmp.Or(cmp.Compare(p.line, other.line), cmp.Compare(p.col, other.col))
}

// Targets are the names of the file's targets, in the file's order.
func (f File) Targets() []string {
	layers := make([]*layer, 0, len(f.targets))
	for _, target := range f.targets {
		layers = append(layers, target)
	}
	slices.SortFunc(layers, func(a, b *layer) int { return a.at.compare(b.at) })
	names := make([]string, len(layers))
	for i, target := range layers {
		names[i] = target.target
	}
	return names
}

// FileError lists all that is wrong with a settings file.
type FileError struct {
	// Problems are lines of the form file:line:column: problem.
	Problems []string

	remedy string
}

// Error has a line for each problem.
func (e *FileError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines are the problems, each to be shown as a line.
func (e *FileError) Lines() []string { return e.Problems }

// Hint says what to do, or where the keys are described.
func (e *FileError) Hint() string {
	return cmp.Or(e.remedy, "use the names of the flags as keys; list all of them with ecs-deploy config schema")
}

// ExitCode is that of bad input.
func (e *FileError) ExitCode() int { return 3 }

// ReadFile reads a settings file. Problems with its content are a [*FileError];
// running is the version of the running program, which the file may bound with
// required-version. One that is no release, such as "", satisfies every bound.
func ReadFile(ctx context.Context, path, running string) (File, error) {
	content, err := Input{What: "the settings file", Path: path, Pipes: true, Remedy: "pass another file with --config FILE"}.Read(ctx)
	if err != nil {
		return File{}, err
	}
	return ParseFile(path, content, running)
}

// ParseFile reads the content of a settings file; path names it in errors, and
// the files that it names are relative to path's folder. See [ReadFile].
func ParseFile(path string, content []byte, running string) (File, error) {
	r := newFileReader(path, running)
	var syntax *yamltext.Error
	switch root, err := yamltext.Document(content); {
	case errors.As(err, &syntax):
		r.syntax(syntax, content)
	case err != nil:
		r.problem(&yaml.Node{}, "the file is empty; it begins with version: "+FormatVersion)
		r.remedy = "write version: " + FormatVersion + ", or replace it by a file for running services: ecs-deploy init --force -c CLUSTER -n SERVICE"
	default:
		r.top(resolved(root))
	}
	if err := r.err(); err != nil {
		return File{}, err
	}
	return r.file, nil
}

// topKeys are the keys of the file itself.
var topKeys = []string{"version", "required-version", "require-target", "defaults", "targets", "groups"}

func (r *fileReader) top(node *yaml.Node) {
	seen := false
	r.mapping(node, "the file", func(key, child *yaml.Node) {
		switch key.Value {
		case "version":
			seen = true
			if text, ok := plain(child); !ok || text != FormatVersion {
				r.problem(child, fmt.Sprintf("version %q is unknown; this ecs-deploy reads version %s", child.Value, FormatVersion))
				r.remedy = "write version: " + FormatVersion + ", or install an ecs-deploy that reads the version of the file"
			}
		case "required-version":
			r.requiredVersion(child)
		case "require-target":
			if text, ok := plain(child); !ok || inFile(toggle{&r.file.requireTarget}, text) != nil {
				r.problem(child, "require-target must be true or false")
			}
		case "defaults":
			r.mapping(child, "defaults", func(key, child *yaml.Node) { r.setting(r.file.defaults, key, child) })
		case "targets":
			r.file.targetsAt = placeOf(key)
			r.mapping(child, "targets", r.target)
		case "groups":
			r.mapping(child, "groups", r.group)
		default:
			r.problem(key, fmt.Sprintf("unknown key %q; %s", key.Value, r.topKeysLike(key.Value)))
		}
	})
	if !seen && node.Kind == yaml.MappingNode {
		r.problem(node, "the file has no version; it begins with version: "+FormatVersion)
	}
	r.extensions()
	r.selections()
}

// topKeysLike says which key may have been meant by one that is not known.
func (r *fileReader) topKeysLike(name string) string {
	if key, ok := r.keys[name]; ok && key.Source.InFile() {
		return "put it under defaults or in a target"
	}
	if like := nearest.Name(name, topKeys); like != "" {
		return fmt.Sprintf("did you mean %q?", like)
	}
	return "the known keys are " + strings.Join(topKeys, ", ")
}

// target reads one target.
func (r *fileReader) target(name, node *yaml.Node) {
	l := newLayer(name.Value, placeOf(name))
	r.file.targets[name.Value] = l
	r.mapping(node, "target "+name.Value, func(key, child *yaml.Node) {
		switch key.Value {
		case "extends":
		case "needs":
			l.needs = r.references("needs", child)
			return
		default:
			r.setting(l, key, child)
			return
		}
		text, ok := plain(child)
		if !ok || text == "" {
			r.problem(child, "extends must be the name of another target")
			return
		}
		l.extends = &reference{text, child}
	})
}

// among says which of some names may have been meant, or lists them.
func among(what, name string, names []string) string {
	if like := nearest.Name(name, names); like != "" {
		return fmt.Sprintf("did you mean %q?", like)
	}
	return "the " + what + " are " + strings.Join(names, ", ")
}
