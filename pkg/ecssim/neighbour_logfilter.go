package ecssim

// This file is FilterLogEvents of CloudWatch Logs: the lines of many streams of
// a log group in one order of time, and the filter patterns of plain text.

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

type filterLogEventsInput struct {
	logRange

	Streams []string `json:"logStreamNames"`
	Prefix  string   `json:"logStreamNamePrefix"`
	Pattern string   `json:"filterPattern"`
}

// filteredEvent is a line with the stream that has it. The id orders lines as
// the answer does.
type filteredEvent struct {
	logEvent

	stream, id string
}

func (e *engine) filterLogEvents(in filterLogEventsInput, _ Document) (any, *apiError) {
	group, apiErr := in.group()
	if apiErr != nil {
		return nil, apiErr
	}
	limit, apiErr := in.limit()
	switch {
	case apiErr != nil:
		return nil, apiErr
	case len(in.Streams) > 0 && in.Prefix != "":
		return nil, invalid("Only one of logStreamNames and logStreamNamePrefix can be specified.") // assumed text
	case !e.hasLogGroup(group):
		return nil, errNoLogGroup
	}
	fits, apiErr := logPattern(in.Pattern)
	if apiErr != nil {
		return nil, apiErr
	}
	lines, apiErr := e.filtered(group, in)
	if apiErr != nil {
		return nil, apiErr
	}
	views, more := []any{}, ""
	for _, ev := range lines {
		switch {
		case ev.id <= in.NextToken || !fits(ev.text):
			continue
		case len(views) == limit:
			more = views[limit-1].(map[string]any)["eventId"].(string)
		}
		if more != "" {
			break
		}
		views = append(views, map[string]any{
			"logStreamName": ev.stream, "timestamp": int64(ev.at), "message": ev.text,
			"ingestionTime": int64(ev.at), "eventId": ev.id,
		})
	}
	answer := map[string]any{"events": views, "searchedLogStreams": []any{}}
	if more != "" {
		answer["nextToken"] = more
	}
	return answer, nil
}

// filtered are the lines of the streams that a request means, in order of time.
// A stream that it names must exist.
func (e *engine) filtered(group string, in filterLogEventsInput) ([]filteredEvent, *apiError) {
	var lines []filteredEvent
	add := func(stream string, log []logEvent) {
		for i, ev := range log { // numbered in the stream: an event keeps its id in any range
			if in.within(ev) {
				lines = append(lines, filteredEvent{ev, stream, fmt.Sprintf("%020d/%s/%06d", ev.at, stream, i)})
			}
		}
	}
	for _, stream := range in.Streams {
		log, apiErr := e.stream(group, stream)
		if apiErr != nil {
			return nil, apiErr
		}
		add(stream, log)
	}
	if len(in.Streams) == 0 {
		e.eachStream(group, func(stream string, t *task, c container) {
			if strings.HasPrefix(stream, in.Prefix) {
				add(stream, e.readable(t, c))
			}
		})
		e.eachFunctionStream(group, func(stream string, h hook) {
			if strings.HasPrefix(stream, in.Prefix) {
				add(stream, e.functionLog(h))
			}
		})
	}
	slices.SortFunc(lines, func(a, b filteredEvent) int { return cmp.Compare(a.id, b.id) })
	return lines, nil
}

// eachStream visits the streams of a log group: those of the tasks that ECS
// still knows.
func (e *engine) eachStream(group string, visit func(stream string, t *task, c container)) {
	for _, name := range sortedKeys(e.Clusters) {
		c := e.Clusters[name]
		for _, t := range slices.Concat(c.Gone, c.Tasks) {
			for i, spec := range e.specsOf(t.order) {
				if spec.group == group && t.Containers[i].StartedAt != 0 {
					visit(t.streamOf(i, spec), t, t.Containers[i])
				}
			}
		}
	}
}

// logTerm is a term of a filter pattern: a word or a quoted phrase, with "?" for
// terms of which one is enough and "-" for terms that must not occur.
var logTerm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*([?-]?)("(?:[^"\\]|\\.)*"|[^\s"]+)`) })

// logPattern is the test of a filter pattern of plain text [CloudWatch Logs
// "Filter pattern syntax"]: every term must occur, one of those with "?", none of
// those with "-"; case counts. %expression% is a regular expression. Patterns
// for JSON and for columns are not simulated.
func logPattern(pattern string) (func(string) bool, *apiError) {
	text := strings.TrimSpace(pattern)
	if inner, ok := strings.CutPrefix(text, "%"); ok && strings.HasSuffix(inner, "%") {
		expression, err := regexp.Compile(strings.TrimSuffix(inner, "%"))
		if err != nil {
			return nil, invalid("Invalid filter pattern") // assumed text
		}
		return expression.MatchString, nil
	}
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		return nil, invalid("The simulator has no filter patterns for JSON and for columns.")
	}
	terms := map[string][]string{}
	for rest := text; rest != ""; rest = strings.TrimSpace(rest) {
		found := logTerm().FindStringSubmatch(rest)
		if found == nil {
			return nil, invalid("Invalid filter pattern")
		}
		term := found[2]
		if unquoted, err := strconv.Unquote(term); err == nil {
			term = unquoted
		}
		terms[found[1]] = append(terms[found[1]], term)
		rest = rest[len(found[0]):]
	}
	return func(line string) bool {
		within := func(term string) bool { return strings.Contains(line, term) }
		missing := func(term string) bool { return !within(term) }
		return !slices.ContainsFunc(terms[""], missing) && !slices.ContainsFunc(terms["-"], within) &&
			(len(terms["?"]) == 0 || slices.ContainsFunc(terms["?"], within))
	}, nil
}
