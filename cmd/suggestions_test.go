package cmd_test

// Every command line that is printed works as it is printed, in the world as it
// then is: it is read by a shell, runs on a copy of that world, and does what its
// label says.

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ecs-deploy/ecs-deploy/cmd"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecssim"
)

// played is one run of the program in virtual time.
type played struct {
	code     int
	out, err string
}

// play runs a command line in the process, in the state folder given. A limit that
// is not 0 interrupts it.
func play(t *testing.T, state string, args []string, limit time.Duration) played {
	t.Helper()
	if err := os.Setenv("XDG_STATE_HOME", state); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if limit > 0 {
		defer time.AfterFunc(limit, cancel).Stop()
	}
	var out, err bytes.Buffer
	code := cmd.Main(ctx, args, cmd.Streams{Out: &out, Err: &err})
	return played{code, out.String(), err.String()}
}

// printed is a command line that was printed, and its label; "" in a hint.
type printed struct{ label, line string }

var (
	suggested = regexp.MustCompile(`(?m)^  ([^:|\n]+): (ecs-deploy .*)$`)
	hinted    = regexp.MustCompile(`ecs-deploy (?:[^\n;,()']|'[^']*')+`)
)

// commandsOf are the command lines in what was printed.
func commandsOf(p played) []printed {
	var found []printed
	for _, match := range suggested.FindAllStringSubmatch(p.out, -1) {
		found = append(found, printed{match[1], match[2]})
	}
	for line := range strings.SplitSeq(p.err, "\n") {
		for _, match := range hinted.FindAllString(line, -1) {
			for line := range strings.SplitSeq(match, " && ") {
				found = append(found, printed{"", strings.TrimSpace(line)})
			}
		}
	}
	return found
}

