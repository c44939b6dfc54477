package cmd

// The page of a rollout: a file that is checked before anything is changed, and written
// when the run has ended, however it ended.

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/page"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/scaffold"
)

// checkPage refuses a page that cannot be written, or that would show secrets. A page is
// passed on: it is no result of the command.
func (a *app) checkPage(c *cobra.Command) error {
	path := a.settings.Report
	switch {
	case path == "" || c.Flags().Lookup("report") == nil:
		return nil
	case a.settings.DryRun && a.settings.Origin("report").Layer != config.Flag: // meant for the deployments of a job
		return nil
	case a.settings.DryRun:
		return &usageError{problem: "--report is about a rollout, and a dry run has none", hint: "remove --report or --dry-run"}
	case a.settings.ShowValues:
		return &usageError{problem: "--report with --show-values would write values of environment variables into a page that is passed on", hint: "remove one of them"}
	case path == config.StandardInput:
		return &usageError{problem: "--report takes a file, and not standard output, which has the verdict", hint: "pass --report FILE, or write -o ndjson to a file and use ecs-deploy report FILE"}
	}
	a.page = path
	return scaffold.NewFile{Path: path, Replace: true}.Probe()
}

// writePage writes the page of a run that has ended. Like the files of a CI job, it does
// not change the exit code.
func (a *app) writePage() {
	if a.page == "" {
		return
	}
	if err := savePage(a.page, a.reporter().Story()); err != nil {
		_, _ = fmt.Fprintf(a.streams.Err, "warning: the page of the rollout is missing: %s\n", message(err))
		return
	}
	a.tell("wrote %s\n", a.page)
}

// savePage writes the page of a story: all of it, or nothing.
func savePage(path string, story *report.Story) error {
	var text bytes.Buffer
	if err := page.Write(&text, story, page.Options{}); err != nil {
		return err
	}
	return scaffold.NewFile{Path: path, Replace: true}.Write(text.Bytes())
}
