package ecssim

// This file is the neighbour of ECS that keeps the logs of containers:
// CloudWatch Logs, as far as a deploy tool asks it. It has the streams of the
// tasks that ECS still knows (the real one keeps them longer), and those of the
// functions of lifecycle hooks.

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

const maxLogEvents = 10_000 // of one answer

var (
	errNoLogGroup  = &apiError{code: "ResourceNotFoundException", message: "The specified log group does not exist."}
	errNoLogStream = &apiError{code: "ResourceNotFoundException", message: "The specified log stream does not exist."}
	errLogToken    = invalid("The specified nextToken is invalid.")
)

// logging is the operations of CloudWatch Logs.
func logging() map[string]operation {
	return map[string]operation{
		"GetLogEvents":    in[cloudwatchlogs.GetLogEventsInput]("", (*engine).getLogEvents),
		"FilterLogEvents": in[cloudwatchlogs.FilterLogEventsInput]("", (*engine).filterLogEvents),
	}
}

// logRange is what every read of a log group says: which group, which part of
// its time, and how many events at most.
type logRange struct {
	Group      string `json:"logGroupName"`
	Identifier string `json:"logGroupIdentifier"` // an ARN or a name
	Start      *int64 `json:"startTime"`          // included
	End        *int64 `json:"endTime"`            // excluded
	Limit      *int   `json:"limit"`
	NextToken  string `json:"nextToken"`
}

func (r logRange) group() (string, *apiError) {
	if r.Group != "" {
		return r.Group, nil
	}
	if _, name, ok := strings.Cut(r.Identifier, ":log-group:"); ok {
		return strings.TrimSuffix(name, ":*"), nil
	}
	if r.Identifier == "" {
		return "", invalid("Either logGroupName or logGroupIdentifier must be specified.") // assumed text
	}
	return r.Identifier, nil
}

func (r logRange) limit() (int, *apiError) {
	limit := maxLogEvents
	if r.Limit != nil {
		limit = *r.Limit
	}
	switch {
	case limit < 1:
		return 0, invalid(fmt.Sprintf("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", limit))
	case limit > maxLogEvents:
		return 0, invalid(fmt.Sprintf("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to %d", limit, maxLogEvents))
	}
	return limit, nil
}

// within reports whether an event is in the part of time.
func (r logRange) within(ev logEvent) bool {
	return (r.Start == nil || int64(ev.at) >= *r.Start) && (r.End == nil || int64(ev.at) < *r.End)
}

type getLogEventsInput struct {
	logRange

	Stream   string `json:"logStreamName"`
	FromHead bool   `json:"startFromHead"`
}

func (e *engine) getLogEvents(in getLogEventsInput, _ Document) (any, *apiError) {
	group, apiErr := in.group()
	if apiErr != nil {
		return nil, apiErr
	}
	if in.Stream == "" {
		return nil, invalid("1 validation error detected: Value null at 'logStreamName' failed to satisfy constraint: Member must not be null")
	}
	limit, apiErr := in.limit()
	if apiErr != nil {
		return nil, apiErr
	}
	log, apiErr := e.stream(group, in.Stream)
	if apiErr != nil {
		return nil, apiErr
	}
	fit := slices.DeleteFunc(slices.Clone(log), func(ev logEvent) bool { return !in.within(ev) })
	from, to, ok := logPage(len(fit), limit, in.FromHead, in.NextToken)
	if !ok {
		return nil, errLogToken
	}
	views := []any{}
	for _, ev := range fit[from:to] {
		views = append(views, map[string]any{"timestamp": int64(ev.at), "message": ev.text, "ingestionTime": int64(ev.at)})
	}
	return map[string]any{
		"events": views, "nextForwardToken": logToken("f", to), "nextBackwardToken": logToken("b", from),
	}, nil
}

