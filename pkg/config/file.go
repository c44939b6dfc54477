package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// FileName is the name of the file that is looked for.
const FileName = "ecs-deploy.yaml"

// version is the version of the file's format.
const version = "1"

// File is a settings file that was read.
type File struct {
	// Path is where it was read from; "" for no file.
	Path string
	// values are the settings by key, as they are written.
	values map[string]value
}

// value is what the file says of one key, and where.
type value struct {
	texts     []string
	line, col int
}

// FileError lists all that is wrong with a settings file.
type FileError struct {
	// Problems are lines of the form file:line:column: problem.
	Problems []string
}

// Error has a line for each problem.
func (e *FileError) Error() string { return strings.Join(e.Problems, "\n") }

// Hint says where the keys are described.
func (e *FileError) Hint() string { return "docs/configuration.md lists the keys" }

// ExitCode is that of bad input.
func (e *FileError) ExitCode() int { return 3 }

// Find looks for the settings file in dir and above it, up to the root of the
// repository. It returns "" where there is none.
func Find(dir string) string {
	for {
		path := filepath.Join(dir, FileName)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
		_, err := os.Stat(filepath.Join(dir, ".git"))
		parent := filepath.Dir(dir)
		if err == nil || parent == dir {
			return ""
		}
		dir = parent
	}
}

// ReadFile reads a settings file. Problems with its content are a [*FileError].
func ReadFile(path string) (File, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return File{}, &Error{Problem: "the settings file cannot be read: " + err.Error(), Remedy: "name another with --config"}
	}
	return ParseFile(path, content)
}

// ParseFile reads the content of a settings file; path names it in errors.
func ParseFile(path string, content []byte) (File, error) {
	var root yaml.Node
	reader := fileReader{path: path, file: File{Path: path, values: map[string]value{}}}
	switch err := firstDocument(content, &root); {
	case errors.Is(err, io.EOF):
		reader.problem(&root, "the file is empty; it begins with version: "+version)
	case err != nil:
		reader.syntax(err)
	default:
		reader.top(root.Content[0])
	}
	if len(reader.problems) > 0 {
		return File{}, &FileError{Problems: reader.problems}
	}
	return reader.file, nil
}

// firstDocument reads the only document of a file. It returns io.EOF for a file
// without one.
func firstDocument(content []byte, root *yaml.Node) error {
	loader, err := yaml.NewLoader(bytes.NewReader(content))
	if err != nil {
		return err
	}
	if err := loader.Load(root); err != nil {
		return err
	}
	var second yaml.Node
	if err := loader.Load(&second); err == nil {
		return &yaml.LoadError{Message: "a second document begins here; the file is one", Mark: yaml.Mark{Line: second.Line, Column: second.Column}}
	}
	return nil
}

// fileReader walks the document and collects every problem with its place.
type fileReader struct {
	path     string
	file     File
	problems []string
}

func (r *fileReader) problem(node *yaml.Node, text string) {
	r.problems = append(r.problems, fmt.Sprintf("%s:%d:%d: %s", r.path, max(node.Line, 1), max(node.Column, 1), text))
}

// syntax reports that the file is no YAML, at the place where that shows.
func (r *fileReader) syntax(err error) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		r.problem(&yaml.Node{}, strings.Join(strings.Fields(err.Error()), " "))
		return
	}
	mark, message := load.Mark, load.Message
	if mark.Line == 0 {
		mark = load.ContextMark
	}
	if load.ContextMsg != "" {
		message += " " + load.ContextMsg
	}
	r.problem(&yaml.Node{Line: mark.Line, Column: mark.Column}, message)
}

func (r *fileReader) top(node *yaml.Node) {
	seen := false
	r.mapping(node, "the file", func(key, child *yaml.Node) {
		switch key.Value {
		case "version":
			seen = true
			if child.Value != version {
				r.problem(child, fmt.Sprintf("version %q is not known; this program reads version %s", child.Value, version))
			}
		case "defaults":
			r.mapping(child, "defaults", r.setting)
		default:
			r.problem(key, fmt.Sprintf("unknown key %q; known are version, defaults", key.Value))
		}
	})
	if !seen && node.Kind == yaml.MappingNode {
		r.problem(node, "the file has no version; it begins with version: "+version)
	}
}

// mapping calls each for every pair, and reports duplicate keys.
func (r *fileReader) mapping(node *yaml.Node, what string, each func(key, child *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		r.problem(node, what+" must be a mapping of keys to values")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, child := node.Content[i], node.Content[i+1]
		if seen[key.Value] {
			r.problem(key, fmt.Sprintf("key %q stands here a second time", key.Value))
			continue
		}
		seen[key.Value] = true
		each(key, child)
	}
}

func (r *fileReader) setting(name, node *yaml.Node) {
	key, ok := findKey(name.Value)
	switch {
	case !ok:
		r.problem(name, fmt.Sprintf("unknown key %q; known are %s", name.Value, strings.Join(fileKeys(), ", ")))
		return
	case !key.Source.InFile():
		r.problem(name, fmt.Sprintf("%q cannot be set in a file; use the flag --%s", name.Value, name.Value))
		return
	}
	found := value{line: node.Line, col: node.Column}
	_, several := key.Value.(list)
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag != "!!null":
		found.texts = []string{node.Value}
	case node.Kind == yaml.SequenceNode && several:
		for _, element := range node.Content {
			if element.Kind != yaml.ScalarNode {
				r.problem(element, fmt.Sprintf("%s takes a list of plain values", name.Value))
				return
			}
			found.texts = append(found.texts, element.Value)
		}
	default:
		r.problem(node, fmt.Sprintf("%s takes a plain value", name.Value))
		return
	}
	// Read it now into settings that nobody uses, so that a bad value is
	// reported with its place even where a flag overrides it.
	for _, text := range found.texts {
		if err := key.Value.Set(text); err != nil {
			r.problem(node, fmt.Sprintf("%s: %v", name.Value, err))
		}
	}
	r.file.values[name.Value] = found
}

// findKey finds a key in a table of its own.
func findKey(name string) (Key, bool) {
	keys := new(Settings).Keys()
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return keys[i], true
}

// fileKeys are the names of the keys that a file may have.
func fileKeys() []string {
	var names []string
	for _, key := range new(Settings).Keys() {
		if key.Source.InFile() {
			names = append(names, key.Name)
		}
	}
	slices.Sort(names)
	return names
}
