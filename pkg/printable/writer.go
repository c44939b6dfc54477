package printable

import (
	"crypto/rand"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// Writer writes lines: each call of Write is one, made by [Line], whatever newlines
// stand in it. A newline at its end stays, and a question needs none. Print to it
// with one fmt.Fprintf or fmt.Fprintln for each line.
type Writer struct{ out io.Writer }

// NewWriter makes a writer of lines. One that is a [Writer] already stays what it
// is.
func NewWriter(out io.Writer) *Writer {
	if w, ok := out.(*Writer); ok {
		return w
	}
	return &Writer{out: out}
}

// Write writes one line.
func (w *Writer) Write(text []byte) (int, error) {
	line, ended := strings.CutSuffix(string(text), "\n")
	line = colored(line)
	if ended {
		line += "\n"
	}
	if _, err := io.WriteString(w.out, line); err != nil {
		return 0, err
	}
	return len(text), nil
}

// escapeWord stands for the escape character in the colours that the program adds
// itself. It is another one in each process, so that no text of others has it.
var escapeWord = sync.OnceValue(func() string { return "<" + rand.Text() + ">" })

// ownColor matches a colour that the program adds itself.
var ownColor = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(escapeWord() + `\[[0-9;]*m`) })

// Color is a text in a colour, which a [Writer] leaves in it: sequences are what a
// terminal takes for it, and around the text.
func Color(before, text, after string) string {
	own := func(sequence string) string { return strings.ReplaceAll(sequence, "\x1b", escapeWord()) }
	return own(before) + Line(text) + own(after)
}

// colored is a line with the program's own colours. A line that is too long to
// keep its end, where a colour may end, has none.
func colored(line string) string {
	if !strings.Contains(line, escapeWord()) {
		return Line(line)
	}
	if utf8.RuneCountInString(line) > Limit {
		return Line(ownColor().ReplaceAllString(line, ""))
	}
	return strings.ReplaceAll(Line(line), escapeWord(), "\x1b")
}
