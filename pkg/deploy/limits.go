package deploy

// The limits of a watch, and the pauses between its looks. A limit is exact: looks
// and pauses are cut when it passes.

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// The limits of a watch if the caller gives none.
const (
	// DefaultRunningTimeout is when a deployment without a running task is
	// warned about.
	DefaultRunningTimeout = 90 * time.Second
	// DefaultCompleteTimeout bounds a watch, a rollback included.
	DefaultCompleteTimeout = 30 * time.Minute
)

// How a watch polls. A change is near right after the start, when all new tasks
// run, and during a rollback.
const (
	pollNear    = 1200 * time.Millisecond
	pollFar     = 3 * time.Second
	pollTrouble = 4 * time.Second // at most, while ECS does not answer
	nearStart   = 15 * time.Second
	// pollClock is for the time in which only one of ECS's clocks runs: two calls each
	// make at most four a minute. The next look is pollNear before the clock's end.
	pollClock = 36 * time.Second
	// nearFor is how long a change is believed to be near: a bake can take hours.
	nearFor = 3 * time.Minute
	// lostSight is how long ECS may be silent before a watch gives up.
	lostSight = 5 * time.Minute
	// recordSkew allows for a record made just before its deployment.
	recordSkew = 5 * time.Second
	// lookLimit bounds one look, whatever its calls do.
	lookLimit = 30 * time.Second
	// concludeLimit bounds the search for evidence behind a verdict, and lastCalls
	// that behind a verdict of a limit, which is exact within a second.
	concludeLimit = 10 * time.Second
	lastCalls     = 700 * time.Millisecond
	// warnAfter is how many failed looks in a row are worth a warning.
	warnAfter = 3
	// missingFor is how long ECS must say that the service is missing.
	missingFor = 10 * time.Second
)

// newestFor is how long a deployment that was joined as the newest one may turn out
// not to be: the answers by which it was found may have been old.
const newestFor = time.Minute

// WatchOptions say how far and how long a deployment is followed.
type WatchOptions struct {
	// Until is how far; the zero value means until it completed.
	Until rollout.Until
	// RunningTimeout is the time in which a task of the new deployment must be
	// RUNNING; when it passes, the verdict is TimedOut. 0 means no such limit:
	// after DefaultRunningTimeout there is a warning, and the watch goes on.
	RunningTimeout time.Duration
	// CompleteTimeout bounds the whole watch. 0 means DefaultCompleteTimeout, and as
	// much more as the service's configuration lets the deployment take: bake times,
	// steps, the timeouts of hooks, the shifts of a Network Load Balancer. The timeout of
	// a hook for which nobody has set one, a day, does not count: it would hide a hang.
	CompleteTimeout time.Duration
	// OnPause says what to do when the deployment is paused; the zero value is
	// OnPauseExit.
	OnPause OnPause
}

// OnPause says what to do when a deployment is paused.
type OnPause string

// The answers.
const (
	// OnPauseExit ends the watch with the verdict Paused.
	OnPauseExit OnPause = "exit"
	// OnPauseWait waits until somebody continues the deployment, or ECS stops waiting.
	OnPauseWait OnPause = "wait"
	// OnPauseContinue continues the deployment at every pause.
	OnPauseContinue OnPause = "continue"
)

// Validate finds what is wrong with the options: negative limits, an unknown end.
func (o WatchOptions) Validate() error {
	for _, limit := range []struct {
		name  string
		value time.Duration
	}{{"timeout", o.RunningTimeout}, {"complete-timeout", o.CompleteTimeout}} {
		if limit.value < 0 {
			return &UsageError{Problem: fmt.Sprintf("%s is %s; a limit cannot be negative", limit.name, limit.value), Remedy: "set a time such as 90s or 15m"}
		}
	}
	return cmp.Or(oneOf("until", o.Until, UntilValues()), oneOf("on-pause", o.OnPause, OnPauseValues()))
}

