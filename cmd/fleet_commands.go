package cmd

// The other commands about several targets: what is read is shown for all, side by side;
// what is followed or rolled back is one run.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// planAll shows what a deployment of all members would change.
func (a *app) planAll(c *cobra.Command) error {
	if len(a.settings.WhatIf) > 0 {
		return &usageError{problem: "--what-if is about one service, and several are chosen", hint: "pass --target with one of them: " + strings.Join(a.memberNames(), ", ")}
	}
	members, err := a.crew(c, func(deploy.Event) {}, func(m *app, member *fleet.Member) error {
		request, err := m.read(c.Context())
		if err != nil {
			return err
		}
		member.Plan = func(ctx context.Context) (*deploy.Plan, error) { return member.Deployer.Preview(ctx, request) }
		return request.Validate()
	})
	if err != nil {
		return err
	}
	return a.preview(c, members)
}

// preview shows the plans of all members, with the exit code of one plan.
func (a *app) preview(c *cobra.Command, members []fleet.Member) error {
	plan, err := fleet.Prepare(c.Context(), members)
	if err != nil {
		return a.pastableProblems(err)
	}
	if err := a.show(report.FleetPlan(a.pastablePlan(plan))); err != nil {
		return err
	}
	for _, m := range plan.Members {
		if len(deploy.Problems(m.Checks)) > 0 {
			return exitStatus(1)
		}
	}
	if a.settings.ExitCode && plan.Changes() {
		return exitPending
	}
	return nil
}

// waitAll follows the current deployments of all members.
func (a *app) waitAll(c *cobra.Command) error {
	if a.settings.Deployment != "" {
		return &usageError{problem: "--deployment is about one service, and several are chosen", hint: "remove --deployment, or pass --target with one of them: " + strings.Join(a.memberNames(), ", ")}
	}
	members, err := a.serviceCrew(c, a.observeAll)
	if err != nil {
		return err
	}
	return a.ended(fleet.Follow(c.Context(), members, a.memberEnded, func(ctx context.Context, m fleet.Member) (deploy.Outcome, error) {
		settings := a.memberOf(m.Name).settings
		deployment, err := m.Deployer.Join(ctx, settings.Ref(), "")
		if err != nil {
			return deploy.Outcome{}, err
		}
		return m.Deployer.Watch(ctx, deployment, settings.WatchOptions())
	}))
}

// serviceCrew makes the members of a command about services that must be named.
func (a *app) serviceCrew(c *cobra.Command, observe func(deploy.Event)) ([]fleet.Member, error) {
	return a.crew(c, observe, func(m *app, _ *fleet.Member) error { return m.hasService() })
}

// readAll shows what a command finds for each member.
func (a *app) readAll(c *cobra.Command, read func(context.Context, *app, *deploy.Deployer) (report.Result, error)) error {
	members, err := a.serviceCrew(c, func(deploy.Event) {})
	if err != nil {
		return err
	}
	found := make([]report.Found, len(members))
	fleet.Each(members, func(i int, m fleet.Member) {
		member := a.memberOf(m.Name)
		found[i].Member = m.Name
		if found[i].Result, found[i].Err = read(c.Context(), member, m.Deployer); found[i].Err != nil {
			found[i].Hint, found[i].ExitCode = member.hint(found[i].Err), exitCode(found[i].Err)
		}
	})
	if c.Context().Err() != nil {
		return &deploy.InterruptedError{Err: c.Context().Err()}
	}
	if err := a.show(report.EachMember(found)); err != nil {
		return err
	}
	problems := &fleet.ProblemsError{}
	for _, f := range found {
		if f.Err != nil {
			problems.Add(f.Member, &hinted{f.Err, f.Hint})
		}
	}
	if err := problems.OrNil(); err != nil {
		failure := report.Failure{Message: message(err), Problems: problems.Lines(), Hint: problems.Hint(), Verdict: "error", ExitCode: exitCode(err)}
		a.onErr().Fail(failure) // standard output has what was found
		return exitStatus(failure.ExitCode)
	}
	return nil
}

// rollbackAll rolls all members back, those first that need others.
func (a *app) rollbackAll(c *cobra.Command) error {
	members, err := a.rollbackCrew(c, a.observeAll)
	if err != nil {
		return err
	}
	return a.runAll(c, members, !a.settings.Yes, "roll back %d services?")
}

// rollbackCrew makes the members of a rollback.
func (a *app) rollbackCrew(c *cobra.Command, observe func(deploy.Event)) ([]fleet.Member, error) {
	settings, err := a.given(c)
	if err != nil {
		return nil, err
	}
	if a.settings.To != "" {
		return nil, &usageError{problem: "--to is about one service, and several are chosen", hint: "remove --to, or pass --target with one of them: " + strings.Join(a.memberNames(), ", ")}
	}
	members, err := a.crew(c, observe, func(m *app, member *fleet.Member) error {
		s := m.settings
		member.Policy = deploy.Policy{NoWait: s.NoWait, OnInterrupt: deploy.OnInterrupt(s.OnInterrupt), Watch: s.WatchOptions()}
		options := deploy.RollbackOptions{PinDigest: m.pins(), ServiceSettings: settings, AllowStuck: s.AllowStuck}
		member.Plan = func(ctx context.Context) (*deploy.Plan, error) {
			return member.Deployer.PlanRollback(ctx, s.Ref(), options)
		}
		if err := m.hasService(); err != nil {
			return err
		}
		return member.Policy.Validate()
	})
	reversed := make([][]string, len(members))
	for i := range members {
		for _, other := range members {
			if slices.Contains(other.Needs, members[i].Name) {
				reversed[i] = append(reversed[i], other.Name)
			}
		}
	}
	for i := range members {
		members[i].Needs = reversed[i]
	}
	return members, err
}

