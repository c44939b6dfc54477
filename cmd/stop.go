package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

func (a *app) stop() *cobra.Command {
	c := &cobra.Command{
		Use:   "stop",
		Short: "Have ECS stop the deployment in progress and roll it back",
		Long: `Stop shows the deployment in progress, no matter who started it, asks on a terminal,
and has ECS stop it and roll it back (StopServiceDeployment). It follows the rollback to
its end. During the bake time of a blue/green, linear or canary deployment only the
traffic has to move, because the earlier tasks are still running.

With several targets, stop applies to those with a deployment in progress.

The exit code is 0 if the earlier revision is running again, and 5 if it was too
late: the deployment had completed. Without a terminal, pass --yes.`,
		Example: `  ecs-deploy stop -c production1 -n doorman-service`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return a.runStop(c) },
	}
	a.flags.Add(c.Flags(), steerFlags...)
	a.flags.Add(c.Flags(), reportFlags...)
	return c
}

func (a *app) runStop(c *cobra.Command) error {
	if several, err := a.several(c); err != nil {
		return err
	} else if several {
		return a.stopAll(c)
	}
	deployer, progress, err := a.inProgress(c)
	if err != nil {
		return err
	}
	if err := a.allow(c.Context(), report.Stoppable(progress), "stopping a deployment", question("stop", progress)); err != nil {
		return err
	}
	outcome, err := deployer.Stop(c.Context(), progress, a.stopPolicy())
	return status(outcome, err)
}

// stopPolicy is how a rollback on request is followed.
func (a *app) stopPolicy() deploy.Policy {
	return deploy.Policy{NoWait: a.settings.NoWait, Watch: deploy.WatchOptions{CompleteTimeout: a.settings.CompleteTimeout}}
}

// stopAll stops the deployments in progress of all members.
func (a *app) stopAll(c *cobra.Command) error {
	return a.steerAll(c, steering{
		asker: "stopping deployments", question: "stop %d deployments?",
		shown: func(p deploy.Progress) (report.Result, error) { return report.Stoppable(p), nil },
		act: func(ctx context.Context, m *app, d *deploy.Deployer, p deploy.Progress) (deploy.Outcome, error) {
			return d.Stop(ctx, p, m.stopPolicy())
		},
	})
}
