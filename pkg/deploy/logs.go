package deploy

// What runs now, and what it writes: the tasks of a service and their logs.

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// tasksAgain is how often a followed service is looked at for new tasks.
const tasksAgain = 10 * time.Second

// TaskList is the tasks of a service.
type TaskList struct {
	// Ref is the service; ARNs.
	Ref
	// Now is the deployer's clock.
	Now time.Time `json:"now"`
	// Tasks are ordered by their creation, the newest first.
	Tasks []rollout.Task `json:"tasks"`
	// Tags are the tags of the images of the revisions that the tasks run, by ARN.
	Tags map[string]string `json:"tags,omitempty"`
}

// Tasks lists the tasks of a service that are to run, or, with stopped, those that ECS
// still remembers as stopped (about an hour). Its errors are those of [Deployer.Status].
func (d *Deployer) Tasks(ctx context.Context, ref Ref, stopped bool) (TaskList, error) {
	if err := d.ready(ctx); err != nil {
		return TaskList{}, err
	}
	service, err := d.describe(ctx, ref)
	if err != nil {
		return TaskList{}, err
	}
	desired := types.DesiredStatusRunning
	if stopped {
		desired = types.DesiredStatusStopped
	}
	list := TaskList{Ref: service.ref(), Now: d.clock.Now().UTC(), Tags: map[string]string{}}
	if list.Tasks, err = d.serviceTasks(ctx, list.Ref, desired); err != nil {
		return TaskList{}, err
	}
	for _, task := range list.Tasks {
		if _, known := list.Tags[task.TaskDefinition]; !known {
			_, _, _ = d.describeDefinition(ctx, task.TaskDefinition) // it remembers the tag; without permission there is none
			list.Tags[task.TaskDefinition] = d.tags.of(task.TaskDefinition)
		}
	}
	return list, nil
}

// serviceTasks are tasks of a service, the newest first.
func (d *Deployer) serviceTasks(ctx context.Context, ref Ref, desired types.DesiredStatus) ([]rollout.Task, error) {
	arns, err := d.api.ServiceTasks(ctx, ref.Cluster, ref.Service, desired)
	if err != nil {
		return nil, err
	}
	tasks, err := d.api.Tasks(ctx, ref.Cluster, arns)
	slices.SortFunc(tasks, func(a, b rollout.Task) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(a.ARN, b.ARN))
	})
	return tasks, err
}

// LogRequest says which logs to read.
type LogRequest struct {
	// Ref is the service, or with Task only the cluster.
	Ref
	// Task is the id or ARN of one task, of the service or not; "" means all tasks of
	// the service.
	Task string
	// Container is the container to read; "" means all.
	Container string
	// Since is how far back to begin, by the deployer's clock; 0 means at the beginning of
	// each log.
	Since time.Duration
	// Follow waits for new lines and new tasks.
	Follow bool
}

// Logs reads the logs that the containers of tasks write to CloudWatch Logs, and emits
// their lines in the order of time ([EventLog]). A line that is readable later than
// younger ones comes after them; it is left out only if it is more than 30 seconds late.
// With Follow, Logs returns when ctx ends, which is no error, or, with Task, when that
// task has stopped and its last lines were read.
func (d *Deployer) Logs(ctx context.Context, r LogRequest) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	if d.logs == nil {
		return &UsageError{Problem: "the deployer has no client for CloudWatch Logs", Remedy: "pass deploy.WithLogs to deploy.New"}
	}
	if r.Service != "" {
		service, err := d.describe(ctx, r.Ref)
		if err != nil {
			return err
		}
		r.Ref = service.ref()
		d = d.about(r.Ref)
	} else {
		d = d.aboutTask(r.Task)
	}
	l := &logReader{logMerge: newLogMerge(d), request: r, known: map[string]bool{}, definitions: map[string]taskdef.Definition{}}
	if r.Since > 0 {
		l.since = d.clock.Now().Add(-r.Since)
	}
	err := l.read(ctx)
	if ctx.Err() != nil && r.Follow {
		return nil
	}
	return err
}

// logReader finds the tasks whose logs are read.
type logReader struct {
	*logMerge
	request     LogRequest
	since       time.Time
	known       map[string]bool // streams that are read, and notes that were emitted
	definitions map[string]taskdef.Definition
	stopped     bool // the task that the request names has stopped
}

// read reads what is there, and, if the request says so, what comes.
func (l *logReader) read(ctx context.Context) error {
	if err := l.look(ctx); err != nil {
		return err
	}
	if err := l.pass(ctx); err != nil || !l.request.Follow {
		return cmp.Or(err, l.unreadable())
	}
	looked, pause, ending := l.clock.Now(), logPause, time.Time{}
	for l.clock.Sleep(ctx, jitter(pause)) == nil {
		if now := l.clock.Now(); now.Sub(looked) >= tasksAgain {
			_ = l.look(ctx) // what ECS does not say now, it says later
			looked = now
		}
		switch {
		case !l.stopped:
		case ending.IsZero():
			ending = l.clock.Now().Add(logLate)
		case l.clock.Now().After(ending):
			return l.pass(ctx)
		}
		err := l.pass(ctx)
		if permanent(err) {
			return err
		}
		if pause = logPause; err != nil && ctx.Err() == nil { // the next pass reads what this one did not
			pause = tasksAgain
			l.note(fmt.Sprintf("the logs cannot be read at the moment: %v", err))
		}
	}
	return nil
}

