package cmd

// Notifications: when a command that deploys or follows something has ended, the outcome
// is posted to webhooks. Whether that works changes no exit code.

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/notify"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// notifications are to be sent when the command ends.
type notifications struct {
	targets []notify.Target
	record  report.Record
}

// prepareNotifications finds the webhooks of the settings of all targets, if the command
// notifies. A URL is an error before anything is done, or none.
func (a *app) prepareNotifications(c *cobra.Command, all ...*config.Settings) error {
	if c.Flags().Lookup("notify") == nil {
		return nil
	}
	planned := &notifications{}
	var missing []string
	for _, settings := range all {
		webhooks, unset := settings.Webhooks()
		missing = append(missing, unset...)
		for _, webhook := range webhooks {
			target, err := notify.Parse(webhook.URL)
			if err != nil {
				return &usageError{problem: webhook.From + ": " + err.Error(), hint: "set it to the whole URL of the webhook"}
			}
			if !slices.ContainsFunc(planned.targets, target.Same) {
				planned.targets = append(planned.targets, target)
			}
		}
	}
	slices.Sort(missing)
	if missing = slices.Compact(missing); len(missing) > 0 {
		_, _ = fmt.Fprintf(a.streams.Err, "warning: no notification for variables that are not set: %s\n", strings.Join(missing, ", ")) // under -q, too
	}
	n := len(planned.targets)
	switch {
	case n == 0:
	case all[0].DryRun:
		a.tell("%s would be sent at the end\n", counted(n, "notification"))
	default:
		a.notifications = planned
	}
	return nil
}

// counted is a number of things: "1 notification", "2 notifications".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// notify sends the notifications. Ctrl-C ends it; after an interruption of the command,
// the next one ends the process.
func (a *app) notify(ctx context.Context, code int) {
	if a.notifications == nil || len(a.notifications.record.JSON()) == 0 {
		return
	}
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	targets, record := a.notifications.targets, &a.notifications.record
	message := notify.Message{JSON: record.JSON(), Lines: record.Lines(), Good: code == 0}
	for i, err := range notify.Send(ctx, http.DefaultTransport, targets, message) {
		switch {
		case err != nil:
			_, _ = fmt.Fprintf(a.streams.Err, "warning: notification %d of %d (%s) was not sent: %s\n", i+1, len(targets), targets[i], err)
		case a.settings.Verbose:
			_, _ = fmt.Fprintf(a.streams.Err, "debug: notification %d of %d (%s) was sent\n", i+1, len(targets), targets[i])
		}
	}
}
