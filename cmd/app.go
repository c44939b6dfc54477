// Package cmd is the command line of ecs-deploy: a file per subcommand, each of
// which turns flags into one call of package deploy and hands what comes back to
// a renderer. It decides nothing about deployments.
package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// Streams are where a command reads and writes.
type Streams struct {
	// In is standard input; nil is an empty one.
	In io.Reader
	// Out takes results, Err everything else.
	Out, Err io.Writer
	// InTerminal tells whether a person types, OutTerminal and ErrTerminal
	// whether one looks at them.
	InTerminal, OutTerminal, ErrTerminal bool
}

// System are the streams of the process. From then on, a broken pipe is a write error, and
// does not end the process: a deployment continues even if nobody reads its output.
func System() Streams {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return Streams{
		In: os.Stdin, Out: standardOutput(), Err: os.Stderr,
		InTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())), ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// app is one invocation of the program.
type app struct {
	streams  Streams
	flags    *config.Flags
	settings *config.Settings // what the flags say alone, until resolve merges all layers
	renderer report.Renderer
	raw      io.Writer    // standard error as it is
	clock    deploy.Clock // of the simulator; nil without it
	jobFiles []*jobFile   // of the CI job that runs the program
	cleanup  []func() error
	// notifications are those to send when the command ends; nil if there are none.
	notifications *notifications
	args          []string
	fromFile      bool // a settings file was read
	looked        bool // for one
	file          config.File
	targets       []string // its targets
	warned        bool     // of variables that have no effect
	chosen        bool     // the target was chosen at a terminal, and nothing else was typed
	bare          bool     // standard output is not for reports, but for the thing itself
	page          string   // where the page of the rollout is written
	calls         *callCounts
	named         demoNames
	members       []*app // of a run of several targets, one each
	// arnRegion is the region by the settings or by an ARN among them.
	arnRegion said
}

// Main runs the program with the given arguments and returns its exit code. A
// cancelled context is an interruption: the command ends in good order.
func Main(ctx context.Context, args []string, streams Streams) int {
	out := &results{out: streams.Out}
	raw := streams.Err
	streams.Out, streams.Err = out, printable.NewWriter(raw)
	a := newApp(streams)
	a.raw = raw
	defer a.pause() // whatever happens: the terminal is as it was
	root := a.root()
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		a.completeFlags(root)
		withoutBackQuotes(root)
	}
	root.InitDefaultHelpCmd() // cobra adds them later, when it is decided what is a subcommand
	root.InitDefaultCompletionCmd()
	completeAnywhere(root)
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Args, c.ValidArgsFunction = helpTopics, completeHelp
		}
		if c.Name() == "completion" { // cobra's own words would repeat an argument
			for _, shell := range c.Commands() {
				shell.Args = noArguments
			}
		}
	}
	a.args = withSubcommand(root, args)
	ran, err := root, cmp.Or(unknownCommand(root, a.args), singleDash(root, a.args), spread(root, a.args))
	if err == nil {
		a.args, err = a.offer(ctx, args)
	}
	if err == nil {
		if found, _, _ := root.Find(a.args); found != nil {
			eachOnce(found)
		}
		root.SetArgs(a.args)
		ran, err = root.ExecuteContextC(ctx)
	}
	for _, clean := range a.cleanup {
		err = errors.Join(err, clean())
	}
	err = out.explain(err)
	if out.unread(err, ran.Name()) {
		return brokenPipe
	}
	code := a.finish(err)
	a.pause()
	a.writePage()
	a.warnOfJobFiles()
	a.notify(ctx, code)
	var said *outputError
	if out.err != nil && !errors.As(err, &said) {
		_, _ = fmt.Fprintf(a.streams.Err, "warning: standard output cannot be written: %s; the result is not shown, and the exit code is %d\n", out.reason(), code)
	}
	return code
}

// output is the output format that the arguments or the environment select, even if the other
// arguments are invalid, or the command reads no other settings: an error should have the
// selected format.
func (a *app) output() string {
	asks := slices.ContainsFunc(a.args, func(arg string) bool { return strings.HasPrefix(arg, "-") })
	if a.settings.Output != "" || !asks && os.Getenv(config.EnvPrefix+"OUTPUT") == "" {
		return a.settings.Output
	}
	var flags config.Flags
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.ParseErrorsAllowlist.UnknownFlags = true
	set.SetOutput(io.Discard)
	flags.Add(set, "output")
	_ = set.Parse(a.args) // errors are reported by the real parse
	if s, err := config.Resolve(flags.Given(set), os.Environ(), config.File{}, ""); err == nil {
		a.settings.Output = s.Output
	}
	return a.settings.Output
}

// New is the root command on the given streams, for programs that generate
// documentation from it.
func New(streams Streams) *cobra.Command {
	a := newApp(streams)
	root := a.root()
	a.completeFlags(root)
	return root
}

func newApp(streams Streams) *app {
	flags := new(config.Flags)
	return &app{streams: streams, flags: flags, settings: flags.Settings(), calls: new(callCounts)}
}

