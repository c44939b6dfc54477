// Package printable makes texts of others (what ECS, a container, a file or a
// registry says) fit to be printed: nothing in them acts upon a terminal, a CI
// system or a shell, none is endless, and what cannot be seen is shown as an
// escape.
//
// It is the one border between such texts and a person. Values keep the original;
// who prints a value gives it to [Line], or writes it to a [Writer]. JSON and YAML
// keep the original too, written in escapes that their readers undo.
package printable

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Limit is the number of characters to which a line is cut.
const Limit = 2000

// readLimit is the number of characters of which a line is made. It is more than is
// kept, so that no secret is cut before it is known as one.
const readLimit = 4 * Limit

// endRoom is the room for the words about what is left out.
const endRoom = 40

// Line is a text as one line that does nothing but show it:
//
//   - escape sequences of terminals, such as colours, are taken out;
//   - line breaks, tabs and white space other than plain spaces become one space;
//   - what is left of control characters, whatever is invisible or turns the
//     direction of writing, and bytes that are not UTF-8 are shown as escapes: \x1b,
//     \u202e, \xff;
//   - the commands of CI systems are broken by a space: "## [error]",
//     "##vso [task.complete]", "::error: :";
//   - secrets in URLs are masked, see [WithoutSecrets];
//   - after [Limit] characters it ends with how many are left out.
//
// A line stays what it is when it is given to Line again.
func Line(text string) string {
	l := line{rest: text}
	for l.rest != "" && l.count <= readLimit {
		l.step()
	}
	if l.rest == "" && !l.odd { // a line may end in spaces, if an answer follows
		l.space()
	}
	shown := []rune(WithoutSecrets(string(l.out)))
	if l.rest == "" && len(shown) <= Limit {
		return string(shown)
	}
	kept := strings.TrimRight(string(shown[:min(len(shown), Limit-endRoom)]), " ")
	left := len(shown) - utf8.RuneCountInString(kept) + utf8.RuneCountInString(l.rest)
	return fmt.Sprintf("%s … (%d more characters)", kept, left)
}

// line is a line in the making.
type line struct {
	rest   string // what is not read yet
	out    []byte
	count  int  // of the characters in out
	spaces int  // white space that was read and is not written
	indent int  // of it, the plain spaces before anything else
	odd    bool // not all of it are plain spaces
	marks  int  // combining marks since the last other character
}

// step reads a character, or an escape sequence.
func (l *line) step() {
	if n := sequence(l.rest); n > 0 {
		l.rest = l.rest[n:]
		return
	}
	r, size := utf8.DecodeRuneInString(l.rest)
	read := l.rest[:size]
	l.rest = l.rest[size:]
	if unicode.IsSpace(r) {
		l.odd = l.odd || r != ' '
		if !l.odd {
			l.indent++
		}
		if l.spaces++; l.count+l.spaces > readLimit && !l.odd {
			l.space()
		}
		return
	}
	l.space()
	if l.marks++; !unicode.Is(unicode.M, r) {
		l.marks = 0
	}
	switch {
	case r == utf8.RuneError && size == 1:
		l.add(fmt.Sprintf(`\x%02x`, read[0]))
	case hidden(r) || l.marks > maxMarks:
		l.add(escape(r))
	default:
		if actsAfter(l.out, r) {
			l.add(" ")
		}
		l.add(read)
	}
}

func (l *line) add(text string) {
	l.out = append(l.out, text...)
	l.count += utf8.RuneCountInString(text)
}

// space writes the white space that was read.
func (l *line) space() {
	width := l.spaces
	switch {
	case l.odd && len(l.out) > 0:
		width = 1
	case l.odd:
		width = l.indent
	}
	if width > 0 && len(l.out) == 3 && headings[string(l.out)] {
		l.out, l.count = append([]byte(" "), l.out...), l.count+1
	}
	l.add(strings.Repeat(" ", width))
	l.spaces, l.indent, l.odd = 0, 0, false
}

// maxMarks is how many combining marks a character may have: more of them would
// paint over the lines above and below.
const maxMarks = 4

// hidden reports whether nothing is seen of a character, or it is not meant to be
// seen. Of the variation selectors, those of emoji are everyday.
func hidden(r rune) bool {
	switch {
	case r == '\ufe0e' || r == '\ufe0f':
		return false
	case !unicode.IsPrint(r):
		return true
	}
	return unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// escape is a character as it is written in the strings of Go and YAML.
func escape(r rune) string { return strings.Trim(strconv.QuoteRuneToASCII(r), "'") }

// sequence is the length of the control sequence with which a text begins, such
// as the colour of a log line; 0 for none. Nothing in it is meant to be read.
func sequence(text string) int {
	n := 0
	for _, introducer := range []string{"\x1b[", "\u009b"} {
		if strings.HasPrefix(text, introducer) {
			n = len(introducer)
		}
	}
	if n == 0 {
		return 0
	}
	for ; n < len(text); n++ {
		switch c := text[n]; {
		case c >= 0x40 && c <= 0x7e:
			return n + 1
		case c < 0x20 || c > 0x3f:
			return 0
		}
	}
	return 0
}

// headings are what makes a heading of a line in the logs of Buildkite, if a space
// follows.
var headings = map[string]bool{"---": true, "+++": true, "~~~": true, "^^^": true}

// actsAfter reports whether a character would complete a command of a CI system:
//
//   - ##[name], ##vso[name] and ##teamcity[name], wherever in a line they are
//     (GitHub, Azure Pipelines, TeamCity);
//   - ::name:: at the beginning of a line, white space aside (GitHub).
//
// Those of GitLab and Travis need an escape sequence or a carriage return.
func actsAfter(out []byte, r rune) bool {
	switch r {
	case '[':
		before := bytes.TrimRightFunc(out, func(r rune) bool { return r < utf8.RuneSelf && unicode.IsLetter(r) })
		return bytes.HasSuffix(before, []byte("##"))
	case ':':
		start := bytes.TrimLeft(out, " ")
		return bytes.HasSuffix(start, []byte(":")) && len(start) > 2 && bytes.HasPrefix(start, []byte("::"))
	}
	return false
}

// JSON is a JSON text with the same values, of which nothing acts when it is
// printed: what [Line] would change is written as \u escapes.
func JSON(text []byte) []byte {
	return escaped(text, func(r rune) string {
		if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
			return fmt.Sprintf(`\u%04x\u%04x`, high, low)
		}
		return fmt.Sprintf(`\u%04x`, r)
	})
}

// YAML is the same for a YAML text in which every value that [Line] would change
// is in double quotes.
func YAML(text []byte) []byte {
	return escaped(text, func(r rune) string {
		if r > 0xffff {
			return fmt.Sprintf(`\U%08x`, r)
		}
		return fmt.Sprintf(`\u%04x`, r)
	})
}

// escaped is a text in which hidden characters, except the newlines between its lines, and the
// brackets of commands are escaped.
func escaped(text []byte, escape func(rune) string) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r != '\n' && hidden(r), r == '[' && actsAfter(out, r):
			out = append(out, escape(r)...)
		default:
			out = append(out, text[:size]...)
		}
		text = text[size:]
	}
	return out
}
