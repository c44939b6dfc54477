package cmd

import (
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/iam"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

func (a *app) iamPolicy() *cobra.Command {
	c := &cobra.Command{
		Use:   "iam-policy",
		Short: "Print the least IAM policy for a service",
		Long: `Iam-policy reads a service and its task definition, and prints the least IAM policy
that the commands need, as JSON. It accepts the flags of deploy, because some of
them need more permissions: --pin-digest, --max-definitions, --on-interrupt. It
changes nothing.

The statements whose Sid begins with Advised can be left out: ecs-deploy then
reports less. The page docs/iam.md says what is missing without each permission.`,
		Example: `  ecs-deploy iam-policy -c production1 -n doorman-service
  ecs-deploy iam-policy -c production1 -n doorman-service --for deploy,rollback,run --pin-digest`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runIAMPolicy(c) },
	}
	a.flags.Add(c.Flags(), append([]string{"for", "max-definitions", "on-interrupt", "on-pause"}, requestFlags...)...)
	return c
}

func (a *app) runIAMPolicy(c *cobra.Command) error {
	a.bare = true
	if err := a.prepare(c); err != nil {
		return err
	}
	if err := a.needTarget(); err != nil {
		return err
	}
	request, err := a.read(c.Context())
	if err != nil {
		return err
	}
	deployer, err := a.connect(c)
	if err != nil {
		return err
	}
	service, err := deployer.ExportFor(c.Context(), request)
	if err != nil {
		return err
	}
	subject := subjectOf(service)
	uses := iam.Uses{Commands: a.settings.PolicyFor, Features: a.features(request)}
	if len(uses.Commands) == 0 {
		uses.Commands = []string{"deploy"}
	}
	policy, err := iam.For(subject, uses)
	if err != nil {
		return &usageError{problem: "--for: " + err.Error(), hint: "pass one or more of these commands"}
	}
	text, err := json.MarshalIndent(policy, "", "  ")
	if err != nil {
		return err
	}
	_, err = a.streams.Out.Write(append(printable.JSON(text), '\n'))
	return err
}

// subjectOf is what the policy is about: the service as it is, and as the request would
// have it.
func subjectOf(service deploy.Export) iam.Subject {
	subject := iam.Subject{Region: service.Region, Account: service.Account, Cluster: service.Cluster, Service: service.Service, Shifts: service.Shifts(), Propagates: service.PropagatesTags}
	if parts := strings.SplitN(service.ServiceARN, ":", 3); len(parts) > 1 {
		subject.Partition = parts[1]
	}
	subject.Add(service.Definition)
	subject.Add(service.Wanted)
	return subject
}

// features are the uses of the settings that need more permissions.
func (a *app) features(request deploy.Request) []iam.Feature {
	s := a.settings
	all := []iam.Feature{iam.Registering} // a rollback may have to
	for feature, used := range map[iam.Feature]bool{
		iam.ByFamily:     request.Service == "",
		iam.Pinning:      s.PinDigest,
		iam.Tidying:      s.MaxDefinitions != nil,
		iam.Interrupting: s.OnInterrupt == string(deploy.OnInterruptRollback),
		iam.Continuing:   s.OnPause == string(deploy.OnPauseContinue),
		iam.Steps:        len(request.BeforeTasks)+len(request.VerifyTasks) > 0,
	} {
		if used {
			all = append(all, feature)
		}
	}
	return all
}
