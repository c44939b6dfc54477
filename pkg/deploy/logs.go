package deploy

// What runs now, and what it writes: the tasks of a service and their logs.

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
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
	// Since is how far back to begin; 0 means at the beginning of each log.
	Since time.Duration
	// Follow goes on until the context ends.
	Follow bool
}

// Logs reads the logs that the containers of tasks write to CloudWatch Logs, and emits
// their lines in the order of time ([EventLog]). The end of ctx ends it without an error.
func (d *Deployer) Logs(ctx context.Context, r LogRequest) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	if r.Service != "" {
		service, err := d.describe(ctx, r.Ref)
		if err != nil {
			return err
		}
		r.Ref = service.ref()
	}
	d = d.about(r.Ref)
	f := newLogFollower(d)
	if r.Since > 0 {
		from := d.clock.Now().Add(-r.Since).UnixMilli()
		f.from = &from
	}
	l := &logReader{logFollower: f, request: r, known: map[string]bool{}}
	if err := l.look(ctx); err != nil {
		return err
	}
	f.readAll(ctx, l.tasks)
	looked := d.clock.Now()
	for r.Follow && d.clock.Sleep(ctx, logPause) == nil {
		if d.clock.Now().Sub(looked) >= tasksAgain {
			_ = l.look(ctx) // what ECS does not say now, it says later
			looked = d.clock.Now()
		}
		f.read(ctx, l.tasks)
	}
	return nil
}

// logReader finds the tasks whose logs are read.
type logReader struct {
	*logFollower
	request LogRequest
	tasks   []rollout.Task
	known   map[string]bool
}

// look adds the logs of tasks that were not there before.
func (l *logReader) look(ctx context.Context) error {
	tasks, err := l.wanted(ctx)
	if err != nil {
		return err
	}
	l.tasks = tasks
	for _, task := range tasks {
		if l.known[task.ARN] {
			continue
		}
		definition, _, err := l.describeDefinition(ctx, task.TaskDefinition)
		if err != nil {
			return err
		}
		if c := l.request.Container; c != "" && task.Container(c) == nil {
			return &UsageError{Problem: "task " + rollout.ShortName(task.ARN) + " has no container " + c, Remedy: "see the names with ecs-deploy render"}
		}
		l.known[task.ARN] = true
		l.follow(definition, []rollout.Task{task}, l.request.Container)
		for _, c := range definition.Containers() {
			note := whereLogged(definition, c.Name)
			if note != "" && !l.known[note] && (l.request.Container == "" || l.request.Container == c.Name) {
				l.known[note] = true
				l.emit(Event{Type: EventWarning, Message: note})
			}
		}
	}
	return nil
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
