package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/nearest"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

// layer is one mapping of keys to values: the defaults, or a target.
type layer struct {
	target  string // the target's name; "" for the defaults
	at      position
	extends *reference
	// needs are the words that choose the targets which are deployed before, and waits
	// the names of these.
	needs []*reference
	waits []string
	// values are the settings that a higher layer replaces.
	values map[string]value
	// entries are the elements of maps, which a higher layer adds to, in the order
	// in which they are applied.
	entries map[string][]placedEntry
}

// reference is the name of another target, where it stands.
type reference struct {
	name string
	node *yaml.Node
}

// value is what a layer says of a key: one text, or those of a list, or null: it is
// as if no layer below had said anything.
type value struct {
	texts  []string
	null   bool
	origin Origin
	height int
}

// placedEntry is an element of a map, and where it stands.
type placedEntry struct {
	Entry
	origin Origin
	height int
}

func newLayer(target string, at position) *layer {
	return &layer{target: target, at: at, values: map[string]value{}, entries: map[string][]placedEntry{}}
}

// setting reads one key of a layer. It is parsed into scratch settings, so that a bad
// value is reported with its place even if a flag overrides it.
func (r *fileReader) setting(l *layer, name, node *yaml.Node) {
	key, ok := r.keys[name.Value]
	switch {
	case !ok:
		r.problem(name, fmt.Sprintf("unknown key %q; %s", name.Value, r.keysLike(l, name.Value)))
		return
	case !key.Source.InFile():
		r.problem(name, fmt.Sprintf("%q cannot be set in a file; use the flag --%s", name.Value, name.Value))
		return
	}
	v, isMap := key.Value.(entryValue)
	if isNull(node) && !isMap && l.target != "" {
		l.values[key.Name] = value{null: true, origin: r.origin(l, node)}
		return
	}
	switch key.Value.(type) {
	case entryValue:
		r.entries(l, key, v, node)
	case steps:
		r.steps(l, key, node)
	case list, names:
		r.list(l, key, node)
	default:
		text, ok := plain(node)
		if !ok {
			r.problem(node, key.Name+" takes a plain value")
			return
		}
		if r.set(key, node, text) {
			l.values[key.Name] = value{texts: []string{r.fromHere(key, text)}, origin: r.origin(l, node)}
		}
	}
}

// keysLike says which key may have been meant by one that is not known. All of
// them are listed once: the list is longer than most files.
func (r *fileReader) keysLike(l *layer, name string) string {
	var known []string
	if l.target != "" {
		known = append(known, "extends", "needs")
	}
	for _, key := range r.keys {
		if key.Source.InFile() {
			known = append(known, key.Name)
		}
	}
	slices.Sort(known)
	if like := nearest.Name(name, known); like != "" {
		return fmt.Sprintf("did you mean %q?", like)
	}
	if r.listed {
		return "the list above has the known keys"
	}
	r.listed = true
	return "the known keys are " + strings.Join(known, ", ")
}

func (r *fileReader) origin(l *layer, node *yaml.Node) Origin {
	at := placeOf(node)
	origin := Origin{Layer: Defaults, File: r.file.Path, Line: at.line, Column: at.col}
	if l.target != "" {
		origin.Layer, origin.Name = Target, l.target
	}
	return origin
}

// inFile sets a value to a text of the file. There, a switch is true or false, as
// in YAML 1.2: what yes, on or 1 is, editors and other programs would dispute.
func inFile(v pflag.Value, text string) error {
	if _, is := v.(toggle); is && text != "true" && text != "false" {
		return fmt.Errorf("%q is not true or false", text)
	}
	return v.Set(text)
}

// set reads a text as the flag of the same name does.
func (r *fileReader) set(key Key, node *yaml.Node, text string) bool {
	err := inFile(key.Value, text)
	if err == nil && key.Name == "image" {
		_, err = image.Parse(text)
	}
	if err == nil && key.Name == "endpoint-url" && InClear(text) {
		err = fmt.Errorf("a file cannot name %s: it would send AWS requests to another machine over plain http; use https, or pass --endpoint-url", printable.WithoutSecrets(text))
	}
	if err != nil {
		r.problem(node, fmt.Sprintf("%s: %v", key.Name, err))
	}
	return err == nil
}

// fromHere makes the name of a file, which is relative to the settings file,
// relative to the working directory.
func (r *fileReader) fromHere(key Key, text string) string {
	if slices.Contains(FileKeys, key.Name) {
		text = strings.TrimPrefix(text, fileScheme)
	}
	if !slices.Contains(FileKeys, key.Name) || text == "" || text == "-" || filepath.IsAbs(text) {
		return text
	}
	return filepath.Join(filepath.Dir(r.file.Path), text)
}

// list reads a key that takes several texts, or one.
func (r *fileReader) list(l *layer, key Key, node *yaml.Node) {
	found := value{texts: []string{}, origin: r.origin(l, node)}
	for _, element := range elements(node) {
		text, ok := plain(element)
		if !ok {
			r.problem(element, key.Name+" takes a plain value or a list of plain values")
			return
		}
		if !r.set(key, element, text) {
			return
		}
		found.texts = append(found.texts, text)
	}
	l.values[key.Name] = found
}

// elements are those of a list, or the node itself, if there is no list.
func elements(node *yaml.Node) []*yaml.Node {
	if node.Kind != yaml.SequenceNode {
		return []*yaml.Node{node}
	}
	var found []*yaml.Node
	for _, element := range node.Content {
		found = append(found, resolved(element))
	}
	return found
}

