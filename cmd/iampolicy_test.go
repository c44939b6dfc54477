package cmd_test

// The printed policy, proved: every scenario is played under it, and each required
// permission is taken away once.

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
	"github.com/ecs-deploy/ecs-deploy/pkg/iam"
)

// permitted is a simulated account with a policy, in which commands are typed.
type permitted struct {
	*testing.T
	dir, scenario string
}

func (a permitted) run(line string) played {
	words, _ := wordsOf(a.T, "ecs-deploy "+line+" --config none --scenario "+a.scenario)
	return play(a.T, filepath.Join(a.dir, "state"), words, 0)
}

// policy is what iam-policy prints.
func (a permitted) policy(args string) iam.Policy {
	a.Helper()
	var p iam.Policy
	printed := a.run("iam-policy" + named + " " + args)
	if err := json.Unmarshal([]byte(printed.out), &p); err != nil {
		a.Fatalf("%v: %+v", err, printed)
	}
	return p
}

// obey makes the policy the one of the world.
func (a permitted) obey(p iam.Policy) {
	a.Helper()
	path := filepath.Join(a.dir, "state", "ecs-deploy", "simulator", a.scenario+".json")
	text, err := os.ReadFile(path)
	if err != nil {
		a.Fatal(err)
	}
	clock, state, _ := bytes.Cut(text, []byte("\n"))
	document, err := json.Marshal(p)
	if err != nil {
		a.Fatal(err)
	}
	state = bytes.Replace(state, []byte(`"world":{`), []byte(`"world":{"policy":`+string(document)+`,`), 1)
	if err := os.WriteFile(path, slices.Concat(clock, []byte("\n"), state), 0o600); err != nil {
		a.Fatal(err)
	}
}

// inAccount makes a world of the scenario, with a deployment that ended.
func inAccount(t *testing.T, scenario string, f func(permitted)) {
	dir := t.TempDir()
	for name, value := range environment(dir) {
		t.Setenv(name, value)
	}
	t.Chdir(dir)
	synctest.Test(t, func(t *testing.T) {
		a := permitted{t, dir, scenario}
		a.run("diff" + named + version)
		f(a)
	})
}

// TestThePrintedPolicyIsEnough: nothing is refused under it, in any scenario.
func TestThePrintedPolicyIsEnough(t *testing.T) {
	lines := []string{
		"diff" + named + version, "deploy --complete-timeout 15m" + named + version, "status" + named, "history" + named,
		"render" + named + version, "rollback-preview" + named, "rollback --yes" + named, "tasks" + named, "logs" + named,
		"run" + named + " -- true", "init --force -c production1 doorman-service",
		"prune --yes --max-definitions 1" + named,
	}
	more := []string{"check" + named, "deploy -D 3 --no-wait" + named, "wait" + named, "deploy --max-definitions 1" + named + " -i docker.repo.com/doorman:v3"}
	for _, scenario := range ecssim.Scenarios() {
		if scenario.Name == "access-denied" {
			continue // it refuses calls whatever the policy says
		}
		lines := lines
		if scenario.Name == "healthy" {
			lines = slices.Concat(lines, more)
		}
		t.Run(scenario.Name, func(t *testing.T) {
			inAccount(t, scenario.Name, func(a permitted) {
				a.obey(a.policy("--max-definitions 1 --for " + strings.Join(iam.Commands(), ",")))
				for _, line := range lines {
					p := a.run(line + " -v")
					for text := range strings.SplitSeq(p.out+p.err, "\n") {
						if strings.Contains(text, "no identity-based policy") {
							t.Errorf("%s: %s", line, text)
						}
					}
				}
			})
		})
	}
}

// TestEachRequiredPermissionIsNeeded: without it, deploy ends with exit code 4.
func TestEachRequiredPermissionIsNeeded(t *testing.T) {
	for _, action := range []string{"ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", "iam:PassRole", "ecs:UpdateService"} {
		t.Run(action, func(t *testing.T) {
			inAccount(t, "healthy", func(a permitted) {
				p := a.policy("--for deploy")
				found := false
				for i := range p.Statement {
					s := &p.Statement[i]
					found = found || slices.Contains(s.Action, action)
					s.Action = slices.DeleteFunc(s.Action, func(name string) bool { return name == action })
				}
				p.Statement = slices.DeleteFunc(p.Statement, func(s iam.Statement) bool { return len(s.Action) == 0 })
				if !found {
					t.Fatalf("the policy does not allow it: %+v", p)
				}
				a.obey(p)
				if got := a.run("deploy" + named + version); got.code != 4 || !strings.Contains(got.err, action) {
					t.Errorf("exit code %d, want 4 and the action:\n%s", got.code, got.err)
				}
			})
		})
	}
}

// TestAPolicyOfRequiredPermissionsDeploys: what is advised can be left out.
func TestAPolicyOfRequiredPermissionsDeploys(t *testing.T) {
	inAccount(t, "healthy", func(a permitted) {
		p := a.policy("--for deploy")
		p.Statement = slices.DeleteFunc(p.Statement, func(s iam.Statement) bool { return strings.HasPrefix(s.Sid, "Advised") })
		a.obey(p)
		if got := a.run("deploy" + named + version); got.code != 0 {
			t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
		}
	})
}
