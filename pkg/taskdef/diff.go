package taskdef

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Difference is one place in which two definitions differ. Values that may be
// secret are masked: see [Mask].
type Difference struct {
	// Container is the container's name, or "" for the task itself.
	Container string `json:"container,omitempty"`
	// Field is the member in which they differ, with the names of set
	// elements behind the set: "image", "environment LOG_LEVEL".
	Field string `json:"field"`
	// Old and New are the values, as text; "" on the side where the field is
	// absent.
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

// String is "web: image a -> b", for people.
func (d Difference) String() string {
	place := d.Field
	if d.Container != "" {
		place = d.Container + ": " + d.Field
	}
	switch {
	case d.Old == "":
		return fmt.Sprintf("%s: added %s", place, d.New)
	case d.New == "":
		return fmt.Sprintf("%s: removed (was %s)", place, d.Old)
	}
	return fmt.Sprintf("%s: %s -> %s", place, d.Old, d.New)
}

// Equal reports whether two definitions mean the same to ECS: defaults that
// ECS fills in and the order of lists that are sets do not count.
func Equal(a, b Definition) bool {
	return reflect.DeepEqual(a.normalised(), b.normalised())
}

// Diff lists how b differs from a, image changes first, then by container and
// field. It is empty exactly where [Equal] holds.
func Diff(a, b Definition) []Difference {
	var found []Difference
	walk(nil, a.normalised(), b.normalised(), func(path []string, old, new any) {
		found = append(found, difference(path, old, new))
	})
	slices.SortStableFunc(found, func(x, y Difference) int {
		if xi, yi := x.Field == "image", y.Field == "image"; xi != yi {
			if xi {
				return -1
			}
			return 1
		}
		if c := strings.Compare(x.Container, y.Container); c != 0 {
			return c
		}
		return strings.Compare(x.Field, y.Field)
	})
	return found
}

// walk calls report for every leaf in which two normal forms differ. A side
// that is absent is nil.
func walk(path []string, a, b any, report func(path []string, old, new any)) {
	x, xObject := a.(map[string]any)
	y, yObject := b.(map[string]any)
	if (xObject || a == nil) && (yObject || b == nil) && len(x)+len(y) > 0 {
		names := slices.Sorted(maps.Keys(x))
		for name := range y {
			if _, ok := x[name]; !ok {
				names = append(names, name)
			}
		}
		for _, name := range names {
			walk(append(slices.Clip(path), name), x[name], y[name], report)
		}
		return
	}
	if !reflect.DeepEqual(a, b) {
		report(path, a, b)
	}
}

// difference gives a leaf its place in the words of a task definition.
func difference(path []string, old, new any) Difference {
	d := Difference{}
	rest := path
	if len(path) > 1 && path[0] == "containerDefinitions" {
		d.Container, rest = path[1], path[2:]
	}
	// The identifying member of a set's element says nothing that its place
	// does not say, and "value" is what an environment variable is.
	if n := len(rest); n > 2 && (rest[n-1] == "value" || rest[n-1] == "valueFrom") {
		rest = rest[:n-1]
	}
	d.Field = strings.Join(rest, " ")
	if d.Field == "" {
		d.Field = "container"
	}
	d.Old, d.New = display(path, old), display(path, new)
	return d
}

// telling are parts of the names of members whose values are secrets in all but
// name, such as the API keys among log options.
var telling = []string{"passw", "secret", "token", "credential", "apikey", "api_key", "private"}

func display(path []string, value any) string {
	if value == nil {
		return ""
	}
	if object, ok := value.(map[string]any); ok && len(object) == 0 {
		return "present" // an element that is nothing but its identity, such as a port
	}
	text, ok := value.(string)
	if !ok {
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Sprint(value)
		}
		text = string(encoded)
	}
	if sensitive(path) {
		return Mask(text)
	}
	if text == "" {
		return `""`
	}
	return text
}

// sensitive reports whether a leaf's value must not be shown: the values of
// environment variables, and of options that are called like secrets. What
// stands in secrets and secretOptions are references, not secrets. A container
// or variable may be called anything, so only positions decide.
func sensitive(path []string) bool {
	member := path
	if len(path) > 2 && path[0] == "containerDefinitions" {
		member = path[2:]
	}
	switch {
	case len(member) == 0:
		return false
	case member[0] == "environment":
		return true
	case member[0] == "secrets", member[0] == "repositoryCredentials", len(member) > 1 && member[1] == "secretOptions":
		return false
	}
	name := strings.ToLower(member[len(member)-1])
	return slices.ContainsFunc(telling, func(part string) bool { return strings.Contains(name, part) })
}

// salt is another one in each process, so that digests can be compared within
// one run and tell nothing to who sees them later.
var salt = sync.OnceValue(func() []byte {
	random := make([]byte, sha256.Size)
	_, _ = rand.Read(random) // it never fails
	return random
})

// Mask stands for a value that must not be shown: its length in characters and
// six digits of a salted SHA-256, so that a change can be seen, but the value not
// be guessed. The salt is another one in each process.
func Mask(value string) string {
	return fmt.Sprintf("*** (%d characters, %.3x)", utf8.RuneCountInString(value), sha256.Sum256(append(salt(), value...)))
}
