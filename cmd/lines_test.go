package cmd_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ecs-deploy/ecs-deploy/cmd"
)

// odd are values that a flag of any kind may be given.
var odd = []string{
	"", " ", ",", "-", "--", "-1", "0", "007", "1e3", "99999999999999999999", "true", "no", "-5m", "json", "none", "demo", "demo:1", "demo:99999999999999999999", ":", "/", "a/b", "*",
	"*:a:b=1", "app=", "=x", "A=1", "demo=web:v2", "UPPER/x", "arn:aws:ecs:us-east-1:123456789012:service/demo/demo", "arn:", "linux/arm64", "$(x)", "a\nb", "\x00", "\xff", "'", `["a", null]`,
	strings.Repeat("x", 300),
}

// apt are values that some flags take.
var apt = map[string][]string{
	"image": {"demo:v2", "demo", "web:v2"}, "tag": {"v1"}, "only": {"*", "demo"}, "container": {"demo=a:v1", "x=y"}, "env": {"A=1", "demo:B=2", "*:a:b=3"}, "unset-env": {"A"}, "secret": {"A=p"},
	"docker-label": {"a=b"}, "command": {"demo=sh -c x", "demo=[]"}, "cpu": {"256"}, "memory": {"512"}, "container-memory": {"demo=64"}, "task-role": {"none", "x"}, "runtime-platform": {"linux/arm64"},
	"config": {"none"}, "target": {"demo", "web"}, "task-definition-file": {"web.json"}, "task-definition": {"demo:1", "demo", "web:1"}, "expect-revision": {"demo:1"}, "scenario": {"healthy", "throttled"},
	"desired-count": {"0", "3"}, "min": {"0", "100"}, "max": {"9", "200"}, "max-definitions": {"0", "5"}, "timeout": {"9"}, "max-attempts": {"2"}, "output": {"json", "ndjson"},
}

// lineOf is a random command line of a command that ends by itself.
func lineOf(r *rand.Rand, c *cobra.Command) []string {
	var flags []*pflag.Flag
	c.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f) })
	c.InheritedFlags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f) })
	line := strings.Fields(c.CommandPath())[1:]
	for range r.IntN(8) {
		f := flags[r.IntN(len(flags))]
		values := apt[f.Name]
		switch {
		case f.NoOptDefVal != "" && r.IntN(9) > 0:
			line = append(line, "--"+f.Name)
			continue
		case r.IntN(6) == 0:
			values = odd
		case values == nil:
			continue
		}
		line = append(line, "--"+f.Name+"="+values[r.IntN(len(values))])
	}
	if r.IntN(40) == 0 {
		line = append(line, odd[r.IntN(len(odd))])
	}
	if c.Name() == "deploy" {
		line = append(line, "--no-wait", "--if-in-progress=replace")
	}
	return append(line, "--simulate")
}

// endingBySelf are the commands below one that do not wait for something.
func endingBySelf(c *cobra.Command) []*cobra.Command {
	var found []*cobra.Command
	if c.Runnable() && !slices.Contains([]string{"ecs-deploy", "serve", "wait", "run", "logs", "config", "simulator"}, c.Name()) {
		found = append(found, c)
	}
	for _, sub := range c.Commands() {
		found = append(found, endingBySelf(sub)...)
	}
	return found
}

// TestAnyCommandLineIsAnswered gives random flags random values: the exit code is
// one that the help knows, an error is one line and says what to do, and standard
// output is JSON if that was asked for.
func TestAnyCommandLineIsAnswered(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range environment(dir) {
		t.Setenv(name, value)
	}
	commands := endingBySelf(cmd.New(cmd.Streams{Out: io.Discard, Err: io.Discard}))
	for seed := range uint64(600) {
		for name, text := range map[string]string{
			".git": "", "web.json": `{"family": "demo", "containerDefinitions": [{"name": "web", "image": "web:v1"}]}`,
			"ecs-deploy.yaml": "version: 1\ndefaults: {env: {A: 1}}\ntargets: {demo: {service-name: demo}, web: {extends: demo, tag: v2, only: web, confirm: true}}\n",
		} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r := rand.New(rand.NewPCG(seed, 0))
		if r.IntN(3) == 0 { // a new world
			if err := os.RemoveAll("state"); err != nil {
				t.Fatal(err)
			}
		}
		line := lineOf(r, commands[r.IntN(len(commands))])
		var out, told bytes.Buffer
		code := cmd.Main(t.Context(), line, cmd.Streams{Out: &out, Err: &told})
		checkAnswer(t, line, code, out.String(), told.String())
	}
}

func checkAnswer(t *testing.T, line []string, code int, out, told string) {
	t.Helper()
	_, problem, failed := strings.Cut(told, "error: ")
	_, _, hinted := strings.Cut(problem, "\nhint: ")
	switch {
	case slices.ContainsFunc(line, func(word string) bool { return strings.HasPrefix(word, "--color") }):
	case line[0] == "check" && code != 0 && !failed: // its result says what is wrong
		if !strings.Contains(out, "problem") {
			t.Errorf("%q: exit code %d, and no problem in:\n%s", line, code, out)
		}
	case !slices.Contains([]int{0, 1, 2, 3, 10}, code) || failed != (code != 0 && code != 2):
		t.Errorf("%q: exit code %d, and on standard error:\n%s", line, code, told)
	case failed && !hinted && !strings.HasPrefix(problem, "ecs:"): // what ECS refuses has no hint of ours
		t.Errorf("%q: exit code %d, without a hint:\n%s", line, code, told)
	}
	if !slices.Contains(line, "--output=json") && !slices.Contains(line, "--output=ndjson") || line[0] == "init" {
		return
	}
	for decoder := json.NewDecoder(strings.NewReader(out)); ; {
		var value any
		if err := decoder.Decode(&value); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%q: %v in:\n%s", line, err, out)
		}
	}
}
