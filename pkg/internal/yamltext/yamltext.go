// Package yamltext reads YAML with the places of what is wrong in it, and makes
// nodes for people to read and for any reader of YAML to understand.
package yamltext

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

// plain is what every version of YAML reads as a text without quotes, unless it
// is one of the words.
var plain = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z/_][A-Za-z0-9/_.@+=-]*(:+[A-Za-z0-9/_.@+=-]+)*$`)
})

// words are what YAML 1.1 or 1.2 takes for something else than a text.
var words = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

// Scalar is a node that is this text. It has quotes wherever a reader might take
// it for a number, a date, a switch or null without them.
func Scalar(text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	switch {
	case strings.Contains(text, "\n"): // a block of lines, if YAML can have one
	case !plain().MatchString(text) || slices.Contains(words, strings.ToLower(text)):
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

// Literal is a node that stands as it is written: a number or a switch.
func Literal(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

// Dump writes a document, lists indented.
func Dump(root *yaml.Node) ([]byte, error) {
	return yaml.Dump(root, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false))
}
