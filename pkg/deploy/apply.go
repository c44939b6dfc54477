package deploy

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// freshFor is how long a plan is trusted without another look at the service.
const freshFor = 10 * time.Second

// writeLimit bounds one write, also when the caller's context has ended: a write
// that was sent is waited for, so that its result is known.
const writeLimit = 60 * time.Second

// writeAttempts is how often a write is tried that ECS refused to take
// (throttling), or that was found not to have been carried out; and how often it
// is asked whether it was.
const writeAttempts = 5

// settleDelay is waited before ECS is asked whether a write was carried out:
// its reads may lag behind its writes.
const settleDelay = 2 * time.Second

// InterruptedError says that the context ended before the service was updated.
type InterruptedError struct {
	// Registered is the ARN of a revision that was registered before, or "".
	Registered string
	// Deregistered is how many revisions were deregistered before.
	Deregistered int
	// Err is the context's error.
	Err error
}

func (e *InterruptedError) Error() string {
	if e.Deregistered > 0 {
		return fmt.Sprintf("interrupted; revisions deregistered before: %d", e.Deregistered)
	}
	if e.Registered == "" {
		return "interrupted before anything was changed"
	}
	return fmt.Sprintf("interrupted before the service was updated; %s was registered and is not in use", rollout.ShortName(e.Registered))
}

// Unwrap gives the context's error.
func (e *InterruptedError) Unwrap() error { return e.Err }

// Hint says how to go on.
func (e *InterruptedError) Hint() string {
	return "the service is untouched; run the same command again"
}

// ExitCode is that of an interruption.
func (e *InterruptedError) ExitCode() int { return rollout.Interrupted.ExitCode() }

