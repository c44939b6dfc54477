package cmd

// ecs-deploy alone, on a terminal, in a folder with a settings file: it offers the targets
// of the file, and deploys the one that is chosen as if its command had been typed.

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

// offerFlags are the flags with which targets are offered, too: so that the offer can be
// tried in the simulator. They choose no target, and change nothing of a deployment.
var offerFlags = []string{"simulate", "scenario", "config", "color", "progress"}

// offer is the command line to run in the place of an empty one: that of a chosen target,
// or a.args if nothing can be chosen. Whoever chooses is asked before anything changes.
func (a *app) offer(ctx context.Context, args []string) ([]string, error) {
	names := a.offered(ctx, args)
	if len(names) == 0 {
		return a.args, nil
	}
	_, _ = fmt.Fprintf(a.streams.Err, "targets of %s:\n", a.file.Path)
	for i, name := range names {
		line := fmt.Sprintf("%3d  %s", i+1, name)
		if i >= len(a.file.Targets()) {
			if members, err := a.file.Select([]string{name}); err == nil {
				line += ": " + strings.Join(members.Targets, ", ")
			}
		}
		_, _ = fmt.Fprintln(a.streams.Err, printable.Line(line))
	}
	for {
		answer, err := a.answer(ctx, "deploy which one (number or name; Enter for none)? ")
		if err != nil {
			return nil, err
		}
		if answer == "" {
			_, _ = fmt.Fprintln(a.streams.Err, "nothing was chosen, and nothing was changed; see ecs-deploy --help")
			return nil, exitStatus(0)
		}
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(names) {
			answer = names[n-1]
		}
		if _, err := a.file.Select([]string{answer}); err != nil {
			failure := a.failure(err)
			failure.Hint = "type a number or a name"
			if like := config.Nearest(answer, names); like != "" {
				failure.Hint = fmt.Sprintf("did you mean %s?", like)
			}
			a.onErr().Fail(failure)
			continue
		}
		chosen := append([]string{"deploy", "--target", answer}, args...)
		_, _ = fmt.Fprintln(a.streams.Err, printable.Line(shell.Join(append([]string{"ecs-deploy"}, chosen...)...)))
		a.chosen = true
		return chosen, nil
	}
}

// offered are the targets and groups that can be chosen: none with other arguments, without a
// person at a terminal, without a settings file that has targets, or if a target is set.
func (a *app) offered(ctx context.Context, args []string) []string {
	where := config.ReadSurroundings(os.Environ())
	given, ok := offersWith(args)
	if !ok || !a.canAsk() || !a.streams.OutTerminal || where.CI || a.forPrograms() || os.Getenv(config.EnvPrefix+"TARGET") != "" {
		return nil
	}
	a.settings.Config = given.Config
	path, err := a.settingsFile()
	if err != nil || path == "" {
		return nil
	}
	if a.file, err = config.ReadFile(ctx, path, buildVersion()); err != nil {
		return nil // help is always there; every command says what is wrong with the file
	}
	targets := a.file.Targets()
	if len(targets) == 0 {
		return nil
	}
	return append(targets, a.file.Groups()...)
}

// offersWith are the settings of a command line that has nothing but offerFlags.
func offersWith(args []string) (*config.Settings, bool) {
	var flags config.Flags
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SetOutput(io.Discard)
	flags.Add(set, offerFlags...)
	err := set.Parse(args)
	return flags.Settings(), err == nil && set.NArg() == 0
}
