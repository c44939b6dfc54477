package report

import (
	"fmt"
	"strings"
)

// Tone is how a part of a line is meant. A renderer decides what that looks like;
// the words alone say it all.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Good
	Bad
	Warn
	Dim
	Strong
)

// Part is a piece of a line in one tone.
type Part struct {
	Tone Tone
	Text string
}

// Line is one line for people, without its newline. Its text may come from ECS, a
// container or a file: whoever shows it makes it harmless (package printable).
type Line struct {
	// Indent is the number of columns to the left of it.
	Indent int
	// Hang is how much further to the right the line goes on if it is too long; it is
	// 2 at least.
	Hang int
	// Whole: it is not broken, however long it is: a command to paste, a line of a
	// log, an address.
	Whole bool
	// Parts are its text.
	Parts []Part
}

// say is a plain line.
func say(format string, args ...any) Line {
	return Line{Parts: []Part{{Text: fmt.Sprintf(format, args...)}}}
}

// toned is a line that begins in a tone.
func toned(tone Tone, text string) Line { return Line{Parts: []Part{{tone, text}}} }

// and is the line with more text behind it.
func (l Line) and(text string) Line { return l.with(Plain, text) }

// with is the line with more text behind it, in a tone.
func (l Line) with(tone Tone, text string) Line {
	l.Parts = append(l.Parts[:len(l.Parts):len(l.Parts)], Part{tone, text})
	return l
}

// in is the line further to the right.
func (l Line) in(columns int) Line {
	l.Indent += columns
	return l
}

// whole is the line as one that is not broken.
func (l Line) whole() Line {
	l.Whole = true
	return l
}

// hang is the line with another place to go on.
func (l Line) hang(columns int) Line {
	l.Hang = columns
	return l
}

// String is the text of the line, without its indentation.
func (l Line) String() string {
	var b strings.Builder
	for _, part := range l.Parts {
		b.WriteString(part.Text)
	}
	return b.String()
}

// indented are lines further to the right.
func indented(columns int, lines []Line) []Line {
	for i := range lines {
		lines[i] = lines[i].in(columns)
	}
	return lines
}
