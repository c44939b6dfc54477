package deploy

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// Render is the definition that a request would register. It only reads, and
// needs no ECS where the request has a Definition. Unlike Plan it does not ask
// whether there is anything to do.
func (d *Deployer) Render(ctx context.Context, r Request) (taskdef.Definition, error) {
	base := r.Definition
	wanted, err := r.change()
	if err != nil {
		return taskdef.Definition{}, err
	}
	if base.IsZero() {
		if err := d.ready(ctx); err != nil {
			return taskdef.Definition{}, err
		}
		if _, err := r.validate(); err != nil {
			return taskdef.Definition{}, err
		}
		service, err := d.locate(ctx, r)
		if err != nil {
			return taskdef.Definition{}, err
		}
		if base, err = d.base(ctx, &Plan{Current: aws.ToString(service.TaskDefinition), request: r}); err != nil {
			return taskdef.Definition{}, err
		}
	}
	made, err := d.change(ctx, base, wanted)
	return made.definition, err
}
