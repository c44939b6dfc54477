package report

import (
	"cmp"
	"regexp"
	"strings"
	"sync"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// text is the renderer for people and logs: a time-stamped line on each change,
// nothing twice, and the outcome at the end.
type text struct {
	options  Options
	story    Story
	out, err *canvas
}

func newText(o Options) *text {
	return &text{options: o, out: newCanvas(o.Out, o.OutColor), err: newCanvas(o.Err, o.ErrColor)}
}

func (t *text) Err() error { return cmp.Or(t.out.writer.err, t.err.writer.err) }

// Event shows what is new in an event as one line or a few.
func (t *text) Event(e deploy.Event) {
	entry := t.story.Add(e)
	lines := entry.Lines(t.options)
	for i := range lines { // scripts and people search these lines for whole sentences
		lines[i].Whole = true
	}
	ofTask := e.Subject.Kind == deploy.SubjectTask || e.Type == deploy.EventLog && entry.About.Plan == nil
	switch {
	case e.Type == deploy.EventLog && ofTask: // what the command is there for
		t.out.draw(lines...)
	case e.Type == deploy.EventOutcome && ofTask: // standard output is the container's
		if !t.options.Quiet || e.TaskOutcome.ExitCode() != 0 {
			t.err.draw(lines...)
		}
	case e.Type == deploy.EventOutcome:
		t.out.draw(lines...)
	case !t.options.Quiet:
		t.err.draw(logged(entry, lines, t.options)...)
	}
}

func (t *text) Result(r Result) { t.out.draw(r.Lines(t.options)...) }

// Fail shows an error, and the end of a task's log that was not shown before.
func (t *text) Fail(f Failure) {
	if !t.options.Quiet && !t.story.Began.IsZero() {
		f.Task = nil
	}
	t.err.draw(f.lines()...)
}

// logged are the lines of an event as those of a log: with its time, and with the
// service's name if the log is about several. The first ones of a service say which
// it is, and where.
func logged(entry Entry, lines []Line, o Options) []Line {
	if entry.First {
		lines = append([]Line{entry.About.place(entry.Time, o)}, lines...)
	}
	time := entry.Time.In(o.zone()).Format("15:04:05")
	for i, line := range lines {
		head := toned(Dim, time).and("  ")
		if entry.Several {
			head = head.and(rollout.ShortName(entry.About.Service) + "  ")
		}
		head.Parts = append(head.Parts, Part{Text: strings.Repeat(" ", line.Indent)})
		head.Parts = append(head.Parts, line.Parts...)
		head.Whole, head.Hang = line.Whole, 10+line.Indent+max(line.Hang, minHang)
		lines[i] = head
	}
	return lines
}

// lines are an error, and what to do about it.
func (f Failure) lines() []Line {
	problems := f.Problems
	if len(problems) == 0 {
		problems = []string{f.Message}
	}
	lines := []Line{toned(Bad, "error: ").and(problems[0]).whole()}
	for _, problem := range problems[1:] {
		line := say("%s", problem).whole()
		if !placed().MatchString(problem) { // nothing else than a place begins a line
			line = line.in(2)
		}
		lines = append(lines, line)
	}
	lines = append(lines, f.log()...)
	if f.Hint != "" {
		lines = append(lines, toned(Dim, "hint: ").and(f.Hint).whole())
	}
	return lines
}

// log is the end of the log of the task whose failure is the error.
func (f Failure) log() []Line {
	var lines []Line
	if f.Task != nil {
		for _, text := range f.Task.Log.Lines {
			lines = append(lines, say("| %s", text).in(2).whole())
		}
	}
	return lines
}

// placed matches a problem that begins with its place: file:line:column, file:line, or the definition.
var placed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([^\s:]+:\d+(:\d+)?|task definition [\w-]+): `) })
