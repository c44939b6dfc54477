package report

// What is particular about terminals.

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// width is where the lines of a terminal are broken: at its edge, or before. What is no
// terminal is as wide as the most lines may be.
func (o Options) width() int {
	width := o.Size.Width
	if file, ok := o.Raw.(*os.File); ok {
		width, _, _ = term.GetSize(int(file.Fd())) // 0 if it is not known
	}
	return Columns(width)
}

// Columns is where lines are broken on a terminal of a width: at its edge, or before. 0 is
// a width that is not known.
func Columns(width int) int {
	if width <= 1 {
		return columns
	}
	return min(width-1, columns)
}

// firstWrite is a terminal, or another writer, that tells of the first write to it. Every
// write begins at the left edge: between frames the cursor is there, unless a key that
// somebody pressed moved it.
type firstWrite struct {
	out  io.Writer
	once sync.Once
	done chan struct{}
}

func newFirstWrite(out io.Writer) *firstWrite {
	return &firstWrite{out: out, done: make(chan struct{})}
}

func (f *firstWrite) Write(text []byte) (int, error) {
	_, err := f.out.Write(append([]byte{'\r'}, text...))
	f.once.Do(func() { close(f.done) })
	if err != nil {
		return 0, err
	}
	return len(text), nil
}

// writer is f with the file of the terminal in it, whose size is asked for.
func (f *firstWrite) writer() io.Writer {
	if file, ok := f.out.(*os.File); ok {
		return terminalFile{file, f}
	}
	return f
}

// terminalFile is the file of a terminal with another way to write to it.
type terminalFile struct {
	*os.File
	*firstWrite
}

// Write writes by way of firstWrite.
func (t terminalFile) Write(text []byte) (int, error) { return t.firstWrite.Write(text) }
