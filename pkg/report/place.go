package report

// Where a deployment happens, so that nobody takes one environment for another.

import (
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// Place is a service's environment in a few words: its cluster, region and
// account, out of its ARN, and the target of the settings file if that has another
// name: "production1 (us-east-1, account 123456789012, target shop)".
func Place(clusterARN, serviceARN, target string) string {
	cluster := rollout.ShortName(clusterARN)
	var parts []string
	if fields := strings.SplitN(serviceARN, ":", 6); len(fields) == 6 {
		parts = append(parts, fields[3], "account "+fields[4])
	}
	if target != "" && target != cluster && target != rollout.ShortName(serviceARN) {
		parts = append(parts, "target "+target)
	}
	if len(parts) == 0 {
		return cluster
	}
	return cluster + " (" + strings.Join(parts, ", ") + ")"
}

// Simulation is the first line of a command that uses the embedded ECS, in the world of a
// scenario that runs so many times faster than real time. assumed says what was not
// set and is assumed, or is "".
func Simulation(scenario string, speed int, assumed string) Result {
	line := say("simulated: scenario %s, %dx faster than real time; no AWS account is involved", scenario, speed)
	if assumed != "" {
		line = line.and("; " + assumed)
	}
	return Result{Value: line.String(), Lines: func(Options) []Line { return []Line{line} }}
}
