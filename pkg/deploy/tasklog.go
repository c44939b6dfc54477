package deploy

// Following the logs of tasks in CloudWatch Logs while they are written. A container's
// stream is there when it has written its first line, which can be read some seconds
// later: a stream that does not exist is asked for again, also after the end.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

const (
	// streamsAtOnce is how many streams are asked at each look. CloudWatch Logs answers
	// 25 GetLogEvents a second in a region, to everybody in the account.
	streamsAtOnce = 8
	// logPages is how many pages of one stream are read at each look, so that one
	// container that writes a lot does not keep the others waiting.
	logPages = 20
	// A log may be readable logLate after the containers stopped, by what CloudWatch
	// Logs usually needs. ECS shows a task as STOPPED some of that time later. At the
	// end, logs are read for at least logAfter.
	logLate  = 10 * time.Second
	logAfter = 2 * time.Second
)

// logFollower follows the logs of some tasks.
type logFollower struct {
	*Deployer
	started time.Time
	streams []*logStream
	next    int // the stream that is asked first at the next look
	denied  bool
}

// logStream is the log of one container.
type logStream struct {
	task, container     string
	group, name, region string
	token               *string
	last                []string // the last lines
	silent              bool     // it cannot be read, which was reported
}

func newLogFollower(d *Deployer) *logFollower {
	return &logFollower{Deployer: d, started: d.clock.Now()}
}

// follow adds the containers of tasks of a definition.
func (f *logFollower) follow(definition taskdef.Definition, tasks []rollout.Task) {
	for _, task := range tasks {
		for _, c := range definition.Containers() {
			driver, options := definition.LogOptions(c.Name)
			if driver != "awslogs" || options["awslogs-group"] == "" {
				continue
			}
			s := &logStream{task: task.ARN, container: c.Name, group: options["awslogs-group"], region: logRegion(options, f.api.Region())}
			s.name, _ = streamOf(options, &task, c.Name)
			f.streams = append(f.streams, s)
		}
	}
}

// read emits what was written since the last look, in the order of time, and reports
// whether there was something.
func (f *logFollower) read(ctx context.Context, tasks []rollout.Task) bool {
	if f.logs == nil || f.denied {
		return false
	}
	var lines []LogLine
	for range min(len(f.streams), streamsAtOnce) {
		s := f.streams[f.next%len(f.streams)]
		f.next++
		s.locate(tasks)
		if s.name != "" && !s.silent && !f.denied {
			lines = append(lines, f.readStream(ctx, s)...)
		}
	}
	return f.show(lines)
}

// show emits lines in the order of time, and reports whether there are any.
func (f *logFollower) show(lines []LogLine) bool {
	slices.SortStableFunc(lines, func(a, b LogLine) int { return a.At.Compare(b.At) })
	for i := range lines {
		f.emit(Event{Type: EventLog, Elapsed: f.clock.Now().Sub(f.started), Log: &lines[i]})
	}
	return len(lines) > 0
}

// locate names a stream without a prefix: it has the id that the container's runtime
// gave it (awslogs-stream-prefix of API_LogConfiguration).
func (s *logStream) locate(tasks []rollout.Task) {
	for i := range tasks {
		if s.name == "" && tasks[i].ARN == s.task {
			if c := tasks[i].Container(s.container); c != nil {
				s.name = c.RuntimeID
			}
		}
	}
}

// readStream reads on in one stream. Its end is where the token stays the same
// (API_GetLogEvents); an empty page is not.
func (f *logFollower) readStream(ctx context.Context, s *logStream) []LogLine {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	var lines []LogLine
	for range logPages {
		out, err := f.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
			LogGroupName: &s.group, LogStreamName: &s.name, StartFromHead: aws.Bool(true), NextToken: s.token,
		}, func(o *cloudwatchlogs.Options) { o.Region = s.region })
		if err != nil {
			f.unreadable(s, err)
			return lines
		}
		for _, event := range out.Events {
			for _, text := range linesOf(aws.ToString(event.Message)) {
				lines = append(lines, LogLine{Task: s.task, Container: s.container, At: time.UnixMilli(aws.ToInt64(event.Timestamp)).UTC(), Text: text})
				s.last = append(s.last[max(0, len(s.last)-logLines+1):], ecsapi.Cut(text))
			}
		}
		next := aws.ToString(out.NextForwardToken)
		if next == "" || next == aws.ToString(s.token) {
			return lines
		}
		s.token = &next
	}
	return lines
}

// unreadable reports once why a log cannot be read. A stream that does not exist yet
// is no reason.
func (f *logFollower) unreadable(s *logStream, err error) {
	call := ecsapi.NewCallError("logs:GetLogEvents", "log group "+s.group, err)
	var missing *types.ResourceNotFoundException
	switch {
	case call.Class() == ecsapi.Denied:
		f.denied = true
		f.emit(Event{Type: EventWarning, Message: fmt.Sprintf("logs:GetLogEvents is not allowed: the output is not shown; read it with %s", s.command())})
	case errors.As(err, &missing) && strings.Contains(aws.ToString(missing.Message), "log group"):
		s.silent = true
		f.emit(Event{Type: EventWarning, Message: fmt.Sprintf("the log group %s of container %s does not exist: its output is lost", s.group, s.container)})
	}
}

// command prints the whole log.
func (s *logStream) command() string {
	return shell.Join("aws", "logs", "get-log-events", "--log-group-name", s.group, "--log-stream-name", s.name, "--start-from-head", "--region", s.region)
}

// drain reads what tasks that have stopped wrote at their end, and what CloudWatch Logs
// was late with.
func (f *logFollower) drain(ctx context.Context, tasks []rollout.Task) {
	late := logAfter
	for _, task := range tasks {
		if !task.StartedAt.IsZero() {
			late = max(late, logLate-task.StoppedAt.Sub(task.ExecutionStoppedAt))
		}
	}
	rounds := (len(f.streams) + streamsAtOnce - 1) / streamsAtOnce
	begun := f.clock.Now()
	for {
		quiet := true
		for range max(rounds, 1) {
			if f.read(ctx, tasks) {
				quiet = false
			}
		}
		waiting := f.clock.Now().Sub(begun) < late && len(f.streams) > 0 && !f.denied
		if quiet && !waiting || f.clock.Sleep(ctx, logPause) != nil {
			return
		}
	}
}

// tail is the end of the log of the container that ended a task.
func (f *logFollower) tail(cause rollout.Cause) rollout.Log {
	for _, s := range f.streams {
		if s.task != cause.Task || s.container != cause.Container || s.name == "" {
			continue
		}
		return rollout.Log{Lines: s.last, Command: s.command()}
	}
	return rollout.Log{}
}

// last is the end of the log of a container, of the first task that wrote something.
func (f *logFollower) last(container string) rollout.Log {
	for _, s := range f.streams {
		if s.container == container && len(s.last) > 0 {
			return rollout.Log{Lines: s.last, Command: s.command()}
		}
	}
	return rollout.Log{}
}
