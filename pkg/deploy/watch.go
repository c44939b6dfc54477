package deploy

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// goesOn is the reason of an interrupted watch.
const goesOn = "the rollout continues in ECS; ecs-deploy is no longer watching it"

// callingLess begins a warning about calls that AWS refuses for their rate.
const callingLess = "AWS limits the rate of calls; calling less often: "

// Watch follows a deployment to its end and returns the outcome. It only reads. It returns an
// error only if there is no outcome: the deployment does not exist, or the caller is not
// allowed to read the service. Everything else is a verdict: TimedOut after a limit or expired
// credentials, Interrupted after a cancelled context. In both cases the rollout continues.
func (d *Deployer) Watch(ctx context.Context, deployment Deployment, o WatchOptions) (Outcome, error) {
	if err := cmp.Or(d.ready(ctx), o.Validate()); err != nil {
		return Outcome{}, err
	}
	d = d.about(deployment.Ref)
	outcome, err := d.follow(ctx, deployment, o)
	if err == nil {
		d.emit(Event{Type: EventOutcome, Elapsed: outcome.Elapsed, Outcome: &outcome})
	}
	return outcome, err
}

// follow is Watch without the last event.
func (d *Deployer) follow(ctx context.Context, deployment Deployment, o WatchOptions) (Outcome, error) {
	w := newWatch(d, deployment, o)
	started := w.started
	for {
		outcome, err := w.run(ctx)
		// Nothing newer follows a deployment that somebody had ECS stop.
		if err != nil || !deployment.Newest || outcome.Verdict != rollout.Superseded || outcome.Stopped || outcome.Elapsed > newestFor {
			return outcome, err
		}
		newer := w.joinNewer(ctx, deployment)
		if newer.ID == deployment.ID {
			return outcome, nil
		}
		deployment = newer
		w = newWatch(d, deployment, o)
		w.started = started
	}
}

// joinNewer joins the newest deployment again, until ECS shows another one than
// before.
func (w *watch) joinNewer(ctx context.Context, before Deployment) Deployment {
	for w.elapsed() <= newestFor {
		newer, err := w.Join(ctx, before.Ref, "")
		if err == nil && newer.ID != before.ID {
			return newer
		}
		if w.clock.Sleep(ctx, jitter(pollNear)) != nil {
			break
		}
	}
	return before
}

// watch is one following of one deployment.
type watch struct {
	*Deployer
	looker  *looker
	shifter *shifter
	tracker *rollout.Tracker
	options WatchOptions
	started time.Time

	last        rollout.Observation
	news        news
	evidence    evidence
	warned      bool          // about the missing running task
	silentSince time.Duration // when ECS stopped answering; -1 while it answers
	failures    int           // failed looks in a row
	nearSince   time.Duration // since when a change has been near; 0 while it is not
	hookSince   time.Duration // since when a hook has been waited for; 0 while none is
	missing     time.Duration // when ECS first said that the service is missing; -1 while it does not
	extended    time.Duration // by how much the limits moved, for a rollback after they had passed
}

func newWatch(d *Deployer, deployment Deployment, o WatchOptions) *watch {
	if o.Until == "" {
		o.Until = rollout.UntilComplete
	}
	target := rollout.Target{
		Identity: deployment.identity(), NewestEvent: deployment.Before.NewestEvent,
		RollsBack: deployment.Before.RollsBack, Guarded: deployment.Before.Guarded, Strategy: deployment.Before.Strategy,
		RolledBackTo: deployment.RolledBackTo, SettingsOnly: deployment.Action == ActionSettings, Until: o.Until,
		StopWanted: deployment.Rollback != nil && deployment.Rollback.ByECS,
		Patient:    o.OnPause == OnPauseWait || o.OnPause == OnPauseContinue, Answered: deployment.answered,
	}
	for _, setting := range deployment.Settings {
		if n, ok := number(setting.New); ok && setting.Name == desiredCount {
			target.DesiredCount = ptr(int(n))
		}
	}
	w := &watch{Deployer: d, tracker: rollout.NewTracker(target), options: o, started: d.clock.Now(), silentSince: -1, missing: -1}
	w.looker = &looker{Deployer: d, deployment: &deployment, until: o.Until, tasks: map[string]rollout.Task{}}
	w.shifter, w.evidence = newShifter(d), newEvidence(d)
	w.news = news{deployer: d, since: deployment.newsSince(), seen: map[string]bool{}}
	return w
}

// newsSince is the time, by ECS's clock, after which a service event is news: since
// the deployment began, also for somebody who joins it later.
func (dep Deployment) newsSince() time.Time {
	if dep.CreatedAt.IsZero() || dep.Action == ActionSettings {
		return dep.Before.NewestEvent
	}
	return dep.CreatedAt.Add(-time.Millisecond)
}

// run looks, judges and waits until there is a verdict. After an interruption it can be called
// again, and continues.
func (w *watch) run(ctx context.Context) (Outcome, error) {
	if deployment := w.looker.deployment; deployment.Action == ActionNone {
		return w.outcome(rollout.Unchanged, rollout.ShortName(deployment.TaskDefinition)+" is already running", rollout.Diagnosis{}), nil
	}
	for {
		o, err := w.look(ctx)
		if ctx.Err() != nil {
			return w.interrupted(ctx), nil
		}
		if err != nil && w.neverThere(err) {
			return Outcome{}, err
		}
		if outcome, over := w.judgeAnswers(ctx, err); over {
			return outcome, nil
		}
		if o.Service != nil {
			if outcome, over := w.judge(ctx, o); over {
				return outcome, nil
			}
		}
		if reason := w.limit(); reason != "" {
			return w.conclude(ctx, rollout.TimedOut, reason), nil
		}
		if w.clock.Sleep(ctx, w.pause()) != nil {
			return w.interrupted(ctx), nil
		}
	}
}

