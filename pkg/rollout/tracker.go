package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Target is what a Tracker follows: one deployment, and what is known of its
// service.
type Target struct {
	Identity
	// NewestEvent is the time of the newest service event before the
	// deployment, by the server's clock: what is older says nothing about it.
	NewestEvent time.Time
	// RollsBack: ECS rolls a failed deployment back by itself (circuit breaker
	// or alarms with rollback), and there is one to go back to.
	RollsBack bool
	// Guarded: a circuit breaker or an alarm ends a hopeless deployment.
	Guarded bool
	// RolledBackTo: ECS was rolling back to this deployment when it was joined.
	// Its record and its rollout state of before say nothing about that.
	RolledBackTo bool
	// StopWanted: the deployment is followed to see it rolled back, by whoever asked ECS
	// to. Otherwise such a request by somebody else supersedes it.
	StopWanted bool
	// Strategy is the service's deployment strategy (DeploymentConfiguration.strategy);
	// "" is ROLLING.
	Strategy string
	// SettingsOnly: no deployment was started. The verdict is Updated when the
	// service has as many running tasks as desired.
	SettingsOnly bool
	// DesiredCount is the requested count, with SettingsOnly; nil if there is none.
	DesiredCount *int
	// Until is how far the deployment is followed; "" means UntilComplete.
	Until Until
	// Patient: a pause is waited for, and is no verdict.
	Patient bool
	// Answered are the ids of pauses that were continued.
	Answered []string
}

// completed is the reason of a success, whichever of ECS's reads told it.
const completed = "ECS reports the deployment as completed"

// How long the tracker waits for a second opinion if one read alone could be
// stale (ECS is eventually consistent; its reads settle within seconds).
const (
	settle     = 30 * time.Second
	longSettle = 60 * time.Second
)

// How many looks in a row must show the end of a deployment if its record cannot
// be read.
const (
	completedLooks = 2
	classicLooks   = 3 // the service has no rollout state either
)

// Tracker folds observations of one deployment into a verdict. Verdict and
// reason depend on the observations alone. Make one with NewTracker.
//
// Its rules are the table in docs/verdicts.md, from which its test is made.
type Tracker struct {
	target      Target
	verdict     Verdict
	reason      string
	rollingBack bool
	// since holds when a condition that needs time to be believed was first
	// seen, by name; it is forgotten when the condition passes.
	since map[string]time.Duration
	// everRan: a task of the deployment was seen RUNNING.
	everRan bool
	// hopeless: the verdict is Failed because nothing will ever end the rollout.
	hopeless bool
	// steady counts observations in a row in which a service whose record cannot
	// be read looked finished.
	steady   int
	steadyAt time.Duration
	// record is the last record that was read, at recordAt.
	record   *ServiceDeployment
	recordAt time.Duration
	stall    stall
	// stopped: the verdict is Superseded because somebody had ECS roll the deployment back.
	stopped bool
	// requested: somebody asked ECS to roll the deployment back.
	requested bool
	// reopened: somebody acts on the deployment, and what its tasks do is no news.
	reopened bool
}

// NewTracker starts to follow a deployment.
func NewTracker(target Target) *Tracker {
	if target.Until == "" {
		target.Until = UntilComplete
	}
	return &Tracker{target: target, verdict: InProgress, since: map[string]time.Duration{}}
}

// Know adds what was learned about the service since the target was made:
// whether ECS rolls back by itself, whether something ends a failing deployment,
// and the deployment strategy.
func (t *Tracker) Know(rollsBack, guarded bool, strategy string) {
	t.target.RollsBack = t.target.RollsBack || rollsBack
	t.target.Guarded = t.target.Guarded || guarded
	t.target.Strategy = strategy
}

// Impatient makes a pause a verdict again.
func (t *Tracker) Impatient() { t.target.Patient = false }

// Verdict is the verdict so far.
func (t *Tracker) Verdict() Verdict { return t.verdict }

// Reason says in one sentence why the verdict is what it is, as ECS put it
// if ECS said something.
func (t *Tracker) Reason() string { return t.reason }

// RollingBack reports whether ECS is taking the deployment back.
func (t *Tracker) RollingBack() bool { return t.rollingBack }

// Requested reports whether somebody was seen to ask ECS for the rollback.
func (t *Tracker) Requested() bool { return t.requested }

// EverRan reports whether a task of the deployment was seen RUNNING.
func (t *Tracker) EverRan() bool { return t.everRan }

// Hopeless reports whether the verdict is Failed because nothing will ever end the rollout:
// ECS keeps retrying.
func (t *Tracker) Hopeless() bool { return t.hopeless }

// Stopped reports whether the verdict is Superseded because somebody had ECS roll the
// deployment back, and started no other one.
func (t *Tracker) Stopped() bool { return t.stopped }

// Reopen makes the tracker look for a verdict again, after somebody acted on a
// verdict that left the rollout going on: a hopeless one.
func (t *Tracker) Reopen() { t.verdict, t.hopeless, t.reopened = InProgress, false, true }

// Observe takes one observation and returns the verdict so far. A final
// verdict is never changed by a later observation.
func (t *Tracker) Observe(o Observation) Verdict {
	if t.verdict.Final() {
		return t.verdict
	}
	t.note(o)
	t.verdict, t.reason = t.judge(o)
	return t.verdict
}

