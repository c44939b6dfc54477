package taskdef

// Edits: exact changes of single members. Each is made by a function of this
// file or edits.go and carried out by Definition.With.

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Edit is one change of a definition. The zero value changes nothing.
type Edit struct {
	// name says what is edited, for errors.
	name string
	// container is the one that is edited, "" for all of them; task edits have
	// no container.
	container string
	// inContainer and inTask make the change, in place, or say why it cannot be
	// made.
	inContainer func(container map[string]any) error
	inTask      func(doc map[string]any) error
}

// EditError lists the edits that cannot be made, and what would be refused of
// the definition that they would make.
type EditError struct {
	// Family is the definition's family.
	Family string
	// Reasons are one line each.
	Reasons []string
}

// Error has a line for each reason.
func (e *EditError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines are the reasons, each to be shown as a line.
func (e *EditError) Lines() []string {
	lines := make([]string, 0, len(e.Reasons))
	for _, reason := range e.Reasons {
		lines = append(lines, fmt.Sprintf("task definition %s: %s", e.Family, reason))
	}
	return lines
}

// Hint says what an edit may touch.
func (e *EditError) Hint() string {
	return "print the definition as it is, without edits: ecs-deploy render"
}

// ExitCode is that of bad input.
func (e *EditError) ExitCode() int { return 3 }

// UnknownContainerError says that a definition has no container of a name.
type UnknownContainerError struct {
	// Name is the name that was given, Family the definition's family.
	Name, Family string
	// Containers are the names that there are.
	Containers []string
}

// Error lists the containers that there are.
func (e *UnknownContainerError) Error() string {
	return fmt.Sprintf("%s has no container %q; it has %s", e.Family, e.Name, strings.Join(e.Containers, ", "))
}

// Hint says how names are written if they may be mistaken.
func (e *UnknownContainerError) Hint() string {
	return "check the name, which is case-sensitive; for every container, write a name with a colon as *:NAME"
}

// ExitCode is that of bad input.
func (e *UnknownContainerError) ExitCode() int { return 3 }

// With makes edits, in their order, and returns the edited definition; the
// receiver stays as it was. Nothing else than what the edits name is changed. It
// fails with an [*UnknownContainerError] for a container that does not exist, or
// else with an [*EditError], which lists every edit that cannot be made and what
// ECS would refuse of the result and not of the receiver: a name that is both a
// variable and a secret, a size that Fargate does not have. See [Definition.Check].
func (d Definition) With(edits ...Edit) (Definition, error) {
	edited := Definition{doc: clone(d.doc).(map[string]any), origin: d.origin}
	already := d.refused()
	var reasons []string
	for _, edit := range edits {
		if edit.container != "" && !d.has(edit.container) {
			return Definition{}, d.unknownContainer(edit.container)
		}
		if err := edited.apply(edit); err != nil {
			reasons = append(reasons, err.Error())
		}
	}
	for _, found := range edited.refused() {
		if !slices.Contains(already, found) { // what was so before is not the edits' doing
			reasons = append(reasons, found.reason)
		}
	}
	if len(reasons) > 0 {
		return Definition{}, &EditError{Family: d.Family(), Reasons: reasons}
	}
	return edited, nil
}

// apply makes one edit, in place.
func (d Definition) apply(edit Edit) error {
	if edit.inTask != nil {
		if err := edit.inTask(d.doc); err != nil {
			return fmt.Errorf("%s: %w", edit.name, err)
		}
	}
	if edit.inContainer == nil {
		return nil
	}
	found := false
	for _, container := range d.containers() {
		if edit.container != "" && edit.container != text(container, "name") {
			continue
		}
		err := edit.inContainer(container)
		if errors.Is(err, errNoDriver) && edit.container == "" { // not meant, unless all are so
			continue
		}
		if err != nil {
			return fmt.Errorf("container %s: %s: %w", text(container, "name"), edit.name, err)
		}
		found = true
	}
	if !found {
		return fmt.Errorf("%s: %w", edit.name, errNoDriver)
	}
	return nil
}

// errNoDriver says that an option is for a log driver that is not there.
var errNoDriver = errors.New("no log driver is set; write a logConfiguration into the task definition first")

func (d Definition) has(container string) bool {
	return slices.ContainsFunc(d.containers(), func(c map[string]any) bool { return text(c, "name") == container })
}

func (d Definition) unknownContainer(name string) error {
	var names []string
	for _, c := range d.containers() {
		names = append(names, text(c, "name"))
	}
	return &UnknownContainerError{Name: name, Family: d.Family(), Containers: names}
}

// setNamed sets a member of the element of that name in a list of objects, in its
// place, or behind the others. Of two elements of that name both are set: which of
// them counts is up to others.
func setNamed(object map[string]any, list, key, name, member string, value any) {
	elements, _ := object[list].([]any)
	found := false
	for _, element := range elements {
		if element, ok := element.(map[string]any); ok && text(element, key) == name {
			element[member], found = value, true
		}
	}
	if !found {
		object[list] = append(elements, map[string]any{key: name, member: value})
	}
}

// unsetNamed removes the elements of that name from a list of objects.
func unsetNamed(object map[string]any, list, key, name string) {
	elements, _ := object[list].([]any)
	kept := slices.DeleteFunc(elements, func(element any) bool {
		found, ok := element.(map[string]any)
		return ok && text(found, key) == name
	})
	if len(kept) == len(elements) {
		return
	}
	setList(object, list, kept)
}

// setList sets a list; an empty one is absent.
func setList(object map[string]any, name string, list []any) {
	if len(list) == 0 {
		delete(object, name)
		return
	}
	object[name] = list
}

// inside is the object that is a member of another; it is made if it is not
// there.
func inside(object map[string]any, name string) map[string]any {
	inner, ok := object[name].(map[string]any)
	if !ok {
		inner = map[string]any{}
		object[name] = inner
	}
	return inner
}
