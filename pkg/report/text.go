package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// text is the renderer for people and logs: a time-stamped line on each change,
// nothing twice, and the outcome at the end.
type text struct {
	options  Options
	out, err writer
	onOut    palette
	onErr    palette
	last     string          // the last progress line, without its time
	hinted   map[string]bool // what to do was said already
	placed   bool            // it was said which service this is about, and where
	now      time.Time
}

func newText(o Options) *text {
	if o.Location == nil {
		o.Location = time.Local
	}
	return &text{
		options: o, out: writer{out: printable.NewWriter(o.Out)}, err: writer{out: printable.NewWriter(o.Err)}, onOut: newPalette(o.OutColor), onErr: newPalette(o.ErrColor),
		hinted: map[string]bool{},
	}
}

func (t *text) Err() error {
	if t.out.err != nil {
		return t.out.err
	}
	return t.err.err
}

func (t *text) Fail(f Failure) {
	problems := f.Problems
	if len(problems) == 0 {
		problems = []string{f.Message}
	}
	t.say(t.onErr.bad.Sprint("error: ") + problems[0])
	for _, problem := range problems[1:] {
		if !placed().MatchString(problem) { // nothing else than a place begins a line
			problem = "  " + problem
		}
		t.say(problem)
	}
	if f.Hint != "" {
		t.say(t.onErr.dim.Sprint("hint: ") + f.Hint)
	}
}

// Event shows an event as one line or a few.
func (t *text) Event(e deploy.Event) {
	if e.Type == deploy.EventOutcome {
		t.now = e.Time
		t.outcome(*e.Outcome)
		return
	}
	if t.options.Quiet {
		return
	}
	t.place(e)
	switch e.Type {
	case deploy.EventPlan:
		t.plan(e)
	case deploy.EventRegistered:
		t.line(e, "registered "+rollout.Named(e.TaskDefinition, e.Tag))
	case deploy.EventUpdated:
		t.line(e, updated(*e.Deployment))
	case deploy.EventProgress:
		if line := progress(e.Service, e.ServiceDeployment); line != t.last {
			t.last = line
			if e.Elapsed >= time.Second {
				line += t.onErr.dim.Sprint(", after " + deploy.Span(e.Elapsed))
			}
			t.line(e, line)
		}
	case deploy.EventService:
		t.serviceEvent(e)
	case deploy.EventCause:
		t.line(e, t.onErr.bad.Sprint("a task stopped: ")+reasonOf(*e.Cause))
		t.hinted[e.Cause.Hint] = true
		t.cause(*e.Cause, func(line string) { t.line(e, line) })
	case deploy.EventHeartbeat:
		t.line(e, t.onErr.dim.Sprintf("waiting for %s: %s", deploy.Span(e.Elapsed), e.Message))
	case deploy.EventWarning:
		t.line(e, t.onErr.warn.Sprint("warning: ")+e.Message)
	case deploy.EventDeregistered:
		t.line(e, "deregistered "+rollout.Named(e.TaskDefinition, e.Tag))
	}
}

// place says once, in the first line, which service this is about, and where.
func (t *text) place(e deploy.Event) {
	var cluster, service string
	switch {
	case t.placed:
		return
	case e.Plan != nil:
		cluster, service = e.Plan.Cluster, e.Plan.Service
	case e.Deployment != nil:
		cluster, service = e.Deployment.Cluster, e.Deployment.Service
	case e.Service != nil:
		cluster, service = e.Service.ClusterARN, e.Service.ARN
	default:
		return
	}
	t.placed = true
	t.line(e, t.onErr.bold.Sprint(rollout.ShortName(service))+" in "+Place(cluster, service, t.options.Target))
}

func (t *text) plan(e deploy.Event) {
	p := e.Plan
	t.line(e, p.String())
	for _, d := range p.Differences {
		t.line(e, "  "+d.String())
	}
	for _, s := range p.Settings {
		t.line(e, "  "+s.String())
	}
	for _, warning := range p.Warnings {
		t.line(e, t.onErr.warn.Sprint("warning: ")+warning)
	}
	for _, note := range p.Notes {
		t.line(e, "note: "+note)
	}
}

func updated(d deploy.Deployment) string {
	switch d.Action {
	case deploy.ActionSettings:
		return "updated the service; ECS started no deployment for it"
	case deploy.ActionRestart:
		return "updated the service: deployment " + d.ID + " starts " + rollout.Named(d.TaskDefinition, d.Tag) + " anew"
	}
	if d.ID == "" {
		return "ECS accepted the update to " + rollout.Named(d.TaskDefinition, d.Tag) + ", and does not show the deployment yet"
	}
	return "updated the service: deployment " + d.ID + " brings " + rollout.Named(d.TaskDefinition, d.Tag)
}

