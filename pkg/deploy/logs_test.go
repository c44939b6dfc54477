package deploy_test

// The logs of a service in virtual time: no line is lost or shown twice, whatever comes
// late, and CloudWatch Logs is asked at a bounded rate.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
)

// chatty is jobWorld with two tasks in the service, in which both containers write.
var chatty = strings.NewReplacer("desiredCount: 1", "desiredCount: 2", "images:\n", `images:
  - {match: "repo/web:v1", logs: [{text: app starts}, {text: app works, after: 10s, every: 10s}]}
  - {match: "nginx*", logs: [{text: proxy starts}, {text: proxy works, after: 7s, every: 7s}]}
`).Replace(jobWorld)

// follow follows logs for a time.
func (b *bench) followLogs(r deploy.LogRequest, d time.Duration) error {
	ctx, cancel := context.WithTimeout(b.Context(), d)
	defer cancel()
	r.Follow = true
	return b.deployer().Logs(ctx, r)
}

// logged are the log events.
func (b *bench) logged() []deploy.Event {
	return slices.DeleteFunc(slices.Clone(b.events), func(e deploy.Event) bool { return e.Type != deploy.EventLog })
}

// written are the log lines that stand in an order of time, without repetition.
func (b *bench) written() []string {
	b.Helper()
	var lines []string
	seen := map[string]bool{}
	for _, e := range b.logged() {
		line := fmt.Sprintf("%s %s %s %s", e.Log.At.Format(time.RFC3339Nano), e.Log.Task, e.Log.Container, e.Log.Text)
		if seen[line] {
			b.Errorf("twice: %s", line)
		}
		seen[line] = true
		lines = append(lines, line)
	}
	return lines
}

// warnings are the texts of warnings.
func (b *bench) warnings() []string {
	var warnings []string
	for _, e := range b.events {
		if e.Type == deploy.EventWarning {
			warnings = append(warnings, e.Message)
		}
	}
	return warnings
}

// TestLogsAreMerged reads the logs of all tasks in one order of time; the request chooses
// task, container and time.
func TestLogsAreMerged(t *testing.T) {
	inWorld(t, chatty, func(b *bench) {
		time.Sleep(time.Minute)
		read := func(r deploy.LogRequest) (tasks, containers map[string]int, oldest time.Time) {
			b.events = nil
			r.Ref = webInProd
			if err := b.deployer().Logs(b.Context(), r); err != nil {
				b.Fatal(err)
			}
			b.written()
			if !slices.IsSortedFunc(b.logged(), func(a, b deploy.Event) int { return a.Log.At.Compare(b.Log.At) }) {
				b.Error("the lines are not in the order of time")
			}
			tasks, containers, oldest = map[string]int{}, map[string]int{}, time.Now()
			for _, e := range b.logged() {
				tasks[e.Log.Task]++
				containers[e.Log.Container]++
				if e.Log.At.Before(oldest) {
					oldest = e.Log.At
				}
			}
			return tasks, containers, oldest
		}
		tasks, containers, _ := read(deploy.LogRequest{})
		if len(tasks) != 2 || containers["app"] == 0 || containers["proxy"] <= containers["app"] {
			b.Errorf("lines of tasks %v and containers %v", tasks, containers)
		}
		all := len(b.logged())
		if tasks, containers, _ = read(deploy.LogRequest{Container: "app"}); len(tasks) != 2 || len(containers) != 1 || containers["app"] == 0 {
			b.Errorf("only app: %v, %v", tasks, containers)
		}
		one := b.tasksOf("web")[0]
		if tasks, containers, _ = read(deploy.LogRequest{Task: one[strings.LastIndex(one, "/")+1:][:8]}); len(tasks) != 1 || tasks[one] != all/2 || len(containers) != 2 {
			b.Errorf("only %s: %v, %v", one, tasks, containers)
		}
		if _, _, oldest := read(deploy.LogRequest{Since: 30 * time.Second}); len(b.logged()) == 0 || time.Since(oldest) > 30*time.Second {
			b.Errorf("the last 30s begin with %s", oldest)
		}
	})
}

