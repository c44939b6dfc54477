package report

// What a run of several services leaves for its job: one table of all, the details of
// those that did not end well, and one set of outputs.

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const (
	// membersShown is how many services a table has. Of more, it has those that did not
	// end well.
	membersShown = 200
	// longestCell is how many characters of a cause a table has.
	longestCell = 200
	// longestMembers is how many bytes the output members has: GitHub takes 1 MiB of a
	// job. longestMembersOfDotenv is that of a dotenv file, of which GitLab takes 5 KiB.
	longestMembers         = 100 << 10
	longestMembersOfDotenv = 2 << 10
)

// fleetSummary is how a run of several services went.
func fleetSummary(f *fleetEnd, story *Story, o Options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s: %s\n\n", markdown(title(f.Verdict())), count(len(f.Members), "service"))
	fmt.Fprintf(&b, "%s\n\n", markdown(f.counts()+", after "+deploy.Span(f.Elapsed)))
	b.WriteString("| Service | Verdict | Running | Elapsed | Cause |\n|---|---|---|---|---|\n")
	left := 0
	for i, r := range f.Members {
		if len(f.Members) > membersShown && (well(r) || i-left >= membersShown) {
			left++
			continue
		}
		running, elapsed := "", ""
		if last := lastOf(r); last != nil {
			running, elapsed = rollout.Named(last.Serving, last.ServingTag), deploy.Span(last.Elapsed)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", markdown(r.Member), markdown(title(r.Verdict)), markdown(running), elapsed, markdown(causeOf(r)))
	}
	if left > 0 {
		fmt.Fprintf(&b, "| %d more | | | | |\n", left)
	}
	b.WriteString("\n")
	for _, r := range f.Members {
		b.WriteString(memberDetails(r, f.hint, story, o))
	}
	nextSummary(&b, f.next)
	return b.String()
}

// well reports whether a member ended well.
func well(r fleet.Result) bool { return r.ExitCode() == 0 && r.Verdict != fleet.NotStarted }

// causeOf is why a member did not end well, in a few words; "" if it did.
func causeOf(r fleet.Result) string {
	if well(r) {
		return ""
	}
	text := r.Reason
	if r.Outcome != nil && len(r.Outcome.Diagnosis.Causes) > 0 {
		text = r.Outcome.Diagnosis.Causes[0].String()
	}
	if letters := []rune(text); len(letters) > longestCell {
		return string(letters[:longestCell]) + "…"
	}
	return text
}

// memberDetails are the summary of a member that did not end well; "" if it did, or was
// not started.
func memberDetails(r fleet.Result, hint func(error) string, story *Story, o Options) string {
	o.Target = r.Member
	last := lastOf(r)
	switch {
	case r.ExitCode() == 0:
		return ""
	case last == nil:
		return failureSummary(Failure{Member: r.Member, Message: r.Reason, Hint: hint(r.Err), Verdict: string(r.Verdict)})
	}
	outcome := *last
	outcome.Verdict, outcome.Reason = r.Verdict, r.Reason // those of a rollback that failed are not its own
	return outcomeSummary(verdict{outcome, story.Now, o}, story.member(r.Member))
}

// member is the part of a member; an empty one if no event was about it.
func (s *Story) member(name string) *ServiceStory {
	for _, about := range s.Services {
		if about.Member == name {
			return about
		}
	}
	return &ServiceStory{Member: name}
}

// memberOutput is how one service of several ended, in the outputs of a step.
type memberOutput struct {
	Member         string `json:"member"`
	Verdict        string `json:"verdict"`
	ExitCode       int    `json:"exitCode"`
	TaskDefinition string `json:"taskDefinition,omitempty"`
	RollbackTo     string `json:"rollbackTo,omitempty"`
	Reason         string `json:"reason,omitempty"`
}

// outputsOfFleet are one verdict and exit code, and those of each member. The reason is
// that of the first member that did not end well.
func outputsOfFleet(f *fleetEnd) outputs {
	o := outputs{verdict: string(f.Verdict()), exitCode: f.ExitCode(), reason: f.counts()}
	found := false
	for _, r := range f.Members {
		m := memberOutput{Member: r.Member, Verdict: string(r.Verdict), ExitCode: r.ExitCode()}
		if r.Outcome != nil {
			of := outputsOf(*r.Outcome)
			m.TaskDefinition, m.RollbackTo = arn.ShortName(of.taskDefinition), of.rollbackTo
		}
		if !well(r) {
			m.Reason = causeOf(r)
		}
		if r.ExitCode() != 0 && !found {
			o.reason, found = o.reason+"; "+r.Member+": "+causeOf(r), true
		}
		o.members = append(o.members, m)
	}
	return o
}

// membersOutput is the members as JSON on one line, with as much of each as there is room
// for; "" if there is not even room for the verdicts.
func membersOutput(members []memberOutput, limit int) string {
	if len(members) == 0 {
		return ""
	}
	short := make([]memberOutput, len(members))
	for i, m := range members {
		short[i] = memberOutput{Member: m.Member, Verdict: m.Verdict, ExitCode: m.ExitCode}
	}
	for _, list := range [][]memberOutput{members, short} {
		if text, err := json.Marshal(list); err == nil {
			if line := string(printable.JSON(text)); len(line) <= limit {
				return line
			}
		}
	}
	return ""
}
