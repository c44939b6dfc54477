package cmd

import (
	"io"
	"slices"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/iam"
)

// TestEveryCommandThatCallsAWSIsInTheTableOfPermissions: iam-policy and check know all
// commands, by the names that cobra has.
func TestEveryCommandThatCallsAWSIsInTheTableOfPermissions(t *testing.T) {
	callNothing := []string{"config", "simulator", "version", "report", "output-schema", "help", "completion"}
	readsForAnother := []string{"iam-policy"} // what it needs is part of what the policy allows
	var names []string
	for _, c := range New(Streams{Out: io.Discard, Err: io.Discard}).Commands() {
		if c.Runnable() || c.HasSubCommands() { // topics of the help are neither
			names = append(names, c.Name())
		}
	}
	for _, name := range names {
		if !slices.Contains(slices.Concat(callNothing, readsForAnother, iam.Commands()), name) {
			t.Errorf("%s is in no row of pkg/iam/table.go", name)
		}
	}
	for _, name := range slices.Concat(readsForAnother, iam.Commands()) {
		if !slices.Contains(names, name) {
			t.Errorf("pkg/iam/table.go has the command %s, which there is not", name)
		}
	}
}
