package page_test

// Whatever a stream says, its page has the elements of this package and no others, is
// small, and does nothing but show the text.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/printabletest"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// markup are texts that act in a browser if they are not escaped.
var markup = append([]string{
	`</script><script>alert(1)</script>`, `</style><style>*{display:none}`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, "` onload=alert(1) `",
	`javascript:alert(1)`, `https://docs.aws.amazon.com.evil.example/"><a href=x>`, `<!--`, `-->`, `]]>`, `&lt;b&gt;`, `&#x3c;script`, `</title></svg><svg onload=alert(1)>`,
	`url(https://evil.example/x.png)`, `}body{background:red`, "\x00<\x00b>", "%3Cscript%3E", strings.Repeat("<i>", 3000),
}, printabletest.Hostile...)

// largest is the size of a page that anybody can send by mail.
const largest = 300_000

// spoil gives some texts, numbers and times of a value of JSON another value.
func spoil(t *rapid.T, value any) any {
	if rapid.IntRange(0, 60).Draw(t, "other") == 0 {
		return rapid.SampledFrom([]any{nil, "", -1.0, 1e9, true, []any{}, map[string]any{}, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00Z"}).Draw(t, "value")
	}
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			if key != "type" {
				value[key] = spoil(t, v)
			}
		}
	case []any:
		for i, v := range value {
			value[i] = spoil(t, v)
		}
	case string:
		if rapid.IntRange(0, 3).Draw(t, "hostile") == 0 {
			return rapid.SampledFrom(markup).Draw(t, "text")
		}
	}
	return value
}

func TestHostileStreams(t *testing.T) {
	var streams [][]byte
	for _, name := range []string{"rolled-back", "canary"} {
		stream, err := os.ReadFile("testdata/" + name + ".ndjson")
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, stream)
	}
	rapid.Check(t, func(rt *rapid.T) {
		var spoilt bytes.Buffer
		for line := range bytes.Lines(rapid.SampledFrom(streams).Draw(rt, "stream")) {
			var object any
			if err := json.Unmarshal(line, &object); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(spoil(rt, object))
			if err != nil {
				t.Fatal(err)
			}
			story, err := report.ReadStory(bytes.NewReader(text))
			if err == nil && story != nil { // otherwise it would end the stream
				spoilt.Write(append(text, '\n'))
			}
		}
		story, err := report.ReadStory(&spoilt)
		if err != nil {
			rt.Fatal(err)
		}
		harmless(t, drawn(t, story))
	})
}

// harmless fails if a page has what it should not have.
func harmless(t testing.TB, text string) {
	t.Helper()
	outline(t, text)
	if len(text) > largest {
		t.Fatalf("the page has %d bytes", len(text))
	}
}

// FuzzPage: no stream makes it panic, or makes a page that does anything.
func FuzzPage(f *testing.F) {
	stream, err := os.ReadFile("testdata/rolled-back.ndjson")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(stream))
	for _, kind := range []string{"plan", "service-event", "cause", "task-plan", "task", "log", "paused", "progress", "outcome", "member-outcome", "task-ended", "weather"} {
		f.Add(`{"type":"` + kind + `","time":"2026-03-01T09:00:00Z","elapsedSeconds":1e300,"plan":{},"service":{"running":-1,"deployments":[{}]},"serviceEvent":{},"cause":{},"task":{},"taskPlan":{},"log":{},"hook":{},"deployment":{},"taskOutcome":{},"subject":{"member":"a"}}`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		story, _ := report.ReadStory(strings.NewReader(text))
		harmless(t, drawn(t, story))
	})
}

// long is a rollout of many hours: counts that move all the time, and an event for each.
func long(story *report.Story, member string, n int) {
	subject := deploy.Subject{Kind: deploy.SubjectService, ARN: "arn:aws:ecs:us-east-1:123456789012:service/production1/" + member, Member: member}
	began := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	followed := &deploy.Deployment{Ref: deploy.Ref{Cluster: "arn:aws:ecs:us-east-1:123456789012:cluster/production1", Service: subject.ARN}, ID: "ecs-svc/2", CreatedAt: began}
	story.Add(deploy.Event{Type: deploy.EventUpdated, Time: began, Deployment: followed, Subject: subject})
	for i := range n {
		at := began.Add(time.Duration(i+1) * 7 * time.Second)
		running := 50
		if i == n/2 {
			running = 3 // a gap that nobody should miss
		}
		story.Add(deploy.Event{Type: deploy.EventProgress, Time: at, Elapsed: at.Sub(began), Subject: subject, Service: &rollout.Service{
			ARN: subject.ARN, Desired: 100, Deployments: []rollout.Deployment{{ID: "ecs-svc/2", Running: i % 40, Failed: i / 10}, {ID: "ecs-svc/1", Running: running}},
		}})
		story.Add(deploy.Event{Type: deploy.EventWarning, Time: at, Elapsed: at.Sub(began), Subject: subject, Message: fmt.Sprintf("warning %d: %s", i, strings.Repeat("word ", 40))})
	}
}

func TestLargePages(t *testing.T) {
	var one, many report.Story
	long(&one, "", 4000)
	for i := range 120 {
		long(&many, fmt.Sprintf("service-with-a-long-name-%03d", i), 30)
	}
	for _, story := range []*report.Story{&one, &many} {
		text := drawn(t, story)
		harmless(t, text)
		t.Logf("%d services: %d bytes", len(story.Services), len(text))
	}
	lines := outline(t, drawn(t, &one))
	if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, " more events are left out") }) {
		t.Error("the page does not say how many events are left out")
	}
	if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "tr: ") && strings.Contains(line, " | 3 | ") }) {
		t.Error("the counts do not have the gap")
	}
	if text := drawn(t, &many); !strings.Contains(text, "services have a section below, those that did not succeed first; the other") {
		t.Error("the page does not say which services have no section")
	}
}
