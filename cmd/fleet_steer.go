package cmd

// Acting on the deployments in progress of several targets: continue and stop.

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// steering is what a command does to each deployment in progress.
type steering struct {
	// asker and question are for the question about all of them; %d is their number.
	asker, question string
	// shown says what a deployment does now. It returns a [*deploy.UsageError] for one to
	// which the action does not apply.
	shown func(deploy.Progress) (report.Result, error)
	act   func(context.Context, *app, *deploy.Deployer, deploy.Progress) (deploy.Outcome, error)
}

// steerAll acts on the deployments in progress of all members, and follows them to their
// ends. Services to which the action does not apply are named and left alone; if it
// applies to none, that is an error.
func (a *app) steerAll(c *cobra.Command, s steering) error {
	members, err := a.serviceCrew(c, a.observeAll)
	if err != nil {
		return err
	}
	found := map[string]deploy.Progress{}
	var acting []fleet.Member
	var shown []report.Found
	problems, idle := &fleet.ProblemsError{}, &fleet.ProblemsError{}
	for i, p := range a.allInProgress(c.Context(), members) {
		name := members[i].Name
		var result report.Result
		if p.err == nil {
			result, p.err = s.shown(p.Progress)
		}
		var nothing *deploy.NothingInProgressError
		var notNow *deploy.UsageError
		switch {
		case errors.As(p.err, &nothing), errors.As(p.err, &notNow):
			idle.Add(name, p.err)
		case p.err != nil:
			problems.Add(name, p.err)
		default:
			found[name], acting = p.Progress, append(acting, members[i])
			shown = append(shown, report.Found{Member: name, Result: result})
		}
	}
	switch err := problems.OrNil(); {
	case c.Context().Err() != nil:
		return &deploy.InterruptedError{Err: c.Context().Err()}
	case err != nil:
		return a.pastableProblems(err)
	case len(acting) == 0:
		return a.pastableProblems(idle)
	}
	for _, p := range idle.Problems {
		a.tell("%s: %s\n", p.Member, p.Err)
	}
	if err := a.allow(c.Context(), report.EachMember(shown), s.asker, fmt.Sprintf(s.question, len(acting))); err != nil {
		return err
	}
	return a.ended(fleet.Follow(c.Context(), acting, a.memberEnded, func(ctx context.Context, m fleet.Member) (deploy.Outcome, error) {
		return s.act(ctx, a.memberOf(m.Name), m.Deployer, found[m.Name])
	}))
}

// progress is the deployment in progress of a member, or why there is none.
type progress struct {
	deploy.Progress
	err error
}

// allInProgress finds the deployments in progress of all members.
func (a *app) allInProgress(ctx context.Context, members []fleet.Member) []progress {
	found := make([]progress, len(members))
	fleet.Each(members, func(i int, m fleet.Member) {
		found[i].Progress, found[i].err = m.Deployer.InProgress(ctx, a.memberOf(m.Name).settings.Ref())
	})
	return found
}
