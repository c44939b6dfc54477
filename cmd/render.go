package cmd

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

func (a *app) render() *cobra.Command {
	c := &cobra.Command{
		Use:   "render",
		Short: "Print the task definition exactly as it would be registered",
		Long: `Render prints, as JSON, the input of RegisterTaskDefinition for a deployment with
the same flags. With --task-definition-file it needs neither AWS nor credentials.
With -d FAMILY:REVISION it needs no service. It prints the values of environment
variables in clear text.`,
		Example: `  ecs-deploy render -c production1 -n doorman-service -i docker.repo.com/doorman:v2
  ecs-deploy render --task-definition-file doorman.json -i docker.repo.com/doorman:v2
  ecs-deploy render --task-definition-file doorman.yaml --env LOG_LEVEL=debug --cpu 512 --memory 1024`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runRender(c) },
	}
	a.flags.Add(c.Flags(), append([]string{"output-dir", "shard"}, definitionFlags...)...)
	return c
}

func (a *app) runRender(c *cobra.Command) error {
	a.bare = true
	if several, err := a.several(c); err != nil {
		return err
	} else if several {
		return a.renderAll(c)
	}
	if a.settings.OutputDir != "" {
		return &usageError{problem: "--output-dir writes the definitions of several targets, and one is chosen", hint: "redirect standard output to a file"}
	}
	if err := a.prepare(c); err != nil {
		return err
	}
	request, err := a.read(c.Context())
	if err != nil {
		return err
	}
	text, err := a.rendered(c, request)
	if err != nil {
		return err
	}
	if _, err = a.streams.Out.Write(printable.JSON(text)); err != nil { // the same JSON, whatever looks at it
		return err
	}
	if !a.settings.Quiet && (bytes.Contains(text, []byte("${")) || bytes.Contains(text, []byte("$$"))) {
		_, _ = fmt.Fprintln(a.streams.Err, "note: the output contains ${ or $$; to deploy it from a file, pass --no-variables with --task-definition-file")
	}
	return nil
}

// rendered is the text of the definition that a request would register. Without need,
// AWS is not asked, and no credentials are looked for.
func (a *app) rendered(c *cobra.Command, request deploy.Request) ([]byte, error) {
	return a.renderedBy(c, request, func() (*deploy.Deployer, error) {
		if err := a.needTarget(); err != nil && request.Definition.IsZero() {
			return nil, err
		}
		return a.connect(c)
	})
}

// renderedBy is rendered with a deployer that connect makes.
func (a *app) renderedBy(c *cobra.Command, request deploy.Request, connect func() (*deploy.Deployer, error)) ([]byte, error) {
	if !request.NeedsAWS() {
		definition, err := request.Offline(request.Definition)
		if err != nil {
			return nil, err
		}
		return definition.Indented()
	}
	deployer, err := connect()
	if err != nil {
		return nil, err
	}
	definition, err := deployer.Render(c.Context(), request.Ref, request.Want)
	if err != nil {
		return nil, err
	}
	return definition.Indented()
}
