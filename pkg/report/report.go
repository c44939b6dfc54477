// Package report shows the event stream of a deployment to people and programs.
// Every renderer is a function of the events of package deploy and nothing else:
// what one shows, another could.
//
// Results go to one writer, everything else to another, so that standard output
// holds nothing but the result.
//
// What people read is written through package printable, line by line: text of
// ECS, containers and files cannot act there. JSON keeps it as it is.
package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fatih/color"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

// Renderer shows one run of a command.
type Renderer interface {
	// Event shows one event. The last one of a run has the type
	// deploy.EventOutcome, unless the run failed.
	Event(deploy.Event)
	// Fail shows that the run ended with an error.
	Fail(Failure)
	// Err is the first error of writing, or nil.
	Err() error
}

// Failure is an error as it is shown.
type Failure struct {
	// Message is the error.
	Message string
	// Problems are the lines to show in the place of Message, where the error is a
	// list of problems. No other line break in an error begins a line.
	Problems []string
	// Hint says what to do about it; it may be empty.
	Hint string
	// Verdict and ExitCode are how the run ends.
	Verdict  string
	ExitCode int
}

// Options say where and how to show.
type Options struct {
	// Out takes results, Err everything else.
	Out, Err io.Writer
	// OutColor and ErrColor colour what goes there.
	OutColor, ErrColor bool
	// Quiet leaves out all but the result and errors.
	Quiet bool
	// Location is the time zone of time stamps for people; nil means local time.
	Location *time.Location
	// Version is the program's version, Simulated the scenario where the
	// embedded ECS is used, "" else.
	Version, Simulated string
	// Target is the target of the settings file, "" where none is used.
	Target string
	// Command makes a command line from a subcommand, its flags for the given
	// deployment included. It may be nil: then no commands are suggested.
	Command func(deployment deploy.Deployment, words ...string) string
}

// New makes the renderer of a format: "json", "ndjson", or else text.
func New(format string, o Options) Renderer {
	switch format {
	case "json":
		return &jsonRenderer{options: o, writer: writer{out: o.Out}}
	case "ndjson":
		return newStream(o)
	}
	return newText(o)
}

// writer writes and keeps the first error, so that callers need not look at
// each.
type writer struct {
	out io.Writer
	err error
}

func (w *writer) write(text []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(text)
	}
}

// page is a view: each fmt.Fprintf or fmt.Fprintln to it is a line, and has to end
// in a newline.
type page struct{ lines []string }

// Write keeps a line.
func (p *page) Write(line []byte) (int, error) {
	p.lines = append(p.lines, string(line))
	return len(line), nil
}

// to shows the page.
func (p *page) to(w io.Writer) error {
	out := printable.NewWriter(w)
	for _, line := range p.lines {
		if _, err := io.WriteString(out, line); err != nil {
			return err
		}
	}
	return nil
}

// palette are the colours of one stream.
type palette struct{ good, bad, warn, dim, bold paint }

func newPalette(enabled bool) palette {
	if !enabled {
		return palette{}
	}
	return palette{
		good: newPaint(color.FgGreen, color.Bold), bad: newPaint(color.FgRed, color.Bold),
		warn: newPaint(color.FgYellow), dim: newPaint(color.Faint), bold: newPaint(color.Bold),
	}
}

// paint is a colour, as a printable.Writer lets it pass; its zero value is none.
type paint struct{ before, after string }

func newPaint(attributes ...color.Attribute) paint {
	c := color.New(attributes...)
	c.EnableColor() // fatih/color decides by standard output alone; each stream decides for itself
	before, after, _ := strings.Cut(c.Sprint("|"), "|")
	return paint{before, after}
}

// Sprint is fmt.Sprint in colour.
func (p paint) Sprint(a ...any) string {
	text := fmt.Sprint(a...)
	if p.before == "" || text == "" {
		return text
	}
	return printable.Color(p.before, text, p.after)
}

// Sprintf is fmt.Sprintf in colour.
func (p paint) Sprintf(format string, a ...any) string { return p.Sprint(fmt.Sprintf(format, a...)) }
