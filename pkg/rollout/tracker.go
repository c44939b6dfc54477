package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Target is what a Tracker follows: one deployment, known by its id, and what
// was there before it.
type Target struct {
	// DeploymentID is the id from the UpdateService response ("ecs-svc/…").
	DeploymentID string
	// CreatedAt is the deployment's creation, by the server's clock. Zero
	// where it is not known.
	CreatedAt time.Time
	// EarlierIDs are deployments that existed before. A circuit-breaker
	// rollback makes one of them PRIMARY again, with its old id.
	EarlierIDs []string
	// NewestEvent is the time of the newest service event before the
	// deployment, by the server's clock: what is older says nothing about it.
	NewestEvent time.Time
	// RollsBack: ECS rolls a failed deployment back by itself (circuit breaker
	// or alarms with rollback), and there is one to go back to.
	RollsBack bool
	// Guarded: a circuit breaker or an alarm ends a hopeless deployment.
	Guarded bool
	// SettingsOnly: no deployment was started. The verdict is Updated when the
	// service has as many running tasks as desired.
	SettingsOnly bool
	// DesiredCount is the count that was asked for, with SettingsOnly; nil
	// where none was.
	DesiredCount *int
	// Until is how far the deployment is followed; "" means UntilComplete.
	Until Until
}

// completed is the reason of a success, whichever of ECS's reads told it.
const completed = "ECS reports the deployment as completed"

// How long the tracker waits for a second opinion where one read alone could
// be stale (ECS is eventually consistent; its reads settle within seconds).
const (
	settle     = 30 * time.Second
	longSettle = 60 * time.Second
)

// Tracker folds observations of one deployment into a verdict. Verdict and
// reason depend on the observations alone. Make one with NewTracker.
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
	// steady counts observations in a row in which a service without rollout
	// state looked finished.
	steady int
}

// NewTracker starts to follow a deployment.
func NewTracker(target Target) *Tracker {
	if target.Until == "" {
		target.Until = UntilComplete
	}
	return &Tracker{target: target, verdict: InProgress, since: map[string]time.Duration{}}
}

// Guard adds what is known of the service's settings to the target: whether ECS
// rolls back by itself, and whether something ends a failing deployment. It is
// for targets that were made without that knowledge.
func (t *Tracker) Guard(rollsBack, guarded bool) {
	t.target.RollsBack = t.target.RollsBack || rollsBack
	t.target.Guarded = t.target.Guarded || guarded
}

// Verdict is the verdict so far.
func (t *Tracker) Verdict() Verdict { return t.verdict }

// Reason says in one sentence why the verdict is what it is, as ECS put it
// where ECS said something.
func (t *Tracker) Reason() string { return t.reason }

// RollingBack reports whether ECS is taking the deployment back.
func (t *Tracker) RollingBack() bool { return t.rollingBack }

// EverRan reports whether a task of the deployment was seen RUNNING.
func (t *Tracker) EverRan() bool { return t.everRan }

// Observe takes one observation and returns the verdict so far. A final
// verdict is never changed by a later observation.
func (t *Tracker) Observe(o Observation) Verdict {
	if t.verdict.Final() {
		return t.verdict
	}
	if mine := o.Service.Deployment(t.target.DeploymentID); mine != nil {
		t.everRan = t.everRan || mine.Running > 0
		if t.target.CreatedAt.IsZero() {
			t.target.CreatedAt = mine.CreatedAt
		}
	}
	t.verdict, t.reason = t.judge(o)
	return t.verdict
}

// judge asks the sources in the order of their authority: the record of the
// service deployment, then the list of deployments, then the stopped tasks.
func (t *Tracker) judge(o Observation) (Verdict, string) {
	if t.target.SettingsOnly {
		return t.judgeSettings(o.Service, o.Elapsed)
	}
	verdict, reason := t.judgeRecord(o)
	if !verdict.Final() {
		if v, why := t.judgeService(o); v.Final() {
			verdict, reason = v, why
		} else if reason == "" {
			reason = why
		}
	}
	if verdict == Succeeded && t.target.Until == UntilDrained && o.OtherTasks != 0 {
		return InProgress, "the deployment completed; earlier tasks are still stopping"
	}
	if verdict.Final() {
		return verdict, reason
	}
	if t.target.Until == UntilRunning && t.everRan && !t.rollingBack {
		return Running, "a task of the new deployment is running"
	}
	if v, why := t.judgeTasks(o); v.Final() {
		return v, why
	}
	return InProgress, reason
}

