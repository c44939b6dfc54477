package taskdef

import (
	"fmt"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
)

// ImageChange is one container whose image was set.
type ImageChange struct {
	// Container is the container's name.
	Container string `json:"container"`
	// Old and New are the image references before and after, as written.
	Old string `json:"old"`
	New string `json:"new"`
}

// NoMatchError says that no container of a definition runs an image of the
// given repository.
type NoMatchError struct {
	// Image is the image that was to be set.
	Image string
	// Family is the definition's family.
	Family string
	// Containers are those of the definition, with the images they have.
	Containers []Container
}

// Error lists the containers and their images.
func (e *NoMatchError) Error() string {
	list := make([]string, 0, len(e.Containers))
	for _, c := range e.Containers {
		list = append(list, c.Name+"="+c.Image)
	}
	return fmt.Sprintf("no container of %s has an image of the repository of %s; it has %s",
		e.Family, e.Image, strings.Join(list, ", "))
}

// Hint says how images are matched.
func (e *NoMatchError) Hint() string {
	return "an image replaces those of the same registry and repository, whatever their tags"
}

// ExitCode is that of bad input.
func (e *NoMatchError) ExitCode() int { return 3 }

// ConflictError says that two different images were given for one repository.
type ConflictError struct {
	// First and Second are the images as given.
	First, Second string
}

// Error names both images.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s and %s are images of one repository; a container can have only one of them", e.First, e.Second)
}

// Hint says what to do.
func (e *ConflictError) Hint() string { return "name each repository once" }

// ExitCode is that of bad input.
func (e *ConflictError) ExitCode() int { return 3 }

// WithImages sets, for each reference, the image of every container whose image
// is of the same repository. A container gets the reference as it was typed,
// with ":latest" if it had neither tag nor digest. A reference that matches no
// container is a [*NoMatchError]; two different references of one repository
// are a [*ConflictError]. Containers that have the image already are not among
// the changes.
func (d Definition) WithImages(refs []image.Reference) (Definition, []ImageChange, error) {
	for i, second := range refs {
		for _, first := range refs[:i] {
			if first.SameRepository(second) && first.WithDefaultTag().String() != second.WithDefaultTag().String() {
				return Definition{}, nil, &ConflictError{First: first.String(), Second: second.String()}
			}
		}
	}
	edited := Definition{doc: clone(d.doc).(map[string]any)}
	var changes []ImageChange
	for _, ref := range refs {
		matched, changed := edited.setImage(ref)
		if !matched {
			return Definition{}, nil, &NoMatchError{Image: ref.String(), Family: d.Family(), Containers: d.Containers()}
		}
		changes = append(changes, changed...)
	}
	return edited, changes, nil
}

// setImage edits the document in place.
func (d Definition) setImage(ref image.Reference) (matched bool, changes []ImageChange) {
	wanted := ref.WithDefaultTag().String()
	list, _ := d.doc["containerDefinitions"].([]any)
	for _, element := range list {
		container, _ := element.(map[string]any)
		text, _ := container["image"].(string)
		current, err := image.Parse(text)
		if err != nil || !current.SameRepository(ref) { // an image that cannot be read, such as a template, matches nothing
			continue
		}
		matched = true
		if text != wanted {
			container["image"] = wanted
			name, _ := container["name"].(string)
			changes = append(changes, ImageChange{Container: name, Old: text, New: wanted})
		}
	}
	return matched, changes
}
