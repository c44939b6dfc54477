package cmd_test

// Pages that begin with a world in which nothing has happened (simulator reset) run
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

	"github.com/ecs-deploy/ecs-deploy/internal/pages"
)

// steady are the lines that are the same each time, whole or up to a comma.
var steady = regexp.MustCompile(`(?m)^(?:(?:error|hint|wrote|note|deleted|exit code|  see details|  follow it|  roll back)\b.*|(?:succeeded|unchanged|rolled back|interrupted|paused): [^,\n]*)`)

// settingsName begins a settings file that is written.
const settingsName = "# ecs-deploy.yaml\n"

func TestThePagesRunAsTheyArePasted(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	pasted := 0
	for page, text := range written(t) {
		if !pages.Pasted(text) {
			continue
		}
		pasted++
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			if strings.Contains(text, "2>/dev/null") {
				t.Error("a command hides its errors")
			}
			var script strings.Builder
			var blocks, printed []string
			for _, b := range pages.Blocks(text) {
				switch {
				case b.Lang == "console" && !strings.HasPrefix(b.Text, pages.Prompt) && len(blocks) > 0:
					printed[len(blocks)-1] = b.Text
				case b.Lang == "yaml" && strings.HasPrefix(b.Text, settingsName):
					script.WriteString("cat >ecs-deploy.yaml <<'END-OF-FILE'\n" + b.Text + "END-OF-FILE\n")
				case b.Lang == "sh":
					blocks, printed = append(blocks, b.Text), append(printed, "")
					script.WriteString(strings.ReplaceAll(b.Text, "go run ./cmd/ecs-deploy", "ecs-deploy") + "echo; echo '---'\n")
				}
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
	if pasted < 8 {
		t.Errorf("only %d pages were found", pasted)
	}
}
