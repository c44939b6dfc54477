package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// freshFor is how long a plan is trusted without another look at the service.
const freshFor = 10 * time.Second

// writeLimit bounds one write, also when the caller's context has ended: a write
// that was sent is waited for, so that its result is known.
const writeLimit = 60 * time.Second

// writeAttempts is how often a write is tried that ECS refused to take
// (throttling), or that was found not to have been carried out.
const writeAttempts = 5

// seenWithin is how long ECS is asked for the deployment that it accepted, if its
// answer does not show it: its reads may lag behind its writes.
const seenWithin = 30 * time.Second

// Apply carries a plan out: it registers the definition, if that is part of the
// plan, and updates the service. It returns as soon as ECS has accepted the
// update. A plan that is older than ten seconds is held against the service
// first; ErrStale means that somebody else moved the service, which Apply then
// leaves alone.
//
// Writes are not repeated blindly. If the answer of one is lost, ECS is asked
// whether it was carried out. Cancelling ctx stops Apply between writes, never
// in the middle of one.
func (d *Deployer) Apply(ctx context.Context, p *Plan) (Deployment, error) {
	if err := d.ready(ctx); err != nil {
		return Deployment{}, err
	}
	if err := p.applicable(); err != nil {
		return Deployment{}, err
	}
	d = d.about(p.Ref)
	deployment := p.deployment()
	if p.writesNothing() {
		return deployment, nil
	}
	p, err := d.fresh(ctx, p)
	if err != nil {
		return Deployment{}, err
	}
	if err := ctx.Err(); err != nil {
		return Deployment{}, &InterruptedError{Err: err}
	}
	if p.Action == ActionStop {
		instead, err := d.askToStop(ctx, p, deployment)
		if instead == nil || err != nil {
			return deployment, err
		}
		p, deployment = instead, instead.deployment()
	}
	registered, err := d.registered(ctx, p, &deployment)
	if err != nil {
		return Deployment{}, err
	}
	if err := ctx.Err(); err != nil {
		return Deployment{}, &InterruptedError{Registered: registered, Err: err}
	}
	p, err = d.clearForUpdate(ctx, p, deployment.TaskDefinition)
	if err == nil {
		err = d.update(ctx, p, &deployment)
	}
	var interrupted *InterruptedError
	var failed *TaskFailedError
	if errors.As(err, &failed) { // it names the revision
		return Deployment{}, failed
	}
	if errors.As(err, &interrupted) {
		interrupted.Registered = registered
		return Deployment{}, interrupted
	}
	if err != nil {
		return Deployment{}, namingOrphan(err, registered)
	}
	return deployment, nil
}

// registered registers the definition of a plan that has one to register, and enters the
// revision into the deployment. Plans for the same content share one revision.
func (d *Deployer) registered(ctx context.Context, p *Plan, deployment *Deployment) (string, error) {
	if !p.Register {
		return "", nil
	}
	revision, fresh, err := d.registrations.once(ctx, p, func() (string, error) { return d.register(ctx, p, d.stillFresh(p)) })
	if err != nil {
		return "", err
	}
	deployment.TaskDefinition = revision
	if deployment.Rollback != nil {
		deployment.Rollback.To = revision
	}
	d.tags.learn(revision, p.Tag)
	if fresh {
		d.emit(Event{Type: EventRegistered, TaskDefinition: revision})
	}
	return revision, nil
}

// clearForUpdate runs the tasks that come before the update, and then holds the plan
// against the service again: they may take long.
func (d *Deployer) clearForUpdate(ctx context.Context, p *Plan, taskDefinition string) (*Plan, error) {
	if !p.starts() || len(p.BeforeTasks) == 0 {
		return p, nil
	}
	if err := d.runBefore(ctx, p, taskDefinition); err != nil {
		return p, err
	}
	fresh, err := d.refreshed(ctx, p)
	if err != nil {
		return p, err
	}
	return fresh, nil
}

// applicable fails for a plan that Plan did not make.
func (p *Plan) applicable() error {
	if p == nil || p.Action == "" {
		return &UsageError{Problem: "there is no plan to apply", Remedy: "make one with Plan"}
	}
	if p.Back != nil { // Plan refuses it otherwise
		return cmp.Or(p.gone, p.roomy())
	}
	return nil
}

// deployment is what a plan will make: its identity, as far as it is known before
// ECS has answered.
func (p *Plan) deployment() Deployment {
	deployment := Deployment{
		Ref: p.Ref, ID: p.Before.Deployment, TaskDefinition: p.TaskDefinition,
		Action: p.Action, Before: p.Before, Settings: p.Settings, Notes: p.Notes,
		RolledBackTo: p.Action == ActionJoin && p.InProgress.GoingBack(),
	}
	if p.starts() {
		deployment.ID = ""
	}
	if p.Action == ActionStop || p.Action == ActionFollow {
		deployment.TaskDefinition, deployment.ServiceDeployment, deployment.Before.RollsBack = p.InProgress.TaskDefinition, p.stopping, true
		deployment.CreatedAt = p.InProgress.CreatedAt
	}
	if p.Back != nil && p.Action != ActionNone {
		deployment.Rollback = &Rollback{From: p.Current, To: p.TaskDefinition}
		if p.stopping != "" && !p.starts() {
			deployment.Rollback = &Rollback{From: p.InProgress.TaskDefinition, To: p.TaskDefinition, ByECS: true}
		} else if p.Action == ActionJoin && p.Rollback.Going() {
			deployment.Rollback = ptr(*p.Rollback)
		}
		deployment.Rollback.FromFailed = p.described.failing(deployment.Rollback.From)
	}
	if p.Register { // nobody else runs it
		deployment.Before.NewestDeployment = time.Time{}
	}
	return deployment
}

