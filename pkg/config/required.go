package config

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v4"
)

// requiredVersion reads the bounds of the program's version, and holds the
// running program to them.
func (r *fileReader) requiredVersion(node *yaml.Node) {
	text, ok := plain(node)
	constraint, err := semver.NewConstraint(text)
	if !ok || err != nil {
		r.problem(node, fmt.Sprintf(`required-version: %q is not a version constraint; write ">= 0.5, < 2"`, node.Value))
		return
	}
	constraint.IncludePrerelease = true // a candidate of 0.6 is above 0.5
	if version, ok := release(r.running); ok && !constraint.Check(version) {
		r.outdated = fmt.Sprintf("%s: the file requires ecs-deploy %s; this is %s", placeOf(node).in(r.file.Path), text, r.running)
	}
}

// release is a version that was released: neither that of a working copy nor one
// that Go makes up from a commit (v0.0.0-20060102150405-abcdefabcdef).
func release(text string) (*semver.Version, bool) {
	version, err := semver.NewVersion(text)
	if err != nil || version.Metadata() != "" {
		return nil, false
	}
	parts := strings.FieldsFunc(version.Prerelease(), func(c rune) bool { return c == '-' || c == '.' })
	for _, part := range parts {
		if len(part) == len("20060102150405") && strings.Trim(part, "0123456789") == "" {
			return nil, false
		}
	}
	return version, true
}