// unreadable is an error if none of the log groups exists.
func (l *logReader) unreadable() error {
	if len(l.queries) == 0 || slices.ContainsFunc(l.queries, func(q *logQuery) bool { return !q.missing }) {
		return nil
	}
	return &NotFoundError{Kind: "log group", Name: l.queries[0].group, Place: "region " + l.queries[0].region}
}

// note emits a warning once.
func (l *logReader) note(text string) {
	if !l.known[text] {
		l.known[text] = true
		l.emit(Event{Type: EventWarning, Elapsed: l.clock.Now().Sub(l.started), Message: text})
	}
}

// look adds the logs of containers that were not there before.
func (l *logReader) look(ctx context.Context) error {
	tasks, err := l.wanted(ctx)
	if err != nil {
		return err
	}
	l.stopped = l.request.Task != "" && tasks[0].LastStatus == "STOPPED"
	var names []string
	for _, task := range tasks {
		definition, known := l.definitions[task.TaskDefinition]
		if !known {
			if definition, _, err = l.describeDefinition(ctx, task.TaskDefinition); err != nil {
				return err
			}
			l.definitions[task.TaskDefinition] = definition
		}
		containers := definition.Containers()
		l.several = l.several || len(containers) > 1 && l.request.Container == ""
		for _, c := range containers {
			names = append(names, c.Name)
			if l.request.Container == "" || l.request.Container == c.Name {
				l.follow(definition, task, c.Name)
			}
		}
	}
	switch c := l.request.Container; {
	case len(tasks) == 0:
		l.note("service " + rollout.ShortName(l.request.Service) + " has no task that runs or stopped within about an hour")
	case c != "" && !slices.Contains(names, c):
		slices.Sort(names)
		return &UsageError{
			Problem: fmt.Sprintf("the task definition %s has no container %s", rollout.ShortName(tasks[0].TaskDefinition), c),
			Remedy:  "pass --container with one of: " + strings.Join(slices.Compact(names), ", "),
		}
	}
	return nil
}

// follow adds the log of one container, or says where it is.
func (l *logReader) follow(definition taskdef.Definition, task rollout.Task, container string) {
	if where := whereLogged(definition, container); where != "" {
		l.note(where)
		return
	}
	_, options := definition.LogOptions(container)
	name, prefix := streamOf(options, &task, container)
	if name == "" || l.known[task.ARN+" "+container] { // without a prefix, the name comes with the container
		return
	}
	l.known[task.ARN+" "+container] = true
	if l.request.Task != "" {
		prefix = name
	}
	from := task.CreatedAt
	if l.since.After(from) {
		from = l.since
	}
	l.add(options["awslogs-group"], logRegion(options, l.api.Region()), prefix, name,
		filteredStream{task: task.ARN, container: container, from: max(from.UnixMilli(), 0)})
}

// streamOf is the name of the stream that a container writes to, and what the names of
// that container's streams in all tasks begin with. Without awslogs-stream-prefix the name
// is the id that the container's runtime gave it, "" until then (API_LogConfiguration).
func streamOf(options map[string]string, task *rollout.Task, container string) (name, prefix string) {
	if p := options["awslogs-stream-prefix"]; p != "" {
		prefix = p + "/" + container + "/"
		return prefix + rollout.ShortName(task.ARN), prefix
	}
	if c := task.Container(container); c != nil {
		return c.RuntimeID, c.RuntimeID
	}
	return "", ""
}

// wanted are the tasks whose logs are to be read.
func (l *logReader) wanted(ctx context.Context) ([]rollout.Task, error) {
	r := l.request
	if r.Task != "" {
		full, err := l.fullARN(ctx, r)
		if err != nil {
			return nil, err
		}
		tasks, err := l.api.Tasks(ctx, r.Cluster, []string{full})
		if err == nil && len(tasks) == 0 {
			err = &NotFoundError{Kind: "task", Name: rollout.ShortName(r.Task), Place: "cluster " + rollout.ShortName(r.Cluster)}
		}
		return tasks, err
	}
	running, err := l.serviceTasks(ctx, r.Ref, types.DesiredStatusRunning)
	if err != nil {
		return nil, err
	}
	stopped, err := l.serviceTasks(ctx, r.Ref, types.DesiredStatusStopped)
	return append(running, stopped...), err
}

// fullARN is the ARN of the task that a request names by its id, or by the beginning of
// it among the tasks of the service.
func (l *logReader) fullARN(ctx context.Context, r LogRequest) (string, error) {
	if strings.HasPrefix(r.Task, "arn:") || r.Service == "" {
		return r.Task, nil
	}
	prefix, _, _ := strings.Cut(r.Service, ":service/")
	if full := prefix + ":task/" + rollout.ShortName(r.Cluster) + "/" + r.Task; len(r.Task) == taskIDLength {
		return full, nil
	}
	for _, desired := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		arns, err := l.api.ServiceTasks(ctx, r.Cluster, r.Service, desired)
		if err != nil {
			return "", err
		}
		for _, arn := range arns {
			if strings.HasPrefix(rollout.ShortName(arn), r.Task) {
				return arn, nil
			}
		}
	}
	return "", &NotFoundError{Kind: "task", Name: r.Task, Place: "service " + rollout.ShortName(r.Service)}
}

// taskIDLength is the length of a whole id of a task.
const taskIDLength = 32