// logPage is the part of n events that one answer has: the latest ones, or the
// earliest; with a token those after (f) or before (b) the place it names. A
// token that there is nothing behind comes back itself.
func logPage(n, limit int, fromHead bool, token string) (from, to int, ok bool) {
	switch {
	case token != "":
		direction, rest, _ := strings.Cut(token, "/")
		digits, isToken := strings.CutSuffix(rest, "/s")
		at, err := strconv.Atoi(digits)
		if !isToken || err != nil || at < 0 {
			return 0, 0, false
		}
		at = min(at, n)
		switch direction {
		case "f":
			return at, min(at+limit, n), true
		case "b":
			return max(at-limit, 0), at, true
		}
		return 0, 0, false
	case fromHead:
		return 0, min(limit, n), true
	default:
		return max(n-limit, 0), n, true
	}
}

// logToken names a place among the events, in the form of the real tokens.
func logToken(direction string, at int) string { return fmt.Sprintf("%s/%056d/s", direction, at) }

// stream is the log of a container, found by its group and stream, as far as it
// can be read: a line comes logLag after it was written. A group exists when
// some task definition names it, a stream when its container has begun to run.
func (e *engine) stream(group, stream string) ([]logEvent, *apiError) {
	if !e.hasLogGroup(group) {
		return nil, errNoLogGroup
	}
	var function *hook
	e.eachFunctionStream(group, func(name string, h hook) {
		if name == stream {
			function = &h
		}
	})
	if function != nil {
		return e.functionLog(*function), nil
	}
	t, i, ok := e.writer(group, stream)
	if !ok || e.logsUntil() < t.Containers[i].StartedAt {
		return nil, errNoLogStream
	}
	return e.readable(t, t.Containers[i]), nil
}

// logsUntil is the moment of the newest line that can be read: logLag ago.
func (e *engine) logsUntil() millis {
	return e.Now - millis(orDefault(e.World.Switches.LogLag, 0).Milliseconds())
}

// readable is what a container has written, as far as it can be read.
func (e *engine) readable(t *task, c container) []logEvent {
	log := e.logOf(t, c)
	last := len(log)
	for last > 0 && log[last-1].at > e.logsUntil() {
		last--
	}
	return log[:last]
}

// writer is the container that writes to a stream: that of a task, and which.
// The name of a stream ends with the id of its task, or begins with it if
// there is no prefix.
func (e *engine) writer(group, stream string) (*task, int, bool) {
	id, _, _ := strings.Cut(shortName(stream), "-")
	for _, name := range sortedKeys(e.Clusters) {
		t := e.Clusters[name].task(id)
		if t == nil {
			continue
		}
		for i, spec := range e.specsOf(t.order) {
			if spec.group == group && t.streamOf(i, spec) == stream && t.Containers[i].StartedAt != 0 {
				return t, i, true
			}
		}
	}
	return nil, 0, false
}

// streamOf is the name of the stream that a container of the task writes to.
func (t *task) streamOf(i int, spec containerSpec) string {
	if spec.streamPrefix == "" {
		return t.runtimeID(t.Containers[i])
	}
	return spec.streamPrefix + "/" + spec.name + "/" + t.ID
}

// logTarget is the log group of a container that logs with awslogs, and the
// prefix of its stream. Without a prefix the stream is the container's id at
// its runtime.
func logTarget(definition map[string]any) (group, prefix string) {
	config, _ := definition["logConfiguration"].(map[string]any)
	options, _ := config["options"].(map[string]any)
	if config["logDriver"] != "awslogs" {
		return "", ""
	}
	group, _ = options["awslogs-group"].(string)
	prefix, _ = options["awslogs-stream-prefix"].(string)
	return group, prefix
}

func (e *engine) hasLogGroup(group string) bool {
	if e.hasFunctionGroup(group) {
		return true
	}
	for _, f := range e.Families {
		for _, td := range f.Revisions {
			if slices.ContainsFunc(td.specs(), func(c containerSpec) bool { return c.group != "" && c.group == group }) {
				return true
			}
		}
	}
	return false
}