// starts reports whether carrying the plan out starts a deployment.
func (p *Plan) starts() bool { return p.Action == ActionDeploy || p.Action == ActionRestart }

// Changes reports whether carrying the plan out would write something.
func (p *Plan) Changes() bool { return !p.writesNothing() }

// writesNothing reports whether a plan is carried out without writing: there is
// nothing to do but, perhaps, to wait.
func (p *Plan) writesNothing() bool {
	switch p.Action {
	case ActionNone, ActionFollow:
		return true
	case ActionJoin, ActionSettings:
		return len(p.Settings) == 0
	}
	return false
}

// namingOrphan adds to a failed update the name of the revision that it leaves
// behind.
func namingOrphan(err error, registered string) error {
	if registered == "" {
		return err
	}
	name := rollout.ShortName(registered)
	var uncertain *UncertainError
	switch {
	case errors.As(err, &uncertain):
		return fmt.Errorf("%w (%s was registered)", err, name)
	case errors.Is(err, ErrStale):
		return fmt.Errorf("%w (%s was registered and is not in use)", err, name)
	}
	return fmt.Errorf("%w (the service is unchanged; %s was registered and is not in use)", err, name)
}

// fresh is the plan, if it is not old, and otherwise the plan held against the service.
func (d *Deployer) fresh(ctx context.Context, p *Plan) (*Plan, error) {
	if d.clock.Now().Sub(p.made) <= freshFor {
		return p, nil
	}
	return d.refreshed(ctx, p)
}

// refreshed holds an old plan against the service as it is now, and returns it
// with the service of now.
func (d *Deployer) refreshed(ctx context.Context, p *Plan) (*Plan, error) {
	service, err := d.describeThrottled(ctx, p.Ref)
	if err := interrupted(ctx, err); err != nil {
		return nil, err
	}
	current, now := aws.ToString(service.TaskDefinition), service.before().Deployment
	if now != p.Before.Deployment || current != p.Current {
		return nil, fmt.Errorf("%w: %s", ErrStale, service.moved())
	}
	fresh := *p
	fresh.described, fresh.made = service, d.clock.Now()
	return &fresh, nil
}

// describeThrottled is describe for as long as AWS refuses it for the rate of calls, as it
// may do to all services of a run. It gives up when a watch would.
func (d *Deployer) describeThrottled(ctx context.Context, ref Ref) (*described, error) {
	began := d.clock.Now()
	for failures := 1; ; failures++ {
		service, err := d.describe(ctx, ref)
		if !ecsapi.Is(err, ecsapi.Throttled) || d.clock.Now().Sub(began) >= lostSight {
			return service, err
		}
		if failures == warnAfter {
			d.emit(Event{Type: EventWarning, Message: callingLess + err.Error()})
		}
		if err := d.clock.Sleep(ctx, jitter(troublePause(failures))); err != nil {
			return nil, err
		}
	}
}

// moved says what the service is running now, and what somebody is deploying.
func (s *described) moved() string {
	snapshot := s.Snapshot()
	primary, serving := snapshot.Primary(), snapshot.Serving()
	switch {
	case serving == nil || primary == nil:
		return "it has no deployment"
	case s.inProgress() == nil:
		return fmt.Sprintf("the service is running %s (deployment %s)", rollout.ShortName(primary.TaskDefinition), primary.ID)
	case primary.GoingBack():
		return fmt.Sprintf("ECS is rolling back to %s (deployment %s)", rollout.ShortName(primary.TaskDefinition), primary.ID)
	}
	return fmt.Sprintf("somebody is deploying %s (deployment %s); the service is running %s",
		rollout.ShortName(primary.TaskDefinition), primary.ID, rollout.ShortName(serving.TaskDefinition))
}

// update sends UpdateService, and finds the deployment that it started. A plan that was
// made long before AWS takes the call is held against the service again.
func (d *Deployer) update(ctx context.Context, p *Plan, deployment *Deployment) error {
	var body []byte
	var updated *described
	err := d.write(ctx, write{
		operation: "UpdateService",
		check: func(ctx context.Context) (err error) {
			if p, err = d.fresh(ctx, p); err == nil {
				body, err = p.updateBody(deployment.TaskDefinition)
			}
			return err
		},
		send: func(ctx context.Context) error {
			service, err := d.api.Update(ctx, p.Cluster, p.Service, body)
			updated = &described{Service: service}
			return err
		},
		look: func(ctx context.Context) (done bool, err error) {
			updated, done, err = d.carriedOut(ctx, p, deployment)
			return done, err
		},
	})
	if err != nil {
		return err
	}
	service := updated.Snapshot()
	if p.starts() {
		deployment.find(service)
		service = d.untilSeen(ctx, deployment, service)
	}
	d.emit(Event{Type: EventUpdated, Deployment: ptr(*deployment), Service: service})
	return nil
}

// untilSeen looks for a deployment that the answer of UpdateService did not show, and returns
// the service as seen last. If it is not found, the watch continues the search.
func (d *Deployer) untilSeen(ctx context.Context, deployment *Deployment, service *rollout.Service) *rollout.Service {
	ctx, cancel := d.within(ctx, seenWithin)
	defer cancel()
	for deployment.ID == "" && d.clock.Sleep(ctx, jitter(pollNear)) == nil {
		found, err := d.describeOnce(ctx, deployment.Ref)
		if err == nil {
			service = found.Snapshot()
			deployment.find(service)
		}
	}
	return service
}

func ptr[T any](value T) *T { return &value }

// uninterrupted runs a call that the caller's cancellation must not cut off.
func (d *Deployer) uninterrupted(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	return call(ctx)
}
