package deploy

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// ParseDefinition reads a task definition, as [taskdef.Parse] does. source
// names the text in errors.
func ParseDefinition(source string, text []byte) (taskdef.Definition, error) {
	return taskdef.Parse(source, text)
}

// SetImages sets images in a definition, as a deployment of them would.
func SetImages(definition taskdef.Definition, images []string) (taskdef.Definition, error) {
	refs, err := parseImages(images)
	if err != nil {
		return taskdef.Definition{}, err
	}
	edited, _, err := definition.WithImages(refs)
	return edited, err
}

// Render is the definition that a request would register. It only reads, and
// needs no ECS where the request has a Definition. Unlike Plan it does not ask
// whether there is anything to do.
func (d *Deployer) Render(ctx context.Context, r Request) (taskdef.Definition, error) {
	if !r.Definition.IsZero() {
		return SetImages(r.Definition, r.Images)
	}
	if _, err := r.validate(); err != nil {
		return taskdef.Definition{}, err
	}
	service, err := d.locate(ctx, r)
	if err != nil {
		return taskdef.Definition{}, err
	}
	definition, err := d.base(ctx, &Plan{Current: aws.ToString(service.TaskDefinition), request: r})
	if err != nil {
		return taskdef.Definition{}, err
	}
	return SetImages(definition, r.Images)
}
