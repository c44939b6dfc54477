package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// run is one run of a plan.
type run struct {
	*Plan
	options Options
	graph   graph

	mutex     sync.Mutex
	results   []Result
	failed    bool
	succeeded []int // in the order in which they did
}

// Carry carries a plan out: it asks Options.Confirm, and deploys the members in their
// order. A member starts when all that it needs are done; one that has nothing to do is
// done. What goes wrong with a member is a part of the outcome. The errors are those of
// [Options.Validate] and Confirm: then nothing was written.
//
// When ctx ends, no member starts any more, and each one under way does what its
// policy says about interruptions.
func (p *Plan) Carry(ctx context.Context, o Options) (Outcome, error) {
	if err := o.Validate(); err != nil {
		return Outcome{}, err
	}
	if o.Confirm != nil && p.Changes() {
		if err := o.Confirm(ctx, p); err != nil {
			return Outcome{}, err
		}
	}
	var members []Member
	r := &run{Plan: p, options: o, results: make([]Result, len(p.Members))}
	for i, m := range p.Members {
		members = append(members, m.Member)
		r.results[i] = Result{Member: m.Name, Verdict: NotStarted, Target: m.Plan.Ref}
	}
	var err error
	if r.graph, err = graphOf(members); err != nil {
		return Outcome{}, err
	}
	if len(members) == 0 {
		return Outcome{}, nil
	}
	clock := members[0].Deployer
	began := clock.Now()
	r.graph.walk(walk{
		parallel: cmp.Or(o.Parallel, DefaultParallel),
		stop:     func() bool { return ctx.Err() != nil || r.stopped() },
		do:       func(i int) bool { return r.carry(ctx, i) },
	})
	r.explain(ctx)
	if r.failed && o.OnFailure == Rollback && ctx.Err() == nil {
		r.rollBack(ctx)
	}
	return Outcome{Members: r.results, Elapsed: clock.Now().Sub(began), Interrupted: ctx.Err() != nil && unended(r.results)}, nil
}

// unended reports whether a member has no end of its own.
func unended(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool { return r.Verdict == NotStarted || r.Verdict == rollout.Interrupted })
}

// stopped reports whether a failure keeps other members from starting.
func (r *run) stopped() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.failed && r.options.OnFailure != Continue
}

// carry carries out the plan of one member, and reports whether it is done.
func (r *run) carry(ctx context.Context, i int) bool {
	m := r.Members[i]
	policy := m.Policy
	policy.Confirm = nil
	outcome, err := m.Deployer.Carry(ctx, m.Plan, policy)
	if errors.Is(err, deploy.ErrStale) {
		if done := doneByOthers(ctx, m.Member); done != nil {
			outcome, err = m.Deployer.Carry(ctx, done, policy)
		}
	}
	defer r.tell(i)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.results[i].end(outcome, err)
	if code := r.results[i].ExitCode(); code != 0 {
		r.failed = r.failed || code != rollout.Interrupted.ExitCode()
		return false
	}
	r.succeeded = append(r.succeeded, i)
	return true
}

// tell hands on the result of a member.
func (r *run) tell(i int) {
	if r.options.Ended == nil {
		return
	}
	r.mutex.Lock()
	result := r.results[i]
	r.mutex.Unlock()
	r.options.Ended(result)
}

// doneByOthers is a new plan for a member whose service somebody else has changed since
// the first, if it leaves nothing to change: another run of the same members deploys, or has
// deployed, the same. nil otherwise: what somebody else does is not undone.
func doneByOthers(ctx context.Context, m Member) *deploy.Plan {
	plan, err := m.Plan(ctx)
	if err != nil || plan.Changes() {
		return nil
	}
	return plan
}

// explain says why members did not start.
func (r *run) explain(ctx context.Context) {
	for i := range r.results {
		if r.results[i].Verdict != NotStarted {
			continue
		}
		var undone []string
		for _, j := range r.graph[i] {
			if other := r.results[j]; other.Verdict == NotStarted || other.ExitCode() != 0 {
				undone = append(undone, other.Member)
			}
		}
		switch {
		case len(undone) > 0:
			r.results[i].Reason = "needs " + strings.Join(undone, ", ")
		case ctx.Err() != nil:
			r.results[i].Reason = "interrupted"
		default:
			r.results[i].Reason = "another service failed"
		}
		r.tell(i)
	}
}

// rollBack takes back the members that succeeded, the last one first. A member that
// others need waits for these.
func (r *run) rollBack(ctx context.Context) {
	took := map[int]bool{}
	order := []int{} // not nil, which would be all
	for _, i := range slices.Backward(r.succeeded) {
		if o := r.results[i].Outcome; o != nil && o.Deployment.Action != deploy.ActionNone && o.Deployment.Action != deploy.ActionFollow {
			took[i] = true
			order = append(order, i)
		}
	}
	why := r.failure()
	back := r.graph.back(func(i int) bool { return took[i] })
	back.walk(walk{
		order: order, parallel: cmp.Or(r.options.Parallel, DefaultParallel),
		stop: func() bool { return ctx.Err() != nil },
		do: func(i int) bool {
			m := r.Members[i]
			outcome, err := m.Deployer.Undo(ctx, r.results[i].Outcome.Deployment, why, m.Policy.Watch)
			defer r.tell(i)
			r.mutex.Lock()
			defer r.mutex.Unlock()
			r.results[i].undone(outcome, err)
			return true // a rollback that failed holds up no other one
		},
	})
	for _, i := range order {
		if ctx.Err() != nil && r.results[i].ExitCode() == 0 {
			r.results[i].undone(deploy.Outcome{}, &deploy.InterruptedError{Err: ctx.Err()})
			r.tell(i)
		}
	}
}

// failure names the members that failed.
func (r *run) failure() string {
	var names []string
	for _, result := range r.results {
		if result.Verdict != NotStarted && result.ExitCode() != 0 {
			names = append(names, fmt.Sprintf("%s %s", result.Member, strings.ReplaceAll(string(result.Verdict), "-", " ")))
		}
	}
	return strings.Join(names, ", ")
}
