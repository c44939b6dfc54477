package cmd

// Suggestions for unknown commands and flags. The value of a mistyped flag may be a secret,
// and is never shown.

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
)

// otherCommands are what other programs call a command of ours.
var otherCommands = map[string]string{
	"update": "deploy", "apply": "deploy", "release": "deploy", "up": "deploy", "scale": "deploy",
	"plan": "diff", "verify": "diff", "describe": "status", "info": "status", "ps": "status", "show": "status",
	"register": "render", "deregister": "prune",
}

// otherFlags are what other programs call a flag of ours.
var otherFlags = map[string]string{
	"service": "service-name", "name": "service-name", "cluster-name": "cluster", "cluster-arn": "cluster",
	"images": "image", "image-uri": "image", "image-tag": "tag", "container-name": "container",
	"taskdef": "task-definition", "task-def": "task-definition", "family": "task-definition", "task-definition-json": "task-definition-file",
	"access-key": "aws-access-key", "access-key-id": "aws-access-key", "aws-access-key-id": "aws-access-key",
	"secret-key": "aws-secret-key", "secret-access-key": "aws-secret-key", "aws-secret-access-key": "aws-secret-key",
	"aws-region": "region", "aws-profile": "profile", "role-arn": "assume-role", "endpoint": "endpoint-url",
	"task-cpu": "cpu", "task-memory": "memory", "environment": "env", "environment-variables": "env", "env-var": "env",
	"count": "desired-count", "desired": "desired-count", "tasks": "desired-count",
	"minimum-healthy-percent": "min", "maximum-percent": "max", "grace-period": "health-check-grace-period", "force": "force-new-deployment", "rollback": "rollback-on-failure",
	"deregister": "max-definitions", "wait-timeout": "complete-timeout", "debug": "verbose", "format": "output",
}

// unknownCommand refuses a word in the place of a command that is none, before the
// flags behind it are looked at: they are those of a command.
func unknownCommand(root *cobra.Command, args []string) error {
	found, rest, err := root.Find(args)
	if err != nil || len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) ||
		!found.HasSubCommands() || len(rest) == 0 || strings.HasPrefix(rest[0], "-") {
		return nil // as it should be, or cobra's business
	}
	return knownCommand(found, rest)
}

// singleDash refuses a long flag behind one dash: -cluster would be -c with the value
// "luster".
func singleDash(root *cobra.Command, args []string) error {
	found, rest, err := root.Find(args)
	if err != nil || len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return nil
	}
	for i, arg := range rest {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if !strings.HasPrefix(arg, "-") || len(name) < 2 || found.Flag(name) == nil || i > 0 && takesValue(found, rest[i-1]) {
			continue
		}
		return &usageError{problem: "unknown flag: -" + name, hint: "did you mean --" + name + "?"}
	}
	return nil
}

// takesValue reports whether the value of a flag is the next argument.
func takesValue(c *cobra.Command, arg string) bool {
	flag := c.Flag(strings.TrimPrefix(arg, "--"))
	if letters := strings.TrimPrefix(arg, "-"); len(letters) == 1 && letters != arg {
		if flag = c.Flags().ShorthandLookup(letters); flag == nil {
			flag = c.InheritedFlags().ShorthandLookup(letters)
		}
	}
	return strings.HasPrefix(arg, "-") && flag != nil && flag.NoOptDefVal == ""
}

// knownCommand refuses words that are no subcommand.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := fmt.Sprintf("see %s --help", c.CommandPath())
	if like := likeCommand(c, args[0]); like != "" {
		hint = "did you mean " + like + "?"
	}
	return &usageError{problem: unknownWord(args[0]), hint: hint}
}

// likeCommand are the commands that were probably meant by a word; "" for none.
func likeCommand(c *cobra.Command, word string) string {
	c.SuggestionsMinimumDistance = 2
	like := c.SuggestionsFor(word)
	if ours := otherCommands[strings.ToLower(word)]; len(like) == 0 && ours != "" && !c.HasParent() {
		like = []string{ours}
	}
	for i := range like {
		like[i] = c.CommandPath() + " " + like[i]
	}
	return strings.Join(like, " or ")
}

// noArguments refuses arguments, which are mostly values of a forgotten flag.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &usageError{problem: unexpected(c, args[0]), hint: withFlag(c, args)}
}

// withFlag is the hint about arguments of a command that takes none.
func withFlag(c *cobra.Command, args []string) string {
	like := ""
	if c.HasParent() && len(args[0]) > 1 { // many commands begin with a letter
		like = likeCommand(c.Parent(), args[0])
	}
	switch extension := filepath.Ext(args[0]); {
	case like != "":
		return "put the command first: " + like
	case c.Name() == "validate" || c.Flag("config") != nil && (extension == ".yaml" || extension == ".yml"):
		return "pass a settings file with --config FILE"
	case len(args) == 2 && c.Flag("service-name") != nil:
		return "if they are the cluster and the service, pass -c CLUSTER -n SERVICE"
	}
	return fmt.Sprintf("put a flag before it; see %s --help", c.CommandPath())
}

