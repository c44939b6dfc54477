package cmd

// The files by which a run tells later steps of its CI job how it ended.

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// reportFlags say how a command that follows something reports.
var reportFlags = []string{"progress", "dotenv", "report", "notify", "notify-env-var"}

// reportOptions are how and where the invocation reports.
func (a *app) reportOptions() report.Options {
	where := config.ReadSurroundings(os.Environ())
	options := report.Options{
		Out: a.streams.Out, Err: a.streams.Err, OutColor: a.colored(a.streams.OutTerminal), ErrColor: a.colored(a.streams.ErrTerminal),
		Raw: a.raw, Term: where.Term, OutTerminal: a.streams.OutTerminal, Now: a.now,
		Quiet: a.settings.Quiet, Version: buildVersion(), Simulated: a.settings.ScenarioName(), Target: a.settings.Target, Command: a.command, Calls: a.calls.all,
		Summary: a.jobFile("the job summary", where.Summary, false), Outputs: a.jobFile("the outputs of the step", where.Outputs, false),
		Dotenv: a.jobFile("the dotenv file", a.settings.Dotenv, true),
	}
	if a.notifications != nil {
		options.Record = &a.notifications.record
	}
	if !a.streams.ErrTerminal {
		options.CI = report.CI(where.System)
	}
	switch where.Progress(a.settings.Progress, a.streams.ErrTerminal) {
	case config.ProgressLive:
		if !a.settings.Verbose && !a.settings.DebugHTTP { // they print lines of their own
			options.Progress = report.ProgressLive
		}
	case config.ProgressNone:
		options.Progress = report.ProgressNone
	}
	return options
}

// now is the present by the clock of the deployer: that of the simulator runs faster.
func (a *app) now() time.Time {
	if a.clock != nil {
		return a.clock.Now()
	}
	return time.Now()
}

// jobFile is a file of a CI job. It is opened when something is written, and begun anew
// if it is the program's own.
type jobFile struct {
	what, path string
	own        bool
	err        error // the first one
}

// jobFile is the file of a path; nil if there is none.
func (a *app) jobFile(what, path string, own bool) io.Writer {
	if path == "" {
		return nil
	}
	file := &jobFile{what: what, path: path, own: own}
	a.jobFiles = append(a.jobFiles, file)
	return file
}

// Write appends a text to the file.
func (f *jobFile) Write(text []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	flags := os.O_APPEND | os.O_CREATE | os.O_WRONLY
	if f.own {
		flags, f.own = os.O_TRUNC|os.O_CREATE|os.O_WRONLY, false
	}
	file, err := os.OpenFile(f.path, flags, 0o644)
	if err != nil {
		f.err = err
		return 0, err
	}
	n, err := file.Write(text)
	f.err = errors.Join(err, file.Close())
	return n, f.err
}

// warnOfJobFiles says which files could not be written.
func (a *app) warnOfJobFiles() {
	for _, file := range a.jobFiles {
		if file.err != nil {
			_, _ = fmt.Fprintf(a.streams.Err, "warning: %s cannot be written: %s\n", file.what, file.err)
		}
	}
}
