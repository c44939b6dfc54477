package page_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"flag"
	"html"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/forecast"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/printabletest"
	"github.com/ecs-deploy/ecs-deploy/pkg/page"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// drawn is the page of a story.
func drawn(t testing.TB, story *report.Story) string {
	t.Helper()
	var text strings.Builder
	if err := page.Write(&text, story, page.Options{Location: time.UTC}); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// recorded is a run in a scenario: what was shown, and its NDJSON.
type recorded struct {
	story  *report.Story
	ndjson bytes.Buffer
}

// record runs members in the world of a scenario, in virtual time: one service if there
// is one name, otherwise a fleet in which each needs the first one.
func record(t testing.TB, scenario string, policy deploy.Policy, names ...string) *recorded {
	t.Helper()
	r := &recorded{}
	options := report.Options{
		Out: &r.ndjson, Simulated: scenario, Version: "1.2.3", Calls: func() []report.Call {
			return []report.Call{{Service: "ecs", Operation: "DescribeServices", Count: 40, Failed: 1}}
		},
		Command: func(d deploy.Deployment, words ...string) string {
			return shell.Join(append([]string{"ecs-deploy", rollout.ShortName(d.Service)}, words...)...)
		},
	}
	shown := report.New("ndjson", options)
	world, err := ecssim.LoadScenario(scenario)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		world = world.WithSeed(ecssim.Seed{Cluster: "production1", Service: name, Image: name + ":v1", DesiredCount: 4})
	}
	simulator, err := ecssim.New(world)
	if err != nil {
		t.Fatal(err)
	}
	cfg := aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("x", "x", ""),
		BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: simulator.HTTPClient(),
	}
	deployer := deploy.New(ecs.NewFromConfig(cfg), deploy.WithLogs(cloudwatchlogs.NewFromConfig(cfg)),
		deploy.WithForecaster(forecast.New(ecssim.Switches{})), deploy.WithObserver(fleet.InOrder(shown.Event)))
	request := func(name string) deploy.Request {
		return deploy.Request{Ref: deploy.Ref{Cluster: "production1", Service: name}, Want: deploy.Want{Images: []string{name + ":v2"}}}
	}
	if len(names) == 1 {
		if _, err := deployer.Run(context.Background(), request(names[0]), policy); err != nil {
			t.Fatal(err)
		}
		r.story = shown.Story()
		return r
	}
	var members []fleet.Member
	for i, name := range names {
		m := fleet.Member{Name: name, Deployer: deployer.With(deploy.WithMember(name))}
		if i > 0 {
			m.Needs = names[:1]
		}
		m.Plan = func(ctx context.Context) (*deploy.Plan, error) { return m.Deployer.Prepare(ctx, request(name), policy) }
		members = append(members, m)
	}
	plan, err := fleet.Prepare(context.Background(), members)
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := plan.Carry(context.Background(), fleet.Options{Ended: func(result fleet.Result) {
		if result.Outcome == nil {
			shown.Fail(report.Failure{Member: result.Member, Message: result.Reason, Verdict: string(result.Verdict), ExitCode: result.ExitCode()})
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	shown.Result(report.FleetOutcome(outcome, options, nil, func(error) string { return "" }))
	r.story = shown.Story()
	return r
}

// TestPages draws a page of each run, and the same page of its NDJSON.
func TestPages(t *testing.T) {
	for _, tt := range []struct {
		scenario string
		policy   deploy.Policy
		services []string
		has      []string // lines
	}{
		{"healthy", deploy.Policy{}, []string{"doorman"}, []string{
			"title: succeeded: doorman in production1 (us-east-1, account 123456789012)", "dd: doorman:1 (v1) → doorman:2 (v2)", "text: ✓ succeeded", "text: forecast",
			"tr: doorman | image | − doorman:v1 | + doorman:v2", "tr: ecs | DescribeServices | 40 | 1", "li: new: doorman:2 (v2)", "li: earlier: doorman:1 (v1)",
		}},
		{"crash-loop", deploy.Policy{}, []string{"doorman"}, []string{
			"strong: rolled back", "strong: 4 × Essential container in task exited (container doorman, exit code 1)", "text: failed", "h2: Why", "code: ecs-deploy doorman status",
		}},
		{"no-circuit-breaker", deploy.Policy{RollbackOnFailure: true}, []string{"doorman"}, []string{"strong: rolled back", "li: restored: doorman:1 (v1)"}},
		{"canary", deploy.Policy{}, []string{"doorman"}, []string{"dd: canary", "text: traffic", "text: 10%", "text: 100%", "text: PRODUCTION_TRAFFIC_SHIFT", "li: test traffic to new"}},
		{"blue-green-hook-fails", deploy.Policy{}, []string{"doorman"}, []string{"strong: ended by hook demo-smoke-test at stage POST_TEST_TRAFFIC_SHIFT", "dd: blue/green"}},
		{"healthy", deploy.Policy{}, []string{"doorman", "porter", "valet"}, []string{"title: succeeded: 3 services", "p: : 3 succeeded", "h2: porter", "h3: Changes"}},
		{"crash-loop", deploy.Policy{}, []string{"doorman", "porter"}, []string{
			"p: : 1 rolled back, 1 not started", "tr: porter | ! not started | needs doorman | –", "text: porter", "text: not started",
		}},
	} {
		t.Run(tt.scenario+" "+strings.Join(tt.services, ","), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := record(t, tt.scenario, tt.policy, tt.services...)
				text := drawn(t, r.story)
				lines := outline(t, text)
				for _, line := range tt.has {
					if !slices.Contains(lines, line) {
						t.Errorf("the page does not have %q:\n%s", line, strings.Join(lines, "\n"))
					}
				}
				story, err := report.ReadStory(&r.ndjson)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(text, drawn(t, story)); diff != "" {
					t.Errorf("the page of the NDJSON is another one (-run +NDJSON):\n%s", diff)
				}
			})
		})
	}
}

