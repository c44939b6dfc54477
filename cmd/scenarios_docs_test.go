package cmd

// The list of scenarios in the page is what the command prints. With -update-scenarios
// it is written.

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

var updateScenarios = flag.Bool("update-scenarios", false, "write the list of scenarios in the page")

// scenarioBlock is the part of a page that shows the list.
var scenarioBlock = regexp.MustCompile("(?s)((?:\\$ )?ecs-deploy simulator scenarios\n(?:```\n\n```console\n)?)(.*?)(```)")

func TestTheListOfScenariosIsComplete(t *testing.T) {
	var out, errs bytes.Buffer
	c := New(Streams{Out: &out, Err: &errs})
	c.SetArgs([]string{"simulator", "scenarios"})
	if err := c.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err, errs.String())
	}
	printed := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	all := ecssim.Scenarios()
	for i, s := range all {
		if len(printed) != len(all) || !regexp.MustCompile("^"+regexp.QuoteMeta(s.Name)+" +[A-Z].*\\.$").MatchString(printed[i]) {
			t.Errorf("scenario %s is not a line of:\n%s", s.Name, out.String())
		}
	}
	const page = "../docs/simulator.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	found := scenarioBlock.FindSubmatch(text)
	if found == nil {
		t.Fatalf("%s has no list of scenarios", page)
	}
	if *updateScenarios {
		text = scenarioBlock.ReplaceAll(text, slices.Concat([]byte("${1}"), out.Bytes(), []byte("${3}")))
		if err := os.WriteFile(page, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	shown := strings.Split(strings.TrimSuffix(string(found[2]), "\n"), "\n")
	missingFrom(t, page, "lacks", printed, shown)
	missingFrom(t, page, "still has", shown, printed)
}

// missingFrom reports the lines that one list has and another one has not.
func missingFrom(t *testing.T, page, what string, lines, others []string) {
	t.Helper()
	for _, line := range lines {
		if !slices.Contains(others, line) {
			t.Errorf("%s %s the scenario %q; run: go test ./cmd -run TestTheListOfScenariosIsComplete -update-scenarios", page, what, line)
		}
	}
}
