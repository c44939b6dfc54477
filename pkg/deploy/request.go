package deploy

import (
	"fmt"
	"slices"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Request is what is asked of one service. What is zero is not asked, and is
// left as it is in ECS.
type Request struct {
	// Ref is the service. Cluster is required. Without Service, the service of the
	// cluster that runs TaskDefinition's family is meant.
	Ref
	// Want is the definition that the service should run.
	Want
	// AllowStuck takes limits that leave a rolling deployment no room: ECS can neither
	// start nor stop a task. Plan refuses them otherwise, with a [*UsageError].
	AllowStuck bool
	// ServiceSettings are what should change of the service itself.
	ServiceSettings
	// BeforeTasks run with the wanted revision before the service is updated, one after
	// the other. If one fails, the service is not updated: a [*TaskFailedError].
	// VerifyTasks run after the deployment succeeded.
	BeforeTasks, VerifyTasks []TaskStep
	// ForceNewDeployment starts new tasks even if nothing changed.
	ForceNewDeployment bool
	// ExpectRevision, if not empty, is the family:revision or ARN that must be
	// in service before anything is written; else Plan fails with an
	// [*UnexpectedRevisionError].
	ExpectRevision string
	// IfUnchanged overrides what is done when the wanted definition is in
	// service already. The zero value leaves it alone, unless a requested image
	// is tagged "latest", whose content may have moved.
	IfUnchanged IfUnchanged

	// restored are the values that a rollback restores, by the names of their settings.
	restored map[string]any
}

// IfUnchanged says what to do when the wanted definition is in service already.
type IfUnchanged string

// The answers, beside the zero value.
const (
	// IfUnchangedSkip does nothing, even for an image tagged "latest".
	IfUnchangedSkip IfUnchanged = "skip"
	// IfUnchangedRestart starts new tasks of the same revision.
	IfUnchangedRestart IfUnchanged = "restart"
)

// baseless is the want without a family that only finds the service: the revision that
// the service uses is built on, and not the newest one.
func (r Request) baseless() Want {
	want := r.Want
	if r.Service == "" && !arn.HasRevision(want.TaskDefinition) {
		want.TaskDefinition = ""
	}
	return want
}

// wantsSettings reports whether the request sets something else of the service.
func (r Request) wantsSettings() bool {
	return len(r.askedSettings()) > 0
}

// asks reports whether the request sets the setting of this name.
func (r Request) asks(name string) bool {
	return slices.ContainsFunc(r.askedSettings(), func(s askedSetting) bool { return s.name() == name })
}

// validate finds what is wrong with a request before ECS is asked.
func (r Request) validate() error {
	switch {
	case r.Cluster == "" && r.Service == "" && r.TaskDefinition != "":
		return &UsageError{Problem: "cluster not set", Remedy: "pass -c CLUSTER, so that its service of the family in -d is updated; to print a revision without a service, use ecs-deploy render"}
	case r.Cluster == "":
		return &UsageError{Problem: "cluster not set", Remedy: "pass -c CLUSTER or set ECS_DEPLOY_CLUSTER"}
	case r.Service == "" && r.TaskDefinition == "":
		return &UsageError{Problem: "service not set", Remedy: "pass -n SERVICE, or -d FAMILY to find the service that runs it"}
	case r.Service != "" && r.TaskDefinition != "" && !arn.HasRevision(r.TaskDefinition) && !r.edited():
		return &UsageError{
			Problem: fmt.Sprintf("nothing to deploy: %s is a family without a revision", r.TaskDefinition),
			Remedy:  "pass a revision to deploy (-d FAMILY:REVISION), or an image (-i IMAGE)",
		}
	case !r.Definition.IsZero() && r.TaskDefinition != "" && r.Service != "":
		return errTwice
	}
	if err := r.ServiceSettings.check(); err != nil {
		return err
	}
	wish, err := r.Want.parse()
	if err == nil && wish.whole { // everything that is wrong with it can be found now
		_, err = wish.make(r.Definition, asChosen)
	}
	return err
}

// errTwice says that a definition is given in two ways.
var errTwice = &UsageError{Problem: "both a task definition file and -d are set", Remedy: "pass one of them"}

// Validate finds what is wrong with a request for a deployment before ECS is
// asked. Plan does the same first.
func (r Request) Validate() error {
	if err := r.validate(); err != nil {
		return err
	}
	return r.asksSomething()
}

// asksSomething fails for a request that could change nothing.
func (r Request) asksSomething() error {
	if !r.Want.empty() || r.wantsSettings() || r.ForceNewDeployment {
		return nil
	}
	return &UsageError{
		Problem: "nothing to deploy",
		Remedy:  "pass an image (-i IMAGE), a tag (--tag), an edit (--env …), a file, a revision (-d FAMILY:REVISION), a setting of the service (such as -D COUNT) or --force-new-deployment; --help lists all",
	}
}

// expected holds the revision in service against the one that is expected.
func (r Request) expected(current string) error {
	if r.ExpectRevision == "" || r.ExpectRevision == current || r.ExpectRevision == rollout.ShortName(current) {
		return nil
	}
	return &UnexpectedRevisionError{Expected: r.ExpectRevision, Current: current}
}

// ErrStale says that somebody else changed the service after the plan was made,
// so that it no longer describes what would happen. The service was not updated;
// a revision that was registered before that was found is named. Plan again.
var ErrStale error = staleError{}

// staleError is the type of ErrStale.
type staleError struct{}

func (staleError) Error() string { return "the service changed since the plan was made" }

// Hint says what can be done.
func (staleError) Hint() string {
	return "see the change, then run the same command again: ecs-deploy status"
}
