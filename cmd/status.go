package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
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
	a.flags.Add(c.Flags(), "shard", "cluster", "service-name")
	return c
}

func (a *app) runStatus(c *cobra.Command) error {
	status := func(ctx context.Context, m *app, deployer *deploy.Deployer) (report.Result, error) {
		found, err := deployer.Status(ctx, m.settings.Ref())
		if err != nil {
			return report.Result{}, err
		}
		return report.Status(found), nil
	}
	return a.readOne(c, status)
}

// readOne shows what a command finds for a service, or for those of several targets.
func (a *app) readOne(c *cobra.Command, read func(context.Context, *app, *deploy.Deployer) (report.Result, error)) error {
	if several, err := a.several(c); err != nil {
		return err
	} else if several {
		return a.readAll(c, read)
	}
	deployer, err := a.service(c)
	if err != nil {
		return err
	}
	found, err := read(c.Context(), a, deployer)
	if err != nil {
		return err
	}
	return a.show(found)
}

// show prints a result in the selected format.
func (a *app) show(r report.Result) error {
	a.reporter().Result(r)
	return a.reporter().Err()
}
