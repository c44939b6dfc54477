package preflight

// The service, what is to be deployed to it, and the permissions: the reads of the
// commands themselves, so that what they find is what the commands would find.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/iam"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/awscall"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// askLimit bounds all reads about one service.
const askLimit = 20 * time.Second

// Question is about one service.
type Question struct {
	// Deployer reads. Its clients must have the option [Calls.Watch] of Calls.
	Deployer *deploy.Deployer
	Calls    *Calls
	// IAM are the settings of a client of IAM, whose calls Calls need not watch. Identity
	// is who asks.
	IAM      aws.Config
	Identity Identity
	// Request is the deployment to check. One that asks for nothing stands for a restart.
	Request deploy.Request
	// Account is the id of the account in which the service has to be; "" is any.
	Account string
	// Uses are the commands to check.
	Uses iam.Uses
}

// Ask finds out what would stop the commands. It only reads.
func (q Question) Ask(ctx context.Context) Report {
	limited, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	service, err := q.Deployer.ExportFor(limited, q.Request)
	found := append(q.account(service, err), q.located(service, err)...)
	subject := q.subject(service)
	if err == nil {
		found = append(found, q.planned(limited, service)...)
	}
	needed, err := iam.Needed(subject, q.Uses)
	if err != nil {
		return Report{Checks: append(found, Problem("permissions", &deploy.UsageError{Problem: err.Error(), Remedy: "pass other commands with --for"}))}
	}
	permissions := known(needed, q.Calls)
	simulator{awscall.New(q.IAM), q.Identity}.simulate(limited, needed, permissions)
	return Report{Checks: append(found, findings(permissions, q.remedy())...), Permissions: permissions}
}

// remedy is what to do about a permission that is denied.
func (q Question) remedy() string {
	who := cmp.Or(q.Identity.String(), "the identity that deploys")
	command := "ecs-deploy iam-policy"
	if !slices.Equal(q.Uses.Commands, []string{"deploy"}) {
		command += " --for " + strings.Join(q.Uses.Commands, ",")
	}
	return "allow it for " + who + "; this prints the policy: " + command
}

// subject is what the permissions are about: without the service, only its names.
func (q Question) subject(service deploy.Export) iam.Subject {
	s := iam.Subject{
		Partition: q.Identity.partition(), Region: q.IAM.Region, Account: q.Identity.Account,
		Cluster: arn.ShortName(q.Request.Cluster), Service: arn.ShortName(q.Request.Service),
	}
	if service.ServiceARN == "" {
		return s
	}
	s.Region, s.Account, s.Cluster, s.Service = service.Region, service.Account, service.Cluster, service.Service
	s.Shifts, s.Propagates = service.Shifts(), service.PropagatesTags
	for _, definition := range []taskdef.Definition{service.Definition, service.Wanted} {
		if !definition.IsZero() {
			s.Add(definition)
		}
	}
	return s
}

// account is whether the service is in the right account.
func (q Question) account(service deploy.Export, err error) []Finding {
	const subject = "account"
	var other *deploy.OtherAccountError
	switch {
	case q.Account == "":
		return nil
	case errors.As(err, &other):
		return []Finding{Problem(subject, other)}
	case q.Identity.Account != "" && q.Identity.Account != q.Account:
		return []Finding{Problem(subject, &deploy.OtherAccountError{Resource: "the identity", Account: q.Identity.Account, Expected: q.Account})}
	case q.Identity.Account == "" && service.ServiceARN == "":
		return []Finding{Unknown(subject, "neither the identity nor the service is known")}
	}
	return []Finding{OK(subject, q.Account+", as the settings say")}
}

