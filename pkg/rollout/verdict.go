package rollout

import (
	"cmp"
	"maps"
	"slices"
)

// Verdict says how a deployment ended, or that it has not yet.
type Verdict string

// The verdicts. All but InProgress are final: no later observation changes them.
const (
	// InProgress: ECS is still working; there is no verdict.
	InProgress Verdict = "in-progress"
	// Succeeded: ECS says that this deployment completed.
	Succeeded Verdict = "succeeded"
	// Unchanged: there was nothing to do, and nothing was done.
	Unchanged Verdict = "unchanged"
	// Updated: only settings changed; ECS started no deployment, and the
	// service has as many running tasks as it should.
	Updated Verdict = "updated"
	// Running: the deployment got as far as it was to be followed ([Until]), and goes on.
	Running Verdict = "running"
	// Started: a deployment was started and nobody waits for its end.
	Started Verdict = "started"
	// Failed: the deployment failed and was not rolled back, or ECS keeps
	// retrying and nothing will ever end it.
	Failed Verdict = "failed"
	// RolledBack: the service went back to what was in service before.
	RolledBack Verdict = "rolled-back"
	// TimedOut: waiting ended, by a limit or because ECS became unreachable; the rollout
	// continues.
	TimedOut Verdict = "timed-out"
	// Superseded: somebody else's newer deployment took over, or somebody
	// stopped this one.
	Superseded Verdict = "superseded"
	// Paused: the deployment waits for a person at a pause hook.
	Paused Verdict = "paused"
	// Busy: another deployment was in progress, and nothing was done.
	Busy Verdict = "busy"
	// TaskFailed: a one-off task ended with another exit code than 0, or never
	// started. The service is untouched, unless the task came after a deployment.
	TaskFailed Verdict = "task-failed"
	// Interrupted: a signal ended the waiting; the rollout continues.
	Interrupted Verdict = "interrupted"
	// Error: something failed before there was a deployment.
	Error Verdict = "error"
)

// exitCodes are the process exit codes of the verdicts.
var exitCodes = map[Verdict]int{
	Succeeded: 0, Unchanged: 0, Updated: 0, Running: 0, Started: 0,
	Error: 1, Failed: 5, RolledBack: 6, TimedOut: 7, InProgress: 7, Superseded: 8, Paused: 9, Busy: 10, TaskFailed: 11, Interrupted: 130,
}

// Verdicts lists the final verdicts, by name.
func Verdicts() []Verdict {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(exitCodes)), func(v Verdict) bool { return !v.Final() })
}

// ExitCode is the process exit code by which scripts tell the verdicts apart.
func (v Verdict) ExitCode() int {
	if code, ok := exitCodes[v]; ok {
		return code
	}
	return 1
}

// Final reports whether the verdict can no longer change.
func (v Verdict) Final() bool { return v != InProgress && v != "" }

// Until is how far a deployment is followed.
type Until string

// The answers to "when is it done?".
const (
	// UntilRunning ends when one task of the deployment is RUNNING.
	UntilRunning Until = "running"
	// UntilTestTraffic ends when the test traffic goes to the new revision.
	UntilTestTraffic Until = "test-traffic"
	// UntilCanary ends when the first part of the production traffic goes to it.
	UntilCanary Until = "canary"
	// UntilProduction ends when all production traffic goes to it.
	UntilProduction Until = "production"
	// UntilComplete ends when ECS says that the deployment completed.
	UntilComplete Until = "complete"
	// UntilDrained ends when it completed and no task of another deployment is
	// left.
	UntilDrained Until = "drained"
)

// Shifting reports whether this end is one of the deployments that shift traffic. Others
// are followed until they completed.
func (u Until) Shifting() bool {
	return u == UntilTestTraffic || u == UntilCanary || u == UntilProduction
}

// reached says why a deployment got as far as it was to be followed; "" if it did not.
func (u Until) reached(d *ServiceDeployment) string {
	if d == nil || !u.Shifting() || d.Status != ServiceDeploymentInProgress || !Shifts(d.Strategy) {
		return ""
	}
	revision, text := named(d.Target, "the new tasks"), ""
	switch {
	case u == UntilTestTraffic && d.Reached(StagePostTest):
		text = "the test traffic goes to " + revision
	case u == UntilCanary && (d.weight() > 0 || d.Reached(StagePostProduction)),
		u == UntilProduction && (d.weight() >= 100 || d.Reached(StagePostProduction)):
		text = "production traffic: " + cmp.Or(d.Traffic(), "all to "+revision)
	default:
		return ""
	}
	if ahead := d.Ahead(); ahead != "" {
		text += "; ECS continues: " + ahead
	}
	return text
}
