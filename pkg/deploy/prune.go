package deploy

// Pruning: the oldest revisions of a family are deregistered, so that it does not
// grow without end. A revision that something still uses, or that is the way
// back, is never touched.

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
)

// prunePace is the rate at which revisions are deregistered: ECS refills its
// allowance for changes of task definitions by one per second.
const prunePace = time.Second

// usedFor is how long it is trusted that a revision is not in use.
const usedFor = time.Minute

// Pruning is what pruning a family would deregister. It is made by
// [Deployer.PlanPrune], which only reads.
type Pruning struct {
	// Ref is the service whose family this is; ARNs.
	Ref
	// Family is the family.
	Family string `json:"family"`
	// Keep is how many of the newest revisions are kept in any case.
	Keep int32 `json:"keep"`
	// Active is how many ACTIVE revisions the family has.
	Active int `json:"active"`
	// InUse are the ARNs of older ones that are kept, because a service or task of
	// the cluster uses them or may go back to them.
	InUse []string `json:"inUse,omitempty"`
	// Remove are the ARNs of those that are deregistered, oldest first.
	Remove []string `json:"remove"`

	looked   time.Time // when it was found out what is in use
	thorough bool      // services that run other families now are asked for their way back, too
}

// PlanPrune finds out which revisions of the family that a service runs are
// neither among the newest keep ones, nor in use by a service or task of the
// cluster, nor the way back of one. What other clusters use is not known. A
// service without a definition of its own is an [*UnsupportedError].
func (d *Deployer) PlanPrune(ctx context.Context, ref Ref, keep int32) (*Pruning, error) {
	if err := d.ready(ctx); err != nil {
		return nil, err
	}
	if keep < 0 {
		return nil, cannotKeep(keep)
	}
	p, err := d.planPrune(ctx, ref, keep)
	if err := interrupted(ctx, err); err != nil {
		return nil, err
	}
	return p, nil
}

func (d *Deployer) planPrune(ctx context.Context, ref Ref, keep int32) (*Pruning, error) {
	found, err := d.describe(ctx, ref)
	if err != nil {
		return nil, err
	}
	if aws.ToString(found.TaskDefinition) == "" { // its task sets have their own; no family would be every family
		return nil, &UnsupportedError{Service: aws.ToString(found.ServiceName), Kind: "task sets", Remedy: "deregister old revisions with the system that manages its task sets"}
	}
	p := &Pruning{
		Ref:    found.ref(),
		Family: arn.Family(aws.ToString(found.TaskDefinition)), Keep: keep, thorough: true,
	}
	return p, d.findOld(ctx, p)
}

// cannotKeep refuses a number of revisions to keep.
func cannotKeep(keep int32) error {
	return &UsageError{Problem: fmt.Sprintf("%d revisions cannot be kept", keep), Remedy: "keep 0 or more"}
}

// findOld fills in which revisions are kept and which are not, beside those that
// are protected in any case.
func (d *Deployer) findOld(ctx context.Context, p *Pruning, protected ...string) error {
	revisions, err := d.api.ActiveRevisions(ctx, p.Family)
	if err != nil {
		return err
	}
	p.Active, p.Remove = len(revisions), []string{}
	if p.Active <= int(p.Keep) {
		return nil
	}
	p.looked = d.clock.Now()
	used, err := d.usedRevisions(ctx, p)
	if err != nil {
		return err
	}
	for _, arn := range revisions[:p.Active-int(p.Keep)] {
		if used[arn] || slices.Contains(protected, arn) {
			p.InUse = append(p.InUse, arn)
			continue
		}
		p.Remove = append(p.Remove, arn)
	}
	return nil
}

// Prune deregisters what was planned, one revision per second, and tells of each
// ([EventDeregistered]). Each minute it looks again what is in use, and moves that
// from Remove to InUse. It ends at the first failure, with a [*CallError], or with
// ctx, with an [*InterruptedError]; what is gone by then stays gone, and running it
// again goes on.
func (d *Deployer) Prune(ctx context.Context, p *Pruning) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	if p == nil {
		return &UsageError{Problem: "there is no plan to prune by", Remedy: "make one with PlanPrune"}
	}
	d = d.about(p.Ref)
	gone := 0
	for gone < len(p.Remove) {
		if err := d.clock.Sleep(ctx, prunePace); err != nil {
			return &InterruptedError{Deregistered: gone, Err: err}
		}
		if d.clock.Now().Sub(p.looked) > usedFor {
			err := d.lookAgain(ctx, p, gone)
			switch {
			case err != nil && ctx.Err() != nil:
				return &InterruptedError{Deregistered: gone, Err: err}
			case err != nil:
				return err
			}
			continue
		}
		turn, err := d.api.Turn(ctx, "DeregisterTaskDefinition")
		if err != nil {
			return &InterruptedError{Deregistered: gone, Err: err}
		}
		arn := p.Remove[gone]
		err = d.uninterrupted(turn, func(ctx context.Context) error {
			return d.api.Deregister(ctx, arn)
		})
		if err != nil {
			return err
		}
		gone++
		d.emit(Event{Type: EventDeregistered, TaskDefinition: arn})
	}
	return nil
}

