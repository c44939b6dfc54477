package report

import (
	"cmp"
	"regexp"
	"strings"
	"sync"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// text is the view for people and logs: a time-stamped line on each change, nothing
// twice, and the outcome at the end. On a terminal it has a live region below the
// lines, in the log of a CI system the marks of that system around them.
type text struct {
	options  Options
	out, err *canvas
	live     *live // nil: no live region
	marks    *marks
}

func newText(o Options, r *run) view {
	t := &text{options: o, out: newCanvas(o.Out, o.OutColor), err: newCanvas(o.Err, o.ErrColor), marks: newMarks(o)}
	if o.Progress == ProgressLive && o.Raw != nil && !o.Quiet {
		t.live = newLive(o, r.frame)
	}
	t.err.width = o.width()
	if o.OutTerminal {
		t.out.width = t.err.width
	}
	return t
}

// newGitHub is text in the log of a GitHub Actions step, all on standard output: GitHub
// reads the two streams one by one, and a group of lines must stay in order.
func newGitHub(o Options, r *run) view {
	o.CI, o.Raw, o.Err, o.ErrColor = GitHub, o.Out, o.Out, o.OutColor
	if o.Progress == ProgressLive {
		o.Progress = ProgressPlain
	}
	return newText(o, r)
}

func (t *text) failure() error { return cmp.Or(t.out.writer.err, t.err.writer.err, t.marks.err) }

// tell shows lines on standard error, result on standard output: above the live region,
// if that is where they appear.
func (t *text) tell(lines ...Line) {
	if t.live == nil || !t.live.print(lines) {
		t.err.draw(lines...)
	}
}

func (t *text) answer(lines ...Line) {
	if t.live == nil || !t.options.OutTerminal || !t.live.print(lines) {
		t.out.draw(lines...)
	}
}

// entry shows what is new in an event as one line or a few.
func (t *text) entry(entry Entry) {
	e := entry.Event
	if ofMember(e) {
		t.member(entry)
		return
	}
	lines := entry.Lines(t.options)
	ofTask := e.Subject.Kind == deploy.SubjectTask || e.Type == deploy.EventLog && entry.About.Plan == nil
	switch {
	case e.Type == deploy.EventLog && ofTask: // what the command is there for
		t.answer(lines...)
	case e.Type == deploy.EventOutcome:
		t.end(entry)
		for i := range lines { // scripts search a result for whole sentences
			lines[i].Whole = lines[i].Whole || !t.options.OutTerminal
		}
		switch {
		case !ofTask:
			t.answer(lines...)
		case !t.options.Quiet || e.TaskOutcome.ExitCode() != 0: // standard output is the container's
			t.tell(lines...)
		}
		t.marks.outcome(entry)
	case t.shows(entry):
		if entry.First {
			t.tell(logged(entry, []Line{entry.About.place(entry.Time, t.options)}, t.options)...)
		}
		t.tell(logged(entry, t.marks.begin(entry, lines), t.options)...)
	}
	t.refresh(entry.Story)
}

// refresh has the live region show the story as it is now, if there is anything to
// show.
func (t *text) refresh(story *Story) {
	if t.live == nil {
		return
	}
	t.live.changed()
	if story.following() {
		t.live.show()
	} else {
		t.live.hide()
	}
}

// end ends what surrounds the log of a rollout. A log that was shown beside a live
// region gets the last counts.
func (t *text) end(entry Entry) {
	t.marks.end(entry)
	about := entry.About
	if t.live == nil || entry.Outcome == nil {
		return
	}
	if !entry.Several {
		t.live.hide()
	}
	if about.State != nil && about.counts {
		t.tell(logged(entry, []Line{progress(about.State, about.Record, about.Unhealthy)}, t.options)...)
	}
}

func (t *text) result(_ *Story, r Result) { t.answer(r.Lines(t.options)...) }

// fail shows an error, and the end of a task's log that was not shown before.
func (t *text) fail(story *Story, f Failure) {
	if f.Member != "" {
		t.failMember(story, f)
		return
	}
	t.pause()
	t.marks.endAt(story.Now)
	if !t.options.Quiet && !story.Began.IsZero() {
		f.Task = nil
	}
	if t.marks.note == nil {
		lines := f.lines()
		for i := range lines { // scripts search a log for whole sentences
			lines[i].Whole = lines[i].Whole || t.options.Progress != ProgressLive
		}
		t.err.draw(lines...)
		return
	}
	t.err.draw(f.log()...)
	t.marks.fail(f)
}

func (t *text) pause() {
	if t.live != nil {
		t.live.hide()
	}
}

// shows reports whether an event is shown as it comes. Beside a live region the log
// needs no counts.
func (t *text) shows(entry Entry) bool {
	counts := entry.Type == deploy.EventProgress || entry.Type == deploy.EventHeartbeat
	switch {
	case t.options.Quiet || !entry.New:
		return false
	case t.options.Progress == ProgressNone:
		return !counts && entry.Type != deploy.EventService
	case t.live != nil:
		return !counts || entry.Stage
	}
	return true
}

// logged are the lines of an event as those of a log: with its time, and with the
// service's name if the log is about several.
func logged(entry Entry, lines []Line, o Options) []Line {
	time := entry.Time.In(o.zone()).Format("15:04:05")
	for i, line := range lines {
		head := toned(Dim, time).and("  ")
		if entry.Several {
			head = head.and(entry.About.Name() + "  ")
		}
		head.Parts = append(head.Parts, Part{Text: strings.Repeat(" ", line.Indent)})
		head.Parts = append(head.Parts, line.Parts...)
		head.Whole = line.Whole
		head.Hang = 10 + line.Indent + max(line.Hang, minHang)
		lines[i] = head
	}
	return lines
}

// title is the verdict of an error, and whose it is.
func (f Failure) title() string {
	if f.Member != "" {
		return f.Verdict + ": " + f.Member
	}
	return f.Verdict
}

// lines are an error, and what to do about it.
func (f Failure) lines() []Line {
	problems := f.Problems
	if len(problems) == 0 {
		problems = []string{f.Message}
	}
	lines := []Line{toned(Bad, "error: ").and(problems[0])}
	for _, problem := range problems[1:] {
		line := say("%s", problem)
		if !placed().MatchString(problem) { // nothing else than a place begins a line
			line = line.in(2)
		}
		lines = append(lines, line)
	}
	lines = append(lines, f.log()...)
	if f.Hint != "" {
		lines = append(lines, toned(Dim, "hint: ").and(f.Hint).whole()) // it may have a command in it
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
