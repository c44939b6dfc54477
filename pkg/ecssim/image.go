package ecssim

// This file is image references and what they stand for. A digest is made from
// the reference with its tag, and remembered, so that an image that is named by
// its digest is known for what it is.

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// splitImage cuts an image reference into its parts; tag and digest may be
// empty.
func splitImage(image string) (repository, tag, digest string) {
	repository, digest, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(repository, ':'); i > strings.LastIndexByte(repository, '/') {
		repository, tag = repository[:i], repository[i+1:]
	}
	return repository, tag, digest
}

// imageDigest is the digest that an image reference resolves to: its own if
// it names one, else the same one every time. No tag means latest.
func imageDigest(image string) string {
	_, tag, digest := splitImage(image)
	if digest != "" {
		return digest
	}
	if tag == "" {
		image += ":latest"
	}
	sum := sha256.Sum256([]byte(image))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// keepDigest keeps what the digest of an image was made from.
func (e *engine) keepDigest(image string) {
	if strings.Contains(image, "@") {
		return
	}
	if e.Digests == nil {
		e.Digests = map[string]string{}
	}
	e.Digests[imageDigest(image)] = image
}

// byTag is the reference with a tag that an image named by its digest stands
// for; any other image is what it is.
func (e *engine) byTag(image string) string {
	repository, _, digest := splitImage(image)
	known, ok := e.Digests[digest]
	if from, _, _ := splitImage(known); !ok || from != repository {
		return image
	}
	return known
}

// means reports whether a glob of the world is about an image, as it is written or
// by the tag that its digest stands for.
func (e *engine) means(pattern, image string) bool {
	return glob(pattern, image) || glob(pattern, e.byTag(image))
}

// absent reports whether an image is one that the world has not got: nobody can
// ever pull it, because it is not found.
func (e *engine) absent(image string) bool {
	for _, rule := range e.World.Images {
		if !e.means(rule.Match, image) {
			continue
		}
		sometimes := rule.Probability > 0 && rule.Probability < 1
		return !sometimes && rule.Behaviour == CannotPull && (rule.Message == "" || strings.Contains(rule.Message, "not found"))
	}
	return false
}
