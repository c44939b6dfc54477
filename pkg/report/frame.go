package report

// A frame: where a story stands now, as a few lines of a given size. One service has its
// deployments with a bar each, what is waited for and until when, and what is wrong;
// several have a line each.

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Size is that of a terminal, in cells.
type Size struct{ Width, Height int }

const (
	// frameRows is how many lines the frame of one service has at most.
	frameRows = 12
	// tasksShown is how many one-off tasks a frame lists.
	tasksShown = 6
	// causesShown is how many causes a frame lists, the newest ones.
	causesShown = 2
)

// Frame is where the story stands at a time of the deployer's clock, for a place of
// this size: at most 12 lines for one service, a line each for several. There are no
// lines before anything is followed, and none once all has ended. A line may be wider
// than the place; whoever shows it cuts it.
func (s *Story) Frame(now time.Time, size Size) []Line {
	var lines []Line
	switch {
	case !s.following():
	case len(s.Services) > 1:
		lines = s.fleetFrame(now, size)
	default:
		lines = broken(s.Services[0].frame(now, size.Width), size.Width)
		lines = lines[:min(len(lines), frameRows)]
	}
	return lines[:min(len(lines), max(size.Height-1, 0))]
}

// following reports whether there is anything to show in a frame.
func (s *Story) following() bool {
	for _, about := range s.Services {
		if s.Failure == nil && !about.Ended() && (about.stepping() || about.Deployment != nil || about.State != nil) {
			return true
		}
	}
	return false
}

// broken are lines, each as one or more that fit a width.
func broken(lines []Line, width int) []Line {
	c := &canvas{width: width - 1}
	var all []Line
	for _, line := range lines {
		for _, row := range c.rows(line) {
			all = append(all, Line{Parts: row})
		}
	}
	return all
}

// frame is where one service stands.
func (s *ServiceStory) frame(now time.Time, width int) []Line {
	switch {
	case s.stepping():
		return s.taskFrame(now, width)
	case s.Deployment == nil && s.State == nil:
		return nil
	}
	lines := []Line{s.headline(now)}
	lines = append(lines, s.bars(width)...)
	lines = append(lines, s.shifts(width)...)
	lines = append(lines, say("%s", s.Wait(now).String()).in(2))
	lines = append(lines, s.trouble()...)
	return lines
}

// headline says what is going on, and for how long.
func (s *ServiceStory) headline(now time.Time) Line {
	line := say("%s", s.doing()).with(Strong, s.subject())
	return line.with(Dim, "  "+deploy.Span(s.elapsed(now)))
}

// doing is what is going on, before the name of it.
func (s *ServiceStory) doing() string {
	switch {
	case s.RollingBack():
		return "rolling back "
	case s.Deployment != nil && s.Deployment.Action == deploy.ActionFollow, s.Deployment == nil:
		return "following "
	case s.Deployment.Action == deploy.ActionSettings:
		return "updating "
	case s.Deployment.Action == deploy.ActionRestart:
		return "restarting "
	}
	return "deploying "
}

// subject is the service, and the revision that is deployed to it.
func (s *ServiceStory) subject() string {
	name := s.Name()
	if s.Deployment == nil || s.Deployment.Action == deploy.ActionSettings || s.RollingBack() {
		return name
	}
	return name + ": " + rollout.Named(s.Deployment.TaskDefinition, s.Deployment.Tag)
}

// elapsed is the time since the watch began, at a later time than that of the last
// event.
func (s *ServiceStory) elapsed(now time.Time) time.Duration {
	return s.Elapsed + max(now.Sub(s.Now), 0)
}

// RollingBack reports whether ECS is returning to an earlier revision, as last seen.
func (s *ServiceStory) RollingBack() bool {
	if s.Record != nil && strings.HasPrefix(s.Record.Status, "ROLLBACK") {
		return true
	}
	primary := s.State.Primary()
	return primary != nil && primary.GoingBack() && (s.Deployment == nil || s.Deployment.ID != primary.ID)
}

// Bar is a deployment of a service: how many of its tasks run.
type Bar struct {
	rollout.Deployment
	// Role is "new" for the deployment that is followed, "back" for the one that ECS
	// returns to, "old" for every other one.
	Role string
}

// Bars are the deployments of the service, the one that is followed first and then the
// newest ones.
func (s *ServiceStory) Bars() []Bar {
	if s.State == nil {
		return nil
	}
	var bars []Bar
	for _, d := range s.State.Deployments {
		bar := Bar{Deployment: d, Role: "old"}
		switch {
		case s.Deployment != nil && d.ID == s.Deployment.ID, s.Deployment == nil && d.Status == rollout.StatusPrimary:
			bar.Role = "new"
		case d.Status == rollout.StatusPrimary && s.RollingBack():
			bar.Role = "back"
		}
		bars = append(bars, bar)
	}
	slices.SortStableFunc(bars, func(a, b Bar) int {
		if (a.Role == "new") != (b.Role == "new") {
			return map[bool]int{true: -1, false: 1}[a.Role == "new"]
		}
		return b.CreatedAt.Compare(a.CreatedAt)
	})
	return bars
}

// barsShown is how many deployments a frame shows: more than two are rare.
const barsShown = 3