// TestPagesOfStreams draws pages of streams that were recorded once, and compares all of
// them but the style sheet and the script.
func TestPagesOfStreams(t *testing.T) {
	streams, err := filepath.Glob("testdata/*.ndjson")
	if err != nil || len(streams) < 2 {
		t.Fatal(streams, err)
	}
	for _, path := range streams {
		t.Run(filepath.Base(path), func(t *testing.T) {
			stream, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = stream.Close() }()
			story, err := report.ReadStory(stream)
			if err != nil {
				t.Fatal(err)
			}
			text := drawn(t, story)
			outline(t, text)
			golden(t, strings.TrimSuffix(filepath.Base(path), ".ndjson"), strings.ReplaceAll(bare(t, text), "><", ">\n<"))
		})
	}
}

// elements and attributes are all that a page may have.
var (
	elements = strings.Fields("html head meta link title style body a main article header section footer p h1 h2 h3 span strong div dl dt dd ul li code pre " +
		"figure figcaption svg defs pattern g rect path circle line text details summary table caption thead tbody tr th td time script")
	attributes = strings.Fields("lang charset http-equiv content name rel href id class role tabindex scope colspan datetime data-left data-right data-x aria-hidden aria-label aria-labelledby " +
		"viewBox patternUnits width height x y x1 x2 y1 y2 r rx cx cy d")
)

// bare is a page without its style sheet and its script. It fails if they are not there
// as they are, and if the policy of the page does not let them work.
func bare(t testing.TB, text string) string {
	t.Helper()
	for _, name := range []string{"page.css", "page.js"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		hash := "sha256-" + html.EscapeString(base64.StdEncoding.EncodeToString(sum[:]))
		before, after, found := strings.Cut(text, string(content))
		if !found || !strings.Contains(before, hash) {
			t.Fatalf("the page does not have %s as it is, with its hash", name)
		}
		text = strings.Replace(before, hash, "sha256-of-"+name, 1) + after
	}
	return text
}

// outline is the text of a page: a line for each element with text of its own, and for
// each row of a table. It fails if the page has anything that it should not have.
func outline(t testing.TB, text string) []string {
	t.Helper()
	var lines, open, cells, links []string
	ids := map[string]bool{}
	decoder := xml.NewDecoder(strings.NewReader(bare(t, text)))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Name.Local)
			checkElement(t, token, ids, &links)
			if token.Name.Local == "td" {
				cells = append(cells, "")
			}
		case xml.EndElement:
			if open = open[:len(open)-1]; token.Name.Local == "tr" && len(cells) > 0 {
				lines, cells = append(lines, "tr: "+strings.Join(cells, " | ")), nil
			}
		case xml.CharData:
			for line := range strings.Lines(string(token)) {
				if problem := printabletest.Problem(strings.TrimSuffix(line, "\n")); problem != "" {
					t.Fatalf("%q: %s", line, problem)
				}
			}
			switch said := strings.TrimSpace(string(token)); {
			case said == "":
			case len(cells) > 0:
				cells[len(cells)-1] = strings.TrimSpace(cells[len(cells)-1] + " " + said)
			default:
				lines = append(lines, open[len(open)-1]+": "+said)
			}
		}
	}
	for _, target := range links {
		if !ids[target] {
			t.Errorf("a link leads to #%s, which is nowhere", target)
		}
	}
	return lines
}

func checkElement(t testing.TB, e xml.StartElement, ids map[string]bool, links *[]string) {
	t.Helper()
	if !slices.Contains(elements, e.Name.Local) {
		t.Fatalf("an element %q", e.Name.Local)
	}
	for _, a := range e.Attr {
		value := a.Value
		switch name := a.Name.Local; {
		case !slices.Contains(attributes, name):
			t.Fatalf("an attribute %s of %s", name, e.Name.Local)
		case name == "id" && ids[value]:
			t.Errorf("two elements have the id %s", value)
		case name == "id":
			ids[value] = true
		case name != "href":
		case strings.HasPrefix(value, "#"):
			*links = append(*links, value[1:])
		case value != "data:," && !strings.HasPrefix(value, "https://docs.aws.amazon.com/"):
			t.Fatalf("a link to %s", value)
		}
	}
}