// lookAgain moves revisions that came into use since the plan from Remove[gone:] to
// InUse.
func (d *Deployer) lookAgain(ctx context.Context, p *Pruning, gone int) error {
	p.looked = d.clock.Now()
	used, err := d.usedRevisions(ctx, p)
	if err != nil {
		return err
	}
	remove := slices.Clone(p.Remove[:gone])
	for _, arn := range p.Remove[gone:] {
		if used[arn] {
			p.InUse = append(p.InUse, arn)
			continue
		}
		remove = append(remove, arn)
	}
	p.Remove = remove
	return nil
}

// tidyLimit is how many revisions are deregistered after one deployment, whose
// outcome waits for that: a minute's worth.
const tidyLimit = 60

// pruneAfter prunes the deployment's family. What it cannot do is a warning: the
// deployment succeeded all the same.
func (d *Deployer) pruneAfter(ctx context.Context, deployment Deployment, keep int32) {
	p := &Pruning{Ref: deployment.Ref, Family: arn.Family(deployment.TaskDefinition), Keep: keep}
	err := d.findOld(ctx, p, deployment.TaskDefinition, deployment.Before.TaskDefinition)
	if more := len(p.Remove) - tidyLimit; err == nil && more > 0 {
		p.Remove = p.Remove[:tidyLimit]
		d.emit(Event{Type: EventWarning, Message: fmt.Sprintf("%d old revisions of %s remain; the next deployments or ecs-deploy prune deregister them", more, p.Family)})
	}
	if err == nil {
		err = d.Prune(ctx, p)
	}
	if err != nil {
		d.emit(Event{Type: EventWarning, Message: fmt.Sprintf("old revisions of %s were not deregistered: %v", p.Family, err)})
	}
}

// usedRevisions are the revisions that a service or task of the cluster uses,
// and those that a service may go back to. Other clusters are not known.
func (d *Deployer) usedRevisions(ctx context.Context, p *Pruning) (map[string]bool, error) {
	used := map[string]bool{}
	services, err := d.api.ServiceARNs(ctx, p.Cluster)
	if err != nil {
		return nil, err
	}
	described, err := d.api.Services(ctx, p.Cluster, services)
	if err != nil {
		return nil, err
	}
	for i := range described {
		if err := d.usedByService(ctx, p, &described[i], used); err != nil {
			return nil, err
		}
	}
	return used, d.usedByTasks(ctx, p.Cluster, p.Family, used)
}

// usedByService adds the revisions that a service runs or may go back to.
func (d *Deployer) usedByService(ctx context.Context, p *Pruning, service *types.Service, used map[string]bool) error {
	current := aws.ToString(service.TaskDefinition)
	used[current] = true
	for _, other := range service.Deployments {
		used[aws.ToString(other.TaskDefinition)] = true
	}
	for _, set := range service.TaskSets {
		used[aws.ToString(set.TaskDefinition)] = true
	}
	foreign := service.DeploymentController != nil && service.DeploymentController.Type != types.DeploymentControllerTypeEcs
	if foreign || current == "" || arn.Family(current) != p.Family && !p.thorough { // ECS keeps no history of what others deploy
		return nil
	}
	back, err := d.wayBack(ctx, &described{Service: &ecsapi.Service{Service: *service}})
	if err == nil && back != nil {
		used[back.TaskDefinition] = true
	}
	return err // what may be the way back is not known then, so nothing is touched
}

// usedByTasks adds the revisions that tasks of the cluster run.
func (d *Deployer) usedByTasks(ctx context.Context, cluster, family string, used map[string]bool) error {
	arns, err := d.api.FamilyTasks(ctx, cluster, family)
	if err != nil {
		return err
	}
	tasks, err := d.api.AllTasks(ctx, cluster, arns)
	if err != nil {
		return err
	}
	for _, task := range tasks {
		used[task.TaskDefinition] = true
	}
	return nil
}
