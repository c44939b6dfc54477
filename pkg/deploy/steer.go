package deploy

// Steering a deployment that is in progress: continuing one that is paused, and having
// ECS stop one and roll it back. The deployment is found by its service, whoever
// started it.

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Progress is a deployment in progress.
type Progress struct {
	// Deployment is its identity.
	Deployment Deployment `json:"deployment"`
	// Record is ECS's record of it.
	Record rollout.ServiceDeployment `json:"serviceDeployment"`
}

// NothingInProgressError says that a service has no deployment in progress.
type NothingInProgressError struct {
	// Service is the service's name.
	Service string
	// Last is ECS's record of the newest deployment; nil if there is none.
	Last *rollout.ServiceDeployment
}

func (e *NothingInProgressError) Error() string {
	text := fmt.Sprintf("service %s has no deployment in progress", e.Service)
	if e.Last != nil {
		text += "; the last one ended " + e.Last.Status
		if !e.Last.FinishedAt.IsZero() {
			text += " at " + e.Last.FinishedAt.UTC().Format(stampLayout)
		}
	}
	return text
}

// Hint says what else can be done.
func (e *NothingInProgressError) Hint() string {
	return "to restore an earlier revision, use ecs-deploy rollback"
}

// ExitCode is that of a request that cannot be carried out.
func (e *NothingInProgressError) ExitCode() int { return exitcode.Usage }

const stampLayout = "2006-01-02 15:04:05 UTC"

// InProgress finds the deployment of a service that is in progress, with ECS's record of
// it. It returns a [*NothingInProgressError] if there is none, and a [*CallError] or
// [*NotFoundError] if ECS cannot be asked.
func (d *Deployer) InProgress(ctx context.Context, ref Ref) (Progress, error) {
	if err := d.ready(ctx); err != nil {
		return Progress{}, err
	}
	service, err := d.describe(ctx, ref)
	if err != nil {
		return Progress{}, err
	}
	records, err := d.api.Records(ctx, service.ref().Cluster, service.ref().Service, time.Time{})
	if err != nil {
		return Progress{}, err
	}
	i := slices.IndexFunc(records, func(r rollout.ServiceDeployment) bool { return !r.Ended() }) // the newest is first
	if i < 0 {
		return Progress{}, &NothingInProgressError{Service: rollout.ShortName(service.ref().Service), Last: rollout.Newest(records)}
	}
	deployment, err := d.Join(ctx, service.ref(), records[i].ARN)
	if err != nil {
		return Progress{}, err
	}
	record, err := d.api.Record(ctx, records[i].ARN)
	if err != nil || record == nil {
		return Progress{}, cmp.Or(err, errNoRecord)
	}
	o := rollout.Observation{Service: service.Snapshot(), ServiceDeployment: record}
	newShifter(d).complete(ctx, o, deployment.TaskDefinition)
	return Progress{deployment, *record}, nil
}

// Pauses are the hooks at which the deployment waits for a person: that with the id, or
// all. It returns a [*UsageError] that says what the deployment does, if there is none.
func (p Progress) Pauses(hook string) ([]rollout.Hook, error) {
	name, pauses := rollout.ShortName(p.Deployment.Service), p.Record.Pauses()
	doing := strings.Join(slices.DeleteFunc([]string{p.Record.Stage(), p.Record.Awaited()}, func(s string) bool { return s == "" }), "; ")
	switch {
	case p.Record.GoingBack():
		return nil, &UsageError{Problem: fmt.Sprintf("ECS is rolling back deployment %s of service %s; there is nothing to continue", p.Deployment.ID, name), Remedy: "follow the rollback with ecs-deploy wait"}
	case len(pauses) == 0:
		return nil, &UsageError{Problem: fmt.Sprintf("deployment %s of service %s is not paused (%s)", p.Deployment.ID, name, cmp.Or(doing, p.Record.Status)), Remedy: "follow the deployment with ecs-deploy wait"}
	case hook == "":
		return pauses, nil
	}
	for _, pause := range pauses {
		if pause.ID == hook {
			return []rollout.Hook{pause}, nil
		}
	}
	var ids []string
	for _, pause := range pauses {
		ids = append(ids, pause.ID)
	}
	return nil, &UsageError{
		Problem: fmt.Sprintf("deployment %s of service %s does not wait at hook %s", p.Deployment.ID, name, hook),
		Remedy:  "choose --hook " + strings.Join(ids, " or --hook ") + "; each pause has an id of its own",
	}
}

// Continue answers pauses of a deployment with CONTINUE and follows it to its end. What
// goes wrong before the first pause is answered is an error; after that there is an
// outcome.
func (d *Deployer) Continue(ctx context.Context, p Progress, pauses []rollout.Hook, policy Policy) (Outcome, error) {
	if err := cmp.Or(d.ready(ctx), policy.Validate()); err != nil {
		return Outcome{}, err
	}
	d = d.about(p.Deployment.Ref)
	for i, pause := range pauses {
		if err := d.answer(ctx, p.Deployment, pause); err != nil {
			if i == 0 {
				return Outcome{}, err
			}
			d.emit(Event{Type: EventWarning, Message: fmt.Sprintf("hook %s cannot be continued: %v", pause.ID, err)})
			continue
		}
		p.Deployment.answered = append(p.Deployment.answered, pause.ID)
	}
	return d.steer(ctx, p.Deployment, policy, steering{
		unwatched: "ECS continues the deployment. Not waiting for it to finish (--no-wait).",
		ends:      func(o Outcome) Outcome { return o },
	})
}

