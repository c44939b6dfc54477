package report

import (
	"bytes"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// Record keeps how a run ended, for somebody who is told after it: see [Options].
type Record struct{ object, text bytes.Buffer }

// JSON is the outcome as -o json prints it; nil if there is none.
func (r *Record) JSON() []byte { return r.object.Bytes() }

// Lines are the outcome as -o text prints it, the verdict or the error first. They are
// safe to print.
func (r *Record) Lines() []string {
	return slices.Collect(strings.SplitSeq(strings.TrimSuffix(r.text.String(), "\n"), "\n"))
}

// recorder is the view that fills a record. The last end counts: a plan may have been
// shown before it.
type recorder struct {
	record *Record
	views  []view
}

func newRecorder(o Options, r *run) *recorder {
	o.Quiet, o.OutColor, o.ErrColor, o.OutTerminal, o.Raw, o.CI, o.Progress = true, false, false, false, nil, "", ProgressPlain
	asJSON, asText := o, o
	asJSON.Out, asText.Out, asText.Err = &o.Record.object, &o.Record.text, &o.Record.text
	return &recorder{o.Record, []view{newObject(asJSON, r), newText(asText, r)}}
}

// each has every view draw the end of the run.
func (r *recorder) each(draw func(view)) {
	r.record.object.Reset()
	r.record.text.Reset()
	for _, v := range r.views {
		draw(v)
	}
}

func (r *recorder) entry(entry Entry) {
	if entry.Type == deploy.EventOutcome && !ofMember(entry.Event) {
		r.each(func(v view) { v.entry(entry) })
	}
}

func (r *recorder) result(story *Story, result Result) {
	r.each(func(v view) { v.result(story, result) })
}

func (r *recorder) fail(story *Story, f Failure) {
	if f.Member == "" { // others may still run
		r.each(func(v view) { v.fail(story, f) })
	}
}

// failure is nil: memory takes everything.
func (r *recorder) failure() error { return nil }
