package deploy

// How a write ends that was cut short: before the service was touched, or without an
// answer, so that nobody knows.

import (
	"context"
	"fmt"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// InterruptedError says that the context ended before the service was updated.
type InterruptedError struct {
	// Registered is the ARN of a revision that was registered before, or "".
	Registered string
	// Deregistered is how many revisions were deregistered before.
	Deregistered int
	// Err is the context's error.
	Err error
}

func (e *InterruptedError) Error() string {
	if e.Deregistered > 0 {
		return fmt.Sprintf("interrupted; revisions deregistered before: %d", e.Deregistered)
	}
	if e.Registered == "" {
		return "interrupted before anything was changed"
	}
	return fmt.Sprintf("interrupted before the service was updated; %s was registered and is not in use", rollout.ShortName(e.Registered))
}

// Unwrap gives the context's error.
func (e *InterruptedError) Unwrap() error { return e.Err }

// interrupted is the error of a call that changed nothing: an [*InterruptedError] if it
// failed because ctx ended.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return &InterruptedError{Err: err}
	}
	return err
}

// Hint says how to continue.
func (e *InterruptedError) Hint() string {
	return "run the same command again; the service is unchanged"
}

// ExitCode is that of an interruption.
func (e *InterruptedError) ExitCode() int { return rollout.Interrupted.ExitCode() }

// UncertainError says that a write was sent and that it could not be found out
// whether ECS carried it out.
type UncertainError struct {
	// Err is what the write, and the look after it, ended with.
	Err error

	remedy string // "": run the same command again
}

func (e *UncertainError) Error() string {
	return fmt.Sprintf("%v; it is unknown whether ECS carried it out", e.Err)
}

// Unwrap gives the error behind it.
func (e *UncertainError) Unwrap() error { return e.Err }

// Hint says how to find out.
func (e *UncertainError) Hint() string {
	if e.remedy != "" {
		return e.remedy
	}
	return "run the same command again, which is safe, or see what happened: ecs-deploy status"
}

// ExitCode is 7, as of a rollout that may continue unwatched.
func (e *UncertainError) ExitCode() int { return rollout.TimedOut.ExitCode() }
