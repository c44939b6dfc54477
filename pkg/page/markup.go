package page

// Markup that is right by its types: names of elements and attributes are constants of
// this package, and every text and value passes one escape. Package html/template would
// do the same; it makes the program a fifth larger, because it calls methods by their
// names, and then the linker keeps every method of the AWS SDK.

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

// node is a part of a page.
type node interface{ write(b *builder) }

// builder is a page in the making.
type builder struct {
	strings.Builder
	letters int // how many characters a text has at most
}

// tag is the name of an element, key that of an attribute. A variable of type string is
// neither, so that no text of others can be one.
type (
	tag string
	key string
)

// text is text of anybody, shown as it is: what acts in a browser is escaped, and what
// cannot be seen is written as an escape.
type text string

func (t text) write(b *builder) { b.escaped(string(t), b.letters) }

// escaped writes a text of at most so many characters.
func (b *builder) escaped(text string, letters int) {
	shown := []rune(printable.Line(text))
	if len(shown) > letters {
		shown = append(shown[:letters], '…')
	}
	b.WriteString(html.EscapeString(string(shown)))
}

// asset is a constant of this package as it is: a style sheet, a script, a line break.
type asset string

func (a asset) write(b *builder) { b.WriteString(string(a)) }

// attr is an attribute of the element that it is a part of.
type attr struct {
	key   key
	value string
	// exact: the value is made by this package, however long it is.
	exact bool
}

func (a attr) write(*builder) {}

// number is an attribute with a number; one decimal is a tenth of a pixel.
func number(k key, value float64) attr { return exact(k, decimal(value)) }

// exact is an attribute whose value this package makes.
func exact(k key, value string) attr { return attr{k, value, true} }

// says is an attribute with text of anybody.
func says(k key, value string) attr { return attr{k, value, false} }

func decimal(value float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(value, 'f', 1, 64), ".0")
}

// class is the attribute of that name.
func class(names string) attr { return exact("class", names) }

// list is several nodes, one behind the other.
type list []node

func (l list) write(b *builder) {
	for _, n := range l {
		n.write(b)
	}
}

// nothing is no node.
var nothing = list(nil)

// element is an element with its attributes and content.
type element struct {
	name  tag
	parts []node
}

// el is an element; parts are its attributes and its content.
func el(name tag, parts ...node) element { return element{name, parts} }

// empty are the elements that have no content.
var empty = map[tag]bool{"meta": true, "link": true}

func (e element) write(b *builder) {
	b.WriteString("<" + string(e.name))
	for _, part := range e.parts {
		if a, ok := part.(attr); ok {
			b.WriteString(" " + string(a.key) + `="`)
			if a.exact {
				b.WriteString(html.EscapeString(a.value))
			} else {
				b.escaped(a.value, b.letters)
			}
			b.WriteString(`"`)
		}
	}
	if empty[e.name] {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	for _, part := range e.parts {
		part.write(b)
	}
	b.WriteString("</" + string(e.name) + ">")
}

// each is a node for each of some values.
func each[T any](values []T, draw func(T) node) list {
	var all list
	for _, value := range values {
		all = append(all, draw(value))
	}
	return all
}

// some is a node for each of the first values, and one that says how many are left out.
func some[T any](values []T, limit int, draw func(T) node, left func(text) node) list {
	all := each(values[:min(len(values), limit)], draw)
	if n := len(values) - limit; n > 0 {
		all = append(all, left(text(fmt.Sprintf("%d more are left out", n))))
	}
	return all
}
