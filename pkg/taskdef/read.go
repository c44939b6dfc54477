package taskdef

// From a tree of nodes to a document, held against the schema of ECS on the way.

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/nearest"
)

// visitLimit bounds the nodes of a document: with aliases a short YAML text can
// stand for an endless one. ECS takes 64 KiB.
const visitLimit = 200_000

// reader makes a document of a tree and collects every problem with its place.
type reader struct {
	options   ParseOptions
	origin    *origin
	path      path // of what is being read
	problems  []Problem
	visited   int
	unknown   bool // a field was unknown
	misplaced bool // a field is one of another object
	missing   bool // a variable was
	bare      bool // a list was given where an object with it is wanted
}

func (r *reader) problem(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, Problem{Line: n.Line, Column: n.Column, Reason: fmt.Sprintf(format, args...)})
}

// misfit is a problem with the value at the reader's path, which is a part of the
// text: a column in a line of many kilobytes helps nobody.
func (r *reader) misfit(n *yaml.Node, format string, args ...any) {
	r.problem(n, "%s: "+format, append([]any{r.path}, args...)...)
}

func (r *reader) hint() string {
	switch {
	case r.missing:
		return "set the variables, or write ${NAME:-default}; write $$ for a dollar, or pass --no-variables to expand nothing"
	case r.unknown:
		return "correct the name, or pass --allow-unknown-fields if the field is newer than this program"
	case r.misplaced:
		return "move the field to where ECS has it"
	case r.bare:
		return `write {"family": "NAME", "containerDefinitions": […]}`
	}
	return formsHint
}

// definition reads the whole: a definition, or one in the wrapper of
// DescribeTaskDefinition.
func (r *reader) definition(root *yaml.Node) Definition {
	if root.Kind != yaml.MappingNode {
		r.noObject(root)
		return Definition{}
	}
	names := keysOf(root)
	wrapped := slices.Contains(names, "taskDefinition")
	fromECS := func(name string) bool { return slices.Contains(outputOnly, name) }
	var stay *literal
	if wrapped || slices.ContainsFunc(names, fromECS) { // ECS has said it, and knows no variables
		stay, r.options.Variable = &literal{reader: r, asked: r.options.Variable != nil}, nil
	}
	var d Definition
	if wrapped {
		d = r.described(root)
	} else {
		d = clean(r.input(root))
	}
	if stay != nil {
		stay.warn(root)
	}
	d.origin = r.origin
	return d
}

// keysOf are the names of a mapping's members.
func keysOf(mapping *yaml.Node) []string {
	var names []string
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		names = append(names, mapping.Content[i].Value)
	}
	return names
}

// noObject says what stands in the place of a task definition.
func (r *reader) noObject(n *yaml.Node) {
	has := func(names ...string) bool {
		return n.Kind == yaml.SequenceNode && slices.ContainsFunc(n.Content, func(element *yaml.Node) bool {
			return slices.ContainsFunc(keysOf(resolved(element)), func(key string) bool { return slices.Contains(names, key) })
		})
	}
	switch {
	case len(n.Content) > 1 && has("taskDefinition", "family", "containerDefinitions"):
		r.problem(n, "a task definition is an object, this is a list of %d of them; write each into its own file", len(n.Content))
	case has("image"):
		r.bare = true
		r.problem(n, "a task definition is an object, this is a list of containers alone")
	default:
		r.problem(n, "a task definition is an object, this is %s", nodeName(n))
	}
}

// wrappings are the members that SDKs put beside taskDefinition: boto3 and that of
// JavaScript.
var wrappings = []string{"ResponseMetadata", "$metadata"}

// described reads the output of DescribeTaskDefinition.
func (r *reader) described(root *yaml.Node) Definition {
	doc := map[string]any{}
	for _, m := range r.members(root) {
		switch m.key.Value {
		case "taskDefinition":
			if inner := r.input(m.value); inner != nil {
				doc["taskDefinition"] = inner
			}
		case "tags":
			tags, _ := registration().member("tags")
			r.path.push("tags")
			doc["tags"] = r.value(m.value, tags)
			r.path.pop()
		case wrappings[0], wrappings[1]:
		default:
			r.problem(m.key, "unknown field %q beside taskDefinition; only tags is allowed there", fieldName(m.key))
		}
	}
	return unwrap(doc)
}

// input reads the members that can be registered, and those that only
// DescribeTaskDefinition has.
func (r *reader) input(n *yaml.Node) map[string]any {
	if n.Kind != yaml.MappingNode {
		r.noObject(n)
		return nil
	}
	if slices.Contains(keysOf(n), "taskDefinition") {
		r.problem(n, "a taskDefinition contains another taskDefinition")
		return nil
	}
	return r.object(n, registration(), outputOnly)
}

// member is one member of an object.
type member struct{ key, value *yaml.Node }

// members are those of a mapping, with those that a merge key (<<) brings in.
func (r *reader) members(n *yaml.Node) []member {
	var own, merged []member
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], resolved(n.Content[i+1])
		switch {
		case key.Tag == "!!merge":
			merged = append(merged, r.merged(value)...)
		case key.Kind != yaml.ScalarNode:
			r.problem(key, "the name of a field is text, this is %s%s", nodeName(key), ifTemplate(key))
		case seen[key.Value]:
			r.problem(key, "duplicate field %q", fieldName(key))
		default:
			seen[key.Value] = true
			own = append(own, member{key, value})
		}
	}
	for _, m := range merged {
		if !seen[m.key.Value] {
			seen[m.key.Value] = true
			own = append(own, m)
		}
	}
	return own
}

// ifTemplate adds to a problem that YAML has read {{ X }} as an object whose name is an
// object.
func ifTemplate(key *yaml.Node) string {
	if key.Kind == yaml.MappingNode && key.Style&yaml.FlowStyle != 0 {
		return "; {{ … }} is a template of another program: render it first, or write ${NAME}"
	}
	return ""
}

