package config

// The types of settings that are maps: of variables, labels, tags, or of
// containers. A flag gives one entry, the file a mapping.

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// entryValue is the type of a setting that is a map.
type entryValue interface {
	pflag.Value
	// field is where the entries are, in the order in which they are applied.
	field() *[]Entry
	// check refuses an entry that cannot be meant.
	check(Entry) error
}

// add adds an entry to the field of a value.
func add(v entryValue, e Entry) error {
	if err := v.check(e); err != nil {
		return err
	}
	for _, text := range []string{e.Container, e.Name, e.Value} {
		if err := isUTF8(text); err != nil {
			return err
		}
	}
	*v.field() = append(*v.field(), e)
	return nil
}

// entries are [CONTAINER:]NAME=VALUE, or, to remove them, [CONTAINER:]NAME.
// The container * is every one, as none is; it is for names that have a colon.
type entries struct {
	target *[]Entry
	unset  bool
}

func (v entries) String() string { return "" }
func (v entries) Type() string {
	if v.unset {
		return "[container:]name"
	}
	return "[container:]name=value"
}
func (v entries) field() *[]Entry { return v.target }

func (v entries) check(e Entry) error {
	if e.Name == "" {
		return errors.New("empty name")
	}
	return nil
}

func (v entries) Set(text string) error {
	place, value, found := strings.Cut(text, "=")
	switch {
	case v.unset && found:
		return fmt.Errorf("%q has a value; pass the name only", place+"=…")
	case !v.unset && !found:
		return errors.New("expected the form [container:]name=value") // what was given may be the value, which may be secret
	}
	container, name, found := strings.Cut(place, ":")
	if !found {
		container, name = "", place
	}
	if name == "" || found && container == "" {
		return fmt.Errorf("%q has no name; write [container:]name", place)
	}
	return add(v, Entry{Container: everyContainer(container), Name: name, Value: value, Unset: v.unset})
}

// everyContainer reads the container * as every one.
func everyContainer(name string) string {
	if name == "*" {
		return ""
	}
	return name
}

// tags are KEY=VALUE, of the task definition itself.
type tags struct{ target *[]Entry }

func (v tags) String() string  { return "" }
func (v tags) Type() string    { return "key=value" }
func (v tags) field() *[]Entry { return v.target }

func (v tags) check(e Entry) error { return entries{}.check(e) }

func (v tags) Set(text string) error {
	key, value, found := strings.Cut(text, "=")
	if !found || key == "" {
		return errors.New("expected the form key=value")
	}
	return add(v, Entry{Name: key, Value: value})
}

// perContainer is CONTAINER=VALUE, for what each container has only one of.
type perContainer struct {
	target *[]Entry
	words  bool // the value is a list of words, which the file may have as a list
}

func (v perContainer) String() string  { return "" }
func (v perContainer) Type() string    { return "container=value" }
func (v perContainer) field() *[]Entry { return v.target }

func (v perContainer) check(e Entry) error {
	switch {
	case e.Container == "":
		return errors.New("empty container name")
	case e.Value == "" && !e.Unset:
		return fmt.Errorf("container %s has an empty value", e.Container)
	}
	return nil
}

func (v perContainer) Set(text string) error {
	container, value, found := strings.Cut(text, "=")
	if !found || container == "" || value == "" {
		return errors.New("expected the form container=value")
	}
	return add(v, Entry{Container: container, Value: value})
}

// files are [CONTAINER:]FILE. The container * is every one, as none is; it is for files
// that have a colon in their names.
type files struct{ target *[]Entry }

func (v files) String() string  { return "" }
func (v files) Type() string    { return "[container:]file" }
func (v files) field() *[]Entry { return v.target }

func (v files) check(e Entry) error {
	if e.Value == "" && !e.Unset {
		return errors.New("empty file name")
	}
	return nil
}

func (v files) Set(text string) error {
	container, file, found := strings.Cut(text, ":")
	drive := len(container) == 1 && strings.HasPrefix(file, `\`) // of Windows
	if !found || drive {
		container, file = "", text
	}
	if found && !drive && container == "" {
		return fmt.Errorf("%q has no container name; write [container:]file", text)
	}
	return add(v, Entry{Container: everyContainer(container), Value: file})
}
