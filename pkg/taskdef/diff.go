package taskdef

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Difference is one place in which two definitions differ. Values that may be
// secret are masked, unless it is one of [DiffInClear]: see [Mask].
type Difference struct {
	// Container is the container's name, or "" for the task itself.
	Container string `json:"container,omitempty"`
	// Field is the member in which they differ, with the names of set
	// elements behind the set: "image", "environment LOG_LEVEL". It is
	// "container" if a whole container was added or removed, with
	// "image NAME" as its value.
	Field string `json:"field"`
	// Old and New are the values, as text; "" on the side where the field is
	// absent.
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

// wholeContainer is the field of a container that only one side has.
const wholeContainer = "container"

// isWhole reports whether a whole container came or went.
func (d Difference) isWhole() bool {
	return d.Field == wholeContainer && (d.Old == "" || d.New == "") && strings.HasPrefix(d.Old+d.New, "image ")
}

// String is "web: image: a -> b" or `container "web" added (image a)`, for
// people: one line, whatever the values are. Under a heading that names the
// container, clear Container first: "image: a -> b", "added (image a)".
func (d Difference) String() string {
	place, old, new := oneLine(d.Field)+": ", oneLine(d.Old), oneLine(d.New)
	if d.Container != "" {
		place = oneLine(d.Container) + ": " + place
	}
	if d.isWhole() {
		place = ""
		if d.Container != "" {
			place = fmt.Sprintf("container %q ", d.Container)
		}
		if d.Old == "" {
			return fmt.Sprintf("%sadded (%s)", place, new)
		}
		return fmt.Sprintf("%sremoved (%s)", place, old)
	}
	switch {
	case d.Old == "":
		return fmt.Sprintf("%sadded %s", place, new)
	case d.New == "":
		return fmt.Sprintf("%sremoved (was %s)", place, old)
	}
	return fmt.Sprintf("%s%s -> %s", place, old, new)
}

// oneLine quotes a text that would break the line, or speak to the terminal.
func oneLine(text string) string {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return strconv.Quote(text)
	}
	return text
}

// Equal reports whether two definitions mean the same to ECS: defaults that
// ECS fills in and the order of lists that are sets do not count.
func Equal(a, b Definition) bool { return len(changes(a, b)) == 0 }

// Diff lists how b differs from a: image changes first, then containers that
// came or went, then by container and field. It is empty exactly if [Equal]
// holds.
//
// Masked are the values of environment variables, of log options, labels and tags
// that are called like secrets, and of members that the SDK's schema does not
// know. Commands and other texts are shown, but for what follows a name such as
// --password and for passwords in addresses; that cannot find every secret.
// References, such as those of secrets, are shown.
func Diff(a, b Definition) []Difference {
	return differences(changes(a, b), func(p position, value any) any {
		if p.hidden {
			return Mask(plainText(value))
		}
		return maskedIn(p, value)
	})
}

// DiffInClear is [Diff] with every value shown.
func DiffInClear(a, b Definition) []Difference {
	return differences(changes(a, b), func(_ position, value any) any { return value })
}

// position is where the comparison is.
type position struct {
	treatment *treatment
	container string
	field     []string
	hidden    bool // what is here, and in it, is secret
	entry     bool // it is an element of a keyed list
}

// in is the position of an object's member.
func (p position) in(name string) position {
	member := p.treatment.member(name)
	next := p.below(member)
	if member == nil || p.treatment.kind == stringsKind && tells(name) {
		next.hidden = true
	}
	// "value" is what an environment variable is.
	if !p.entry || member == nil || name != "value" && name != "valueFrom" {
		next.field = append(slices.Clip(p.field), name)
	}
	return next
}

// at is the position of an element of a keyed list.
func (p position) at(e entry) position {
	next := p.below(p.treatment.elements())
	next.entry = true
	if p.treatment.secrecy == maskedByName && tells(e.name) {
		next.hidden = true
	}
	if p.treatment == treatments().members["containerDefinitions"] {
		next.container, next.field, next.entry = e.name, nil, false
		return next
	}
	next.field = append(slices.Clip(p.field), e.name)
	return next
}

// element is the position of an element of any other list.
func (p position) element() position { return p.below(p.treatment.elements()) }

func (p position) below(t *treatment) position {
	p.treatment, p.entry = t, false
	p.hidden = p.hidden || t != nil && t.secrecy == masked
	return p
}

