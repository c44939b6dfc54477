package report

// How a story ended, for those who draw it when it is over.

import (
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// FleetEnd is how a run of several services ended, all of them together.
type FleetEnd struct {
	Verdict  rollout.Verdict
	ExitCode int
	Elapsed  time.Duration
	// Next are the commands that make sense now.
	Next []Suggestion
}

// told is the end as a part of the story.
func (f *fleetEnd) told() *FleetEnd {
	return &FleetEnd{Verdict: f.Verdict(), ExitCode: f.ExitCode(), Elapsed: f.Elapsed, Next: f.next}
}

// Call is how often an operation of AWS was called.
type Call struct {
	// Service and Operation are its names: "ecs", "UpdateService".
	Service   string `json:"service"`
	Operation string `json:"operation"`
	// Count is the number of requests, repeated ones too; Failed is how many of them had an
	// error as their answer, or none.
	Count  int `json:"count"`
	Failed int `json:"failed,omitempty"`
}

// calls are the calls of AWS so far.
func (o Options) calls() []Call {
	if o.Calls == nil {
		return nil
	}
	return o.Calls()
}

// suggest keeps what to do after an outcome.
func (e Entry) suggest(o Options) {
	switch {
	case e.Type != deploy.EventOutcome:
	case e.Outcome != nil:
		e.About.Next = Next(*e.Outcome, o.Command)
	case e.TaskOutcome != nil:
		e.About.Next = nextTask(e.TaskOutcome, o)
	}
}

// End are the words about how this part of the story ended, the verdict first: without
// where and when, the diagnosis, and what to do next. There are none before the end.
func (s *ServiceStory) End(o Options) []Line {
	switch {
	case s.Failure != nil:
		return s.Failure.End()
	case s.Outcome != nil:
		return verdict{*s.Outcome, s.Now, o}.said()
	case s.TaskOutcome != nil:
		return taskVerdict(s.TaskOutcome, o)[:1]
	}
	return nil
}

// End are the words about the error as the end of a run, the verdict first.
func (f Failure) End() []Line {
	tone := Bad
	if !f.started() || f.ExitCode == rollout.Interrupted.ExitCode() {
		tone = Warn
	}
	lines := []Line{toned(tone, title(rollout.Verdict(f.Verdict))).and(": " + f.Message)}
	if f.Hint != "" {
		lines = append(lines, toned(Dim, "hint: ").and(f.Hint))
	}
	return lines
}
