package pictures

// The deployment that is drawn: its new containers crash. It runs in the simulator, in
// virtual time, on a terminal in memory. With -update the pictures are written.

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

var update = flag.Bool("update", false, "write the pictures")

const (
	folder  = "../../../docs/pictures"
	cluster = "production1"
	service = "doorman"
	image   = "docker.repo.com/doorman"
	// midway is when the live region is drawn: the first tasks have failed.
	midway = 110 * time.Second
)

func TestThePicturesAreCurrent(t *testing.T) {
	var events []deploy.Event
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(14*time.Hour + 37*time.Minute + 39*time.Second) // not at midnight
		events = run(t)
	})
	rows := shown(t, events)
	for _, theme := range []theme{light, dark} {
		name := filepath.Join(folder, "failing-deploy-"+theme.name+".svg")
		picture := draw(rows, theme)
		if *update {
			if err := os.WriteFile(name, []byte(picture), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if have, err := os.ReadFile(name); err != nil || string(have) != picture {
			t.Errorf("%s is not current: run go generate ./... (%v)", name, err)
		}
	}
}

// evenClock is a clock on which short waits last a second, so that looks at the service
// happen at the same moments in each run.
type evenClock struct{}

func (evenClock) Now() time.Time { return time.Now() }

func (evenClock) Sleep(ctx context.Context, d time.Duration) error {
	if d < 30*time.Second {
		d = time.Second
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// screen is the terminal.
type screen struct {
	mutex    sync.Mutex
	emulator *vt.Emulator
}

// Write writes as the driver of a terminal does.
func (s *screen) Write(text []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, err := s.emulator.Write(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
	return len(text), err
}

// rows are the lines on the screen, without the empty ones at the end.
func (s *screen) rows() []row {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all := make([]row, s.emulator.Height())
	for y := range all {
		for x := range columns {
			cell := s.emulator.CellAt(x, y)
			if cell == nil {
				cell = &uv.EmptyCell
			}
			all[y] = append(all[y], *cell)
		}
	}
	for len(all) > 0 && all[len(all)-1].String() == "" {
		all = all[:len(all)-1]
	}
	return all
}

// shown is what the terminal shows of the events of a deployment: its plan, the live
// region midway, and the outcome, with a sign where lines are left out.
func shown(t *testing.T, events []deploy.Event) []row {
	s := &screen{emulator: vt.NewEmulator(columns, 80)}
	go func() { _, _ = io.Copy(io.Discard, s.emulator) }() // answers to queries
	defer func() { _ = s.emulator.Close() }()
	size := report.Size{Width: columns, Height: 80}
	i := slices.IndexFunc(events, func(e deploy.Event) bool { return e.Elapsed >= midway })
	now := events[i].Time
	renderer := report.New("text", report.Options{
		Out: s, Err: s, Raw: s, OutTerminal: true, OutColor: true, ErrColor: true, Progress: report.ProgressLive,
		Term: "xterm-256color", Size: size, Location: time.UTC, Now: func() time.Time { return now },
		Command: func(_ deploy.Deployment, words ...string) string {
			return fmt.Sprintf("ecs-deploy %s -c %s -n %s", strings.Join(words, " "), cluster, service)
		},
	})
	defer renderer.Pause()
	_, _ = fmt.Fprintf(s, "\x1b[2m$\x1b[m ecs-deploy deploy -c %s -n %s -i %s:v2\n", cluster, service, image)
	var story report.Story
	for _, e := range events[:i+1] {
		story.Add(e)
		renderer.Event(e)
	}
	during := s.shows(t, story.Frame(now, size))
	for _, e := range events[i+1:] {
		renderer.Event(e)
	}
	return cut(t, during, s.rows())
}

// shows waits until the screen ends with the lines of the live region, which is drawn in
// real time, and is the screen then.
func (s *screen) shows(t *testing.T, region []report.Line) []row {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		rows := s.rows()
		if len(rows) > len(region) && slices.EqualFunc(rows[len(rows)-len(region):], region, func(r row, line report.Line) bool {
			return r.String() == strings.TrimRight(line.Cut(columns), " ")
		}) {
			return rows
		}
	}
	t.Fatalf("the live region is not shown: %v", s.rows())
	return nil
}

// run deploys in the simulator, and is what happens.
func run(t *testing.T) []deploy.Event {
	world, err := ecssim.LoadScenario("crash-loop")
	if err != nil {
		t.Fatal(err)
	}
	sim, err := ecssim.New(world.WithSeed(ecssim.Seed{Cluster: cluster, Service: service, Image: image + ":v1"}))
	if err != nil {
		t.Fatal(err)
	}
	cfg := aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		BaseEndpoint: aws.String("http://aws.simulated"), HTTPClient: sim.HTTPClient(),
	}
	var events []deploy.Event
	observe := func(e deploy.Event) { events = append(events, e) }
	deployer := deploy.New(ecs.NewFromConfig(cfg), deploy.WithLogs(cloudwatchlogs.NewFromConfig(cfg)), deploy.WithClock(evenClock{}), deploy.WithObserver(observe))
	outcome, err := deployer.Run(t.Context(), deploy.Request{
		Ref:  deploy.Ref{Cluster: cluster, Service: service},
		Want: deploy.Want{Images: []string{image + ":v2"}},
	}, deploy.Policy{})
	if err != nil || outcome.Verdict != rollout.RolledBack {
		t.Fatalf("%s: %s (%v)", outcome.Verdict, outcome.Reason, err)
	}
	return events
}

// cut joins the plan and the live region of the screen during the run with the outcome at
// its end.
func cut(t *testing.T, during, end []row) []row {
	find := func(rows []row, words string) int {
		i := slices.IndexFunc(rows, func(r row) bool { return strings.Contains(r.String(), words) })
		if i < 0 {
			t.Fatalf("the screen lacks %q", words)
		}
		return i
	}
	return slices.Concat(
		during[:find(during, "updated the service")+1], []row{leftOut},
		during[find(during, "deploying "):], []row{leftOut},
		end[find(end, "rolled back: "):],
	)
}
