package deploy

import (
	"fmt"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Exit codes of errors: DESIGN of the command line, and of everything that
// wants to tell errors apart by number. All of them mean that the service was
// not touched, unless the error says otherwise.
const (
	exitError  = 1
	exitUsage  = 3
	exitAccess = 4
)

// UsageError says that a request cannot be understood or carried out as it is.
type UsageError struct {
	// Problem says what is wrong.
	Problem string
	// Remedy says what to do; it may be empty.
	Remedy string
}

func (e *UsageError) Error() string { return e.Problem }

// Hint is the remedy.
func (e *UsageError) Hint() string { return e.Remedy }

// ExitCode is that of bad input.
func (e *UsageError) ExitCode() int { return exitUsage }

// NotFoundError says that a cluster, service or task definition does not exist,
// as far as the caller's account and region go.
type NotFoundError struct {
	// Kind is "cluster", "service", "task definition", "deployment" or "image".
	Kind string
	// Name is what was looked for.
	Name string
	// Place is where: the cluster of a service, or the region of a cluster.
	Place string
	// Detail says more; it may be empty.
	Detail string
}

func (e *NotFoundError) Error() string {
	text := fmt.Sprintf("%s %s does not exist", e.Kind, e.Name)
	if e.Place != "" {
		text += " in " + e.Place
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Hint says what is commonly wrong.
func (e *NotFoundError) Hint() string {
	if e.Kind == "image" {
		return "check the repository, the tag and the region in the image's name; push it first"
	}
	return "check the name, the region (-r) and the account (-p); names are case-sensitive"
}

// ExitCode is that of bad input.
func (e *NotFoundError) ExitCode() int { return exitUsage }

// AmbiguousServiceError says that several services run the family by which the
// service was to be found.
type AmbiguousServiceError struct {
	// Family is the family, Cluster the cluster that was searched.
	Family, Cluster string
	// Services are the names of the services that run it.
	Services []string
}

func (e *AmbiguousServiceError) Error() string {
	return fmt.Sprintf("%d services of cluster %s run the family %s: %s", len(e.Services), e.Cluster, e.Family, strings.Join(e.Services, ", "))
}

// Hint says how to choose.
func (e *AmbiguousServiceError) Hint() string { return "choose one with -n SERVICE" }

// ExitCode is that of bad input.
func (e *AmbiguousServiceError) ExitCode() int { return exitUsage }

// UnsupportedError says that a service is of a kind that must not be deployed
// to by updating it.
type UnsupportedError struct {
	// Service is the service's name.
	Service string
	// Kind names what it is, e.g. "the CODE_DEPLOY deployment controller".
	Kind string
	// Remedy says what deploys such a service.
	Remedy string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("service %s uses %s, which this tool does not deploy to", e.Service, e.Kind)
}

// Hint is the remedy.
func (e *UnsupportedError) Hint() string { return e.Remedy }

// ExitCode is that of bad input.
func (e *UnsupportedError) ExitCode() int { return exitUsage }

// BusyError says that another deployment of the service is in progress.
type BusyError struct {
	// Service is the service's name.
	Service string
	// Deployment is the one in progress.
	Deployment rollout.Deployment
}

func (e *BusyError) Error() string {
	if e.Deployment.GoingBack() {
		return fmt.Sprintf("ECS is rolling back service %s to %s; a deployment now would have nothing to go back to itself",
			e.Service, rollout.ShortName(e.Deployment.TaskDefinition))
	}
	return fmt.Sprintf("deployment %s of %s is in progress in service %s (%s)", e.Deployment.ID,
		rollout.ShortName(e.Deployment.TaskDefinition), e.Service, firstLine(e.Deployment.RolloutStateReason, "no reason given"))
}

// Hint says what can be done.
func (e *BusyError) Hint() string {
	return "wait for it (ecs-deploy wait), or choose --if-in-progress wait or replace"
}

// ExitCode is that of a busy service.
func (e *BusyError) ExitCode() int { return rollout.Busy.ExitCode() }

// UnexpectedRevisionError says that another revision is in service than the
// request expects: somebody else deployed.
type UnexpectedRevisionError struct {
	// Expected is the revision as given, Current the ARN of the one in service.
	Expected, Current string
}

func (e *UnexpectedRevisionError) Error() string {
	return fmt.Sprintf("%s is in service, not %s", rollout.ShortName(e.Current), e.Expected)
}

// Hint says what can be done.
func (e *UnexpectedRevisionError) Hint() string {
	return "somebody else deployed; look with ecs-deploy status, then decide"
}

// ExitCode is that of a busy service.
func (e *UnexpectedRevisionError) ExitCode() int { return rollout.Busy.ExitCode() }

// OtherAccountError says that the service found is in another account than the
// request expects.
type OtherAccountError struct {
	// Expected is the account as given, Account the one in which Service is.
	Expected, Account, Service string
}

func (e *OtherAccountError) Error() string {
	return fmt.Sprintf("service %s is in account %s, and must be in %s; nothing was done", e.Service, e.Account, e.Expected)
}

// Hint says what decides the account.
func (e *OtherAccountError) Hint() string {
	return "the profile (-p), the role (--assume-role) or the credentials in the environment decide the account"
}

// ExitCode is that of bad input.
func (e *OtherAccountError) ExitCode() int { return exitUsage }

func firstLine(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}
