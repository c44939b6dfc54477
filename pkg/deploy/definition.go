package deploy

// The definition of a plan: which one is built on, what is wanted, and whether
// it is registered already.

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// planDefinition finds the wanted definition, and whether it must be
// registered or is there already.
func (d *Deployer) planDefinition(ctx context.Context, p *Plan, wanted change) error {
	base, err := d.base(ctx, p)
	if err != nil {
		return err
	}
	if err := p.request.ownFamily(p.Current); err != nil {
		return err
	}
	made, err := d.change(ctx, base, wanted)
	if err != nil {
		return err
	}
	p.Definition, p.Family, p.Images, p.moving, p.tagged = made.definition, made.definition.Family(), made.images, made.moving, made.tagged
	current := base
	if p.Base != p.Current {
		if current, err = d.inService(ctx, p); err != nil {
			return err
		}
	}
	p.current = current
	p.Differences = d.differences(current, p.Definition)
	edited := !p.request.Definition.IsZero() || !taskdef.Equal(base, p.Definition)
	switch {
	case !edited && p.inactive && p.Base != p.Current:
		return &UsageError{
			Problem: fmt.Sprintf("%s is INACTIVE: ECS does not take it for a service any more", rollout.ShortName(p.Base)),
			Remedy:  "register its content again: " + registerAgain(p.Base),
		}
	case !edited:
		p.TaskDefinition = p.Base
	case len(p.Differences) > 0:
		return d.registeredOrNot(ctx, p)
	}
	return nil
}

// ownFamily refuses a definition of another family than the one in service.
func (r Request) ownFamily(current string) error {
	family := r.Definition.Family()
	if r.Definition.IsZero() || r.AllowOtherFamily || family == arn.Family(current) {
		return nil
	}
	return &UsageError{
		Problem: fmt.Sprintf("the task definition is of the family %s, and the service runs %s", family, arn.Family(current)),
		Remedy:  "name the other service, or allow it with --allow-other-family",
	}
}

// differences are those between two definitions, masked unless asked otherwise.
func (d *Deployer) differences(a, b taskdef.Definition) []taskdef.Difference {
	if d.inClear {
		return taskdef.DiffInClear(a, b)
	}
	return taskdef.Diff(a, b)
}

// registeredOrNot looks whether the wanted definition is registered already: a
// revision that is newer than the one in service and means the same is what an
// interrupted deployment left behind, and is used instead of another one.
func (d *Deployer) registeredOrNot(ctx context.Context, p *Plan) error {
	newest := p.newest
	if newest.arn == "" || newest.definition.Family() != p.Family {
		var err error
		if newest, err = d.newestOf(ctx, p.Family); err != nil {
			return err
		}
	}
	if newest.serves(p) {
		p.TaskDefinition, p.Reused = newest.arn, true
		return nil
	}
	p.Register, p.TaskDefinition = true, ""
	return nil
}

// revision is a registered task definition; the zero value is none.
type revision struct {
	arn        string
	definition taskdef.Definition
}

// newestOf is the newest ACTIVE revision of a family, or none.
func (d *Deployer) newestOf(ctx context.Context, family string) (revision, error) {
	definition, arn, err := d.describeDefinition(ctx, family)
	var missing *NotFoundError
	if errors.As(err, &missing) {
		return revision{}, nil
	}
	return revision{arn, definition}, err
}

// serves reports whether a revision is what a plan wants, and newer than what
// is in service.
func (r revision) serves(p *Plan) bool {
	newer := arn.Family(p.Current) != p.Family || arn.Revision(r.arn) > arn.Revision(p.Current)
	return r.arn != "" && newer && taskdef.Equal(r.definition, p.Definition)
}

// base reads the definition that is built on.
func (d *Deployer) base(ctx context.Context, p *Plan) (taskdef.Definition, error) {
	r := p.request
	switch {
	case !r.Definition.IsZero():
		return r.Definition, nil
	case r.TaskDefinition != "" && (r.Service != "" || arn.HasRevision(r.TaskDefinition)):
		definition, stored, err := d.describeStored(ctx, r.TaskDefinition)
		if err != nil {
			return taskdef.Definition{}, err
		}
		p.Base, p.inactive = aws.ToString(stored.TaskDefinitionArn), stored.Status != types.TaskDefinitionStatusActive
		p.Before.Inactive = p.inactive && p.Base == p.Before.TaskDefinition
		return definition, nil
	}
	// The family's newest revision is mostly the one in use; where it is not, it
	// has been looked at for the sake of what a lost deployment may have left.
	p.Base = p.Current
	newest, err := d.newestOf(ctx, arn.Family(p.Current))
	if err != nil {
		return taskdef.Definition{}, err
	}
	p.newest = newest
	if newest.arn == p.Current {
		return newest.definition, nil
	}
	return d.inService(ctx, p)
}

// inService reads the definition in service, and notes whether it was deregistered.
func (d *Deployer) inService(ctx context.Context, p *Plan) (taskdef.Definition, error) {
	definition, stored, err := d.describeStored(ctx, p.Current)
	if err != nil {
		return taskdef.Definition{}, err
	}
	p.Before.Inactive = stored.Status != types.TaskDefinitionStatusActive && aws.ToString(stored.TaskDefinitionArn) == p.Before.TaskDefinition
	return definition, nil
}

// noteInactive notes whether the revision to go back to was deregistered. Where
// that cannot be read, it is taken to be there.
func (d *Deployer) noteInactive(ctx context.Context, before *Before) {
	if before.TaskDefinition == "" {
		return
	}
	_, stored, err := d.describeStored(ctx, before.TaskDefinition)
	before.Inactive = err == nil && stored.Status != types.TaskDefinitionStatusActive
}

// describeDefinition reads a task definition, with its tags, losslessly, and
// its ARN.
func (d *Deployer) describeDefinition(ctx context.Context, name string) (taskdef.Definition, string, error) {
	definition, stored, err := d.describeStored(ctx, name)
	if err != nil {
		return taskdef.Definition{}, "", err
	}
	return definition, aws.ToString(stored.TaskDefinitionArn), nil
}

// describeStored is describeDefinition with what ECS adds to a definition.
func (d *Deployer) describeStored(ctx context.Context, name string) (taskdef.Definition, *types.TaskDefinition, error) {
	stored, err := d.api.TaskDefinition(ctx, name)
	if err != nil {
		return taskdef.Definition{}, nil, err
	}
	definition, err := taskdef.FromDescribe(stored.Body)
	if err != nil {
		return taskdef.Definition{}, nil, fmt.Errorf("task definition %s: %w", rollout.ShortName(name), err)
	}
	d.tags.learn(aws.ToString(stored.TaskDefinitionArn), tagOf(definition))
	return definition, &stored.TaskDefinition, nil
}
