package deploy

// The way back of a plan: which revision a rollback of its deployment would restore,
// whether that revision is known to have worked, and whether ECS could start it again.
// It is captured before anything is written. A plain deployment says what the look at
// the service shows; a preview also checks the revision and its images.

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// noteBack notes in the plan what a rollback of its deployment would restore.
func (d *Deployer) noteBack(ctx context.Context, p *Plan) {
	if !p.starts() {
		return
	}
	if p.Before.Unproven { // the PRIMARY deployment is a bad guess: ECS's records may know better
		d.proveBack(ctx, p)
	}
	p.WayBack = d.wayBackOf(p)
}

// proveBack takes the revision of the newest deployment that succeeded as the way back.
// If ECS does not show its records, or has none, the way back stays what it was.
func (d *Deployer) proveBack(ctx context.Context, p *Plan) {
	past, err := d.successes(ctx, p.described)
	if err != nil {
		return
	}
	for i := range past {
		if past[i].Succeeded() && past[i].TaskDefinition != "" {
			p.Before.TaskDefinition, p.Before.Unproven = past[i].TaskDefinition, false
			p.Before.Inactive = slices.Contains(p.resolved.inactive, p.Before.TaskDefinition)
			d.tags.learn(past[i].TaskDefinition, past[i].Tag)
			return
		}
	}
}

// successes are the records of a service's deployments, newest first. The newest of
// those that succeeded say what they ran.
func (d *Deployer) successes(ctx context.Context, found *described) ([]Past, error) {
	past, err := d.recordsOf(ctx, found)
	if err != nil {
		return nil, err
	}
	var good []*Past
	for i := range past {
		if p := &past[i]; p.Succeeded() && len(good) < ecsapi.DescribeAtOnce {
			good = append(good, p)
		}
	}
	if len(good) == 0 || !slices.ContainsFunc(good, func(p *Past) bool { return p.TaskDefinition == "" }) {
		return past, nil
	}
	return past, d.readRevisions(ctx, good)
}

// wayBackOf is the check of the way back by what is known without another call.
func (d *Deployer) wayBackOf(p *Plan) *Check {
	before := p.Before
	name := rollout.Named(before.TaskDefinition, d.tags.of(before.TaskDefinition))
	check := &Check{Subject: "way back", State: CheckWarning}
	switch {
	case before.TaskDefinition == "":
		check.Detail = "none: ECS shows no earlier revision"
	case before.Unproven:
		check.Detail = name + " may never have worked: ECS shows no deployment of this service that completed"
	case p.Action == ActionRestart && p.Current == before.TaskDefinition:
		check.State, check.Detail = CheckOK, fmt.Sprintf("%s itself, with the images that run now: %s", name, restoringImages(before.Deployment))
	case p.Action == ActionDeploy && !p.Register && p.TaskDefinition == before.TaskDefinition:
		check.State, check.Detail = CheckOK, name+" is itself the newest revision that completed"
	case before.Inactive:
		check.Detail = fmt.Sprintf("%s is INACTIVE: ECS cannot roll back to it. To register its content again: %s", rollout.ShortName(before.TaskDefinition), restoring(before.TaskDefinition))
	case !slices.ContainsFunc(p.described.Deployments, stateful):
		check.State, check.Detail = NotChecked, name+" is running; behind a Classic Load Balancer, ECS does not report whether a deployment completed"
	default:
		check.State, check.Detail = CheckOK, name+", whose deployment completed"
	}
	return check
}

// restoringImages is the command that restores the images of an earlier deployment, by
// their digests.
func restoringImages(deployment string) string {
	return "ecs-deploy rollback --to " + deployment + " --pin-digest --yes"
}

// back checks the way back of a plan: whether its revision is there, and its images.
// That does not make the deployment fail, so the worst that it finds is a warning.
func (c *checker) back(ctx context.Context) []Check {
	p := c.plan
	if p.WayBack == nil || p.Back != nil { // a rollback is a way back itself
		return nil
	}
	check := *p.WayBack
	before := p.Before.TaskDefinition
	switch {
	case check.State == CheckWarning:
		return []Check{check}
	case p.Action == ActionRestart:
		return []Check{c.backDigests(ctx, check)}
	case before == p.TaskDefinition:
		return []Check{check}
	}
	definition := p.resolved.current
	if before != p.Current || definition.IsZero() {
		stored, read, err := c.describeStored(ctx, before)
		switch {
		case err != nil:
			check.State, check.Detail = NotChecked, check.Detail+"; whether it is still there: "+unasked("", err).Detail
			return []Check{check}
		case read.Status != types.TaskDefinitionStatusActive:
			gone := *p
			gone.Before.Inactive = true
			return []Check{*c.wayBackOf(&gone)}
		}
		definition = stored
	}
	return []Check{c.backImages(ctx, check, definition)}
}

// backDigests checks whether ECS recorded the digests that a restart replaces.
func (c *checker) backDigests(ctx context.Context, check Check) Check {
	ran := c.ranBefore(ctx)
	if ran != nil {
		if _, err := pinnedImages(ran.Images); err == nil {
			return check
		}
	}
	check.State = CheckWarning
	check.Detail = "none to the images that run now: ECS shows no record of their digests"
	check.Remedy = "deploy images by digest (--pin-digest)"
	return check
}

// backImages adds to the check of the way back whether its images are there, and still
// the code that ran.
func (c *checker) backImages(ctx context.Context, check Check, definition taskdef.Definition) Check {
	worst := Check{State: CheckOK}
	images := c.imagesOf(ctx, definition, c.ranBefore(ctx))
	for _, found := range images {
		if rank(found.State) > rank(worst.State) {
			worst = found
		}
	}
	switch noun := "its image is"; {
	case len(images) == 0:
	case worst.State == CheckOK:
		if len(images) > 1 {
			noun = "its images are"
		}
		check.Detail += "; " + noun + " still there"
	case worst.State == NotChecked:
		check.State, check.Detail = NotChecked, check.Detail+"; "+worst.Subject+": "+worst.Detail
	default:
		check.State, check.Detail, check.Remedy = CheckWarning, check.Detail+"; "+worst.Subject+": "+worst.Detail, "push it again before you deploy"
		if strings.Contains(worst.Remedy, "--pin-digest") {
			check.Remedy = "roll back with --pin-digest"
		}
	}
	return check
}

// ranBefore is the newest successful deployment of the way back's revision, nil if ECS
// does not show it.
func (c *checker) ranBefore(ctx context.Context) *Past {
	past, err := c.successes(ctx, c.plan.described)
	if err != nil {
		return nil
	}
	for i := range past {
		if past[i].Succeeded() && past[i].TaskDefinition == c.plan.Before.TaskDefinition {
			return &past[i]
		}
	}
	return nil
}

// rank orders the states from good to bad.
func rank(state CheckState) int {
	return slices.Index([]CheckState{CheckOK, NotChecked, CheckWarning, CheckProblem}, state)
}
