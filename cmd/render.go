package cmd

import (
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

func (a *app) render() *cobra.Command {
	c := &cobra.Command{
		Use:   "render",
		Short: "Print the task definition exactly as it would be registered",
		Long: `Render prints the input of RegisterTaskDefinition, as JSON, that a deployment with
the same flags would register. With --task-definition-file it needs neither AWS
nor credentials. Environment values are printed in clear: that is its purpose.`,
		Example: `  ecs-deploy render -c production1 -n doorman-service -i docker.repo.com/doorman:v2
  ecs-deploy render --task-definition-file doorman.json -i docker.repo.com/doorman:v2`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runRender(c) },
	}
	a.settings.AddFlags(c.Flags(), requestFlags...)
	return c
}

func (a *app) runRender(c *cobra.Command) error {
	a.bare = true
	if err := a.prepare(c); err != nil {
		return err
	}
	request, err := a.settings.Request()
	if err != nil {
		return err
	}
	deployer := deploy.New(nil) // a definition from a file needs no ECS
	if request.Definition.IsZero() {
		if deployer, err = a.connect(c); err != nil {
			return err
		}
	}
	definition, err := deployer.Render(c.Context(), request)
	if err != nil {
		return err
	}
	text, err := definition.Indented()
	if err != nil {
		return err
	}
	_, err = a.streams.Out.Write(text)
	return err
}
