package cmd_test

// Pages that show commands begin in a world in which nothing has happened, and run
// from top to bottom as they are pasted. A block of commands is "sh"; one that needs
// AWS, or installs something, is "shell", and is not run here. A settings file that
// begins with its name is written. What is printed is compared in what has no times and
// ids.

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pastedPages are the pages, from the folder docs.
var pastedPages = []string{"../README.md", "quickstart.md", "init.md", "migrating.md", "environments.md", "testing.md", "rehearsal.md", "database-migrations.md"}

var (
	fenced = regexp.MustCompile("(?ms)^```(sh|console|yaml)\n(.*?)^```")
	// steady are the lines that are the same each time, whole or up to a comma.
	steady = regexp.MustCompile(`(?m)^(?:(?:error|hint|wrote|note|forgot|exit code|  see details|  follow it|  roll back)\b.*|(?:succeeded|unchanged|rolled back|interrupted): [^,\n]*)`)
)

// settingsName begins a settings file that is written.
const settingsName = "# ecs-deploy.yaml\n"

func TestThePagesRunAsTheyArePasted(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	for _, page := range pastedPages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("..", "docs", page))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "2>/dev/null") {
				t.Error("a command hides its errors")
			}
			var script strings.Builder
			var blocks, printed []string
			for _, block := range fenced.FindAllStringSubmatch(string(text), -1) {
				switch {
				case block[1] == "console" && !strings.HasPrefix(block[2], "$ ") && len(blocks) > 0:
					printed[len(blocks)-1] = block[2]
				case block[1] == "yaml" && strings.HasPrefix(block[2], settingsName):
					script.WriteString("cat >ecs-deploy.yaml <<'END-OF-FILE'\n" + block[2] + "END-OF-FILE\n")
				case block[1] == "sh":
					blocks, printed = append(blocks, block[2]), append(printed, "")
					script.WriteString(strings.ReplaceAll(block[2], "go run ./cmd/ecs-deploy", "ecs-deploy") + "echo; echo '---'\n")
				}
			}
			if len(blocks) < 2 || !strings.Contains(blocks[0], "simulator reset") {
				t.Fatal("the first block of the page does not begin with a world in which nothing has happened")
			}
			dir := t.TempDir()
			paste := exec.Command(bash, "--norc", "--noprofile", "-s")
			paste.Dir, paste.Stdin = dir, strings.NewReader("exec 2>&1\n"+script.String())
			paste.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir}
			for name, value := range environment(dir) {
				paste.Env = append(paste.Env, fmt.Sprintf("%s=%s", name, value))
			}
			out, err := paste.Output()
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Split(string(out), "\n---\n")
			for i, block := range blocks {
				if strings.Contains(got[i], "error: ") != strings.Contains(printed[i], "error: ") {
					t.Errorf("an error, or none where the page shows one:\n%s\n%s", block, got[i])
				}
				for _, line := range steady.FindAllString(printed[i], -1) {
					if !strings.Contains("\n"+got[i], "\n"+line) {
						t.Errorf("the page shows a line that is not printed: %s\n%s\n%s", line, block, got[i])
					}
				}
			}
		})
	}
}
