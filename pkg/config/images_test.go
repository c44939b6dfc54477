package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// placedText is a text, and the number of the layer that says it, from the lowest;
// -1 if none does.
type placedText struct {
	text  string
	layer int
}

// imagesModel is what layers say of images, by the simplest of rules: of each key
// what the highest layer says.
type imagesModel struct {
	images    []placedText
	image     int // the layer of the images; -1 for none
	container map[string]placedText
	tag, only placedText
	file      string
}

func drawImages(t *rapid.T) imagesModel {
	m := imagesModel{image: -1, container: map[string]placedText{}, tag: placedText{layer: -1}, only: placedText{layer: -1}}
	var b strings.Builder
	b.WriteString("version: 1\n")
	for i, head := range []string{"defaults:\n", "targets:\n  base:\n", "  prod:\n    extends: base\n"} {
		b.WriteString(head + "    cluster: c\n")
		say := func(key string, texts ...string) (string, bool) {
			text := rapid.SampledFrom(append(texts, "", "")).Draw(t, key)
			if text != "" {
				fmt.Fprintf(&b, "    %s: %s\n", key, text)
			}
			return text, text != ""
		}
		if text, ok := say("image", "[a]", "[a:v1]", "[b:v1]", "[a:v2, b]", "[]"); ok {
			m.images, m.image = nil, -1
			for _, each := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("[], ", r) }) {
				m.images, m.image = append(m.images, placedText{each, i}), i
			}
		}
		if text, ok := say("container", "{x: a:v3}", "{x: a}", "{y: b:v4}", "{y: b}", "{y: a:v5}"); ok {
			name, ref, _ := strings.Cut(strings.Trim(text, "{}"), ": ")
			m.container[name] = placedText{ref, i}
		}
		if text, ok := say("tag", "t1", "t2"); ok {
			m.tag = placedText{text, i}
		}
		if text, ok := say("only", "x"); ok {
			m.only = placedText{text, i}
		}
	}
	m.file = b.String()
	return m
}

// tagged is an image with the tag that is meant; ok is false if one layer gives
// two.
func (m imagesModel) tagged(p placedText) (text string, ok bool) {
	repository, own, has := strings.Cut(p.text, ":")
	switch {
	case m.tag.layer < 0, has && p.layer > m.tag.layer:
		return p.text, true
	case has && p.layer == m.tag.layer:
		return own, false
	}
	return repository + ":" + m.tag.text, true
}

// want is what is asked for: images, containers, and the containers for the tag
// alone. ok is false if layers contradict themselves.
func (m imagesModel) want() (want string, ok bool) {
	named := m.image
	for _, p := range m.container {
		named = max(named, p.layer)
	}
	if m.only.layer > named {
		return fmt.Sprint([]string{}, map[string]string{}, m.only.text, m.tag.text), m.tag.layer >= 0
	}
	ok = m.only.layer < named || named < 0
	images, containers := []string{}, map[string]string{}
	for _, p := range m.images {
		text, clear := m.tagged(p)
		images, ok = append(images, text), ok && clear
	}
	for name, p := range m.container {
		repository, _, _ := strings.Cut(p.text, ":")
		if i := slices.IndexFunc(m.images, func(other placedText) bool { return strings.HasPrefix(other.text+":", repository+":") }); i >= 0 && m.image > p.layer {
			p = m.images[i]
		}
		text, clear := m.tagged(p)
		containers[name], ok = text, ok && clear
	}
	alone := ""
	if named < 0 {
		alone = m.tag.text
	}
	return fmt.Sprint(images, containers, "", alone), ok
}

// TestImagesOfLayersAreThoseOfTheModel gives random images, containers and tags in
// random layers.
func TestImagesOfLayersAreThoseOfTheModel(t *testing.T) {
	clearEnvironment(t)
	rapid.Check(t, func(t *rapid.T) {
		m := drawImages(t)
		want, ok := m.want()
		if !ok {
			return // the library says what is wrong; see its own tests
		}
		f, err := ParseFile("ecs-deploy.yaml", []byte(m.file), "")
		if err != nil {
			t.Fatal(err)
		}
		s, err := f.Settings("prod")
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Request(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Tag != "" && len(r.Images)+len(r.ContainerImages) > 0 {
			t.Fatalf("a tag is left beside images: %+v\n%s", r, m.file)
		}
		if got := fmt.Sprint(append([]string{}, r.Images...), maps.Clone(r.ContainerImages), strings.Join(r.TagOnly, ","), r.Tag); got != want {
			t.Fatalf("%s, want %s of\n%s", got, want, m.file)
		}
	})
}