// previewAll shows what a rollback of all members would do.
func (a *app) previewAll(c *cobra.Command) error {
	members, err := a.rollbackCrew(c, func(deploy.Event) {})
	if err != nil {
		return err
	}
	return a.preview(c, members)
}

// renderAll prints the definitions of all members as a JSON array, or writes each to a
// file of its own.
func (a *app) renderAll(c *cobra.Command) error {
	if err := a.shareInput(c.Context()); err != nil {
		return err
	}
	clients := newClientSets(a, c, func(deploy.Event) {})
	members, requests, errs := make([]fleet.Member, len(a.members)), make([]deploy.Request, len(a.members)), make([]error, len(a.members))
	for i, m := range a.members {
		if requests[i], errs[i] = m.read(c.Context()); errs[i] == nil && requests[i].NeedsAWS() {
			members[i].Deployer, errs[i] = clients.of(m)
		}
	}
	texts, problems := make([][]byte, len(a.members)), &fleet.ProblemsError{}
	fleet.Each(members, func(i int, member fleet.Member) {
		if errs[i] == nil {
			texts[i], errs[i] = a.members[i].renderedBy(c, requests[i], func() (*deploy.Deployer, error) { return member.Deployer, nil })
		}
	})
	for i, m := range a.members {
		problems.Add(m.settings.Target, errs[i])
	}
	if err := problems.OrNil(); err != nil {
		return a.pastableProblems(err)
	}
	if a.settings.OutputDir != "" {
		return a.writeAll(texts)
	}
	var array []json.RawMessage
	for _, text := range texts {
		array = append(array, text)
	}
	text := new(bytes.Buffer)
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(array); err != nil {
		return fmt.Errorf("writing the definitions: %w", err)
	}
	_, err := a.streams.Out.Write(printable.JSON(text.Bytes()))
	return err
}

// writeAll writes a file for each member. The names of targets come from the settings
// file, and no name leads out of the folder.
func (a *app) writeAll(texts [][]byte) error {
	dir := a.settings.OutputDir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &usageError{problem: "the output folder cannot be made: " + err.Error(), hint: "pass another folder with --output-dir"}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return &usageError{problem: "the output folder cannot be opened: " + err.Error(), hint: "pass another folder with --output-dir"}
	}
	defer func() { _ = root.Close() }()
	for i, m := range a.members {
		name := fileName(m.settings.Target)
		if err := root.WriteFile(name, texts[i], 0o600); err != nil {
			return &usageError{problem: "a definition cannot be written: " + err.Error(), hint: "pass another folder with --output-dir"}
		}
		a.tell("wrote %s\n", dir+"/"+name)
	}
	return nil
}

// fileName is the name of the file for a target: its name, with everything escaped that
// has a meaning in a path.
func fileName(target string) string {
	name := url.PathEscape(target)
	if strings.HasPrefix(name, ".") {
		name = "%2E" + name[1:]
	}
	return name + ".json"
}

// pruneAll deregisters old revisions of the families of all members. A family of
// several members loses only what none of them keeps.
func (a *app) pruneAll(c *cobra.Command) error {
	members, err := a.crew(c, a.deregistered, func(m *app, _ *fleet.Member) error {
		if m.settings.MaxDefinitions == nil {
			return noMaxDefinitions()
		}
		return m.hasService()
	})
	if err != nil {
		return err
	}
	planned, problems := make([]*deploy.Pruning, len(members)), &fleet.ProblemsError{}
	errs := make([]error, len(members))
	fleet.Each(members, func(i int, m fleet.Member) {
		s := a.memberOf(m.Name).settings
		planned[i], errs[i] = m.Deployer.PlanPrune(c.Context(), s.Ref(), *s.MaxDefinitions)
	})
	for i, m := range members {
		problems.Add(m.Name, errs[i])
	}
	if err := problems.OrNil(); err != nil {
		return a.pastableProblems(err)
	}
	total := keepCommon(planned)
	if !a.settings.DryRun && total > 0 && slices.ContainsFunc(a.members, (*app).asks) {
		if err := a.ask(c.Context(), a.askers(), fmt.Sprintf("deregister %d revisions?", total)); err != nil {
			return err
		}
	}
	found := make([]report.Found, len(members))
	for i, m := range members {
		found[i].Member = m.Name
		if !a.settings.DryRun && len(planned[i].Remove) > 0 {
			problems.Add(m.Name, m.Deployer.Prune(c.Context(), planned[i]))
		}
		found[i].Result = report.Pruning(*planned[i], !a.settings.DryRun)
	}
	if err := problems.OrNil(); err != nil {
		return a.pastableProblems(err)
	}
	if err := a.show(report.EachMember(found)); a.settings.DryRun {
		return err
	}
	return nil // it is done, shown or not
}

// keepCommon leaves each revision to one of the prunings that would remove it, and to
// none if one of the same family keeps it. It returns how many are removed.
func keepCommon(planned []*deploy.Pruning) int {
	type family struct{ account, region, name string }
	of := func(p *deploy.Pruning) family {
		service, _ := arn.Parse(p.Service)
		return family{service.Account, service.Region, p.Family}
	}
	total := 0
	removes := map[family][]string{}
	for _, p := range planned {
		if common, known := removes[of(p)]; known {
			removes[of(p)] = slices.DeleteFunc(slices.Clone(common), func(revision string) bool { return !slices.Contains(p.Remove, revision) })
			continue
		}
		removes[of(p)] = p.Remove
	}
	for _, p := range planned {
		p.Remove = removes[of(p)]
		removes[of(p)] = []string{}
		total += len(p.Remove)
	}
	return total
}
