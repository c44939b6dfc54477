package cmd

import (
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// requestFlags say which definition should run where.
var requestFlags = []string{"cluster", "service-name", "task-definition", "task-definition-file", "image", "tag-env-var"}

func (a *app) deploy() *cobra.Command {
	c := &cobra.Command{
		Use:   "deploy",
		Short: "Deploy an image, a definition or settings to a service, and wait for the verdict",
		Long: `Deploy takes the task definition that the service uses, sets the image of every
container whose repository is that of a given image, registers the result as a
new revision, updates the service, and follows the rollout to its end.

What is not asked for is not touched: the desired count, the circuit breaker and
everything else of the service stay as they are. Where there is nothing to do,
nothing is done. The exit code tells the verdicts apart; see
ecs-deploy help exit-codes.`,
		Example: rootExample + `

  # an earlier revision, as it is
  ecs-deploy deploy -c production1 -n doorman-service -d doorman-service:41

  # only settings: no new deployment
  ecs-deploy deploy -c production1 -n doorman-service -D 4 -m 50 -M 200`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runDeploy(c) },
	}
	a.settings.AddFlags(c.Flags(), append(requestFlags,
		"desired-count", "min", "max", "force-new-deployment", "if-unchanged", "if-in-progress", "max-definitions",
		"timeout", "complete-timeout", "until", "no-wait", "on-interrupt", "rollback-on-failure", "expect-revision")...)
	return c
}

func (a *app) runDeploy(c *cobra.Command) error {
	if err := a.prepare(c); err != nil {
		return err
	}
	request, err := a.settings.Request()
	if err != nil {
		return err
	}
	if err := request.Validate(); err != nil { // before anything is asked of AWS
		return err
	}
	if err := a.settings.Policy().Validate(); err != nil {
		return err
	}
	deployer, err := a.connect(c, a.observed())
	if err != nil {
		return err
	}
	outcome, err := deployer.Run(c.Context(), request, a.settings.Policy())
	return status(outcome, err)
}

// status is the error that gives the program an outcome's exit code.
func status(outcome deploy.Outcome, err error) error {
	if err != nil {
		return err
	}
	if code := outcome.ExitCode(); code != 0 {
		return exitStatus(code)
	}
	return nil
}
