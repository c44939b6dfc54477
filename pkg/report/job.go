package report

// What a run leaves for its job in a CI system: a summary in Markdown for the page of
// the job, and outputs that later steps read.

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// job is the view that writes them, once the run has ended.
type job struct {
	options         Options
	summary         writer
	outputs, dotenv writer
	worst           *outputs // of all ends so far
}

func newJob(o Options) *job {
	return &job{options: o, summary: writer{out: o.Summary}, outputs: writer{out: o.Outputs}, dotenv: writer{out: o.Dotenv}}
}

// failure is nil: that a job has no summary is no reason for a command to fail. Who
// opened the files knows of errors.
func (j *job) failure() error { return nil }

func (j *job) result(story *Story, r Result) {
	if r.end != nil {
		j.summarize(fleetSummary(r.end, story, j.options))
		j.leave(outputsOfFleet(r.end))
	}
}

func (j *job) entry(entry Entry) {
	switch {
	case entry.Type != deploy.EventOutcome, ofMember(entry.Event): // the end of all says how each ended
		return
	case entry.TaskOutcome != nil:
		j.summarize(taskSummary(entry, j.options))
		j.leave(outputsOfTask(entry.TaskOutcome))
	default:
		j.summarize(outcomeSummary(verdict{*entry.Outcome, entry.Time, j.options}, entry.About))
		j.leave(outputsOf(*entry.Outcome))
	}
}

func (j *job) fail(_ *Story, f Failure) {
	if f.Member == "" {
		j.summarize(failureSummary(f))
		j.leave(outputs{verdict: f.Verdict, exitCode: f.ExitCode, reason: f.Message})
	}
}

func (j *job) summarize(text string) {
	if j.options.Summary != nil {
		j.summary.write([]byte(bounded(text)))
	}
}

// leave writes the outputs, if they are worse than those before: a run may end with an
// error after the outcome of its deployment. Readers take the last value of a name.
func (j *job) leave(o outputs) {
	if j.worst != nil && o.exitCode <= j.worst.exitCode {
		return
	}
	j.worst = &o
	if j.options.Outputs != nil {
		j.outputs.write([]byte(o.lines(func(name string) string { return name }, longestMembers)))
	}
	if j.options.Dotenv != nil {
		j.dotenv.write([]byte(o.lines(func(name string) string {
			return "DEPLOY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		}, longestMembersOfDotenv)))
	}
}

// outputs are how a run ended, for later steps of a job.
type outputs struct {
	verdict                  string
	exitCode                 int
	taskDefinition           string // its ARN
	deploymentID, rollbackTo string
	reason                   string
	members                  []memberOutput // of a run of several services
}

func outputsOf(o deploy.Outcome) outputs {
	out := outputs{
		verdict: string(o.Verdict), exitCode: o.ExitCode(), taskDefinition: o.Deployment.TaskDefinition,
		deploymentID: o.Deployment.ID, reason: o.Reason,
	}
	if before := o.Deployment.Before.TaskDefinition; before != o.Deployment.TaskDefinition {
		out.rollbackTo = arn.ShortName(before)
	}
	return out
}

func outputsOfTask(o *deploy.TaskOutcome) outputs {
	return outputs{verdict: string(o.Verdict), exitCode: o.ExitCode(), taskDefinition: o.TaskDefinition, reason: o.Reason}
}

// longestOutput is how many characters of a value are kept: GitLab takes dotenv files of
// 5 KiB.
const longestOutput = 500

// lines are the outputs as NAME=VALUE lines, with at most so many bytes about members. No
// value has a line break.
func (o outputs) lines(name func(string) string, members int) string {
	var b strings.Builder
	for _, output := range []struct{ name, value string }{
		{"verdict", o.verdict}, {"exit-code", strconv.Itoa(o.exitCode)}, {"task-definition-arn", o.taskDefinition},
		{"deployment-id", o.deploymentID}, {"rollback-to", o.rollbackTo}, {"reason", o.reason},
	} {
		value := []rune(strings.TrimSpace(harmless(output.value)))
		fmt.Fprintf(&b, "%s=%s\n", name(output.name), string(value[:min(len(value), longestOutput)]))
	}
	fmt.Fprintf(&b, "%s=%s\n", name("members"), membersOutput(o.members, members))
	return b.String()
}

// largestSummary is how many bytes a summary has at most: GitHub takes 1 MiB of a step,
// in which ecs-deploy may run several times.
const largestSummary = 200 << 10

// bounded is a summary that is not too large. One that is ends with how much is left
// out, at the end of a block.
func bounded(text string) string {
	if len(text) <= largestSummary {
		return text
	}
	end := strings.LastIndex(text[:largestSummary], "\n\n")
	if strings.Count(text[:end], "\n```")%2 == 1 { // within a block of code
		end = strings.LastIndex(text[:end], "\n\n```")
	}
	return text[:max(end, 0)] + fmt.Sprintf("\n\n%d more bytes are left out.\n\n", len(text)-end)
}

// taskSummary is how one-off tasks went.
func taskSummary(entry Entry, o Options) string {
	var b strings.Builder
	t := entry.TaskOutcome
	fmt.Fprintf(&b, "### %s: %s\n\n", markdown(title(t.Verdict)), markdown(cmp.Or(rollout.ShortName(t.Service), rollout.ShortName(t.TaskDefinition))))
	for _, line := range taskVerdict(t, o)[:2] {
		fmt.Fprintf(&b, "%s\n\n", markdown(line.String()))
	}
	causesSummary(&b, t.Diagnosis)
	return b.String()
}
