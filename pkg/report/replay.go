package report

// A run that is over, read back from its NDJSON: what a program keeps of a deployment is
// enough to draw it again, in any other form.

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// ReadStory folds a run that was written as NDJSON into its story. Beside an error it
// returns the story until there: a run that was killed leaves a stream without an end.
func ReadStory(ndjson io.Reader) (*Story, error) {
	story := new(Story)
	return story, replay(ndjson, func(e deploy.Event) { story.Add(e) }, story.Fail, story.note)
}

// Replay has a renderer show a run that was written as NDJSON. What is not in the stream
// is not shown: the table at the end of a run of several services, for example.
func Replay(ndjson io.Reader, to Renderer) error {
	return replay(ndjson, to.Event, to.Fail, func(recordHead) {})
}

// largestObject is how many bytes an object of a stream has at most: a service of many
// tasks is a few kilobytes.
const largestObject = 16 << 20

// replay hands on the events and failures of a stream, and then what else each object
// says. Objects of unknown types belong to a newer version of the schema, and are left
// out, like lines that are no objects: a warning of a shell, for example.
func replay(ndjson io.Reader, event func(deploy.Event), fail func(Failure), note func(recordHead)) error {
	var now time.Time
	objects := bufio.NewScanner(ndjson)
	objects.Buffer(nil, largestObject)
	objects.Split(nextObject)
	number := 1
	for ; objects.Scan(); number++ {
		var head recordHead
		err := decode(objects.Bytes(), &head)
		if err == nil {
			if head.Time.IsZero() {
				head.Time = now
			}
			now = head.Time
			err = head.tell(objects.Bytes(), event, fail)
		}
		if err != nil {
			return fmt.Errorf("object %d of the NDJSON: %w", number, err)
		}
		note(head)
	}
	if err := objects.Err(); err != nil {
		return fmt.Errorf("object %d of the NDJSON: %w", number, err)
	}
	return nil
}

// nextObject splits a stream into its objects, each on one line or on several. It skips
// lines that begin no object.
func nextObject(data []byte, atEnd bool) (advance int, object []byte, err error) {
	start := 0
	for start < len(data) && data[start] != '{' {
		switch end := bytes.IndexByte(data[start:], '\n'); {
		case data[start] == ' ' || data[start] == '\t':
			start++
		case end >= 0:
			start += end + 1
		case atEnd:
			return len(data), nil, nil
		default:
			return start, nil, nil
		}
	}
	end := objectEnd(data[start:])
	switch {
	case end > 0:
		return start + end, data[start : start+end], nil
	case atEnd && start < len(data):
		return 0, nil, io.ErrUnexpectedEOF
	}
	return start, nil, nil
}

// objectEnd is how long the object is with which a text begins; 0 if its end is missing.
func objectEnd(text []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
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
	// What a story has beside its events.
	Version   string       `json:"version"`
	Simulated string       `json:"simulated"`
	Target    string       `json:"target"`
	Next      []Suggestion `json:"next"`
	Calls     []Call       `json:"calls"`
	// The kinds of outcomes: of a deployment, of tasks, of a run of several services, and
	// otherwise an error.
	Deployment *struct{} `json:"deployment"`
	Container  *string   `json:"container"`
	Members    []any     `json:"members"`
	Verdict    string    `json:"verdict"`
	ExitCode   int       `json:"exitCode"`
}

// note keeps what an object says beside its event.
func (s *Story) note(h recordHead) {
	s.Version, s.Simulated, s.Target = cmp.Or(h.Version, s.Version), cmp.Or(h.Simulated, s.Simulated), cmp.Or(h.Target, s.Target)
	switch {
	case h.Type != string(deploy.EventOutcome) && h.Type != EventMemberOutcome:
		return
	case h.Members != nil:
		s.Fleet = &FleetEnd{Verdict: rollout.Verdict(h.Verdict), ExitCode: h.ExitCode, Elapsed: time.Duration(h.ElapsedSeconds), Next: h.Next}
	case h.Deployment != nil || h.Container != nil:
		s.find(h.Subject.Member, h.Subject.ARN).Next = h.Next
	}
	s.Calls = h.Calls
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