// look makes one observation, and is over when a limit of the watch passes.
func (w *watch) look(ctx context.Context) (rollout.Observation, error) {
	ctx, cancel := w.within(ctx, min(lookLimit, w.remaining()))
	defer cancel()
	o, err := w.looker.look(ctx)
	o.Elapsed = w.elapsed()
	if o.Service != nil {
		w.shifter.complete(ctx, o, w.looker.deployment.TaskDefinition)
	}
	return o, err
}

// readAfterwards reads the service once more if what was read of it is older than
// the end of the deployment: its counts are part of the outcome.
func (w *watch) readAfterwards(ctx context.Context) {
	primary := w.last.Service.Primary()
	if primary == nil || primary.RolloutState != rollout.RolloutInProgress {
		return
	}
	if service, err := w.describeOnce(ctx, w.looker.deployment.Ref); err == nil {
		w.last.Service = service.Snapshot()
	}
}

// judgeAnswers decides by whether ECS answers at all. over means that the watch
// ends with the outcome.
func (w *watch) judgeAnswers(ctx context.Context, err error) (outcome Outcome, over bool) {
	var gone *NotFoundError
	if !errors.As(err, &gone) {
		w.missing = -1
	}
	switch {
	case err == nil:
		w.silentSince, w.failures = -1, 0
	case gone != nil:
		if w.missing < 0 {
			w.missing = w.elapsed()
		}
		if w.elapsed()-w.missing >= missingFor {
			return w.conclude(ctx, rollout.Failed, "the service was deleted: "+gone.Error()), true
		}
	default:
		if reason := w.failed(err); reason != "" {
			return w.conclude(ctx, rollout.TimedOut, reason), true
		}
	}
	return Outcome{}, false
}

// judge tells what an observation has that is new, and whether it ends the watch.
func (w *watch) judge(ctx context.Context, o rollout.Observation) (outcome Outcome, over bool) {
	ctx, cancel := w.forEvidence(ctx)
	defer cancel()
	if w.last.Service == nil { // Join could not know these
		w.tracker.Know(w.looker.before.RollsBack, w.looker.before.Guarded, w.looker.before.Strategy)
		w.announce(o.ServiceDeployment)
	}
	w.tendPauses(ctx, o)
	verdict := w.tracker.Observe(o)
	// A deployment that ended before the first look is reported by its outcome alone.
	w.news.silent = w.last.Service == nil && w.looker.deployment.Action == ActionFollow && verdict.Final()
	w.last = o
	unhealthy := w.news.tell(o, w.explain(ctx).Causes)
	if unhealthy && w.evidence.noteTargets(ctx, w.looker.groups, o.Elapsed) || !unhealthy && !verdict.Final() && w.awaitTargets(ctx, o) {
		w.news.emit(Event{Type: EventTargets, Elapsed: o.Elapsed, TargetGroups: w.evidence.targets})
	}
	w.last.Service = w.labelled(o.Service)
	if verdict.Final() {
		return w.conclude(ctx, verdict, w.tracker.Reason()), true
	}
	if w.news.silentFor(o.Elapsed) >= w.heartbeat() {
		w.news.emit(Event{Type: EventHeartbeat, Elapsed: o.Elapsed, Service: o.Service, Message: w.waitingFor(ctx)})
	}
	return Outcome{}, false
}

// awaitTargets reads the health of the load balancer's targets while all new tasks run and
// only that, and no clock of ECS, is waited for. It reports whether it moved.
func (w *watch) awaitTargets(ctx context.Context, o rollout.Observation) bool {
	if !w.near() {
		w.evidence.targets = nil // other tasks, other targets
		return false
	}
	return len(o.Service.Deployments) > 1 && w.clockLeft() <= 0 && !w.hooksWait() && w.evidence.awaitTargets(ctx, w.looker.groups, o.Elapsed)
}

func (w *watch) interrupted(ctx context.Context) Outcome {
	return w.outcome(rollout.Interrupted, goesOn, w.explain(ctx))
}

func (w *watch) elapsed() time.Duration { return w.clock.Now().Sub(w.started) }

// failed handles a look that failed, and says why the watch must end: lost
// credentials, or a long silence. "" means that it goes on.
func (w *watch) failed(err error) string {
	if ecsapi.Is(err, ecsapi.Unsent) { // other calls came first, which says nothing about ECS
		return ""
	}
	w.failures++
	if w.silentSince < 0 {
		w.silentSince = w.elapsed()
	}
	if permanent(err) || w.elapsed()-w.silentSince >= lostSight {
		return "ecs-deploy can no longer call ECS: " + err.Error()
	}
	if w.failures == warnAfter {
		message := "ECS does not answer; still trying: "
		if ecsapi.Is(err, ecsapi.Throttled) {
			message = callingLess
		}
		w.emit(Event{Type: EventWarning, Elapsed: w.elapsed(), Message: message + err.Error()})
	}
	return ""
}

// neverThere reports whether there never was anything to follow: the first look of
// somebody who only joins fails for good. Somebody who has just updated the service
// gets an outcome all the same.
func (w *watch) neverThere(err error) bool {
	return w.last.Service == nil && w.looker.deployment.Action == ActionFollow && permanent(err)
}

// permanent reports whether asking again is useless.
func permanent(err error) bool {
	var missing *NotFoundError
	return ecsapi.Is(err, ecsapi.Denied) || ecsapi.Is(err, ecsapi.Unauthenticated) || errors.As(err, &missing)
}
