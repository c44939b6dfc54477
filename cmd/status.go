package cmd

import (
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

func (a *app) status() *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Show where a service stands now",
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
	found, err := deployer.Status(c.Context(), a.settings.Cluster, a.settings.Service)
	if err != nil {
		return err
	}
	return a.show(found, func() error { return report.Status(found, a.reportOptions()) })
}

// show writes a value in the form that was asked for.
func (a *app) show(value any, text func() error) error {
	switch a.output() {
	case "json":
		return report.Value(a.streams.Out, value)
	case "ndjson":
		return report.Line(a.streams.Out, value)
	}
	return text()
}
