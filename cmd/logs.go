package cmd

import (
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

func (a *app) taskLogs() *cobra.Command {
	var container string
	c := &cobra.Command{
		Use:   "logs",
		Short: "Print what the tasks of a service write to CloudWatch Logs",
		Long: `Logs prints the logs of all tasks of a service, also of those that stopped within about
an hour, merged in the order of time. Each line begins with the first 8 characters of the
id of its task, and with the name of its container if the task has several.

With -f, it prints new lines, also of new tasks, until you press Ctrl-C. With --task, it
prints the log of one task, and -f ends when that task has stopped. Logs reads containers
with the log driver awslogs, and says which ones have another.`,
		Example: `  ecs-deploy logs -c production1 -n doorman-service -f
  ecs-deploy logs -c production1 -n doorman-service --since 10m --container doorman`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runLogs(c, container) },
	}
	a.flags.Add(c.Flags(), "cluster", "service-name", "task", "since", "follow")
	c.Flags().StringVar(&container, "container", "", "`name` of the container to read (default: all)")
	return c
}

func (a *app) runLogs(c *cobra.Command, container string) error {
	deployer, err := a.service(c, a.observed())
	if err != nil {
		return err
	}
	s := a.settings
	if a.output() == "json" {
		return &usageError{problem: "a log is no single object", hint: "pass -o ndjson, which prints an object for each line"}
	}
	return deployer.Logs(c.Context(), deploy.LogRequest{Ref: s.Ref(), Task: s.Task, Container: container, Since: s.Since, Follow: s.Follow})
}

func (a *app) tasks() *cobra.Command {
	c := &cobra.Command{
		Use:   "tasks",
		Short: "List the tasks of a service",
		Long: `Tasks lists the tasks of a service, the newest first: id, revision, state, health, age
and availability zone. With --stopped, it lists the tasks that stopped within about an
hour, with the reason; ECS does not remember them longer.`,
		Example: `  ecs-deploy tasks -c production1 -n doorman-service
  ecs-deploy tasks -c production1 -n doorman-service --stopped`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runTasks(c) },
	}
	a.flags.Add(c.Flags(), "cluster", "service-name", "stopped")
	return c
}

func (a *app) runTasks(c *cobra.Command) error {
	deployer, err := a.service(c)
	if err != nil {
		return err
	}
	list, err := deployer.Tasks(c.Context(), a.settings.Ref(), a.settings.Stopped)
	if err != nil {
		return err
	}
	return a.show(report.Tasks(list))
}
