package report

// A run that is over, read back from its NDJSON: what a program keeps of a deployment is
// enough to draw it again, in any other form.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// ReadStory folds a run that was written as NDJSON into its story. Beside an error it
// returns the story until there: a run that was killed leaves a stream without an end.
func ReadStory(ndjson io.Reader) (*Story, error) {
	story := new(Story)
	return story, replay(ndjson, func(e deploy.Event) { story.Add(e) }, story.Fail)
}

// Replay has a renderer show a run that was written as NDJSON. What is not in the stream
// is not shown: the table at the end of a run of several services, for example.
func Replay(ndjson io.Reader, to Renderer) error { return replay(ndjson, to.Event, to.Fail) }

// replay hands on the events and failures of a stream. Objects of unknown types belong to
// a newer version of the schema, and are left out.
func replay(ndjson io.Reader, event func(deploy.Event), fail func(Failure)) error {
	var now time.Time
	decoder := json.NewDecoder(ndjson)
	for number := 1; ; number++ {
		var text json.RawMessage
		var head recordHead
		err := decoder.Decode(&text)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = decode(text, &head)
		}
		if err == nil {
			if head.Time.IsZero() {
				head.Time = now
			}
			now = head.Time
			err = head.tell(text, event, fail)
		}
		if err != nil {
			return fmt.Errorf("object %d of the NDJSON: %w", number, err)
		}
	}
}

// decode reads an object, with numbers as they are written.
func decode(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// recordHead is what tells an object of a stream from others, and what no event has.
type recordHead struct {
	Type           string         `json:"type"`
	Schema         string         `json:"schema"`
	Time           time.Time      `json:"time"`
	ElapsedSeconds deploy.Seconds `json:"elapsedSeconds"`
	Subject        deploy.Subject `json:"subject"`
	// The kinds of outcomes: of a deployment, of tasks, of a run of several services, and
	// otherwise an error.
	Deployment *struct{} `json:"deployment"`
	Container  *string   `json:"container"`
	Members    []any     `json:"members"`
}

// tell hands on what an object tells.
func (h recordHead) tell(text []byte, event func(deploy.Event), fail func(Failure)) error {
	e := deploy.Event{Type: deploy.EventOutcome, Time: h.Time, Elapsed: time.Duration(h.ElapsedSeconds), Subject: h.Subject}
	switch {
	case h.Type == "version":
		if !strings.HasPrefix(h.Schema, "1.") {
			return fmt.Errorf("schema %q is not 1.x", h.Schema)
		}
		return nil
	case h.Type != string(deploy.EventOutcome) && h.Type != EventMemberOutcome:
		if err := decode(text, &e); err != nil {
			return err
		}
		if told, known := complete(e); known && !told {
			return fmt.Errorf("type %s without what it tells", h.Type)
		} else if !known {
			return nil
		}
	case h.Members != nil: // each member had an object of its own
		return nil
	case h.Deployment != nil:
		e.Outcome = new(deploy.Outcome)
		if err := decode(text, e.Outcome); err != nil {
			return err
		}
		e.Outcome.Elapsed = e.Elapsed
	case h.Container != nil:
		e.TaskOutcome = new(deploy.TaskOutcome)
		if err := decode(text, e.TaskOutcome); err != nil {
			return err
		}
		e.TaskOutcome.Elapsed = e.Elapsed
	default:
		return h.tellFailure(text, fail)
	}
	event(e)
	return nil
}

func (h recordHead) tellFailure(text []byte, fail func(Failure)) error {
	var object struct {
		Verdict     string              `json:"verdict"`
		ExitCode    int                 `json:"exitCode"`
		Reason      string              `json:"reason"`
		Hint        string              `json:"hint"`
		TaskOutcome *deploy.TaskOutcome `json:"taskOutcome"`
	}
	if err := decode(text, &object); err != nil {
		return err
	}
	fail(Failure{Member: h.Subject.Member, Message: object.Reason, Hint: object.Hint, Verdict: object.Verdict, ExitCode: object.ExitCode, Task: object.TaskOutcome})
	return nil
}

// complete reports whether an event has what its type promises. Other types are not
// known.
func complete(e deploy.Event) (told, known bool) {
	switch e.Type {
	case deploy.EventPlan:
		return e.Plan != nil, true
	case deploy.EventUpdated:
		return e.Deployment != nil, true
	case deploy.EventProgress:
		return e.Service != nil, true
	case deploy.EventService:
		return e.ServiceEvent != nil, true
	case deploy.EventCause:
		return e.Cause != nil, true
	case deploy.EventPaused:
		return e.Hook != nil && e.Deployment != nil, true
	case deploy.EventContinued:
		return e.Hook != nil, true
	case deploy.EventTargets:
		return e.TargetGroups != nil, true
	case deploy.EventTaskPlan:
		return e.TaskPlan != nil, true
	case deploy.EventTask:
		return e.Task != nil, true
	case deploy.EventLog:
		return e.Log != nil, true
	case deploy.EventTaskEnded:
		return e.TaskOutcome != nil, true
	case deploy.EventRegistered, deploy.EventDeregistered, deploy.EventHeartbeat, deploy.EventWarning, deploy.EventLimit:
		return true, true
	}
	return false, false
}
