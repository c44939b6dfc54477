package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

func (a *app) run() *cobra.Command {
	var container string
	c := &cobra.Command{
		Use:   "run [flags] [-- command...]",
		Short: "Run a one-off task, show its log and return how its container ended",
		Long: `Run starts a task that belongs to no service, for example a database migration. With
-n, the task gets the task definition, network, launch type, capacity providers and
tags of the service. Run follows the task, prints the lines that its containers write
to CloudWatch Logs, and ends with exit code 0 if the container ended with exit code 0,
and with 11 otherwise. The container is the one that --container names, or the only
essential one.

Edits become overrides of this run. Run registers a new revision only for edits that
overrides cannot express, such as an image; the plan names them.

Without a command, the container runs its own: that of a web server never ends. Run has
no time limit unless you set --timeout, and waits until the task ends by itself.

If nobody waits for the task any more, after Ctrl-C or --timeout, run has ECS stop it;
with --on-interrupt detach it keeps running. On a terminal, Ctrl-C asks first: Enter means
yes; after three answers that are neither yes nor no, the task keeps running.`,
		Example: `  ecs-deploy run -c production1 -n doorman-service -- bundle exec rails db:migrate
  ecs-deploy run -c production1 -n doorman-service -i docker.repo.com/doorman:v2 --pass-exit-code -- bin/check
  ecs-deploy run -c production1 -d cleanup:7 --launch-type FARGATE --subnet subnet-0123 --timeout 15m`,
		Args: afterDash,
		RunE: func(c *cobra.Command, args []string) error { return a.runRun(c, container, args) },
	}
	flags := slices.DeleteFunc(slices.Clone(definitionFlags), func(name string) bool { return name == "container" })
	a.flags.Add(c.Flags(), append(flags, "count", "started-by", "propagate-tags", "pass-exit-code", "launch-type", "platform-version",
		"subnet", "security-group", "assign-public-ip", "strict", "check-registry", "timeout", "no-wait", "on-interrupt", "show-values", "yes")...)
	a.flags.Add(c.Flags(), reportFlags...)
	c.Flags().StringVar(&container, "container", "", "`name` of the container whose exit code counts, and that runs the command (default: the only essential one)")
	c.Flags().Lookup("timeout").Usage = "`time` for the task to end (default: no limit, run waits until the task ends by itself)"
	c.Flags().Lookup("no-wait").Usage = "return as soon as ECS accepts the task"
	c.Flags().Lookup("on-interrupt").Usage = "what to do with the task after Ctrl-C, SIGTERM or --timeout, `detach|stop` (default stop)"
	return c
}

// afterDash takes arguments behind -- only: others are mostly values of a forgotten flag.
func afterDash(c *cobra.Command, args []string) error {
	dash := c.ArgsLenAtDash()
	if dash < 0 {
		dash = len(args)
	}
	if dash > 0 {
		return &usageError{problem: unexpected(c, args[0]), hint: fmt.Sprintf("put -- before the command that the container should run: %s … -- COMMAND", c.CommandPath())}
	}
	return nil
}

func (a *app) runRun(c *cobra.Command, container string, words []string) error {
	if err := a.prepare(c); err != nil {
		return err
	}
	if err := a.needTarget(); err != nil {
		return err
	}
	wanted, err := a.read(c.Context())
	if err != nil {
		return err
	}
	s := a.settings
	request := deploy.TaskRequest{
		Ref: wanted.Ref, Want: wanted.Want, Container: container, Command: words,
		StartedBy: s.StartedBy, PropagateTags: deploy.TagSource(s.PropagateTags), Launch: s.Launch,
	}
	if s.Count != nil {
		if request.Count = int(*s.Count); request.Count == 0 {
			return &usageError{problem: "--count is 0", hint: "pass --count with a number from 1 to 10"}
		}
	}
	if err := a.checksRegistry("add --strict"); err != nil {
		return err
	}
	policy, err := a.taskPolicy()
	if err != nil {
		return err
	}
	if err := request.Validate(); err != nil {
		return err
	}
	deployer, err := a.connect(c, a.observed())
	if err != nil {
		return err
	}
	outcome, err := deployer.RunTask(c.Context(), request, policy)
	if err != nil {
		return err
	}
	code := outcome.ExitCode()
	if container := outcome.ContainerExitCode; s.PassExitCode && outcome.Failed() && container != nil && *container != 0 {
		code = *container
	}
	if code != 0 {
		return exitStatus(code)
	}
	return nil
}

// taskPolicy is the policy of a one-off task that the settings ask for. on-interrupt of
// the settings file is mostly meant for deployments.
func (a *app) taskPolicy() (deploy.TaskPolicy, error) {
	s := a.settings
	policy := deploy.TaskPolicy{NoWait: s.NoWait, Strict: s.Strict, Timeout: s.Timeout, OnInterrupt: deploy.OnTaskInterrupt(s.OnInterrupt)}
	if s.OnInterrupt != "" && s.Origin("on-interrupt").Layer != config.Flag {
		policy.OnInterrupt = deploy.TaskStop
	}
	if policy.OnInterrupt == "" {
		policy.AskInterrupt = a.askInterrupt()
	}
	if a.asks() {
		policy.Confirm = func(ctx context.Context, p *deploy.TaskPlan) error {
			return a.ask(ctx, a.confirmer(), fmt.Sprintf("run this in %s?", report.Place(p.Cluster, p.Service, s.Target)))
		}
	}
	return policy, policy.Validate()
}

// askInterrupt asks what becomes of the task; nil without a terminal.
func (a *app) askInterrupt() func() deploy.OnTaskInterrupt {
	if !a.canAsk() {
		return nil
	}
	return func() deploy.OnTaskInterrupt {
		a.pause()
		_, _ = fmt.Fprintln(a.streams.Err)
		// The context of the run has ended: that is why this is asked.
		if stop, err := a.yesOrNo(context.Background(), "stop the task? [Y/n] ", true); err == nil && !stop {
			return deploy.TaskDetach
		}
		return deploy.TaskStop
	}
}
