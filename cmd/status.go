package cmd

import (
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

func (a *app) status() *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the current state of a service",
		Long: `Status shows the current state of a service: its tasks, settings and deployments, the
result of the last deployment, its newest events, and why tasks stopped, with hints
and the last lines of their logs.`,
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

// show prints a result in the selected format.
func (a *app) show(r report.Result) error {
	a.reporter().Result(r)
	return a.reporter().Err()
}
