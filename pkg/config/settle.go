package config

// Some keys say one thing in two ways, and one says a thing that others change.
// After every key has got the value of its highest layer, what a higher layer says
// in one way takes back what a lower one says in another.

import (
	"math"
	"slices"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
)

// ofFlags is the height of flags, above all layers.
const ofFlags = math.MaxInt

// settle takes back what a higher layer says otherwise. What one layer says in two
// ways stays, and is an error of the request.
func (s *Settings) settle(said *layer) {
	s.noteHeights(said)
	s.settleImageless()
	s.settleRevision()
	for _, pair := range [][2]string{{"tag", "tag-env-var"}, {"task-definition", "task-definition-file"}} {
		lower, higher := pair[0], pair[1]
		if s.heights[lower] > s.heights[higher] {
			lower, higher = higher, lower
		}
		if s.given(lower) && s.given(higher) && s.heights[lower] < s.heights[higher] {
			s.takeBack(lower)
		}
	}
	s.settleOnly()
	s.settleContainers()
	s.settleTags()
}

// noteHeights notes from how high a layer each setting comes.
func (s *Settings) noteHeights(said *layer) {
	s.heights, s.entryHeights = map[string]int{}, map[string][]int{}
	for name, origin := range s.origins {
		switch origin.Layer {
		case Flag:
			s.heights[name] = ofFlags
		case Variable:
			s.heights[name] = said.height
		default:
			s.heights[name] = said.values[name].height
		}
	}
	for name := range s.entryOrigins {
		for _, entry := range said.entries[name] {
			s.entryHeights[name] = append(s.entryHeights[name], entry.height)
		}
	}
}

// entryHeight is the height of an entry of a map.
func (s *Settings) entryHeight(name string, i int) int {
	if heights := s.entryHeights[name]; i < len(heights) {
		return heights[i]
	}
	return ofFlags
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
		delete(s.entryOrigins, name)
		delete(s.entryHeights, name)
	}
	delete(s.origins, name)
}

// settleRevision takes back images and edits of layers below one that names a
// revision: they would make another one of it. One that a file of a higher layer
// takes the place of is not deployed, and takes nothing back.
func (s *Settings) settleRevision() {
	name, height := s.TaskDefinition, s.heights["task-definition"]
	replaced := s.given("task-definition-file") && s.heights["task-definition-file"] > height
	if replaced || !arn.HasRevision(name) {
		return
	}
	for _, key := range s.Keys() {
		v, isMap := key.Value.(entryValue)
		switch {
		case !key.changesDefinition() || key.Name != mapName(key):
		case !isMap:
			if s.given(key.Name) && s.heights[key.Name] < height {
				s.takeBack(key.Name)
				s.leftOut = append(s.leftOut, key.Name)
			}
		default:
			lower := 0 // entries are in the order of their layers, the lowest first
			for lower < len(s.entryHeights[key.Name]) && s.entryHeights[key.Name][lower] < height {
				lower++
			}
			if lower > 0 {
				*v.field() = (*v.field())[lower:]
				s.entryOrigins[key.Name], s.entryHeights[key.Name] = s.entryOrigins[key.Name][lower:], s.entryHeights[key.Name][lower:]
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
		highest = s.heights["image"]
	}
	for i := range s.ContainerImages {
		highest = max(highest, s.entryHeight("container", i))
	}
	switch only := s.heights["only"]; {
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
		if !ok || s.heights["image"] <= s.entryHeight("container", i) {
			continue
		}
		if higher != e.Value {
			s.ContainerImages[i].Value, s.entryOrigins["container"][i] = higher, s.origins["image"]
		}
		s.entryHeights["container"][i] = s.heights["image"]
	}
}

// settleTags takes back the tags and digests in images of layers below that of the
// tag; or the tag, where it is of a layer below the images, and none waits for it.
func (s *Settings) settleTags() {
	for _, name := range []string{"tag", "tag-env-var"} {
		if !s.given(name) {
			continue
		}
		lowest, waits := ofFlags, len(s.Images)+len(s.ContainerImages) == 0
		hold := func(text *string, height int) {
			if height < s.heights[name] {
				*text = withoutTag(*text)
			}
			waits, lowest = waits || untagged(*text), min(lowest, height)
		}
		for i := range s.Images {
			hold(&s.Images[i], s.heights["image"])
		}
		for i := range s.ContainerImages {
			if overridden := slices.ContainsFunc(s.ContainerImages[i+1:], func(later Entry) bool { return overrides(later, s.ContainerImages[i]) }); !overridden {
				hold(&s.ContainerImages[i].Value, s.entryHeight("container", i))
			}
		}
		if len(s.Images) > 0 {
			lowest = s.heights["image"]
		}
		if !waits && s.heights[name] < lowest {
			s.takeBack(name)
		}
	}
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
