package cmd

// The jobs of the pages are read as their CI systems read them.

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// module is where the action is, too.
const module = "github.com/ecs-deploy/ecs-deploy"

var (
	yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")
	// jobCommand is a line of a script in a job; $$ is the $ of Buildkite.
	jobCommand = regexp.MustCompile(`(?m)^(?:exec )?(?:\./)?ecs-deploy (.*?)(?: *\|.*)?$`)
)

// eachYAML calls read for each block of YAML in a page.
func eachYAML(t *testing.T, read func(t *testing.T, block string, root *yaml.Node)) {
	t.Helper()
	eachPage(t, func(t *testing.T, _, text string) {
		for _, found := range yamlBlock.FindAllStringSubmatch(text, -1) {
			var root yaml.Node
			if err := yaml.Unmarshal([]byte(found[1]), &root); err != nil {
				t.Errorf("%v in\n%s", err, found[1])
				continue
			}
			read(t, found[1], &root)
		}
	})
}

// walk calls each for a node and all nodes below it.
func walk(node *yaml.Node, each func(*yaml.Node)) {
	each(node)
	for _, below := range node.Content {
		walk(below, each)
	}
}

// member is the value of a key of a mapping, or nil.
func member(node *yaml.Node, key string) *yaml.Node {
	for i := 0; node != nil && node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// TestTheCommandsOfTheJobsAreRead parses the flags and arguments of each command in a
// script, and of each use of the action.
func TestTheCommandsOfTheJobsAreRead(t *testing.T) {
	scripts, uses := 0, 0
	eachYAML(t, func(t *testing.T, _ string, root *yaml.Node) {
		walk(root, func(node *yaml.Node) {
			if node.Kind == yaml.ScalarNode {
				for _, found := range jobCommand.FindAllStringSubmatch(node.Value, -1) {
					scripts++
					if strings.Contains(found[0], "${{") {
						t.Errorf("%s: the text of an expression would be code of the shell; pass it as a variable", found[0])
					}
					checkArguments(t, found[0], shellWord.FindAllString(found[1], -1))
				}
			}
			if action := member(node, "uses"); action == nil || "github.com/"+strings.Split(action.Value, "@")[0] != module {
				return
			}
			uses++
			args := member(member(node, "with"), "args")
			if args == nil {
				t.Error("the action is used without arguments")
				return
			}
			checkArguments(t, args.Value, strings.Split(strings.TrimSpace(args.Value), "\n"))
		})
	})
	if scripts < 7 || uses < 1 {
		t.Errorf("only %d commands in scripts and %d uses of the action were found", scripts, uses)
	}
}

// TestTheWorkflowsOfThePages has actionlint check the complete workflows for GitHub.
func TestTheWorkflowsOfThePages(t *testing.T) {
	actionlint, err := exec.LookPath("actionlint")
	if err != nil {
		t.Skip("no actionlint: ", err)
	}
	workflows := 0
	eachYAML(t, func(t *testing.T, block string, root *yaml.Node) {
		if document := root.Content[0]; member(document, "on") == nil || member(document, "jobs") == nil {
			return
		}
		workflows++
		check := exec.Command(actionlint, "-no-color", "-stdin-filename", "workflow.yml", "-")
		check.Stdin = strings.NewReader(block)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	if workflows == 0 {
		t.Error("no workflow was found")
	}
}
