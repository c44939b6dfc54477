// Package report shows the event stream of a deployment, and what commands find,
// to people and programs.
//
//	deploy.Event ─► Story ─► Line ─► text, github (and what draws lines later)
//	           └─────────────────► json, ndjson
//
// A [Story] folds the events into one value. Words turn what is new in it, and each
// [Result], into lines ([Line]) that have no colour and no writer. A renderer draws
// lines or encodes values, and keeps no state of the rollout. A new renderer is a file
// and a row of formats.
//
// Text of ECS, containers and files is hostile. It becomes harmless in one place, where
// lines are drawn (canvas, by package printable). JSON keeps it, in escapes.
package report

import (
	"fmt"
	"io"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// Renderer shows one run of a command.
type Renderer interface {
	// Event shows one event. The last one of a run has the type
	// deploy.EventOutcome, unless the run failed.
	Event(deploy.Event)
	// Result shows what a command found.
	Result(Result)
	// Fail shows that the run ended with an error.
	Fail(Failure)
	// Err is the first error of writing, or nil.
	Err() error
}

// Result is what a command found.
type Result struct {
	// Value is the result for programs. It is encoded as JSON.
	Value any
	// Lines is the result for people.
	Lines func(Options) []Line
}

// Failure is an error as it is shown.
type Failure struct {
	// Message is the error.
	Message string
	// Problems are the lines to show in the place of Message, if the error is a
	// list of problems. No other line break in an error begins a line.
	Problems []string
	// Hint says what to do about it; it may be empty.
	Hint string
	// Verdict and ExitCode are how the run ends.
	Verdict  string
	ExitCode int
	// Task is the one-off task whose failure ended the run; nil if it was none.
	Task *deploy.TaskOutcome
}

// Options say where and how to show.
type Options struct {
	// Out takes results, Err everything else.
	Out, Err io.Writer
	// Summary takes a summary in Markdown from renderers that make one; nil takes none.
	Summary io.Writer
	// OutColor and ErrColor colour what goes there.
	OutColor, ErrColor bool
	// Quiet prints only the result and errors.
	Quiet bool
	// Location is the time zone of time stamps for people; nil means local time.
	Location *time.Location
	// Version is the program's version, Simulated the scenario where the
	// embedded ECS is used, "" else.
	Version, Simulated string
	// Target is the target of the settings file, "" if none is used.
	Target string
	// Command makes a command line from a subcommand, its flags for the given
	// deployment included. It may be nil: then no commands are suggested.
	Command func(deployment deploy.Deployment, words ...string) string
}

// zone is the time zone of time stamps for people.
func (o Options) zone() *time.Location {
	if o.Location == nil {
		return time.Local
	}
	return o.Location
}

// Format is a form of the output.
type Format struct {
	Name string
	// ForPrograms: nothing but the result may be on standard output, and people read
	// everything else on standard error.
	ForPrograms bool

	renderer func(Options) Renderer
}

// formats has a row for each renderer. The first one is the default.
var formats = []Format{
	{Name: "text", renderer: func(o Options) Renderer { return newText(o) }},
	{Name: "json", ForPrograms: true, renderer: func(o Options) Renderer { return newObject(o) }},
	{Name: "ndjson", ForPrograms: true, renderer: func(o Options) Renderer { return newStream(o) }},
	{Name: "github", renderer: func(o Options) Renderer { return newGitHub(o) }},
}

// Formats are the names of all formats, the default first.
func Formats() []string {
	var names []string
	for _, format := range formats {
		names = append(names, format.Name)
	}
	return names
}

// FormatOf is the format with a name; the default for any other text.
func FormatOf(name string) Format {
	for _, format := range formats {
		if format.Name == name {
			return format
		}
	}
	return formats[0]
}

// New makes a renderer of the format.
func (f Format) New(o Options) Renderer { return f.renderer(o) }

// New makes the renderer of a format by its name.
func New(format string, o Options) Renderer { return FormatOf(format).New(o) }

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

// count is a number of things: "1 task", "2 tasks".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
