package cmd

// A command about several targets: each is an app of its own, with its settings, and
// those that call AWS in the same way share a client.

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// several finds out whether --target chooses several targets, and resolves the settings
// of each into a.members. All problems are reported together.
func (a *app) several(c *cobra.Command) (bool, error) {
	chosen, err := a.choose(c)
	if err != nil || !chosen.Several {
		return false, err
	}
	problems := &fleet.ProblemsError{}
	for _, target := range chosen.Targets {
		m := *a
		problems.Add(target, m.resolve(c, target))
		a.warned, a.page = a.warned || m.warned, m.page
		a.members = append(a.members, &m)
	}
	if err := problems.OrNil(); err != nil {
		return false, err
	}
	if err := a.share(); err != nil {
		return false, err
	}
	var all []*config.Settings
	for _, m := range a.members {
		all = append(all, m.settings)
	}
	if err := a.prepareNotifications(c, all...); err != nil {
		return false, err
	}
	common := *a.members[0].settings // what all commands print in the same way
	common.Target = ""
	a.settings = &common
	return true, nil
}

// share leaves the members of the share that --shard takes.
func (a *app) share() error {
	text := a.members[0].settings.Shard
	if text == "" {
		return nil
	}
	shard, err := fleet.ParseShard(text)
	if err != nil {
		return err
	}
	share := shard.Share(a.memberNames(), a.file.Needs)
	if len(share) == 0 {
		return &usageError{problem: fmt.Sprintf("share %s of %d targets is empty", text, len(a.members)), hint: "use fewer shares: targets that need each other stay together"}
	}
	a.members = slices.DeleteFunc(a.members, func(m *app) bool { return !slices.Contains(share, m.settings.Target) })
	return nil
}

// memberNames are the targets of the members.
func (a *app) memberNames() []string {
	var names []string
	for _, m := range a.members {
		names = append(names, m.settings.Target)
	}
	return names
}

// crew makes the members of a run. Each gets its deployer, and plans and policies by
// make. observe is given the events of all.
func (a *app) crew(c *cobra.Command, observe func(deploy.Event), complete func(*app, *fleet.Member) error) ([]fleet.Member, error) {
	if err := a.shareInput(c.Context()); err != nil {
		return nil, err
	}
	a.reporter() // before several goroutines use it
	clients := newClientSets(a, c, observe)
	problems := &fleet.ProblemsError{}
	var members []fleet.Member
	for _, m := range a.members {
		member := fleet.Member{Name: m.settings.Target, Needs: a.file.Needs(m.settings.Target)}
		var err error
		if member.Deployer, err = clients.of(m); err == nil {
			err = complete(m, &member)
		}
		problems.Add(member.Name, err)
		members = append(members, member)
	}
	return members, problems.OrNil()
}

// shareInput gives each member standard input, if one of them reads it.
func (a *app) shareInput(ctx context.Context) error {
	reads := func(m *app) bool { return m.settings.TaskDefinitionFile == config.StandardInput }
	if !slices.ContainsFunc(a.members, reads) {
		return nil
	}
	text, err := config.Input{What: "standard input", Path: config.StandardInput, Stdin: a.streams.In}.Read(ctx)
	for _, m := range a.members {
		m.streams.In = bytes.NewReader(text)
	}
	return err
}

// clientSets are the deployers of a run, one for each way to call AWS. What they
// register is registered once.
type clientSets struct {
	app           *app
	c             *cobra.Command
	observe       func(deploy.Event)
	made          map[string]clientSet
	registrations deploy.Registrations
	limits        map[string]*deploy.Limits // by account and region
}

func newClientSets(a *app, c *cobra.Command, observe func(deploy.Event)) *clientSets {
	return &clientSets{app: a, c: c, observe: fleet.InOrder(observe), made: map[string]clientSet{}, limits: map[string]*deploy.Limits{}}
}

type clientSet struct {
	deployer *deploy.Deployer
	err      error
}

