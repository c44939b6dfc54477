package ecssim_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// TestFilterLogEvents reads all streams of a group page by page, one stream,
// and what patterns find.
func TestFilterLogEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, client := demo(t, "crash-loop")
		logs := logClient(sim.HTTPClient())
		arn := register(t, client, "web:2")
		ours := *update(t, client, ecs.UpdateServiceInput{TaskDefinition: &arn}).Deployments[0].Id
		settle(t, client, 10*time.Minute)
		var one string
		for _, task := range stoppedTasks(t, client, ours) {
			if task.StartedAt != nil {
				one = "ecs/web/" + shortID(*task.TaskArn)
			}
		}
		filter := func(in cloudwatchlogs.FilterLogEventsInput) []string {
			t.Helper()
			in.LogGroupName = aws.String("/ecs/web")
			var texts []string
			pages := cloudwatchlogs.NewFilterLogEventsPaginator(logs, &in)
			last := int64(0)
			for pages.HasMorePages() {
				out, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, ev := range out.Events {
					if *ev.Timestamp < last {
						t.Errorf("%s comes after an event of a later moment", *ev.Message)
					}
					last = *ev.Timestamp
					texts = append(texts, *ev.Message)
				}
			}
			return texts
		}
		crash := []string{"starting web:2", "fatal: cannot connect to the database: connection refused", "exiting with code 1"}
		if got := filter(cloudwatchlogs.FilterLogEventsInput{LogStreamNames: []string{one}}); !slices.Equal(got, crash) {
			t.Errorf("one stream: %q", got)
		}
		if got := filter(cloudwatchlogs.FilterLogEventsInput{LogStreamNamePrefix: &one, Limit: aws.Int32(1)}); !slices.Equal(got, crash) {
			t.Errorf("page by page: %q", got)
		}
		all := filter(cloudwatchlogs.FilterLogEventsInput{})
		if some := filter(cloudwatchlogs.FilterLogEventsInput{Limit: aws.Int32(2)}); !slices.Equal(some, all) || len(all) < 9 {
			t.Errorf("pages of two have %d events, one page has %d", len(some), len(all))
		}
		for pattern, want := range map[string][]string{
			`fatal`:                   crash[1:2],
			`fatal -refused`:          nil,
			`?starting ?exiting`:      {crash[0], crash[2]},
			`"the database" "cannot"`: crash[1:2],
			`%code [0-9]%`:            crash[2:],
			`FATAL`:                   nil,
		} {
			if got := filter(cloudwatchlogs.FilterLogEventsInput{LogStreamNames: []string{one}, FilterPattern: &pattern}); !slices.Equal(got, want) {
				t.Errorf("%s finds %q", pattern, got)
			}
		}
		_, err := logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/ecs/web"), LogStreamNames: []string{"ecs/web/none"}})
		wantCode(t, err, "ResourceNotFoundException", "log stream")
		_, err = logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/ecs/none")})
		wantCode(t, err, "ResourceNotFoundException", "log group")
	})
}