// TestFollowedLogs follows a service while its tasks change: every line of every task is
// shown once, the last ones too, and soon after it can be read.
func TestFollowedLogs(t *testing.T) {
	inWorld(t, chatty, func(b *bench) {
		go func() {
			time.Sleep(time.Minute)
			b.stopTask(b.tasksOf("web")[0]) // ECS starts another one
		}()
		began := time.Now()
		if err := b.followLogs(deploy.LogRequest{Ref: webInProd}, 5*time.Minute); err != nil {
			b.Fatal(err)
		}
		followed := b.written()
		calls := b.count("FilterLogEvents")
		if most := int(4 * time.Since(began) / time.Second); calls > most || calls < 250 {
			b.Errorf("%d calls in 5 minutes, want at most %d", calls, most)
		}
		for _, e := range b.logged() {
			if late := e.Time.Sub(e.Log.At.Add(4 * time.Second)); e.Log.At.After(began) && late > 2*time.Second && e.Log.Text != "app starts" && e.Log.Text != "proxy starts" {
				b.Errorf("%q of %s is shown %s after it could be read", e.Log.Text, e.Log.At, late)
			}
		}
		end := time.Now().Add(-10 * time.Second).UTC().Format(time.RFC3339Nano) // what follow must have seen
		b.events = nil
		if err := b.deployer().Logs(b.Context(), deploy.LogRequest{Ref: webInProd}); err != nil {
			b.Fatal(err)
		}
		shutdowns := 0
		for _, line := range b.written() {
			if at, _, _ := strings.Cut(line, " "); at < end && !slices.Contains(followed, line) {
				b.Errorf("lost: %s", line)
			}
			if strings.HasSuffix(line, "SIGTERM, shutting down") || strings.HasSuffix(line, " starts") {
				shutdowns++
			}
		}
		if shutdowns != 6 { // three tasks with two containers
			b.Errorf("%d first lines", shutdowns)
		}
	})
}

// hiding is CloudWatch Logs in which the lines of one task cannot be read before a moment.
type hiding struct {
	recorder
	task  string
	until time.Time
}

func (h *hiding) Do(request *http.Request) (*http.Response, error) {
	response, err := h.recorder.Do(request)
	if err != nil || h.task == "" || time.Now().After(h.until) {
		return response, err
	}
	var page map[string]any
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil {
		return nil, err
	}
	events, _ := page["events"].([]any)
	page["events"] = slices.DeleteFunc(events, func(e any) bool { return strings.HasSuffix(e.(map[string]any)["logStreamName"].(string), h.task) })
	text, err := json.Marshal(page)
	return answer(request, response.StatusCode, string(text)), err
}

// TestALateStream has the first lines of a new task become readable a minute late, while
// those of another one are on time: they are shown all the same.
func TestALateStream(t *testing.T) {
	inWorld(t, chatty, func(b *bench) {
		hide := &hiding{recorder: recorder{bench: b, next: b.http}}
		d := deploy.New(b.client, deploy.WithLogs(cloudwatchlogs.NewFromConfig(simulated(hide))), deploy.WithObserver(b.observe))
		old := b.tasksOf("web")
		go func() {
			b.stopTask(old[0])
			for hide.task == "" {
				time.Sleep(time.Second)
				for _, arn := range b.tasksOf("web") {
					if !slices.Contains(old, arn) {
						hide.task = arn[strings.LastIndex(arn, "/")+1:]
						hide.until = time.Now().Add(100 * time.Second) // it starts in 25 of them
					}
				}
			}
		}()
		ctx, cancel := context.WithTimeout(b.Context(), 4*time.Minute)
		defer cancel()
		if err := d.Logs(ctx, deploy.LogRequest{Ref: webInProd, Since: time.Second, Follow: true}); err != nil {
			b.Fatal(err)
		}
		starts := 0
		for _, e := range b.logged() {
			if strings.HasSuffix(e.Log.Task, hide.task) && strings.HasSuffix(e.Log.Text, " starts") {
				starts++
				if late := e.Time.Sub(e.Log.At); late < time.Minute {
					b.Errorf("the line was not late, but %s", late)
				}
			}
		}
		if starts != 2 {
			b.Errorf("%d first lines of the late task", starts)
		}
		b.written()
	})
}

// TestManyFollowedLines has a task write 10,000 lines in one second and again in another:
// each is shown once, in order.
func TestManyFollowedLines(t *testing.T) {
	const lines = 20_000
	var logs strings.Builder
	for i := range lines {
		fmt.Fprintf(&logs, "{text: line-%d, after: %s},", i, time.Duration(i%10_000/10)*time.Millisecond+time.Duration(i/10_000)*5*time.Second)
	}
	world := strings.Replace(jobWorld, "images:\n", `images:
  - {match: "repo/web:v2", logs: [`+logs.String()+"]}\n", 1)
	inWorld(t, world, func(b *bench) {
		b.run(request(), deploy.Policy{NoWait: true})
		b.events = nil
		if err := b.followLogs(deploy.LogRequest{Ref: webInProd, Container: "app", Since: time.Second}, 90*time.Second); err != nil {
			b.Fatal(err)
		}
		var got []string
		for _, e := range b.logged() {
			if strings.HasPrefix(e.Log.Text, "line-") {
				got = append(got, e.Log.Text)
			}
		}
		for i := range max(lines, len(got)) {
			if i >= len(got) || i >= lines || got[i] != fmt.Sprintf("line-%d", i) {
				b.Fatalf("%d lines of %d; the first wrong one is %d", len(got), lines, i)
			}
		}
	})
}

