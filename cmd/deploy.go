package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// definitionFlags say which definition should run where.
var definitionFlags = []string{
	"cluster", "service-name", "task-definition", "task-definition-file", "no-variables", "show-variables", "allow-unknown-fields",
	"image", "container", "tag", "tag-env-var", "allow-variable", "only", "pin-digest",
	"env-file", "env", "unset-env", "secret", "unset-secret", "docker-label", "log-option", "task-definition-tag", "command", "entry-point",
	"cpu", "memory", "container-cpu", "container-memory", "container-memory-reservation",
	"task-role", "execution-role", "runtime-platform",
}

// requestFlags say what else is asked of a service.
var requestFlags = slices.Concat([]string{
	"allow-other-family", "skip-before", "force-new-deployment", "allow-stuck", "if-unchanged", "expect-revision", "show-values", "exit-code", "check-registry",
}, config.SettingKeys(), definitionFlags)

func (a *app) deploy() *cobra.Command {
	c := &cobra.Command{
		Use:   "deploy",
		Short: "Deploy an image, a task definition or settings, and wait for the result",
		Long: `Deploy reads the task definition of the service, sets the image of every container
that uses the repository of a given image, registers the result as a new revision,
updates the service, and follows the rollout to its end.

Deploy changes only what you ask for: the desired count, the circuit breaker and
all other settings of the service stay the same. If nothing would change, it makes
no calls that write. The exit code reports the result; see
ecs-deploy help exit-codes.

With several targets, all of them are planned before the first one is changed, and
they end in one outcome.`,
		Example: rootExample + `

  # an earlier revision, unchanged
  ecs-deploy deploy -c production1 -n doorman-service -d doorman-service:41

  # several targets of ecs-deploy.yaml in one run
  ecs-deploy deploy --target api,worker --tag v2

  # only settings: no new deployment
  ecs-deploy deploy -c production1 -n doorman-service -D 4 -m 50 -M 200

  # another tag and another variable, as a dry run
  ecs-deploy deploy -c production1 -n doorman-service --tag v3 --only doorman --env doorman:LOG_LEVEL=debug --dry-run`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runDeploy(c) },
	}
	a.flags.Add(c.Flags(), append([]string{"dry-run", "what-if", "yes", "if-in-progress", "max-definitions",
		"timeout", "complete-timeout", "until", "no-wait", "on-pause", "on-interrupt", "rollback-on-failure", "strict", "parallel", "on-failure", "shard"}, requestFlags...)...)
	a.flags.Add(c.Flags(), reportFlags...)
	return c
}

func (a *app) runDeploy(c *cobra.Command) error {
	switch several, err := a.several(c); {
	case err != nil:
		return err
	case several && a.settings.DryRun:
		return a.planAll(c)
	case several:
		return a.deployAll(c)
	}
	request, err := a.request(c)
	if err != nil {
		return err
	}
	if a.settings.DryRun {
		return a.plan(c, request)
	}
	if err := a.deployFlags(); err != nil {
		return err
	}
	policy := a.settings.Policy()
	if err := policy.Validate(); err != nil {
		return err
	}
	policy.Confirm = a.confirmation()
	deployer, err := a.connect(c, a.observed())
	if err != nil {
		return err
	}
	outcome, err := deployer.Run(c.Context(), request, policy)
	return status(outcome, err)
}

// deployFlags refuses flags that are only for plans.
func (a *app) deployFlags() error {
	if len(a.settings.WhatIf) > 0 {
		return &usageError{problem: "--what-if is a part of the forecast, and a deployment shows none", hint: "use it with --dry-run"}
	}
	if a.settings.ExitCode {
		return &usageError{problem: "--exit-code reports pending changes; it has no meaning for a deployment", hint: "add --dry-run, or use ecs-deploy diff"}
	}
	return a.checksRegistry("add --strict or --dry-run")
}

// checksRegistry refuses --check-registry for a command that makes no checks.
func (a *app) checksRegistry(hint string) error {
	if !a.settings.CheckRegistry || a.settings.Strict {
		return nil
	}
	return &usageError{problem: "--check-registry is a part of the checks, and this command makes none", hint: hint}
}

// request merges the settings of a command into a request, and finds what is
// wrong with it before anything is asked of AWS.
func (a *app) request(c *cobra.Command) (deploy.Request, error) {
	if err := a.prepare(c); err != nil {
		return deploy.Request{}, err
	}
	if err := a.needTarget(); err != nil {
		return deploy.Request{}, err
	}
	request, err := a.read(c.Context())
	if err != nil {
		return deploy.Request{}, err
	}
	return request, request.Validate()
}

// read reads what the settings ask for, and the files that they name, and tells what is
// worth knowing about those.
func (a *app) read(ctx context.Context) (deploy.Request, error) {
	request, err := a.settings.Request(ctx, a.streams.In)
	notes := a.settings.Notes()
	if a.settings.ShowVariables {
		for _, line := range notes.Variables {
			_, _ = fmt.Fprintln(a.streams.Err, line)
		}
	}
	if !a.settings.Quiet {
		for _, warning := range notes.Warnings {
			_, _ = fmt.Fprintln(a.streams.Err, "warning:", warning)
		}
	}
	return request, err
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
