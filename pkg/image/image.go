// Package image reads container image references the way container runtimes
// do: by the grammar of the distribution project, normalised, so that
// "mariadb", "docker.io/mariadb" and "docker.io/library/mariadb" name one
// repository, and "team/web" is never mistaken for "team/web-admin".
//
// A Reference also remembers what was typed: what is registered with ECS is
// the text of the person who deploys, never a canonical rewriting of it.
package image

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// DefaultTag is the tag that an image without tag and digest stands for.
const DefaultTag = "latest"

// Reference is one image reference, as typed and as understood. The zero value
// is not a reference; references are made by [Parse].
type Reference struct {
	typed  string
	named  reference.Named
	tag    string
	digest string
}

// ParseError says that a text is not an image reference, or a part of one.
type ParseError struct {
	// Input is the text that was given.
	Input string
	// What it should have been: "an image reference", "a tag" or "a digest".
	What string
	// Reason says what is wrong with it, in the grammar's own words.
	Reason string
}

// Error names the text and the reason.
func (e *ParseError) Error() string {
	return fmt.Sprintf("%q is not %s: %s", e.Input, e.What, e.Reason)
}

// Hint shows the form of a reference.
func (e *ParseError) Hint() string {
	if isDigest(strings.TrimPrefix(e.Input, "@")) {
		return "pass the image with its digest: -i REPOSITORY@" + strings.TrimPrefix(e.Input, "@")
	}
	return "write [registry[:port]/]repository[:tag][@sha256:digest], in lower case except for the tag"
}

// ExitCode is that of bad input.
func (e *ParseError) ExitCode() int { return 3 }

// Parse reads an image reference: [registry[:port]/]path[:tag][@digest]. It
// fails with a [*ParseError]. Nothing is added to the reference; see
// [Reference.WithDefaultTag].
func Parse(text string) (Reference, error) {
	named, err := reference.ParseNormalizedNamed(text)
	if isDigest(text) { // the grammar takes it for the tag of a repository named sha256
		return Reference{}, &ParseError{Input: text, What: "an image reference", Reason: digestForm}
	}
	if err != nil {
		return Reference{}, &ParseError{Input: text, What: "an image reference", Reason: reason(text, err)}
	}
	ref := Reference{typed: text, named: named}
	if tagged, ok := named.(reference.Tagged); ok {
		ref.tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		ref.digest = digested.Digest().String()
	}
	return ref, nil
}

// reason turns the grammar's terse errors into something a person can act on.
func reason(text string, err error) string {
	placeholder := Placeholder(text)
	switch {
	case text == "":
		return "it is empty"
	case placeholder != "":
		return "it has " + placeholder + ", which was not replaced by a value"
	case strings.Contains(text, "://"):
		return "it has a URL scheme; remove everything up to ://"
	case strings.TrimSpace(text) != text:
		return "it begins or ends with white space"
	case strings.Contains(text, digestStart) && !strings.Contains(text, "@"+digestStart):
		return digestForm
	}
	if _, digest, found := strings.Cut(text, "@"+digestStart); found && len(digest) != digestLength {
		return fmt.Sprintf("a sha256 digest has %d hexadecimal digits, this one has %d", digestLength, len(digest))
	}
	return err.Error()
}

const (
	digestStart  = "sha256:"
	digestLength = 64
	digestForm   = "a digest is written REPOSITORY@sha256:…"
)

// isDigest reports whether a text is a digest, without a repository.
func isDigest(text string) bool {
	digits, found := strings.CutPrefix(text, digestStart)
	return found && len(digits) == digestLength && strings.Trim(strings.ToLower(digits), "0123456789abcdef") == ""
}

