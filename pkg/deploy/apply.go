package deploy

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

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

// settleDelay is waited before ECS is asked whether a write was carried out:
// its reads may lag behind its writes.
const settleDelay = 2 * time.Second

// InterruptedError says that the context ended before the service was updated.
type InterruptedError struct {
	// Registered is the ARN of a revision that was registered before, or "".
	Registered string
	// Err is the context's error.
	Err error
}

func (e *InterruptedError) Error() string {
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
// first; ErrStale means that the service moved, and nothing was written.
//
// Writes are not repeated blindly. Where the answer of one is lost, ECS is asked
// whether it was carried out. Cancelling ctx stops Apply between writes, never
// in the middle of one.
func (d *Deployer) Apply(ctx context.Context, p *Plan) (Deployment, error) {
	deployment := Deployment{
		Cluster: p.Cluster, Service: p.Service, ID: p.Before.Deployment, TaskDefinition: p.TaskDefinition,
		Action: p.Action, Before: p.Before, Settings: p.Settings,
	}
	if p.Action == ActionNone || p.Action == ActionJoin {
		return deployment, nil
	}
	if d.clock.Now().Sub(p.made) > freshFor {
		if err := d.checkFresh(ctx, p); err != nil {
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
		d.emit(Event{Type: EventRegistered, TaskDefinition: registered})
	}
	if err := ctx.Err(); err != nil {
		return Deployment{}, &InterruptedError{Registered: registered, Err: err}
	}
	service, err := d.update(ctx, p, deployment.TaskDefinition)
	if err != nil {
		return Deployment{}, orphaned(err, registered)
	}
	deployment.take(service)
	d.emit(Event{Type: EventUpdated, Deployment: &deployment, Service: service.snapshot()})
	return deployment, nil
}

// take reads the identity of the new deployment out of the service.
func (dep *Deployment) take(service *described) {
	if arn := aws.ToString(service.CurrentServiceDeployment); arn != "" && dep.Action != ActionSettings {
		dep.ServiceDeployment = arn
	}
	primary := service.primary()
	if primary == nil {
		return
	}
	dep.ID, dep.CreatedAt = aws.ToString(primary.Id), aws.ToTime(primary.CreatedAt)
	if dep.Action != ActionSettings && dep.ID == dep.Before.Deployment {
		dep.Action = ActionSettings // ECS saw no reason to start a deployment
		dep.ServiceDeployment = ""
	}
}

// orphaned adds to a failed update the name of the revision that it leaves
// behind.
func orphaned(err error, registered string) error {
	if registered == "" {
		return err
	}
	if is(err, unreachable) {
		return fmt.Errorf("%w (%s was registered; look whether the service uses it)", err, rollout.ShortName(registered))
	}
	return fmt.Errorf("%w (the service is untouched; %s was registered and is not in use)", err, rollout.ShortName(registered))
}

// checkFresh holds an old plan against the service as it is now.
func (d *Deployer) checkFresh(ctx context.Context, p *Plan) error {
	service, err := d.describeService(ctx, p.Cluster, p.Service)
	if err != nil {
		return err
	}
	now := service.before()
	if now.Deployment != p.Before.Deployment || now.TaskDefinition != p.Before.TaskDefinition {
		return fmt.Errorf("%w: %s is in service, by deployment %s", ErrStale, rollout.ShortName(now.TaskDefinition), now.Deployment)
	}
	p.configuration, _ = service.raw["deploymentConfiguration"].(map[string]any)
	return nil
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
	err = d.write(ctx, func(ctx context.Context) error {
		out, err := d.client.RegisterTaskDefinition(ctx, input, once, sendBody(body))
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
		return newest.serves(p), err
	})
	return arn, err
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
		return nil
	}, func(ctx context.Context) (bool, error) {
		service, err := d.describeService(ctx, p.Cluster, p.Service)
		if err != nil {
			return false, err
		}
		updated = service
		return p.carriedOut(service, taskDefinition), nil
	})
	return updated, err
}

// carriedOut reports whether a service looks as it does after the update.
func (p *Plan) carriedOut(service *described, taskDefinition string) bool {
	now := service.before()
	if p.Action == ActionSettings {
		return len(settingsOf(p.request, service)) == 0
	}
	return now.Deployment != p.Before.Deployment && now.TaskDefinition == taskDefinition
}

// write sends one write. A refusal for the rate of calls is tried again; after
// an ambiguous failure look says whether the write was carried out, and only if
// it was not, it is sent again.
func (d *Deployer) write(ctx context.Context, send func(context.Context) error, look func(context.Context) (bool, error)) error {
	var err error
	for attempt := range writeAttempts {
		if attempt > 0 {
			if d.clock.Sleep(ctx, jitter(time.Second<<(attempt-1))) != nil {
				return err
			}
		}
		if err = d.uninterrupted(ctx, send); err == nil {
			return nil
		}
		if is(err, throttled) {
			continue
		}
		if !is(err, unreachable) {
			return err
		}
		if d.clock.Sleep(ctx, jitter(settleDelay)) != nil {
			return err
		}
		var done bool
		lookErr := d.uninterrupted(ctx, func(ctx context.Context) (err error) {
			done, err = look(ctx)
			return err
		})
		if lookErr != nil {
			return fmt.Errorf("%w; whether it was carried out could not be found out: %w", err, lookErr)
		}
		if done {
			return nil
		}
	}
	return err
}

// uninterrupted runs a call that the caller's cancellation must not cut off.
func (d *Deployer) uninterrupted(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	return call(ctx)
}