// bars are the lines of the deployments.
func (s *ServiceStory) bars(width int) []Line {
	all := s.Bars()
	shown := all[:min(len(all), barsShown)]
	names := 0
	for _, bar := range shown {
		names = max(names, wide(harmless(bar.Name())))
	}
	names = min(names, max(width/3, 12))
	var lines []Line
	for _, bar := range shown {
		lines = append(lines, bar.line(names, width))
	}
	if more := len(all) - len(shown); more > 0 {
		lines = append(lines, toned(Dim, "and "+count(more, "older deployment")).in(2))
	}
	return lines
}

// line is a deployment as a line whose name takes so many cells.
func (b Bar) line(names, width int) Line {
	line := toned(Dim, fmt.Sprintf("%-5s", b.Role)).and(padded(b.Name(), names)).and("  ").in(2)
	room, running := min(width-names-44, 30), " running" // the counts take at most 35 cells
	if room < 8 {
		room, running = min(width-names-36, 8), ""
	}
	if room > 4 {
		line.Parts = append(append(line.Parts, b.gauge(room)...), Part{Text: "  "})
	}
	line = line.with(Strong, fmt.Sprintf("%d/%d", b.Running, b.Desired)).and(running)
	if b.Pending > 0 {
		line = line.and(fmt.Sprintf(", %d pending", b.Pending))
	}
	if b.Failed > 0 {
		line = line.and(", ").with(Bad, fmt.Sprintf("%d failed", b.Failed))
	}
	return line
}

// gauge draws running, pending and missing tasks as so many cells. Its signs differ, so
// that it needs no colour.
func (b Bar) gauge(width int) []Part {
	all := max(b.Desired, b.Running+b.Pending, 1)
	running := share(b.Running, all, width)
	pending := share(b.Running+b.Pending, all, width) - running
	tone := Good
	if b.Role == "old" {
		tone = Plain
	}
	return []Part{
		{tone, strings.Repeat("█", running)}, {Warn, strings.Repeat("▒", pending)}, {Dim, strings.Repeat("░", width-running-pending)},
	}
}

// share is n of all, in cells: 0 only for none, and the whole width only for all.
func share(n, all, width int) int {
	switch {
	case n <= 0:
		return 0
	case n >= all:
		return width
	}
	return min(max(n*width/all, 1), width-1)
}

// padded is a text in so many cells. A longer one is cut.
func padded(text string, width int) string {
	text = say("%s", text).Cut(width)
	return text + strings.Repeat(" ", max(width-wide(text), 0))
}

// trouble is what is wrong: the count of the circuit breaker, targets that are not
// healthy, the newest causes.
func (s *ServiceStory) trouble() []Line {
	var lines []Line
	if s.Record != nil && s.Record.Breaker.Counts() {
		b := s.Record.Breaker
		line := toned(Dim, "breaker ").with(Bad, fmt.Sprintf("%d/%d", b.FailureCount, b.Threshold)).and(" failed tasks").in(2)
		if b.FailureCount >= b.Threshold && !s.RollingBack() {
			line = line.and(": ECS ends the deployment")
		}
		lines = append(lines, line)
	}
	switch {
	case len(s.TargetGroups) > 0:
		for _, group := range s.TargetGroups[:min(len(s.TargetGroups), 2)] {
			lines = append(lines, targets(group).in(2))
		}
	case s.Unhealthy != "":
		lines = append(lines, toned(Warn, "unhealthy targets").and(" in target group "+s.Unhealthy).in(2))
	}
	for i := len(s.Causes) - 1; i >= max(len(s.Causes)-causesShown, 0); i-- {
		lines = append(lines, toned(Bad, "stopped: ").and(reasonOf(s.Causes[i])).in(2))
	}
	return lines
}

// targets is the health of the targets of a group, without those that are draining.
func targets(g rollout.TargetGroup) Line {
	line := toned(Dim, "targets ").with(Strong, fmt.Sprintf("%d/%d", g.States["healthy"], g.Targets())).and(" healthy")
	for _, state := range slices.Sorted(maps.Keys(g.States)) {
		switch state {
		case "healthy", "draining":
		case "unhealthy":
			line = line.and(", ").with(Bad, fmt.Sprintf("%d unhealthy", g.States[state]))
		default:
			line = line.and(fmt.Sprintf(", %d %s", g.States[state], state))
		}
	}
	line = line.and(" in target group " + g.Name())
	if len(g.Reasons) > 0 {
		line = line.and(": " + strings.Join(g.Reasons, "; "))
	}
	return line
}

// stepping reports whether one-off tasks run now.
func (s *ServiceStory) stepping() bool {
	return s.TaskPlan != nil && s.TaskOutcome == nil && len(s.Tasks) > 0
}

// taskFrame is where one-off tasks stand.
func (s *ServiceStory) taskFrame(now time.Time, width int) []Line {
	p := s.TaskPlan
	lines := []Line{say("running ").with(Strong, rollout.Named(s.Tasks[0].TaskDefinition, p.Tag)).with(Dim, "  "+deploy.Span(s.elapsed(now)))}
	for i, task := range s.Tasks {
		if i == tasksShown {
			return append(lines, toned(Dim, "and "+count(len(s.Tasks)-i, "more task")).in(2))
		}
		var states []string
		for _, c := range task.Containers {
			state := c.Name + " " + c.Status
			if c.ExitCode != nil {
				state += fmt.Sprintf(" (exit code %d)", *c.ExitCode)
			}
			states = append(states, state)
		}
		id := arn.ShortName(task.ARN)
		if width < 80 {
			id = id[:min(len(id), 8)]
		}
		lines = append(lines, say("task %s  ", id).with(Strong, task.LastStatus).with(Dim, "  "+strings.Join(states, ", ")).in(2))
	}
	return lines
}
