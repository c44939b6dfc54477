package deploy

// The plan of a rollback: to which deployment, and by which way. ECS is asked to roll
// back a deployment in progress; otherwise the earlier revision is deployed again, or
// its content is registered again. goback.go plans the way back from a failed
// deployment with the same planner.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
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

// PlanRollback plans to restore an earlier revision of a service, and checks whether that
// can work. It only reads; [Deployer.Carry] carries the plan out. Plan.Back is the
// deployment that is restored: the chosen one, or [History.WayBack]. There is nothing to
// do ([ActionNone]) if the target is running, or if you chose none and ECS already rolled
// the newest deployment back. If there is no target, PlanRollback returns a
// [*NoRollbackError], and a [*UsageError] or [*NotFoundError] for one that cannot be right.
// Its other errors are those of [Deployer.Plan]. ECS keeps its records of deployments for
// 90 days.
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
	r := Request{Ref: ref, ServiceSettings: o.ServiceSettings, AllowStuck: o.AllowStuck, IfUnchanged: IfUnchangedSkip}
	if err := cmp.Or(checkTarget(o.To), r.ServiceSettings.check()); err != nil {
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
	p, err := d.planTarget(ctx, &h, found, r, o)
	if err != nil {
		return nil, err
	}
	p.Rollback, p.last = h.Rollback, h.last(p.Back.TaskDefinition)
	p.whileInProgress(&h, o)
	p.noteRollback(&h, o)
	if p.Action == ActionNone {
		return p, nil
	}
	if err = d.study(ctx, p, true); err != nil {
		return nil, err
	}
	if len(Problems(p.Checks)) > 0 {
		p.Forecast = nil
	}
	return p, nil
}

// planTarget plans to restore the target. There is nothing to do if the target is running,
// or if nobody chose one and ECS already rolled the newest deployment back.
func (d *Deployer) planTarget(ctx context.Context, h *History, found *described, r Request, o RollbackOptions) (*Plan, error) {
	if o.To == "" && h.Rollback.Done() {
		p := d.planNothing(h, found, r)
		p.Further = h.WayBack
		return p, nil
	}
	back, err := h.target(o.To)
	if err != nil {
		return nil, err
	}
	if nothing := d.planNothing(h, found, r); !o.PinDigest && rollout.SameResource(nothing.Current, back.TaskDefinition) && nothing.settled(found.Primary()) {
		return nothing, nil
	}
	following := o.To == "" && h.Rollback.Going()
	p, err := d.planTo(ctx, found, r, back, o.PinDigest && !following)
	if err != nil {
		return nil, d.unknown(ctx, back.TaskDefinition, err)
	}
	if back.WayBack && o.To == "" {
		p.Guess = h.Guess
	}
	return p, nil
}

// planNothing plans to leave the running revision as it is, and to change settings alone.
func (d *Deployer) planNothing(h *History, found *described, r Request) *Plan {
	p := r.planned(found, d.clock.Now())
	p.Action = p.settingsOnly(found.Primary())
	p.Back = &Past{TaskDefinition: p.Current}
	if last := h.last(p.Current); last != nil {
		p.Back = last
	}
	return p
}

// last is the newest deployment of a revision that has ended, or nil.
func (h *History) last(revision string) *Past {
	for i := range h.Past {
		if p := &h.Past[i]; p.Status != "" && !p.unfinished() && p.TaskDefinition == revision {
			return p
		}
	}
	return nil
}

// whileInProgress chooses what a plan does about a deployment in progress: a rollback
// to the same revision is followed, and ECS is asked to roll back another deployment, if
// the plan restores what ECS would restore, and nothing else.
func (p *Plan) whileInProgress(h *History, o RollbackOptions) {
	if p.InProgress == nil || p.Register || len(p.Settings) > 0 {
		return
	}
	anew := o.To != "" && p.TaskDefinition == p.InProgress.TaskDefinition // the one in progress was chosen
	switch {
	case h.Rollback.Going() && p.TaskDefinition == h.Rollback.To && h.Rollback.ByECS && h.going != nil:
		p.Action, p.stopping = ActionFollow, h.going.ServiceDeployment
	case h.Rollback.Going() && p.TaskDefinition == h.Rollback.To:
		p.Action = ActionJoin
	case !h.Rollback.Going() && h.going != nil && p.TaskDefinition == p.Before.TaskDefinition && !o.PinDigest && !anew:
		p.Action, p.stopping = ActionStop, h.going.ServiceDeployment
	default:
		return
	}
	p.stuck, p.Warnings, p.Forecast = "", nil, nil
}