// entries reads a key that is a map.
func (r *fileReader) entries(l *layer, key Key, v entryValue, node *yaml.Node) {
	add := func(e Entry, node *yaml.Node) {
		if err := add(v, e); err != nil {
			r.problem(node, fmt.Sprintf("%s: %v", key.Name, err))
			return
		}
		into := mapName(key)
		l.entries[into] = append(l.entries[into], placedEntry{Entry: e, origin: r.origin(l, node)})
	}
	switch v := v.(type) {
	case perContainer:
		r.mapping(node, key.Name, func(container, child *yaml.Node) {
			e := Entry{Container: container.Value}
			if e.Unset = isNull(child) && l.target != ""; e.Unset { // it clears the value from lower layers
				add(e, child)
				return
			}
			r.ofContainer(key, v, e, child, add)
		})
	case files:
		r.envFiles(l, key, node, add)
	case tags:
		r.mapping(node, key.Name, func(name, child *yaml.Node) { r.named(key, Entry{Name: name.Value}, child, add) })
	case entries:
		if v.unset {
			r.removals(key, v, node, add)
			break
		}
		r.mapping(node, key.Name, func(name, child *yaml.Node) {
			place, rest, mixed := strings.Cut(name.Value, ":")
			switch {
			case child.Kind == yaml.MappingNode:
			case mixed: // it would be the name of a variable of every container
				r.problem(name, fmt.Sprintf(`%s: %q is the syntax of the flag; write %s: {%s: …}, or "*": {%q: …} for a name with a colon`, key.Name, name.Value, place, rest, name.Value))
				return
			default:
				r.named(key, Entry{Name: name.Value}, child, add)
				return
			}
			container := everyContainer(name.Value)
			r.mapping(child, key.Name+" of "+name.Value, func(name, child *yaml.Node) {
				r.named(key, Entry{Container: container, Name: name.Value}, child, add)
			})
		})
	}
	inOrder(l.entries[mapName(key)])
}

// envFiles reads a file, a list of files, or a mapping of containers to either.
func (r *fileReader) envFiles(l *layer, key Key, node *yaml.Node, add func(Entry, *yaml.Node)) {
	of := func(container string, node *yaml.Node) {
		for _, element := range elements(node) {
			text, ok := plain(element)
			if !ok {
				r.problem(element, key.Name+" takes a file name, a list of file names, or either for each container")
				continue
			}
			add(Entry{Container: container, Value: r.fromHere(key, text)}, element)
		}
	}
	if node.Kind != yaml.MappingNode {
		of("", node)
		return
	}
	r.mapping(node, key.Name, func(container, child *yaml.Node) { of(everyContainer(container.Value), child) })
}

// named reads the value of a named element: a plain one, or null, which removes
// it.
func (r *fileReader) named(key Key, e Entry, node *yaml.Node, add func(Entry, *yaml.Node)) {
	text, ok := plain(node)
	if !ok && !isNull(node) {
		r.problem(node, fmt.Sprintf("%s: %s takes a plain value, or null to remove the entry", key.Name, e.Name))
		return
	}
	e.Unset = isNull(node)
	if ok {
		e.Value = text
	}
	add(e, node)
}

// ofContainer reads what a container has only one of: a plain value, or a list
// of words.
func (r *fileReader) ofContainer(key Key, v perContainer, e Entry, node *yaml.Node, add func(Entry, *yaml.Node)) {
	text, ok := plain(node)
	switch {
	case v.words && node.Kind == yaml.SequenceNode:
		text, ok = wordList(node)
		if !ok {
			r.problem(node, fmt.Sprintf("%s of %s takes words or a list of words", key.Name, e.Container))
			return
		}
	case !ok:
		r.problem(node, fmt.Sprintf("%s of %s takes a plain value", key.Name, e.Container))
		return
	}
	if key.Name == "container" {
		if _, err := image.Parse(text); err != nil {
			r.problem(node, fmt.Sprintf("%s of %s: %v", key.Name, e.Container, err))
			return
		}
	}
	e.Value = text
	add(e, node)
}

// wordList is a list of plain values as JSON.
func wordList(node *yaml.Node) (string, bool) {
	words := []string{}
	for _, element := range elements(node) {
		word, ok := plain(element)
		if !ok {
			return "", false
		}
		words = append(words, word)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(words)
	return strings.TrimSpace(text.String()), err == nil
}

// removals reads a list of [CONTAINER:]NAME, as the flag takes them.
func (r *fileReader) removals(key Key, v entries, node *yaml.Node, add func(Entry, *yaml.Node)) {
	for _, element := range elements(node) {
		text, ok := plain(element)
		if !ok {
			r.problem(element, key.Name+" takes a plain value or a list of plain values")
			continue
		}
		if !r.set(key, element, text) {
			continue
		}
		read := *v.field()
		add(read[len(read)-1], element)
	}
}

// mapName is the key of the map that a key's entries go to: unset-env removes
// entries of env.
func mapName(key Key) string { return strings.TrimPrefix(key.Name, unsetPrefix) }

// unsetPrefix begins the names of the keys that remove entries of a map.
const unsetPrefix = "unset-"

// inOrder puts the entries of one layer into the order in which they are
// applied: what is said of every container before what is said of one, and what
// is removed before what is set.
func inOrder(said []placedEntry) {
	rank := func(e placedEntry) int {
		rank := 0
		if e.Container != "" {
			rank += 2
		}
		if !e.Unset {
			rank++
		}
		return rank
	}
	slices.SortStableFunc(said, func(a, b placedEntry) int { return cmp.Compare(rank(a), rank(b)) })
}
