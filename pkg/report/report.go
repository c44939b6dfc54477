// Package report shows the event stream of a deployment, and what commands find,
// to people and programs.
//
//	deploy.Event ─► Story ─► Line ─► text, github
//	           └─────────────────► json, ndjson
//
// A [Story] folds the events into one value: services, deployments, stages, waits,
// causes, checks, one-off tasks. Words turn what is new in it, and each [Result], into
// lines ([Line]) that have no colour and no writer. A [Renderer] folds the events of a
// run once and has its views draw lines or encode values; a view keeps no state of the
// rollout. A new view is a file and a row of formats.
//
// A run of several services has one stream and one story, with a [ServiceStory] for each
// member: [deploy.Subject.Member] is the key.
//
// Programs can take all of it, or a part: a renderer by [New], or a Story alone, whose
// events they add themselves and whose fields they draw. A run that was kept as NDJSON is
// read back by [ReadStory], and shown again by [Replay].
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

// Result is what a command found.
type Result struct {
	// Value is the result for programs. It is encoded as JSON.
	Value any
	// Lines is the result for people.
	Lines func(Options) []Line
	// end is the end of a run of several services, if the result is that.
	end *fleetEnd
}

// Failure is an error as it is shown.
type Failure struct {
	// Member is the member of a run of several services that ended with it, and why it
	// was not started if that is the verdict; "" if the whole run ended.
	Member string
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
	// Raw is Err for what the program writes that is to act: the live region of a
	// terminal, and the commands of a CI system. Err may be a writer that lets nothing
	// act. Without Raw there is neither.
	Raw io.Writer
	// Term is the type of the terminal, as the variable TERM has it. Size is its size if
	// Raw is not the file of a terminal.
	Term string
	Size Size
	// OutTerminal: Out is the same terminal as Err.
	OutTerminal bool
	// Now is the deployer's clock, by which a live region counts; nil means the system's.
	Now func() time.Time
	// CI is the system whose log Err is, Progress how a rollout is shown there.
	CI       CI
	Progress Progress
	// Summary takes a summary in Markdown, Outputs and Dotenv take how the run ended as
	// NAME=VALUE lines: as outputs of a GitHub Actions step, and as a dotenv report of
	// GitLab. Each is written at the end of a run; nil takes nothing.
	Summary, Outputs, Dotenv io.Writer
	// Record keeps how the run ended; nil keeps nothing.
	Record *Record
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
	// Calls are the calls of AWS so far; nil if nobody counts them.
	Calls func() []Call
	// Command makes a command line from a subcommand, its flags for the given
	// deployment included. It may be nil: then no commands are suggested.
	Command func(deployment deploy.Deployment, words ...string) string
}

// Progress is how a rollout is shown while it runs.
type Progress int

// The ways.
const (
	// ProgressPlain is a line on each change.
	ProgressPlain Progress = iota
	// ProgressLive is a region below the lines of a terminal that shows where the
	// rollout stands now.
	ProgressLive
	// ProgressNone leaves out counts, heartbeats and what ECS writes.
	ProgressNone
)

// zone is the time zone of time stamps for people.
func (o Options) zone() *time.Location {
	if o.Location == nil {
		return time.Local
	}
	return o.Location
}

// now is the present by the deployer's clock.
func (o Options) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

// Format is a form of the output.
type Format struct {
	Name string
	// ForPrograms: nothing but the result may be on standard output, and people read
	// everything else on standard error.
	ForPrograms bool

	view func(Options, *run) view
}

// formats has a row for each renderer. The first one is the default.
var formats = []Format{
	{Name: "text", view: newText},
	{Name: "json", ForPrograms: true, view: newObject},
	{Name: "ndjson", ForPrograms: true, view: newStream},
	{Name: "github", view: newGitHub},
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
func (f Format) New(o Options) Renderer {
	r := &run{options: o, story: Story{Version: o.Version, Simulated: o.Simulated, Target: o.Target}}
	r.views = []view{f.view(o, r), newJob(o)}
	if o.Record != nil {
		r.views = append(r.views, newRecorder(o, r))
	}
	return r
}

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
