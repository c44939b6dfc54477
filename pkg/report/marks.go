package report

// What CI systems show beside the lines of a log: groups that fold, and annotations.
// Each system has its own commands for it, which are lines of the log. Texts of others
// are escaped in them: no such text can begin a command, end one, or add to one.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// CI is a CI system whose log has groups.
type CI string

// The CI systems.
const (
	NoCI      CI = ""
	GitHub    CI = "github"
	GitLab    CI = "gitlab"
	Buildkite CI = "buildkite"
	Azure     CI = "azure"
)

// dialect is how a CI system writes its commands. An empty text is none.
type dialect struct {
	// open and close begin and end a group; id tells groups of a log apart.
	open  func(title string, at time.Time, id int) string
	close func(at time.Time, id int) string
	// note is an annotation: level is warning or error.
	note func(level, title string, texts []string) string
}

// dialects are those of the CI systems, with the page that documents each:
// docs.github.com "Workflow commands for GitHub Actions", docs.gitlab.com "Job logs:
// custom collapsible sections", buildkite.com/docs "Managing log output",
// learn.microsoft.com "Logging commands".
var dialects = map[CI]dialect{
	GitHub: {
		open:  func(title string, _ time.Time, _ int) string { return "::group::" + githubData(title) },
		close: func(time.Time, int) string { return "::endgroup::" },
		note: func(level, title string, texts []string) string {
			return fmt.Sprintf("::%s title=%s::%s", level, githubProperty(title), joined(texts, githubData, "%0A"))
		},
	},
	GitLab: {
		open: func(title string, at time.Time, id int) string {
			return fmt.Sprintf("section_start:%d:ecs_deploy_%d[collapsed=true]\r\x1b[0K%s", at.Unix(), id, harmless(title))
		},
		close: func(at time.Time, id int) string {
			return fmt.Sprintf("section_end:%d:ecs_deploy_%d\r\x1b[0K", at.Unix(), id)
		},
	},
	Buildkite: { // a group ends where the next one begins
		open:  func(title string, _ time.Time, _ int) string { return "--- " + harmless(title) },
		close: func(time.Time, int) string { return "+++ ecs-deploy" },
	},
	Azure: {
		open:  func(title string, _ time.Time, _ int) string { return "##[group]" + harmless(title) },
		close: func(time.Time, int) string { return "##[endgroup]" },
		note: func(level, title string, texts []string) string {
			return fmt.Sprintf("##vso[task.logissue type=%s]%s: %s", level, azureData(title), joined(texts, azureData, "; "))
		},
	},
}

// marks writes the commands of a CI system into its log. Without a system it writes
// nothing.
type marks struct {
	writer
	dialect
	options Options
	groups  int  // so far
	within  bool // the last one has not ended
}

func newMarks(o Options) *marks {
	m := &marks{writer: writer{out: o.Raw}, dialect: dialects[o.CI], options: o}
	if o.Raw == nil {
		m.dialect = dialect{}
	}
	return m
}

// command writes a command.
func (m *marks) command(text string) {
	m.write([]byte(text + "\n"))
}

// begin opens the group that an entry belongs to, and closes the one before: the plan
// has a group, and so has the rollout that follows. It shows beside the log what belongs
// there, and returns the lines that are left to show.
func (m *marks) begin(entry Entry, lines []Line) []Line {
	switch {
	case m.open == nil || len(lines) == 0:
	case entry.Type == deploy.EventPlan, entry.Type == deploy.EventUpdated:
		m.enter(entry, lines[0].String())
		lines = lines[1:]
	case !m.within && (entry.Type == deploy.EventProgress || entry.Type == deploy.EventTask):
		m.enter(entry, "rollout of "+entry.About.Name())
	}
	if m.note == nil {
		return lines
	}
	name := entry.About.Name()
	switch entry.Type {
	case deploy.EventPlan:
		for _, warning := range entry.Plan.Warnings {
			m.command(m.note("warning", name, []string{warning}))
		}
	case deploy.EventWarning:
		m.command(m.note("warning", name, []string{entry.Message}))
		return nil
	case deploy.EventCause: // the first task that stops for it
		m.command(m.note("warning", name+": a task stopped", texts(reasonOf(*entry.Cause), entry.Cause.Hint)))
		return lines[1:]
	}
	return lines
}

func (m *marks) enter(entry Entry, title string) {
	m.end(entry)
	m.groups++
	m.command(m.open(title, entry.Time, m.groups))
	m.within = true
}

// end closes the group that is open.
func (m *marks) end(entry Entry) { m.endAt(entry.Time) }

func (m *marks) endAt(at time.Time) {
	if m.within {
		m.command(m.close(at, m.groups))
		m.within = false
	}
}

// outcome shows a bad outcome beside the log: one error, with its causes and hints.
func (m *marks) outcome(entry Entry) {
	switch {
	case m.note == nil:
	case entry.TaskOutcome != nil && entry.TaskOutcome.ExitCode() != 0:
		m.command(m.note("error", title(entry.TaskOutcome.Verdict), reasons(entry.TaskOutcome.Reason, entry.TaskOutcome.Diagnosis)))
	case entry.Outcome != nil && entry.Outcome.ExitCode() != 0:
		m.command(m.note("error", title(entry.Outcome.Verdict)+": "+entry.About.Name(), reasons(entry.Outcome.Reason, entry.Outcome.Diagnosis)))
	}
}

// fail shows an error beside the log, where there is a way to.
func (m *marks) fail(f Failure) {
	if m.note == nil {
		return
	}
	said := f.Problems
	if len(said) == 0 {
		said = []string{f.Message}
	}
	if f.Hint != "" {
		said = append(slices.Clip(said), "hint: "+f.Hint)
	}
	m.command(m.note("error", "ecs-deploy: "+f.title(), said))
}

// reasons are why an outcome is bad, and what to do.
func reasons(reason string, d rollout.Diagnosis) []string {
	said := []string{reason}
	for _, cause := range d.Causes {
		said = append(said, cause.String(), cause.Hint)
	}
	said = append(said, d.Advice...)
	for _, topic := range d.Topics {
		said = append(said, explained(topic).String())
	}
	return texts(said...)
}

// texts are those that are not empty.
func texts(all ...string) []string {
	return slices.DeleteFunc(all, func(text string) bool { return text == "" })
}

// joined are texts, each escaped, with a separator between them.
func joined(all []string, escape func(string) string, separator string) string {
	escaped := make([]string, len(all))
	for i, text := range all {
		escaped[i] = escape(text)
	}
	return strings.Join(escaped, separator)
}

var (
	githubDataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubPropertyEscapes = strings.NewReplacer(":", "%3A", ",", "%2C")
	azureEscapes          = strings.NewReplacer("%", "%AZP25", ";", "%3B", "\r", "%0D", "\n", "%0A", "]", "%5D")
)

// githubData is a text as the data of a workflow command, where it cannot begin
// another one: escapeData of actions/toolkit.
func githubData(text string) string { return githubDataEscapes.Replace(harmless(text)) }

// githubProperty is a text as a property of a workflow command.
func githubProperty(text string) string { return githubPropertyEscapes.Replace(githubData(text)) }

// azureData is a text as the message of a logging command.
func azureData(text string) string { return azureEscapes.Replace(harmless(text)) }