// of is the deployer of a member.
func (s *clientSets) of(m *app) (*deploy.Deployer, error) {
	key := m.identity()
	set, known := s.made[key]
	if !known {
		m.cleanup = nil
		set.deployer, set.err = m.connect(s.c, deploy.WithObserver(s.observe), deploy.WithRegistrations(&s.registrations), deploy.WithLimits(s.limitsOf(m)))
		s.app.cleanup = append(s.app.cleanup, m.cleanup...)
		s.app.clock = m.clock
		s.made[key] = set
	}
	if set.err != nil {
		return nil, set.err
	}
	options := []deploy.Option{deploy.WithMember(m.settings.Target)}
	if !m.settings.Simulated() {
		options = append(options, deploy.WithAccount(m.settings.Account))
	}
	return set.deployer.With(options...), nil
}

// limitsOf are the limits of the member's account and region, which members with other
// credentials may share; nil if the account is not known before it is called.
func (s *clientSets) limitsOf(m *app) *deploy.Limits {
	account := cmp.Or(m.settings.Account, accountOf(m.settings.AssumeRole), accountOf(m.settings.Service), accountOf(m.settings.Cluster))
	region := cmp.Or(m.settings.Region, m.arnRegion.value)
	if account == "" || region == "" || m.settings.Simulated() {
		return nil
	}
	key := account + " " + region
	if s.limits[key] == nil {
		s.limits[key] = deploy.NewLimits(nil)
	}
	return s.limits[key]
}

// accountOf is the account of an ARN; "" for any other text.
func accountOf(text string) string {
	if fields := strings.SplitN(text, ":", 6); len(fields) == 6 && fields[0] == "arn" {
		return fields[4]
	}
	return ""
}

// identity is all that decides how AWS is called. Members with the same identity share
// a client.
func (a *app) identity() string {
	s := a.settings
	attempts := int32(-1)
	if s.MaxAttempts != nil {
		attempts = *s.MaxAttempts
	}
	return fmt.Sprintf("%q", []string{
		s.ScenarioName(), s.Region, a.arnRegion.value, s.Profile, s.AccessKey, s.SecretKey, s.AssumeRole, s.ExternalID, s.RoleSessionName,
		s.MFASerial, s.EndpointURL, fmt.Sprint(attempts, s.CallTimeout, s.CheckRegistry),
	})
}

// memberOf is the member that an event is about.
func (a *app) memberOf(name string) *app {
	i := slices.IndexFunc(a.members, func(m *app) bool { return m.settings.Target == name })
	if i < 0 {
		return a
	}
	return a.members[i]
}

// observeAll shows the events of all members.
func (a *app) observeAll(e deploy.Event) {
	if e.Plan != nil {
		e.Plan = a.memberOf(e.Subject.Member).pastable(e.Plan)
	}
	a.reporter().Event(e)
}

// deployAll deploys all members.
func (a *app) deployAll(c *cobra.Command) error {
	if err := a.deployFlags(); err != nil {
		return err
	}
	members, err := a.crew(c, a.observeAll, func(m *app, member *fleet.Member) error {
		request, err := m.read(c.Context())
		if err = errors.Join(err, request.Validate()); err != nil {
			return err
		}
		member.Policy = m.settings.Policy()
		member.Plan = func(ctx context.Context) (*deploy.Plan, error) {
			return member.Deployer.Prepare(ctx, request, member.Policy)
		}
		return member.Policy.Validate()
	})
	if err != nil {
		return err
	}
	asks := slices.ContainsFunc(a.members, (*app).asks)
	return a.runAll(c, members, asks, "deploy this to %d services?")
}

// runAll plans all members, shows the plan, asks, and carries the plan out.
func (a *app) runAll(c *cobra.Command, members []fleet.Member, asks bool, question string) error {
	options := fleet.Options{OnFailure: fleet.OnFailure(a.settings.OnFailure), Ended: a.memberEnded}
	if n := a.settings.Parallel; n != nil {
		if options.Parallel = int(*n); *n == 0 {
			return &usageError{problem: "--parallel is 0", hint: "pass how many services to deploy at the same time, for example 10"}
		}
	}
	plan, err := fleet.Prepare(c.Context(), members)
	if err != nil {
		return a.pastableProblems(err)
	}
	a.announce(plan, asks && plan.Changes())
	if asks {
		options.Confirm = func(ctx context.Context, plan *fleet.Plan) error {
			return a.ask(ctx, a.askers(), fmt.Sprintf(question, len(plan.Members)))
		}
	}
	outcome, err := plan.Carry(c.Context(), options)
	if err != nil {
		return err
	}
	return a.ended(outcome)
}

