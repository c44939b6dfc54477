package report

// A run of a command folds its events once, and has every view draw the result.

import (
	"cmp"
	"sync"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// Renderer shows one run of a command. It may be used by several goroutines.
type Renderer interface {
	// Event shows one event. The last one of a run has the type
	// deploy.EventOutcome, unless the run failed.
	Event(deploy.Event)
	// Result shows what a command found.
	Result(Result)
	// Fail shows that the run, or one member of it, ended with an error.
	Fail(Failure)
	// Pause takes the live region from the terminal, if there is one, so that others
	// can write there: a question, for example. The next event brings it back. Who ends
	// before the last event calls it too.
	Pause()
	// Err is the first error of writing, or nil.
	Err() error
	// Story is what was shown so far. It is to be read when the run has ended.
	Story() *Story
}

// view draws one run. It keeps no state of the rollout: each entry carries the story
// so far.
type view interface {
	entry(Entry)
	result(*Story, Result)
	fail(*Story, Failure)
	// failure is the first error of writing.
	failure() error
}

// pauser is a view that holds the terminal.
type pauser interface{ pause() }

// run is a renderer: one story, and the views that draw it.
type run struct {
	options Options
	turns   sync.Mutex // one event at a time
	mutex   sync.Mutex // guards the story: a live view draws it between events
	story   Story
	views   []view
}

func (r *run) Event(e deploy.Event) {
	r.turns.Lock()
	defer r.turns.Unlock()
	r.mutex.Lock()
	entry := r.story.Add(e)
	_, _ = panicOf(func() { entry.suggest(r.options) }) // views ask for the same commands, and report the bug
	r.mutex.Unlock()
	r.each(func(v view) { v.entry(entry) })
}

// frame is where the story stands now.
func (r *run) frame(size Size) (lines []Line) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if cause, _ := panicOf(func() { lines = r.story.Frame(r.options.now(), size) }); cause != nil {
		return []Line{bug(cause, "where it stands is not shown")}
	}
	return lines
}

func (r *run) Result(result Result) {
	r.turns.Lock()
	defer r.turns.Unlock()
	if result.end != nil {
		r.story.Fleet = result.end.told()
	}
	for _, v := range r.views {
		v.result(&r.story, result)
	}
}

func (r *run) Fail(f Failure) {
	r.turns.Lock()
	defer r.turns.Unlock()
	r.mutex.Lock()
	r.story.Fail(f)
	r.mutex.Unlock()
	r.each(func(v view) { v.fail(&r.story, f) })
}

func (r *run) Story() *Story {
	r.story.Calls = r.options.calls()
	return &r.story
}

func (r *run) Pause() {
	for _, v := range r.views {
		pause(v)
	}
}

func pause(v view) {
	if p, ok := v.(pauser); ok {
		p.pause()
	}
}

func (r *run) Err() error {
	var first error
	for _, v := range r.views {
		first = cmp.Or(first, v.failure())
	}
	return first
}
