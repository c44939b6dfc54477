package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

func (a *app) prune() *cobra.Command {
	c := &cobra.Command{
		Use:   "prune",
		Short: "Deregister old revisions of a service's task definition",
		Long: `Prune deregisters the oldest ACTIVE revisions of a service's family, one per
second, and keeps the newest --max-definitions. It keeps every revision that is in
use in this cluster or needed for a rollback. It cannot see what other clusters
use: if they share the family, keep more revisions.`,
		Example: `  ecs-deploy prune -c production1 -n doorman-service --max-definitions 20 --dry-run`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return a.runPrune(c) },
	}
	a.flags.Add(c.Flags(), "cluster", "service-name", "max-definitions", "dry-run", "yes", "shard")
	return c
}

func (a *app) runPrune(c *cobra.Command) error {
	if several, err := a.several(c); err != nil {
		return err
	} else if several {
		return a.pruneAll(c)
	}
	deployer, err := a.service(c, deploy.WithObserver(a.deregistered))
	if err != nil {
		return err
	}
	if a.settings.MaxDefinitions == nil {
		return noMaxDefinitions()
	}
	pruning, err := deployer.PlanPrune(c.Context(), a.settings.Ref(), *a.settings.MaxDefinitions)
	if err != nil {
		return err
	}
	if !a.settings.DryRun && len(pruning.Remove) > 0 {
		if a.asks() {
			if err := a.ask(c.Context(), a.confirmer(), fmt.Sprintf("deregister %d revisions of %s?", len(pruning.Remove), pruning.Family)); err != nil {
				return err
			}
		}
		if err := deployer.Prune(c.Context(), pruning); err != nil {
			return err
		}
	}
	err = a.show(report.Pruning(*pruning, !a.settings.DryRun))
	if !a.settings.DryRun {
		return nil // it is done, shown or not
	}
	return err
}

func noMaxDefinitions() error {
	return &usageError{problem: "number of revisions to keep not set", hint: "pass --max-definitions NUMBER"}
}

// deregistered shows each revision as it goes.
func (a *app) deregistered(e deploy.Event) {
	if e.Type == deploy.EventDeregistered && !a.settings.Quiet {
		_, _ = fmt.Fprintln(a.streams.Err, "deregistered", arn.ShortName(e.TaskDefinition))
	}
}