// merged are the members that a merge key's value stands for.
func (r *reader) merged(value *yaml.Node) []member {
	if r.endless(value) {
		return nil
	}
	switch value.Kind {
	case yaml.MappingNode:
		return r.members(value)
	case yaml.SequenceNode:
		var all []member
		for _, element := range value.Content {
			all = append(all, r.merged(resolved(element))...)
		}
		return all
	}
	r.problem(value, "<< expects an object or a list of them, this is %s", nodeName(value))
	return nil
}

// resolved is what an alias stands for.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// endless counts the nodes, and says once that there are too many.
func (r *reader) endless(n *yaml.Node) bool {
	if r.visited++; r.visited == visitLimit+1 {
		r.problem(n, "this is too large, or refers to itself")
	}
	return r.visited > visitLimit
}

// value reads one value as its shape says.
func (r *reader) value(n *yaml.Node, s shape) any {
	if r.endless(n) {
		return nil
	}
	if len(r.path) <= placedDepth {
		r.origin.places[r.path.String()] = place{n.Line, n.Column}
	}
	switch n.Kind {
	case yaml.MappingNode:
		if !r.is(n, s, objectKind, stringsKind) {
			return nil
		}
		return r.object(n, s, nil)
	case yaml.SequenceNode:
		if !r.is(n, s, listKind) {
			return nil
		}
		return r.list(n, s)
	case yaml.ScalarNode:
		return r.scalar(n, s)
	}
	r.problem(n, "this is not a value")
	return nil
}

// is reports whether a node's shape is of one of the kinds, or unknown.
func (r *reader) is(n *yaml.Node, s shape, kinds ...kind) bool {
	if s.kind() == anything || slices.Contains(kinds, s.kind()) {
		return true
	}
	r.misfit(n, "this is %s; ECS expects %s here", nodeName(n), s.kind())
	return false
}

func (r *reader) object(n *yaml.Node, s shape, also []string) map[string]any {
	object := map[string]any{}
	for _, m := range r.members(n) {
		name := m.key.Value
		if slices.Contains(also, name) {
			continue
		}
		field, known := s.member(name)
		if !known && !r.options.AllowUnknownFields {
			r.unknownField(m.key, s, also)
			continue
		}
		if m.value.Tag == "!!null" { // on the wire null means "absent"
			if s.pair() && name == "value" { // but a variable without a value is an empty one
				object[name] = ""
			}
			continue
		}
		r.path.push(name)
		object[name] = r.value(m.value, field)
		r.path.pop()
	}
	return object
}

func (r *reader) unknownField(key *yaml.Node, s shape, also []string) {
	if owners := ownersOf(key.Value); owners != "" && s.kind() == objectKind {
		r.misplaced = true
		r.problem(key, "%q is a field of %s, and not of %s", key.Value, owners, ownerName(r.path.pattern()))
		return
	}
	r.unknown = true
	if like := nearest.Name(key.Value, append(s.names(), also...)); like != "" {
		r.problem(key, "unknown field %q; did you mean %q?", fieldName(key), like)
		return
	}
	r.problem(key, "unknown field %q", fieldName(key))
}

func (r *reader) list(n *yaml.Node, s shape) []any {
	list := make([]any, 0, len(n.Content))
	for _, element := range n.Content {
		element = resolved(element)
		if element.Tag == "!!null" {
			r.misfit(element, "null is not allowed in a list")
			continue
		}
		r.path.index(len(list))
		list = append(list, r.value(element, s.element()))
		r.path.pop()
	}
	return list
}

// scalar reads a plain value: as what ECS takes there, if it can be that.
func (r *reader) scalar(n *yaml.Node, s shape) any {
	before := len(r.problems)
	text := r.expand(n)
	switch s.kind() {
	case textKind:
		return text
	case numberKind:
		if number := plainNumber(json.Number(text)); n.Tag != "!!bool" && isNumber(text) && isWhole(number) {
			return number
		}
	case boolKind:
		if value, err := strconv.ParseBool(text); err == nil && (text == "true" || text == "false") {
			return value
		}
	case anything:
		return r.plain(n, text)
	}
	switch {
	case len(r.problems) > before: // what it would be is not known
	case text != n.Value: // what variables put into it stays unsaid
		r.misfit(n, "with the values of its variables, %s is not %s, which ECS expects here", variablesIn(n.Value), s.kind())
	case s.kind() == numberKind && nodeName(n) == aNumber:
		r.misfit(n, "this is a number, %s; ECS expects %s here", n.Value, s.kind())
	default: // the value may be a secret in the wrong place
		r.misfit(n, "this is %s; ECS expects %s here", nodeName(n), s.kind())
	}
	return nil
}

// plain reads a value of which nothing is known.
func (r *reader) plain(n *yaml.Node, text string) any {
	switch {
	case n.Tag == "!!bool":
		return strings.EqualFold(text, "true") // also True and TRUE
	case (n.Tag == "!!int" || n.Tag == "!!float") && isNumber(text):
		return json.Number(text)
	}
	return text
}

// isNumber reports whether a text is a number as JSON writes it.
func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text))
}

// isWhole reports whether a number is written as whole numbers are.
func isWhole(number json.Number) bool { return !strings.ContainsAny(string(number), ".eE") }

// fieldName is the name of a field, without what is behind an equals sign: a
// variable with its value in the place of a field.
func fieldName(key *yaml.Node) string {
	name, _, found := strings.Cut(key.Value, "=")
	if found {
		name += "=…"
	}
	return name
}

const aNumber = "a number"

func nodeName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "an object"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!null":
		return "null"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return aNumber
	}
	return "a string"
}
