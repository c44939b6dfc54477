package deploy

// One look at a deployment under way: the reads behind an observation, what is
// done when one of them fails, and what is remembered between looks.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// After recordFailures failures for an unknown reason, the record of a service
// deployment is left alone for recordPause looks.
const (
	recordFailures = 3
	recordPause    = 20
)

// looker makes observations of one deployment.
type looker struct {
	*Deployer
	deployment *Deployment
	until      rollout.Until

	recordGone  bool // the service deployment cannot be read at all
	recordFails int
	recordPause int // looks to go until it is tried again
	matchTries  int

	counts string                  // the counts at the last look at the tasks
	tasks  map[string]rollout.Task // stopped tasks of the service, by ARN
	asked  bool                    // the tasks were looked at before

	tasksGone bool // they cannot be read at all

	before Before   // what the service is like at this look
	clocks clocks   // how long ECS's own clocks run
	groups []string // the ARNs of the service's target groups
}

// stopped are the stopped tasks seen so far, in the order in which they stopped.
func (l *looker) stopped() []rollout.Task {
	return slices.SortedFunc(maps.Values(l.tasks), func(a, b rollout.Task) int {
		return cmp.Or(a.StoppedAt.Compare(b.StoppedAt), strings.Compare(a.ARN, b.ARN))
	})
}

// look reads what moved since the last look: the service and the record of the
// deployment always, the stopped tasks when a count moved.
func (l *looker) look(ctx context.Context) (rollout.Observation, error) {
	o := rollout.Observation{OtherTasks: -1}
	service, err := l.describeOnce(ctx, l.deployment.Ref)
	if err != nil {
		return o, err
	}
	o.Service = service.Snapshot()
	l.groups = service.AllTargetGroups()
	l.before, l.clocks = service.before(), service.clocks()
	if l.deployment.Action != ActionSettings {
		l.deployment.find(o.Service)
		if o.ServiceDeployment, err = l.record(ctx, o.Service); err != nil {
			return o, err
		}
		if err := l.lookAtTasks(ctx, o.Service); err != nil {
			return o, err
		}
	}
	o.Tasks = l.stopped()
	if l.until == rollout.UntilDrained && l.completed(o) {
		return o, l.lookAtOthers(ctx, &o)
	}
	return o, nil
}

// record reads ECS's record of the deployment. It is nil if there is none yet, or
// if it cannot be read, which is reported once.
func (l *looker) record(ctx context.Context, service *rollout.Service) (*rollout.ServiceDeployment, error) {
	if l.recordGone {
		return nil, nil
	}
	if l.recordPause > 0 {
		l.recordPause--
		return nil, nil
	}
	record, err := l.readRecord(ctx, service)
	var call *CallError
	switch {
	case err == nil:
		l.recordFails = 0
		return record, nil
	case errors.As(err, &call) && call.Class() == ecsapi.Denied:
		l.giveUpRecord(fmt.Sprintf("%s is not allowed; continuing with the service's rollout state alone; allow it; this prints the policy: ecs-deploy iam-policy", call.Action))
		return nil, nil
	case ecsapi.Is(err, ecsapi.Throttled), ecsapi.Is(err, ecsapi.Unauthenticated):
		return nil, err
	case unknownOperation(err):
		l.giveUpRecord(fmt.Sprintf("service deployments cannot be read (%v); continuing with the service's rollout state alone", err))
		return nil, nil
	}
	// An emulator may not know these calls at all, ECS may be disturbed: ask less
	// often, and say so once.
	if l.recordFails++; l.recordFails%recordFailures == 0 {
		l.recordPause = recordPause
		if l.recordFails == recordFailures {
			l.emit(Event{Type: EventWarning, Message: fmt.Sprintf("service deployments cannot be read for now (%v); continuing with the service's rollout state", err)})
		}
	}
	return nil, nil
}

func (l *looker) giveUpRecord(message string) {
	l.recordGone = true
	l.emit(Event{Type: EventWarning, Message: message})
}

// unknownOperation reports whether a server does not have an operation.
func unknownOperation(err error) bool {
	var call *CallError
	return errors.As(err, &call) && slices.Contains([]string{"UnknownOperationException", "UnsupportedFeatureException", "InvalidAction"}, call.Code)
}

func (l *looker) readRecord(ctx context.Context, service *rollout.Service) (*rollout.ServiceDeployment, error) {
	switch {
	case l.deployment.ServiceDeployment != "":
	case l.deployment.ID == "":
		if found, err := l.findRecorded(ctx, l.deployment); err != nil || !found {
			return nil, err
		}
	default:
		record, err := l.findRecord(ctx, service)
		if err != nil || record == nil {
			return nil, err
		}
		l.deployment.ServiceDeployment = record.ARN
	}
	return l.api.Unretried().Record(ctx, l.deployment.ServiceDeployment)
}

