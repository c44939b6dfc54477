// Package fleet deploys several services in one run: all are planned before the first
// one is changed, then they are deployed in their order, and end in one outcome.
//
// It adds no second pipeline. Each member is planned and carried out by a
// [deploy.Deployer], and what this package decides is when: see graph, which is all
// that it knows of time.
package fleet

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// DefaultParallel is how many members are deployed at the same time where nobody says.
const DefaultParallel = 10

// Member is one service of a run.
type Member struct {
	// Name names it in events, problems and the outcome. Each name is used once.
	Name string
	// Needs are the names of the members that must be done before this one starts.
	// Names of others are ignored.
	Needs []string
	// Deployer deploys it. Its events should have the name: see [deploy.WithMember].
	Deployer *deploy.Deployer
	// Plan makes the plan of the member, by [deploy.Deployer.Prepare] or
	// [deploy.Deployer.PlanRollback].
	Plan func(context.Context) (*deploy.Plan, error)
	// Policy is how its plan is carried out. Its Confirm is not used: one question is
	// asked about all members.
	Policy deploy.Policy
}

// OnFailure says what happens to the other members after one failed.
type OnFailure string

// The answers.
const (
	// Stop starts no more members. Those under way are followed to their ends.
	Stop OnFailure = "stop"
	// Continue starts all members but those that need the failed one.
	Continue OnFailure = "continue"
	// Rollback is Stop, and then takes back what had succeeded in this run, the last
	// one first, and follows that.
	Rollback OnFailure = "rollback"
)

// Options say how a run goes.
type Options struct {
	// Parallel is how many members are deployed at the same time; 0 is
	// [DefaultParallel].
	Parallel int
	// OnFailure is what happens after a failure; "" is Stop.
	OnFailure OnFailure
	// Confirm, if not nil, is asked once before anything is written, and not asked if
	// nothing would be. An error ends the run with it.
	Confirm func(context.Context, *Plan) error
	// Ended, if not nil, is given the result of each member as soon as it has one, by
	// several goroutines: that of its deployment, and another one if that is taken back.
	// Events tell only of members that have an outcome.
	Ended func(Result)
}

// Validate finds what is wrong with the options.
func (o Options) Validate() error {
	switch o.OnFailure {
	case "", Stop, Continue, Rollback:
	default:
		return &deploy.UsageError{Problem: fmt.Sprintf("on-failure is %q", o.OnFailure), Remedy: "set it to stop, continue or rollback"}
	}
	if o.Parallel < 0 {
		return &deploy.UsageError{Problem: fmt.Sprintf("parallel is %d", o.Parallel), Remedy: "set how many services are deployed at the same time, for example 10"}
	}
	return nil
}

// Plan is what a run would change. [Prepare] makes it, which only reads.
type Plan struct {
	Members []Planned
}

// Planned is a member and its plan.
type Planned struct {
	Member
	*deploy.Plan
}

// Changes reports whether carrying the plan out would write something.
func (p *Plan) Changes() bool {
	for _, m := range p.Members {
		if m.Changes() {
			return true
		}
	}
	return false
}

// Prepare plans all members side by side. If one of them cannot be planned, the error
// is a [*ProblemsError] with the problems of all. It writes nothing.
func Prepare(ctx context.Context, members []Member) (*Plan, error) {
	if err := consistent(members); err != nil {
		return nil, err
	}
	plan := &Plan{Members: make([]Planned, len(members))}
	errs := make([]error, len(members))
	Each(members, func(i int, m Member) {
		plan.Members[i].Member = m
		plan.Members[i].Plan, errs[i] = m.Plan(ctx)
	})
	if ctx.Err() != nil {
		return nil, &deploy.InterruptedError{Err: ctx.Err()}
	}
	problems := &ProblemsError{}
	for i, m := range members {
		problems.Add(m.Name, errs[i])
	}
	if err := problems.OrNil(); err != nil {
		return nil, err
	}
	return plan, plan.distinct()
}

// Each calls do for every member, side by side, and returns when all calls did.
func Each(members []Member, do func(i int, m Member)) {
	var running sync.WaitGroup
	for i, m := range members {
		running.Go(func() { do(i, m) })
	}
	running.Wait()
}

// consistent refuses members that no run can have.
func consistent(members []Member) error {
	seen := map[string]bool{}
	for _, m := range members {
		if m.Name == "" || seen[m.Name] || m.Deployer == nil {
			return &deploy.UsageError{Problem: fmt.Sprintf("member %q has no name, no deployer, or the name of another one", m.Name), Remedy: "give every member a name of its own and a deployer"}
		}
		seen[m.Name] = true
	}
	_, err := graphOf(members)
	return err
}

// distinct refuses two members that are the same service.
func (p *Plan) distinct() error {
	problems := &ProblemsError{}
	first := map[string]string{}
	for _, m := range p.Members {
		if other := first[m.Plan.Service]; other != "" {
			problems.Add(m.Name, &deploy.UsageError{Problem: fmt.Sprintf("it is the same service as %s: %s", other, m.Plan.Service), Remedy: "choose one of the two targets"})
		}
		first[m.Plan.Service] = cmp.Or(first[m.Plan.Service], m.Name)
	}
	return problems.OrNil()
}

// InOrder is an observer for several deployers: it hands their events to one observer,
// one at a time, and none is older than the one before it.
func InOrder(observe func(deploy.Event)) func(deploy.Event) {
	var mutex sync.Mutex
	var last time.Time
	return func(e deploy.Event) {
		mutex.Lock()
		defer mutex.Unlock()
		if e.Time.Before(last) {
			e.Time = last
		}
		last = e.Time
		observe(e)
	}
}
