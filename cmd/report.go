package cmd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/page"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

func (a *app) report() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "report FILE",
		Short: "Write a page about a rollout that is over",
		Long: `Report reads the events of a run, which deploy, rollback or wait wrote with -o ndjson,
and writes one HTML page about it: a timeline of the running tasks, what happened, why it
failed, what changed and which calls were made. The page needs no network. Report calls no
AWS service. To write the page of a run directly, pass --report FILE to its command.

The page is written beside FILE, with the ending .html, and its path is printed. FILE - is
standard input; the page is then printed.`,
		Example: `  ecs-deploy deploy -c production1 -n doorman-service -i docker.repo.com/doorman:v2 -o ndjson > rollout.ndjson
  ecs-deploy report rollout.ndjson`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{problem: fmt.Sprintf("report takes one file, not %d", len(args)), hint: "pass the file that -o ndjson wrote, or - for standard input"}
			}
			return nil
		},
		ValidArgsFunction: completeFiles,
		RunE:              func(c *cobra.Command, args []string) error { return a.runReport(c, args[0], to) },
	}
	c.Flags().StringVarP(&to, "page", "O", "", "`file` to write the page to, or - for standard output")
	return c
}

// streamLimit is how much of a stream is read, in bytes: that of a run of a thousand
// services.
const streamLimit = 256 << 20

func (a *app) runReport(c *cobra.Command, from, to string) error {
	text, err := config.Input{What: "the file of events", Path: from, Stdin: a.streams.In, Pipes: true, Limit: streamLimit, Remedy: "pass the file that -o ndjson wrote"}.Read(c.Context())
	if err != nil {
		return err
	}
	story, err := report.ReadStory(bytes.NewReader(text))
	if len(story.Services) == 0 && story.Failure == nil {
		problem := "there are no events in " + from
		if err != nil {
			problem += ": " + err.Error()
		}
		return &usageError{problem: problem, hint: "pass the file that -o ndjson wrote"}
	}
	if err != nil {
		a.tell("warning: the page has only what comes before an error in %s: %s\n", from, message(err))
	}
	if to == "" {
		to = pageBeside(from)
	}
	if to == config.StandardInput { // and output
		a.bare = true
		return page.Write(a.streams.Out, story, page.Options{})
	}
	if err := a.refuseSame(from, to); err != nil {
		return err
	}
	if err := savePage(to, story); err != nil {
		return err
	}
	return a.show(report.Value(writtenPage{to}, to))
}

// writtenPage is the result of report.
type writtenPage struct {
	// Page is the path of the page.
	Page string `json:"page"`
}

// pageBeside is the page of a file of events: beside it, with another ending.
func pageBeside(path string) string {
	if path == config.StandardInput {
		return path
	}
	const ending = ".html"
	if base := strings.TrimSuffix(path, filepath.Ext(path)); base+ending != path {
		return base + ending
	}
	return path + ending
}

// refuseSame refuses to write the page over the events.
func (a *app) refuseSame(from, to string) error {
	source, err := os.Stat(from)
	if target, targetErr := os.Stat(to); err == nil && targetErr == nil && os.SameFile(source, target) {
		return &usageError{problem: "the page would replace its events", hint: "pass another file to -O"}
	}
	return nil
}
