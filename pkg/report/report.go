// Package report shows the event stream of a deployment to people and programs.
// Every renderer is a function of the events of package deploy and nothing else:
// what one shows, another could.
//
// Results go to one writer, everything else to another, so that standard output
// holds nothing but the result.
package report

import (
	"io"
	"time"

	"github.com/fatih/color"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
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
	// Message is the error in one line (or one line per problem).
	Message string
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

// palette are the colours of one stream.
type palette struct{ good, bad, warn, dim, bold *color.Color }

func newPalette(enabled bool) palette {
	p := palette{
		good: color.New(color.FgGreen, color.Bold), bad: color.New(color.FgRed, color.Bold),
		warn: color.New(color.FgYellow), dim: color.New(color.Faint), bold: color.New(color.Bold),
	}
	for _, c := range []*color.Color{p.good, p.bad, p.warn, p.dim, p.bold} {
		// fatih/color decides by standard output alone; each stream decides for itself.
		if enabled {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
	}
	return p
}
