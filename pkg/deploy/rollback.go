package deploy

// The plan of a rollback: to which deployment, and by which way. ECS is asked to roll
// back a deployment in progress; otherwise the earlier revision is deployed again, or
// its content is registered again. goback.go plans the way back from a failed
// deployment with the same planner.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// RollbackOptions say what a rollback should restore.
type RollbackOptions struct {
	// To is a revision ("web:41" or an ARN), or a deployment ("ecs-svc/…" or the ARN of
	// a service deployment); "" is the way back.
	To string
	// PinDigest restores the digests that ran then, and not what their tags stand for
	// now: the content is registered again as a new revision.
	PinDigest bool
	// ServiceSettings are set with it. What is not asked for stays as it is.
	ServiceSettings
	// AllowStuck is that of a [Request].
	AllowStuck bool
}

// NoRollbackError says that no earlier deployment is known to go back to.
type NoRollbackError struct {
	// Service is the service's name, Current the revision in service.
	Service, Current string
}

func (e *NoRollbackError) Error() string {
	return fmt.Sprintf("service %s has nothing to roll back to: none of its last deployments succeeded with a definition other than %s", e.Service, e.Current)
}

// Hint says what else there is.
func (e *NoRollbackError) Hint() string {
	return "choose a revision with ecs-deploy rollback --to FAMILY:REVISION; ECS keeps its records of deployments for 90 days"
}

// ExitCode is that of a request that cannot be carried out.
func (e *NoRollbackError) ExitCode() int { return exitcode.Usage }

// PlanRollback plans to restore an earlier revision of a service, and checks whether that
// can work. It only reads; [Deployer.Carry] carries the plan out. Plan.Back is the
// deployment that is restored: the chosen one, or what ECS itself would roll back to
// while a deployment is in progress, or else the newest deployment that succeeded with
// another definition and that no later rollback replaced. If there is none, PlanRollback
// returns a [*NoRollbackError]; its other errors are those of [Deployer.Plan]. ECS keeps
// its records of deployments for 90 days.
func (d *Deployer) PlanRollback(ctx context.Context, ref Ref, o RollbackOptions) (*Plan, error) {
	if err := d.ready(ctx); err != nil {
		return nil, err
	}
	d = d.readingOnce()
	p, err := d.planRollback(ctx, ref, o)
	if err := interrupted(ctx, err); err != nil {
		return nil, err
	}
	d.about(p.Ref).emit(Event{Type: EventPlan, Plan: p})
	return p, nil
}

func (d *Deployer) planRollback(ctx context.Context, ref Ref, o RollbackOptions) (*Plan, error) {
	r := Request{Ref: ref, ServiceSettings: o.ServiceSettings, AllowStuck: o.AllowStuck}
	if err := r.ServiceSettings.check(); err != nil {
		return nil, err
	}
	found, err := d.locate(ctx, r)
	if err != nil {
		return nil, err
	}
	var current sync.WaitGroup // what is running is compared with whatever is restored
	current.Go(func() { _, _, _ = d.describeStored(ctx, aws.ToString(found.TaskDefinition)) })
	h, err := d.historyOf(ctx, found, historyRead)
	current.Wait()
	if err != nil {
		return nil, err
	}
	back, err := h.target(o.To, found)
	if err != nil {
		return nil, err
	}
	p, err := d.planTo(ctx, found, r, back, o.PinDigest)
	if err != nil {
		return nil, err
	}
	if back.WayBack {
		p.Guess = h.Guess
	}
	p.byStopping(&h, o)
	p.noteFurther(&h)
	if err = d.study(ctx, p, true); err != nil {
		return nil, err
	}
	if len(Problems(p.Checks)) > 0 {
		p.Forecast = nil
	}
	return p, nil
}

// byStopping has ECS roll back the deployment in progress, if the plan restores what
// ECS would restore, and nothing else.
func (p *Plan) byStopping(h *History, o RollbackOptions) {
	going := h.underWay()
	if p.Action != ActionDeploy || going == nil || p.Register || o.PinDigest || len(p.Settings) > 0 || p.TaskDefinition != p.Before.TaskDefinition {
		return
	}
	action := ActionStop
	if going.goingBack() {
		action = ActionFollow
	}
	p.Action, p.stopping, p.stuck, p.Warnings, p.Forecast = action, going.ServiceDeployment, "", nil, nil
}

// byUpdate is the plan of a deployment that replaces the one which ECS does not stop.
func (p *Plan) byUpdate() *Plan {
	other := *p
	other.Action = ActionDeploy
	return &other
}

// underWay is the record of the deployment in progress that ECS can be asked to roll
// back, or was asked to; nil if there is none.
func (h *History) underWay() *Past {
	if h.InProgress == nil || h.InProgress.GoingBack() {
		return nil
	}
	for i := range h.Past {
		p := &h.Past[i]
		if (p.Status == rollout.ServiceDeploymentPending || p.Status == rollout.ServiceDeploymentInProgress || p.goingBack()) && (p.TaskDefinition == "" || p.TaskDefinition == h.InProgress.TaskDefinition) {
			return p
		}
	}
	return nil
}