// prepare reads the settings file, and resolves the settings of a command about one
// target, or none.
func (a *app) prepare(c *cobra.Command) error {
	chosen, err := a.choose(c)
	if err != nil {
		return err
	}
	if chosen.Several {
		return &usageError{problem: fmt.Sprintf("%s takes one target, not several: %s", c.CommandPath(), strings.Join(chosen.Targets, ", ")), hint: "pass --target with one of them"}
	}
	if err := a.resolve(c, strings.Join(chosen.Targets, "")); err != nil {
		return err
	}
	if a.settings.Shard != "" {
		return &usageError{problem: "--shard takes a share of several targets, and no several are chosen", hint: "pass --target with a group, a pattern or a list of targets"}
	}
	return a.prepareNotifications(c, a.settings)
}

// choose reads the settings file, if it was not read before, and finds the chosen
// targets.
func (a *app) choose(c *cobra.Command) (config.Selection, error) {
	if !a.looked {
		path, err := a.settingsFile()
		if err != nil {
			return config.Selection{}, err
		}
		if path != "" {
			if a.file, err = config.ReadFile(c.Context(), path, buildVersion()); err != nil {
				return config.Selection{}, err
			}
			a.fromFile = true
		}
		a.looked, a.targets = true, a.file.Targets()
	}
	return a.file.Select(a.flags.Given(c.Flags()).Targets(os.Environ()))
}

// needTarget is an error if no service is set and the settings file has targets: one of them
// was meant.
func (a *app) needTarget() error {
	s := a.settings
	if len(a.targets) == 0 || s.Target != "" || s.Service != "" || s.TaskDefinition != "" || s.Deployment != "" {
		return nil
	}
	return &usageError{problem: "neither a target nor a service is set", hint: "pass --target NAME with one of: " + strings.Join(a.targets, ", ")}
}

// resolve merges all layers of settings of a target into the flags of a command.
func (a *app) resolve(c *cobra.Command, target string) error {
	settings, err := config.Resolve(a.flags.Given(c.Flags()), os.Environ(), a.file, target)
	if err != nil {
		return err
	}
	a.settings = settings
	if !a.settings.Quiet {
		if !a.warned {
			for _, warning := range config.Warnings(os.Environ()) {
				_, _ = fmt.Fprintln(a.streams.Err, "warning:", warning)
			}
			a.warned = true
		}
		if variables := a.settings.Overridden(); len(variables) > 0 {
			_, _ = fmt.Fprintf(a.streams.Err, "variables that override target %s: %s\n", a.settings.Target, strings.Join(variables, ", "))
		}
		if left := a.settings.LeftOut(); len(left) > 0 {
			_, _ = fmt.Fprintf(a.streams.Err, "deploying %s unchanged; ignoring %s from the settings file and variables\n", a.settings.TaskDefinition, strings.Join(left, ", "))
		}
		if kept := a.settings.Kept(); len(kept) > 0 {
			_, _ = fmt.Fprintf(a.streams.Err, "keeping the running task definition; ignoring %s from the settings file, because the flags ask only for a count, a limit or a restart\n", strings.Join(kept, ", "))
		}
	}
	if err := cmp.Or(a.checkPage(c), a.locate()); err != nil {
		return err
	}
	if a.settings.Simulated() {
		a.nameDemo()
	}
	return nil
}

// noFile, as the settings file, is none.
const noFile = "none"

// settingsFile is the path of the settings file: named by flag or variable, or
// else found from the working directory upwards; "" for none.
func (a *app) settingsFile() (string, error) {
	switch path := cmp.Or(a.settings.Config, os.Getenv(config.EnvPrefix+"CONFIG")); path {
	case "":
	case noFile:
		return "", nil
	default:
		return path, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	path, err := config.Find(dir)
	if err != nil {
		return "", err
	}
	if relative, err := filepath.Rel(dir, path); path != "" && err == nil {
		return relative, nil
	}
	return path, nil
}

// reporter makes the renderer of the invocation.
func (a *app) reporter() report.Renderer {
	if a.renderer == nil {
		a.renderer = report.New(a.output(), a.reportOptions())
	}
	return a.renderer
}

// pause takes the live region from the terminal, for somebody else who writes there.
func (a *app) pause() {
	if a.renderer != nil {
		a.renderer.Pause()
	}
}

// forPrograms reports whether standard output is only for results that programs read.
func (a *app) forPrograms() bool { return report.FormatOf(a.output()).ForPrograms }

// onErr is a renderer that shows everything on standard error, to people.
func (a *app) onErr() report.Renderer {
	colored := a.colored(a.streams.ErrTerminal)
	return report.New("text", report.Options{
		Out: a.streams.Err, Err: a.streams.Err, Raw: a.raw, OutTerminal: a.streams.ErrTerminal, OutColor: colored, ErrColor: colored,
	})
}

// tell says something that is neither a result nor an error.
func (a *app) tell(format string, args ...any) {
	if !a.settings.Quiet {
		_, _ = fmt.Fprintf(a.streams.Err, format, args...)
	}
}

// colored decides whether a stream is coloured.
func (a *app) colored(terminal bool) bool {
	return config.Colored(a.settings.Color, terminal)
}
