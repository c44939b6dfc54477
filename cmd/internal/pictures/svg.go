// Package pictures draws the screen of a terminal as an SVG image: the pictures of the
// README. Its test plays the deployment that they show, in virtual time, and go generate
// runs it.
package pictures

// Fonts differ from machine to machine, so each piece of text has its place and its
// length, and blocks are drawn as shapes.

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

const (
	columns              = 96 // of the terminal
	cellWidth, rowHeight = 8.4, 20
	margin, bar          = 20, 36 // around the text, and above it
	baseline             = 14.5   // of the text in a row
)

// row is a line of a terminal.
type row []uv.Cell

// leftOut is the sign for rows that are not drawn.
var leftOut = row{{Content: "⋮", Width: 1, Style: uv.Style{Attrs: uv.AttrFaint}}}

// String is the text of the row, without blanks at its end.
func (r row) String() string {
	var b strings.Builder
	for _, cell := range r {
		b.WriteString(cell.Content)
	}
	return strings.TrimRight(b.String(), " ")
}

// theme are the colours of a picture.
type theme struct {
	name                                           string
	ground, frame, text, faint, red, green, yellow string
}

var (
	light = theme{"light", "#f6f8fa", "#d0d7de", "#1f2328", "#59636e", "#cf222e", "#1a7f37", "#9a6700"}
	dark  = theme{"dark", "#161b22", "#30363d", "#e6edf3", "#8d96a0", "#ff7b72", "#3fb950", "#d29922"}
)

// class is the look of a cell as classes of the style sheet.
func class(s uv.Style) string {
	var classes []string
	if s.Attrs&uv.AttrBold != 0 {
		classes = append(classes, "b")
	}
	if s.Attrs&uv.AttrFaint != 0 {
		classes = append(classes, "f")
	}
	if colour, basic := s.Fg.(ansi.BasicColor); basic {
		switch colour {
		case ansi.Red, ansi.BrightRed:
			classes = append(classes, "r")
		case ansi.Green, ansi.BrightGreen:
			classes = append(classes, "g")
		case ansi.Yellow, ansi.BrightYellow:
			classes = append(classes, "y")
		}
	}
	return strings.Join(classes, " ")
}

// draw draws rows as the window of a terminal.
func draw(rows []row, t theme) string {
	width := columns*cellWidth + 2*margin
	height := bar + len(rows)*rowHeight + margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %d" width="%g" height="%d" role="img">
<title>A deployment that fails: ecs-deploy shows its plan, the rollout, the reason, and the next command</title>
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; fill: %s; white-space: pre }
.b { font-weight: 700 } .f { fill: %s } .r { fill: %s } .g { fill: %s } .y { fill: %s }
</style>
<rect x=".5" y=".5" width="%g" height="%d" rx="8" fill="%s" stroke="%s"/>
`, width, height, width, height, t.text, t.faint, t.red, t.green, t.yellow, width-1, height-1, t.ground, t.frame)
	for i := range 3 {
		fmt.Fprintf(&b, `<circle cx="%d" cy="18" r="5.5" fill="%s"/>`+"\n", 22+18*i, t.frame)
	}
	for i, r := range rows {
		drawRow(&b, r, bar+i*rowHeight)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// blocks are the characters of bars, and how strong they are.
var blocks = map[string]float64{"█": 0.9, "▒": 0.45, "░": 0.25}

// drawRow draws a row whose top is at y: pieces of one look.
func drawRow(b *strings.Builder, r row, y int) {
	for from := 0; from < len(r); {
		strength, block := blocks[r[from].Content]
		to := from + 1
		for to < len(r) && r[to].Style == r[from].Style && blocks[r[to].Content] == strength {
			to++
		}
		look, x := class(r[from].Style), margin+float64(from)*cellWidth
		if block {
			fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="11" rx="2" class="%s" opacity="%g"/>`+"\n", x, y+4, float64(to-from)*cellWidth, cmp.Or(look, "f"), strength)
		} else {
			drawText(b, r[from:to], x, y, look)
		}
		from = to
	}
}

// drawText draws cells of one look.
func drawText(b *strings.Builder, cells row, x float64, y int, look string) {
	text := cells.String()
	blank := len(text) - len(strings.TrimLeft(text, " "))
	text = text[blank:]
	if text == "" {
		return
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%g" textLength="%.1f" lengthAdjust="spacingAndGlyphs"`, x+float64(blank)*cellWidth, float64(y)+baseline, float64(ansi.StringWidth(text))*cellWidth)
	if look != "" {
		fmt.Fprintf(b, ` class="%s"`, look)
	}
	b.WriteString(">")
	_ = xml.EscapeText(b, []byte(text)) // a strings.Builder takes everything
	b.WriteString("</text>\n")
}
