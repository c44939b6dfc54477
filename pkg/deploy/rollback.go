package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
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
	// Guess says why nobody knows whether Target ever worked; "" if ECS has a record of
	// its deployment, or if it was chosen.
	Guess string `json:"guess,omitempty"`
	// InProgress is the deployment that is in progress, nil if there is none. Target is
	// then what ECS itself would roll back to, unless it was chosen.
	InProgress *rollout.Deployment `json:"inProgress,omitempty"`
	// Register: the content of Target has to be registered again as a new revision,
	// because it is INACTIVE or because digests are pinned.
	Register bool `json:"register,omitempty"`
	// Checks say whether the rollback can work. A problem means that it fails, or runs
	// other code than it should.
	Checks []Check `json:"checks"`
	// Forecast is how the rollback would go; nil if nobody asked for it or it cannot
	// work. See [WithForecaster].
	Forecast *Forecast `json:"forecast,omitempty"`
}

// RollbackOptions say what a rollback should restore.
type RollbackOptions struct {
	// To is a revision ("web:41" or an ARN), or a deployment ("ecs-svc/…" or the ARN of
	// a service deployment); "" is the way back.
	To string
	// PinDigest restores the digests that ran then, and not what their tags stand for
	// now: the content is registered again as a new revision.
	PinDigest bool
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
	return "deploy any ACTIVE revision with -d FAMILY:REVISION; ECS keeps its records of deployments for 90 days"
}

// ExitCode is that of a request that cannot be carried out.
func (e *NoRollbackError) ExitCode() int { return exitcode.Usage }

// PreviewRollback finds out what a rollback of a service would restore, and whether it
// can work. It only reads. If no earlier deployment is known, and none is chosen, it
// returns a [*NoRollbackError]; ECS keeps its records of deployments for 90 days.
func (d *Deployer) PreviewRollback(ctx context.Context, ref Ref, o RollbackOptions) (Rollback, error) {
	if err := d.ready(ctx); err != nil {
		return Rollback{}, err
	}
	r, err := d.previewRollback(ctx, ref, o)
	if err != nil && ctx.Err() != nil {
		return Rollback{}, &InterruptedError{Err: err}
	}
	return r, err
}

func (d *Deployer) previewRollback(ctx context.Context, ref Ref, o RollbackOptions) (Rollback, error) {
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
	target, err := h.target(o.To)
	if err != nil {
		return Rollback{}, err
	}
	r := Rollback{
		Ref: h.Ref, Current: h.Current, Target: target.TaskDefinition, InProgress: h.InProgress,
		ServiceDeployment: target.ServiceDeployment, SucceededAt: target.FinishedAt, Images: target.Images,
	}
	if o.To == "" {
		r.Guess = h.Guess
	}
	return r, d.checkTarget(ctx, &r, target, o)
}

// historyRead is how many deployments are read to find the way back, unless it is
// behind them: as many as fit into one call.
const historyRead = ecsapi.DescribeAtOnce

// target is the deployment whose revision is restored: the chosen one, or the way back.
// A revision of which there is no record is taken as well.
func (h *History) target(to string) (Past, error) {
	if to == "" {
		if h.WayBack == nil {
			return Past{}, &NoRollbackError{Service: rollout.ShortName(h.Service), Current: rollout.ShortName(h.Current)}
		}
		return *h.WayBack, nil
	}
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

// checkTarget plans the rollback, and checks the plan.
func (d *Deployer) checkTarget(ctx context.Context, r *Rollback, target Past, o RollbackOptions) error {
	definition, stored, err := d.describeStored(ctx, r.Target)
	var missing *NotFoundError
	switch {
	case errors.As(err, &missing) && o.To != "":
		return err
	case errors.As(err, &missing):
		r.Checks = []Check{{Subject: "revision", State: CheckProblem, Detail: missing.Error(), Remedy: "choose another revision with --to"}}
		return nil
	case err != nil:
		return err
	}
	r.Target = aws.ToString(stored.TaskDefinitionArn)
	want := Want{TaskDefinition: r.Target}
	if stored.Status != types.TaskDefinitionStatusActive {
		want = Want{Definition: definition, AllowOtherFamily: true}
	}
	if o.PinDigest {
		if want.ContainerImages, err = pinnedImages(target.Images); err != nil {
			return err
		}
	}
	plan, err := d.plan(ctx, Request{Ref: r.Ref, Want: want})
	if err != nil {
		return err
	}
	r.Register, r.Differences = plan.Register, plan.Differences
	r.CurrentTag, r.TargetTag = d.tags.of(r.Current), d.tags.of(r.Target)
	options := CheckOptions{Ran: target.Images, RanAt: target.CreatedAt}
	if r.Checks, err = d.Check(ctx, plan, options); err != nil {
		return err
	}
	if stored.Status != types.TaskDefinitionStatusActive && len(r.Checks) > 0 {
		r.Checks[0] = Check{Subject: "revision", State: CheckWarning, Detail: rollout.ShortName(r.Target) + " is INACTIVE; its content is registered again as a new revision"}
	}
	if len(Problems(r.Checks)) == 0 {
		r.Forecast = plan.Forecast
	}
	return nil
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
