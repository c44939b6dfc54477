package deploy

// The checks of a plan: what has to be there, and to be as it should, for the
// deployment to work. They only read. What cannot be found out is not checked, and
// says why; it is never taken for granted.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/sync/errgroup"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/awscall"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// CheckState is how a check went.
type CheckState string

// The states, from good to bad.
const (
	// CheckOK: it is as it should be.
	CheckOK CheckState = "ok"
	// NotChecked: nobody knows; Detail says why.
	NotChecked CheckState = "not checked"
	// CheckWarning: the deployment can work, with less than one would wish.
	CheckWarning CheckState = "warning"
	// CheckProblem: the deployment fails, or runs other code than it should.
	CheckProblem CheckState = "problem"
)

// Check is one thing that was checked.
type Check struct {
	// Subject is what was checked: "revision", "image app", "role web-task".
	Subject string     `json:"subject"`
	State   CheckState `json:"state"`
	// Detail says what was found.
	Detail string `json:"detail"`
	// Remedy says what to do; "" if nothing is to do.
	Remedy string `json:"remedy,omitempty"`
}

// checkLimit bounds all checks together: they are worth a moment.
const checkLimit = 15 * time.Second

// WithNeighbours lets a deployer ask the services around ECS whether what a plan needs
// is there: IAM for roles, Secrets Manager and Systems Manager for secrets, CloudWatch
// for alarms, Application Auto Scaling for its bounds. It uses the region,
// credentials, HTTP client, base endpoint and middleware of cfg. Without it, or without
// permission, these are not checked.
func WithNeighbours(cfg aws.Config) Option {
	return func(d *Deployer) { d.neighbours = awscall.New(cfg) }
}

// DigestOf is the digest for which an image reference with a tag, or a digest, stands
// in its registry. It returns a [*NotFoundError] if the registry does not have it.
type DigestOf func(ctx context.Context, reference string) (string, error)

// WithImageRegistry lets a deployer ask registries other than ECR about images.
// Without it, those images are not checked.
func WithImageRegistry(digest DigestOf) Option { return func(d *Deployer) { d.digest = digest } }

// Problems are the checks that found a problem.
func Problems(checks []Check) []Check {
	var found []Check
	for _, c := range checks {
		if c.State == CheckProblem {
			found = append(found, c)
		}
	}
	return found
}

// Check finds out whether a plan can work. The checks are in a fixed order; those of
// what does not concern the service are left out. A rollback should run the code that
// ran then: the images of Plan.Back. It returns an [*InterruptedError] if
// ctx ended, and no other error but that of a plan which [Deployer.Plan] did not make.
func (d *Deployer) Check(ctx context.Context, p *Plan) ([]Check, error) {
	if err := d.ready(ctx); err != nil {
		return nil, err
	}
	if p == nil || p.described == nil {
		return nil, &UsageError{Problem: "there is no plan to check", Remedy: "make one with Plan"}
	}
	limited, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	c := checker{Deployer: d, plan: p}
	checks := []func(context.Context) []Check{c.revision, c.past, c.images, c.roles, c.secrets, c.limits, c.room, c.traffic, c.guards, c.alarms, c.scaling, c.back}
	results := make([][]Check, len(checks))
	var group errgroup.Group
	for i, check := range checks {
		group.Go(func() error {
			results[i] = check(limited)
			return nil
		})
	}
	_ = group.Wait() // checks do not fail
	if err := ctx.Err(); err != nil {
		return nil, &InterruptedError{Err: err}
	}
	all := []Check{}
	for _, result := range results {
		all = append(all, result...)
	}
	return all, nil
}

// checker checks one plan.
type checker struct {
	*Deployer
	plan *Plan
}

// starts reports whether the plan starts tasks.
func (c *checker) starts() bool {
	return c.plan.Action == ActionDeploy || c.plan.Action == ActionRestart
}

// revision checks whether ECS takes the wanted revision.
func (c *checker) revision(context.Context) []Check {
	p := c.plan
	if p.Action == ActionStop || p.Action == ActionFollow {
		return []Check{{Subject: "revision", State: CheckOK, Detail: "ECS returns to " + rollout.ShortName(p.TaskDefinition) + " by itself, with the images that ran"}}
	}
	if !c.starts() {
		return nil
	}
	check := Check{Subject: "revision", State: CheckOK, Detail: rollout.ShortName(p.TaskDefinition) + " is ACTIVE"}
	switch {
	case p.gone != nil:
		check.State, check.Detail, check.Remedy = CheckProblem, p.gone.Error(), "choose another revision with --to"
	case p.revives && p.Register:
		check.State, check.Detail = CheckWarning, rollout.ShortName(p.Back.TaskDefinition)+" is INACTIVE; its content is registered again as a new revision"
	case p.revives:
		check.Detail = fmt.Sprintf("%s is INACTIVE; %s has the same content", rollout.ShortName(p.Back.TaskDefinition), rollout.ShortName(p.TaskDefinition))
	case p.Register && slices.Contains(p.resolved.inactive, p.Base):
		check.State, check.Detail = CheckWarning, fmt.Sprintf("%s is INACTIVE; its content is registered again as a new revision of %s", rollout.ShortName(p.Base), p.Family)
	case p.Register:
		check.Detail = "a new revision of " + p.Family + " is registered"
	case p.Before.Inactive && p.TaskDefinition == p.Before.TaskDefinition:
		check.State, check.Detail, check.Remedy = CheckProblem, rollout.ShortName(p.TaskDefinition)+" is INACTIVE: ECS starts no tasks of it", "register its content again: "+restoring(p.TaskDefinition)
	}
	return []Check{check}
}

// unasked is a check that was not made, because of an error or for another reason.
func unasked(subject string, reason any) Check {
	detail := fmt.Sprint(reason)
	if err, ok := reason.(error); ok {
		detail = briefly(err)
	}
	return Check{Subject: subject, State: NotChecked, Detail: detail}
}

// briefly says why something could not be read, in few words if it is not allowed.
func briefly(err error) string {
	var call *CallError
	if errors.As(err, &call) && call.Class() == ecsapi.Denied {
		return call.Action + " is not allowed"
	}
	return err.Error()
}
