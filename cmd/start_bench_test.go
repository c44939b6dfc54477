package cmd_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkStart times whole processes. The budgets: version within 1.2 times,
// an offline render of an ordinary definition within 1.5 times, and of one of
// 60 KB within twice the time of a bare program with the same dependencies.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	for name, source := range map[string]string{"bare": "./testdata/bare", "ecs-deploy": "./ecs-deploy"} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), source).CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	big := filepath.Join(dir, "big.json")
	if err := os.WriteFile(big, large(), 0o644); err != nil {
		b.Fatal(err)
	}
	tool := filepath.Join(dir, "ecs-deploy")
	for _, run := range []struct {
		name string
		args []string
	}{
		{"bare", []string{filepath.Join(dir, "bare")}},
		{"version", []string{tool, "version"}},
		{"render", []string{tool, "render", "--allow-unknown-fields", "--task-definition-file", "../pkg/taskdef/testdata/fargate-mesh.json"}},
		{"render-60KB", []string{tool, "render", "--task-definition-file", big, "-i", "repo/c3:v2"}},
	} {
		b.Run(run.name, func(b *testing.B) {
			for b.Loop() {
				command := exec.Command(run.args[0], run.args[1:]...)
				command.Stdout = io.Discard
				if err := command.Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// large is a definition of 60 KB with 10 containers.
func large() []byte {
	text := `{"family": "large", "containerDefinitions": [`
	for c := range 10 {
		if c > 0 {
			text += ","
		}
		text += fmt.Sprintf(`{"name": "c%d", "image": "repo/c%d:v1", "memory": 64, "environment": [`, c, c)
		for e := range 84 {
			if e > 0 {
				text += ","
			}
			text += fmt.Sprintf(`{"name": "VARIABLE_NUMBER_%03d", "value": "a value of some length %03d"}`, e, e)
		}
		text += "]}"
	}
	return []byte(text + "]}")
}
