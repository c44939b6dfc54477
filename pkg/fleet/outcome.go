package fleet

import (
	"errors"
	"fmt"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// NotStarted is the verdict of a member that was not started, because another one
// failed or the run was interrupted. Its service is untouched.
const NotStarted rollout.Verdict = "not-started"

// Result is how it went with one member.
type Result struct {
	// Member is its name, Target its service.
	Member string
	Target deploy.Ref
	// Verdict says how it ended, Reason why, in one sentence.
	Verdict rollout.Verdict
	Reason  string
	// Outcome is that of its deployment; nil if there was none.
	Outcome *deploy.Outcome
	// Err is why there is no outcome; nil otherwise.
	Err error
	// Undone is the outcome of taking the deployment back after it had succeeded; nil
	// if that was not tried, or not possible. See [Rollback].
	Undone *deploy.Outcome
}

// ExitCode is the exit code of the member alone.
func (r Result) ExitCode() int {
	switch {
	case r.Verdict == NotStarted:
		return 0
	case r.Err != nil && r.Outcome == nil:
		return exitCodeOf(r.Err)
	}
	return r.Verdict.ExitCode()
}

// end takes how the deployment went.
func (r *Result) end(outcome deploy.Outcome, err error) {
	if err == nil {
		r.Verdict, r.Reason, r.Outcome = outcome.Verdict, outcome.Reason, &outcome
		return
	}
	r.Verdict, r.Reason, r.Err = verdictOf(err), err.Error(), err
}

// undone takes how it went to take the deployment back.
func (r *Result) undone(outcome deploy.Outcome, err error) {
	was := r.Outcome.Deployment.TaskDefinition
	var stopped *deploy.InterruptedError
	switch {
	case errors.As(err, &stopped):
		r.Verdict, r.Reason, r.Err = rollout.Interrupted, fmt.Sprintf("interrupted; %s is still running", rollout.ShortName(was)), err
	case err != nil:
		r.Verdict, r.Reason, r.Err = rollout.Failed, fmt.Sprintf("the rollback from %s failed: %s", rollout.ShortName(was), err), err
	case outcome.Verdict == rollout.Unchanged: // it was restarted, and runs what ran before
		r.Undone = &outcome
	case outcome.Verdict == rollout.RolledBack || outcome.Verdict == rollout.Interrupted:
		r.Undone, r.Verdict, r.Reason = &outcome, outcome.Verdict, outcome.Reason
	default:
		r.Undone, r.Verdict, r.Reason = &outcome, rollout.Failed, fmt.Sprintf("the rollback ended as %s: %s", outcome.Verdict, outcome.Reason)
	}
}

// verdictOf is the verdict of a member whose deployment has no outcome.
func verdictOf(err error) rollout.Verdict {
	switch exitCodeOf(err) {
	case rollout.Interrupted.ExitCode():
		return rollout.Interrupted
	case rollout.TimedOut.ExitCode():
		return rollout.TimedOut
	case rollout.Busy.ExitCode():
		return rollout.Busy
	case rollout.TaskFailed.ExitCode():
		return rollout.TaskFailed
	}
	return rollout.Error
}

// Outcome is how a run went.
type Outcome struct {
	// Members are the results, in the order of the members.
	Members []Result
	Elapsed time.Duration
	// Interrupted: the context ended before all members had an outcome.
	Interrupted bool
}

// touched reports whether the service was changed in this run.
func (r Result) touched() bool {
	return r.Outcome != nil && r.Outcome.Deployment.Action != deploy.ActionNone && r.Outcome.Deployment.Action != deploy.ActionFollow
}

// ExitCode is one exit code for all members: the most serious one of those that were
// changed, or, if none was, of all. If some were changed and others could not be, it is
// that of a failure; if those that were changed are as they were before, that of a
// rollback.
func (o Outcome) ExitCode() int {
	if o.Interrupted {
		return rollout.Interrupted.ExitCode()
	}
	var touched, all []int
	changed := false
	for _, r := range o.Members {
		code := r.ExitCode()
		all = append(all, code)
		changed = changed || r.touched()
		if r.touched() || code == rollout.Interrupted.ExitCode() || code == rollout.TimedOut.ExitCode() {
			touched = append(touched, code)
		}
	}
	worst, worstOfAll := MostSerious(touched...), MostSerious(all...)
	if changed && worst == 0 && worstOfAll != 0 { // one could not be deployed, and others were
		return rollout.Failed.ExitCode()
	}
	if worst != 0 {
		return worst
	}
	return worstOfAll
}

// Verdict is one verdict for all members, with the exit code of the outcome.
func (o Outcome) Verdict() rollout.Verdict {
	code := o.ExitCode()
	switch {
	case o.Interrupted:
		return rollout.Interrupted
	case code == 0:
		return o.good()
	}
	for _, r := range o.Members {
		if r.ExitCode() == code {
			return r.Verdict
		}
	}
	return rollout.Failed
}

// good is the verdict of an outcome in which all went well: what the members have in
// common, or that they succeeded.
func (o Outcome) good() rollout.Verdict {
	common := rollout.Unchanged
	for _, r := range o.Members {
		switch {
		case r.Verdict == rollout.Unchanged || r.Verdict == common:
		case common == rollout.Unchanged:
			common = r.Verdict
		default:
			return rollout.Succeeded
		}
	}
	return common
}

// Bad lists the members whose deployments ended badly.
func (o Outcome) Bad() []string {
	var names []string
	for _, r := range o.Members {
		if r.Outcome != nil && (r.Outcome.Verdict == rollout.Failed || r.Outcome.Verdict == rollout.RolledBack) {
			names = append(names, r.Member)
		}
	}
	return names
}

// Unfinished are the names of the members whose rollouts continue.
func (o Outcome) Unfinished() []string {
	var names []string
	for _, r := range o.Members {
		last := r.Outcome
		if r.Undone != nil {
			last = r.Undone
		}
		if last == nil && r.Verdict == rollout.TimedOut || last != nil && !last.Over && last.Verdict != rollout.Unchanged && last.Verdict != rollout.Updated {
			names = append(names, r.Member)
		}
	}
	return names
}