// announce shows a plan before it is carried out: people always see what they are asked
// about.
func (a *app) announce(plan *fleet.Plan, asked bool) {
	result := report.FleetPlan(a.pastablePlan(plan))
	switch quiet := a.settings.Quiet || a.forPrograms(); {
	case quiet && !asked:
	case quiet || a.output() != "github":
		a.onErr().Result(result)
	default: // the log is standard output
		a.reporter().Result(result)
	}
}

// pastablePlan is a plan whose warnings have commands that can be pasted.
func (a *app) pastablePlan(plan *fleet.Plan) *fleet.Plan {
	shown := &fleet.Plan{}
	for _, m := range plan.Members {
		shown.Members = append(shown.Members, fleet.Planned{Member: m.Member, Plan: a.memberOf(m.Name).pastable(m.Plan)})
	}
	return shown
}

// pastableProblems are problems whose hints have commands that can be pasted.
func (a *app) pastableProblems(err error) error {
	var problems *fleet.ProblemsError
	if !errors.As(err, &problems) {
		return err
	}
	pasted := &fleet.ProblemsError{}
	for _, p := range problems.Problems {
		pasted.Add(p.Member, &hinted{error: p.Err, hint: a.memberOf(p.Member).hint(p.Err)})
	}
	return pasted
}

// hinted is an error with another hint.
type hinted struct {
	error
	hint string
}

// Hint is the hint.
func (h *hinted) Hint() string { return h.hint }

// Unwrap gives the error.
func (h *hinted) Unwrap() error { return h.error }

// askers are what has confirm set.
func (a *app) askers() string {
	var names []string
	for _, m := range a.members {
		if m.asks() {
			names = append(names, fmt.Sprintf("%q", m.settings.Target))
		}
	}
	switch len(names) {
	case 0:
		return "a rollback"
	case 1:
		return "target " + names[0]
	}
	return "each of the targets " + strings.Join(names, ", ")
}

// memberEnded shows how a member ended that has no outcome, of which no event tells.
func (a *app) memberEnded(r fleet.Result) {
	switch {
	case r.Err != nil:
		failure := a.memberOf(r.Member).failure(r.Err)
		failure.Member, failure.Verdict, failure.ExitCode = r.Member, string(r.Verdict), r.ExitCode()
		if r.Outcome != nil { // it was to be rolled back
			failure.Message, failure.Problems = message(errors.New(r.Reason)), nil
		}
		a.reporter().Fail(failure)
	case r.Outcome == nil:
		a.reporter().Fail(report.Failure{Member: r.Member, Message: r.Reason, Verdict: string(r.Verdict), ExitCode: r.ExitCode()})
	}
}

// ended shows how a run of all members ended, and returns its exit code.
func (a *app) ended(outcome fleet.Outcome) error {
	var next []report.Suggestion
	if going := outcome.Unfinished(); len(going) > 0 {
		next = append(next, report.Suggestion{Purpose: "follow all again", Command: a.lineOfAll(going, "wait")})
	}
	if bad := outcome.Bad(); len(bad) > 0 {
		next = append(next, report.Suggestion{Purpose: "see details", Command: a.lineOfAll(bad, "status")})
	}
	hints := map[error]string{}
	for _, r := range outcome.Members {
		if r.Err != nil {
			hints[r.Err] = a.memberOf(r.Member).hint(r.Err)
		}
	}
	a.reporter().Pause()
	err := a.show(report.FleetOutcome(outcome, report.Options{Simulated: a.settings.ScenarioName(), Calls: a.calls.all}, next, func(err error) string { return hints[err] }))
	if code := outcome.ExitCode(); code != 0 {
		return exitStatus(code)
	}
	return err
}
