package cmd

// --simulate and --scenario: the same commands against the embedded ECS, whose
// state is kept between commands in one file per scenario.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

const (
	// simulatedSpeed is how much faster than real time a command runs.
	simulatedSpeed = 20
	// demo is the name of a cluster or service that nobody named.
	demo = "demo"
	// simulatedRegion is where the embedded ECS says that it is.
	simulatedRegion = "us-east-1"
)

// nameDemo names a cluster and a service that are not set.
func (a *app) nameDemo() {
	if a.settings.Cluster == "" {
		a.settings.Cluster, a.named.cluster = demo, true
	}
	if a.settings.Service == "" && a.settings.TaskDefinition == "" {
		a.settings.Service, a.named.service = demo, true
	}
}

// demoNames are which names nameDemo chose.
type demoNames struct{ cluster, service bool }

// assumed says which name nameDemo chose beside one that the user set, or "": who
// named only one of the two may have forgotten the other.
func (a *app) assumed() string {
	switch {
	case a.named.service && !a.named.cluster:
		return "service not set, so it is " + demo
	case a.named.cluster && !a.named.service && a.settings.Service != "":
		return "cluster not set, so it is " + demo
	}
	return ""
}

// unnamed is an error about the service demo or its cluster, if the simulated world
// has other ones and the user set none; any other error is itself.
func (a *app) unnamed(err error) error {
	var missing *deploy.NotFoundError
	if !errors.As(err, &missing) || missing.Name != demo {
		return err
	}
	hint := a.inWorld() + ", or start a new one: ecs-deploy simulator reset"
	switch {
	case missing.Kind == "cluster" && a.named.cluster:
		return &usageError{problem: "cluster not set, and the simulated world has no cluster " + demo, hint: hint}
	case missing.Kind == "service" && a.named.service:
		return &usageError{problem: "service not set, and the simulated world has no service " + demo, hint: hint}
	}
	return err
}

// inWorld says which services can be named: some of those in the simulated world.
func (a *app) inWorld() string {
	const most = 3
	names := a.worldServices()
	var pairs []string
	for _, name := range names[:min(most, len(names))] {
		cluster, service, _ := strings.Cut(name, "/")
		pairs = append(pairs, "-c "+shell.Quote(cluster)+" -n "+shell.Quote(service))
	}
	switch more := len(names) - len(pairs); {
	case len(pairs) == 0:
		return "the simulated world has no such name: pass others"
	case more > 0:
		return fmt.Sprintf("pass a service of the simulated world: %s (and %d more)", strings.Join(pairs, ", "), more)
	}
	return "pass a service of the simulated world: " + strings.Join(pairs, ", ")
}

// worldServices are the services of the simulated world as CLUSTER/SERVICE; none if it
// cannot be read.
func (a *app) worldServices() []string {
	path, err := worldPath(a.settings.ScenarioName())
	if err != nil {
		return nil
	}
	store, err := ecssim.OpenStore(path, func() (ecssim.World, error) { return ecssim.World{}, fs.ErrNotExist }, simulatedSpeed)
	if err != nil {
		return nil
	}
	defer func() { _ = store.Close() }() // it was only read
	return store.Services()
}

// simulated opens the world of the scenario, or makes it, and returns the
// settings for clients of it, and its clock.
func (a *app) simulated() (aws.Config, deploy.Clock, error) {
	s := a.settings
	path, err := worldPath(s.ScenarioName())
	if err != nil {
		return aws.Config{}, nil, err
	}
	store, err := ecssim.OpenStore(path, a.seedWorld, simulatedSpeed)
	if err != nil {
		return aws.Config{}, nil, err
	}
	a.cleanup = append(a.cleanup, store.Close)
	if !s.Quiet {
		a.onErr().Result(report.Simulation(s.ScenarioName(), simulatedSpeed, a.assumed()))
	}
	return aws.Config{
		Region: simulatedRegion, Credentials: staticCredentials(), HTTPClient: store.HTTPClient(),
		BaseEndpoint: aws.String("http://aws.simulated"),
		// The SDK waits in real time: shorter waits, so that they fit the speed.
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Second / 2 })
		},
	}, store.Clock(), nil
}

// seedWorld is the world of a scenario as the first command finds it: the named
// service, and those of all targets of the settings file, each running an earlier tag
// of its image.
func (a *app) seedWorld() (ecssim.World, error) {
	world, err := ecssim.LoadScenario(a.settings.ScenarioName())
	if err != nil {
		return ecssim.World{}, &usageError{problem: err.Error(), hint: "see ecs-deploy simulator scenarios"}
	}
	world = world.WithSeed(seedOf(a.settings))
	for _, target := range a.targets {
		s, err := a.file.Settings(target)
		if err != nil {
			continue // it has problems that are its own
		}
		if seed := seedOf(s); seed.Cluster != "" && seed.Service != "" {
			world = world.WithSeed(seed)
		}
	}
	if _, err := ecssim.New(world); err != nil { // a name that ECS would not take
		return ecssim.World{}, &usageError{problem: message(err), hint: "check -c, -n, -d, -i and the targets of the settings file: the simulated world is built from them"}
	}
	return world, nil
}

// seedOf is the service of settings, running an earlier tag of its image.
func seedOf(s *config.Settings) ecssim.Seed {
	seed := ecssim.Seed{Cluster: arn.ShortName(s.Cluster), Service: arn.ShortName(s.Service)}
	if seed.Service == "" {
		seed.Service = arn.Family(s.TaskDefinition)
	}
	seed.Image = seed.Service + ":1"
	if len(s.Images) > 0 {
		seed.Image = earlier(s.Images[0])
	}
	return seed
}

// earlier is a reference to an earlier image of the same repository: a tag that
// ends in a number counted down, or otherwise "previous".
func earlier(image string) string {
	name, _, _ := strings.Cut(image, "@")
	repository, tag := name, ""
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		repository, tag = name[:colon], name[colon+1:]
	}
	stem := strings.TrimRight(tag, "0123456789")
	if number, err := strconv.Atoi(tag[len(stem):]); err == nil && number > 0 {
		return repository + ":" + stem + strconv.Itoa(number-1)
	}
	return repository + ":previous"
}

// worldsDir is where the worlds are kept, one file per scenario.
func worldsDir() (string, error) {
	dir, err := stateDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "ecs-deploy", "simulator"), nil
}

func worldPath(scenario string) (string, error) {
	if _, err := ecssim.LoadScenario(scenario); err != nil { // also keeps odd names out of the path
		return "", &usageError{problem: err.Error(), hint: "see ecs-deploy simulator scenarios"}
	}
	dir, err := worldsDir()
	return filepath.Join(dir, scenario+".json"), err
}

// stateDir is the folder for what commands remember: the worlds of the embedded
// ECS, and nothing else.
func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the state of the simulator: %w", err)
	}
	return filepath.Join(home, ".local", "state"), nil
}

// staticCredentials are what the embedded ECS is called with: it does not look.
func staticCredentials() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider("simulated", "simulated", "")
}
