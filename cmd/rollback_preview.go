package cmd

import (
	"github.com/spf13/cobra"
)

func (a *app) rollbackPreview() *cobra.Command {
	c := &cobra.Command{
		Use:   "rollback-preview",
		Short: "Show which revision a rollback would restore, and whether it would succeed",
		Long: `Rollback-preview shows what a rollback would do, and changes nothing:

- Which revision it restores: that of the newest deployment that succeeded with another
  definition than the running one, and that no later rollback replaced. While a deployment
  is in progress, it is the revision that ECS itself would restore. If ECS already rolled
  back, there is nothing to restore. --to chooses another revision.
- What changes: the differences to the running definition.
- Whether it can work: the revision, its images, roles and secrets exist, their tags still
  stand for the code that ran, and the service leaves room for a deployment.
- How it will go: a forecast.

With several targets, it shows one plan and the problems of each, without a forecast.

The exit code is 0 if the rollback can work and 1 if a check found a problem. With
--exit-code it is 2 instead of 0. ECS keeps its records of deployments for 90 days;
without them, the newest ACTIVE revision before the running one is a guess.`,
		Example: `  ecs-deploy rollback-preview -c production1 -n doorman-service`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return a.runRollbackPreview(c) },
	}
	a.flags.Add(c.Flags(), append([]string{"exit-code", "shard"}, rollbackFlags...)...)
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
