package report

// A run of several services: the plan, which says once what is common to many of them,
// the log, in which each line names its service, and the table at the end.

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
}

// FleetOutcome is how a run of several services went. join is the command that follows
// those again whose rollouts continue; "" if there are none. hint says what to do about
// an error.
func FleetOutcome(f fleet.Outcome, o Options, join string, hint func(error) string) Result {
	value := fleetObject{
		Type: string(deploy.EventOutcome), Schema: Schema, Simulated: o.Simulated, Verdict: string(f.Verdict()), ExitCode: f.ExitCode(),
		ElapsedSeconds: seconds(f.Elapsed), Members: []memberObject{},
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
	if join != "" {
		value.Next = []Suggestion{{Purpose: "follow all again", Command: join}}
	}
	return Result{Value: value, Lines: func(Options) []Line { return fleetEnded(f, value.Next, hint) }}
}

// fleetEnded is the table at the end.
func fleetEnded(f fleet.Outcome, next []Suggestion, hint func(error) string) []Line {
	var verdicts []rollout.Verdict
	number := map[rollout.Verdict]int{}
	name, word := 0, 0
	for _, r := range f.Members {
		if number[r.Verdict]++; number[r.Verdict] == 1 {
			verdicts = append(verdicts, r.Verdict)
		}
		name, word = max(name, cells(lettersOf(say("%s", heading(r.Member))))), max(word, len(title(r.Verdict)))
	}
	var counts []string
	for _, v := range verdicts {
		counts = append(counts, fmt.Sprintf("%d %s", number[v], title(v)))
	}
	tone := Good
	if f.ExitCode() != 0 {
		tone = Bad
	}
	lines := []Line{toned(tone, title(f.Verdict())).and(fmt.Sprintf(": %s, after %s", strings.Join(counts, ", "), deploy.Span(f.Elapsed)))}
	for _, r := range f.Members {
		line := say("%s  ", padded(heading(r.Member), name)).with(toneOfMember(r), padded(title(r.Verdict), word)).and("  " + memberSummary(r))
		lines = append(lines, line.in(2).hang(name+word+4))
		if r.Outcome != nil && r.ExitCode() != 0 {
			for _, cause := range r.Outcome.Diagnosis.Causes {
				lines = append(lines, say("%s", cause.String()).in(6+name))
			}
		}
		if text := hint(r.Err); r.Err != nil && text != "" {
			lines = append(lines, toned(Dim, "hint: ").and(text).in(6+name).whole())
		}
	}
	return append(lines, indented(2, suggested(next))...)
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
	last := r.Outcome
	if r.Undone != nil {
		last = r.Undone
	}
	switch {
	case last == nil:
		return strings.TrimSpace(r.Reason)
	case r.ExitCode() == 0:
		return verdict{Outcome: *last}.summary() + timeOf(last)
	}
	return verdict{Outcome: *last}.summary() + timeOf(last) + "; " + r.Reason
}

func timeOf(o *deploy.Outcome) string {
	if o.Verdict == rollout.Unchanged || o.Verdict == rollout.Started {
		return ""
	}
	return ", after " + deploy.Span(o.Elapsed)
}
