package cmd

import (
	"github.com/spf13/cobra"
)

func (a *app) wait() *cobra.Command {
	c := &cobra.Command{
		Use:   "wait",
		Short: "Wait for the deployment of a service, whoever started it",
		Long: `Wait joins the deployment that is in progress, started by anybody, and ends with
the same verdict and exit code as deploy. With nothing in progress it tells at
once how the last deployment ended.`,
		Example: `  ecs-deploy wait -c production1 -n doorman-service`,
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return a.runWait(c) },
	}
	a.settings.AddFlags(c.Flags(), "cluster", "service-name", "timeout", "complete-timeout", "until")
	return c
}

func (a *app) runWait(c *cobra.Command) error {
	deployer, err := a.deployer(c)
	if err != nil {
		return err
	}
	if err := a.needService(); err != nil {
		return err
	}
	deployment, err := deployer.Join(c.Context(), a.settings.Cluster, a.settings.Service)
	if err != nil {
		return err
	}
	outcome, err := deployer.Watch(c.Context(), deployment, a.settings.WatchOptions())
	return status(outcome, err)
}

// needService makes sure that a cluster and a service are named.
func (a *app) needService() error {
	switch {
	case a.settings.Cluster == "":
		return &usageError{problem: "no cluster is named", hint: "name it with -c CLUSTER"}
	case a.settings.Service == "":
		return &usageError{problem: "no service is named", hint: "name it with -n SERVICE"}
	}
	return nil
}
