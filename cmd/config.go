package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

func (a *app) config() *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Show the merged settings, check the settings file, or print its schema",
		Long:  configHelp,
		Args:  noArguments,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.configView(), a.configValidate(), a.configSchema())
	return c
}

func (a *app) configView() *cobra.Command {
	var origins bool
	form := new(viewForm)
	c := &cobra.Command{
		Use:   "view",
		Short: "Print the merged settings and where each one comes from",
		Long: `View accepts the flags of all commands, merges them with the variables and the
settings file, and prints the result: to see the settings of a deployment, replace
deploy with config view. Settings at their defaults are not printed. Credentials
are masked; so are the values of environment variables and log options, unless
you pass --show-values.`,
		Example: `  ecs-deploy config view --target production --origin
  ecs-deploy config view --target production -o json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runConfigView(c, form.String(), origins) },
	}
	c.Flags().BoolVar(&origins, "origin", false, "print where each value comes from: file:line:column, variable or flag")
	c.Flags().VarP(form, "output", "o", "output format (default yaml)")
	a.flags.Add(c.Flags(), a.viewed()...)
	if err := c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(viewForms, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // only for a flag that does not exist, or twice
	}
	return c
}

// viewed are the names of the keys that config view takes: those of all commands
// that are settings of a deployment, and not about one invocation.
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
		return fmt.Errorf("%q is not one of %s", text, strings.Join(viewForms, ", "))
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
		Short: "Check the settings file and all its targets",
		Long: `Validate reads the settings file with all its targets, and the task definition
files and env-files that they name. It prints all problems together and exits with
code 3. It warns about targets whose AWS region is not known.`,
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
		return &usageError{problem: "no settings file found", hint: "pass it with --config FILE, or create " + config.FileName + " in this folder or above it, up to the root of the repository"}
	}
	file, err := config.ReadFile(ctx, path, buildVersion())
	if err != nil {
		return err
	}
	if err := file.Validate(ctx); err != nil {
		return err
	}
	if unknown := withoutRegion(ctx, file); len(unknown) > 0 {
		a.tell("warning: the AWS region is not known for %s: set region in the file, or AWS_REGION, or a profile with a region\n", strings.Join(unknown, ", "))
	}
	found := validFile{File: path, Targets: append([]string{}, file.Targets()...)}
	return a.show(report.Value(found, found.String()))
}

// withoutRegion are the targets for which neither the file nor the environment and
// the profile of this machine give a region.
func withoutRegion(ctx context.Context, file config.File) []string {
	var unknown []string
	ofProfile := map[string]string{}
	for _, target := range file.Targets() {
		s, err := file.Settings(target)
		if err != nil || s.Region != "" || hasRegion(s.Cluster, s.Service, s.TaskDefinition) {
			continue
		}
		region, known := ofProfile[s.Profile]
		if !known {
			if cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithSharedConfigProfile(s.Profile)); err == nil {
				region = cfg.Region
			}
			ofProfile[s.Profile] = region
		}
		if region == "" {
			unknown = append(unknown, "target "+target)
		}
	}
	return unknown
}

// hasRegion reports whether one of some names is an ARN, which has the region.
func hasRegion(names ...string) bool { return slices.ContainsFunc(names, arn.Is) }

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
		Long: `Schema prints the JSON Schema (draft 2020-12) that editors use to check and
complete the settings file. To tell your editor about it, begin the file with:

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
	return slices.DeleteFunc(append(file.Targets(), file.Groups()...), func(name string) bool { return shell.Quote(name) != name }), cobra.ShellCompDirectiveNoFileComp
}
