package report

// Views that panic: a bug, and no reason to lose sight of a rollout, or to leave a live
// region on the terminal.

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// each has the views draw. A view that panics says so once, and from then on shows only how
// the run ends.
func (r *run) each(draw func(view)) {
	for i, v := range r.views {
		cause, stack := panicOf(func() { draw(v) })
		if cause == nil {
			continue
		}
		_, _ = panicOf(func() { pause(v) })
		p := &panicked{view: v, err: newCanvas(r.options.Err, false)}
		p.tell(cause, stack)
		r.views[i] = p
		draw(p)
	}
}

// panicOf calls something, and returns with what it panicked, and where; nil if it did not.
func panicOf(call func()) (cause any, stack []byte) {
	defer func() {
		if cause = recover(); cause != nil {
			stack = debug.Stack()
		}
	}()
	call()
	return nil, nil
}

// panicked is in the place of a view that panicked while it showed an event. Results are
// those of the view.
type panicked struct {
	view
	err *canvas
}

// tell says with what the view panicked, and where.
func (p *panicked) tell(cause any, stack []byte) {
	p.err.draw(bug(cause, "only its end is shown"))
	for line := range strings.Lines(string(stack)) {
		p.err.draw(say("%s", strings.TrimSpace(line)).in(2).whole())
	}
}

// bug is the first line about a panic.
func bug(cause any, consequence string) Line {
	return warning(fmt.Sprintf("a bug in ecs-deploy: %v; the run continues, and %s", cause, consequence)).whole()
}

func (p *panicked) entry(e Entry) {
	switch {
	case e.Type != deploy.EventOutcome:
	case e.TaskOutcome != nil:
		p.err.draw(say("%s: %s", title(e.TaskOutcome.Verdict), e.TaskOutcome.Reason))
	default:
		p.err.draw(say("%s: %s", title(e.Outcome.Verdict), e.Outcome.Reason))
	}
}

func (p *panicked) fail(_ *Story, f Failure) { p.err.draw(f.lines()...) }
