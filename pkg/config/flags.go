package config

// Flags are recorders: a flag checks the text that it is set to and keeps it. What
// a command line gives is then a layer like any other, which can be resolved with
// any number of targets.

import (
	"maps"
	"slices"

	"github.com/spf13/pflag"
)

// Flags make the flags of one command line and record what they are set to. The
// zero value is ready for use. It must not be copied.
type Flags struct {
	scratch Settings
	keys    map[string]Key // of scratch, by name
	given   []givenText
}

// givenText is one use of a flag.
type givenText struct{ key, text string }

// Settings are what the flags alone come to, without variables, files and built-in
// rules. They change while flags are parsed.
func (f *Flags) Settings() *Settings { return &f.scratch }

// Add adds the flags of the named keys to a flag set. A name that is no key adds nothing.
func (f *Flags) Add(set *pflag.FlagSet, names ...string) {
	if f.keys == nil {
		f.keys = map[string]Key{}
		for _, key := range f.scratch.Keys() {
			f.keys[key.Name] = key
		}
	}
	for _, name := range names {
		key, ok := f.keys[name]
		if !ok {
			continue
		}
		flag := set.VarPF(recorder{key.Value, key.Name, f}, key.Name, key.Short, key.Usage)
		if _, ok := key.Value.(toggle); ok {
			flag.NoOptDefVal = "true"
		}
	}
}

// recorder is the value of a flag. It reads a text into scratch settings, so that a
// bad one is an error of the command line, and keeps the text.
type recorder struct {
	pflag.Value
	key string
	in  *Flags
}

// Set checks a text and records it.
func (r recorder) Set(text string) error {
	if err := r.Value.Set(text); err != nil {
		return err
	}
	r.in.given = append(r.in.given, givenText{r.key, text})
	return nil
}

// Repeatable reports whether a flag of a setting can be given several times, and
// each time adds to the value.
func Repeatable(v pflag.Value) bool {
	switch v := v.(type) {
	case recorder:
		return Repeatable(v.Value)
	case list, names, chosen, entryValue:
		return true
	}
	return false
}

// Given is what the flags of one command are set to. The zero value is a command
// that has all flags and was given none.
type Given struct {
	keys  map[string]bool // those that the command has a flag for; nil: all
	texts []givenText     // in the order of the command line
}

// Given is what was parsed so far by the flags in set.
func (f *Flags) Given(set *pflag.FlagSet) Given {
	g := Given{keys: map[string]bool{}, texts: slices.Clone(f.given)}
	set.VisitAll(func(flag *pflag.Flag) { g.keys[flag.Name] = true })
	return g
}

// has reports whether the command has a flag for a key.
func (g Given) has(key string) bool { return g.keys == nil || g.keys[key] }

// Targets are the words that choose targets: those of the flag, or else that of its
// variable. [File.Select] knows what they mean. environ is an environment, see
// os.Environ.
func (g Given) Targets(environ []string) []string {
	if !g.has("target") {
		return nil
	}
	var words []string
	for _, t := range g.texts {
		if t.key == "target" {
			words = append(words, t.text)
		}
	}
	if text, _ := environment(environ)(EnvPrefix + "TARGET"); len(words) == 0 && text != "" {
		words = []string{text}
	}
	return words
}

// neverEmpty are the flags whose empty value is an error: something else would be
// deployed because a script's variable is not set. An empty value of any other flag
// clears what lower layers set.
var neverEmpty = []string{"target", "tag", "tag-env-var", "task-definition", "task-definition-file", "expect-revision", "to"}

// layer is the command line as the highest layer.
func (g Given) layer() (*layer, error) {
	l := newLayer("", position{})
	keys := byName(new(Settings).Keys())
	for _, given := range g.texts {
		key, origin := keys[given.key], Origin{Layer: Flag, Name: given.key}
		if err := key.Value.Set(given.text); err != nil {
			return nil, &ValueError{Origin: origin, Err: err}
		}
		if v, isMap := key.Value.(entryValue); isMap {
			read := *v.field()
			l.entries[mapName(key)] = append(l.entries[mapName(key)], placedEntry{Entry: read[len(read)-1], origin: origin})
			continue
		}
		before := l.values[key.Name].texts
		if !Repeatable(key.Value) {
			before = nil
		}
		l.values[key.Name] = value{texts: append(before, given.text), origin: origin}
	}
	for _, name := range slices.Sorted(maps.Keys(l.values)) {
		if slices.Contains(neverEmpty, name) && slices.Equal(l.values[name].texts, []string{""}) {
			return nil, emptyFlag(name)
		}
	}
	return l, nil
}

func emptyFlag(name string) error {
	return &Error{Problem: "--" + name + " is empty", Remedy: "remove the flag, or find out why its value is empty (an unset variable in a script?)"}
}
