package cmd

import (
	"github.com/spf13/cobra"
)

func (a *app) rollbackPreview() *cobra.Command {
	c := &cobra.Command{
		Use:   "rollback-preview",
		Short: "Show which revision a rollback would restore, and whether it would succeed",
		Long: `Rollback-preview answers four questions and changes nothing. To what? The newest
deployment that succeeded with another definition than the running one, and that
no later rollback replaced; while a deployment is in progress, what ECS itself would
restore; nothing, if ECS already rolled back. --to chooses another. What changes? The difference to
the running definition. Can it work? Whether the revision, its images, roles and
secrets are there, their tags still stand for the code that ran, and the service
leaves room for a deployment. How will it go? A forecast.

The exit code is 0 if the rollback can work and 1 if a check found a problem. With
--exit-code it is 2 instead of 0. ECS keeps its records of deployments for 90 days;
without them, the newest ACTIVE revision before the running one is a guess.`,
		Example: `  ecs-deploy rollback-preview -c production1 -n doorman-service`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return a.runRollbackPreview(c) },
	}
	a.flags.Add(c.Flags(), append([]string{"exit-code"}, rollbackFlags...)...)
	return c
}

func (a *app) runRollbackPreview(c *cobra.Command) error {
	if several, err := a.several(c); err != nil {
		return err
	} else if several {
		return a.previewAll(c)
	}
	if err := a.needService(c); err != nil {
		return err
	}
	_, plan, err := a.planRollback(c, nil)
	if err != nil {
		return err
	}
	return a.showPlan(plan)
}