// wordsOf has a shell read a command line; to is where its output goes, "" for
// nowhere in particular.
func wordsOf(t *testing.T, line string) (words []string, to string) {
	t.Helper()
	line, to, _ = strings.Cut(line, " > ")
	out, err := exec.Command("sh", "-c", `printf '%s\0' `+strings.TrimPrefix(line, "ecs-deploy ")).Output()
	if err != nil {
		t.Fatalf("a shell cannot read %s: %v", line, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), to
}

// situation is a command after which others are suggested.
type situation struct {
	name     string
	first    string // runs before it
	args     string
	limit    time.Duration // real time after which it is interrupted
	inactive bool          // doorman-service:1 is deregistered before it
	code     int           // 0: the scenario's
	labels   []string      // those that must be there
}

const (
	named   = " -c production1 -n doorman-service"
	onFile  = " --config 'settings of a team.yaml' --target 'production one'"
	version = " -i docker.repo.com/doorman:v2"
)

// situations of every scenario.
var situations = []situation{
	{name: "by a settings file", args: "deploy --yes" + onFile + version},
	{name: "not waited for", args: "deploy --no-wait" + onFile + version + " --yes", labels: []string{"follow it", "roll back"}},
}

// situations of the scenario in which all goes well.
var oddSituations = []situation{
	{name: "to the end", args: "deploy" + named + version},
	{name: "one-command form", args: named + version + " -D 3"},
	{name: "interrupted", args: "deploy" + named + version, limit: 2 * time.Second, code: 130, labels: []string{"follow it", "roll back"}},
	{name: "interrupted by a settings file", args: "deploy -y" + onFile + version, limit: 2 * time.Second, code: 130, labels: []string{"follow it", "roll back"}},
	{name: "timed out", args: "deploy -t 5" + named + version, code: 7, labels: []string{"follow it", "roll back"}},
	{name: "wedged", args: "deploy --allow-stuck -t 60 -m 100 -M 100 -D 4" + named + version, code: 7, labels: []string{"roll back"}},
	{name: "wedged before", first: "deploy --config none -m 100 -M 100" + named, args: "deploy --allow-stuck -t 60" + named + version, code: 7, labels: []string{"roll back"}},
	{name: "wedged, by a settings file", args: "deploy --allow-stuck -t 60 --config wedged.yaml --target wedged" + version, code: 7, labels: []string{"roll back"}},
	{name: "wedged and joined", first: "deploy --no-wait --allow-stuck -m 100 -M 100" + named + version, args: "wait -t 60" + named, code: 7, labels: []string{"roll back"}},
	{name: "inactive", inactive: true, args: "deploy --no-wait" + onFile + version + " -y", labels: []string{"roll back"}},
	{name: "inactive and joined", inactive: true, first: "deploy --no-wait" + named + version, args: "wait -t 5" + named, code: 7, labels: []string{"roll back"}},
	{name: "inactive asked for", inactive: true, first: "deploy --no-wait" + named + version, args: "deploy -d doorman-service:1 --if-in-progress replace" + named, code: 3, labels: []string{""}},
	{name: "busy", first: "deploy --no-wait" + named + version, args: "deploy -y" + onFile + " -i docker.repo.com/doorman:v3", code: 10, labels: []string{""}},
	{name: "another revision", args: "deploy --expect-revision doorman-service:9" + named + version, code: 10, labels: []string{""}},
	{name: "no such service", first: "status" + named, args: "deploy -c production1 -n other" + version, code: 3, labels: []string{""}},
	{name: "deployment by its id", first: "deploy --no-wait" + named + version, args: "wait --deployment ecs-svc/1422681312170064976 -t 5" + named, code: 7, labels: []string{"follow it", "roll back"}},
	{name: "restart", args: "deploy --no-wait --force-new-deployment" + named, labels: []string{"follow it", "restore the images that ran before"}},
	{name: "ARNs", args: "deploy --no-wait -n arn:aws:ecs:us-east-1:123456789012:service/production1/doorman-service" + version, labels: []string{"follow it", "roll back"}},
	{name: "a variable says what must be in service", args: "deploy --no-wait" + named + version, labels: []string{"roll back"}},
}

func TestEveryPrintedCommandWorks(t *testing.T) {
	for _, scenario := range ecssim.Scenarios() {
		all := situations
		if scenario.Name == "healthy" {
			all = slices.Concat(situations, oddSituations)
		}
		for _, s := range all {
			t.Run(scenario.Name+"/"+s.name, func(t *testing.T) {
				dir := t.TempDir()
				for name, value := range environment(dir) {
					t.Setenv(name, value)
				}
				if strings.HasPrefix(s.name, "a variable") {
					t.Setenv("ECS_DEPLOY_EXPECT_REVISION", "doorman-service:1")
					t.Setenv("ECS_DEPLOY_IMAGE", "docker.repo.com/doorman:other")
				}
				t.Chdir(dir)
				for file, text := range settingsFiles {
					if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Test(t, func(t *testing.T) { s.play(t, dir, " --scenario "+scenario.Name) })
			})
		}
	}
}

var settingsFiles = map[string]string{
	"ecs-deploy.yaml": "version: 1\ndefaults:\n  env: {LOG_LEVEL: debug}\n",
	"settings of a team.yaml": `version: 1
require-target: true
targets:
  production one:
    {cluster: production1, service-name: doorman-service, image: "docker.repo.com/doorman:v9", region: eu-west-1, confirm: true, env: {LOG_LEVEL: warn}}
`,
	"wedged.yaml": "version: 1\ntargets:\n  wedged: {cluster: production1, service-name: doorman-service, max: 100, desired-count: 3}\n",
}

// play runs the command, and all that it suggests on copies of the world.
func (s situation) play(t *testing.T, dir, simulated string) {
	state := filepath.Join(dir, "state")
	run := func(line string, limit time.Duration) played {
		words, _ := wordsOf(t, "ecs-deploy "+line+simulated)
		return play(t, state, words, limit)
	}
	run("diff"+named+version, 0) // makes the world
	if s.first != "" {
		run(s.first, 0)
	}
	if s.inactive {
		deregister(t, filepath.Join(state, "ecs-deploy", "simulator", "healthy.json"))
	}
	result := run(s.args, s.limit)
	if s.code != 0 && result.code != s.code || s.code == 0 && slices.Contains([]int{1, 3, 4, 10}, result.code) {
		t.Fatalf("exit code %d, want %d:\n%s%s", result.code, s.code, result.out, result.err)
	}
	all := commandsOf(result)
	for _, label := range s.labels {
		if !slices.ContainsFunc(all, func(p printed) bool { return p.label == label }) {
			t.Errorf("nothing is suggested to %q:\n%s%s", label, result.out, result.err)
		}
	}
	for i, p := range all {
		copied := filepath.Join(dir, fmt.Sprint("copy", i))
		if err := os.CopyFS(copied, os.DirFS(state)); err != nil {
			t.Fatal(err)
		}
		p.works(t, copied, simulated, result)
	}
}

// works runs a printed command line, and checks that it does what its label says.
func (p printed) works(t *testing.T, state, simulated string, of played) {
	t.Helper()
	words, to := wordsOf(t, p.line)
	if words[0] == "deploy" && slices.Contains(words, "settings of a team.yaml") {
		words = append(words, "--yes") // a person answers the question of the target
	}
	got := play(t, state, words, 0)
	complain := func(what string) {
		t.Helper()
		t.Errorf("%q, exit code %d: %s\n%s%s\nsuggested by:\n%s%s", p.line, got.code, what, got.out, got.err, of.out, of.err)
	}
	if to != "" && got.code == 0 {
		if err := os.WriteFile(to, []byte(got.out), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	switch label, _, _ := strings.Cut(p.label, " "); label {
	case "follow": // ends with some verdict on a deployment, and no error
		if !slices.Contains([]int{0, 5, 6, 7, 8, 9}, got.code) || strings.Contains(got.err, "error: ") {
			complain("it follows nothing")
		}
	case "continue": // past the pause, to a verdict or to the next pause
		if !slices.Contains([]int{0, 9}, got.code) || strings.Contains(got.err, "error: ") {
			complain("it does not continue")
		}
	case "stop": // and be back at the earlier revision
		if got.code != 0 {
			complain("it does not stop the deployment")
		}
	case "see":
		if got.code != 0 || !strings.Contains(got.out, "doorman-service") {
			complain("it shows nothing")
		}
	case "roll": // back: the earlier image runs in the end, whoever deployed it
		words, _ := wordsOf(t, "ecs-deploy diff --config none --exit-code -i docker.repo.com/doorman:v1"+named+simulated)
		if _, variable := os.LookupEnv("ECS_DEPLOY_EXPECT_REVISION"); variable {
			words = append(words, "--expect-revision", "doorman-service:1")
		}
		if !slices.Contains([]int{0, 6, 8}, got.code) {
			complain("the way back does not get there")
		} else if diff := play(t, state, words, 0); diff.code != 0 {
			complain("the earlier image does not run:\n" + diff.out + diff.err)
		}
	case "restore": // the images by their digests
		words, _ := wordsOf(t, "ecs-deploy render"+named+simulated)
		if !slices.Contains([]int{0, 6, 8}, got.code) {
			complain("the way back does not get there")
		} else if now := play(t, state, words, 0); !strings.Contains(now.out, "docker.repo.com/doorman@sha256:") {
			complain("no digest runs:\n" + now.out + now.err)
		}
	case "":
		if got.code == 3 || got.code == 1 {
			complain("the hint does not help")
		}
	default:
		t.Errorf("nobody has said what %q should do", p.label)
	}
}

// deregister makes doorman-service:1 INACTIVE.
func deregister(t *testing.T, path string) {
	t.Helper()
	store, err := ecssim.OpenStore(path, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://aws.simulated", strings.NewReader(`{"taskDefinition": "doorman-service:1"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DeregisterTaskDefinition")
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	answer, err := store.HTTPClient().Do(request)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	_ = answer.Body.Close()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}
