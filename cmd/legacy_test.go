package cmd

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
)

func legacyRoot() func(args ...string) []string {
	root := New(Streams{Out: io.Discard, Err: io.Discard})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	return func(args ...string) []string { return withSubcommand(root, args) }
}

func TestOldFlagsAreTakenForTodays(t *testing.T) {
	for line, want := range map[string]string{
		"-c a -n b -to 1.2":                              "deploy -c a -n b --tag 1.2 --only *",
		"-to 1.2 -c a -n b":                              "deploy --tag 1.2 --only * -c a -n b",
		"-to=1.2 -c a":                                   "deploy --tag 1.2 --only * -c a",
		"--tag-only 1.2 -c a":                            "deploy --tag 1.2 --only * -c a",
		"--tag-only=a=b -c a":                            "deploy --tag a=b --only * -c a",
		"-c a -n b -to 1.2 -i ignore":                    "deploy -c a -n b --tag 1.2 --only *",
		"-i ignore -to 1.2 -c a":                         "deploy --tag 1.2 --only * -c a",
		"--image=ignore -iignore --image ignore -to 1.2": "deploy --tag 1.2 --only *",
		"-i app -to 1.2":                                 "deploy --tag 1.2 --only *",
		"-to 1.2 -i v1.0_x":                              "deploy --tag 1.2 --only *",
		"-i=app -to 1.2":                                 "deploy --tag 1.2 --only *",
		"-i docker.repo.com/app -to 1.2":                 "deploy -i docker.repo.com/app --tag 1.2 --only *",
		"-i app:1 -to 1.2":                               "deploy -i app:1 --tag 1.2 --only *",
		"-i ignore -c a":                                 "deploy -i ignore -c a",
		"-n ignore -to 1.2":                              "deploy -n ignore --tag 1.2 --only *",
		"--enable-rollback -c a":                         "deploy --rollback-on-failure -c a",
		"-c a --skip-deployments-check -i b":             "deploy -c a --until running -i b",
		"--aws-assume-role arn:x -c a":                   "deploy --assume-role arn:x -c a",
		"--aws-assume-role=arn:x -c a":                   "deploy --assume-role arn:x -c a",
		"-a arn:x -c a":                                  "deploy -a arn:x -c a",
		"--aws-instance-profile -c a":                    "deploy -c a",
		"-c a --copy-task-definition-tags":               "deploy -c a",

		// What is a value stays what it is.
		"-i -to -c a":                       "deploy -i -to -c a",
		"--image -to":                       "deploy --image -to",
		"-e --enable-rollback -c a":         "deploy -e --enable-rollback -c a",
		"-vi -to":                           "deploy -vi -to",
		"--image=--enable-rollback":         "deploy --image=--enable-rollback",
		"-c a -- --enable-rollback":         "deploy -c a -- --enable-rollback",
		"-c a -to 1.2 -- -i ignore":         "deploy -c a --tag 1.2 --only * -- -i ignore",
		"-to --enable-rollback -c a":        "deploy --tag --enable-rollback --only * -c a",
		"-to status -c a":                   "deploy --tag status --only * -c a",
		"--desired-count -to":               "deploy --desired-count -to",
		"--force-new-deployment -to 1 -c a": "deploy --force-new-deployment --tag 1 --only * -c a",

		// What cannot be understood stays to be complained about.
		"-c a -to":                      "deploy -c a -to",
		"-c a --aws-assume-role":        "deploy -c a --aws-assume-role",
		"--enable-rollback=yes -c a":    "deploy --enable-rollback=yes -c a",
		"--run-task -d a":               "deploy --run-task -d a",
		"--use-latest-task-def -c a":    "deploy --use-latest-task-def -c a",
		"--launch-type FARGATE -d a":    "deploy --launch-type FARGATE -d a",
		"--launch-type status -d a":     "deploy --launch-type status -d a",
		"--wait-for-success --run-task": "deploy --wait-for-success --run-task",

		// Subcommands have no such past.
		"deploy -to 1.2":           "deploy -to 1.2",
		"deploy --enable-rollback": "deploy --enable-rollback",
		"-v status -to":            "-v status -to",
	} {
		if got := strings.Join(legacyRoot()(strings.Split(line, " ")...), " "); got != want {
			t.Errorf("%q is taken as %q, want %q", line, got, want)
		}
	}
}

