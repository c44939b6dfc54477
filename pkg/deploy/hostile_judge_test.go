package deploy_test

// The judge of a hostile case: it asks the simulator itself what became of the
// deployment, and holds that against what was said.

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/hostile"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// truth is the service as ECS has it at the end of an attempt.
type truth struct {
	status  string
	desired int
	running int
	primary rollout.Deployment
	records map[string]string // status by ARN
	numbers map[string]string // ARN of the record by the id of the deployment, if they are numbered alike
	newest  string
}

// look reads the truth.
func (r *hostileRun) look() (now truth, err error) {
	var shown struct {
		Services []struct {
			Status       string
			DesiredCount int
			RunningCount int
			Deployments  []struct{ ID, Status, TaskDefinition, RolloutState, RolloutStateReason string }
		}
	}
	if err := r.ask("DescribeServices", `{"cluster":"prod","services":["web"]}`, &shown); err != nil {
		return now, err
	}
	service := shown.Services[0]
	now = truth{status: service.Status, desired: service.DesiredCount, running: service.RunningCount, records: map[string]string{}, numbers: map[string]string{}}
	for _, d := range service.Deployments {
		if d.Status == "PRIMARY" {
			now.primary = rollout.Deployment{ID: d.ID, Status: d.Status, TaskDefinition: d.TaskDefinition, RolloutState: d.RolloutState, RolloutStateReason: d.RolloutStateReason}
		}
	}
	var list struct {
		ServiceDeployments []struct{ ServiceDeploymentArn, Status, TargetServiceRevisionArn string }
	}
	if err := r.ask("ListServiceDeployments", `{"cluster":"prod","service":"web","maxResults":100}`, &list); err != nil {
		return now, err
	}
	for i, record := range list.ServiceDeployments {
		if i == 0 {
			now.newest = record.ServiceDeploymentArn
		}
		now.records[record.ServiceDeploymentArn] = record.Status
		now.numbers["ecs-svc/"+rollout.ShortName(record.TargetServiceRevisionArn)] = record.ServiceDeploymentArn
	}
	return now, nil
}

