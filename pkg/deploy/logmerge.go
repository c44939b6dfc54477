package deploy

// Reading the logs of many containers in one order of time, with FilterLogEvents: one
// query reads the streams of a container in all tasks. A line may become readable after
// younger ones, so that each pass begins some time before the end of the one before it,
// and leaves out by its id what was read already.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
)

const (
	// filterPause is the time between two calls of FilterLogEvents, which CloudWatch Logs
	// answers 5 times a second to everybody in an account and region.
	filterPause = 250 * time.Millisecond
	// A line is read if it becomes readable within lateLine after a younger one of its
	// query. If more than linesKept lines are that young, the time is shorter, but not
	// shorter than lateLineBusy.
	lateLine, lateLineBusy = 30 * time.Second, 5 * time.Second
	linesKept              = 100_000
	// lateStream is how long the first line of a stream may take to become readable.
	lateStream = 2 * time.Minute
)

// logMerge reads logs in the order of time.
type logMerge struct {
	*Deployer
	started, called time.Time
	queries         []*logQuery
	several         bool // containers of one task are read
}

// logQuery is the streams of a log group whose names begin with a prefix.
type logQuery struct {
	group, region, prefix string
	streams               map[string]*filteredStream // those that are read, by name
	newest                int64                      // milliseconds since 1970 of the youngest line
	seen                  map[string]int64           // times of the lines that were read lately, by id
	missing               bool                       // the log group does not exist, which was reported

	// of one pass
	events []types.FilteredLogEvent
	token  *string
	more   bool
}

// filteredStream is the log of one container. Lines older than from are not read.
type filteredStream struct {
	task, container string
	from            int64
	added           time.Time
	spoke           bool
}

func newLogMerge(d *Deployer) *logMerge {
	return &logMerge{Deployer: d, started: d.clock.Now()}
}

// add adds a stream to the query for its prefix.
func (m *logMerge) add(group, region, prefix, name string, stream filteredStream) {
	at := slices.IndexFunc(m.queries, func(q *logQuery) bool { return q.group == group && q.region == region && q.prefix == prefix })
	if at < 0 {
		at = len(m.queries)
		m.queries = append(m.queries, &logQuery{group: group, region: region, prefix: prefix, streams: map[string]*filteredStream{}, seen: map[string]int64{}})
	}
	stream.added = m.clock.Now()
	m.queries[at].streams[name] = &stream
}

// pass emits all lines that are readable and were not read before. An error leaves out
// none: the next pass reads them.
func (m *logMerge) pass(ctx context.Context) error {
	for _, q := range m.queries {
		q.events, q.token, q.more = nil, nil, true
	}
	for {
		next := (*logQuery)(nil)
		for _, q := range m.queries {
			if err := m.fill(ctx, q); err != nil {
				return err
			}
			if len(q.events) > 0 && (next == nil || aws.ToInt64(q.events[0].Timestamp) < aws.ToInt64(next.events[0].Timestamp)) {
				next = q
			}
		}
		if next == nil {
			break
		}
		m.show(next)
	}
	for _, q := range m.queries {
		q.forget(m.clock.Now())
	}
	return nil
}

// fill reads pages of a query until there is a line to show, or no more. A page may be
// empty before the last one.
func (m *logMerge) fill(ctx context.Context, q *logQuery) error {
	for len(q.events) == 0 && q.more {
		if err := m.clock.Sleep(ctx, m.called.Add(filterPause).Sub(m.clock.Now())); err != nil {
			return err
		}
		page, err := m.page(ctx, q)
		m.called = m.clock.Now()
		if err != nil {
			return err
		}
		q.events = slices.DeleteFunc(page.Events, func(e types.FilteredLogEvent) bool { return !q.wants(e) })
		q.token = page.NextToken
		q.more = aws.ToString(page.NextToken) != ""
	}
	return nil
}

// page asks for one page. A log group that does not exist has none, which is reported
// once.
func (m *logMerge) page(ctx context.Context, q *logQuery) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	from := q.from()
	out, err := m.logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &q.group, LogStreamNamePrefix: &q.prefix, StartTime: &from, NextToken: q.token,
	}, func(o *cloudwatchlogs.Options) { o.Region = q.region })
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		if !q.missing {
			m.emit(Event{Type: EventWarning, Elapsed: m.clock.Now().Sub(m.started), Message: fmt.Sprintf("the log group %s of container %s does not exist: its output is lost", q.group, q.container())})
		}
		q.missing = true
		return &cloudwatchlogs.FilterLogEventsOutput{}, nil
	case err != nil:
		return nil, ecsapi.NewCallError("logs:FilterLogEvents", "log group "+q.group, err)
	}
	q.missing = false
	return out, nil
}

// show emits the first event of a query.
func (m *logMerge) show(q *logQuery) {
	event := q.events[0]
	q.events = q.events[1:]
	at := aws.ToInt64(event.Timestamp)
	stream := q.streams[aws.ToString(event.LogStreamName)]
	stream.spoke = true
	q.newest = max(q.newest, at)
	q.seen[aws.ToString(event.EventId)] = at
	for _, text := range linesOf(aws.ToString(event.Message)) {
		m.emit(Event{Type: EventLog, Elapsed: m.clock.Now().Sub(m.started), Log: &LogLine{
			Task: stream.task, Container: stream.container, At: time.UnixMilli(at).UTC(), Text: text, Several: m.several,
		}})
	}
}

// linesOf are the lines of a message, which may have several.
func linesOf(message string) []string {
	lines := strings.Split(strings.TrimRight(message, "\r\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], "\r")
	}
	return lines
}

// wants reports whether an event belongs to a stream that is read, and was not read
// before.
func (q *logQuery) wants(e types.FilteredLogEvent) bool {
	stream := q.streams[aws.ToString(e.LogStreamName)]
	_, seen := q.seen[aws.ToString(e.EventId)]
	return stream != nil && !seen && aws.ToInt64(e.Timestamp) >= stream.from
}

// from is where a pass begins: with the stream that has to be read from furthest back.
func (q *logQuery) from() int64 {
	first := true
	var from int64
	for _, stream := range q.streams {
		if first || stream.from < from {
			first, from = false, stream.from
		}
	}
	return from
}

// container is the name of the container whose streams the query reads.
func (q *logQuery) container() string {
	for _, stream := range q.streams {
		return stream.container
	}
	return ""
}

// forget moves the beginning of the next pass forward, and forgets the ids of lines
// before it. A stream without a line so far is read from its beginning for some time.
func (q *logQuery) forget(now time.Time) {
	late := lateLine
	for ; late > lateLineBusy; late /= 2 {
		young := 0
		for _, at := range q.seen {
			if at >= q.newest-late.Milliseconds() {
				young++
			}
		}
		if young <= linesKept {
			break
		}
	}
	oldest := q.newest - late.Milliseconds()
	maps.DeleteFunc(q.seen, func(_ string, at int64) bool { return at < oldest })
	for _, stream := range q.streams {
		if stream.spoke || now.Sub(stream.added) >= lateStream {
			stream.from = max(stream.from, oldest)
		}
	}
}
