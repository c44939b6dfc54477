package report

// The frame of several services: a line each, and a line that counts them.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// stands is how far a service of several is.
type stands int

const (
	standsFailed stands = iota // in the order in which they are shown if there is no room for all
	standsMoving
	standsWaiting
	standsDone
)

var standsSigns = [...]struct {
	tone       Tone
	sign, noun string
}{standsFailed: {Bad, "✗", "not succeeded"}, standsMoving: {Plain, "▸", "in progress"}, standsWaiting: {Dim, "·", "not started"}, standsDone: {Good, "✓", "succeeded"}}

func (s *ServiceStory) stands() stands {
	switch {
	case s.Failure != nil && s.Failure.started():
		return standsFailed
	case s.Failure != nil:
		return standsWaiting
	case s.Outcome != nil && s.Outcome.ExitCode() == 0, s.TaskOutcome != nil && s.TaskOutcome.ExitCode() == 0:
		return standsDone
	case s.Ended():
		return standsFailed
	case s.Deployment == nil && !s.stepping():
		return standsWaiting
	}
	return standsMoving
}

// fleetFrame is where several services stand.
func (s *Story) fleetFrame(now time.Time, size Size) []Line {
	var counts [len(standsSigns)]int
	names := 0
	for _, about := range s.Services {
		counts[about.stands()]++
		names = max(names, wide(harmless(about.Name())))
	}
	names = min(names, max(size.Width/3, 12))
	lines := []Line{say("%d services: %s", len(s.Services), counted(counts)).with(Dim, "  "+deploy.Span(max(now.Sub(s.Began), 0)))}
	// By name: services appear in the order in which their plans were made.
	shown := slices.SortedStableFunc(slices.Values(s.Services), func(a, b *ServiceStory) int { return strings.Compare(a.Name(), b.Name()) })
	if room := size.Height - 3; len(shown) > room { // the title, what is left out, the row of the cursor
		shown = slices.SortedStableFunc(slices.Values(shown), func(a, b *ServiceStory) int { return int(a.stands()) - int(b.stands()) })[:max(room, 0)]
	}
	for _, about := range shown {
		lines = append(lines, about.row(now, names, size.Width))
		counts[about.stands()]--
	}
	if len(shown) < len(s.Services) {
		lines = append(lines, toned(Dim, fmt.Sprintf("and %d more: %s", len(s.Services)-len(shown), counted(counts))).in(2))
	}
	return lines
}

// counted says how many services stand where: "3 succeeded, 2 in progress".
func counted(counts [len(standsSigns)]int) string {
	var parts []string
	for _, at := range []stands{standsDone, standsFailed, standsMoving, standsWaiting} {
		if counts[at] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[at], standsSigns[at].noun))
		}
	}
	return strings.Join(parts, ", ")
}

// row is a service as one line of several. A frame has many, ten times a second: a row is
// written in place.
func (s *ServiceStory) row(now time.Time, names, width int) Line {
	sign := standsSigns[s.stands()]
	line := Line{Parts: make([]Part, 0, 16)}
	add := func(tone Tone, text string) { line.Parts = append(line.Parts, Part{tone, text}) }
	add(sign.tone, sign.sign+" ")
	add(Plain, padded(s.Name(), names)+"  ")
	switch {
	case s.Failure != nil:
		add(sign.tone, title(rollout.Verdict(s.Failure.Verdict)))
		add(Plain, ": "+s.Failure.Message)
		return line
	case s.Outcome != nil:
		add(sign.tone, title(s.Outcome.Verdict))
		add(Plain, ": "+rollout.Named(s.Outcome.Serving, s.Outcome.ServingTag))
		add(Dim, "  "+deploy.Span(s.Outcome.Elapsed))
		return line
	case s.TaskOutcome != nil:
		add(sign.tone, title(s.TaskOutcome.Verdict))
		add(Plain, ": "+s.TaskOutcome.Reason)
		return line
	case s.stepping():
		task := s.Tasks[len(s.Tasks)-1]
		add(Plain, "task "+rollout.ShortName(task.TaskDefinition)+" ")
		add(Strong, task.LastStatus)
		add(Dim, "  "+deploy.Span(s.elapsed(now)))
		return line
	case s.Deployment == nil:
		add(Dim, sign.noun)
		return line
	}
	if bars := s.Bars(); len(bars) > 0 {
		bar := bars[0]
		for _, b := range bars {
			if b.Role == "back" {
				bar = b
			}
		}
		if width >= names+50 {
			line.Parts = append(line.Parts, bar.gauge(12)...)
			add(Plain, "  ")
		}
		add(Strong, fmt.Sprintf("%d/%d", bar.Running, bar.Desired))
		add(Plain, " "+bar.Name())
		if bar.Failed > 0 {
			add(Bad, fmt.Sprintf(" %d failed", bar.Failed))
		}
	}
	if s.RollingBack() {
		add(Plain, "  rolling back")
	}
	add(Dim, "  "+deploy.Span(s.elapsed(now)))
	add(Plain, s.remark(now))
	return line
}

// remark is the most important thing beside the counts.
func (s *ServiceStory) remark(now time.Time) string {
	if n := len(s.Causes); n > 0 {
		return "  " + reasonOf(s.Causes[n-1])
	}
	if wait := s.Wait(now); len(wait.Clocks) > 0 {
		return "  " + wait.String()
	}
	for _, group := range s.TargetGroups {
		if healthy, all := group.States["healthy"], group.Targets(); healthy < all {
			return fmt.Sprintf("  %d/%d targets healthy", healthy, all)
		}
	}
	return ""
}