// progress says where the deployments stand, the PRIMARY one first, and what ECS's
// record of the deployment adds to that.
func progress(s *rollout.Service, record *rollout.ServiceDeployment) string {
	var parts []string
	for _, d := range s.Deployments {
		part := fmt.Sprintf("%s %d/%d running", d.Name(), d.Running, d.Desired)
		if d.Pending > 0 {
			part += fmt.Sprintf(", %d pending", d.Pending)
		}
		if d.Failed > 0 {
			part += fmt.Sprintf(", %d failed", d.Failed)
		}
		if d.RolloutState == rollout.RolloutFailed {
			part += ", FAILED"
		}
		if d.Status == rollout.StatusPrimary {
			parts = append([]string{part}, parts...)
		} else {
			parts = append(parts, "("+part+")")
		}
	}
	line := strings.Join(parts, "  ")
	if record == nil {
		return line
	}
	if stage := record.Stage(); stage != "" {
		line += "  " + stage
	}
	if record.Breaker.Counts() {
		line += "  circuit breaker: " + record.Breaker.String()
	}
	if record.Status != rollout.ServiceDeploymentInProgress {
		return line + "  service deployment " + record.Status
	}
	if alarms := record.Watched(); alarms != "" && s.Baking() {
		line += "  baking, ECS watches " + alarms
	}
	return line
}

func (t *text) serviceEvent(e deploy.Event) {
	message := e.ServiceEvent.Message
	if prefix := "(service " + e.Service.Name + ") "; strings.HasPrefix(message, prefix) {
		message = message[len(prefix):]
	}
	if rollout.Trouble(*e.ServiceEvent) {
		message = t.onErr.warn.Sprint(message)
	}
	// Old news, for somebody who joins: when it happened, by ECS's clock.
	if at := e.ServiceEvent.At; e.Time.Sub(at) > time.Minute {
		message += t.onErr.dim.Sprint(" (" + at.In(t.options.Location).Format("15:04:05") + ")")
	}
	t.line(e, "ECS: "+message)
	if hint := rollout.EventHint(e.ServiceEvent.Message); hint != "" && !t.hinted[hint] {
		t.hinted[hint] = true
		t.line(e, "  "+hint)
	}
}

// outcome is the result, on the result's stream, and what to type next.
func (t *text) outcome(o deploy.Outcome) {
	verdict := t.verdictColor(o).Sprint(string(o.Verdict))
	t.result(fmt.Sprintf("%s: %s", verdict, t.summary(o)))
	if told := []rollout.Verdict{rollout.Succeeded, rollout.Unchanged, rollout.Updated}; o.Reason != "" && !slices.Contains(told, o.Verdict) {
		t.result("  " + o.Reason)
	}
	if failed := o.Diagnosis.Failed(); failed > 0 && o.ExitCode() == 0 {
		t.result(fmt.Sprintf("  %s: %s of this deployment failed on the way", t.onOut.warn.Sprint("note"), tasks(failed)))
	}
	t.diagnosis(o.Diagnosis)
	for _, next := range Next(o, t.options.Command) {
		t.result(t.onOut.dim.Sprint("  "+next.Purpose+": ") + next.Command)
	}
}

// diagnosis shows why a deployment does not do well, and what to do.
func (t *text) diagnosis(d rollout.Diagnosis) {
	for _, cause := range d.Causes {
		t.result("  " + t.onOut.bold.Sprint(cause.String()))
		t.cause(cause, func(line string) { t.result("    " + line) })
	}
	if more := d.More(); more != "" {
		t.result("  " + more)
	}
	for _, group := range d.TargetGroups {
		t.result("  " + group.String())
	}
	if len(d.Alarms) > 0 {
		t.result("  alarms: " + strings.Join(d.Alarms, ", "))
	}
	for _, event := range d.Events {
		t.result("  ECS: " + event)
	}
	if d.Breaker.Counts() {
		t.result("  circuit breaker: " + d.Breaker.String())
	}
	for _, advice := range d.Advice {
		t.result("      " + advice)
	}
}

// tasks is a number of tasks in words.
func tasks(n int) string {
	if n == 1 {
		return "1 task"
	}
	return fmt.Sprintf("%d tasks", n)
}

