package cmd

import (
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

const (
	// sessionPlugin is the program of AWS that opens sessions.
	sessionPlugin = "session-manager-plugin"
	// installPlugin says how to get it.
	installPlugin = "install it: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
)

func (a *app) exec() *cobra.Command {
	var container string
	c := &cobra.Command{
		Use:   "exec [flags] -- command...",
		Short: "Run a command in a running container of a service",
		Long: `Exec runs a command in a container of a running task, interactively. It needs AWS's
session-manager-plugin on this machine, and a service with enableExecuteCommand whose
task role allows ssmmessages. If one of them is missing, exec says which.`,
		Example: `  ecs-deploy exec -c production1 -n doorman-service -- sh
  ecs-deploy exec -c production1 -n doorman-service --task 8ec23ba7 --container doorman -- bin/console`,
		Args: afterDash,
		RunE: func(c *cobra.Command, args []string) error { return a.runExec(c, container, args) },
	}
	a.flags.Add(c.Flags(), "cluster", "service-name", "task")
	c.Flags().StringVar(&container, "container", "", "`name` of the container (default: the only essential one)")
	return c
}

func (a *app) runExec(c *cobra.Command, container string, words []string) error {
	if err := a.needService(c); err != nil {
		return err
	}
	plugin, err := exec.LookPath(sessionPlugin)
	if err != nil && !a.settings.Simulated() {
		return &usageError{problem: sessionPlugin + " is not installed", hint: installPlugin}
	}
	deployer, err := a.connect(c, a.observed())
	if err != nil {
		return err
	}
	session, err := deployer.Execute(c.Context(), deploy.ExecRequest{Ref: a.settings.Ref(), Task: a.settings.Task, Container: container, Command: words})
	if err != nil {
		return err
	}
	if a.settings.Simulated() {
		a.tell("ECS would open a session in container %s of task %s; the simulator opens none\n", session.Container, session.Task)
		return nil
	}
	return a.openSession(c.Context(), plugin, session)
}
