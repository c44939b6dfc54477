package deploy

// Why a rollback has no target, or not the one that was asked for.

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// NoRollbackError says that no earlier deployment is known to go back to.
type NoRollbackError struct {
	// Service is the service's name, Current the revision in service.
	Service, Current string
	// Left are other revisions that worked and that an earlier rollback replaced, newest
	// first.
	Left []string
	// Unrecorded says why ECS shows no record of any deployment; "" if it shows some.
	Unrecorded string
}

func (e *NoRollbackError) Error() string {
	if len(e.Left) > 0 {
		return fmt.Sprintf("service %s has nothing to roll back to: rollbacks already replaced %s, and no deployment before %s succeeded", e.Service, listed(e.Left), e.Current)
	}
	if e.Unrecorded != "" {
		return fmt.Sprintf("service %s has nothing to roll back to: there is no ACTIVE revision before %s, and %s", e.Service, e.Current, e.Unrecorded)
	}
	return fmt.Sprintf("service %s has nothing to roll back to: none of its last deployments succeeded with a definition other than %s", e.Service, e.Current)
}

// Hint is a command that restores a revision which a rollback replaced, or that shows which
// revisions there are.
func (e *NoRollbackError) Hint() string {
	if len(e.Left) > 0 {
		return "if " + e.Left[0] + " is right after all: ecs-deploy rollback --to " + e.Left[0] + " --yes"
	}
	return "see what was deployed: ecs-deploy history"
}

// ExitCode is that of a request that cannot be carried out.
func (e *NoRollbackError) ExitCode() int { return exitcode.Usage }

// GuessError says that nobody knows whether the revision that a rollback would restore
// ever worked, so that somebody has to choose it.
type GuessError struct {
	// Service is the service's name, Candidate the revision that a rollback would restore,
	// Why the reason why it is a guess.
	Service, Candidate, Why string
}

func (e *GuessError) Error() string {
	return fmt.Sprintf("a rollback of service %s to %s would be a guess: %s", e.Service, e.Candidate, e.Why)
}

// Hint is the command that chooses the candidate.
func (e *GuessError) Hint() string {
	return "if " + e.Candidate + " is right: ecs-deploy rollback --to " + e.Candidate + " --yes"
}

// ExitCode is that of a request that cannot be carried out as it is.
func (e *GuessError) ExitCode() int { return exitcode.Usage }

// Guessed is a [*GuessError] if the plan is a rollback whose target is a guess; otherwise
// nil. [Deployer.Carry] returns it unless the policy's Confirm asks somebody.
func (p *Plan) Guessed() error {
	if p.Guess == "" || p.Back == nil {
		return nil
	}
	return &GuessError{Service: rollout.ShortName(p.Service), Candidate: rollout.ShortName(p.Back.TaskDefinition), Why: p.Guess}
}

// none is the error if there is no way back.
func (h *History) none() error {
	e := &NoRollbackError{Service: rollout.ShortName(h.Service), Current: rollout.ShortName(h.Current), Unrecorded: h.Unrecorded}
	for _, p := range h.Past {
		if name := rollout.ShortName(p.TaskDefinition); p.LeftAgain && !slices.Contains(e.Left, name) && name != e.Current {
			e.Left = append(e.Left, name)
		}
	}
	return e
}

// listed are some names for people: "a", "a and b", "a, b and c".
func listed(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// revisionName matches FAMILY:REVISION as ECS writes it.
var revisionName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]+:[1-9][0-9]*$`) })

// namesDeployment reports whether the target of a rollback is meant as a deployment.
func namesDeployment(to string) bool {
	return strings.HasPrefix(to, rollout.DeploymentPrefix) || strings.Contains(to, ":service-deployment/")
}

// checkTarget finds what is wrong with the target of a rollback before ECS is asked.
func checkTarget(to string) error {
	if to == "" || namesDeployment(to) {
		return nil
	}
	name := to
	if parsed, ok := arn.Parse(to); ok && parsed.Kind == "task-definition" {
		name = rollout.ShortName(to)
	}
	if revisionName().MatchString(name) {
		return nil
	}
	return &UsageError{
		Problem: fmt.Sprintf("%q is neither a revision nor a deployment", to),
		Remedy:  "pass --to FAMILY:REVISION, such as web:41, or the id of a deployment; for both: ecs-deploy history",
	}
}

// foreign is an error if a revision is not one that this service can have run: it is in another
// account or region, or of a family that no deployment of the service ran.
func (h *History) foreign(to string) error {
	service, _ := arn.Parse(h.Service)
	if named, ok := arn.Parse(to); ok && (named.Account != service.Account || named.Region != service.Region) {
		return &UsageError{
			Problem: fmt.Sprintf("%s is not in account %s and region %s, where the service is", to, service.Account, service.Region),
			Remedy:  "pass --to FAMILY:REVISION",
		}
	}
	family := arn.Family(to)
	if family == arn.Family(h.Current) || slices.ContainsFunc(h.Past, func(p Past) bool { return arn.Family(p.TaskDefinition) == family }) {
		return nil
	}
	return &UsageError{
		Problem: fmt.Sprintf("%s is not an earlier revision of service %s: no deployment that ECS shows ran the family %s", rollout.ShortName(to), rollout.ShortName(h.Service), family),
		Remedy:  "see what was deployed: ecs-deploy history",
	}
}

// nearest is how many revisions an error names.
const nearest = 3

// unknown adds to the error about a missing revision those that exist and are nearest to it.
func (d *Deployer) unknown(ctx context.Context, to string, err error) error {
	var missing *NotFoundError
	if !errors.As(err, &missing) || missing.Kind != "task definition" {
		return err
	}
	revisions, listErr := d.api.ActiveRevisions(ctx, arn.Family(to))
	if listErr != nil {
		return err
	}
	wanted := arn.Revision(to)
	slices.SortStableFunc(revisions, func(a, b string) int {
		return distance(arn.Revision(a), wanted) - distance(arn.Revision(b), wanted)
	})
	var names []string
	for _, revision := range revisions[:min(len(revisions), nearest)] {
		names = append(names, rollout.ShortName(revision))
	}
	if len(names) == 0 {
		return err
	}
	return &UsageError{
		Problem: fmt.Sprintf("task definition %s does not exist; the nearest ACTIVE revisions: %s", rollout.ShortName(to), strings.Join(names, ", ")),
		Remedy:  "choose one, or see what was deployed: ecs-deploy history",
	}
}

func distance(a, b int) int { return max(a-b, b-a) }