// noteFurther says that the last change was a rollback, so that this one goes further
// back.
func (p *Plan) noteFurther(h *History) {
	for _, past := range h.Past {
		if !past.Succeeded() {
			continue
		}
		if past.Rollback && past.TaskDefinition == p.Current && p.Back.WayBack {
			p.Notes = append(p.Notes, fmt.Sprintf("the last change was a rollback to %s; this one goes further back", rollout.ShortName(p.Current)))
		}
		return
	}
}

// planTo plans to restore the revision of an earlier deployment, with the settings of a
// request. If the revision is INACTIVE, or digests are pinned, its content is registered
// again. If it is gone altogether, the plan cannot be carried out, and its checks say so.
func (d *Deployer) planTo(ctx context.Context, found *described, r Request, back Past, pin bool) (*Plan, error) {
	definition, stored, err := d.describeStored(ctx, back.TaskDefinition)
	var missing *NotFoundError
	if errors.As(err, &missing) && back.WayBack {
		p := r.planned(found, d.clock.Now())
		p.Back, p.gone, p.Action, p.TaskDefinition = &back, missing, ActionDeploy, back.TaskDefinition
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	back.TaskDefinition = aws.ToString(stored.TaskDefinitionArn)
	r.Ref, r.Want = found.ref(), Want{TaskDefinition: back.TaskDefinition}
	inactive := stored.Status != types.TaskDefinitionStatusActive
	if inactive {
		r.Want = Want{Definition: definition, AllowOtherFamily: true}
	}
	if pin {
		if r.Want.ContainerImages, err = pinnedImages(back.Images); err != nil {
			return nil, err
		}
	}
	p, err := d.planFor(ctx, r, found)
	if err != nil {
		return nil, err
	}
	p.Back, p.revives = &back, inactive
	return p, nil
}

// historyRead is how many deployments are read to find the way back, unless it is
// behind them: as many as fit into one call.
const historyRead = ecsapi.DescribeAtOnce

// target is the deployment whose revision is restored: the chosen one; or, while a
// deployment is in progress, the one to which ECS itself goes back; or the way back. A
// rollback that is in progress is followed, so that a second one does not undo the
// first. A revision of which there is no record is taken as well.
func (h *History) target(to string, found *described) (Past, error) {
	if to != "" {
		return h.chosen(to)
	}
	if going := h.InProgress; going != nil {
		before := found.before().TaskDefinition
		if going.GoingBack() || restores(h.Past, going.TaskDefinition) {
			before = going.TaskDefinition
		}
		if going.GoingBack() || slices.ContainsFunc(found.Deployments, completed) {
			for _, p := range h.Past {
				if p.Succeeded() && p.TaskDefinition == before {
					return p, nil
				}
			}
			return Past{TaskDefinition: before}, nil
		}
	}
	if h.WayBack == nil {
		return Past{}, &NoRollbackError{Service: rollout.ShortName(h.Service), Current: rollout.ShortName(h.Current)}
	}
	return *h.WayBack, nil
}

// chosen is the deployment that is named by its revision, id or record.
func (h *History) chosen(to string) (Past, error) {
	deployment := strings.HasPrefix(to, rollout.DeploymentPrefix) || strings.Contains(to, ":service-deployment/")
	var found *Past
	for i := range h.Past {
		p := &h.Past[i]
		same := p.ServiceDeployment == to || rollout.DeploymentPrefix+rollout.ShortName(p.revision) == to
		if !deployment {
			same = p.TaskDefinition != "" && rollout.SameResource(p.TaskDefinition, to)
		}
		if same && (found == nil || p.Succeeded() && !found.Succeeded()) {
			found = p
		}
	}
	switch {
	case found != nil && found.TaskDefinition != "":
		return *found, nil
	case deployment:
		return Past{}, &NotFoundError{Kind: "deployment", Name: to, Place: "service " + rollout.ShortName(h.Service), Detail: fmt.Sprintf("the last %d were searched", len(h.Past))}
	case !arn.HasRevision(to):
		return Past{}, &UsageError{Problem: fmt.Sprintf("%q is neither a revision nor a deployment", to), Remedy: "pass --to FAMILY:REVISION, or the id of a deployment (ecs-deploy history)"}
	}
	return Past{TaskDefinition: to}, nil
}

// pinnedImages are the images that ran, by container, with their digests.
func pinnedImages(ran []RanImage) (map[string]string, error) {
	pinned := map[string]string{}
	for _, r := range ran {
		ref, err := image.Parse(r.Image)
		if err == nil && r.Digest != "" {
			ref, err = ref.WithDigest(r.Digest)
		}
		if err != nil || r.Digest == "" {
			return nil, &UsageError{Problem: fmt.Sprintf("the digest of container %s cannot be pinned: ECS did not record it", r.Container), Remedy: "leave out --pin-digest, or choose another deployment with --to"}
		}
		pinned[r.Container] = ref.String()
	}
	if len(pinned) == 0 {
		return nil, &UsageError{Problem: "digests cannot be pinned: ECS has no record of what ran", Remedy: "leave out --pin-digest, or choose another deployment with --to"}
	}
	return pinned, nil
}
