package report

// A run of several services: the plan, which says once what is common to many of them,
// and the log, in which each line names its service.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// EventMemberOutcome is the type of the NDJSON object that says how one service of
// several ended. The last object of the stream, of type outcome, is about all.
const EventMemberOutcome = "member-outcome"

// ofMember reports whether an event is about one service of several.
func ofMember(e deploy.Event) bool { return e.Subject.Member != "" }

// Lines of a member of a run are those of its events, without what the plan of all and
// the table at the end say.
func memberLines(entry Entry, o Options) []Line {
	switch {
	case entry.Type == deploy.EventPlan:
		return nil
	case entry.Type == deploy.EventService && !rollout.Trouble(*entry.ServiceEvent): // the counts say it
		return nil
	case entry.Type == deploy.EventOutcome && entry.Outcome != nil:
		v := verdict{*entry.Outcome, entry.Time, o}
		line := toned(toneOf(v.Outcome), title(v.Verdict)).and(": " + v.summary() + v.after())
		if v.ExitCode() == 0 {
			return []Line{line}
		}
		return slices.Concat([]Line{line, say("%s", v.Reason).in(2)}, indented(2, diagnosis(v.Diagnosis)))
	}
	return entry.Lines(o)
}

// memberLog are lines about a member as those of a log: time, member, text. The names
// of all members take the same width.
func memberLog(s *Story, member string, lines []Line, o Options) []Line {
	width := 0
	for _, about := range s.Services {
		width = max(width, wide(harmless(about.Member)))
	}
	head := toned(Dim, s.Now.In(o.zone()).Format("15:04:05")).and("  ").with(Strong, padded(member, width)).and("  ")
	for i, line := range lines {
		l := head
		l.Parts = append(slices.Clone(head.Parts), Part{Text: strings.Repeat(" ", line.Indent)})
		l.Parts = append(l.Parts, line.Parts...)
		l.Whole = line.Whole || o.Progress != ProgressLive // scripts and people search a log for whole sentences
		l.Hang = len("15:04:05    ") + width + line.Indent + max(line.Hang, minHang)
		lines[i] = l
	}
	return lines
}

// member shows an event of one service of several: nothing of it is the result.
func (t *text) member(entry Entry) {
	if t.shows(entry) {
		t.tell(memberLog(entry.Story, entry.Subject.Member, memberLines(entry, t.options), t.options)...)
	}
	if entry.Type == deploy.EventOutcome {
		t.marks.outcome(entry)
	}
	t.refresh(entry.Story)
}

// failMember shows the error of one service of several. Why others were not started is
// part of the result.
func (t *text) failMember(story *Story, f Failure) {
	if f.started() {
		t.marks.endAt(story.Now)
		f.Task = nil // its log was shown
		if !t.options.Quiet {
			t.tell(memberLog(story, f.Member, f.lines(), t.options)...)
		}
		t.marks.fail(f)
	}
	t.refresh(story)
}

// started reports whether the failure is that of something that began.
func (f Failure) started() bool { return f.Verdict != string(fleet.NotStarted) }

// fleetPlanObject is the plan of a run of several services, for programs.
type fleetPlanObject struct {
	Members []memberPlan `json:"members"`
	Changes bool         `json:"changes"`
}

type memberPlan struct {
	Member string `json:"member"`
	planObject
}

// FleetPlan is what a run of several services would change.
func FleetPlan(p *fleet.Plan) Result {
	value := fleetPlanObject{Changes: p.Changes()}
	for _, m := range p.Members {
		value.Members = append(value.Members, memberPlan{m.Name, planObject{m.Plan, m.Changes()}})
	}
	return Result{Value: value, Lines: func(o Options) []Line { return fleetPlanned(p, o) }}
}

// fleetPlanned are a line for each service, and then the changes: those that several
// services have in common once.
func fleetPlanned(p *fleet.Plan, o Options) []Line {
	width := 0
	for _, m := range p.Members {
		width = max(width, cells(lettersOf(say("%s", heading(m.Name)))))
	}
	lines := []Line{toned(Strong, count(len(p.Members), "service")).and(places(p))}
	for _, m := range p.Members {
		line := toned(Strong, padded(heading(m.Name), width)).and("  ")
		if !m.Changes() {
			line.Parts[0].Tone = Dim
		}
		summary := m.Plan.Summary()
		if service := rollout.ShortName(m.Plan.Service); service != m.Name {
			summary = service + ": " + summary
		}
		lines = append(lines, line.and(summary).in(2))
	}
	return append(lines, common(p)...)
}

// places are the clusters, with their regions and accounts.
func places(p *fleet.Plan) string {
	var all []string
	for _, m := range p.Members {
		if place := Place(m.Plan.Cluster, m.Plan.Service, ""); !slices.Contains(all, place) {
			all = append(all, place)
		}
	}
	if len(all) > 3 {
		all = append(all[:3], fmt.Sprintf("%d more", len(all)-3))
	}
	return " in " + strings.Join(all, ", ")
}

// common are the changes of all plans, each once, with the services that it is common
// to.
func common(p *fleet.Plan) []Line {
	changing := 0
	var changes []Line
	members := map[string][]string{} // by the text of a change
	for _, m := range p.Members {
		lines := changesOf(m.Plan)
		if len(lines) > 0 {
			changing++
		}
		for _, line := range lines {
			text := line.String()
			if members[text] == nil {
				changes = append(changes, line)
			}
			if !slices.Contains(members[text], heading(m.Name)) {
				members[text] = append(members[text], heading(m.Name))
			}
		}
	}
	var titles []string
	under := map[string][]Line{}
	for _, line := range changes {
		title := whose(members[line.String()], changing, len(p.Members))
		if under[title] == nil {
			titles = append(titles, title)
		}
		under[title] = append(under[title], line)
	}
	var lines []Line
	for _, title := range titles {
		lines = append(append(lines, toned(Strong, title+":").in(2)), indented(4, under[title])...)
	}
	return lines
}

// whose says which members have a change.
func whose(members []string, changing, all int) string {
	switch n := len(members); {
	case n == 1 || n < changing:
		return strings.Join(members, ", ")
	case n == all:
		return fmt.Sprintf("all %d services", n)
	default:
		return fmt.Sprintf("all %d services that change", n)
	}
}

// changesOf are the changes of one plan, a line each, and what there is to know about
// it. A line names its container if the plan changes several.
func changesOf(p *deploy.Plan) []Line {
	several := slices.ContainsFunc(p.Differences, func(d taskdef.Difference) bool { return d.Container != p.Differences[0].Container })
	var lines []Line
	for _, d := range p.Differences {
		if !several {
			d.Container = ""
		}
		lines = append(lines, say("%s", d.String()).whole())
	}
	for _, s := range p.Settings {
		lines = append(lines, say("%s", s.String()).whole())
	}
	lines = append(lines, stepsOf(p)...)
	if p.Guess != "" {
		lines = append(lines, warning("the revision to restore is a guess: "+p.Guess))
	}
	for _, problem := range deploy.Problems(p.Checks) {
		lines = append(lines, toned(Bad, "problem: ").and(problem.Subject+": "+problem.Detail))
	}
	if other := p.InProgress; other != nil && p.Action != deploy.ActionJoin && p.Action != deploy.ActionFollow {
		lines = append(lines, warning("deployment "+other.ID+" of "+other.Name()+" is in progress"))
	}
	for _, text := range p.Warnings {
		lines = append(lines, warning(text).whole())
	}
	for _, note := range p.Notes {
		lines = append(lines, say("note: %s", note))
	}
	return lines
}
