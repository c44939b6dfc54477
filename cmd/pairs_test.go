package cmd_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/cmd"
)

// TestNoCommandLeavesAnythingToTheNext runs every pair of commands in one
// process: the second says what it says alone.
func TestNoCommandLeavesAnythingToTheNext(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		".git": "", "doorman.json": `{"family": "doorman", "containerDefinitions": [{"name": "app", "image": "docker.repo.com/doorman:v1"}]}`,
		"ecs-deploy.yaml": "version: 1\ndefaults:\n  timeout: 9m\n  task-definition-file: doorman.json\n  env: {A: 1}\n" +
			"targets:\n  one: {service-name: one, timeout: 1m}\n  two: {cluster: two, image: [docker.repo.com/doorman:v2]}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for name, value := range environment(dir) {
		t.Setenv(name, value)
	}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	run := func(line string) string {
		var out, err bytes.Buffer
		code := cmd.Main(t.Context(), strings.Fields(line), cmd.Streams{Out: &out, Err: &err})
		return fmt.Sprintf("%d\n%s\n%s", code, &out, &err)
	}
	lines := []string{
		"deploy --target one -c production1 --timeout 2m", // no region
		"deploy --target two --until running -o json",     // no service
		"-c production1 -n doorman-service -D 3",
		"render --target two",
		"render -i docker.repo.com/doorman:v3",
		"wait --timeout 3m --target one",
		"status -c production1 -n doorman-service -o ndjson",
		"rollback-preview -q -c production1",
		"config view --target one --origin",
		"config view --timeout 7m --env B=2 -o json",
		"config validate --color never",
		"simulator scenarios",
		"version -o json",
		"help deploy",
		"deploy --clutser a",
	}
	alone := map[string]string{}
	for _, line := range lines {
		alone[line] = run(line)
	}
	for _, first := range lines {
		for _, second := range lines {
			run(first)
			if got := run(second); got != alone[second] {
				t.Errorf("after %q, %q says\n%s\nand alone\n%s", first, second, got, alone[second])
			}
		}
	}
	// What is the same for all of them says nothing of what is left.
	for line, other := range map[string]string{lines[0]: lines[1], lines[3]: lines[4], lines[8]: lines[9]} {
		if alone[line] == alone[other] {
			t.Errorf("%q and %q say the same:\n%s", line, other, alone[line])
		}
	}
	for line, part := range map[string]string{lines[4]: "docker.repo.com/doorman:v3", lines[3]: "docker.repo.com/doorman:v2", lines[8]: "timeout: 1m0s", lines[9]: `"7m0s"`} {
		if !strings.Contains(alone[line], part) {
			t.Errorf("%q does not say %s:\n%s", line, part, alone[line])
		}
	}
}
