package deploy

// Which task definition is wanted, as a value: the one to build on, and its changes. A
// deployment of a service and the printed definition share it.

import (
	"context"
	"fmt"
	"slices"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// Want says which task definition is wanted. The zero value wants the definition that
// the service uses.
type Want struct {
	// TaskDefinition is the definition to build on: a family (its newest
	// ACTIVE revision), family:revision, or an ARN. Without it, the definition
	// that the service uses is built on.
	TaskDefinition string
	// Definition replaces the definition altogether, e.g. one read from a file.
	Definition taskdef.Definition `json:"-"`
	// Images are image references; each replaces the image of every container
	// whose image is of the same repository. Without tag and digest an image
	// means "latest".
	Images []string
	// ContainerImages are images by the name of the container that gets them,
	// whatever it has now.
	ContainerImages map[string]string
	// Tag is the tag of the images that are given without one. If no image is given,
	// it replaces the tag or digest of the containers that TagOnly names; "*" names all
	// of them. TagOnly can be empty if there is only one container.
	Tag     string
	TagOnly []string
	// PinDigest registers the digest that an image's tag stands for, as ECR reports it;
	// see [WithRegistry]. It applies to the requested images, and to those in Definition
	// that are in ECR.
	PinDigest bool
	// Edits are made of the definition, in their order, after its images are set.
	Edits []taskdef.Edit
	// AllowOtherFamily accepts a Definition of another family than the service runs.
	AllowOtherFamily bool
}

// empty reports whether nothing says which definition is wanted. A family alone does
// not: without an image or an edit it only finds the service.
func (w Want) empty() bool {
	return !w.edited() && w.Definition.IsZero() && !arn.HasRevision(w.TaskDefinition)
}

// edited reports whether something changes in a definition.
func (w Want) edited() bool {
	return len(w.Images) > 0 || len(w.ContainerImages) > 0 || w.Tag != "" || len(w.Edits) > 0
}

// NeedsAWS reports whether AWS must be asked for the wanted definition: for the one to
// build on, or for a digest. If not, [Want.Offline] makes it of Definition.
func (w Want) NeedsAWS() bool { return w.Definition.IsZero() || w.PinDigest }

// Offline makes the wanted definition of base, which stands for the definition to build
// on, as a deployment would but without AWS. PinDigest is ignored: it needs a registry.
func (w Want) Offline(base taskdef.Definition) (taskdef.Definition, error) {
	if w.TaskDefinition != "" {
		return taskdef.Definition{}, errTwice
	}
	wish, err := w.parse()
	if err != nil {
		return taskdef.Definition{}, err
	}
	result, err := wish.make(base, asChosen)
	return result.definition, err
}

// ownFamily refuses a definition of another family than the running one.
func (w Want) ownFamily(current string) error {
	family := w.Definition.Family()
	if w.Definition.IsZero() || w.AllowOtherFamily || current == "" || family == arn.Family(current) {
		return nil
	}
	return &UsageError{
		Problem: fmt.Sprintf("the task definition belongs to family %s, but the service is running %s", family, arn.Family(current)),
		Remedy:  "pass the service of that family with -n, or pass --allow-other-family",
	}
}

// wish are the changes of a definition, parsed.
type wish struct {
	images taskdef.Images
	edits  []taskdef.Edit
	// pin: digests are looked up, of the requested images and, if the whole definition
	// is given, of the other images in it.
	pin, whole bool
}

// made is a definition with the changes made.
type made struct {
	definition taskdef.Definition
	images     []taskdef.ImageChange
	// moving: a requested image may mean something else than last time, though
	// its text is the same.
	moving bool
	// tagged are the requested images, and those of a given definition, that have a tag
	// and no digest.
	tagged []taskdef.ContainerImage
}

// parse reads the images. It fails with a [*UsageError] if they and the tag contradict
// each other, or with an [*image.ParseError].
func (w Want) parse() (wish, error) {
	parsed := wish{edits: w.Edits, pin: w.PinDigest, whole: !w.Definition.IsZero(), images: taskdef.Images{Containers: map[string]image.Reference{}}}
	for _, text := range w.Images {
		ref, err := w.image(text)
		if err != nil {
			return wish{}, err
		}
		parsed.images.Repositories = append(parsed.images.Repositories, ref)
	}
	for container, text := range w.ContainerImages {
		ref, err := w.image(text)
		if err != nil {
			return wish{}, err
		}
		parsed.images.Containers[container] = ref
	}
	named := len(w.Images)+len(w.ContainerImages) > 0
	switch {
	case len(w.TagOnly) > 0 && w.Tag == "":
		return wish{}, &UsageError{Problem: "--only is set without a tag", Remedy: "pass --tag TAG"}
	case len(w.TagOnly) > 0 && named:
		return wish{}, &UsageError{Problem: "--only selects the containers for --tag, and cannot be combined with images", Remedy: "remove one of them; --container NAME=IMAGE sets the image of one container"}
	case w.Tag != "" && !named:
		parsed.images.Tag, parsed.images.Only = w.Tag, w.TagOnly
	}
	return parsed, nil
}

// image parses an image and gives it the requested tag.
func (w Want) image(text string) (image.Reference, error) {
	ref, err := image.Parse(text)
	switch {
	case err != nil || w.Tag == "":
		return ref, err
	case !ref.Untagged():
		return ref, &UsageError{Problem: fmt.Sprintf("%s already has a tag or digest, and the tag %s is set too", text, w.Tag), Remedy: "remove one of them"}
	}
	return ref.WithTag(w.Tag)
}

// asChosen is for make: the images stay as they are.
func asChosen(chosen []taskdef.ContainerImage) ([]taskdef.ContainerImage, error) { return chosen, nil }

// make makes the changes; pin gets the chosen images and can add digests to them.
func (w wish) make(base taskdef.Definition, pin func([]taskdef.ContainerImage) ([]taskdef.ContainerImage, error)) (made, error) {
	chosen, err := base.Choose(w.images)
	if err != nil {
		return made{}, err
	}
	if chosen, err = pin(chosen); err != nil {
		return made{}, err
	}
	result := made{
		moving: slices.ContainsFunc(chosen, func(c taskdef.ContainerImage) bool { return c.Image.Moving() }),
	}
	if result.definition, result.images, err = base.WithContainerImages(chosen); err != nil {
		return made{}, err
	}
	if result.definition, err = result.definition.With(w.edits...); err != nil || !w.whole {
		result.tagged = taggedImages(chosen)
		return result, err
	}
	result.tagged = taggedImages(containerImages(result.definition))
	return result, result.definition.Check()
}

// make makes the changes, with digests from the registry if they are requested.
func (d *Deployer) make(ctx context.Context, base taskdef.Definition, w wish) (made, error) {
	return w.make(base, func(chosen []taskdef.ContainerImage) ([]taskdef.ContainerImage, error) {
		if !w.pin {
			return chosen, nil
		}
		pinned := slices.Clone(chosen)
		if w.whole {
			pinned = append(pinned, pinnable(base, chosen)...)
		}
		known := map[string]image.Reference{}
		for i, each := range pinned {
			ref, ok := known[each.Image.String()]
			if !ok {
				var err error
				if ref, err = d.pinned(ctx, each.Image); err != nil {
					return nil, err
				}
				known[each.Image.String()] = ref
			}
			pinned[i].Image = ref
		}
		return pinned, nil
	})
}

// pinnable are the images that stand in a definition and are not chosen, as far as
// ECR has them.
func pinnable(d taskdef.Definition, chosen []taskdef.ContainerImage) []taskdef.ContainerImage {
	var found []taskdef.ContainerImage
	for _, c := range d.Containers() {
		ref, err := image.Parse(c.Image)
		if err != nil || slices.ContainsFunc(chosen, func(other taskdef.ContainerImage) bool { return other.Container == c.Name }) {
			continue
		}
		if _, _, ok := ref.ECR(); ok {
			found = append(found, taskdef.ContainerImage{Container: c.Name, Image: ref.WithDefaultTag()})
		}
	}
	return found
}
