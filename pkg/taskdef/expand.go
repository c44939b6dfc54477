package taskdef

// Variables in the values of a text, and what looks like one and is none.

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/utf8text"
)

// Expansion is a dollar in a text that was replaced.
type Expansion struct {
	// Line and Column are the place of the value that has it, counted from 1.
	Line, Column int
	// Path is the value's place in the definition: containerDefinitions[0].image.
	Path string
	// Written is what was replaced: ${NAME}, or $$. Of a default only its dots are
	// shown: it may be secret.
	Written string
	// Default: the default took the variable's place.
	Default bool
	// Value is what came in its place, in clear.
	Value string
}

// String is the expansion in a line, without the value.
func (e Expansion) String() string {
	what := Mask(e.Value)
	switch {
	case e.Written == "$$":
		what = "a dollar"
	case e.Default:
		what = "its default, " + what
	}
	return fmt.Sprintf("%d:%d: %s: %s is %s", e.Line, e.Column, e.Path, e.Written, what)
}

// expand replaces the variables in a value.
func (r *reader) expand(n *yaml.Node) string {
	if r.options.Variable == nil {
		return n.Value
	}
	r.doubtful(n)
	if !strings.Contains(n.Value, "$") {
		return n.Value
	}
	var b strings.Builder
	rest := n.Value
	for {
		before, after, found := strings.Cut(rest, "$")
		b.WriteString(before)
		switch {
		case !found:
			return b.String()
		case strings.HasPrefix(after, "$"):
			b.WriteString(r.expanded(n, Expansion{Written: "$$", Value: "$"}))
			rest = after[1:]
		case strings.HasPrefix(after, "{"):
			reference, behind, closed := strings.Cut(after[1:], "}")
			if !closed {
				r.problem(n, "${ has no closing brace; $$ is a dollar") // what follows may be a secret
				return ""
			}
			b.WriteString(r.variable(n, reference))
			rest = behind
		default: // a dollar that begins nothing
			b.WriteByte('$')
			rest = after
		}
	}
}

// expanded reports an expansion, and is its value.
func (r *reader) expanded(n *yaml.Node, e Expansion) string {
	if r.options.Expanded != nil {
		e.Line, e.Column, e.Path = n.Line, n.Column, r.path.String()
		r.options.Expanded(e)
	}
	return e.Value
}

// variable is the value of what stands between the braces: NAME or NAME:-default.
func (r *reader) variable(n *yaml.Node, reference string) string {
	name, fallback, hasDefault := strings.Cut(reference, ":-")
	written := "${" + name + "}"
	if hasDefault {
		written = "${" + name + ":-…}"
	}
	if !isVariable(name) {
		r.problem(n, "a variable is written ${NAME} or ${NAME:-default}; $$ is a dollar")
		return ""
	}
	if strings.Contains(fallback, "${") { // it would end at the first brace
		r.problem(n, "%s: a default is text, without variables of its own", written)
		return ""
	}
	value, ok := r.options.Variable(name)
	switch {
	case ok && utf8text.Reason(value) != "":
		r.problem(n, "the variable %s has %s", name, strings.Replace(utf8text.Reason(value), " is", ", which is", 1))
		return ""
	case ok && value != "", ok && !hasDefault:
		return r.expanded(n, Expansion{Written: written, Value: value})
	case hasDefault:
		return r.expanded(n, Expansion{Written: written, Default: true, Value: strings.ReplaceAll(fallback, "$$", "$")})
	}
	r.missing = true
	r.problem(n, "the variable %s is not set", name)
	return ""
}

// isVariable reports whether a text is a variable's name: letters, digits and
// underscores, and no digit first.
func isVariable(name string) bool { return name != "" && leadingName([]byte(name)) == name }

// leadingName is the variable's name with which a text begins, or "".
func leadingName(text []byte) string {
	length := slices.IndexFunc(text, func(c byte) bool {
		return c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
	if length < 0 {
		length = len(text)
	}
	if length > 0 && text[0] >= '0' && text[0] <= '9' {
		return ""
	}
	return string(text[:length])
}

// references are the names of the variables in a text: those in braces, or those
// without.
func references(text string, braces bool) []string {
	var names []string
	for {
		_, after, found := strings.Cut(text, "$")
		if !found {
			return names
		}
		text = after
		inner, braced := strings.CutPrefix(after, "{")
		name := leadingName([]byte(inner))
		switch {
		case strings.HasPrefix(after, "$"): // a dollar
			text = after[1:]
		case braced == braces && name != "":
			names = append(names, name)
		}
	}
}

// variablesIn is a text's variables as they are written: "${PORT}".
func variablesIn(text string) string {
	names := references(text, true)
	for i, name := range names {
		names[i] = "${" + name + "}"
	}
	return strings.Join(names, "")
}

// doubtful warns of what other programs read as a variable, and this one does not.
// A command is mostly read by a shell, which has variables of its own; an image with
// such a thing in it is refused when it is known which images there are.
func (r *reader) doubtful(n *yaml.Node) {
	if r.options.Warn == nil || !strings.ContainsAny(n.Value, "${") || r.path.forShell() || r.path.forImage() {
		return
	}
	if names := references(n.Value, false); len(names) > 0 {
		r.warn(n, "%s: $%s stays as it is; a variable is written ${%s}", r.path, names[0], names[0])
	}
	if _, inner, found := strings.Cut(n.Value, "{{"); found {
		if name := leadingName([]byte(strings.TrimLeft(inner, " -"))); name != "" { // {{.Name}} is for log drivers
			r.warn(n, "%s: {{ %s … }} stays as it is; ecs-deploy does not expand the templates of other programs", r.path, name)
		}
	}
}

func (r *reader) warn(n *yaml.Node, format string, args ...any) {
	if r.options.Warn != nil {
		r.options.Warn(Problem{Line: n.Line, Column: n.Column, Reason: fmt.Sprintf(format, args...)})
	}
}

// literal warns that variables stay as they are in a text that is no template,
// because somebody may have written them into it.
type literal struct {
	*reader
	asked bool // variables would be read otherwise
}

func (l *literal) warn(root *yaml.Node) {
	if !l.asked {
		return
	}
	l.visited = 0 // it is read once more
	if n, name := l.first(root); n != nil {
		l.reader.warn(n, "this is output of DescribeTaskDefinition: ${%s} and every other variable stay as they are (pass --no-variables to confirm)", name)
	}
}

// first is the first value with a variable.
func (l *literal) first(n *yaml.Node) (*yaml.Node, string) {
	if n.Kind == yaml.ScalarNode {
		if names := references(n.Value, true); len(names) > 0 {
			return n, names[0]
		}
	}
	for _, inner := range n.Content {
		if l.visited++; l.visited > visitLimit {
			return nil, ""
		}
		if found, name := l.first(inner); found != nil { // an alias has no content: what it stands for was seen
			return found, name
		}
	}
	return nil, ""
}
