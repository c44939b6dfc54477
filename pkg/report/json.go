package report

// The two forms for programs. NDJSON is the event stream, an object a line,
// from {"type":"version"} to {"type":"outcome"}; JSON is the outcome alone. The
// schema's minor number grows with additions, its major number with anything
// that could break a reader.

import (
	"bytes"
	"encoding/json"
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
	Type              string                     `json:"type"`
	Time              time.Time                  `json:"time"`
	ElapsedSeconds    float64                    `json:"elapsedSeconds"`
	Message           string                     `json:"message,omitempty"`
	Plan              *deploy.Plan               `json:"plan,omitempty"`
	TaskDefinition    string                     `json:"taskDefinition,omitempty"`
	Tag               string                     `json:"tag,omitempty"`
	Deployment        *deploy.Deployment         `json:"deployment,omitempty"`
	Service           *rollout.Service           `json:"service,omitempty"`
	ServiceDeployment *rollout.ServiceDeployment `json:"serviceDeployment,omitempty"`
	ServiceEvent      *rollout.ServiceEvent      `json:"serviceEvent,omitempty"`
	Cause             *rollout.Cause             `json:"cause,omitempty"`
}

type outcomeObject struct {
	Type           string  `json:"type"`
	Schema         string  `json:"schema,omitempty"`
	Simulated      string  `json:"simulated,omitempty"`
	Verdict        string  `json:"verdict"`
	ExitCode       int     `json:"exitCode"`
	Reason         string  `json:"reason,omitempty"`
	Hint           string  `json:"hint,omitempty"`
	ElapsedSeconds float64 `json:"elapsedSeconds"`
	Target         string  `json:"target,omitempty"`
	*outcomeFields
	Next []Suggestion `json:"next,omitempty"`
}

type outcomeFields struct {
	Deployment deploy.Deployment  `json:"deployment"`
	Over       bool               `json:"over"`
	EndedAt    time.Time          `json:"endedAt,omitzero"`
	Serving    string             `json:"serving,omitempty"`
	ServingTag string             `json:"servingTag,omitempty"`
	Running    int                `json:"running"`
	Desired    int                `json:"desired"`
	Draining   int                `json:"draining,omitempty"`
	Diagnosis  *rollout.Diagnosis `json:"diagnosis,omitempty"`
}

// objectOf is an outcome as an object.
func objectOf(o deploy.Outcome, options Options) outcomeObject {
	object := outcomeObject{
		Type: string(deploy.EventOutcome), Verdict: string(o.Verdict), ExitCode: o.ExitCode(), Reason: o.Reason,
		ElapsedSeconds: seconds(o.Elapsed), Next: Next(o, options.Command), Target: options.Target,
		outcomeFields: &outcomeFields{Deployment: o.Deployment, Over: o.Over, EndedAt: o.EndedAt.UTC(), Serving: o.Serving, ServingTag: o.ServingTag, Running: o.Running, Desired: o.Desired, Draining: o.Draining},
	}
	if !o.Diagnosis.IsEmpty() || o.Diagnosis.Breaker != nil {
		object.Diagnosis = &o.Diagnosis
	}
	return object
}

func failureObject(f Failure) outcomeObject {
	return outcomeObject{Type: string(deploy.EventOutcome), Verdict: f.Verdict, ExitCode: f.ExitCode, Reason: f.Message, Hint: f.Hint}
}

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// stream is the NDJSON renderer.
type stream struct {
	writer
	options Options
}

func newStream(o Options) *stream {
	s := &stream{writer: writer{out: o.Out}, options: o}
	s.object(versionObject{Type: "version", Schema: Schema, Version: o.Version, Simulated: o.Simulated})
	return s
}

func (s *stream) Err() error { return s.err }

func (s *stream) Fail(f Failure) { s.object(failureObject(f)) }

func (s *stream) Event(e deploy.Event) {
	if e.Type == deploy.EventOutcome {
		s.object(objectOf(*e.Outcome, s.options))
		return
	}
	object := eventObject{
		Type: string(e.Type), Time: e.Time.UTC(), ElapsedSeconds: seconds(e.Elapsed), Message: e.Message, Plan: e.Plan,
		TaskDefinition: e.TaskDefinition, Tag: e.Tag, Deployment: e.Deployment, ServiceDeployment: e.ServiceDeployment, ServiceEvent: e.ServiceEvent, Cause: e.Cause,
	}
	if e.Service != nil && (e.Type == deploy.EventProgress || e.Type == deploy.EventUpdated) {
		service := *e.Service
		service.Events = nil                  // each comes as an object of its own
		service.Settings = rollout.Settings{} // they do not move; status shows them
		object.Service = &service
	}
	s.object(object)
}

func (s *stream) object(object any) {
	text, err := encode(object, "")
	if err != nil {
		if s.err == nil {
			s.err = err
		}
		return
	}
	s.write(text)
}

// jsonRenderer shows nothing but the outcome.
type jsonRenderer struct {
	writer
	options Options
}

func (j *jsonRenderer) Err() error { return j.err }

func (j *jsonRenderer) Fail(f Failure) { j.object(failureObject(f)) }

func (j *jsonRenderer) Event(e deploy.Event) {
	if e.Type == deploy.EventOutcome {
		j.object(objectOf(*e.Outcome, j.options))
	}
}

func (j *jsonRenderer) object(object outcomeObject) {
	object.Schema, object.Simulated = Schema, j.options.Simulated
	text, err := encode(object, "  ")
	if err != nil {
		j.err = err
		return
	}
	j.write(text)
}

// encode writes an object and a newline, without the escapes of HTML, but with
// those by which no text acts where the JSON is printed.
func encode(object any, indent string) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	err := encoder.Encode(object)
	return printable.JSON(buffer.Bytes()), err
}