func (t *text) verdictColor(o deploy.Outcome) paint {
	switch {
	case o.ExitCode() == 0:
		return t.onOut.good
	case o.Verdict == rollout.Failed || o.Verdict == rollout.RolledBack:
		return t.onOut.bad
	}
	return t.onOut.warn
}

// summary says what is in service now, and where.
func (t *text) summary(o deploy.Outcome) string {
	return t.serving(o) + "; in " + Place(o.Deployment.Cluster, o.Deployment.Service, t.options.Target)
}

func (t *text) serving(o deploy.Outcome) string {
	service, wanted := rollout.ShortName(o.Deployment.Service), rollout.Named(o.Deployment.TaskDefinition, o.Deployment.Tag)
	running := rollout.Named(o.Serving, o.ServingTag)
	serving := fmt.Sprintf("%s, %d of %d tasks running", running, o.Running, o.Desired)
	switch o.Verdict {
	case rollout.Unchanged:
		return fmt.Sprintf("%s serves %s already, %d of %d tasks running", service, running, o.Running, o.Desired)
	case rollout.Started:
		if o.Deployment.Action == deploy.ActionSettings {
			return service + " has its new settings"
		}
		return fmt.Sprintf("%s brings %s into %s", o.Deployment.ID, wanted, service)
	case rollout.Succeeded:
		text := fmt.Sprintf("%s runs %s", service, serving)
		if before := o.Deployment.Before; before.TaskDefinition != "" && before.TaskDefinition != o.Serving {
			text += " (before: " + rollout.Named(before.TaskDefinition, before.Tag) + ")"
		}
		if o.Draining > 0 {
			text += fmt.Sprintf("; %d earlier tasks are still draining", o.Draining)
		}
		text += t.after(o)
		if o.Desired > 0 {
			return text
		}
		if o.Diagnosis.Failed() > 0 {
			return text + "; the desired count is 0, so nothing runs"
		}
		return text + "; the desired count is 0, so nothing was started"
	case rollout.RolledBack:
		return fmt.Sprintf("%s was rolled back; %s serves %s%s", wanted, service, serving, t.after(o))
	}
	return fmt.Sprintf("%s serves %s%s", service, serving, t.after(o))
}

// after is how long it took, or, of a deployment that had ended before anybody
// looked, when it ended.
func (t *text) after(o deploy.Outcome) string {
	if o.Deployment.Action == deploy.ActionFollow && !o.EndedAt.IsZero() && o.Elapsed < 2*time.Second {
		ended := o.EndedAt.In(t.options.Location).Format("2006-01-02 15:04:05")
		if t.now.Before(o.EndedAt) { // two clocks: ours and that of ECS
			return ", ended " + ended
		}
		return fmt.Sprintf(", ended %s ago (%s)", deploy.Span(t.now.Sub(o.EndedAt)), ended)
	}
	return ", after " + deploy.Span(o.Elapsed)
}

// cause shows what is known of a cause beside its reason: what to look at, and
// the end of the container's log.
func (t *text) cause(c rollout.Cause, line func(string)) {
	if c.Hint != "" {
		line("  " + c.Hint)
	}
	for _, logged := range c.Log.Lines {
		line("  | " + logged)
	}
	if len(c.Log.Lines) == 0 && c.Log.Command != "" {
		line("  its log: " + c.Log.Command)
	}
	if c.Page != "" {
		line("  " + c.Page)
	}
}

// reasonOf is a cause without its count: the first of its kind.
func reasonOf(c rollout.Cause) string {
	_, reason, _ := strings.Cut(c.String(), " × ")
	return reason
}

func (t *text) line(e deploy.Event, line string) {
	t.say(t.onErr.dim.Sprint(e.Time.In(t.options.Location).Format("15:04:05")) + "  " + line)
}

func (t *text) say(line string)    { t.err.write([]byte(shorter(line) + "\n")) }
func (t *text) result(line string) { t.out.write([]byte(shorter(line) + "\n")) }

// placed matches a problem that begins with its place: file:line:column, file:line, or the definition.
var placed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([^\s:]+:\d+(:\d+)?|task definition [\w-]+): `) })

// targetGroup matches a target group as service events and stop reasons name it.
var targetGroup = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`target-group arn:\S+?:targetgroup/([^/\s)]+)/[0-9a-zA-Z]+`)
})

// shorter is a line with the names of target groups in the place of their ARNs.
func shorter(line string) string {
	if !strings.Contains(line, ":targetgroup/") {
		return line
	}
	return targetGroup().ReplaceAllString(line, "target-group $1")
}
