package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

func (a *app) simulator() *cobra.Command {
	c := &cobra.Command{
		Use:   "simulator",
		Short: "Serve the ECS simulator, list its scenarios, or delete its worlds",
		Long: `The built-in ECS simulator speaks the protocol of Amazon ECS. Commands use it with
--simulate or --scenario NAME. To use it from any other AWS client, run simulator
serve and set AWS_ENDPOINT_URL_ECS.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.simulatorServe(), a.simulatorScenarios(), a.simulatorReset())
	return c
}

// serveOptions are the flags of simulator serve.
type serveOptions struct {
	listen, world string
	speed         float64
}

func (a *app) simulatorServe() *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the ECS simulator over HTTP",
		Long: `Serve runs the simulator until it is interrupted. Its world comes from a file
(--world) or from a scenario with one service (--scenario, default healthy).`,
		Example: `  ecs-deploy simulator serve --listen 127.0.0.1:4580 --speed 20
  export AWS_ENDPOINT_URL_ECS=http://127.0.0.1:4580 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x
  aws ecs list-clusters`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.runSimulatorServe(c.Context(), o) },
	}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:4580", "`address` to listen on; port 0 chooses one")
	c.Flags().StringVar(&o.world, "world", "", "`file` that describes the world (YAML)")
	c.Flags().Float64Var(&o.speed, "speed", 1, "how many `times` faster than real time the world runs")
	a.flags.Add(c.Flags(), "cluster", "service-name", "image")
	return c
}

func (a *app) runSimulatorServe(ctx context.Context, o serveOptions) error {
	if o.speed <= 0 {
		return &usageError{problem: fmt.Sprintf("--speed %g must be above 0", o.speed), hint: "pass 1 for real time, 20 for 20x faster"}
	}
	world, err := a.servedWorld(ctx, o.world)
	if err != nil {
		return err
	}
	simulator, err := ecssim.New(world, ecssim.WithClock(ecssim.ScaledClock(time.Now(), o.speed)))
	if err != nil {
		return &usageError{problem: message(err), hint: "see docs/simulator.md for the format of worlds"}
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return &usageError{problem: "cannot listen: " + err.Error(), hint: "choose another address with --listen 127.0.0.1:PORT"}
	}
	server := &http.Server{Handler: simulator, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute}
	stopped := context.AfterFunc(ctx, func() { _ = server.Shutdown(context.WithoutCancel(ctx)) })
	defer stopped()
	_, _ = fmt.Fprintf(a.streams.Out, "simulated: listening on http://%s\n", listener.Addr())
	region := world.Region
	if region == "" {
		region = simulatedRegion
	}
	_, _ = fmt.Fprintf(a.streams.Err, "use it with: export AWS_ENDPOINT_URL_ECS=http://%s AWS_REGION=%s AWS_DEFAULT_REGION=%s AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x\n",
		listener.Addr(), region, region)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// servedWorld is the world of a file, or a scenario's with one service.
func (a *app) servedWorld(ctx context.Context, path string) (ecssim.World, error) {
	if path == "" {
		a.settings.Simulate = true // the default scenario, if none is named
		a.nameDemo()
		return a.seedWorld()
	}
	text, err := config.Input{What: "the world", Path: path, Stdin: a.streams.In, Pipes: true, Remedy: "see docs/simulator.md for the format of worlds"}.Read(ctx)
	if err != nil {
		return ecssim.World{}, err
	}
	world, err := ecssim.ParseWorld(path, text)
	if err != nil {
		return ecssim.World{}, &usageError{problem: message(err), hint: "see docs/simulator.md for the format of worlds"}
	}
	return world, nil
}

func (a *app) simulatorScenarios() *cobra.Command {
	return &cobra.Command{
		Use:   "scenarios",
		Short: "List the scenarios for --scenario",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			scenarios := ecssim.Scenarios()
			return a.show(report.Table(scenarios, func(s ecssim.Scenario) (name, about string) { return s.Name, s.Summary }))
		},
	}
}

func (a *app) simulatorReset() *cobra.Command {
	return &cobra.Command{
		Use:   "reset",
		Short: "Delete the saved worlds, or the one given with --scenario",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return a.runSimulatorReset() },
	}
}

func (a *app) runSimulatorReset() error {
	dir, err := worldsDir()
	if err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	if a.settings.Scenario != "" {
		path, err := worldPath(a.settings.Scenario)
		if err != nil {
			return err
		}
		paths = []string{path}
	}
	if len(paths) == 0 {
		a.tell("no simulated worlds to delete\n")
	}
	for _, path := range paths {
		if err := ecssim.RemoveStore(path); err != nil {
			return err
		}
		a.tell("deleted simulated world %s\n", strings.TrimSuffix(filepath.Base(path), ".json"))
	}
	return nil
}
