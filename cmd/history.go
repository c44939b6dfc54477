package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// historyLimit is how many deployments are listed unless the user chooses.
const historyLimit = 10

func (a *app) history() *cobra.Command {
	c := &cobra.Command{
		Use:   "history",
		Short: "List a service's past deployments and how each one ended",
		Long: `History lists the deployments of a service, newest first: when each one started,
how long it took, which revision it deployed, how it ended and why, its id and the
images with the digests that ran. rollback --to takes the revision or the id. History
marks the running deployment, the one that a rollback restores ("way back"), and each
"rollback": a deployment of a revision that an earlier one had deployed.

ECS keeps its records of deployments for 90 days. If it has none, or does not show
them, history lists the ACTIVE revisions of the family instead, and the way back is
a guess.`,
		Example: `  ecs-deploy history -c production1 -n doorman-service --limit 5`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return a.runHistory(c) },
	}
	a.flags.Add(c.Flags(), "cluster", "service-name", "limit", "all", "shard")
	return c
}

func (a *app) runHistory(c *cobra.Command) error {
	return a.readOne(c, func(ctx context.Context, m *app, deployer *deploy.Deployer) (report.Result, error) {
		limit, err := m.historyLimit()
		if err != nil {
			return report.Result{}, err
		}
		found, err := deployer.History(ctx, m.settings.Ref(), limit)
		if err != nil {
			return report.Result{}, err
		}
		return report.History(found), nil
	})
}

// historyLimit is how many deployments are listed; 0 is all of them.
func (a *app) historyLimit() (int, error) {
	switch given := a.settings.Limit; {
	case given != nil && a.settings.All:
		return 0, &usageError{problem: "--limit and --all contradict each other", hint: "pass one of them"}
	case given != nil && *given < 1:
		return 0, &usageError{problem: "--limit is less than 1", hint: "pass --limit NUMBER, or --all for every deployment"}
	case given != nil:
		return int(*given), nil
	case a.settings.All:
		return 0, nil
	}
	return historyLimit, nil
}
