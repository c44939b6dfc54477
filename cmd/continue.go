package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// steerFlags say how a deployment is followed after somebody acted on it.
var steerFlags = []string{"cluster", "service-name", "yes", "complete-timeout", "no-wait"}

func (a *app) continuePaused() *cobra.Command {
	c := &cobra.Command{
		Use:   "continue",
		Short: "Continue a paused deployment, and wait for the verdict",
		Long: `Continue shows at which pause hooks the deployment in progress waits, until when, and
what comes next. It asks on a terminal, continues the deployment, and follows it to its
end like wait. Each pause has an id of its own; without --hook, all that wait are
continued. To roll back instead, use ecs-deploy stop. Without a terminal, pass --yes.`,
		Example: `  ecs-deploy continue -c production1 -n doorman-service

  # continue at this pause and at all later ones, without a question
  ecs-deploy continue -c production1 -n doorman-service --on-pause continue --yes`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runContinue(c) },
	}
	a.flags.Add(c.Flags(), append([]string{"hook", "on-pause", "on-interrupt", "until"}, steerFlags...)...)
	a.flags.Add(c.Flags(), reportFlags...)
	return c
}

func (a *app) runContinue(c *cobra.Command) error {
	deployer, progress, err := a.inProgress(c)
	if err != nil {
		return err
	}
	policy := a.settings.Policy()
	policy.IfInProgress, policy.KeepDefinitions, policy.RollbackOnFailure, policy.Watch.RunningTimeout = "", nil, false, 0
	if err := policy.Validate(); err != nil {
		return err
	}
	pauses, err := progress.Pauses(a.settings.Hook)
	if err != nil {
		return err
	}
	if err := a.allow(c.Context(), report.Paused(progress, pauses), "continuing a deployment", "continue", progress); err != nil {
		return err
	}
	outcome, err := deployer.Continue(c.Context(), progress, pauses, policy)
	return status(outcome, err)
}

// inProgress finds the deployment in progress of the service that the settings name.
func (a *app) inProgress(c *cobra.Command) (*deploy.Deployer, deploy.Progress, error) {
	deployer, err := a.service(c, a.observed())
	if err != nil {
		return nil, deploy.Progress{}, err
	}
	progress, err := deployer.InProgress(c.Context(), a.settings.Ref())
	return deployer, progress, err
}

// allow shows what somebody is about to do to a deployment, and asks unless --yes
// answers.
func (a *app) allow(ctx context.Context, shown report.Result, asker, verb string, p deploy.Progress) error {
	if !a.settings.Yes || !a.settings.Quiet && !a.forPrograms() {
		stderr := a.onErr()
		stderr.Result(shown)
		if err := stderr.Err(); err != nil {
			return err
		}
	}
	if a.settings.Yes {
		return nil
	}
	return a.ask(ctx, asker, fmt.Sprintf("%s deployment %s of %s?", verb, p.Deployment.ID, arn.ShortName(p.Deployment.Service)))
}
