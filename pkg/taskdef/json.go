package taskdef

// From a JSON text to a tree of nodes with places, and what is wrong with a text that
// should be JSON.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
	"go.yaml.in/yaml/v4"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/utf8text"
)

func jsonTree(text []byte) (*yaml.Node, *Problem) {
	value, err := hujson.Parse(text)
	if err != nil {
		return nil, jsonProblem(text, err)
	}
	places := places{text: text}
	root := places.node(value)
	return root, places.problem
}

// jsonProblem says what is wrong with a text that is no JSON. The place stands in the
// text of the parser's error, and nowhere else.
func jsonProblem(text []byte, err error) *Problem {
	reason := strings.TrimPrefix(err.Error(), "hujson: ")
	line, column := 0, 0
	if _, scanErr := fmt.Sscanf(reason, "line %d, column %d:", &line, &column); scanErr == nil {
		_, reason, _ = strings.Cut(reason, ": ")
	}
	offset := offsetOf(text, line, column)
	rest := text[offset:]
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || strings.HasSuffix(reason, "unexpected EOF"):
		reason = "the text ends in the middle of the task definition"
	case bytes.HasPrefix(rest, []byte(`"`)):
		if length, why := badText(rest); why != "" {
			offset, reason = offset+length, why
		}
	case bytes.HasPrefix(rest, []byte("${")):
		reason = fmt.Sprintf(`a variable must be in quotes, even if ECS expects a number: "${%s}"`, leadingName(rest[2:]))
	case strings.HasPrefix(reason, "invalid literal: "): // what follows may be secret
		reason = "invalid literal: text must be in quotes"
	}
	places := places{text: text}
	line, column = places.at(offset)
	return &Problem{Line: line, Column: column, Reason: reason}
}

// offsetOf is the offset of a place whose column counts bytes.
func offsetOf(text []byte, line, column int) int {
	offset := 0
	for ; line > 1; line-- {
		offset += bytes.IndexByte(text[offset:], '\n') + 1
	}
	return min(offset+max(column-1, 0), len(text))
}

// badText finds what is wrong with a JSON string, which begins the text: how far from
// its beginning that is, and why.
func badText(text []byte) (offset int, reason string) {
	for i := 1; i < len(text) && text[i] != '"'; i++ {
		switch {
		case text[i] == '\n' || text[i] == '\r':
			return i, `a text has a line break in it; write \n, or close the quotes before it`
		case text[i] < ' ':
			return i, fmt.Sprintf(`a text has the control character \x%02x in it; write \u00%02x`, text[i], text[i])
		case text[i] != '\\' || i+1 == len(text):
		case text[i+1] == 'u':
			if length, ok := escaped(text[i:]); !ok {
				return i, `\u is not followed by four hexadecimal digits`
			} else if length == 0 {
				return i, halfPair
			}
			i++
		case text[i+1] == '$':
			return i, `\$ is not an escape of JSON; write $, or $$ before {`
		case !bytes.ContainsRune([]byte(`"\/bfnrt`), rune(text[i+1])):
			return i, fmt.Sprintf(`\%s is not an escape of JSON; write a backslash as \\`, printable(text[i+1:]))
		default:
			i++
		}
	}
	return 0, ""
}

const halfPair = "this is half of a surrogate pair, which is not a character"

// printable is the first character of a text, as an error may show it.
func printable(text []byte) string {
	r, _ := utf8.DecodeRune(text)
	return strings.Trim(fmt.Sprintf("%q", r), "'")
}

// escaped reads a \u escape, which begins the text. length is 0 if it is half of a
// surrogate pair; ok is false if it is none.
func escaped(text []byte) (length int, ok bool) {
	first, ok := hexadecimal(text)
	switch {
	case !ok:
		return 0, false
	case first < 0xd800 || first > 0xdfff:
		return 6, true
	case first > 0xdbff:
		return 0, true
	}
	if second, isEscape := hexadecimal(text[6:]); isEscape && second >= 0xdc00 && second <= 0xdfff {
		return 12, true
	}
	return 0, true
}

// hexadecimal is the number in a \u escape that begins a text.
func hexadecimal(text []byte) (number int, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, digit := range text[2:6] {
		at := strings.IndexByte("0123456789abcdef", digit|0x20)
		if at < 0 {
			return 0, false
		}
		number = number<<4 | at
	}
	return number, true
}

// halfCharacter is the offset of the first \u escape in a JSON text that is half of a
// surrogate pair: a decoder puts U+FFFD in its place without a word.
func halfCharacter(text []byte) (offset int, ok bool) {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		length, isEscape := escaped(text[i:])
		switch {
		case !isEscape:
			i++ // what is escaped is not looked at: it may be a backslash
		case length == 0:
			return i, true
		default:
			i += length - 1
		}
	}
	return 0, false
}

// places turns offsets, which come in ascending order, into lines and columns.
type places struct {
	text                 []byte
	offset, line, column int      // what is known of the last offset, counted from 0
	problem              *Problem // the first one in a literal
}

func (p *places) at(offset int) (line, column int) {
	passed := p.text[p.offset:offset]
	if last := bytes.LastIndexByte(passed, '\n'); last >= 0 {
		p.line += bytes.Count(passed, []byte("\n"))
		p.column, passed = 0, passed[last+1:]
	}
	p.column += utf8.RuneCount(passed)
	p.offset = offset
	return p.line + 1, p.column + 1
}

// node is the tree of a JSON value, as YAML would have it.
func (p *places) node(value hujson.Value) *yaml.Node {
	line, column := p.at(value.StartOffset)
	n := &yaml.Node{Line: line, Column: column}
	switch v := value.Value.(type) {
	case *hujson.Object:
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
		n.Content = make([]*yaml.Node, 0, 2*len(v.Members))
		for _, member := range v.Members {
			n.Content = append(n.Content, p.node(member.Name), p.node(member.Value))
		}
	case *hujson.Array:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		n.Content = make([]*yaml.Node, 0, len(v.Elements))
		for _, element := range v.Elements {
			n.Content = append(n.Content, p.node(element))
		}
	case hujson.Literal:
		n.Kind, n.Tag, n.Value = yaml.ScalarNode, jsonTag(v), p.jsonText(v, value.StartOffset)
	}
	return n
}

// jsonText is the value of a JSON literal. Most strings stand as they mean; only
// the others have to be read as JSON.
func (p *places) jsonText(v hujson.Literal, start int) string {
	if v.Kind() != '"' || bytes.IndexByte(v, '\\') >= 0 {
		if offset, bad := halfCharacter(v); bad && p.problem == nil {
			line, column := p.at(start + offset)
			p.problem = &Problem{Line: line, Column: column, Reason: halfPair}
		}
		return v.String()
	}
	return string(v[1 : len(v)-1])
}

// jsonTag is the YAML tag of a JSON literal.
func jsonTag(v hujson.Literal) string {
	switch v.Kind() {
	case '"':
		return "!!str"
	case 'n':
		return "!!null"
	case 't', 'f':
		return "!!bool"
	}
	return "!!float"
}

// Words reads a JSON list of words, such as a command. Its errors do not repeat the
// words: they may be secret.
func Words(text []byte) ([]string, error) {
	if reason := utf8text.Reason(text); reason != "" {
		return nil, errors.New(reason)
	}
	if _, bad := halfCharacter(text); bad {
		return nil, errors.New(halfPair)
	}
	var list []*string
	if err := json.Unmarshal(text, &list); err != nil || slices.Contains(list, nil) {
		return nil, errors.New("it is not a JSON list of words")
	}
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = *word
	}
	return words, nil
}
