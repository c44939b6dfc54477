package deploy

// What a request changes in a task definition: images, found by their
// repository, by the name of a container, or only given another tag; and edits.

import (
	"context"
	"fmt"
	"slices"

	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// change is what a request wants of a definition, understood.
type change struct {
	images taskdef.Images
	edits  []taskdef.Edit
	// pin has digests looked up: of the images that are asked for, and, where the
	// whole definition is, of those that only stand in it.
	pin, whole bool
}

// changed is a definition with a change made.
type changed struct {
	definition taskdef.Definition
	images     []taskdef.ImageChange
	// moving: a requested image may mean something else than last time, though
	// its text is the same.
	moving bool
	// tagged are the images that are asked for, or stand in a definition that is, by a
	// tag.
	tagged []taskdef.ContainerImage
}

// change reads the images of a request. It fails with a [*UsageError] where they
// and the tag do not go together, or an [*image.ParseError].
func (r Request) change() (change, error) {
	c := change{edits: r.Edits, pin: r.PinDigest, whole: !r.Definition.IsZero(), images: taskdef.Images{Containers: map[string]image.Reference{}}}
	for _, text := range r.Images {
		ref, err := r.image(text)
		if err != nil {
			return change{}, err
		}
		c.images.Repositories = append(c.images.Repositories, ref)
	}
	for container, text := range r.ContainerImages {
		ref, err := r.image(text)
		if err != nil {
			return change{}, err
		}
		c.images.Containers[container] = ref
	}
	named := len(r.Images)+len(r.ContainerImages) > 0
	switch {
	case len(r.Only) > 0 && r.Tag == "":
		return change{}, &UsageError{Problem: "containers are named by --only, and no tag for them", Remedy: "give it with --tag TAG"}
	case len(r.Only) > 0 && named:
		return change{}, &UsageError{Problem: "--only names the containers for a tag alone, and images are given too", Remedy: "leave one out; --container NAME=IMAGE sets the image of one container"}
	case r.Tag != "" && !named:
		c.images.Tag, c.images.Only = r.Tag, r.Only
	}
	return c, nil
}

// image reads an image, and gives it the request's tag.
func (r Request) image(text string) (image.Reference, error) {
	ref, err := image.Parse(text)
	switch {
	case err != nil || r.Tag == "":
		return ref, err
	case !ref.Untagged():
		return ref, &UsageError{Problem: fmt.Sprintf("%s has a tag or digest, and %s is given as its tag", text, r.Tag), Remedy: "leave one of them out"}
	}
	return ref.WithTag(r.Tag)
}

// Edit makes the changes that a request asks for in a definition, as a deployment
// would, without ECS. PinDigest needs a registry, and is not looked at here.
func Edit(definition taskdef.Definition, r Request) (taskdef.Definition, error) {
	if r.TaskDefinition != "" {
		return taskdef.Definition{}, errTwice
	}
	c, err := r.change()
	if err != nil {
		return taskdef.Definition{}, err
	}
	made, err := c.make(definition, asChosen)
	return made.definition, err
}

// asChosen is for make: the images stay as they are.
func asChosen(chosen []taskdef.ContainerImage) ([]taskdef.ContainerImage, error) { return chosen, nil }

// make makes the change; pin is given the images that are chosen, and may choose
// more exactly.
func (c change) make(base taskdef.Definition, pin func([]taskdef.ContainerImage) ([]taskdef.ContainerImage, error)) (changed, error) {
	chosen, err := base.Choose(c.images)
	if err != nil {
		return changed{}, err
	}
	if chosen, err = pin(chosen); err != nil {
		return changed{}, err
	}
	result := changed{
		moving: slices.ContainsFunc(chosen, func(c taskdef.ContainerImage) bool { return c.Image.Moving() }),
	}
	if result.definition, result.images, err = base.WithContainerImages(chosen); err != nil {
		return changed{}, err
	}
	if result.definition, err = result.definition.With(c.edits...); err != nil || !c.whole {
		result.tagged = taggedImages(chosen)
		return result, err
	}
	result.tagged = taggedImages(containerImages(result.definition))
	return result, result.definition.Check()
}

// change makes a change in a definition, with digests from the registry where
// they are asked for.
func (d *Deployer) change(ctx context.Context, base taskdef.Definition, c change) (changed, error) {
	return c.make(base, func(chosen []taskdef.ContainerImage) ([]taskdef.ContainerImage, error) {
		if !c.pin {
			return chosen, nil
		}
		pinned := slices.Clone(chosen)
		if c.whole {
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
		if _, _, ok := ecrHost(ref.Registry()); ok {
			found = append(found, taskdef.ContainerImage{Container: c.Name, Image: ref.WithDefaultTag()})
		}
	}
	return found
}
