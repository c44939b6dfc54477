package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// commonFlags are the flags of every command.
var commonFlags = []string{
	"region", "profile", "aws-access-key", "aws-secret-key", "assume-role", "external-id", "role-session-name", "mfa-serial",
	"max-attempts", "call-timeout", "endpoint-url", "simulate", "scenario",
	"config", "target", "output", "color", "quiet", "verbose", "debug-http",
}

const rootExample = `  # simulate a whole deployment, without an AWS account
  ecs-deploy deploy --simulate -c production1 -n doorman-service -i docker.repo.com/doorman:v2

  # deploy; the subcommand can be omitted
  ecs-deploy deploy -c production1 -n doorman-service -i docker.repo.com/doorman:v2
  ecs-deploy -c production1 -n doorman-service -i docker.repo.com/doorman:v2`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "ecs-deploy",
		Short: "Deploy a new image to Amazon ECS and find out whether it really worked",
		Long: `ecs-deploy deploys a new image to an Amazon ECS service, reports whether it really
worked, and makes rolling back easy.

Most flags can also be set by a variable ECS_DEPLOY_<FLAG_NAME> or in the file
ecs-deploy.yaml. A flag overrides the variable, and the variable overrides the file.
The file can have several targets; choose one with --target. On a terminal,
ecs-deploy without arguments offers them. To see the merged settings, use
ecs-deploy config view.`,
		Example:           rootExample,
		Args:              knownCommand,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,

		SuggestionsMinimumDistance: 2,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(a.streams.Out)
	root.SetErr(a.streams.Err)
	root.SetFlagErrorFunc(a.flagError)
	root.SetUsageFunc(a.usage)
	root.SetHelpFunc(a.help)
	a.flags.Add(root.PersistentFlags(), commonFlags...)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.AddGroup(&cobra.Group{ID: "main", Title: "Deployment commands:"}, &cobra.Group{ID: "other", Title: "Other commands:"})
	root.SetHelpCommandGroupID("other")
	root.SetCompletionCommandGroupID("other")
	for _, sub := range []*cobra.Command{a.deploy(), a.diff(), a.render(), a.wait(), a.run(), a.status(), a.tasks(), a.taskLogs(), a.exec(), a.history(), a.report(), a.continuePaused(), a.stop(), a.rollbackPreview(), a.rollback(), a.prune(), a.check(), a.iamPolicy()} {
		sub.GroupID = "main"
		root.AddCommand(sub)
	}
	for _, sub := range []*cobra.Command{a.initFile(), a.config(), a.outputSchema(), a.simulator(), a.version()} {
		sub.GroupID = "other"
		root.AddCommand(sub)
	}
	root.AddCommand(a.topics()...)
	return root
}

// withSubcommand gives the original one-command form, flags without a
// subcommand, its subcommand: deploy, and today's names to the flags of other
// programs. No arguments, help and version stay what they are.
func withSubcommand(root *cobra.Command, args []string) []string {
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return completed(root, args)
	}
	words := modern(args)
	found, _, err := root.Find(words)
	if err != nil || found != root {
		return args
	}
	switch {
	case slices.Contains(args, "--version"):
		return []string{"version"}
	case len(args) > 0 && !strings.HasPrefix(args[0], "-"): // an unknown command
		return args
	case !slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-") }):
		return args
	case len(args) == 1 && (args[0] == "-h" || args[0] == "--help"):
		return args
	}
	return append([]string{"deploy"}, words...)
}

// completed is the request to complete a command line, of which the one-command
// form is completed as deploy.
func completed(root *cobra.Command, args []string) []string {
	if len(args) < 2 || !strings.HasPrefix(args[1], "-") {
		return args
	}
	if found, _, err := root.Find(args[1:]); err != nil || found != root {
		return args
	}
	return append([]string{args[0], "deploy"}, args[1:]...)
}

func completeFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// completeScenarios reads the scenarios only when somebody asks: every start of
// the program would pay for it otherwise.
func completeScenarios(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, scenario := range ecssim.Scenarios() {
		names = append(names, cobra.CompletionWithDesc(scenario.Name, scenario.Summary))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
