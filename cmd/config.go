package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

func (a *app) config() *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Show the merged settings, check the settings file, or print its schema",
		Long: `The settings of a command come from flags, variables and the file ecs-deploy.yaml.
These commands show what comes of them, and ask nothing of AWS.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.configView(), a.configValidate(), a.configSchema())
	return c
}

func (a *app) configView() *cobra.Command {
	var origins bool
	form := new(viewForm)
	c := &cobra.Command{
		Use:   "view",
		Short: "Print the merged settings, and where each comes from",
		Long: `View takes the flags of all commands and prints what they come to together with
the variables and the file: type it in place of deploy to see what deploy would
be told. What is not printed is as it is built in. Credentials, and without
--show-values the values of environment variables and log options, are masked.`,
		Example: `  ecs-deploy config view --target production --origin
  ecs-deploy config view --target production -o json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runConfigView(c, form.String(), origins) },
	}
	c.Flags().BoolVar(&origins, "origin", false, "say of each value where it comes from: file:line:column, variable or flag")
	c.Flags().VarP(form, "output", "o", "form of the output (default yaml)")
	a.flags.Add(c.Flags(), a.viewed()...)
	if err := c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(viewForms, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // only for a flag that does not exist, or twice
	}
	return c
}

// viewed are the names of the keys that config view takes: those of all commands
// that are settings of a deployment, and no mere moods of a command line.
func (a *app) viewed() []string {
	names := []string{"show-values"}
	for _, key := range a.settings.Keys() {
		if key.Source != config.FlagOnly && key.Source != config.FileOnly && !slices.Contains(commonFlags, key.Name) {
			names = append(names, key.Name)
		}
	}
	return names
}

// viewForm is the form in which config view prints. Only it knows YAML.
type viewForm string

var viewForms = []string{"yaml", "json"}

var _ pflag.Value = (*viewForm)(nil)

func (f *viewForm) String() string { return string(*f) }

func (f *viewForm) Set(text string) error {
	if !slices.Contains(viewForms, text) {
		return fmt.Errorf("%q is none of %s", text, strings.Join(viewForms, ", "))
	}
	*f = viewForm(text)
	return nil
}

func (f *viewForm) Type() string { return strings.Join(viewForms, "|") }

func (a *app) runConfigView(c *cobra.Command, form string, origins bool) error {
	a.bare = true
	if err := a.prepare(c); err != nil {
		return err
	}
	view := a.settings.View(config.ViewOptions{Origins: origins, Values: a.settings.ShowValues})
	write := view.YAML
	if form == "json" || form == "" && a.output() != "" && a.output() != "text" {
		write = func() ([]byte, error) {
			text, err := json.MarshalIndent(view, "", "  ")
			return printable.JSON(append(text, '\n')), err
		}
	}
	text, err := write()
	if err != nil {
		return err
	}
	_, err = a.streams.Out.Write(text)
	return err
}

func (a *app) configValidate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check the settings file with all its targets",
		Long: `Validate reads the settings file, each of its targets, and the task definition's
files that they name, and prints every problem at once: exit code 3.`,
		Example: `  ecs-deploy config validate
  ecs-deploy config validate --config deploy/production.yaml`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runConfigValidate(c.Context()) },
	}
}

func (a *app) runConfigValidate(ctx context.Context) error {
	path, err := a.settingsFile()
	if err != nil {
		return err
	}
	if path == "" {
		return &usageError{problem: "there is no settings file", hint: "name it with --config FILE; it is looked for as " + config.FileName + " up to the repository's root"}
	}
	file, err := config.ReadFile(ctx, path, buildVersion())
	if err != nil {
		return err
	}
	if err := file.Validate(ctx); err != nil {
		return err
	}
	found := validFile{File: path, Targets: append([]string{}, file.Targets()...)}
	return a.show(report.Value(found, found.String()))
}

// validFile is a settings file without problems.
type validFile struct {
	File    string   `json:"file"`
	Targets []string `json:"targets"`
}

func (f validFile) String() string {
	targets := fmt.Sprintf("%d targets", len(f.Targets))
	if len(f.Targets) == 1 {
		targets = "1 target"
	}
	return fmt.Sprintf("%s: %s, no problems", f.File, targets)
}

func (a *app) configSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the settings file",
		Long: `Schema prints the JSON Schema (draft 2020-12) by which editors check and complete
the settings file. A first line like this tells them where it is:

  # yaml-language-server: $schema=` + config.SchemaURL,
		Example: `  ecs-deploy config schema`,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			text, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = a.streams.Out.Write(text)
			return err
		},
	}
}

// completeTargets reads the targets from the settings file, if there is one
// without problems. A name that a shell might act upon is not put into its line.
func (a *app) completeTargets(c *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	path, err := a.settingsFile()
	if err != nil || path == "" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	file, err := config.ReadFile(c.Context(), path, buildVersion())
	if err != nil {
		cobra.CompDebugln(err.Error(), false)
	}
	return slices.DeleteFunc(file.Targets(), func(name string) bool { return shell.Quote(name) != name }), cobra.ShellCompDirectiveNoFileComp
}
