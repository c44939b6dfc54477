package cmd

// The one place in which an error becomes an exit code and a message.

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// exitStatus ends the program with a code when all has been said already.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// ExitCode is the code itself.
func (e exitStatus) ExitCode() int { return int(e) }

// usageError says that the command line cannot be understood.
type usageError struct {
	problem, hint string
}

func (e *usageError) Error() string { return e.problem }

// Hint says where to look.
func (e *usageError) Hint() string { return e.hint }

// ExitCode is that of bad input.
func (e *usageError) ExitCode() int { return 3 }

// exitCode is the exit code of an error: its own, or 1.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	var coder interface{ ExitCode() int }
	if errors.As(err, &coder) {
		return coder.ExitCode()
	}
	return 1
}

// hint is what the error says one could do, or "".
func (a *app) hint(err error) string {
	var missing *deploy.NotFoundError
	if errors.As(err, &missing) && missing.Kind != "deployment" && missing.Kind != "image" && a.settings.Simulated() {
		return a.inWorld() + ", or start a new one: ecs-deploy simulator reset"
	}
	var container *deploy.UnknownContainerError
	if errors.As(err, &container) && a.settings.Simulated() {
		return "a simulated service has one container, named after the service: write " + strings.Join(container.Containers, " or ")
	}
	var hinter interface{ Hint() string }
	if errors.As(err, &hinter) {
		return a.whole(hinter.Hint())
	}
	return ""
}

// finish shows an error, if it was not shown yet, and returns the exit code.
func (a *app) finish(err error) int {
	if errors.Is(err, context.Canceled) && exitCode(err) != 130 {
		err = &deploy.InterruptedError{Err: err} // commands that only read
	}
	err = a.unnamed(err)
	var said exitStatus
	if err == nil || errors.As(err, &said) {
		return exitCode(err)
	}
	failure := a.failure(err)
	if !a.bare {
		a.reporter().Fail(failure)
	}
	if a.bare || a.forPrograms() {
		a.onErr().Fail(failure)
	}
	return failure.ExitCode
}

// failure is an error as it is shown.
func (a *app) failure(err error) report.Failure {
	failure := report.Failure{Message: message(err), Problems: problems(err), Hint: a.hint(err), Verdict: verdictOf(err), ExitCode: exitCode(err)}
	var failed *deploy.TaskFailedError
	if errors.As(err, &failed) && failed.Err == nil {
		failure.Task = &failed.Outcome
	}
	return failure
}

// message is an error's text without what only a log wants, and without secrets in
// the URLs that the SDK quotes.
func message(err error) string {
	return printable.WithoutSecrets(strings.TrimSpace(err.Error()))
}

// problems are the lines of an error that is a list: of the problems of a file, or
// of errors that were joined. It is one line otherwise, whatever line breaks there
// are in what it quotes.
func problems(err error) []string {
	var list interface {
		error
		Lines() []string
	}
	if errors.As(err, &list) && list.Error() == err.Error() {
		return list.Lines()
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{message(err)}
	}
	var lines []string
	for _, part := range joined.Unwrap() {
		lines = append(lines, problems(part)...)
	}
	if strings.Join(lines, "\n") != err.Error() { // it has words of its own around them
		return []string{message(err)}
	}
	return lines
}

// verdictOf is the verdict with which a run ends that failed.
func verdictOf(err error) string {
	var busy *deploy.BusyError
	var unexpected *deploy.UnexpectedRevisionError
	var uncertain *deploy.UncertainError
	var interrupted *deploy.InterruptedError
	var declined declinedError
	var failed *deploy.TaskFailedError
	switch {
	case errors.As(err, &failed):
		return "task-failed"
	case errors.As(err, &busy), errors.As(err, &unexpected):
		return "busy"
	case errors.As(err, &uncertain):
		return "timed-out"
	case errors.As(err, &interrupted), errors.As(err, &declined):
		return "interrupted"
	}
	return "error"
}
