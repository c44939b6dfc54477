package cmd

// How a command is used, with its flags under headings: a deployment has more of
// them than one list can show.

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// help writes a command's description and how it is used.
func (a *app) help(c *cobra.Command, _ []string) {
	text := strings.TrimSpace(cmp.Or(c.Long, c.Short)) + "\n\n"
	if c.Runnable() || c.HasSubCommands() {
		text += c.UsageString()
	}
	if a.streams.OutTerminal {
		width, _, _ := term.GetSize(1)
		text = report.Wrap(text, width)
	}
	_, _ = fmt.Fprint(c.OutOrStdout(), text)
}

// usage writes what help shows below a command's description.
func (a *app) usage(c *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if c.Runnable() {
		fmt.Fprintf(&b, "  %s\n", c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s [command]\n", c.CommandPath())
	}
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	for _, group := range append(c.Groups(), &cobra.Group{Title: "Commands:"}) {
		listed(&b, group.Title, c.Commands(), func(sub *cobra.Command) bool {
			return sub.GroupID == group.ID && (sub.IsAvailableCommand() || sub.Name() == "help")
		})
	}
	listed(&b, "Help topics:", c.Commands(), (*cobra.Command).IsAdditionalHelpTopicCommand)
	a.flagUsage(&b, c)
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nUse \"%s [command] --help\" for more about a command.\n", c.CommandPath())
	}
	_, err := fmt.Fprint(c.OutOrStderr(), b.String())
	return err
}

// listed lists some of the commands below a command, with what they are for.
func listed(b *strings.Builder, heading string, all []*cobra.Command, wanted func(*cobra.Command) bool) {
	for _, c := range all {
		if !wanted(c) {
			continue
		}
		if heading != "" {
			fmt.Fprintf(b, "\n%s\n", heading)
			heading = ""
		}
		fmt.Fprintf(b, "  %-*s  %s\n", c.NamePadding(), c.Name(), c.Short)
	}
}

// flags lists a command's flags under the headings of their keys, those that are
// no settings first.
func (a *app) flagUsage(b *strings.Builder, c *cobra.Command) {
	groups := map[string]*pflag.FlagSet{}
	var headings []string
	add := func(heading string, flag *pflag.Flag) {
		if groups[heading] == nil {
			groups[heading] = pflag.NewFlagSet("", pflag.ContinueOnError)
			groups[heading].SortFlags = false
			headings = append(headings, heading)
		}
		groups[heading].AddFlag(flag)
	}
	settings := a.flagsOf(c)
	c.Flags().VisitAll(func(flag *pflag.Flag) {
		if settings[flag.Name] != flag {
			add("Flags", flag)
		}
	})
	for _, key := range a.settings.Keys() {
		if flag := settings[key.Name]; flag != nil {
			add(key.Group, flag)
		}
	}
	width := 0 // a pipe is not wrapped
	if a.streams.OutTerminal {
		known, _, _ := term.GetSize(1)
		width = report.Columns(known)
	}
	for _, heading := range headings {
		fmt.Fprintf(b, "\n%s:\n%s", heading, groups[heading].FlagUsagesWrapped(width))
	}
}

// flagsOf are the flags of a command that are settings, its parents' included.
func (a *app) flagsOf(c *cobra.Command) map[string]*pflag.Flag {
	flags := map[string]*pflag.Flag{}
	for _, key := range a.settings.Keys() {
		flag := c.Flags().Lookup(key.Name)
		if flag == nil {
			flag = c.InheritedFlags().Lookup(key.Name)
		}
		if flag != nil && flag.Usage == key.Usage { // another flag may have its name
			flags[key.Name] = flag
		}
	}
	return flags
}