// TestAFollowedTaskEnds follows one task: Logs returns by itself when the task has stopped,
// with its last lines.
func TestAFollowedTaskEnds(t *testing.T) {
	inWorld(t, chatty, func(b *bench) {
		one := b.tasksOf("web")[0]
		go func() {
			time.Sleep(30 * time.Second)
			b.stopTask(one)
		}()
		if err := b.deployer().Logs(b.Context(), deploy.LogRequest{Ref: webInProd, Task: one, Follow: true}); err != nil {
			b.Fatal(err)
		}
		if lines := b.written(); !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, one+" app app works") }) {
			b.Errorf("lines: %q", lines)
		}
		out, err := b.client.DescribeTasks(b.Context(), &ecs.DescribeTasksInput{Cluster: aws.String("prod"), Tasks: []string{one}})
		if err != nil || aws.ToString(out.Tasks[0].LastStatus) != "STOPPED" {
			b.Errorf("the task is %v, %v", out.Tasks, err)
		}
	})
}

// TestUnreadableLogs says why logs cannot be read: an error if nothing else was asked for,
// a warning if it may pass.
func TestUnreadableLogs(t *testing.T) {
	fault := func(text string) string { return chatty + "faults: [{operations: [FilterLogEvents], " + text + "}]\n" }
	t.Run("denied", func(t *testing.T) {
		inWorld(t, fault("code: AccessDeniedException, message: not authorized"), func(b *bench) {
			for _, follow := range []bool{false, true} {
				err := b.deployer().Logs(b.Context(), deploy.LogRequest{Ref: webInProd, Follow: follow})
				if !ecsapi.Is(err, ecsapi.Denied) || !strings.Contains(err.Error(), "logs:FilterLogEvents on log group /web") {
					b.Error(err)
				}
			}
		})
	})
	t.Run("no log group", func(t *testing.T) {
		inWorld(t, fault("code: ResourceNotFoundException, message: The specified log group does not exist."), func(b *bench) {
			err := b.deployer().Logs(b.Context(), deploy.LogRequest{Ref: webInProd})
			var missing *deploy.NotFoundError
			if !errors.As(err, &missing) || missing.Kind != "log group" || missing.Name != "/web" {
				b.Error(err)
			}
		})
	})
	t.Run("no log group yet", func(t *testing.T) {
		inWorld(t, fault("first: 20, code: ResourceNotFoundException, message: The specified log group does not exist."), func(b *bench) {
			if err := b.followLogs(deploy.LogRequest{Ref: webInProd}, time.Minute); err != nil {
				b.Fatal(err)
			}
			if warnings := b.warnings(); len(b.written()) == 0 || len(warnings) != 2 || !strings.Contains(warnings[0], "the log group /web") {
				b.Errorf("%d lines, warnings %q", len(b.logged()), warnings)
			}
		})
	})
	t.Run("throttled for a while", func(t *testing.T) {
		inWorld(t, chatty, func(b *bench) {
			began := time.Now()
			b.refuse = func(operation string) (string, bool) {
				busy := time.Since(began) > time.Minute && time.Since(began) < 2*time.Minute
				return `{"__type": "ThrottlingException", "message": "Rate exceeded"}`, operation == "FilterLogEvents" && busy
			}
			if err := b.followLogs(deploy.LogRequest{Ref: webInProd}, 4*time.Minute); err != nil {
				b.Fatal(err)
			}
			if warnings := b.warnings(); len(warnings) != 1 || !strings.Contains(warnings[0], "cannot be read at the moment") {
				b.Errorf("warnings %q", warnings)
			}
		})
	})
	t.Run("no such container", func(t *testing.T) {
		inWorld(t, chatty, func(b *bench) {
			err := b.deployer().Logs(b.Context(), deploy.LogRequest{Ref: webInProd, Container: "nginx"})
			var usage *deploy.UsageError
			if !errors.As(err, &usage) || !strings.Contains(usage.Remedy, "app, proxy") {
				b.Error(err)
			}
		})
	})
}

// TestTheTasksOfAService lists them, the newest first, and those that stopped.
func TestTheTasksOfAService(t *testing.T) {
	inWorld(t, chatty, func(b *bench) {
		b.stopTask(b.tasksOf("web")[0])
		time.Sleep(5 * time.Minute)
		running, err := b.deployer().Tasks(b.Context(), webInProd, false)
		if err != nil || len(running.Tasks) != 2 || running.Tasks[0].CreatedAt.Before(running.Tasks[1].CreatedAt) || running.Tags[running.Tasks[0].TaskDefinition] != "v1" {
			b.Errorf("%+v, %v", running, err)
		}
		stopped, err := b.deployer().Tasks(b.Context(), webInProd, true)
		if err != nil || len(stopped.Tasks) != 1 || stopped.Tasks[0].LastStatus != "STOPPED" || !strings.Contains(stopped.Tasks[0].StoppedReason, "maintenance") {
			b.Errorf("%+v, %v", stopped, err)
		}
		if _, err := b.deployer().Tasks(b.Context(), deploy.Ref{Cluster: "prod", Service: "none"}, false); !errors.As(err, new(*deploy.NotFoundError)) {
			b.Error(err)
		}
	})
}