// Placeholder is the part of a text that something else should have filled in:
// <IMAGE1_NAME>, {{must_env `X`}}, ${NAME}, $NAME or %NAME%. It is "" if there is
// none.
func Placeholder(text string) string {
	for _, kind := range []struct{ begin, end string }{{"{{", "}}"}, {"${", "}"}, {"$(", ")"}, {"<", ">"}, {"%", "%"}, {"@@", "@@"}} {
		_, inner, begins := strings.Cut(text, kind.begin)
		inner, _, ends := strings.Cut(inner, kind.end)
		if begins && ends {
			return kind.begin + inner + kind.end
		}
	}
	_, name, found := strings.Cut(text, "$")
	length := strings.IndexFunc(name, func(c rune) bool {
		return c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
	if length < 0 {
		length = len(name)
	}
	if !found || length == 0 {
		return ""
	}
	return "$" + name[:length]
}

// String returns the reference exactly as it was typed.
func (r Reference) String() string { return r.typed }

// Repository is the normalised repository with its registry, without tag and
// digest: docker.io/library/mariadb for "mariadb:11".
func (r Reference) Repository() string {
	if r.named == nil {
		return ""
	}
	return r.named.Name()
}

// Tag is the tag, or "" if there is none.
func (r Reference) Tag() string { return r.tag }

// Digest is the digest with its algorithm ("sha256:…"), or "" if there is none.
func (r Reference) Digest() string { return r.digest }

// Untagged reports whether there is neither a tag nor a digest.
func (r Reference) Untagged() bool { return r.tag == "" && r.digest == "" }

// Name is the reference as it was typed, without tag and digest.
func (r Reference) Name() string {
	name := strings.TrimSuffix(r.typed, "@"+r.digest)
	if r.tag != "" {
		name = strings.TrimSuffix(name, ":"+r.tag)
	}
	return name
}

// SameRepository reports whether both references name the same repository of
// the same registry, whatever their tags and digests.
func (r Reference) SameRepository(other Reference) bool {
	return r.named != nil && other.named != nil && r.Repository() == other.Repository()
}

// WithDefaultTag returns the reference with ":latest" behind it if it has
// neither a tag nor a digest, and unchanged otherwise.
func (r Reference) WithDefaultTag() Reference {
	if r.named == nil || !r.Untagged() {
		return r
	}
	tagged, err := reference.WithTag(r.named, DefaultTag)
	if err != nil { // "latest" is a valid tag for every name.
		return r
	}
	return Reference{typed: r.typed + ":" + DefaultTag, named: tagged, tag: DefaultTag}
}

// WithTag returns the reference with another tag, and without a digest. It returns a
// [*ParseError] if the text is not a tag.
func (r Reference) WithTag(tag string) (Reference, error) {
	e := &ParseError{Input: tag, What: "a tag", Reason: "use at most 128 letters, digits, _, . and -, and do not begin with . or -"}
	if isDigest(strings.TrimPrefix(tag, "@")) {
		e.Reason = digestForm
	}
	return r.with(":"+tag, e)
}

// WithDigest returns the reference with a digest ("sha256:…"), and without a tag. It returns a
// [*ParseError] if the text is not a digest.
func (r Reference) WithDigest(digest string) (Reference, error) {
	return r.with("@"+digest, &ParseError{Input: digest, What: "a digest", Reason: "it is not sha256: and 64 hexadecimal digits"})
}

// with returns the reference with another end, as its repository was typed.
func (r Reference) with(end string, otherwise *ParseError) (Reference, error) {
	changed, err := Parse(r.Name() + end)
	if err != nil || changed.Repository() != r.Repository() || end != ":"+changed.tag && end != "@"+changed.digest {
		return Reference{}, otherwise
	}
	return changed, nil
}

// Registry is the host of the registry, with its port, if it has one: docker.io
// for "mariadb:11".
func (r Reference) Registry() string {
	if r.named == nil {
		return ""
	}
	return reference.Domain(r.named)
}

// Path is the repository within its registry: library/mariadb for "mariadb:11".
func (r Reference) Path() string {
	if r.named == nil {
		return ""
	}
	return reference.Path(r.named)
}

// Moving reports whether what the reference names is expected to change under
// the same text: it is tagged "latest" (or not at all) and not pinned by a
// digest.
func (r Reference) Moving() bool {
	return r.digest == "" && (r.tag == "" || r.tag == DefaultTag)
}
