package config

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/yamltext"
)

// fileReader walks the document and collects every problem with its place.
type fileReader struct {
	file     File
	running  string
	keys     map[string]Key // bound to settings that nobody uses
	problems []problem
	listed   bool   // the keys were listed
	remedy   string // of the first problem, if it is the only one; "" is that of all
	outdated string // why this version of the program does not do, or ""
}

func newFileReader(path, running string) *fileReader {
	return &fileReader{
		file:    File{Path: path, defaults: newLayer("", position{1, 1}), targets: map[string]*layer{}, groups: map[string]*group{}},
		running: running, keys: byName(new(Settings).Keys()),
	}
}

// problem is what is wrong at a place of the file.
type problem struct {
	at   position
	text string
}

// err is all that was found, from the first line to the last. A file for another version of the program may have
// keys that this one does not know, so that nothing else is told of it.
func (r *fileReader) err() error {
	switch {
	case r.outdated != "":
		return &FileError{Problems: []string{r.outdated}, remedy: "install a version that the file allows; ecs-deploy version prints yours"}
	case len(r.problems) == 0:
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b problem) int { return a.at.compare(b.at) })
	lines := make([]string, len(r.problems))
	for i, p := range r.problems {
		lines[i] = p.at.in(r.file.Path) + ": " + p.text
	}
	if len(lines) > 1 {
		r.remedy = ""
	}
	return &FileError{Problems: lines, remedy: r.remedy}
}

// syntax reports where the file is not YAML. The parser's words about a tab are those
// of a grammar, and differ by where it stands.
func (r *fileReader) syntax(err *yamltext.Error, content []byte) {
	at := &yaml.Node{Line: err.Line, Column: err.Column}
	if indentedByTab(content, err.Line) {
		r.problem(at, "YAML does not allow tabs for indentation")
		r.remedy = "indent with spaces"
		return
	}
	r.problem(at, err.Reason)
	r.remedy = "check the indentation of this line and of those above it, and that quotes and brackets are closed"
}

// indentedByTab reports whether there is a tab before the first word of a line, counted from 1.
func indentedByTab(content []byte, number int) bool {
	lines := bytes.Split(content, []byte("\n"))
	if number < 1 || number > len(lines) {
		return false
	}
	line := lines[number-1]
	return bytes.ContainsRune(line[:len(line)-len(bytes.TrimLeft(line, " \t"))], '\t')
}

func (r *fileReader) problem(node *yaml.Node, text string) {
	r.problems = append(r.problems, problem{placeOf(node), text})
}

// mapping calls each for every pair, and reports keys that are none, and
// duplicates.
func (r *fileReader) mapping(node *yaml.Node, what string, each func(key, child *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		r.problem(node, what+" must be a mapping of keys to values")
		return
	}
	seen := make(map[string]bool, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, child := resolved(node.Content[i]), resolved(node.Content[i+1])
		name, ok := plain(key)
		switch {
		case ok && key.Tag == "!!merge":
			r.problem(key, "merge keys are not supported; use extends: NAME to inherit from another target")
		case !ok || name == "":
			r.problem(key, "a key of "+what+" must be a name")
		case seen[name]:
			r.problem(key, fmt.Sprintf("duplicate key %q", name))
		default:
			seen[name] = true
			each(key, child)
		}
	}
}

// resolved is what an alias stands for, at the alias's place; any other node is
// itself.
func resolved(node *yaml.Node) *yaml.Node {
	if node.Kind != yaml.AliasNode {
		return node
	}
	meant := *node.Alias
	meant.Line, meant.Column = node.Line, node.Column
	return &meant
}

// isNull reports whether a node says null.
func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

// plain is the text of a plain value, exactly as it is written: no number, date
// or switch is made of it. There is none of a mapping, a list, null, or a value
// with a tag of somebody else's.
func plain(node *yaml.Node) (string, bool) {
	tagged := node.Style&yaml.TaggedStyle != 0 && node.Tag != "!!str"
	return node.Value, node.Kind == yaml.ScalarNode && !isNull(node) && !tagged
}
