package config

// Images and their tag may be given in different layers: the file names the
// image, a flag the tag. What a higher layer says wins here, too.

import (
	"fmt"
	"slices"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
)

// tag is the tag that is given, by itself or in a variable, and its height.
func (s *Settings) tag() (string, int, error) {
	if s.TagEnvVar == "" {
		return s.Tag, s.height("tag"), nil
	}
	height := s.height("tag-env-var")
	tag, err := s.tagVariable()
	switch {
	case err != nil:
		return "", height, err
	case s.Tag != "":
		return "", height, &Error{Problem: "both --tag and --tag-env-var are set", Remedy: "remove one of them"}
	case tag == "":
		return "", height, &Error{Problem: fmt.Sprintf("the variable %s, which --tag-env-var names, is not set", s.TagEnvVar), Remedy: "set it to the tag to deploy"}
	case credential(s.TagEnvVar) || !isTag(tag): // the value is not shown: it may be a secret
		return "", height, &Error{Problem: fmt.Sprintf("the value of %s, which --tag-env-var names, is not a valid tag", s.TagEnvVar), Remedy: "pass the variable that holds the tag: --tag-env-var NAME"}
	}
	return tag, height, nil
}

// credential reports whether a variable holds a credential of AWS, which could be
// mistaken for a tag.
func credential(variable string) bool {
	return slices.Contains([]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
		EnvPrefix + "AWS_ACCESS_KEY", EnvPrefix + "AWS_SECRET_KEY"}, variable)
}

// isTag reports whether a text can be the tag of an image.
func isTag(text string) bool {
	ref, err := image.Parse("image")
	if err == nil {
		_, err = ref.WithTag(text)
	}
	return err == nil
}

// images gives a request its images, and their tag.
func (s *Settings) images(r *deploy.Request) error {
	tag, tagHeight, err := s.tag()
	if err != nil {
		return err
	}
	r.Images, r.ContainerImages, r.Tag, r.TagOnly = s.Images, map[string]string{}, tag, s.Only
	heights := map[string]int{}
	for i, e := range s.ContainerImages {
		r.ContainerImages[e.Container], heights[e.Container] = e.Value, s.entryHeight("container", i)
	}
	if tag == "" || len(s.Only) > 0 || len(r.Images)+len(heights) == 0 {
		return nil // if they do not go together, the library says what is wrong
	}
	return s.giveTag(r, heights, tag, tagHeight)
}

// sameRepository is the image among those given by repository that is of the same
// one as the text.
func (s *Settings) sameRepository(text string) (string, bool) {
	ref, err := image.Parse(text)
	if err != nil {
		return "", false
	}
	for _, other := range s.Images {
		if o, err := image.Parse(other); err == nil && o.SameRepository(ref) {
			return other, true
		}
	}
	return "", false
}

// giveTag gives the images of a request their tag, if a layer above or below
// has another one for them.
func (s *Settings) giveTag(r *deploy.Request, heights map[string]int, tag string, tagHeight int) error {
	images := make([]string, 0, len(r.Images))
	for _, text := range r.Images {
		tagged, ok, err := withTag(text, s.height("image"), tag, tagHeight)
		if err != nil || !ok {
			return err
		}
		images = append(images, tagged)
	}
	containers := map[string]string{}
	for container, text := range r.ContainerImages {
		tagged, ok, err := withTag(text, heights[container], tag, tagHeight)
		if err != nil || !ok {
			return err
		}
		containers[container] = tagged
	}
	r.Images, r.ContainerImages, r.Tag = images, containers, ""
	return nil
}

// withTag is an image with a tag, or with its own, if that is of a higher
// layer. ok is false if one layer gives both; the library says what is wrong.
func withTag(text string, height int, tag string, tagHeight int) (tagged string, ok bool, err error) {
	ref, err := image.Parse(text)
	if err != nil {
		return "", false, err
	}
	if !ref.Untagged() && height >= tagHeight {
		return text, height > tagHeight, nil
	}
	ref, err = ref.WithTag(tag)
	return ref.String(), true, err
}
