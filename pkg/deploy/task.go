package deploy

// One-off tasks: what is asked of one, and the plan that is made of it. A plan takes
// network, launch type and tags from a service, and carries edits as overrides, so that
// a revision is registered only for what overrides cannot express.

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// Limits of RunTask (API_RunTask).
const (
	maxTaskCount = 10
	maxOverrides = 8192 // characters
	maxStartedBy = 128
)

// TaskRequest is what is asked of a one-off task.
type TaskRequest struct {
	// Ref names the cluster, which is required, and the service whose definition,
	// network and launch type the task gets. Without Service, Want must say which
	// definition to run, and Launch where.
	Ref
	// Want is the definition that the task should run.
	Want
	// Container is the container whose exit code counts. "" is the one essential
	// container, or else the one that Command is for.
	Container string
	// Command, if not empty, is what Container runs instead of its own command.
	Command []string
	// Count is the number of tasks, at most 10; 0 means 1.
	Count int
	// StartedBy is RunTask's startedBy; "" is a text that no other run has.
	StartedBy string
	// PropagateTags says where the task's tags come from; "" is what the service does.
	PropagateTags TagSource
	// Launch is what the service does not say, or what the task gets instead.
	Launch Launch
}

// TagSource says where the tags of a task come from.
type TagSource string

// The sources, beside the zero value.
const (
	TagsOfService    TagSource = "service"
	TagsOfDefinition TagSource = "task-definition"
	NoTags           TagSource = "none"
)

// TaskPlan is what a [TaskRequest] would start. It is made by [Deployer.PlanTask],
// which only reads. Printed or marshalled, it shows no value that may be secret.
type TaskPlan struct {
	// Ref is the cluster and the service, if there is one; ARNs, or the cluster's name
	// without a service.
	Ref
	// Container is the container whose exit code counts, Containers are all of them.
	Container  string   `json:"container"`
	Containers []string `json:"containers"`
	// TaskDefinition is the ARN of the revision to run; "" if one will be registered,
	// of the family Family. Tag is the tag of its image.
	TaskDefinition string `json:"taskDefinition,omitempty"`
	Tag            string `json:"tag,omitempty"`
	Register       bool   `json:"register"`
	Family         string `json:"family"`
	// Registered are the differences that need another revision, Overridden those that
	// RunTask overrides. They are masked; see [WithValues].
	Registered []taskdef.Difference `json:"registered,omitempty"`
	Overridden []taskdef.Difference `json:"overridden,omitempty"`
	// Count is the number of tasks.
	Count int `json:"count"`
	// StartedBy is RunTask's startedBy, by which the tasks are found again.
	StartedBy string `json:"startedBy"`
	// Notes say what is good to know, for example where a container's log is.
	Notes []string `json:"notes,omitempty"`

	// Definition is what the tasks run, overrides included, in clear.
	Definition taskdef.Definition `json:"-"`

	rest        taskdef.Definition // what is registered
	base        string             // the revision that is built on
	newest      revision
	overrides   map[string]any
	launch      map[string]any
	token       string // RunTask's clientToken: ECS starts the tasks once, however often it is asked
	own         bool   // StartedBy is ours alone
	asInService bool   // Container runs the command of the service, which may never end
}

// String is the plan in one line.
func (p TaskPlan) String() string {
	what := rollout.Named(p.TaskDefinition, p.Tag)
	if p.Register {
		what = rollout.Named("a new revision of "+p.Family, p.Tag)
	}
	text := fmt.Sprintf("run %s in %s; container %s counts", what, arn.ShortName(p.Cluster), p.Container)
	if p.Count > 1 {
		text = strings.Replace(text, "run ", fmt.Sprintf("run %d tasks of ", p.Count), 1)
	}
	return text
}

// GoString is String: %#v must show no secret either.
func (p TaskPlan) GoString() string { return p.String() }

// PlanTask finds out what a request for a one-off task would start. It writes nothing.
// Its errors are those of [Deployer.Plan].
func (d *Deployer) PlanTask(ctx context.Context, r TaskRequest) (*TaskPlan, error) {
	if err := d.ready(ctx); err != nil {
		return nil, err
	}
	p, err := d.planTask(ctx, r)
	return p, interrupted(ctx, err)
}

