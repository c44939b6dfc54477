package deploy

import (
	"fmt"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// CallError says that a call to AWS failed.
type CallError = ecsapi.CallError

// NotFoundError says that a cluster, service, task definition, deployment or image
// does not exist, as far as the caller's account and region go.
type NotFoundError = ecsapi.NotFoundError

// UnknownContainerError says that a task definition has no container of a name.
type UnknownContainerError = taskdef.UnknownContainerError

// NewCallError puts the SDK's error of a call into words, as this package does
// for its own calls: for programs that call AWS themselves, e.g. to assume the
// role that deploys. The action is written as in a policy: "sts:AssumeRole".
func NewCallError(action, resource string, err error) *CallError {
	return ecsapi.NewCallError(action, resource, err)
}

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
func (e *UsageError) ExitCode() int { return exitcode.Usage }

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
func (e *AmbiguousServiceError) ExitCode() int { return exitcode.Usage }

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
	return fmt.Sprintf("service %s uses %s, which ecs-deploy does not support", e.Service, e.Kind)
}

// Hint is the remedy.
func (e *UnsupportedError) Hint() string { return e.Remedy }

// ExitCode is that of bad input.
func (e *UnsupportedError) ExitCode() int { return exitcode.Usage }

// BusyError says that another deployment of the service is in progress.
type BusyError struct {
	// Service is the service's name.
	Service string
	// Deployment is the one in progress.
	Deployment rollout.Deployment
}

func (e *BusyError) Error() string {
	if e.Deployment.GoingBack() {
		return fmt.Sprintf("ECS is rolling back service %s to %s; ECS could not roll back a deployment that starts now",
			e.Service, rollout.ShortName(e.Deployment.TaskDefinition))
	}
	return fmt.Sprintf("deployment %s of %s is in progress in service %s (%s)", e.Deployment.ID,
		rollout.ShortName(e.Deployment.TaskDefinition), e.Service, firstLine(e.Deployment.RolloutStateReason, "no reason given"))
}

// Hint says what can be done.
func (e *BusyError) Hint() string {
	if e.Deployment.GoingBack() { // to replace a rollback is what the error warns of
		return "wait for it (ecs-deploy wait), or pass --if-in-progress wait"
	}
	return "wait for it (ecs-deploy wait), or choose --if-in-progress wait or replace"
}

// ExitCode is that of a busy service.
func (e *BusyError) ExitCode() int { return rollout.Busy.ExitCode() }

// UnexpectedRevisionError says that the service is running another revision than the
// request expects: somebody else deployed.
type UnexpectedRevisionError struct {
	// Expected is the revision as given, Current the ARN of the one in service.
	Expected, Current string
}

func (e *UnexpectedRevisionError) Error() string {
	return fmt.Sprintf("the service is running %s, not %s", rollout.ShortName(e.Current), e.Expected)
}

// Hint says what can be done.
func (e *UnexpectedRevisionError) Hint() string {
	return "see what was deployed, then decide: ecs-deploy status"
}

// ExitCode is that of a busy service.
func (e *UnexpectedRevisionError) ExitCode() int { return rollout.Busy.ExitCode() }

// OtherAccountError reports a resource in another AWS account than the one given with
// [WithAccount].
type OtherAccountError struct {
	// Resource is the service or the task definition, Account the id of its account,
	// Expected the id given.
	Resource, Account, Expected string
}

func (e *OtherAccountError) Error() string {
	return fmt.Sprintf("%s is in account %s, and must be in %s; nothing was changed", e.Resource, e.Account, e.Expected)
}

// Hint says what decides the account.
func (e *OtherAccountError) Hint() string {
	return "check the profile (-p), the role (--assume-role) and the credentials in the environment: they select the account"
}

// ExitCode is that of bad input.
func (e *OtherAccountError) ExitCode() int { return exitcode.Usage }

func firstLine(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}
