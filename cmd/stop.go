package cmd

import (
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
	deployer, progress, err := a.inProgress(c)
	if err != nil {
		return err
	}
	if err := a.allow(c.Context(), report.Stoppable(progress), "stopping a deployment", "stop", progress); err != nil {
		return err
	}
	policy := deploy.Policy{NoWait: a.settings.NoWait, Watch: deploy.WatchOptions{CompleteTimeout: a.settings.CompleteTimeout}}
	outcome, err := deployer.Stop(c.Context(), progress, policy)
	return status(outcome, err)
}
