package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// steerFlags say how a deployment is followed after somebody acted on it.
var steerFlags = []string{"cluster", "service-name", "yes", "complete-timeout", "no-wait", "shard"}

func (a *app) continuePaused() *cobra.Command {
	c := &cobra.Command{
		Use:   "continue",
		Short: "Continue a paused deployment, and wait for the verdict",
		Long: `Continue shows at which pause hooks the deployment in progress waits, until when, and
what comes next. It asks on a terminal, continues the deployment, and follows it to its
end like wait. Each pause has an id of its own; without --hook, all that wait are
continued. With several targets, continue applies to those that are paused. To roll back
instead, use ecs-deploy stop. Without a terminal, pass --yes.`,
		Example: `  ecs-deploy continue -c production1 -n doorman-service

  # continue at this pause and at all later ones, without a question
  ecs-deploy continue -c production1 -n doorman-service --on-pause continue --yes`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runContinue(c) },
	}
	a.flags.Add(c.Flags(), append([]string{"hook", "on-pause", "on-interrupt", "until"}, steerFlags...)...)
	a.flags.Add(c.Flags(), reportFlags...)
	return c
}

func (a *app) runContinue(c *cobra.Command) error {
	if several, err := a.several(c); err != nil {
		return err
	} else if several {
		return a.continueAll(c)
	}
	deployer, progress, err := a.inProgress(c)
	if err != nil {
		return err
	}
	policy := a.continuePolicy()
	if err := policy.Validate(); err != nil {
		return err
	}
	pauses, err := progress.Pauses(a.settings.Hook)
	if err != nil {
		return err
	}
	if err := a.allow(c.Context(), report.Paused(progress, pauses), "continuing a deployment", question("continue", progress)); err != nil {
		return err
	}
	outcome, err := deployer.Continue(c.Context(), progress, pauses, policy)
	return status(outcome, err)
}

// continuePolicy is how a continued deployment is followed.
func (a *app) continuePolicy() deploy.Policy {
	policy := a.settings.Policy()
	policy.IfInProgress, policy.KeepDefinitions, policy.RollbackOnFailure, policy.Watch.RunningTimeout = "", nil, false, 0
	return policy
}

// continueAll continues the paused deployments of all members.
func (a *app) continueAll(c *cobra.Command) error {
	if a.settings.Hook != "" {
		return &usageError{problem: "--hook is about one service, and several are chosen", hint: "remove --hook, or pass --target with one of them: " + strings.Join(a.memberNames(), ", ")}
	}
	for _, m := range a.members {
		if err := m.continuePolicy().Validate(); err != nil {
			return err
		}
	}
	return a.steerAll(c, steering{
		asker: "continuing deployments", question: "continue %d deployments?",
		shown: func(p deploy.Progress) (report.Result, error) {
			pauses, err := p.Pauses("")
			return report.Paused(p, pauses), err
		},
		act: func(ctx context.Context, m *app, d *deploy.Deployer, p deploy.Progress) (deploy.Outcome, error) {
			pauses, err := p.Pauses("")
			if err != nil {
				return deploy.Outcome{}, err
			}
			return d.Continue(ctx, p, pauses, m.continuePolicy())
		},
	})
}

// inProgress finds the deployment in progress of the service that the settings name.
func (a *app) inProgress(c *cobra.Command) (*deploy.Deployer, deploy.Progress, error) {
	deployer, err := a.service(c, a.observed())
	if err != nil {
		return nil, deploy.Progress{}, err
	}
	progress, err := deployer.InProgress(c.Context(), a.settings.Ref())
	return deployer, progress, err
}

// allow shows what somebody is about to do to a deployment, and asks unless --yes
// answers.
func (a *app) allow(ctx context.Context, shown report.Result, asker, question string) error {
	if !a.settings.Yes || !a.settings.Quiet && !a.forPrograms() {
		stderr := a.onErr()
		stderr.Result(shown)
		if err := stderr.Err(); err != nil {
			return err
		}
	}
	if a.settings.Yes {
		return nil
	}
	return a.ask(ctx, asker, question)
}

// question is the question about one deployment.
func question(verb string, p deploy.Progress) string {
	return fmt.Sprintf("%s deployment %s of %s?", verb, p.Deployment.ID, arn.ShortName(p.Deployment.Service))
}
