package report

// Where lines become text: the one border at which text of others is made harmless,
// tones become colours, and long lines are broken.

import (
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/fatih/color"

	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

const (
	// columns is where lines are broken.
	columns = 100
	// minHang is how much further to the right a broken line goes on at least: what
	// stands there does not pass for a line of its own.
	minHang = 2
)

// canvas draws lines on one stream.
type canvas struct {
	writer
	paints [Strong + 1]paint
	width  int // 0 breaks no line
}

func newCanvas(out io.Writer, colored bool) *canvas {
	c := &canvas{writer: writer{out: printable.NewWriter(out)}, width: columns}
	if colored {
		c.paints = [...]paint{
			Good: newPaint(color.FgGreen, color.Bold), Bad: newPaint(color.FgRed, color.Bold),
			Warn: newPaint(color.FgYellow), Dim: newPaint(color.Faint), Strong: newPaint(color.Bold),
		}
	}
	return c
}

// draw writes lines.
func (c *canvas) draw(lines ...Line) {
	for _, line := range lines {
		for _, row := range c.rows(line) {
			c.write([]byte(c.painted(row) + "\n"))
		}
	}
}

// painted is a row in its colours, for a [printable.Writer].
func (c *canvas) painted(row []Part) string {
	var b strings.Builder
	for _, part := range row {
		b.WriteString(c.paints[part.Tone].paint(part.Text))
	}
	return b.String()
}

// styled is a row in its colours, as a terminal takes it. Its text was made harmless: no
// sequence of a terminal is in it.
func (c *canvas) styled(row []Part) string {
	var b strings.Builder
	for _, part := range row {
		p := c.paints[part.Tone]
		b.WriteString(p.before + part.Text + p.after)
	}
	return b.String()
}

// letter is a character as people count them, how many cells it takes, and its tone.
type letter struct {
	text  string
	cells int
	tone  Tone
}

// command matches a line with a command to paste: it is not broken.
var command = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b(ecs-deploy|aws) [a-z].* --?[a-zA-Z]`) })

// rows break a line if it is too long, at a space. A word that is too long stays
// whole, and so does a line with a command.
func (c *canvas) rows(line Line) [][]Part {
	letters := lettersOf(line)
	if line.Whole || c.width == 0 {
		return [][]Part{partsOf(letters)}
	}
	if cells(letters) > c.width && command().MatchString(line.String()) {
		return [][]Part{partsOf(letters)} // somebody copies it
	}
	var rows [][]Part
	start := line.Indent // where the text of a row begins
	for cells(letters) > c.width {
		end := spaceNear(letters, start, c.width)
		if end < 0 {
			break
		}
		rows = append(rows, partsOf(letters[:end]))
		for end < len(letters) && letters[end].text == " " {
			end++
		}
		if end == len(letters) {
			return rows
		}
		start = line.Indent + max(line.Hang, minHang)
		letters = beginning(append(blanks(start), letters[end:]...))
	}
	return append(rows, partsOf(letters))
}

// Wrap is a text of the program whose lines are broken at words where a terminal would
// break them in the middle of one. Lines with a command stay whole. width is the terminal's,
// or 0 if it is not known.
func Wrap(text string, width int) string {
	c := &canvas{width: Columns(width)}
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		words := strings.TrimRight(line, " \n")
		indent := len(words) - len(strings.TrimLeft(words, " "))
		for i, row := range c.rows(Line{Indent: indent, Parts: []Part{{Text: words[indent:]}}}) {
			if i > 0 {
				b.WriteString("\n")
			}
			for _, part := range row {
				b.WriteString(part.Text)
			}
		}
		b.WriteString(line[len(words):])
	}
	return b.String()
}

// beginning are letters that begin a row: what was harmless within a line may act at the
// beginning of one.
func beginning(letters []letter) []letter {
	var b strings.Builder
	for _, l := range letters {
		b.WriteString(l.text)
	}
	text := b.String()
	if safe := printable.Line(text); safe != text {
		return lettersOf(toned(letters[len(letters)-1].tone, safe))
	}
	return letters
}

// Cut is the line as plain text that does nothing, of at most width cells; 0 cuts
// nothing. A sign at the end says that something is left out.
func (l Line) Cut(width int) string {
	var b strings.Builder
	for _, part := range cut(l, width) {
		b.WriteString(part.Text)
	}
	return printable.Line(b.String())
}

// cut is a line as one harmless row of at most width cells; what does not fit is left
// out, and a sign says so. 0 is any width.
func cut(line Line, width int) []Part {
	parts := make([]Part, 0, len(line.Parts)+2)
	if line.Indent > 0 {
		parts = append(parts, Part{Text: strings.Repeat(" ", line.Indent)})
	}
	used := line.Indent
	for _, part := range line.Parts {
		part.Text = harmless(part.Text)
		parts = append(parts, part)
		used += wide(part.Text)
	}
	if width <= 0 || used <= width {
		return parts
	}
	letters := lettersOf(line)
	used = 0
	for i, l := range letters {
		if used+l.cells > width-1 {
			return partsOf(append(letters[:i:i], letter{"…", 1, Dim}))
		}
		used += l.cells
	}
	return partsOf(letters)
}

// wide is how many cells a harmless text takes.
func wide(text string) int {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return ansi.StringWidthWc(text)
		}
	}
	return len(text)
}

// cells is the width of letters on a terminal.
func cells(letters []letter) int {
	n := 0
	for _, l := range letters {
		n += l.cells
	}
	return n
}

// spaceNear is the last space from which on a row is at most width wide, or otherwise the
// first one; -1 if there is none behind the first word.
func spaceNear(letters []letter, start, width int) int {
	first := start
	for first < len(letters) && letters[first].text == " " {
		first++
	}
	found, used := -1, cells(letters[:min(first, len(letters))])
	for i := first; i < len(letters); i++ {
		if letters[i].text == " " {
			if found >= 0 && used > width {
				break
			}
			found = i
		}
		used += letters[i].cells
	}
	return found
}

func blanks(n int) []letter {
	spaces := make([]letter, n)
	for i := range spaces {
		spaces[i] = letter{" ", 1, Plain}
	}
	return spaces
}

// lettersOf is the text of a line, made harmless part by part.
func lettersOf(line Line) []letter {
	size := line.Indent
	for _, part := range line.Parts {
		size += len(part.Text)
	}
	letters := append(make([]letter, 0, min(size, 2*printable.Limit)), blanks(line.Indent)...)
	for _, part := range line.Parts {
		for text := harmless(part.Text); text != ""; {
			if text[0] < utf8.RuneSelf && (len(text) == 1 || text[1] < utf8.RuneSelf) { // most text
				letters, text = append(letters, letter{text[:1], 1, part.Tone}), text[1:]
				continue
			}
			cluster, wide := ansi.FirstGraphemeCluster(text, ansi.WcWidth)
			letters, text = append(letters, letter{cluster, wide, part.Tone}), text[len(cluster):]
		}
	}
	return letters
}

func partsOf(letters []letter) []Part {
	var parts []Part
	var b strings.Builder
	for i, l := range letters {
		if i > 0 && l.tone != letters[i-1].tone {
			parts = append(parts, Part{letters[i-1].tone, b.String()})
			b.Reset()
		}
		b.WriteString(l.text)
	}
	if len(letters) > 0 {
		parts = append(parts, Part{letters[len(letters)-1].tone, b.String()})
	}
	return parts
}

// harmless is a text of others as one line that does nothing, with the names of
// target groups in the place of their ARNs.
func harmless(text string) string {
	if everyday(text) {
		return text
	}
	return printable.Line(shorter(text))
}

// everyday reports whether a text is short and has nothing but letters, digits and
// spaces, and what the program itself writes between them: most texts of a frame, which
// is drawn ten times a second.
func everyday(text string) bool {
	if len(text) > printable.Limit/2 || text != "" && !alphanumeric(text[0]) && text[0] != ' ' {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if !alphanumeric(c) && c != ' ' && c != '.' && c != ',' && c != '(' && c != ')' && c != '/' && c != '-' && (c != ':' || i+1 < len(text) && text[i+1] == ':') {
			return false
		}
	}
	return strings.TrimLeft(text, " ") == "" || alphanumeric(strings.TrimLeft(text, " ")[0]) && !strings.Contains(text, "://") && !strings.Contains(text, ":targetgroup/")
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// targetGroup matches a target group as service events and stop reasons name it.
var targetGroup = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`target-group arn:\S+?:targetgroup/([^/\s)]+)/[0-9a-zA-Z]+`)
})

// shorter is a line with the names of target groups in the place of their ARNs.
func shorter(line string) string {
	if !strings.Contains(line, ":targetgroup/") {
		return line
	}
	return targetGroup().ReplaceAllString(line, "target-group $1")
}

// paint is a colour, as a printable.Writer lets it pass; its zero value is none.
type paint struct{ before, after string }

func newPaint(attributes ...color.Attribute) paint {
	c := color.New(attributes...)
	c.EnableColor() // fatih/color decides by standard output alone; each stream decides for itself
	before, after, _ := strings.Cut(c.Sprint("|"), "|")
	return paint{before, after}
}

// paint is a text in the colour.
func (p paint) paint(text string) string {
	if p.before == "" || text == "" {
		return text
	}
	return printable.Color(p.before, text, p.after)
}
