package deploy

// What a watch comes to: the last evidence, and the outcome that is made of it.

import (
	"context"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// knowStart takes the beginning of a deployment that somebody else started from the
// service: events of ECS since then are about it.
func (w *watch) knowStart() {
	deployment := w.looker.deployment
	mine := w.last.Service.Deployment(deployment.ID)
	if mine != nil && deployment.CreatedAt.IsZero() && deployment.Action == ActionJoin {
		deployment.CreatedAt = mine.CreatedAt
		w.news.since = deployment.newsSince()
	}
}

// explain is why the deployment does not do well, as far as is known.
func (w *watch) explain(ctx context.Context) rollout.Diagnosis {
	w.knowStart()
	w.evidence.readTags(ctx, w.looker.deployment, w.last.Service)
	diagnosis := rollout.Explain(w.looker.deployment.ID, w.last.Tasks, w.news.told)
	w.evidence.addLogs(ctx, w.looker.deployment, diagnosis.Causes)
	return diagnosis
}

// conclude gathers the last evidence for a verdict. A success has only the tasks
// that stopped on the way.
func (w *watch) conclude(ctx context.Context, verdict rollout.Verdict, reason string) Outcome {
	bound := concludeLimit
	if verdict == rollout.TimedOut {
		bound = lastCalls
	}
	ctx, cancel := w.within(ctx, bound)
	defer cancel()
	var elsewhere *Misrouted
	if verdict == rollout.Succeeded {
		w.readAfterwards(ctx)
		if elsewhere = w.elsewhere(ctx); elsewhere != nil {
			verdict, reason = rollout.Failed, "the deployment completed, but "+elsewhere.String()
		}
	}
	if verdict.ExitCode() == 0 || verdict == rollout.Superseded {
		diagnosis := w.explain(ctx)
		diagnosis.Events, diagnosis.Advice, diagnosis.Topics = nil, nil, nil // they do not hold any more
		return w.outcome(verdict, reason, diagnosis)
	}
	// Best effort: the verdict stands without it.
	if err := w.looker.readStopped(ctx); err == nil {
		w.last.Tasks = w.looker.stopped()
	}
	diagnosis := w.explain(ctx)
	w.evidence.noteTargets(ctx, w.looker.groups, w.elapsed())
	diagnosis.TargetGroups = w.evidence.ill
	diagnosis.Breaker, diagnosis.Alarms = endedBy(w.last.ServiceDeployment)
	diagnosis.Ending = w.evidence.ending(ctx, w.last.ServiceDeployment, w.news.told, w.tracker.Requested())
	diagnosis.Events = slices.DeleteFunc(diagnosis.Events, func(event string) bool { return strings.Contains(event, reason) })
	diagnosis.Advise()
	reason += w.where(verdict)
	if elsewhere != nil {
		elsewhere.advise(&diagnosis)
	}
	outcome := w.outcome(verdict, reason, diagnosis)
	outcome.Misrouted = elsewhere
	if verdict == rollout.Failed && !outcome.Over && !outcome.Deployment.Before.Guarded { // ECS keeps retrying
		outcome.Diagnosis.Advice = append(outcome.Diagnosis.Advice, "pass --circuit-breaker rollback to the next deployment: ECS then ends failing deployments, and rolls them back")
		outcome.Diagnosis.Topics = append(outcome.Diagnosis.Topics, rollout.StuckTopic)
	}
	return outcome
}

// where says where a deployment stands that is not over: the counts of tasks do not. What a
// paused one waits for is the reason itself.
func (w *watch) where(verdict rollout.Verdict) string {
	record := w.last.ServiceDeployment
	stage := record.Stage()
	switch {
	case stage == "" || verdict != rollout.TimedOut && verdict != rollout.Paused:
		return ""
	case verdict == rollout.TimedOut && record.Awaited() != "":
		stage += "; " + record.Awaited()
	}
	return " (" + stage + ")"
}

// over reports whether nothing is left to follow after a verdict: ECS has ended
// the rollout, or there was none.
func (w *watch) over(verdict rollout.Verdict) bool {
	switch verdict {
	case rollout.Unchanged:
		return true
	case rollout.Running, rollout.Paused, rollout.TimedOut:
		return false
	}
	return w.tracker.Verdict().Final() && !w.tracker.Hopeless()
}

// outcome puts together what is known.
func (w *watch) outcome(verdict rollout.Verdict, reason string, diagnosis rollout.Diagnosis) Outcome {
	deployment := *w.looker.deployment
	outcome := Outcome{
		Verdict: verdict, Reason: reason, Deployment: deployment, Elapsed: w.elapsed(), Diagnosis: diagnosis,
		Over: w.over(verdict), Stopped: verdict == rollout.Superseded && w.tracker.Stopped(), ObserverPanic: w.stream.failure(),
	}
	if record := w.last.ServiceDeployment; record != nil {
		outcome.EndedAt = record.FinishedAt
		if verdict == rollout.Paused {
			outcome.Pauses = record.Pauses()
		}
	}
	service := w.last.Service
	if service == nil {
		before := deployment.Before
		outcome.Serving, outcome.Running, outcome.Desired = before.TaskDefinition, int(before.RunningCount), int(before.DesiredCount)
		return outcome
	}
	outcome.Running, outcome.Desired = service.Running, service.Desired
	for _, other := range service.Deployments {
		if verdict == rollout.Succeeded && other.ID != deployment.ID {
			outcome.Draining += other.Running
		}
	}
	if serving := service.Serving(); serving != nil {
		outcome.Serving = serving.TaskDefinition
	}
	if live := live(service, w.last.ServiceDeployment); live != nil {
		outcome.Serving, outcome.Running = live.TaskDefinition, live.Running
	}
	return outcome
}
