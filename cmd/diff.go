package cmd

import (
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// exitPending is the exit code that --exit-code asks for if there is something
// to change.
const exitPending = exitStatus(2)

func (a *app) diff() *cobra.Command {
	c := &cobra.Command{
		Use:   "diff",
		Short: "Show what a deployment with the same flags would change",
		Long: `Diff compares the running task definition and the settings of the service with the
result of a deployment with the same flags. It changes nothing. It ignores defaults
that ECS fills in and the order of unordered lists. The values of environment
variables are masked: their length and a short digest, salted in each run anew, show
that they change. --show-values shows them.

Checks follow: whether the revision, its images, roles and secrets are there, whether
the service leaves room for a deployment, and what a rollback would restore. Then a
forecast: how long the deployment would take and with how many tasks at once. With
--what-if, it shows what ECS would do about a bad image. With several targets, it shows
one plan and the problems of each, without a forecast.

The exit code is 0, or 1 if a check found a problem. With --exit-code it is 2 instead
of 0 if something changes.`,
		Example: `  ecs-deploy diff -c production1 -n doorman-service -i docker.repo.com/doorman:v2
  ecs-deploy diff -c production1 -n doorman-service --task-definition-file doorman.yaml --exit-code

  # what would ECS do if the new image crashed?
  ecs-deploy diff -c production1 -n doorman-service -i docker.repo.com/doorman:v2 --what-if crash-loop`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runDiff(c) },
	}
	a.flags.Add(c.Flags(), append([]string{"what-if", "shard"}, requestFlags...)...)
	return c
}

func (a *app) runDiff(c *cobra.Command) error {
	if several, err := a.several(c); err != nil {
		return err
	} else if several {
		return a.planAll(c)
	}
	request, err := a.request(c)
	if err != nil {
		return err
	}
	return a.plan(c, request)
}

// plan shows what a request would change.
func (a *app) plan(c *cobra.Command, request deploy.Request) error {
	forecast, err := a.forecast()
	if err != nil {
		return err
	}
	deployer, err := a.connect(c, forecast)
	if err != nil {
		return err
	}
	plan, err := deployer.Preview(c.Context(), request)
	if err != nil {
		return err
	}
	return a.showPlan(plan)
}

// showPlan shows a plan that was checked. The exit code is 1 if a check found a problem,
// and, with --exit-code, 2 if the plan changes something.
func (a *app) showPlan(plan *deploy.Plan) error {
	err := a.show(report.Plan(a.pastable(plan)))
	switch {
	case err != nil:
		return err
	case len(deploy.Problems(plan.Checks)) > 0:
		return exitStatus(1)
	case a.settings.ExitCode && plan.Changes():
		return exitPending
	}
	return nil
}
