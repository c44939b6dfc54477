package deploy

// The strict policy: what a check says must fail is refused before anything is written.
// A warning is no reason to refuse, and neither is what could not be checked.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// RefusedError says that a plan was refused because checks found that it must fail, or
// that it runs other code than it should; see [Policy.Strict]. Nothing was written.
type RefusedError struct {
	// Subject is the name of the service, or of the family of a one-off task.
	Subject string
	// Problems are the checks that found a problem; there is at least one.
	Problems []Check
}

func (e *RefusedError) Error() string {
	var found []string
	for _, c := range e.Problems {
		found = append(found, c.Subject+": "+c.Detail)
	}
	return fmt.Sprintf("strict checks refuse %s: %s", e.Subject, strings.Join(found, "; "))
}

// Hint says what to do about the first problem that has a remedy.
func (e *RefusedError) Hint() string {
	at := slices.IndexFunc(e.Problems, func(c Check) bool { return c.Remedy != "" })
	if at < 0 {
		return ""
	}
	return e.Problems[at].Remedy
}

// ExitCode is that of a request that cannot be carried out.
func (e *RefusedError) ExitCode() int { return exitcode.Usage }

// refused is a [*RefusedError] if there is a problem among checks.
func refused(subject string, checks []Check) error {
	if problems := Problems(checks); len(problems) > 0 {
		return &RefusedError{Subject: subject, Problems: problems}
	}
	return nil
}

// strictly refuses a plan with a problem, if the policy is strict. It checks a plan that
// nobody has checked yet.
func (d *Deployer) strictly(ctx context.Context, p *Plan, policy Policy) error {
	if !policy.Strict || p.writesNothing() {
		return nil
	}
	if p.Checks == nil {
		checks, err := d.Check(ctx, p)
		if err != nil {
			return err
		}
		p.Checks = checks
	}
	return refused(rollout.ShortName(p.Service), p.Checks)
}

// strictlyTask is the same for a one-off task: its images, roles and secrets.
func (d *Deployer) strictlyTask(ctx context.Context, p *TaskPlan, policy TaskPolicy) error {
	if !policy.Strict {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	c := checker{Deployer: d}
	var images, roles, secrets []Check
	var group sync.WaitGroup
	group.Go(func() { images = c.imagesOf(limited, p.Definition, nil) })
	group.Go(func() { roles = c.rolesOf(limited, p.Definition) })
	group.Go(func() { secrets = c.secretsOf(limited, p.Definition) })
	group.Wait()
	if err := ctx.Err(); err != nil {
		return &InterruptedError{Err: err}
	}
	return refused(p.Family, slices.Concat(images, roles, secrets))
}