// note remembers what later observations may no longer show.
func (t *Tracker) note(o Observation) {
	if mine := t.target.In(o.Service); mine != nil && !t.target.SettingsOnly {
		t.target.DeploymentID = mine.ID
		t.everRan = t.everRan || mine.Running > 0
		t.target.RolledBackTo = t.target.RolledBackTo || mine.GoingBack()
		if t.target.CreatedAt.IsZero() {
			t.target.CreatedAt = mine.CreatedAt
		}
	}
	if o.ServiceDeployment != nil {
		t.record, t.recordAt = o.ServiceDeployment, o.Elapsed
		t.requested = t.requested || o.ServiceDeployment.RollbackRequested()
	}
}

// judge finds the verdict of a rollout and then holds it against how far the
// deployment is followed.
func (t *Tracker) judge(o Observation) (Verdict, string) {
	if t.target.SettingsOnly {
		return t.judgeSettings(o.Service, o.Elapsed)
	}
	if reason := t.target.Until.reached(t.known(o)); reason != "" && !t.rollingBack {
		return Running, reason
	}
	verdict, reason := t.judgeRollout(o)
	if verdict == Succeeded && t.target.Until == UntilDrained && (o.OtherTasks != 0 || t.othersRun(o.Service)) {
		return InProgress, "the deployment completed; earlier tasks are still stopping"
	}
	if verdict.Final() {
		return verdict, reason
	}
	if t.target.Until == UntilRunning && t.everRan && !t.failing(o) {
		return Running, "a task of the new deployment is running"
	}
	if v, why := t.judgeTasks(o); v.Final() {
		return v, why
	}
	return InProgress, reason
}

// judgeRollout asks the sources in the order of their authority: ECS's record of
// the deployment, while it can be read, and else the service's own list.
func (t *Tracker) judgeRollout(o Observation) (Verdict, string) {
	record := t.known(o)
	verdict, reason := t.judgeRecord(o, record)
	switch {
	case verdict.Final():
		return verdict, reason
	case deleted(o.Service):
		return Failed, fmt.Sprintf("the service was deleted (it is %s)", o.Service.Status)
	case record != nil:
		return t.judgeUnfinished(o, record, reason)
	}
	return t.judgeService(o)
}

// deleted reports whether a service is being deleted, or was.
func deleted(s *Service) bool {
	return s != nil && (s.Status == "DRAINING" || s.Status == "INACTIVE")
}

// othersRun reports whether the service lists tasks of earlier deployments.
func (t *Tracker) othersRun(s *Service) bool {
	return s != nil && slices.ContainsFunc(s.Deployments, func(d Deployment) bool {
		relation := t.target.Of(&d)
		return (relation == Earlier || relation == Unclear) && d.Running+d.Pending > 0
	})
}

// failing reports whether the deployment has failed, or ECS is taking it back.
func (t *Tracker) failing(o Observation) bool {
	mine := t.target.In(o.Service)
	return t.rollingBack || mine == nil || mine.RolloutState == RolloutFailed
}

func (t *Tracker) judgeSettings(s *Service, elapsed time.Duration) (Verdict, string) {
	switch {
	case s == nil:
		return InProgress, ""
	case deleted(s):
		return Failed, fmt.Sprintf("the service was deleted (it is %s)", s.Status)
	case t.target.DesiredCount != nil && s.Desired != *t.target.DesiredCount:
		if t.held("count", elapsed, settle) { // no stale read any more
			return Superseded, fmt.Sprintf("the desired count is %d now, set by somebody else or by autoscaling", s.Desired)
		}
		return InProgress, "ECS does not show the new count yet"
	case s.Running != s.Desired:
		return InProgress, fmt.Sprintf("%d of %d tasks are running", s.Running, s.Desired)
	}
	return Updated, fmt.Sprintf("%d of %d tasks are running", s.Running, s.Desired)
}

// held reports whether a condition has held for at least d, counting from the
// first call with its name.
func (t *Tracker) held(name string, now, d time.Duration) bool {
	first, ok := t.since[name]
	if !ok {
		t.since[name] = now
		return false
	}
	return now-first >= d
}

func failedReason(d *Deployment) string {
	if d == nil {
		return ""
	}
	return cmp.Or(d.RolloutStateReason, "ECS reports the deployment as failed")
}

// supersededBy says which deployment took over from one of a revision, and when it was
// created. ECS does not say by whom.
func supersededBy(d *Deployment, revision string) string {
	since := ""
	if !d.CreatedAt.IsZero() {
		since = ", created " + d.CreatedAt.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	if d.TaskDefinition == revision {
		return fmt.Sprintf("a newer deployment of the same revision took over: %s%s", d.ID, since)
	}
	return fmt.Sprintf("deployment %s (%s%s) took over", d.ID, ShortName(d.TaskDefinition), since)
}

// ShortName is the part of an ARN behind the last slash, such as the
// family:revision of a task definition; other texts are returned unchanged.
func ShortName(arn string) string {
	return arn[strings.LastIndexByte(arn, '/')+1:]
}