// limit says which limit has passed, or "". The first question is whether the
// new definition runs at all, the second whether the rollout ends.
func (w *watch) limit() string {
	elapsed := w.elapsed()
	if elapsed >= w.completeLimit() {
		return fmt.Sprintf("the deployment did not end within %s", Span(w.completeLimit()-w.extended))
	}
	if !w.mustRun() || elapsed < w.runningLimit() {
		return ""
	}
	if w.options.RunningTimeout > 0 {
		return fmt.Sprintf("no task of the new deployment was running within %s", Span(w.options.RunningTimeout))
	}
	if !w.warned {
		w.warned = true
		w.emit(Event{Type: EventWarning, Elapsed: elapsed, Service: w.last.Service,
			Message: fmt.Sprintf("no task of the new deployment is running after %s (%s); still waiting: %s", Span(DefaultRunningTimeout), w.waitingForTasks(), w.whoEnds())})
	}
	return ""
}

// mustRun reports whether a first running task is still awaited.
func (w *watch) mustRun() bool {
	if w.looker.deployment.Action == ActionSettings || w.tracker.EverRan() || w.tracker.RollingBack() {
		return false
	}
	return w.last.Service == nil || w.last.Service.Desired > 0
}

func (w *watch) runningLimit() time.Duration {
	if w.options.RunningTimeout > 0 {
		return w.options.RunningTimeout
	}
	return DefaultRunningTimeout
}

// completeLimit is when the watch ends, counted from its start.
func (w *watch) completeLimit() time.Duration {
	limit := w.options.CompleteTimeout
	if limit == 0 {
		limit = DefaultCompleteTimeout + w.looker.clocks.total(w.options.OnPause == OnPauseWait)
	}
	return limit + w.extended
}

// remaining is the time until the next limit passes, or a warning is due.
func (w *watch) remaining() time.Duration {
	elapsed := w.elapsed()
	remaining := w.completeLimit() - elapsed
	if w.mustRun() && !w.warned && elapsed < w.runningLimit() {
		remaining = min(remaining, w.runningLimit()-elapsed)
	}
	return max(remaining, time.Millisecond)
}

// pause is the time to the next look, cut so that limits are kept exactly.
func (w *watch) pause() time.Duration {
	elapsed := w.elapsed()
	pause := pollFar
	switch {
	case w.failures > 0:
		pause = troublePause(w.failures)
	case elapsed < nearStart:
		pause = pollNear
	case w.clockLeft() > pollNear:
		w.nearSince = 0
		return min(jitter(pollClock), w.clockLeft()-pollNear/2, w.remaining())
	case w.hooksWait():
		if w.hookSince == 0 {
			w.hookSince = elapsed
		}
		if elapsed-w.hookSince >= nearFor {
			pause = pollClock // a function may take a day, and a person two weeks
		}
		return min(jitter(pause), w.remaining())
	case w.tracker.RollingBack() || w.near():
		if w.nearSince == 0 {
			w.nearSince = elapsed
		}
		if elapsed-w.nearSince < nearFor {
			pause = pollNear
		}
	default:
		w.nearSince = 0
	}
	w.hookSince = 0
	return min(jitter(pause), w.remaining())
}

// troublePause is the pause after some failed calls in a row.
func troublePause(failures int) time.Duration {
	return min(time.Second<<min(failures-1, 3), pollTrouble)
}

// hooksWait reports whether the deployment waits for a function or a person.
func (w *watch) hooksWait() bool {
	record := w.last.ServiceDeployment
	return record != nil && len(record.Waits) > 0 && record.Waits[0].Hook != nil && !w.tracker.RollingBack()
}

// near reports whether every new task runs, so that the end is near.
func (w *watch) near() bool {
	mine := w.last.Service.Deployment(w.looker.deployment.ID)
	return mine != nil && mine.Desired > 0 && mine.Running >= mine.Desired
}

// within is a context that ends after a time by the deployer's clock.
func (d *Deployer) within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		if d.clock.Sleep(ctx, limit) == nil {
			cancel()
		}
	}()
	return ctx, cancel
}

// forEvidence bounds the calls that only explain a verdict.
func (w *watch) forEvidence(ctx context.Context) (context.Context, context.CancelFunc) {
	return w.within(ctx, max(min(concludeLimit, w.remaining()), lastCalls))
}
