package report

// What check found out before a deployment.

import (
	"fmt"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/preflight"
)

// preflightObject is what programs get of it.
type preflightObject struct {
	// Ready: nothing was found that would stop a deployment.
	Ready bool `json:"ready"`
	// ExitCode is that of the command.
	ExitCode int `json:"exitCode"`
	preflight.Report
}

// Preflight is what was found before a deployment: one line each, with what to do.
func Preflight(found preflight.Report) Result {
	value := preflightObject{found.ExitCode() == 0, found.ExitCode(), found}
	return Result{Value: value, Lines: func(o Options) []Line { return preflightLines(found, o) }}
}

func preflightLines(found preflight.Report, o Options) []Line {
	var lines []Line
	target, counts := "", map[deploy.CheckState]int{}
	for _, f := range found.Checks {
		counts[f.State]++
		if f.Target != target {
			target = f.Target
			lines = append(lines, toned(Strong, heading(target)))
		}
		lines = append(lines, checks([]deploy.Check{f.Check})...)
	}
	return narrowed(append(lines, readiness(counts)), o)
}

// readiness is the last line.
func readiness(counts map[deploy.CheckState]int) Line {
	tone, text := Good, "nothing found that would stop a deployment"
	if n := counts[deploy.CheckProblem]; n > 0 {
		tone, text = Bad, count(n, "problem")+" would stop a deployment"
	}
	for _, more := range []struct {
		state deploy.CheckState
		text  string
	}{{deploy.CheckWarning, count(counts[deploy.CheckWarning], "warning")}, {deploy.NotChecked, fmt.Sprintf("%d not checked", counts[deploy.NotChecked])}} {
		if counts[more.state] > 0 {
			text += "; " + more.text
		}
	}
	return toned(tone, text)
}
