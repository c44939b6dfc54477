package deploy

// From a want to a definition: which one is built on, what the result is, and whether a
// revision with that content is registered already.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// resolved is what a [Want] means now.
type resolved struct {
	made
	// base is the ARN of the revision that is built on, "" for a given definition; from
	// is its content.
	base string
	from taskdef.Definition
	// current is the content of the revision that the service uses.
	current taskdef.Definition
	// newest is the newest revision of the current family, if it was read.
	newest revision
	// inactive are the ARNs of revisions that were read and are not ACTIVE.
	inactive []string
	// register: the definition must be registered. Otherwise taskDefinition is the ARN of
	// the revision with that content, and reused says that no deployment uses it yet.
	register, reused bool
	taskDefinition   string
	// differences are those between the current definition, or without one the definition
	// that is built on, and the wanted one.
	differences []taskdef.Difference
}

// resolve finds the wanted definition, and whether it must be registered or is there
// already. current is the ARN of the revision that the service uses; "" for a task
// without a service, whose want has a TaskDefinition or a Definition.
func (d *Deployer) resolve(ctx context.Context, current string, w Want) (resolved, error) {
	if err := w.ownFamily(current); err != nil {
		return resolved{}, err
	}
	r, err := d.build(ctx, current, w)
	if err != nil {
		return resolved{}, err
	}
	r.current = r.from
	if current != "" && r.base != current {
		if r.current, _, err = d.note(ctx, current, &r); err != nil {
			return resolved{}, err
		}
	}
	r.differences, r.taskDefinition = d.differences(r.current, r.definition), current
	unedited := w.Definition.IsZero() && taskdef.Equal(r.from, r.definition)
	switch {
	case unedited && r.base != current && slices.Contains(r.inactive, r.base):
		return resolved{}, &UsageError{
			Problem: fmt.Sprintf("%s is INACTIVE: ECS cannot deploy it", rollout.ShortName(r.base)),
			Remedy:  "register its content again: " + restoring(r.base),
		}
	case unedited:
		r.taskDefinition = r.base
	case current == "" || len(r.differences) > 0:
		err = d.registeredOrNot(ctx, current, &r)
	}
	return r, err
}

// build makes the wanted definition, and compares it with nothing.
func (d *Deployer) build(ctx context.Context, current string, w Want) (resolved, error) {
	var r resolved
	wish, err := w.parse()
	if err != nil {
		return resolved{}, err
	}
	if err = d.base(ctx, current, w, &r); err != nil {
		return resolved{}, err
	}
	r.made, err = d.make(ctx, r.from, wish)
	return r, err
}

// base reads the definition that is built on.
func (d *Deployer) base(ctx context.Context, current string, w Want, r *resolved) (err error) {
	switch {
	case !w.Definition.IsZero():
		r.from = w.Definition
		return nil
	case w.TaskDefinition != "":
		r.from, r.base, err = d.note(ctx, w.TaskDefinition, r)
		return err
	}
	// The newest revision of the family is usually the current one. If not, it is read
	// anyway: an interrupted deployment may have registered it.
	if r.newest, err = d.newestOf(ctx, arn.Family(current)); err != nil {
		return err
	}
	if r.base = current; r.newest.arn == current {
		r.from = r.newest.definition
		return nil
	}
	r.from, _, err = d.note(ctx, current, r)
	return err
}

// note reads a definition and its ARN, and notes whether it was deregistered.
func (d *Deployer) note(ctx context.Context, name string, r *resolved) (taskdef.Definition, string, error) {
	definition, stored, err := d.describeStored(ctx, name)
	if err != nil {
		return taskdef.Definition{}, "", err
	}
	read := aws.ToString(stored.TaskDefinitionArn)
	if stored.Status != types.TaskDefinitionStatusActive {
		r.inactive = append(r.inactive, read)
	}
	return definition, read, nil
}

// differences are those between two definitions, masked unless asked otherwise.
func (d *Deployer) differences(a, b taskdef.Definition) []taskdef.Difference {
	if d.inClear {
		return taskdef.DiffInClear(a, b)
	}
	return taskdef.Diff(a, b)
}

// registeredOrNot looks whether the wanted definition is registered already: a
// revision that is newer than the current one and means the same is what an
// interrupted deployment left behind, and is used instead of another one.
func (d *Deployer) registeredOrNot(ctx context.Context, current string, r *resolved) error {
	family, newest := r.definition.Family(), r.newest
	if newest.arn == "" || newest.definition.Family() != family {
		var err error
		if newest, err = d.newestOf(ctx, family); err != nil {
			return err
		}
	}
	if newest.serves(current, r.definition) {
		r.taskDefinition, r.reused = newest.arn, true
		return nil
	}
	r.register, r.taskDefinition = true, ""
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

// serves reports whether a revision means the same as the wanted definition and is newer
// than the current one.
func (r revision) serves(current string, wanted taskdef.Definition) bool {
	newer := arn.Family(current) != wanted.Family() || arn.Revision(r.arn) > arn.Revision(current)
	return r.arn != "" && newer && taskdef.Equal(r.definition, wanted)
}

// noteInactive notes whether the revision to go back to was deregistered. If
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
	stored, err := d.definitions.of(name, func() (*ecsapi.TaskDefinition, error) { return d.api.TaskDefinition(ctx, name) })
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

// definitionsRead keeps the revisions that were read while one plan is made, so that
// none is read twice. A nil one keeps nothing.
type definitionsRead struct {
	mutex  sync.Mutex
	byName map[string]*ecsapi.TaskDefinition
}

// readingOnce is the deployer for making one plan.
func (d *Deployer) readingOnce() *Deployer {
	once := *d
	once.definitions = &definitionsRead{byName: map[string]*ecsapi.TaskDefinition{}}
	once.images = &imagesRead{known: map[string]stored{}}
	return &once
}

// of is the revision with the name, which read reads if it is not there. A family stands
// for its newest revision, so that it is always read.
func (r *definitionsRead) of(name string, read func() (*ecsapi.TaskDefinition, error)) (*ecsapi.TaskDefinition, error) {
	if r == nil {
		return read()
	}
	r.mutex.Lock()
	kept := r.byName[name]
	r.mutex.Unlock()
	if kept != nil && arn.HasRevision(name) {
		return kept, nil
	}
	stored, err := read()
	if err != nil {
		return nil, err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.byName[name], r.byName[aws.ToString(stored.TaskDefinitionArn)] = stored, stored
	return stored, nil
}