func (d *Deployer) planTask(ctx context.Context, r TaskRequest) (*TaskPlan, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	p := &TaskPlan{Ref: r.Ref, Count: max(r.Count, 1), StartedBy: r.StartedBy, token: rand.Text()}
	if p.own = p.StartedBy == ""; p.own {
		p.StartedBy = "ecs-deploy/" + p.token
	}
	service, current := (*described)(nil), ""
	if r.Service != "" {
		var err error
		if service, err = d.describe(ctx, r.Ref); err != nil {
			return nil, err
		}
		p.Ref, current = service.ref(), aws.ToString(service.TaskDefinition)
	}
	if err := d.planDefinition(ctx, r, current, p); err != nil {
		return nil, err
	}
	var err error
	if p.launch, err = d.launchOf(ctx, r, service); err != nil {
		return nil, err
	}
	return p, p.reachable()
}

// planDefinition finds the definition to run, and how its edits are carried.
func (d *Deployer) planDefinition(ctx context.Context, r TaskRequest, current string, p *TaskPlan) error {
	built, err := d.build(ctx, current, r.Want)
	if err != nil {
		return err
	}
	if p.Container, err = r.counting(built.definition); err != nil {
		return err
	}
	if r.Service == "" && built.base != "" {
		if err := d.inAccount("task definition", built.base); err != nil {
			return err
		}
	}
	wanted := built.definition
	if len(r.Command) > 0 {
		if wanted, err = wanted.With(taskdef.SetCommand(p.Container, r.Command...)); err != nil {
			return err
		}
	}
	p.take(d, built, wanted)
	p.asInService = built.base != "" && built.base == current && len(r.Command) == 0 && !p.changesCommand()
	if !p.Register {
		if slices.Contains(built.inactive, built.base) && current != built.base {
			p.Notes = append(p.Notes, rollout.ShortName(built.base)+" is INACTIVE: ECS refuses to run it")
		}
		p.TaskDefinition, p.Tag = built.base, d.tags.of(built.base)
		return nil
	}
	built.definition = p.rest
	if err := d.registeredOrNot(ctx, cmp.Or(current, built.base), &built); err != nil {
		return err
	}
	p.Register, p.TaskDefinition, p.newest = built.register, built.taskDefinition, built.newest
	p.Tag = tagOf(p.rest)
	return nil
}

// take splits what is wanted into overrides and what needs another revision.
func (p *TaskPlan) take(d *Deployer, built resolved, wanted taskdef.Definition) {
	from := built.from
	p.overrides, p.rest = taskdef.Overrides(from, wanted)
	if text, err := json.Marshal(p.overrides); err != nil || len(text) > maxOverrides {
		p.overrides, p.rest = nil, wanted
		p.Notes = append(p.Notes, fmt.Sprintf("the overrides have more than the %d characters that RunTask takes; they need another revision", maxOverrides))
	}
	p.Definition, p.Family, p.base = wanted, wanted.Family(), built.base
	p.Register = built.base == "" || !taskdef.Equal(from, p.rest)
	p.Registered, p.Overridden = d.differences(from, p.rest), d.differences(p.rest, wanted)
	for _, c := range wanted.Containers() {
		p.Containers = append(p.Containers, c.Name)
		if note := whereLogged(wanted, c.Name); note != "" {
			p.Notes = append(p.Notes, note)
		}
	}
}

// changesCommand reports whether the container that counts gets another command or entry
// point than the definition has.
func (p *TaskPlan) changesCommand() bool {
	return slices.ContainsFunc(slices.Concat(p.Registered, p.Overridden), func(d taskdef.Difference) bool {
		return d.Container == p.Container && (d.Field == "command" || d.Field == "entryPoint")
	})
}

// whereLogged says where the log of a container is, if it cannot be followed; "" if it can.
func whereLogged(definition taskdef.Definition, container string) string {
	driver, options := definition.LogOptions(container)
	switch {
	case driver == "awslogs" && options["awslogs-group"] != "":
		return ""
	case driver == "":
		return fmt.Sprintf("container %s has no log configuration: its output is not shown", container)
	}
	return fmt.Sprintf("container %s logs with %s: its output is not shown; look where that driver sends it", container, driver)
}

