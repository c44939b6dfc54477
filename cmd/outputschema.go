package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// outputSchemas are the schemas of the output, by the argument that chooses one.
var outputSchemas = map[string]func() ([]byte, error){
	"events": report.EventsSchema,
	"results": func() ([]byte, error) {
		return report.ResultsSchema(
			report.ResultForm{Name: "validation-result", Commands: "config validate", Value: validFile{}},
			report.ResultForm{Name: "scenarios-result", Commands: "simulator scenarios", Value: []ecssim.Scenario{}},
			report.ResultForm{Name: "page-result", Commands: "report", Value: writtenPage{}},
			report.ResultForm{Name: "version-result", Commands: "version", Value: versionInfo{}},
		)
	},
}

func (a *app) outputSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "output-schema [events|results]",
		Short: "Print the JSON Schema of what -o json and -o ndjson print",
		Long: `Output-schema prints a JSON Schema (draft 2020-12). Events, the default, describes
each line of -o ndjson, and the outcome that -o json prints. Results describes what
commands such as status and history print with -o json.

The schema is that of this version of ecs-deploy, and needs no network. The page
docs/output.md says what its version number promises.`,
		Example: `  ecs-deploy output-schema > events.schema.json
  ecs-deploy output-schema results`,
		ValidArgs: []cobra.Completion{"events", "results"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && outputSchemas[args[0]] == nil {
				return &usageError{problem: "unknown schema", hint: "pass events or results"}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := outputSchemas[append(args, "events")[0]]()
			if err != nil {
				return fmt.Errorf("printing the schema: %w", err)
			}
			_, err = a.streams.Out.Write(text)
			return err
		},
	}
}
