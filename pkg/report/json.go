package report

// The two forms for programs. NDJSON is the event stream, an object a line,
// from {"type":"version"} to {"type":"outcome"}; JSON is the outcome alone. The
// schema's minor number grows with additions, its major number with anything
// that could break a reader.

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Schema is the version of the objects.
const Schema = "1.0"

type versionObject struct {
	Type      string `json:"type"`
	Schema    string `json:"schema"`
	Version   string `json:"version,omitempty"`
	Simulated string `json:"simulated,omitempty"`
}

type eventObject struct {
	Type           string    `json:"type"`
	Time           time.Time `json:"time"`
	ElapsedSeconds float64   `json:"elapsedSeconds"`
	*deploy.Event
}

type outcomeObject struct {
	Type           string              `json:"type"`
	Time           time.Time           `json:"time,omitzero"` // in NDJSON
	Schema         string              `json:"schema,omitempty"`
	Simulated      string              `json:"simulated,omitempty"`
	Verdict        string              `json:"verdict"`
	ExitCode       int                 `json:"exitCode"`
	Reason         string              `json:"reason,omitempty"`
	Hint           string              `json:"hint,omitempty"`
	ElapsedSeconds float64             `json:"elapsedSeconds"`
	Target         string              `json:"target,omitempty"`
	*outcomeFields                     // nil after an error
	TaskOutcome    *deploy.TaskOutcome `json:"taskOutcome,omitempty"` // of the task whose failure is the error
	Next           []Suggestion        `json:"next,omitempty"`
	Calls          []Call              `json:"calls,omitempty"`  // of the whole run
	Subject        deploy.Subject      `json:"subject,omitzero"` // in NDJSON
}

// memberLine is the outcome of one service of several, in NDJSON.
type memberLine struct{ outcomeObject }

// outcomeFields are the fields of an outcome, without its methods.
type outcomeFields deploy.Outcome

// objectOf is an outcome as an object.
func objectOf(o deploy.Outcome, options Options) outcomeObject {
	o.EndedAt = o.EndedAt.UTC()
	return outcomeObject{
		Type: string(deploy.EventOutcome), Verdict: string(o.Verdict), ExitCode: o.ExitCode(), Reason: o.Reason,
		ElapsedSeconds: seconds(o.Elapsed), Target: options.Target, outcomeFields: (*outcomeFields)(&o), Next: Next(o, options.Command),
	}
}

func failureObject(f Failure) outcomeObject {
	return outcomeObject{Type: string(deploy.EventOutcome), Verdict: f.Verdict, ExitCode: f.ExitCode, Reason: f.Message, Hint: f.Hint, TaskOutcome: f.Task}
}

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// stream is the NDJSON renderer.
type stream struct {
	encoder
	options Options
	begun   bool
}

func newStream(o Options, _ *run) view {
	return &stream{encoder: encoder{writer{out: o.Out}}, options: o}
}

func (s *stream) fail(story *Story, f Failure) {
	object := failureObject(f)
	if f.Member == "" {
		object.Calls = s.options.calls()
		s.object(object)
		return
	}
	object.Type, object.Time = EventMemberOutcome, story.Now.UTC()
	object.Subject = deploy.Subject{Kind: deploy.SubjectService, ARN: story.find(f.Member, "").Service, Member: f.Member}
	s.object(memberLine{object})
}

func (s *stream) entry(entry Entry) {
	e := entry.Event
	if e.Type == deploy.EventOutcome && e.TaskOutcome != nil {
		object := taskObjectOf(e.TaskOutcome, s.options)
		object.Subject, object.Time, object.Calls = e.Subject, e.Time.UTC(), s.options.calls()
		s.object(object)
		return
	}
	if e.Type == deploy.EventOutcome {
		object := objectOf(*e.Outcome, s.options)
		object.Subject, object.Time = e.Subject, e.Time.UTC()
		if ofMember(e) { // the outcome is that of all
			object.Type = EventMemberOutcome
			s.object(memberLine{object})
			return
		}
		object.Calls = s.options.calls()
		s.object(object)
		return
	}
	object := eventObject{Type: string(e.Type), Time: e.Time.UTC(), ElapsedSeconds: seconds(e.Elapsed), Event: &e}
	if e.Type != deploy.EventProgress && e.Type != deploy.EventUpdated {
		e.Service = nil
	}
	if e.Service != nil {
		service := *e.Service
		service.Events = nil                  // each comes as an object of its own
		service.Settings = rollout.Settings{} // they do not move; status shows them
		e.Service = &service
	}
	s.object(object)
}

// result writes one line, and no version before it.
func (s *stream) result(_ *Story, r Result) { s.write(r.Value, "") }

// object writes an object of the stream, which begins with the version.
func (s *stream) object(object any) {
	if !s.begun {
		s.begun = true
		s.write(versionObject{Type: "version", Schema: Schema, Version: s.options.Version, Simulated: s.options.Simulated}, "")
	}
	s.write(object, "")
}

// jsonRenderer shows nothing but the outcome.
type jsonRenderer struct {
	encoder
	options Options
}

func newObject(o Options, _ *run) view { return &jsonRenderer{encoder{writer{out: o.Out}}, o} }

func (j *jsonRenderer) fail(_ *Story, f Failure) {
	if f.Member == "" { // that of all says how each member ended
		j.object(failureObject(f))
	}
}

func (j *jsonRenderer) entry(entry Entry) {
	e := entry.Event
	switch {
	case e.Type != deploy.EventOutcome, ofMember(e):
	case e.TaskOutcome != nil:
		object := taskObjectOf(e.TaskOutcome, j.options)
		object.Schema, object.Simulated, object.Calls = Schema, j.options.Simulated, j.options.calls()
		j.write(object, "  ")
	default:
		j.object(objectOf(*e.Outcome, j.options))
	}
}

// result writes one object on several lines.
func (j *jsonRenderer) result(_ *Story, r Result) { j.write(r.Value, "  ") }

func (j *jsonRenderer) object(object outcomeObject) {
	object.Schema, object.Simulated, object.Calls = Schema, j.options.Simulated, j.options.calls()
	j.write(object, "  ")
}

// encoder writes JSON.
type encoder struct{ writer }

// failure is the first error of writing.
func (e *encoder) failure() error { return e.err }

// write writes an object and a newline, without the escapes of HTML, but with
// those by which no text acts when the JSON is printed.
func (e *encoder) write(object any, indent string) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(object); err != nil {
		e.err = cmp.Or(e.err, fmt.Errorf("writing JSON: %w", err))
		return
	}
	e.writer.write(printable.JSON(buffer.Bytes()))
}
