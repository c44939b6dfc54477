package deploy

// One write, and what became of it if its answer is lost. RegisterTaskDefinition
// and UpdateService have no token that would make a repetition harmless, so
// nothing is sent again before ECS has shown, more than once, that nothing
// happened.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// lostAnswer are the pauses between the looks after a lost answer. Together they
// are longer than the reads of ECS lag behind its writes.
var lostAnswer = []time.Duration{2 * time.Second, 3 * time.Second, 5 * time.Second, 7 * time.Second, 8 * time.Second}

// enoughLooks is how many of these looks ECS must answer, for a write to count as
// not carried out.
const enoughLooks = 2

// write is one call that changes something.
type write struct {
	operation string
	// check, if not nil, is asked when AWS takes the call, which may be long after it was
	// decided. Its error ends the write.
	check func(context.Context) error
	send  func(context.Context) error
	// look finds out whether the call was carried out.
	look func(context.Context) (done bool, err error)
}

// write sends one write in its turn. If ECS refused it for the rate of calls, it is
// sent again after a pause. If it may have been carried out, look finds out, and only
// if nothing has happened it is sent again. The wait for a turn has no limit; if it
// was long, look is asked once more.
func (d *Deployer) write(ctx context.Context, w write) error {
	var err error
	var looked time.Time
	for attempt := range writeAttempts {
		turn, gone := d.api.Turn(ctx, w.operation)
		switch {
		case gone != nil:
			return &InterruptedError{Err: gone}
		case attempt == 0 && w.check != nil:
			if err := w.check(turn); err != nil {
				return err
			}
		case attempt > 0 && d.clock.Now().Sub(looked) > freshFor:
			done, lookErr := d.lookOnce(ctx, w.look)
			if over, end := settled(ctx, err, done, lookErr); over {
				return end
			}
		}
		err = d.uninterrupted(turn, w.send)
		var done bool
		var lookErr error
		switch {
		case ecsapi.Is(err, ecsapi.Unreachable):
			done, lookErr = d.findOut(ctx, w.look)
		case ecsapi.Is(err, ecsapi.Throttled):
			done, lookErr = d.lookAfter(ctx, time.Second<<attempt, w.look)
		default:
			return err
		}
		if over, end := settled(ctx, err, done, lookErr); over {
			return end
		}
		looked = d.clock.Now()
	}
	return err
}

// settled reports whether a write that failed with err is over after a look, and how it
// ended.
func settled(ctx context.Context, err error, done bool, lookErr error) (over bool, end error) {
	switch {
	case done:
		return true, nil
	case errors.Is(lookErr, ErrStale):
		return true, lookErr
	case errors.Is(lookErr, errNoTrace) && ecsapi.Is(err, ecsapi.Throttled): // ours was refused for certain
		return true, fmt.Errorf("%w: %w", ErrStale, lookErr)
	case lookErr != nil && ecsapi.Is(err, ecsapi.Unreachable):
		return true, &UncertainError{Err: err}
	case ctx.Err() != nil:
		return true, &InterruptedError{Err: ctx.Err()}
	}
	return false, nil
}

// lookAfter waits and looks once.
func (d *Deployer) lookAfter(ctx context.Context, pause time.Duration, look func(context.Context) (bool, error)) (done bool, err error) {
	if err := d.clock.Sleep(ctx, jitter(max(pause, lostAnswer[0]))); err != nil {
		return false, err
	}
	return d.lookOnce(ctx, look)
}

// lookOnce looks what became of a write, and whether somebody else has written meanwhile.
func (d *Deployer) lookOnce(ctx context.Context, look func(context.Context) (bool, error)) (done bool, err error) {
	err = d.uninterrupted(ctx, func(ctx context.Context) (err error) {
		done, err = look(ctx)
		return err
	})
	return done, err
}

// findOut looks what became of a write whose answer was lost, also if the caller
// is interrupted. An error means that it is not known, or, with ErrStale, that
// somebody else has written.
func (d *Deployer) findOut(ctx context.Context, look func(context.Context) (bool, error)) (done bool, err error) {
	ctx = context.WithoutCancel(ctx)
	answered := 0
	var last, failure error
	for _, pause := range lostAnswer {
		done, err := d.lookAfter(ctx, pause, look)
		switch {
		case done:
			return true, nil
		case err == nil || errors.Is(err, ErrStale):
			answered++
			last = err
		default:
			failure = err
		}
	}
	if answered < enoughLooks {
		return false, failure
	}
	return false, last
}

