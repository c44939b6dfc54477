package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// Rollback is what going back would bring: the definition of the newest
// deployment that succeeded with another definition than the one serving.
type Rollback struct {
	// Ref is the service; ARNs.
	Ref
	// Current is the revision in service, Target the one to go back to; ARNs.
	Current string `json:"current"`
	Target  string `json:"target"`
	// CurrentTag and TargetTag are the tags of their images; "" if not known.
	CurrentTag string `json:"currentTag,omitempty"`
	TargetTag  string `json:"targetTag,omitempty"`
	// ServiceDeployment is the ARN of ECS's record of the deployment that
	// brought Target into service, and SucceededAt when it did.
	ServiceDeployment string    `json:"serviceDeployment"`
	SucceededAt       time.Time `json:"succeededAt,omitzero"`
	// Differences are those between Current and Target, masked; see [WithValues].
	Differences []taskdef.Difference `json:"differences"`
	// Images are the images that ran then, with the digests that ECS resolved.
	Images []RanImage `json:"images,omitempty"`
	// Obstacles say why a rollback would fail as things are; empty where it
	// would not.
	Obstacles []string `json:"obstacles,omitempty"`
	// Warnings say what may come out differently from last time.
	Warnings []string `json:"warnings,omitempty"`
	// Forecast is how the rollback would go; nil if nobody asked for it or it cannot
	// work. See [WithForecaster].
	Forecast *Forecast `json:"forecast,omitempty"`
}

// NoRollbackError says that no earlier deployment is known to go back to.
type NoRollbackError struct {
	// Service is the service's name, Current the revision in service.
	Service, Current string
}

func (e *NoRollbackError) Error() string {
	return fmt.Sprintf("service %s has nothing to go back to: none of its last deployments succeeded with another definition than %s", e.Service, e.Current)
}

// Hint says what else there is.
func (e *NoRollbackError) Hint() string {
	return "ECS keeps its records of deployments for 90 days; any ACTIVE revision is deployed with -d FAMILY:REVISION"
}

// ExitCode is that of a request that cannot be carried out.
func (e *NoRollbackError) ExitCode() int { return exitcode.Usage }

// PreviewRollback finds out what a rollback of a service would bring back, and
// whether it can work. It only reads. Where no earlier deployment is known, it
// returns a [*NoRollbackError]; ECS keeps its records of deployments for 90 days.
func (d *Deployer) PreviewRollback(ctx context.Context, ref Ref) (Rollback, error) {
	if err := d.ready(ctx); err != nil {
		return Rollback{}, err
	}
	found, err := d.describe(ctx, ref)
	if err != nil {
		return Rollback{}, err
	}
	if err := found.supported(); err != nil {
		return Rollback{}, err
	}
	h, err := d.historyOf(ctx, found, historyRead)
	if err != nil {
		return Rollback{}, err
	}
	if h.WayBack == nil {
		return Rollback{}, &NoRollbackError{Service: aws.ToString(found.ServiceName), Current: rollout.ShortName(h.Current)}
	}
	r := Rollback{
		Ref: h.Ref, Current: h.Current, Target: h.WayBack.TaskDefinition,
		ServiceDeployment: h.WayBack.ServiceDeployment, SucceededAt: h.WayBack.FinishedAt, Images: h.WayBack.Images,
	}
	if h.Guess != "" {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%s is a guess, and may never have worked: %s", rollout.ShortName(r.Target), h.Guess))
	}
	r.judgeImages()
	return r, d.compareTarget(ctx, &r, found)
}

// historyRead is how many deployments are read to find the way back, unless it is
// behind them: as many as fit into one call.
const historyRead = ecsapi.DescribeAtOnce

// judgeImages warns if the same text may now name another image than the one that ran.
func (r *Rollback) judgeImages() {
	for _, ran := range r.Images {
		if ref, err := image.Parse(ran.Image); err == nil && ref.Moving() {
			r.Warnings = append(r.Warnings, fmt.Sprintf("container %s: %s is pulled anew and may have moved since; what ran then was %s",
				ran.Container, ran.Image, firstLine(ran.Digest, "not recorded")))
		}
	}
}

// compareTarget reads both definitions and holds them against each other.
func (d *Deployer) compareTarget(ctx context.Context, r *Rollback, service *described) error {
	current, _, err := d.describeDefinition(ctx, r.Current)
	if err != nil {
		return err
	}
	wanted, stored, err := d.describeStored(ctx, r.Target)
	r.CurrentTag, r.TargetTag = d.tags.of(r.Current), d.tags.of(r.Target)
	var missing *NotFoundError
	if errors.As(err, &missing) {
		r.Obstacles = append(r.Obstacles, missing.Error())
		return nil
	}
	if err != nil {
		return err
	}
	if stored.Status != types.TaskDefinitionStatusActive {
		r.Obstacles = append(r.Obstacles, fmt.Sprintf("%s is %s: ECS does not take it for a service any more; register its content again",
			rollout.ShortName(r.Target), stored.Status))
	}
	r.Differences = d.differences(current, wanted)
	if len(r.Obstacles) == 0 {
		p := &Plan{
			Ref: r.Ref, Action: ActionDeploy, Current: r.Current, InProgress: service.inProgress(), Before: service.before(),
			Definition: wanted, described: service, resolved: resolved{current: current},
		}
		d.foresee(ctx, p)
		r.Forecast = p.Forecast
	}
	return nil
}
