package report

// How a run of several services ended, for people and for programs.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// memberObject is one service of a run, for programs.
type memberObject struct {
	Member string `json:"member"`
	outcomeObject
	// RolledBack is how its deployment was taken back after it had succeeded.
	RolledBack *outcomeObject `json:"rollback,omitempty"`
}

// fleetObject is the outcome of a run of several services, for programs.
type fleetObject struct {
	Type           string         `json:"type"`
	Schema         string         `json:"schema"`
	Simulated      string         `json:"simulated,omitempty"`
	Verdict        string         `json:"verdict"`
	ExitCode       int            `json:"exitCode"`
	ElapsedSeconds float64        `json:"elapsedSeconds"`
	Members        []memberObject `json:"members"`
	Next           []Suggestion   `json:"next,omitempty"`
	Calls          []Call         `json:"calls,omitempty"`
}

// FleetOutcome is how a run of several services went. next are commands to type then. hint says what to do about
// an error.
func FleetOutcome(f fleet.Outcome, o Options, next []Suggestion, hint func(error) string) Result {
	value := fleetObject{
		Type: string(deploy.EventOutcome), Schema: Schema, Simulated: o.Simulated, Verdict: string(f.Verdict()), ExitCode: f.ExitCode(),
		ElapsedSeconds: seconds(f.Elapsed), Members: []memberObject{}, Calls: o.calls(),
	}
	for _, r := range f.Members {
		object := memberObject{Member: r.Member, outcomeObject: outcomeObject{Type: EventMemberOutcome}}
		if r.Outcome != nil {
			object.outcomeObject = objectOf(*r.Outcome, Options{})
			object.Type, object.Next = EventMemberOutcome, nil
		}
		if r.Err != nil {
			object.Hint = hint(r.Err)
		}
		if r.Undone != nil {
			undone := objectOf(*r.Undone, Options{})
			object.RolledBack = &undone
		}
		object.Verdict, object.ExitCode, object.Reason = string(r.Verdict), r.ExitCode(), r.Reason
		object.Target, object.Subject = "", deploy.Subject{Kind: deploy.SubjectService, ARN: r.Target.Service, Member: r.Member}
		value.Members = append(value.Members, object)
	}
	value.Next = next
	end := &fleetEnd{Outcome: f, next: next, hint: hint}
	return Result{Value: value, Lines: func(Options) []Line { return end.lines() }, end: end}
}

// fleetEnd is how a run of several services ended, and what to do then.
type fleetEnd struct {
	fleet.Outcome
	next []Suggestion
	hint func(error) string
}

// counts says how many members ended with each verdict: "1 failed, 2 succeeded".
func (f *fleetEnd) counts() string {
	var verdicts []rollout.Verdict
	number := map[rollout.Verdict]int{}
	for _, r := range f.Members {
		if number[r.Verdict]++; number[r.Verdict] == 1 {
			verdicts = append(verdicts, r.Verdict)
		}
	}
	var counts []string
	for _, v := range verdicts {
		counts = append(counts, fmt.Sprintf("%d %s", number[v], title(v)))
	}
	return strings.Join(counts, ", ")
}

// lines are the table at the end.
func (f *fleetEnd) lines() []Line {
	name, word := 0, 0
	for _, r := range f.Members {
		name, word = max(name, cells(lettersOf(say("%s", heading(r.Member))))), max(word, len(title(r.Verdict)))
	}
	tone := Good
	if f.ExitCode() != 0 {
		tone = Bad
	}
	lines := []Line{toned(tone, title(f.Verdict())).and(fmt.Sprintf(": %s, after %s", f.counts(), deploy.Span(f.Elapsed)))}
	for _, r := range f.Members {
		line := say("%s  ", padded(heading(r.Member), name)).with(toneOfMember(r), padded(title(r.Verdict), word)).and("  " + memberSummary(r))
		lines = append(lines, line.in(2).hang(name+word+4))
		if r.Outcome != nil && r.ExitCode() != 0 {
			for _, cause := range r.Outcome.Diagnosis.Causes {
				lines = append(lines, say("%s", cause.String()).in(6+name))
			}
		}
		if text := f.hint(r.Err); r.Err != nil && text != "" {
			lines = append(lines, toned(Dim, "hint: ").and(text).in(6+name).whole())
		}
	}
	lines = append(lines, indented(2, suggested(f.next))...)
	if slices.ContainsFunc(f.Members, func(r fleet.Result) bool { return r.Verdict == fleet.NotStarted }) {
		lines = append(lines, toned(Dim, "continue with those not started: ").and("fix the cause, then run the same command again").in(2))
	}
	return lines
}

func toneOfMember(r fleet.Result) Tone {
	switch {
	case r.Verdict == fleet.NotStarted:
		return Warn
	case r.ExitCode() == 0:
		return Good
	}
	return Bad
}

// memberSummary says what the service of a member is running now, or why it is not
// deployed.
func memberSummary(r fleet.Result) string {
	last := lastOf(r)
	switch {
	case last == nil:
		return strings.TrimSpace(r.Reason)
	case r.ExitCode() == 0:
		return verdict{Outcome: *last}.summary() + timeOf(last)
	}
	return verdict{Outcome: *last}.summary() + timeOf(last) + "; " + r.Reason
}

// lastOf is the last outcome of a member; nil if it has none.
func lastOf(r fleet.Result) *deploy.Outcome {
	if r.Undone != nil {
		return r.Undone
	}
	return r.Outcome
}

func timeOf(o *deploy.Outcome) string {
	if o.Verdict == rollout.Unchanged || o.Verdict == rollout.Started {
		return ""
	}
	return ", after " + deploy.Span(o.Elapsed)
}