func (t *Tracker) judgeSettings(s *Service, elapsed time.Duration) (Verdict, string) {
	if s == nil {
		return InProgress, ""
	}
	if t.target.DesiredCount != nil && s.Desired != *t.target.DesiredCount {
		if t.held("count", elapsed, settle) { // no stale read any more
			return Superseded, fmt.Sprintf("the desired count is %d now, set by somebody else or by autoscaling", s.Desired)
		}
		return InProgress, "ECS does not show the new count yet"
	}
	if s.Running != s.Desired {
		return InProgress, fmt.Sprintf("%d of %d tasks are running", s.Running, s.Desired)
	}
	return Updated, fmt.Sprintf("%d of %d tasks are running", s.Running, s.Desired)
}

// judgeRecord reads the service deployment, ECS's own record of this rollout.
func (t *Tracker) judgeRecord(o Observation) (Verdict, string) {
	sd := o.ServiceDeployment
	if sd == nil {
		return InProgress, ""
	}
	switch sd.Status {
	case ServiceDeploymentSuccessful:
		// Of a deployment that ECS is going back to, the record tells of its
		// first time.
		if mine := o.Service.Deployment(t.target.DeploymentID); mine != nil && mine.RolloutState == RolloutInProgress && mine.GoingBack() {
			return InProgress, mine.RolloutStateReason
		}
		return Succeeded, completed
	case ServiceDeploymentRollbackSuccessful:
		return RolledBack, firstOf(sd.StatusReason, sd.RollbackReason, "ECS rolled the deployment back")
	case ServiceDeploymentRollbackFailed:
		return Failed, firstOf(sd.StatusReason, sd.RollbackReason, "ECS could not roll the deployment back")
	case ServiceDeploymentStopped:
		return t.judgeStopped(o)
	case ServiceDeploymentRollbackRequested, ServiceDeploymentRollbackInProgress, ServiceDeploymentStopRequested:
		t.rollingBack = true
		return InProgress, firstOf(sd.RollbackReason, sd.StatusReason, "ECS is taking the deployment back")
	}
	if sd.PauseHook != nil {
		return Paused, fmt.Sprintf("the deployment waits at hook %s of stage %s", sd.PauseHook.ID, sd.LifecycleStage)
	}
	return InProgress, ""
}

// judgeStopped tells the two meanings of STOPPED apart: the deployment failed
// where rollback is off, or somebody started another one over it.
func (t *Tracker) judgeStopped(o Observation) (Verdict, string) {
	sd, primary := o.ServiceDeployment, o.Service.Primary()
	mine := o.Service.Deployment(t.target.DeploymentID)
	switch {
	case sd.Breaker != nil && sd.Breaker.Status == "TRIGGERED",
		sd.AlarmsStatus == "TRIGGERED",
		mine != nil && mine.RolloutState == RolloutFailed:
		return Failed, firstOf(sd.StatusReason, failedReason(mine), "the deployment failed, and rollback is off")
	case primary != nil && primary.ID != t.target.DeploymentID && !t.earlier(primary):
		return Superseded, supersededBy(primary)
	case t.held("stopped", o.Elapsed, settle):
		return Superseded, firstOf(sd.StatusReason, "the deployment was stopped")
	}
	return InProgress, "the deployment was stopped"
}

// judgeService reads the service's list of deployments.
func (t *Tracker) judgeService(o Observation) (Verdict, string) {
	if o.Service == nil {
		return InProgress, ""
	}
	if o.Service.Status == "DRAINING" || o.Service.Status == "INACTIVE" {
		return Failed, fmt.Sprintf("the service was deleted (it is %s)", o.Service.Status)
	}
	primary := o.Service.Primary()
	switch {
	case primary == nil:
		return InProgress, ""
	case primary.ID == t.target.DeploymentID:
		return t.judgePrimary(o, primary)
	case t.earlier(primary):
		return t.judgeEarlier(o, primary)
	}
	return t.judgeLater(o, primary)
}

// judgePrimary: the followed deployment is the PRIMARY one.
func (t *Tracker) judgePrimary(o Observation, mine *Deployment) (Verdict, string) {
	delete(t.since, "earlier")
	switch mine.RolloutState {
	case RolloutCompleted:
		return Succeeded, completed
	case RolloutFailed:
		// Where ECS rolls back by itself the failure is only the beginning.
		if !t.target.RollsBack || t.held("failed", o.Elapsed, longSettle) {
			return Failed, failedReason(mine)
		}
		return InProgress, failedReason(mine)
	case "":
		return t.judgeClassic(o.Service, mine)
	}
	return InProgress, mine.RolloutStateReason
}

// judgeClassic: behind a Classic Load Balancer ECS gives no rollout state. The
// documented sign of the end is a single deployment with all its tasks
// running; it must hold for three observations in a row.
func (t *Tracker) judgeClassic(s *Service, mine *Deployment) (Verdict, string) {
	if len(s.Deployments) == 1 && mine.Desired == s.Desired && mine.Running == s.Desired {
		t.steady++
	} else {
		t.steady = 0
	}
	if t.steady >= 3 {
		return Succeeded, "the only deployment has all its tasks running (ECS gives no rollout state for this service)"
	}
	return InProgress, "ECS gives no rollout state for this service"
}

