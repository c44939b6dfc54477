package cmd

import (
	"github.com/spf13/cobra"
)

func (a *app) wait() *cobra.Command {
	c := &cobra.Command{
		Use:   "wait",
		Short: "Follow the current deployment of a service, no matter who started it",
		Long: `Wait follows the deployment in progress, no matter who started it, and ends with the
same verdict and exit code as deploy. If no deployment is in progress, it reports how
the last one ended.`,
		Example: `  ecs-deploy wait -c production1 -n doorman-service`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return a.runWait(c) },
	}
	a.flags.Add(c.Flags(), "cluster", "service-name", "deployment", "timeout", "complete-timeout", "until", "on-pause", "shard")
	a.flags.Add(c.Flags(), reportFlags...)
	return c
}

func (a *app) runWait(c *cobra.Command) error {
	if several, err := a.several(c); err != nil {
		return err
	} else if several {
		return a.waitAll(c)
	}
	deployer, err := a.service(c, a.observed())
	if err != nil {
		return err
	}
	deployment, err := deployer.Join(c.Context(), a.settings.Ref(), a.settings.Deployment)
	if err != nil {
		return err
	}
	outcome, err := deployer.Watch(c.Context(), deployment, a.settings.WatchOptions())
	return status(outcome, err)
}