// change is a leaf in which two normal forms differ. A side that is absent is
// nil.
type change struct {
	position
	old, new any
}

// changes compares two definitions.
func changes(a, b Definition) []change {
	var c comparison
	c.objects(position{treatment: treatments()}, a.normalised(), b.normalised())
	return c.found
}

type comparison struct{ found []change }

func (c *comparison) report(p position, old, new any) {
	c.found = append(c.found, change{position: p, old: old, new: new})
}

func (c *comparison) values(p position, a, b any) {
	if x, y, ok := both[map[string]any](a, b); ok && len(x)+len(y) > 0 {
		c.objects(p, x, y)
		return
	}
	if x, y, ok := both[entries](a, b); ok {
		c.entries(p, x, y)
		return
	}
	if !same(a, b) {
		c.report(p, a, b)
	}
}

// both reports whether two values are of one type, or one is absent.
func both[T any](a, b any) (x, y T, ok bool) {
	x, xOK := a.(T)
	y, yOK := b.(T)
	return x, y, (xOK || a == nil) && (yOK || b == nil) && (xOK || yOK)
}

func (c *comparison) objects(p position, a, b map[string]any) {
	names := slices.AppendSeq(make([]string, 0, len(a)+len(b)), maps.Keys(a))
	names = slices.AppendSeq(names, maps.Keys(b))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		c.values(p.in(name), a[name], b[name])
	}
}

// entries pairs the elements of two keyed lists by their keys.
func (c *comparison) entries(p position, a, b entries) {
	for len(a)+len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].key < b[0].key:
			at := p.at(a[0])
			c.values(at.whole(), at.alone(a[0], p.treatment), nil)
			a = a[1:]
		case len(a) == 0 || b[0].key < a[0].key:
			at := p.at(b[0])
			c.values(at.whole(), nil, at.alone(b[0], p.treatment))
			b = b[1:]
		default:
			if !same(a[0].object, b[0].object) { // most are, and places cost
				c.objects(p.at(a[0]), a[0].object, b[0].object)
			}
			a, b = a[1:], b[1:]
		}
	}
}

// isContainer reports whether an entry of containerDefinitions is here.
func (p position) isContainer() bool { return p.container != "" && len(p.field) == 0 }

// whole is the position of an element that only one side has.
func (p position) whole() position {
	if p.isContainer() {
		p.field = []string{wholeContainer}
	}
	return p
}

// alone is an element that only one side has: of a container its image, of
// anything else what its place does not say.
func (p position) alone(e entry, list *treatment) any {
	if p.isContainer() {
		image, _ := e.object["image"].(string)
		return "image " + image
	}
	rest := make(map[string]any, len(e.object))
	for name, value := range e.object {
		if !slices.Contains(list.keys, name) {
			rest[name] = value
		}
	}
	return rest
}

// same reports whether two values are the same JSON.
func same(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && maps.EqualFunc(x, y, same)
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, same)
	case entries:
		y, ok := b.(entries)
		return ok && slices.EqualFunc(x, y, func(x, y entry) bool { return x.key == y.key && same(x.object, y.object) })
	}
	return a == b
}

// differences words changes, with the values that show gives.
func differences(changes []change, show func(p position, value any) any) []Difference {
	var found []Difference
	for _, c := range changes {
		d := Difference{Container: c.container, Field: strings.Join(c.field, " ")}
		d.Old, d.New = display(c.old, c.position, show), display(c.new, c.position, show)
		found = append(found, d)
	}
	slices.SortStableFunc(found, func(x, y Difference) int {
		return cmp.Or(
			cmp.Compare(x.rank(), y.rank()),
			strings.Compare(x.Container, y.Container),
			strings.Compare(x.Field, y.Field),
		)
	})
	return found
}

// rank puts first what people look for first.
func (d Difference) rank() int {
	switch {
	case d.Field == "image":
		return 0
	case d.isWhole():
		return 1
	}
	return 2
}

func display(value any, p position, show func(p position, value any) any) string {
	if value == nil {
		return ""
	}
	if object, ok := value.(map[string]any); ok && len(object) == 0 {
		return "present" // an element that is nothing but its identity, such as a port
	}
	text := plainText(show(p, value))
	if text == "" {
		return `""`
	}
	return text
}

// plainText is a text as it is, and anything else as JSON.
func plainText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	return exactly(value)
}
