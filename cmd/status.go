package cmd

import (
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

func (a *app) status() *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the current state of a service",
		Long: `Status takes one look at a service: its tasks, its settings, its deployments, how
the last one ended, why its tasks stopped, with what to do and their last log
lines, and the service's newest events.`,
		Example: `  ecs-deploy status -c production1 -n doorman-service`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return a.runStatus(c) },
	}
	a.flags.Add(c.Flags(), "cluster", "service-name")
	return c
}

func (a *app) runStatus(c *cobra.Command) error {
	deployer, err := a.service(c)
	if err != nil {
		return err
	}
	found, err := deployer.Status(c.Context(), a.settings.Ref())
	if err != nil {
		return err
	}
	return a.show(report.Status(found))
}

// show shows a result in the form that was asked for.
func (a *app) show(r report.Result) error {
	a.reporter().Result(r)
	return a.reporter().Err()
}