func TestTodaysArgumentsAreLeftAlone(t *testing.T) {
	words := []string{"-c", "-n", "-i", "-v", "-t", "-D", "-e", "--image", "--cluster=a", "--until", "-vq", "-Da", "--", "-", "a", "-x", "--unknown",
		"ignore", "-to", "--tag-only", "--enable-rollback", "--aws-instance-profile"}
	as := legacyRoot()
	rapid.Check(t, func(t *rapid.T) {
		args := append([]string{"-c"}, rapid.SliceOf(rapid.SampledFrom(words)).Draw(t, "args")...)
		got := as(args...)
		if !slices.ContainsFunc(args, func(arg string) bool { _, old := legacy(arg); return old }) && !slices.Equal(got, append([]string{"deploy"}, args...)) {
			t.Errorf("%q is taken as %q", args, got)
		}
		if again := as(got[1:]...); len(got) > 1 && strings.HasPrefix(got[1], "-") && slices.Contains(args, "--") == false && !slices.Equal(again, got) {
			t.Errorf("%q is taken as %q, and that as %q", args, got, again)
		}
	})
}

func TestOldFlagsLeadToFlagsThatExist(t *testing.T) {
	known := map[string]bool{}
	for _, key := range new(config.Settings).Keys() {
		known["--"+key.Name] = true
	}
	deploy, _, err := New(Streams{Out: io.Discard, Err: io.Discard}).Find([]string{"deploy"})
	if err != nil {
		t.Fatal(err)
	}
	for _, old := range legacyFlags { // which are of the form without a subcommand
		if deploy.Flags().Lookup(strings.TrimPrefix(old.name, "--")) != nil {
			t.Errorf("%s is a flag of deploy", old.name)
		}
		if old.say == "" && len(old.here) == 0 {
			t.Errorf("nothing is said of %s", old.name)
		}
		for _, word := range old.here {
			if strings.HasPrefix(word, "--") && !known[word] {
				t.Errorf("%s: there is no flag %s", old.name, word)
			}
		}
	}
}

// TestFlagsThatAreFollowedByWords: those of fabfuel's program, whose words may be secret.
func TestFlagsThatAreFollowedByWords(t *testing.T) {
	root := New(Streams{Out: io.Discard, Err: io.Discard})
	for line, want := range map[string]string{
		"deploy -c a -n b -e web PASSWORD hunter2": "--env CONTAINER:NAME=VALUE",
		"deploy C S -e web A B -t v2":              "--env CONTAINER:NAME=VALUE",
		"deploy -s web A hunter2 -c a":             "--secret CONTAINER:NAME=ARN",
		"deploy -c a -n b -d web A B":              "--docker-label CONTAINER:NAME=VALUE",
		"render -d a:1 -i web repo/web:v2":         "--container CONTAINER=IMAGE",
		"diff --env-file web .env -c a":            "--env-file CONTAINER:FILE",
		"deploy -c a -n b -e TAG -i repo/web":      "",
		"deploy -c a -e TAG -- A B":                "",
		"deploy -e -i web A":                       "", // -i is the variable
		"run -c a -n b -- run -e web A B":          "",
		"status -c a -d web A B":                   "",
	} {
		err := spread(root, strings.Fields(line))
		var refused *usageError
		if errors.As(err, &refused) != (want != "") {
			t.Errorf("%s: %v", line, err)
		}
		if refused != nil && (!strings.Contains(refused.hint, want) || strings.Contains(refused.problem+refused.hint, "hunter2")) {
			t.Errorf("%s: %s, %s", line, refused.problem, refused.hint)
		}
	}
}

// TestWordsWithoutAFlag: what is probably meant by arguments of a command that takes none.
func TestWordsWithoutAFlag(t *testing.T) {
	root := New(Streams{Out: io.Discard, Err: io.Discard})
	for line, want := range map[string]string{
		"config validate prod":      "--config FILE",
		"config validate prod.yaml": "--config FILE",
		"deploy prod.yml":           "--config FILE",
		"deploy C S":                "-c CLUSTER -n SERVICE",
		"deploy C":                  "see ecs-deploy deploy --help",
		"deploy status":             "ecs-deploy status",
	} {
		found, args, err := root.Find(strings.Fields(line))
		if err != nil {
			t.Fatal(err)
		}
		if hint := withFlag(found, args); !strings.Contains(hint, want) {
			t.Errorf("%s: %s", line, hint)
		}
	}
}

func TestNamesOfOthersLeadToOurs(t *testing.T) {
	root := New(Streams{Out: io.Discard, Err: io.Discard})
	deploy, _, err := root.Find([]string{"deploy"})
	if err != nil {
		t.Fatal(err)
	}
	deploy.InheritedFlags() // which are added now
	for theirs, ours := range otherFlags {
		if deploy.Flags().Lookup(theirs) != nil {
			t.Errorf("--%s is a flag here", theirs)
		}
		if deploy.Flags().Lookup(ours) == nil {
			t.Errorf("--%s: there is no flag --%s", theirs, ours)
		}
	}
	for theirs, ours := range otherCommands {
		if found, _, _ := root.Find([]string{theirs}); found != root {
			t.Errorf("%s is a command here", theirs)
		}
		if found, _, _ := root.Find([]string{ours}); found == root {
			t.Errorf("%s: unknown command %s", theirs, ours)
		}
	}
}