// byUpdate is the plan of a deployment that replaces the one which ECS does not stop.
func (p *Plan) byUpdate() *Plan {
	other := *p
	other.Action = ActionDeploy
	if p.TaskDefinition == p.Current { // it was being started anew
		other.Action = ActionRestart
	}
	return &other
}

// noteRollback says how the plan and the newest change of the service go together, and
// why something is not checked.
func (p *Plan) noteRollback(h *History, o RollbackOptions) {
	r, target := h.Rollback, rollout.Named(p.Back.TaskDefinition, p.Back.Tag)
	note := func(format string, args ...any) { p.Notes = append(p.Notes, fmt.Sprintf(format, args...)) }
	following := p.Action == ActionFollow || p.Action == ActionJoin && r.Going()
	switch {
	case following && r.ByECS:
		note("nothing needs to be done: %s", r)
		for _, d := range p.described.Snapshot().Deployments {
			if d.TaskDefinition == r.To && d.Running > 0 {
				note("users are still served by the tasks of %s that run: %d", rollout.Named(r.To, r.ToTag), d.Running)
			}
		}
	case following:
		note("%s; it is followed, and nothing else is done", r)
	case r.Going():
		note("%s; this replaces it", r)
	case r.Done() && p.Action == ActionNone && r.From != "" && r.From != r.To:
		note("%s; %s no longer runs", r, rollout.Named(r.From, r.FromTag))
	case r.Done() && p.Action == ActionNone:
		note("%s", r)
	case r.Done() && p.Back.TaskDefinition == r.From:
		note("%s; this deploys %s again", r, target)
	case r.Done() && o.To != "":
		note("%s; this goes further back to %s", r, target)
	case r != nil && p.Action != ActionNone && o.To == "":
		note("the last change was a rollback to %s; this one goes further back", rollout.Named(r.To, r.ToTag))
	}
	switch {
	case following && !r.ByECS:
		note("there is nothing else to check, and no forecast: the rollback continues as it was started")
	case following || p.Action == ActionStop:
		note("there is nothing else to check, and no forecast: ECS returns to the revision and the settings from before the deployment in progress")
	case p.InProgress != nil && p.starts() && h.going == nil && !p.InProgress.GoingBack():
		note("ECS does not show its record of the deployment in progress, so it cannot be asked to stop it; %s is deployed over it", target)
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

// target is the deployment whose revision is restored: the chosen one, or the way back.
// A revision of which there is no record is taken as well.
func (h *History) target(to string) (Past, error) {
	switch {
	case to != "":
		return h.chosen(to)
	case h.WayBack == nil:
		return Past{}, h.none()
	}
	return *h.WayBack, nil
}

// chosen is the deployment that is named by its revision, id or record.
func (h *History) chosen(to string) (Past, error) {
	var found *Past
	for i := range h.Past {
		p := &h.Past[i]
		same := p.names(to)
		if !namesDeployment(to) {
			same = p.TaskDefinition != "" && rollout.SameResource(p.TaskDefinition, to)
		}
		if same && (found == nil || p.Succeeded() && !found.Succeeded()) {
			found = p
		}
	}
	switch {
	case found != nil && found.TaskDefinition != "":
		return *found, nil
	case namesDeployment(to):
		return Past{}, &NotFoundError{Kind: "deployment", Name: to, Place: "service " + rollout.ShortName(h.Service), Detail: fmt.Sprintf("the last %d were searched", len(h.Past))}
	}
	return Past{TaskDefinition: to}, h.foreign(to)
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