// counting is the container whose exit code counts.
func (r TaskRequest) counting(definition taskdef.Definition) (string, error) {
	names := []string{}
	for _, c := range definition.Containers() {
		names = append(names, c.Name)
	}
	essential := definition.Essential()
	switch {
	case r.Container != "" && !slices.Contains(names, r.Container):
		return "", &UsageError{
			Problem: fmt.Sprintf("the task definition %s has no container %s", definition.Family(), r.Container),
			Remedy:  "pass --container with one of: " + strings.Join(names, ", "),
		}
	case r.Container != "":
		return r.Container, nil
	case len(essential) == 1:
		return essential[0], nil
	}
	return "", &UsageError{
		Problem: fmt.Sprintf("the task definition %s has %d essential containers; the exit code of one of them counts", definition.Family(), len(essential)),
		Remedy:  "pass --container with one of: " + strings.Join(names, ", "),
	}
}

// Validate finds what is wrong with a request before ECS is asked.
func (r TaskRequest) Validate() error {
	switch {
	case r.Cluster == "":
		return &UsageError{Problem: "cluster not set", Remedy: "pass -c CLUSTER or set ECS_DEPLOY_CLUSTER"}
	case r.Service == "" && r.TaskDefinition == "" && r.Definition.IsZero():
		return &UsageError{Problem: "neither a service nor a task definition is set", Remedy: "pass -n SERVICE, or -d FAMILY:REVISION"}
	case !r.Definition.IsZero() && r.TaskDefinition != "":
		return errTwice
	case r.Count < 0 || r.Count > maxTaskCount:
		return &UsageError{Problem: fmt.Sprintf("the count is %d, and RunTask starts 1 to %d tasks", r.Count, maxTaskCount), Remedy: "pass --count with a number from 1 to 10"}
	case len(r.StartedBy) > maxStartedBy || strings.Trim(r.StartedBy, startedByCharacters) != "":
		return &UsageError{Problem: fmt.Sprintf("%q is not a value of startedBy", r.StartedBy), Remedy: fmt.Sprintf("write at most %d letters, digits and -/_ for --started-by", maxStartedBy)}
	case r.Service == "" && r.PropagateTags == TagsOfService:
		return &UsageError{Problem: "the tags of the service are to be propagated, and there is no service", Remedy: "pass -n SERVICE, or another value of --propagate-tags"}
	}
	if err := cmp.Or(oneOf("propagate-tags", r.PropagateTags, TagSourceValues()), oneOf("launch-type", r.Launch.Type, LaunchTypeValues())); err != nil {
		return err
	}
	_, err := r.Want.parse()
	return err
}

// startedByCharacters are those that startedBy takes (API_RunTask).
const startedByCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_"

// body is the input of RunTask for a revision.
func (p *TaskPlan) body(taskDefinition string) ([]byte, error) {
	body := map[string]any{
		"cluster": p.Cluster, "taskDefinition": taskDefinition, "count": p.Count,
		"startedBy": p.StartedBy, "clientToken": p.token,
	}
	for name, value := range p.launch {
		body[name] = value
	}
	if p.overrides != nil {
		body["overrides"] = p.overrides
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("writing the input of RunTask: %w", err)
	}
	return text, nil
}

// TaskOutcome is how one-off tasks went.
type TaskOutcome struct {
	// Verdict is Succeeded, TaskFailed, TimedOut, Started or Interrupted.
	Verdict rollout.Verdict `json:"verdict"`
	// Reason says why, in one sentence.
	Reason string `json:"reason"`
	// Ref is the cluster and the service, as in the plan.
	Ref
	// TaskDefinition is the ARN of the revision, Tag the tag of its image.
	TaskDefinition string `json:"taskDefinition"`
	Tag            string `json:"tag,omitempty"`
	// Container is the container that counts, and ContainerExitCode its exit code: of
	// the first task that failed, or 0. It is nil if the container never ended.
	Container         string `json:"container"`
	ContainerExitCode *int   `json:"containerExitCode,omitempty"`
	// Tasks are the tasks as last seen.
	Tasks []rollout.Task `json:"tasks,omitempty"`
	// Diagnosis says why tasks failed.
	Diagnosis rollout.Diagnosis `json:"diagnosis,omitzero"`
	// Log is the end of the log of Container, if the tasks did not succeed: of the first
	// task that wrote something.
	Log rollout.Log `json:"log,omitzero"`
	// Elapsed is the time since the tasks were started, Over says that all have stopped.
	Elapsed time.Duration `json:"-"`
	Over    bool          `json:"over"`
}

// Failed reports whether a task ended badly or never started.
func (o TaskOutcome) Failed() bool { return o.Verdict == rollout.TaskFailed }

// ExitCode is that of the verdict.
func (o TaskOutcome) ExitCode() int { return o.Verdict.ExitCode() }
