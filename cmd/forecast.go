package cmd

// The forecast of a plan, which the commands show that only look.

import (
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/forecast"
)

// forecast has plans carry a forecast. The embedded ECS has times of its own.
func (a *app) forecast() (deploy.Option, error) {
	if err := forecast.Check(a.settings.WhatIf...); err != nil {
		return nil, err
	}
	timing := ecssim.Switches{}
	if a.settings.Simulated() {
		world, err := ecssim.LoadScenario(a.settings.ScenarioName())
		if err != nil {
			return nil, &usageError{problem: err.Error(), hint: "see ecs-deploy simulator scenarios"}
		}
		timing = world.Switches
	}
	return deploy.WithForecaster(forecast.New(timing), a.settings.WhatIf...), nil
}

// completeWhatIf completes the scenarios of a bad image.
func completeWhatIf(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return append(forecast.Scenarios(), forecast.All), cobra.ShellCompDirectiveNoFileComp
}
