package deploy

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// Render is the wanted definition, as a deployment would register it. It only reads, and
// it reads the service only if the definition that the service uses is built on. Unlike
// Plan it does not ask whether there is anything to do.
func (d *Deployer) Render(ctx context.Context, ref Ref, want Want) (taskdef.Definition, error) {
	r, current := Request{Ref: ref, Want: want}, ""
	if want.Definition.IsZero() {
		if err := d.ready(ctx); err != nil {
			return taskdef.Definition{}, err
		}
	}
	if r.buildsOnService() {
		if err := r.validate(); err != nil {
			return taskdef.Definition{}, err
		}
		service, err := d.find(ctx, r)
		if err == nil && !service.express() { // nothing is changed, and a revision is what it needs
			err = service.supported()
		}
		if err != nil {
			return taskdef.Definition{}, err
		}
		current, want = aws.ToString(service.TaskDefinition), r.baseless()
	}
	made, err := d.build(ctx, current, want)
	return made.definition, err
}

// buildsOnService reports whether the definition that the service uses is built on.
func (r Request) buildsOnService() bool {
	named := arn.HasRevision(r.TaskDefinition) || r.TaskDefinition != "" && (r.Service != "" || r.Cluster == "")
	return r.Definition.IsZero() && !named
}