// ask reads an undistorted answer.
func (r *hostileRun) ask(operation, input string, into any) error {
	answer, err := r.client.Ask(operation, input)
	if err != nil {
		return err
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// started is an UpdateService of ours that began a deployment.
type started struct{ id, record, definition string }

// startedBy are the deployments that an attempt's writes began.
func startedBy(writes []hostile.Write) (found []started, updates int) {
	for _, w := range writes {
		if w.Operation != "UpdateService" || w.Status != 200 {
			continue
		}
		updates++
		if w.Input["taskDefinition"] == nil && w.Input["forceNewDeployment"] == nil {
			continue
		}
		primary := primaryOf(w.Output)
		id, _ := primary["id"].(string)
		definition, _ := primary["taskDefinition"].(string)
		found = append(found, started{id, w.Record, definition})
	}
	return found, updates
}

// judge holds what was said against the truth.
func (r *hostileRun) judge(a attempt) {
	now, err := r.look()
	if err != nil {
		r.wrong(a, "the judge cannot see: %v", err)
		return
	}
	if r.client.Calls > hostile.Runaway {
		r.wrong(a, "it makes calls without end")
	}
	ours, updates := startedBy(a.writes)
	r.judgeWrites(a, ours, updates)
	r.judgeLimits(a)
	if a.err != nil {
		r.judgeError(a, updates)
		return
	}
	if last := a.events[len(a.events)-1]; last.Type != deploy.EventOutcome || last.Outcome.Verdict != a.outcome.Verdict {
		r.wrong(a, "the last event is %s", last.Type)
	}
	r.judgeVerdict(a, now, ours)
}

// wayBack reports whether a second update was asked for.
func (a attempt) wayBack() bool {
	return a.policy.RollbackOnFailure || a.policy.OnInterrupt == deploy.OnInterruptRollback
}

// judgeWrites: no update is carried out twice, and no revision is left that nobody
// names.
func (r *hostileRun) judgeWrites(a attempt, ours []started, updates int) {
	most := 1
	if a.wayBack() && len(ours) == 2 && strings.HasSuffix(ours[1].definition, "/web:1") {
		most = 2
	}
	// A count that somebody sets back to what it was looks as if ours was never
	// carried out, and ECS keeps no trace of it.
	setBack := strings.HasPrefix(a.mode, "count") && slices.ContainsFunc(r.script, func(d hostile.Distortion) bool { return d.Name == hostile.Scale })
	if setBack && len(ours) == 0 {
		most = 2
	}
	if updates > most {
		r.wrong(a, "UpdateService was carried out %d times", updates)
	}
	said := (&bench{}).say(a.outcome, a.err).text
	for _, e := range a.events {
		said += "\n" + e.Message
	}
	for _, w := range a.writes {
		if w.Operation != "RegisterTaskDefinition" || w.Status != 200 {
			continue
		}
		arn, _ := w.Output["taskDefinition"].(doc)["taskDefinitionArn"].(string)
		used := slices.ContainsFunc(ours, func(s started) bool { return s.definition == arn })
		named := strings.Contains(said, rollout.ShortName(arn)) || strings.Contains(said, "may have been registered")
		if !used && !named {
			r.wrong(a, "%s was registered, is not used, and is not named", rollout.ShortName(arn))
		}
	}
}

// judgeLimits: a watch ends within a second of its limit, and soon after it is
// interrupted.
func (r *hostileRun) judgeLimits(a attempt) {
	limit := a.policy.Watch.CompleteTimeout
	if limit == 0 {
		limit = deploy.DefaultCompleteTimeout
	}
	watched := slices.IndexFunc(a.events, func(e deploy.Event) bool { return e.Type == deploy.EventUpdated })
	single := !slices.ContainsFunc(a.events[watched+1:], func(e deploy.Event) bool { return e.Type == deploy.EventUpdated || e.Type == deploy.EventPlan })
	if a.err == nil && single && a.outcome.Elapsed > limit+time.Second {
		r.wrong(a, "the limit of %s was passed: %s", limit, a.outcome.Elapsed)
	}
	if watched < 0 || !single {
		return
	}
	since := a.events[watched].Time
	if took := a.ended.Sub(since); took > limit+time.Second {
		r.wrong(a, "the watch took %s, with a limit of %s", took, limit)
	}
	if !r.cut.IsZero() && !a.wayBack() && r.cut.After(since) && a.ended.Sub(r.cut) > 15*time.Second {
		r.wrong(a, "it ended %s after the interruption", a.ended.Sub(r.cut))
	}
}

// untouched are the exit codes that say that the service was not changed.
var untouched = []int{1, 3, 4, 10, 11}

// judgeError: an error says what became of the service.
func (r *hostileRun) judgeError(a attempt, updates int) {
	code := (&bench{}).say(a.outcome, a.err).exit
	if !slices.Contains([]int{1, 3, 4, 6, 7, 8, 10, 130}, code) {
		r.wrong(a, "the exit code is in no table")
	}
	var interrupted *deploy.InterruptedError
	if (slices.Contains(untouched, code) || errors.As(a.err, &interrupted)) && updates > 0 && !a.policy.NoWait {
		r.wrong(a, "the service was updated, and the error says that it was not")
	}
	if code == 130 && r.cut.IsZero() {
		r.wrong(a, "nobody interrupted it")
	}
	if code == 8 && !r.script.Acts() {
		r.wrong(a, "nobody else deployed")
	}
}

// ran reports whether a task of a deployment was RUNNING, ever.
func (r *hostileRun) ran(id string) bool {
	for _, desired := range []string{"RUNNING", "STOPPED"} {
		var list struct{ TaskArns []string }
		if r.ask("ListTasks", `{"cluster":"prod","serviceName":"web","desiredStatus":"`+desired+`"}`, &list) != nil || len(list.TaskArns) == 0 {
			continue
		}
		var described struct {
			Tasks []struct {
				StartedBy string
				StartedAt float64
			}
		}
		input, err := json.Marshal(doc{"cluster": "prod", "tasks": list.TaskArns})
		if err != nil || r.ask("DescribeTasks", string(input), &described) != nil {
			continue
		}
		for _, task := range described.Tasks {
			if task.StartedBy == id && task.StartedAt > 0 {
				return true
			}
		}
	}
	return false
}

// judgeVerdict: each verdict is true.
func (r *hostileRun) judgeVerdict(a attempt, now truth, ours []started) {
	o := a.outcome
	mine := started{id: o.Deployment.ID, record: now.numbers[o.Deployment.ID]}
	if len(ours) > 0 {
		mine = ours[0]
	} else if all, _ := startedBy(r.client.Writes); len(all) > 0 { // joined
		for _, s := range all {
			if s.id == o.Deployment.ID {
				mine = s
			}
		}
	}
	if r.script.Has(hostile.Restart) && o.Deployment.ID != mine.id && o.Deployment.TaskDefinition == mine.definition {
		// A colleague's restart of what we deployed is as good as ours.
		mine.id, mine.record = o.Deployment.ID, now.numbers[o.Deployment.ID]
	}
	status := now.records[mine.record]
	acted := r.script.Has(hostile.Colleague, hostile.Restart, hostile.Scale, hostile.Stop)
	switch o.Verdict {
	case rollout.Succeeded:
		r.judgeSuccess(a, now, mine, status)
	case rollout.Unchanged:
		if len(a.writes) > 0 {
			r.wrong(a, "something was written")
		}
		if r.client.Acted.IsZero() && (now.primary.RolloutState == "IN_PROGRESS" || now.primary.RolloutState == "FAILED") {
			r.wrong(a, "the deployment is %s", now.primary.RolloutState)
		}
	case rollout.Updated:
		asked, settings := map[string]int{"count": 4, "count-0": 0}[a.mode]
		if !settings {
			r.wrong(a, "more than settings was asked for")
		}
		if r.client.Acted.IsZero() && (o.Desired != now.desired || now.desired != asked) || now.status != "ACTIVE" && time.Since(r.client.Acted) > 25*time.Second {
			r.wrong(a, "the service is %s, with %d of %d tasks", now.status, now.running, now.desired)
		}
	case rollout.RolledBack:
		back := status == "ROLLBACK_SUCCESSFUL" || len(ours) == 2 && now.records[ours[1].record] == "SUCCESSFUL"
		if mine.record != "" && !back || now.primary.ID == mine.id {
			r.wrong(a, "its record is %s, and %s is PRIMARY", status, now.primary.ID)
		}
	case rollout.Superseded:
		// A restart of what a colleague brought in a moment before restarts theirs.
		others := r.script.Has(hostile.Stop, hostile.Scale) || mine.record == "" || now.newest != mine.record || a.mode == "restart" && r.script.Has(hostile.Colleague)
		if !acted || r.client.Acted.IsZero() || !others {
			r.wrong(a, "nobody else deployed")
		}
	case rollout.Failed:
		if !strings.Contains(r.world, "crash") && r.world != "flaky" && !acted && !r.script.Has(hostile.Delete) {
			r.wrong(a, "nothing failed: its record is %s", status)
		}
	case rollout.TimedOut:
		r.judgeTimeout(a)
	case rollout.Interrupted:
		if r.cut.IsZero() {
			r.wrong(a, "nobody interrupted it")
		}
	case rollout.Started:
		if len(ours) == 0 && len(r.attempts) == 1 && a.mode != "count" {
			r.wrong(a, "nothing was started")
		}
	case rollout.Running:
		if !r.ran(mine.id) {
			r.wrong(a, "no task of %s ever ran", mine.id)
		}
	default:
		r.wrong(a, "this verdict cannot be")
	}
}

// judgeSuccess: ECS has completed exactly this deployment.
func (r *hostileRun) judgeSuccess(a attempt, now truth, mine started, status string) {
	o := a.outcome
	switch {
	case o.Deployment.ID != mine.id:
		r.wrong(a, "%s was followed, ours is %s", o.Deployment.ID, mine.id)
	case mine.record != "" && status != "SUCCESSFUL":
		r.wrong(a, "the record of %s is %s", mine.id, status)
	case a.mode == "joined" && mine.record == "" && slices.ContainsFunc(r.script, func(d hostile.Distortion) bool { return d.Name == hostile.Stale }):
		// Without records, a join through an old answer follows the deployment of
		// before, which did complete.
	case mine.record == "" && strings.Contains(r.world, "classic") && (now.primary.ID != mine.id || now.running != now.desired) && r.client.Acted.IsZero():
		r.wrong(a, "%s is PRIMARY, %d of %d tasks are running", now.primary.ID, now.running, now.desired)
	case now.primary.ID == mine.id && (now.primary.RolloutState == "IN_PROGRESS" || now.primary.RolloutState == "FAILED"):
		r.wrong(a, "it is %s", now.primary.RolloutState)
	}
}

// judgeTimeout: a limit passed, or there is a reason.
func (r *hostileRun) judgeTimeout(a attempt) {
	limit := a.policy.Watch.CompleteTimeout
	o := a.outcome
	running := a.policy.Watch.RunningTimeout
	atLimit := limit > 0 && o.Elapsed >= limit || running > 0 && o.Elapsed >= running
	reason := strings.Contains(o.Reason, "asked") || strings.Contains(o.Reason, "show")
	if !atLimit && !reason {
		r.wrong(a, "no limit has passed")
	}
	lasting := slices.ContainsFunc(r.script, func(d hostile.Distortion) bool { return d.For > 2*time.Minute || d.Name == hostile.Denied })
	if limit == 10*time.Minute && o.Elapsed >= limit && !lasting && !r.script.Acts() {
		r.wrong(a, "it is stuck")
	}
}
