package config

// Some keys overlap: two of them set one thing, or one replaces what others edit. After every
// key has the value of its highest layer, a key of a higher layer clears overlapping keys of
// lower layers.

import (
	"slices"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
)

// reconcile clears values that a higher layer sets with another key. Two overlapping keys in
// one layer stay, and are an error of the request.
func (s *Settings) reconcile() {
	s.settleImageless()
	s.settleRevision()
	for _, pair := range [][2]string{{"tag", "tag-env-var"}, {"task-definition", "task-definition-file"}} {
		lower, higher := pair[0], pair[1]
		if s.height(lower) > s.height(higher) {
			lower, higher = higher, lower
		}
		if s.given(lower) && s.given(higher) && s.height(lower) < s.height(higher) {
			s.takeBack(lower)
		}
	}
	s.settleOnly()
	s.settleContainers()
	s.settleTags()
}

func (s *Settings) given(name string) bool {
	key, ok := s.key(name)
	return ok && key.Value.String() != ""
}

// takeBack makes a setting as if it had not been given.
func (s *Settings) takeBack(name string) {
	key, _ := s.key(name)
	switch v := key.Value.(type) {
	case text:
		*v.target = ""
	case list:
		*v.target = nil
	case names:
		*v.target = nil
	case toggle:
		*v.target = false
	case entryValue:
		*v.field() = nil
	}
	delete(s.sources, name)
}

// settleRevision takes back images and edits of layers below one that names a
// revision: they would make another one of it. One that a file of a higher layer
// takes the place of is not deployed, and takes nothing back.
func (s *Settings) settleRevision() {
	name, height := s.TaskDefinition, s.height("task-definition")
	replaced := s.given("task-definition-file") && s.height("task-definition-file") > height
	if replaced || !arn.HasRevision(name) {
		return
	}
	for _, key := range s.Keys() {
		v, isMap := key.Value.(entryValue)
		switch {
		case !key.changesDefinition() || key.Name != mapName(key):
		case !isMap:
			if s.given(key.Name) && s.height(key.Name) < height {
				s.takeBack(key.Name)
				s.leftOut = append(s.leftOut, key.Name)
			}
		default:
			lower := 0 // entries are in the order of their layers, the lowest first
			for lower < len(s.sources[key.Name]) && s.sources[key.Name][lower].height < height {
				lower++
			}
			if lower > 0 {
				*v.field() = (*v.field())[lower:]
				s.sources[key.Name] = s.sources[key.Name][lower:]
				s.leftOut = append(s.leftOut, key.Name)
			}
		}
	}
}

// LeftOut are the names of keys that are given and not used, because a higher
// layer names the revision to deploy.
func (s *Settings) LeftOut() []string { return s.leftOut }

// settleOnly takes back the containers for the tag alone, or the images of all
// layers below them.
func (s *Settings) settleOnly() {
	highest := -1
	if len(s.Images) > 0 {
		highest = s.height("image")
	}
	for i := range s.ContainerImages {
		highest = max(highest, s.entryHeight("container", i))
	}
	switch only := s.height("only"); {
	case len(s.Only) == 0 || highest == only:
	case highest > only:
		s.takeBack("only")
	default:
		s.takeBack("image")
		s.takeBack("container")
	}
}

// settleContainers gives containers the image that a higher layer has for their
// repository.
func (s *Settings) settleContainers() {
	for i, e := range s.ContainerImages {
		higher, ok := s.sameRepository(e.Value)
		if !ok || s.height("image") <= s.entryHeight("container", i) {
			continue
		}
		if higher != e.Value {
			s.ContainerImages[i].Value, s.sources["container"][i].origin = higher, s.Origin("image")
		}
		s.sources["container"][i].height = s.height("image")
	}
}

// settleTags removes the tags and digests of images from layers below that of the
// tag; or the tag, if it comes from a layer below all images and no image needs one.
func (s *Settings) settleTags() {
	for _, name := range []string{"tag", "tag-env-var"} {
		if !s.given(name) {
			continue
		}
		images := s.imagesAt()
		needed, below := len(images) == 0, true
		for _, image := range images {
			if image.height < s.height(name) {
				*image.text = withoutTag(*image.text)
			}
			needed = needed || untagged(*image.text)
			below = below && s.height(name) < image.height
		}
		if len(s.Images) > 0 { // those of containers come after them
			below = s.height(name) < s.height("image")
		}
		if !needed && below {
			s.takeBack(name)
		}
	}
}

// imageAt is an image of the settings and the height of its layer.
type imageAt struct {
	text   *string
	height int
}

// imagesAt are the images that have an effect: those of containers that no later
// entry overrides.
func (s *Settings) imagesAt() []imageAt {
	var all []imageAt
	for i := range s.Images {
		all = append(all, imageAt{&s.Images[i], s.height("image")})
	}
	for i, e := range s.ContainerImages {
		if !slices.ContainsFunc(s.ContainerImages[i+1:], func(later Entry) bool { return overrides(later, e) }) {
			all = append(all, imageAt{&s.ContainerImages[i].Value, s.entryHeight("container", i)})
		}
	}
	return all
}

// withoutTag is an image without its tag and digest.
func withoutTag(text string) string {
	ref, err := image.Parse(text)
	if err != nil {
		return text
	}
	return ref.Name()
}

// untagged reports whether an image waits for a tag.
func untagged(text string) bool {
	ref, err := image.Parse(text)
	return err == nil && ref.Untagged()
}
