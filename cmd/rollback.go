package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// rollbackFlags say what a rollback restores.
var rollbackFlags = slices.Concat([]string{"cluster", "service-name", "to", "pin-digest", "check-registry", "what-if", "show-values", "allow-stuck"}, config.SettingKeys())

func (a *app) rollback() *cobra.Command {
	c := &cobra.Command{
		Use:   "rollback",
		Short: "Restore an earlier revision, and wait for the verdict",
		Long: `Rollback prints what rollback-preview prints, asks on a terminal, and then restores
the earlier revision. If a deployment is in progress, ECS is asked to stop it and to
roll back; a rollback in progress is followed. Otherwise ecs-deploy deploys the earlier
revision again; it first registers the content of an INACTIVE one as a new revision. The
rollback is followed to its end like a deployment.

If ECS already rolled the newest deployment back, there is nothing to do: the exit code
is 0. Pass --to to go further back. If ECS has no record of an earlier deployment, the
target is a guess, and you have to choose it: with --to, or by your answer.

The desired count and all other settings of the service stay as they are, unless you
pass them. Rollback deregisters nothing. Without a terminal, pass --yes.`,
		Example: `  ecs-deploy rollback -c production1 -n doorman-service

  # restore revision 41 with exactly the images that ran, without a question
  ecs-deploy rollback -c production1 -n doorman-service --to doorman-service:41 --pin-digest --yes`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runRollback(c) },
	}
	a.flags.Add(c.Flags(), append([]string{"yes", "strict", "timeout", "complete-timeout", "until", "no-wait", "on-pause", "on-interrupt", "parallel", "on-failure", "shard"}, rollbackFlags...)...)
	a.flags.Add(c.Flags(), reportFlags...)
	return c
}

func (a *app) runRollback(c *cobra.Command) error {
	if several, err := a.several(c); err != nil {
		return err
	} else if several {
		return a.rollbackAll(c)
	}
	if err := a.needService(c); err != nil {
		return err
	}
	policy := deploy.Policy{
		NoWait: a.settings.NoWait, Strict: a.settings.Strict, OnInterrupt: deploy.OnInterrupt(a.settings.OnInterrupt), Watch: a.settings.WatchOptions(), Confirm: a.confirmRollback(),
	}
	if err := policy.Validate(); err != nil {
		return err
	}
	deployer, plan, err := a.planRollback(c, a.observed())
	if err != nil {
		return err
	}
	outcome, err := deployer.Carry(c.Context(), plan, policy)
	return status(outcome, err)
}

// given are the settings of the service that flags of the rollback give: those of the
// file and of variables are for deployments, and stay as they are in ECS.
func (a *app) given(c *cobra.Command) (deploy.ServiceSettings, error) {
	flags, err := config.Resolve(a.flags.Given(c.Flags()), nil, config.File{}, "")
	if err != nil {
		return deploy.ServiceSettings{}, err
	}
	return flags.SettingsOfService(), nil
}

// planRollback plans the rollback that the settings ask for.
func (a *app) planRollback(c *cobra.Command, observed deploy.Option) (*deploy.Deployer, *deploy.Plan, error) {
	settings, err := a.given(c)
	if err != nil {
		return nil, nil, err
	}
	forecast, err := a.forecast()
	if err != nil {
		return nil, nil, err
	}
	deployer, err := a.connect(c, forecast, observed)
	if err != nil {
		return nil, nil, err
	}
	options := deploy.RollbackOptions{To: a.settings.To, PinDigest: a.pins(), ServiceSettings: settings, AllowStuck: a.settings.AllowStuck}
	plan, err := deployer.PlanRollback(c.Context(), a.settings.Ref(), options)
	return deployer, plan, err
}

// pins reports whether a flag asks for the digests that ran. A settings file pins those
// of deployments.
func (a *app) pins() bool {
	return a.settings.PinDigest && a.settings.Origin("pin-digest").Layer == config.Flag
}

// confirmRollback asks whether a rollback should be carried out; nil if --yes answers.
// A target that is a guess has to be chosen: by a person who answers, or with --to.
func (a *app) confirmRollback() func(context.Context, *deploy.Plan) error {
	if a.settings.Yes {
		return nil
	}
	return func(ctx context.Context, plan *deploy.Plan) error {
		guess := plan.Guessed()
		if guess != nil && !a.canAsk() {
			return guess
		}
		if err := a.showUnseen(plan); err != nil {
			return err
		}
		question := fmt.Sprintf("roll back %s to %s in %s?", arn.ShortName(plan.Service), arn.ShortName(plan.Back.TaskDefinition), report.Place(plan.Cluster, plan.Service, a.settings.Target))
		if guess != nil {
			question = "this is a guess, and the revision may never have worked; " + question
		}
		return a.ask(ctx, "a rollback", question)
	}
}
