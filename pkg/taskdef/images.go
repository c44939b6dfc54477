package taskdef

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
)

// Images say which images the containers of a definition should have.
type Images struct {
	// Repositories are set in every container whose image is of the same
	// repository. Each must match at least one container.
	Repositories []image.Reference
	// Containers are set in the container of that name, whatever it has now, and
	// whatever Repositories say of it.
	Containers map[string]image.Reference
	// Tag replaces the tag, or digest, of the containers that Only names, if
	// neither Repositories nor Containers are given. Without Only, the definition
	// must have a single container; "*" is all of them.
	Tag  string
	Only []string
}

// AllContainers, in [Images].Only, names every container.
const AllContainers = "*"

// ContainerImage is the image that one container should have.
type ContainerImage struct {
	// Container is the container's name.
	Container string
	// Image is the reference as it will be registered.
	Image image.Reference
}

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
	return fmt.Sprintf("no container of %s uses the repository of %s; its images are %s",
		e.Family, e.Image, containersAndImages(e.Containers))
}

// Hint says how images are matched.
func (e *NoMatchError) Hint() string {
	return "pass an image of the same registry and repository (any tag), or set the image of one container with --container NAME=IMAGE"
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
func (e *ConflictError) Hint() string {
	return "pass each repository once, or set each container with --container NAME=IMAGE"
}

// ExitCode is that of bad input.
func (e *ConflictError) ExitCode() int { return 3 }

// WhichError says that a tag was given, and not for which of several containers.
type WhichError struct {
	// Tag is the tag, Family the definition's family.
	Tag, Family string
	// Containers are those of the definition, with the images they have.
	Containers []Container
}

// Error lists the containers and their images.
func (e *WhichError) Error() string {
	return fmt.Sprintf("%s has %d containers, and no flag selects those that get the tag %s: %s",
		e.Family, len(e.Containers), e.Tag, containersAndImages(e.Containers))
}

// Hint says how to name them.
func (e *WhichError) Hint() string { return "pass --only NAME,… (--only '*' for all of them)" }

// ExitCode is that of bad input.
func (e *WhichError) ExitCode() int { return 3 }

func containersAndImages(containers []Container) string {
	list := make([]string, 0, len(containers))
	for _, c := range containers {
		list = append(list, c.Name+"="+c.Image)
	}
	return strings.Join(list, ", ")
}

// Choose finds out which containers are meant, and which images they should
// have, in the order of the definition. An image without tag and digest means
// "latest". It fails with a [*NoMatchError], [*ConflictError], [*WhichError],
// [*UnknownContainerError], or an [*image.ParseError] if a tag cannot be put
// to the image that a container has.
func (d Definition) Choose(images Images) ([]ContainerImage, error) {
	if err := conflict(images.Repositories); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(images.Containers)) {
		if !d.has(name) {
			return nil, d.unknownContainer(name)
		}
	}
	if images.Tag != "" && len(images.Repositories)+len(images.Containers) == 0 {
		return d.retagged(images)
	}
	matched := make([]bool, len(images.Repositories))
	var chosen []ContainerImage
	for _, c := range d.Containers() {
		wanted, named := images.Containers[c.Name]
		current, err := image.Parse(c.Image)
		for i, ref := range images.Repositories {
			if err != nil || !current.SameRepository(ref) { // an image that cannot be read, such as a template, matches nothing
				continue
			}
			matched[i] = true
			if !named {
				wanted = ref
			}
		}
		if wanted.Repository() != "" {
			chosen = append(chosen, ContainerImage{c.Name, wanted.WithDefaultTag()})
		}
	}
	if i := slices.Index(matched, false); i >= 0 {
		return nil, &NoMatchError{Image: images.Repositories[i].String(), Family: d.Family(), Containers: d.Containers()}
	}
	return chosen, nil
}

// conflict finds two different images of one repository.
func conflict(refs []image.Reference) error {
	for i, second := range refs {
		for _, first := range refs[:i] {
			if first.SameRepository(second) && first.WithDefaultTag().String() != second.WithDefaultTag().String() {
				return &ConflictError{First: first.String(), Second: second.String()}
			}
		}
	}
	return nil
}

// retagged are the containers that a tag alone is for, with it.
func (d Definition) retagged(images Images) ([]ContainerImage, error) {
	containers := d.Containers()
	if len(images.Only) == 0 && len(containers) > 1 {
		return nil, &WhichError{Tag: images.Tag, Family: d.Family(), Containers: containers}
	}
	for _, name := range images.Only {
		if name != AllContainers && !d.has(name) {
			return nil, d.unknownContainer(name)
		}
	}
	all := len(images.Only) == 0 || slices.Contains(images.Only, AllContainers)
	var chosen []ContainerImage
	for _, c := range containers {
		if !all && !slices.Contains(images.Only, c.Name) {
			continue
		}
		current, err := image.Parse(c.Image)
		if err != nil {
			return nil, fmt.Errorf("container %s: %w", c.Name, err)
		}
		wanted, err := current.WithTag(images.Tag)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, ContainerImage{c.Name, wanted})
	}
	return chosen, nil
}

// WithContainerImages sets the images of containers. Containers that have the
// image already are not among the changes. It fails with an
// [*UnknownContainerError].
func (d Definition) WithContainerImages(chosen []ContainerImage) (Definition, []ImageChange, error) {
	edits := make([]Edit, 0, len(chosen))
	for _, c := range chosen {
		edits = append(edits, SetImage(c.Container, c.Image))
	}
	edited, err := d.With(edits...)
	if err != nil {
		return Definition{}, nil, err
	}
	var changes []ImageChange
	after := edited.Containers()
	for i, before := range d.Containers() {
		if before.Image != after[i].Image {
			changes = append(changes, ImageChange{Container: before.Name, Old: before.Image, New: after[i].Image})
		}
	}
	return edited, changes, nil
}

// WithImages is [Definition.Choose] and [Definition.WithContainerImages] for
// images that are matched by their repositories.
func (d Definition) WithImages(refs []image.Reference) (Definition, []ImageChange, error) {
	chosen, err := d.Choose(Images{Repositories: refs})
	if err != nil {
		return Definition{}, nil, err
	}
	return d.WithContainerImages(chosen)
}