// findRecord finds the service deployment of the followed deployment. Nothing but
// time may connect the two, so the revision's definition must be ours as well.
func (l *looker) findRecord(ctx context.Context, service *rollout.Service) (*rollout.ServiceDeployment, error) {
	identity := l.deployment.identity()
	records, err := l.api.Unretried().Records(ctx, l.deployment.Cluster, l.deployment.Service, identity.CreatedAt)
	if err != nil {
		return nil, err
	}
	record, certain := identity.Record(records, service.Deployments)
	if record == nil || certain {
		return record, nil
	}
	if l.matchTries++; l.matchTries < 3 {
		return nil, nil // the certain one may not be visible yet
	}
	return l.ofRevision(ctx, record, l.deployment.TaskDefinition)
}

// lookAtTasks reads the stopped tasks when a count of the deployment moved.
func (l *looker) lookAtTasks(ctx context.Context, service *rollout.Service) error {
	counts := ""
	if mine := service.Deployment(l.deployment.ID); mine != nil {
		counts = fmt.Sprint(mine.Status, mine.Running, mine.Pending, mine.Failed)
	}
	if counts == l.counts && l.asked {
		return nil
	}
	if l.tasksGone {
		return nil
	}
	err := l.readStopped(ctx)
	if l.giveUpTasks(err) {
		return nil
	}
	if err == nil {
		l.counts, l.asked = counts, true
	}
	return err
}

// readStopped reads the tasks of the service that have stopped since the last
// time. Tasks that are still stopping are read again.
func (l *looker) readStopped(ctx context.Context) error {
	arns, err := l.listTasks(ctx, types.DesiredStatusStopped)
	if err != nil {
		return err
	}
	arns = slices.DeleteFunc(arns, func(arn string) bool { return l.tasks[arn].LastStatus == "STOPPED" })
	tasks, err := l.describeTasks(ctx, arns)
	for _, task := range tasks {
		if task.DeploymentID == l.deployment.ID {
			l.tasks[task.ARN] = task
		} else if task.LastStatus == "STOPPED" {
			l.tasks[task.ARN] = rollout.Task{ARN: task.ARN, DeploymentID: task.DeploymentID, LastStatus: task.LastStatus, StoppedAt: task.StoppedAt}
		}
	}
	return err
}

// completed reports whether ECS says that the deployment completed, so that it is
// time to count the tasks of earlier ones.
func (l *looker) completed(o rollout.Observation) bool {
	mine := o.Service.Deployment(l.deployment.ID)
	return o.ServiceDeployment != nil && o.ServiceDeployment.Status == rollout.ServiceDeploymentSuccessful ||
		mine == nil || mine.RolloutState != rollout.RolloutInProgress
}

// giveUpTasks notes that tasks cannot be read, and warns once. No verdict depends on them,
// only the diagnosis and how long earlier tasks are waited for.
func (l *looker) giveUpTasks(err error) bool {
	if !ecsapi.Is(err, ecsapi.Denied) {
		return false
	}
	l.tasksGone = true
	l.emit(Event{Type: EventWarning, Message: fmt.Sprintf("tasks cannot be read, so causes will be missing and ecs-deploy will not wait for earlier tasks to stop: %v", err)})
	return true
}

// lookAtOthers counts the tasks of other deployments. If tasks cannot be read, the
// service's own counts must do.
func (l *looker) lookAtOthers(ctx context.Context, o *rollout.Observation) error {
	if !l.tasksGone {
		others, err := l.countOthers(ctx, o.Service.Primary())
		if err == nil {
			o.OtherTasks = others
			return nil
		}
		if !l.giveUpTasks(err) {
			return err
		}
	}
	o.OtherTasks = 0
	for _, other := range o.Service.Deployments {
		if other.ID != l.deployment.ID && other.Status != rollout.StatusPrimary {
			o.OtherTasks += other.Running + other.Pending
		}
	}
	return nil
}

// countOthers counts tasks of other deployments that have not stopped, except those of a later
// deployment that is PRIMARY now.
func (l *looker) countOthers(ctx context.Context, primary *rollout.Deployment) (int, error) {
	others := 0
	for _, desired := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		arns, err := l.listTasks(ctx, desired)
		if err != nil {
			return -1, err
		}
		tasks, err := l.describeTasks(ctx, arns)
		if err != nil {
			return -1, err
		}
		for _, task := range tasks {
			later := primary != nil && task.DeploymentID == primary.ID
			if task.DeploymentID != l.deployment.ID && !later && task.LastStatus != "STOPPED" {
				others++
			}
		}
	}
	return others, nil
}

func (l *looker) listTasks(ctx context.Context, desired types.DesiredStatus) ([]string, error) {
	return l.api.Unretried().ServiceTasks(ctx, l.deployment.Cluster, l.deployment.Service, desired)
}

func (l *looker) describeTasks(ctx context.Context, arns []string) ([]rollout.Task, error) {
	return l.api.Unretried().Tasks(ctx, l.deployment.Cluster, arns)
}
