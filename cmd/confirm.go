package cmd

// The question that a target with "confirm: true" has asked before anything is
// written.

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/term"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// declinedError says that the person at the terminal said no: an interruption by a
// person, before anything was written.
type declinedError struct{}

func (declinedError) Error() string { return "not confirmed; nothing was changed" }

// Hint says how to continue.
func (declinedError) Hint() string { return "run the command again and answer y" }

// ExitCode is that of an interruption.
func (declinedError) ExitCode() int { return (&deploy.InterruptedError{}).ExitCode() }

// confirmation asks whether a plan should be carried out; nil if nobody wants
// to be asked.
func (a *app) confirmation() func(context.Context, *deploy.Plan) error {
	if !a.asks() {
		return nil
	}
	return func(ctx context.Context, plan *deploy.Plan) error {
		if err := a.showUnseen(plan); err != nil {
			return err
		}
		return a.ask(ctx, a.confirmer(), fmt.Sprintf("deploy this to %s in %s?", arn.ShortName(plan.Service), report.Place(plan.Cluster, plan.Service, a.settings.Target)))
	}
}

// showUnseen shows a plan that the terminal did not show.
func (a *app) showUnseen(plan *deploy.Plan) error {
	if !a.settings.Quiet && !a.forPrograms() {
		return nil
	}
	shown := a.onErr()
	shown.Result(report.Plan(plan))
	return shown.Err()
}

// asks reports whether questions are to be asked.
func (a *app) asks() bool { return (a.settings.Confirm || a.chosen) && !a.settings.Yes }

// confirmer is what has confirm set.
func (a *app) confirmer() string {
	if a.settings.Target == "" {
		return "the settings file"
	}
	return fmt.Sprintf("target %q", a.settings.Target)
}

// canAsk reports whether somebody at a terminal can answer a question.
func (a *app) canAsk() bool { return a.streams.InTerminal && a.streams.ErrTerminal }

// maxAnswers is how many answers to a question are read before "no" is taken as the answer.
const maxAnswers = 3

// ask asks a question to which only yes is yes; asker is what wants it asked.
func (a *app) ask(ctx context.Context, asker, question string) error {
	if !a.canAsk() {
		return &usageError{problem: asker + " requires confirmation, but this is not a terminal", hint: "pass --yes to confirm"}
	}
	a.pause()
	if yes, err := a.yesOrNo(ctx, question+" [y/N] ", false); yes || err != nil {
		return err
	}
	return declinedError{}
}

// yesOrNo asks until the answer is yes, no, or nothing, which means byDefault. Anything
// else is never yes: after maxAnswers of them, the answer is no.
func (a *app) yesOrNo(ctx context.Context, question string, byDefault bool) (bool, error) {
	for range maxAnswers {
		line, err := a.answer(ctx, question)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(line) {
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		case "":
			return byDefault, nil
		}
		_, _ = fmt.Fprintln(a.streams.Err, "answer y or n")
	}
	return false, nil
}

// answer asks something, and is the line that somebody types, without spaces around it; ""
// at the end of the input.
func (a *app) answer(ctx context.Context, question string) (string, error) {
	width, _, _ := term.GetSize(2)
	for line := range strings.SplitAfterSeq(report.Wrap(question, width), "\n") { // each write is one harmless line
		_, _ = fmt.Fprint(a.streams.Err, line)
	}
	answer := make(chan string, 1)
	go func() { // it ends with the process, if nobody answers
		line, _ := readLine(a.streams.In)
		answer <- line
	}()
	select {
	case <-ctx.Done():
		_, _ = fmt.Fprintln(a.streams.Err)
		return "", &deploy.InterruptedError{Err: ctx.Err()}
	case line := <-answer:
		return strings.TrimSpace(line), nil
	}
}