// answer continues one pause. One that somebody else has answered meanwhile is no error.
func (d *Deployer) answer(ctx context.Context, deployment Deployment, pause rollout.Hook) error {
	gone := func(ctx context.Context) (bool, error) {
		record, err := d.api.Record(ctx, deployment.ServiceDeployment)
		if err != nil || record == nil {
			return false, cmp.Or(err, errNoRecord)
		}
		return !slices.ContainsFunc(record.Pauses(), func(h rollout.Hook) bool { return h.ID == pause.ID }), nil
	}
	err := d.write(ctx, write{
		operation: "ContinueServiceDeployment",
		send:      func(ctx context.Context) error { return d.api.Continue(ctx, deployment.ServiceDeployment, pause.ID) },
		look:      gone,
	})
	if err != nil && !ecsapi.Is(err, ecsapi.Denied) {
		if answered, lookErr := gone(context.WithoutCancel(ctx)); lookErr == nil && answered {
			err = nil
		}
	}
	if err == nil {
		d.emit(Event{Type: EventContinued, Hook: &pause, Deployment: &deployment})
	}
	return err
}

// Stop asks ECS to stop a deployment and to roll it back (StopServiceDeployment), and
// follows that to its end. The verdict is Succeeded if the earlier revision is running
// again, and Failed if the deployment completed first.
func (d *Deployer) Stop(ctx context.Context, p Progress, policy Policy) (Outcome, error) {
	if err := cmp.Or(d.ready(ctx), policy.Validate()); err != nil {
		return Outcome{}, err
	}
	d = d.about(p.Deployment.Ref)
	if !p.Record.GoingBack() {
		if err := ctx.Err(); err != nil {
			return Outcome{}, &InterruptedError{Err: err}
		}
		if err := d.stopRecord(ctx, p.Deployment); err != nil {
			return Outcome{}, err
		}
		asked := p.Deployment
		asked.Action = ActionStop
		d.emit(Event{Type: EventUpdated, Deployment: &asked})
	}
	p.Deployment.Before.RollsBack, p.Deployment.Newest = true, false
	p.Deployment.Rollback = &Rollback{From: p.Deployment.TaskDefinition, To: p.Deployment.Before.TaskDefinition, ByECS: true}
	return d.steer(ctx, p.Deployment, policy, steering{
		unwatched: "ECS accepted the request to stop. Not waiting for the rollback to finish (--no-wait).",
		ends:      Outcome.onRequest, stops: true,
	})
}

// steering is how a deployment is followed after somebody acted on it.
type steering struct {
	unwatched string // the reason if nobody follows it
	// ends turns the outcome of the deployment into that of the action.
	ends  func(Outcome) Outcome
	stops bool // the action was to stop it
}

// steer follows a deployment after somebody acted on it.
func (d *Deployer) steer(ctx context.Context, deployment Deployment, policy Policy, s steering) (Outcome, error) {
	outcome := Outcome{
		Verdict: rollout.Started, Reason: s.unwatched, Deployment: deployment,
		Serving: deployment.Before.TaskDefinition, Running: int(deployment.Before.RunningCount), Desired: int(deployment.Before.DesiredCount),
	}
	if !policy.NoWait {
		w := newWatch(d, deployment, policy.Watch)
		var err error
		if outcome, err = w.run(ctx); err != nil {
			return Outcome{}, err
		}
		if outcome.Verdict == rollout.Interrupted && policy.OnInterrupt == OnInterruptRollback && !s.stops {
			if outcome, err = w.stop(context.WithoutCancel(ctx), outcome, policy); err != nil {
				return Outcome{}, err
			}
		}
		outcome = s.ends(outcome)
	}
	d.emit(Event{Type: EventOutcome, Elapsed: outcome.Elapsed, Outcome: &outcome})
	return outcome, nil
}

// onRequest is the outcome of a rollback that somebody asked for.
func (o Outcome) onRequest() Outcome {
	switch o.Verdict {
	case rollout.RolledBack:
		o.Verdict, o.Reason = rollout.Succeeded, "rolled back on request: "+o.Reason
		o.Diagnosis = rollout.Diagnosis{} // what failed is not the rollback
	case rollout.Succeeded:
		o.Verdict, o.Reason = rollout.Failed, "too late to stop it: ECS completed the deployment"
	}
	return o
}

// tendPauses does what the options say about the pauses of the deployment: it tells of
// each once, and continues it.
func (w *watch) tendPauses(ctx context.Context, o rollout.Observation) {
	if w.options.OnPause != OnPauseWait && w.options.OnPause != OnPauseContinue || w.tracker.RollingBack() {
		return
	}
	deployment := w.looker.deployment
	for _, pause := range o.ServiceDeployment.Pauses() {
		if slices.Contains(deployment.answered, pause.ID) {
			continue
		}
		if !w.news.seen[pause.ID] {
			w.news.seen[pause.ID] = true
			w.news.emit(Event{Type: EventPaused, Elapsed: o.Elapsed, Service: o.Service, ServiceDeployment: o.ServiceDeployment, Hook: &pause, Deployment: ptr(*deployment)})
		}
		if w.options.OnPause != OnPauseContinue {
			continue
		}
		if err := w.answer(ctx, *deployment, pause); err != nil {
			w.emit(Event{Type: EventWarning, Elapsed: o.Elapsed, Message: fmt.Sprintf("hook %s cannot be continued: %v", pause.ID, err)})
			w.tracker.Impatient() // somebody else has to continue it
			return
		}
		deployment.answered = append(slices.Clip(deployment.answered), pause.ID)
	}
}