// helpTopics refuses what there is no help about.
func helpTopics(c *cobra.Command, args []string) error {
	found, rest, err := c.Root().Find(args)
	if err == nil && len(rest) == 0 {
		return nil
	}
	if err != nil {
		found, rest = c.Root(), args
	}
	path := strings.Fields(found.CommandPath())
	problem := unknownWord(rest[0])
	if couldBeCommand(rest[0]) {
		problem = fmt.Sprintf("no help for %q", strings.Join(append(path[1:len(path):len(path)], rest[0]), " "))
	}
	hint := fmt.Sprintf("see %s --help", found.CommandPath())
	var all []string // the topics, too
	for _, sub := range found.Commands() {
		all = append(all, sub.Name())
	}
	if like := config.Nearest(rest[0], all); like != "" {
		hint = fmt.Sprintf("did you mean %s?", strings.Join(slices.Concat(path[:1], []string{"help"}, path[1:], []string{like}), " "))
	}
	return &usageError{problem: problem, hint: hint}
}

// completeHelp completes what there is help about: commands and topics.
func completeHelp(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	found, rest, err := c.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var all []cobra.Completion
	for _, sub := range found.Commands() {
		if (sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand()) && strings.HasPrefix(sub.Name(), word) {
			all = append(all, cobra.CompletionWithDesc(sub.Name(), sub.Short))
		}
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

// flagError says what is wrong with the flags: of unknown ones all at once, with
// what was probably meant, or how another program's is said here.
func (a *app) flagError(c *cobra.Command, err error) error {
	if invalid, given := new(pflag.InvalidValueError), new(twiceError); errors.As(err, &invalid) && errors.As(invalid.Unwrap(), &given) {
		return twice(invalid.GetFlag(), given)
	}
	see := fmt.Sprintf("see %s --help", c.CommandPath())
	failure := &usageError{problem: flagProblem(err), hint: see}
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var given *twiceError
	switch {
	case errors.As(err, &invalid) && errors.As(invalid.Unwrap(), &given):
		return twice(invalid.GetFlag(), given)
	case errors.As(err, &unknown):
		names := unknownFlags(c.Flags(), a.args)
		failure.problem = "unknown flag: " + strings.Join(names, ", ")
		if len(names) > 1 {
			failure.problem = strings.Replace(failure.problem, "flag", "flags", 1)
		}
		failure.hint = meant(c.Flags(), names, see)
	case errors.As(err, &invalid): // -to is taken as -t with the value "o"
		name, _, _ := strings.Cut("-"+invalid.GetFlag().Shorthand+invalid.GetValue(), "=")
		if old, ok := legacy(name); ok {
			failure = &usageError{problem: "unknown flag: " + name, hint: old.hint()}
		}
	}
	return failure
}

// unknownFlags are the names of the flags among arguments that a flag set does not
// have, once each, as they are typed.
func unknownFlags(flags *pflag.FlagSet, args []string) []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		arg := args[i]
		var flag *pflag.Flag
		attached := false // the value is part of the argument
		if long, ok := strings.CutPrefix(arg, "--"); ok {
			var name string
			name, _, attached = strings.Cut(long, "=")
			if flag = flags.Lookup(name); flag == nil && name != "help" {
				add("--" + name)
			}
		} else if letters := strings.TrimPrefix(arg, "-"); letters != arg {
			for at, letter := range letters {
				if flag = flags.ShorthandLookup(string(letter)); flag == nil && letter != 'h' {
					add("-" + string(letter))
					break
				}
				if attached = at+len(string(letter)) < len(letters); flag != nil && flag.NoOptDefVal == "" {
					break
				}
			}
		}
		if flag != nil && flag.NoOptDefVal == "" && !attached {
			i++ // its value
		}
	}
	return names
}

// meant is the hint about unknown flags; see is where all flags are found.
func meant(flags *pflag.FlagSet, names []string, see string) string {
	var like, say []string
	left := false
	for _, name := range names {
		if old, ok := legacy(name); ok {
			if hint := old.hint(); !slices.Contains(say, hint) {
				say = append(say, hint)
			}
			continue
		}
		ours := likeFlag(flags, strings.TrimPrefix(name, "--"))
		switch {
		case ours == "":
			left = true
		case len(names) == 1:
			like = append(like, ours)
		default:
			like = append(like, ours+" for "+name)
		}
	}
	if len(like) > 0 {
		say = append([]string{"did you mean " + strings.Join(like, ", ") + "?"}, say...)
	}
	if left {
		say = append(say, see)
	}
	return strings.Join(say, "; ")
}

// likeFlag is the flag of a set that was probably meant by a name; "" for none.
func likeFlag(flags *pflag.FlagSet, name string) string {
	if ours := otherFlags[strings.ToLower(name)]; ours != "" && flags.Lookup(ours) != nil {
		return "--" + ours
	}
	var all []string
	flags.VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
	if like := config.Nearest(name, all); like != "" && len(name) > 1 {
		return "--" + like
	}
	return ""
}