// judgeEarlier: a deployment from before is PRIMARY. That is a rollback, or a
// stale read of the time before the update.
func (t *Tracker) judgeEarlier(o Observation, primary *Deployment) (Verdict, string) {
	mine := o.Service.Deployment(t.target.DeploymentID)
	evident := mine != nil || t.tellsOfFailure(o.Service, primary)
	if evident {
		t.rollingBack = true
	}
	over := mine == nil && (primary.RolloutState == RolloutCompleted || primary.RolloutState == "")
	switch {
	case over && evident:
		return RolledBack, fmt.Sprintf("ECS went back to deployment %s", primary.ID)
	case over && t.held("earlier", o.Elapsed, longSettle):
		return RolledBack, fmt.Sprintf("deployment %s is in service again, and this one is gone", primary.ID)
	case !over:
		delete(t.since, "earlier")
	}
	if t.rollingBack {
		return InProgress, firstOf(primary.RolloutStateReason, "ECS is rolling back to deployment "+primary.ID)
	}
	return InProgress, "ECS does not show the new deployment yet"
}

// judgeLater: a deployment that is neither ours nor older is PRIMARY.
func (t *Tracker) judgeLater(o Observation, primary *Deployment) (Verdict, string) {
	if t.hasEvent(o.Service, "(deployment "+t.target.DeploymentID+") deployment completed") {
		return Succeeded, "the deployment completed; " + supersededBy(primary)
	}
	return Superseded, supersededBy(primary)
}

// judgeTasks ends a hopeless rollout that nobody else will end: no circuit
// breaker and no alarm watches it, none of its tasks is running, and as many
// tasks as the breaker would have allowed stopped for one and the same cause.
func (t *Tracker) judgeTasks(o Observation) (Verdict, string) {
	mine := o.Service.Deployment(t.target.DeploymentID)
	if t.target.Guarded || t.rollingBack || mine == nil || mine.Status != StatusPrimary {
		return InProgress, ""
	}
	if mine.Running > 0 {
		return InProgress, "" // something is up: slow and flaky is not hopeless
	}
	for _, cause := range Explain(t.target.DeploymentID, o.Tasks, nil).Causes {
		if cause.Kind != HostGone && cause.Kind != StoppedByUser && cause.Count >= Threshold(o.Service.Desired) {
			t.hopeless = true
			return Failed, fmt.Sprintf("%d tasks stopped for the same cause and none is running; ECS keeps retrying, and no circuit breaker will end it", cause.Count)
		}
	}
	return InProgress, ""
}

// Hopeless reports whether the verdict is Failed because nothing will ever end
// the rollout: ECS goes on with it.
func (t *Tracker) Hopeless() bool { return t.hopeless }

// Threshold is the number of failed tasks at which the deployment circuit
// breaker, in its default setting, gives a deployment up: half the desired
// count, but at least 3 and at most 200.
func Threshold(desired int) int {
	return min(max((desired+1)/2, 3), 200)
}

// earlier reports whether a deployment existed before the followed one.
func (t *Tracker) earlier(d *Deployment) bool {
	if slices.Contains(t.target.EarlierIDs, d.ID) {
		return true
	}
	return !t.target.CreatedAt.IsZero() && !d.CreatedAt.IsZero() && d.CreatedAt.Before(t.target.CreatedAt)
}

// tellsOfFailure looks for a service event of this rollout that says it failed
// or is being taken back.
func (t *Tracker) tellsOfFailure(s *Service, primary *Deployment) bool {
	return t.hasEvent(s, "(deployment "+t.target.DeploymentID+") deployment failed") ||
		t.hasEvent(s, "rolling back to deployment "+primary.ID)
}

func (t *Tracker) hasEvent(s *Service, text string) bool {
	baseline := t.target.NewestEvent
	if t.target.CreatedAt.After(baseline) {
		baseline = t.target.CreatedAt
	}
	return slices.ContainsFunc(s.Events, func(e ServiceEvent) bool {
		return e.At.After(baseline) && strings.Contains(e.Message, text)
	})
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
	return firstOf(d.RolloutStateReason, "ECS reports the deployment as failed")
}

func supersededBy(d *Deployment) string {
	return fmt.Sprintf("deployment %s (%s) has taken over", d.ID, ShortName(d.TaskDefinition))
}

// ShortName is the part of an ARN behind the last slash, such as the
// family:revision of a task definition; other texts are returned unchanged.
func ShortName(arn string) string {
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