// Apply carries a plan out: it registers the definition, if that is part of the
// plan, and updates the service. It returns as soon as ECS has accepted the
// update. A plan that is older than ten seconds is held against the service
// first; ErrStale means that somebody else moved the service, which Apply then
// leaves alone.
//
// Writes are not repeated blindly. Where the answer of one is lost, ECS is asked
// whether it was carried out. Cancelling ctx stops Apply between writes, never
// in the middle of one.
func (d *Deployer) Apply(ctx context.Context, p *Plan) (Deployment, error) {
	deployment := Deployment{
		Cluster: p.Cluster, Service: p.Service, ID: p.Before.Deployment, TaskDefinition: p.TaskDefinition,
		Action: p.Action, Before: p.Before, Settings: p.Settings,
	}
	if p.writesNothing() {
		return deployment, nil
	}
	if d.clock.Now().Sub(p.made) > freshFor {
		var err error
		if p, err = d.refreshed(ctx, p); err != nil {
			return Deployment{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return Deployment{}, &InterruptedError{Err: err}
	}
	registered := ""
	if p.Register {
		var err error
		if registered, err = d.register(ctx, p); err != nil {
			return Deployment{}, err
		}
		deployment.TaskDefinition = registered
		d.tags.learn(registered, p.Tag)
		d.emit(Event{Type: EventRegistered, TaskDefinition: registered})
	}
	if err := ctx.Err(); err != nil {
		return Deployment{}, &InterruptedError{Registered: registered, Err: err}
	}
	service, err := d.update(ctx, p, deployment.TaskDefinition)
	var interrupted *InterruptedError
	if errors.As(err, &interrupted) {
		interrupted.Registered = registered
		return Deployment{}, interrupted
	}
	if err != nil {
		return Deployment{}, orphaned(err, registered)
	}
	deployment.take(service)
	d.emit(Event{Type: EventUpdated, Deployment: &deployment, Service: service.snapshot()})
	return deployment, nil
}

// Changes reports whether carrying the plan out would write something.
func (p *Plan) Changes() bool { return !p.writesNothing() }

// writesNothing reports whether a plan is carried out without writing: there is
// nothing to do but, perhaps, to wait.
func (p *Plan) writesNothing() bool {
	switch p.Action {
	case ActionNone:
		return true
	case ActionJoin, ActionSettings:
		return len(p.Settings) == 0
	}
	return false
}

// take reads the identity of the new deployment out of the service.
func (dep *Deployment) take(service *described) {
	primary := service.primary()
	if primary == nil {
		return // only where settings changed; see update
	}
	dep.ID, dep.CreatedAt = aws.ToString(primary.Id), aws.ToTime(primary.CreatedAt)
	if (dep.Action == ActionDeploy || dep.Action == ActionRestart) && dep.ID == dep.Before.Deployment {
		dep.Action = ActionSettings // ECS saw no reason to start a deployment
	}
}

// orphaned adds to a failed update the name of the revision that it leaves
// behind.
func orphaned(err error, registered string) error {
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
	return fmt.Errorf("%w (the service is untouched; %s was registered and is not in use)", err, name)
}

// refreshed holds an old plan against the service as it is now, and returns it
// with the service's deployment configuration of now.
func (d *Deployer) refreshed(ctx context.Context, p *Plan) (*Plan, error) {
	service, err := d.describeService(ctx, p.Cluster, p.Service)
	if err != nil {
		return nil, err
	}
	current, now := aws.ToString(service.TaskDefinition), service.before().Deployment
	if now != p.Before.Deployment || current != p.Current {
		return nil, fmt.Errorf("%w: %s is in service, by deployment %s", ErrStale, rollout.ShortName(current), now)
	}
	fresh := *p
	fresh.configuration, _ = service.raw["deploymentConfiguration"].(map[string]any)
	return &fresh, nil
}

// register registers the plan's definition and returns the new revision's ARN.
func (d *Deployer) register(ctx context.Context, p *Plan) (string, error) {
	body, err := p.Definition.MarshalJSON()
	if err != nil {
		return "", err
	}
	// The SDK wants the required members; what is sent is the body.
	input := &ecs.RegisterTaskDefinitionInput{Family: &p.Family, ContainerDefinitions: []types.ContainerDefinition{}}
	arn := ""
	var answer []byte
	err = d.write(ctx, func(ctx context.Context) error {
		out, err := d.client.RegisterTaskDefinition(ctx, input, once, sendBody(body), keepBody(&answer))
		if err != nil {
			return callError("RegisterTaskDefinition", "family "+p.Family, err)
		}
		if out.TaskDefinition == nil {
			return nonsense("RegisterTaskDefinition", "family "+p.Family, "the answer has no task definition")
		}
		arn = aws.ToString(out.TaskDefinition.TaskDefinitionArn)
		return nil
	}, func(ctx context.Context) (bool, error) {
		newest, err := d.newestOf(ctx, p.Family)
		arn = newest.arn
		return err == nil && newest.serves(p), err
	})
	var uncertain *UncertainError
	if errors.As(err, &uncertain) {
		return "", uncertain.Err // the service is untouched all the same
	}
	if stored, parseErr := taskdef.FromDescribe(answer); err == nil && parseErr == nil {
		d.warnOfOther(arn, p.Definition, stored)
	}
	return arn, err
}

// warnOfOther warns where ECS keeps a definition otherwise than it was sent: it
// dropped a field, or filled one in. The next deployment of the same will find a
// difference again, and register it again.
func (d *Deployer) warnOfOther(arn string, sent, stored taskdef.Definition) {
	var fields []string
	for _, difference := range taskdef.Diff(sent, stored) {
		if !strings.HasPrefix(difference.Field, "tags ") { // not every answer has them
			fields = append(fields, strings.TrimSpace(difference.Container+" "+difference.Field))
		}
	}
	if len(fields) > 0 {
		d.emit(Event{Type: EventWarning, Message: fmt.Sprintf("ECS keeps %s otherwise than it was sent, so that the same deployment will register it again: %s",
			rollout.ShortName(arn), strings.Join(fields, ", "))})
	}
}

// revisionOf is the number behind the family; 0 where there is none.
func revisionOf(arn string) int {
	_, text, _ := strings.Cut(rollout.ShortName(arn), ":")
	revision, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return revision
}

// update sends UpdateService and returns the service as ECS then describes it.
func (d *Deployer) update(ctx context.Context, p *Plan, taskDefinition string) (*described, error) {
	body, err := p.updateBody(taskDefinition)
	if err != nil {
		return nil, err
	}
	var updated *described
	err = d.write(ctx, func(ctx context.Context) error {
		out, err := d.client.UpdateService(ctx, &ecs.UpdateServiceInput{Service: &p.Service}, once, sendBody(body))
		if err != nil {
			return callError("UpdateService", "service "+rollout.ShortName(p.Service), err)
		}
		if out.Service == nil {
			return nonsense("UpdateService", "service "+rollout.ShortName(p.Service), "the answer has no service")
		}
		updated = &described{Service: *out.Service}
		if p.Action != ActionSettings && updated.primary() == nil {
			return nonsense("UpdateService", "service "+rollout.ShortName(p.Service), "the answer has no deployment")
		}
		return nil
	}, func(ctx context.Context) (bool, error) {
		service, err := d.describeService(ctx, p.Cluster, p.Service)
		if err != nil {
			return false, err
		}
		updated = service
		return p.carriedOut(service, taskDefinition)
	})
	return updated, err
}

// carriedOut reports whether a service looks as it does after the update. Where
// somebody else has started a deployment meanwhile, that is an error: ErrStale,
// with a [*BusyError].
func (p *Plan) carriedOut(service *described, taskDefinition string) (bool, error) {
	primary := service.primary()
	switch {
	case p.Action == ActionSettings || p.Action == ActionJoin:
		return len(settingsOf(p.request, service)) == 0, nil
	case primary == nil || aws.ToString(primary.Id) == p.Before.Deployment:
		return false, nil
	case aws.ToString(primary.TaskDefinition) == taskDefinition:
		return true, nil
	}
	return false, fmt.Errorf("%w: %w", ErrStale, &BusyError{Service: aws.ToString(service.ServiceName), Deployment: deploymentOf(*primary)})
}

// UncertainError says that a write was sent and that it could not be found out
// whether ECS carried it out.
type UncertainError struct {
	// Err is what the write, and the look after it, ended with.
	Err error
}

func (e *UncertainError) Error() string {
	return fmt.Sprintf("%v; whether ECS carried it out is not known", e.Err)
}

// Unwrap gives the error behind it.
func (e *UncertainError) Unwrap() error { return e.Err }

// Hint says how to find out.
func (e *UncertainError) Hint() string {
	return "look with ecs-deploy status; running the same command again is safe"
}

// ExitCode is that of a rollout that may go on unwatched.
func (e *UncertainError) ExitCode() int { return rollout.TimedOut.ExitCode() }

// write sends one write. After a refusal for the rate of calls, or a failure
// that leaves open whether the write was carried out, look finds out how things
// stand, and only if nothing has happened it is sent again.
func (d *Deployer) write(ctx context.Context, send func(context.Context) error, look func(context.Context) (bool, error)) error {
	var err error
	for attempt := range writeAttempts {
		err = d.uninterrupted(ctx, send)
		if !is(err, unreachable) && !is(err, throttled) {
			return err
		}
		done, lookErr := d.settle(ctx, time.Second<<attempt, is(err, unreachable), look)
		switch {
		case done:
			return nil
		case errors.Is(lookErr, ErrStale):
			return lookErr
		case ctx.Err() != nil && (lookErr == nil || is(err, throttled)):
			return &InterruptedError{Err: ctx.Err()}
		case lookErr != nil && is(err, unreachable):
			return &UncertainError{Err: err}
		}
	}
	return err
}

// settle waits a while and looks what became of a write. If the write may have
// been carried out, that is found out whoever interrupts, and a look that fails
// is repeated.
func (d *Deployer) settle(ctx context.Context, pause time.Duration, uncertain bool, look func(context.Context) (bool, error)) (done bool, err error) {
	looks := 1
	if uncertain {
		ctx, looks = context.WithoutCancel(ctx), writeAttempts
	}
	for i := range looks {
		if err := d.clock.Sleep(ctx, jitter(max(pause<<i, settleDelay))); err != nil {
			return false, err
		}
		err = d.uninterrupted(ctx, func(ctx context.Context) (err error) {
			done, err = look(ctx)
			return err
		})
		if err == nil || errors.Is(err, ErrStale) {
			break
		}
	}
	return done, err
}

// uninterrupted runs a call that the caller's cancellation must not cut off.
func (d *Deployer) uninterrupted(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	return call(ctx)
}