// located is whether cluster, service and task definition are there, and can be deployed
// to. A permission that is missing is a finding of its own.
func (q Question) located(service deploy.Export, err error) []Finding {
	var missing *deploy.NotFoundError
	var other *deploy.OtherAccountError
	cluster := OK("cluster", arn.ShortName(q.Request.Cluster)+" exists")
	switch {
	case err == nil, service.ServiceARN != "":
	case errors.As(err, &missing) && missing.Kind == "cluster":
		return []Finding{Problem("cluster", err)}
	case errors.As(err, &missing):
		return []Finding{cluster, Problem("service", err)}
	case errors.As(err, &other): // said by account
		return []Finding{cluster}
	default:
		return []Finding{failed("service", err)}
	}
	found := []Finding{cluster, OK("service", fmt.Sprintf("%s is ACTIVE (%s)", service.Service, service.Strategy))}
	switch {
	case service.Definition.IsZero():
		return append(found, failed("task definition", err))
	case err != nil:
		return append(found, OK("task definition", arn.ShortName(service.TaskDefinition)), failed("request", err))
	}
	return append(found, OK("task definition", arn.ShortName(service.TaskDefinition)))
}

// failed is the finding that something could not be read. A permission that is missing is a
// finding of its own.
func failed(subject string, err error) Finding {
	var call *deploy.CallError
	if errors.As(err, &call) && call.Class() == ecsapi.Denied {
		return Unknown(subject, call.Action+" is not allowed")
	}
	return Problem(subject, err)
}

// planned is what the checks of the deployment find. The other reads of the commands are
// made meanwhile.
func (q Question) planned(ctx context.Context, service deploy.Export) []Finding {
	var others sync.WaitGroup
	for _, read := range q.reads(service.Ref) {
		others.Go(func() { read(ctx) })
	}
	defer others.Wait()
	r := q.Request
	restart := r.Validate() != nil // it asks for nothing: everything else was found before
	if restart {
		r.Ref, r.ForceNewDeployment, r.Want.TaskDefinition = service.Ref, true, service.TaskDefinition
	}
	plan, err := q.Deployer.Preview(ctx, r)
	if err != nil {
		return []Finding{failed("deployment", err)}
	}
	var found []Finding
	if going := plan.InProgress; going != nil {
		found = append(found, Warning("deployment", fmt.Sprintf("%s of %s is in progress", going.ID, going.Name()), "wait for it (ecs-deploy wait), or deploy with --if-in-progress wait or replace"))
	}
	for _, check := range plan.Checks {
		if check.State == deploy.NotChecked || restart && plan.WayBack != nil && check.Subject == plan.WayBack.Subject {
			continue // the permissions say why; the way back is that of a restart
		}
		f := Finding{Check: check}
		if check.State == deploy.CheckProblem {
			f.Code = (&deploy.RefusedError{}).ExitCode()
		}
		found = append(found, f)
	}
	return found
}

// reads are the reads of the commands beside those of a plan. How they end is seen from
// their calls.
func (q Question) reads(ref deploy.Ref) []func(context.Context) {
	d := q.Deployer.With(deploy.WithObserver(func(deploy.Event) {}))
	kinds := []struct {
		commands []string
		read     func(context.Context)
	}{
		{[]string{"deploy", "wait", "status", "rollback", "continue", "stop"}, func(ctx context.Context) { _, _ = d.Status(ctx, ref) }},
		{[]string{"rollback", "rollback-preview"}, func(ctx context.Context) { _, _ = d.PlanRollback(ctx, ref, deploy.RollbackOptions{}) }},
		{[]string{"history"}, func(ctx context.Context) { _, _ = d.History(ctx, ref, 1) }},
		{[]string{"deploy", "run", "tasks", "exec"}, func(ctx context.Context) { _, _ = d.Tasks(ctx, ref, false) }},
		{[]string{"logs"}, func(ctx context.Context) { _ = d.Logs(ctx, deploy.LogRequest{Ref: ref, Since: time.Second}) }},
		{[]string{"prune"}, func(ctx context.Context) { _, _ = d.PlanPrune(ctx, ref, 0) }},
		{[]string{"init"}, func(ctx context.Context) { _, _ = d.Services(ctx, ref.Cluster) }},
	}
	var reads []func(context.Context)
	for _, kind := range kinds {
		if slices.ContainsFunc(kind.commands, func(c string) bool { return slices.Contains(q.Uses.Commands, c) }) {
			reads = append(reads, kind.read)
		}
	}
	return reads
}
