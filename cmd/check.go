package cmd

import (
	"context"
	"fmt"
	"os/exec"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/iam"
	"github.com/ecs-deploy/ecs-deploy/pkg/preflight"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// checkedAtOnce is how many targets are checked at the same time.
const checkedAtOnce = 10

func (a *app) check() *cobra.Command {
	c := &cobra.Command{
		Use:     "check",
		Aliases: []string{"doctor"},
		Short:   "Find out what would stop a deployment, before it",
		Long: `Check looks at everything that a deployment needs: the settings, the region, the way
to ECS with its proxy and its certificates, the clock of this machine, the credentials,
the account, the cluster, the service, its task definition, images, roles and secrets,
and the permissions. It prints what it found, and what to do about it.

Check only reads. It makes the calls of the commands that read, and reports which ones
AWS allows. It never tries a call that writes, such as ecs:UpdateService: IAM simulates
the policies of the identity instead (iam:SimulatePrincipalPolicy). If IAM does not
allow that, the permission is reported as not checked.

The exit code is 0 if nothing would stop a deployment. Otherwise it is the one with
which the deployment would end because of the first problem: 4 for credentials and
permissions, 3 for settings and what does not exist, 1 if ECS cannot be reached.`,
		Example: `  ecs-deploy check -c production1 -n doorman-service
  ecs-deploy check -c production1 -n doorman-service -i docker.repo.com/doorman:v2 --for deploy,rollback,logs
  ecs-deploy check --target api,worker -o json`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runCheck(c) },
	}
	flags := slices.DeleteFunc(slices.Clone(requestFlags), func(name string) bool { return name == "exit-code" })
	a.flags.Add(c.Flags(), append([]string{"for", "shard", "max-definitions", "on-interrupt", "on-pause"}, flags...)...)
	return c
}

func (a *app) runCheck(c *cobra.Command) error {
	several, err := a.several(c)
	if err != nil {
		return err
	}
	members := a.members
	if !several {
		if err := a.prepare(c); err != nil {
			return err
		}
		members = []*app{a}
	}
	if err := a.shareInput(c.Context()); err != nil {
		return err
	}
	uses := iam.Uses{Commands: a.settings.PolicyFor}
	if len(uses.Commands) == 0 {
		uses.Commands = []string{"deploy"}
	}
	if _, err := iam.Needed(iam.Subject{}, uses); err != nil {
		return &usageError{problem: "--for: " + err.Error(), hint: "pass one or more of these commands"}
	}
	found, err := a.checked(c, members, uses)
	if err != nil {
		return err
	}
	if err := a.show(report.Preflight(found)); err != nil {
		return err
	}
	if code := found.ExitCode(); code != 0 {
		return exitStatus(code)
	}
	return nil
}

// checked is what was found for all members. Those that call AWS in the same way share
// what is known about the way.
func (a *app) checked(c *cobra.Command, members []*app, uses iam.Uses) (preflight.Report, error) {
	grounds := map[string]*ground{}
	targets := make([]preflight.Target, len(members))
	var all errgroup.Group
	all.SetLimit(checkedAtOnce)
	for i, m := range members {
		g, known := grounds[m.identity()]
		if !known {
			var err error
			if g, err = a.groundOf(c, m); err != nil {
				return preflight.Report{}, err
			}
			grounds[m.identity()] = g
		}
		targets[i].Name = m.settings.Target
		all.Go(func() (err error) {
			targets[i].Report, err = m.checkOne(c.Context(), g, uses)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return preflight.Report{}, err
	}
	if err := c.Context().Err(); err != nil {
		return preflight.Report{}, &deploy.InterruptedError{Err: err}
	}
	return preflight.Together(targets), nil
}

// checkOne is what was found for one service.
func (a *app) checkOne(ctx context.Context, g *ground, uses iam.Uses) (preflight.Report, error) {
	settings, named := a.checkSettings()
	found := append([]preflight.Finding{settings}, g.found...)
	if slices.Contains(uses.Commands, "exec") {
		found = append(found, a.checkPlugin())
	}
	r := preflight.Report{Checks: found}
	switch {
	case !g.ready:
		r.Checks = append(r.Checks, preflight.Unknown("service", "AWS cannot be asked before the problem is solved"))
	case named:
		request, err := a.read(ctx)
		if err != nil {
			r.Checks = append(r.Checks, preflight.Problem("settings", err))
			break
		}
		uses.Features = a.features(request)
		asked, err := a.askAbout(ctx, g, request, uses)
		if err != nil {
			return r, err
		}
		r.Checks, r.Permissions = append(r.Checks, asked.Checks...), asked.Permissions
	}
	for i, f := range r.Checks {
		r.Checks[i].Detail, r.Checks[i].Remedy = printable.WithoutSecrets(f.Detail), a.whole(f.Remedy)
	}
	return r, nil
}

// askAbout asks about the service of a request.
func (a *app) askAbout(ctx context.Context, g *ground, request deploy.Request, uses iam.Uses) (preflight.Report, error) {
	forecast, err := a.forecast() // for its reads
	if err != nil {
		return preflight.Report{}, err
	}
	calls := new(preflight.Calls)
	cfg := g.cfg.Copy()
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), calls.Watch)
	around := g.cfg.Copy()
	_, neighbours := a.endpoints()
	setEndpoint(&around.BaseEndpoint, neighbours)
	q := preflight.Question{
		Deployer: a.deployer(cfg, forecast, deploy.WithLimits(g.limits), deploy.WithClock(g.clock)), Calls: calls,
		IAM: around, Identity: g.identity, Request: request, Uses: uses,
	}
	if !a.settings.Simulated() {
		q.Account = a.settings.Account
	}
	return q.Ask(ctx), nil
}

// checkSettings is where the settings come from, and whether they name a service.
func (a *app) checkSettings() (_ preflight.Finding, named bool) {
	err := a.needTarget()
	if err == nil && (a.settings.Service != "" || a.settings.TaskDefinition == "") {
		err = a.hasService()
	}
	if err != nil {
		return preflight.Problem("settings", err), false
	}
	switch {
	case !a.fromFile:
		return preflight.OK("settings", "flags and variables; there is no settings file"), true
	case a.settings.Target == "":
		return preflight.OK("settings", a.file.Path), true
	}
	return preflight.OK("settings", fmt.Sprintf("%s, target %s", a.file.Path, a.settings.Target)), true
}

// checkPlugin is whether exec can open a session.
func (a *app) checkPlugin() preflight.Finding {
	path, err := exec.LookPath(sessionPlugin)
	switch {
	case a.settings.Simulated():
		return preflight.OK(sessionPlugin, "the simulator opens no session, and needs none")
	case err != nil:
		return preflight.Warning(sessionPlugin, "not installed, so exec cannot work", installPlugin)
	}
	return preflight.OK(sessionPlugin, path)
}
