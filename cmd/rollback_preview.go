package cmd

import (
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

func (a *app) rollbackPreview() *cobra.Command {
	c := &cobra.Command{
		Use:   "rollback-preview",
		Short: "Show which revision a rollback would restore, and whether it would succeed",
		Long: `Rollback-preview finds the newest successful deployment of another revision than
the running one, and shows how the two revisions differ. It changes nothing. ECS keeps its records of deployments for 90 days.`,
		Example: `  ecs-deploy rollback-preview -c production1 -n doorman-service`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return a.runRollbackPreview(c) },
	}
	a.flags.Add(c.Flags(), "cluster", "service-name", "what-if", "show-values", "exit-code")
	return c
}

func (a *app) runRollbackPreview(c *cobra.Command) error {
	if err := a.needService(c); err != nil {
		return err
	}
	forecast, err := a.forecast()
	if err != nil {
		return err
	}
	deployer, err := a.connect(c, forecast)
	if err != nil {
		return err
	}
	preview, err := deployer.PreviewRollback(c.Context(), a.settings.Ref())
	if err != nil {
		return err
	}
	err = a.show(report.Rollback(preview))
	if err == nil && a.settings.ExitCode { // another definition is in service, or there would be no preview
		return exitPending
	}
	return err
}