// carriedOut looks for what only our update can have caused: our deployment in the
// service's list, ECS's record of it, or a task of it. If there is none of these
// and somebody else has started a deployment, that is an error: ErrStale, with a
// [*BusyError].
func (d *Deployer) carriedOut(ctx context.Context, p *Plan, deployment *Deployment) (*described, bool, error) {
	service, err := d.describe(ctx, p.Ref)
	if err != nil {
		return nil, false, err
	}
	if !p.starts() {
		return service, len(settingsOf(p.request, service)) == 0, p.overwritten(service)
	}
	snapshot := service.Snapshot()
	candidates := deployment.identity().Candidates(snapshot)
	if len(candidates) > 0 && p.untouched(service) {
		return service, false, errNoTrace // ours would have brought its settings
	}
	found, certain, err := d.traceOf(ctx, deployment)
	if found && deployment.ID != "" {
		return service, true, nil
	}
	switch {
	case len(candidates) > 1 && p.Action == ActionRestart:
		return service, false, errNoTrace
	case len(candidates) > 0: // the oldest: nobody else ran the revision before
		deployment.take(&candidates[0], snapshot)
		deployment.guessed = p.Action == ActionRestart
		return service, true, nil
	case found || err != nil:
		return service, found, err
	}
	primary := snapshot.Primary()
	switch {
	case snapshot.Status != statusActive: // with the service, its deployments go
		return service, false, errGone
	case primary == nil || deployment.identity().Of(primary) != rollout.Later:
		return service, false, nil
	case !certain || p.Action == ActionRestart: // ours may restart what somebody else deployed
		return service, false, errNoTrace
	}
	return service, false, fmt.Errorf("%w: %w", ErrStale, &BusyError{Service: snapshot.Name, Deployment: *primary})
}

// errNoTrace says that somebody else's deployment took over, and that it is unknown whether
// there was one of ours.
var errNoTrace = errors.New("another deployment took over; it is unknown whether the update had started one")

// errGone says that the service was deleted, and with it every trace of ours.
var errGone = errors.New("the service was deleted meanwhile")

// untouched reports whether the service has none of the settings that the update
// brings.
func (p *Plan) untouched(service *described) bool {
	return len(p.Settings) > 0 && len(settingsOf(p.request, service)) == len(p.Settings)
}

// overwritten fails if somebody set one of the plan's settings to another value
// than it had and than the plan asks for: whether ours was carried out before is not
// known.
func (p *Plan) overwritten(service *described) error {
	for _, now := range settingsOf(p.request, service) {
		for _, planned := range p.Settings {
			if now.Name == planned.Name && now.Old != nil && planned.Old != nil && !sameValue(now.Old, planned.Old) {
				return fmt.Errorf("somebody else set %s to %s", now.Name, shown(now.Old))
			}
		}
	}
	return nil
}

// traceOf looks for a deployment that the service does not list any more, because
// another one took over or ECS rolled it back: its record, and, if records cannot
// be read, its tasks. certain means that there would be a trace.
func (d *Deployer) traceOf(ctx context.Context, deployment *Deployment) (found, certain bool, err error) {
	identity := deployment.identity()
	if found, err := d.findRecorded(ctx, deployment); err == nil {
		return found, true, nil
	}
	for _, desired := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		arns, err := d.api.Unretried().ServiceTasks(ctx, deployment.Cluster, deployment.Service, desired)
		if err != nil {
			return false, false, err
		}
		tasks, err := d.api.Unretried().Tasks(ctx, deployment.Cluster, arns)
		if err != nil {
			return false, false, err
		}
		for _, task := range tasks {
			of := rollout.Deployment{ID: task.DeploymentID, TaskDefinition: task.TaskDefinition, CreatedAt: task.CreatedAt}
			if identity.Of(&of) == rollout.Ours {
				deployment.ID, deployment.CreatedAt = task.DeploymentID, task.CreatedAt
				return true, true, nil
			}
		}
	}
	return false, false, nil
}

// orphansLimit is how many revisions are looked at for one that nobody names.
const orphansLimit = 5

// nameOrphans warns of revisions with the same content that were registered by
// sends whose answer was lost and which ECS did not show afterwards.
func (d *Deployer) nameOrphans(ctx context.Context, p *Plan, registered string) {
	for _, orphan := range d.sameSince(ctx, p, registered) {
		d.emit(Event{Type: EventWarning, Message: fmt.Sprintf("%s was registered too, by a call whose response was lost; it is not in use (%s)", rollout.ShortName(orphan), orphan)})
	}
}

// sameSince are the ARNs of the ACTIVE revisions that mean what the plan wants and
// that were registered after the plan was made, before the given one.
func (d *Deployer) sameSince(ctx context.Context, p *Plan, before string) []string {
	first := arn.Revision(p.resolved.newest.arn) + 1
	if p.resolved.newest.arn == "" {
		first = arn.Revision(p.Current) + 1
	}
	var same []string
	last := arn.Revision(before) - 1
	for revision := last; revision >= max(first, last-orphansLimit+1); revision-- {
		definition, stored, err := d.describeStored(ctx, fmt.Sprintf("%s:%d", p.Family, revision))
		if err == nil && stored.Status == types.TaskDefinitionStatusActive && taskdef.Equal(definition, p.Definition) {
			same = append(same, aws.ToString(stored.TaskDefinitionArn))
		}
	}
	return same
}
