package cmd

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

func TestTheOneCommandFormIsDeploy(t *testing.T) {
	for line, want := range map[string]string{
		"":                                    "",
		"-c a -n b -i c":                      "deploy -c a -n b -i c",
		"-c deploy -n wait":                   "deploy -c deploy -n wait",
		"--cluster=a":                         "deploy --cluster=a",
		"-D0":                                 "deploy -D0",
		"-o json -c a":                        "deploy -o json -c a",
		"deploy -c a":                         "deploy -c a",
		"-v deploy -c a":                      "-v deploy -c a",
		"-r eu-west-1 status -c a":            "-r eu-west-1 status -c a",
		"status":                              "status",
		"help deploy":                         "help deploy",
		"--help":                              "--help",
		"-h":                                  "-h",
		"version":                             "version",
		"simulator serve -c a":                "simulator serve -c a",
		"completion bash":                     "completion bash",
		"__complete --output ":                "__complete deploy --output ",
		"__completeNoDesc deploy --scenario ": "__completeNoDesc deploy --scenario ",
	} {
		root := New(Streams{Out: io.Discard, Err: io.Discard})
		root.InitDefaultHelpCmd()
		root.InitDefaultCompletionCmd()
		var args []string
		if line != "" {
			args = strings.Split(line, " ")
		}
		if got := strings.Join(withSubcommand(root, args), " "); got != want {
			t.Errorf("%q is taken as %q, want %q", line, got, want)
		}
	}
}

// every calls each for all commands.
func every(c *cobra.Command, each func(*cobra.Command)) {
	each(c)
	for _, sub := range c.Commands() {
		every(sub, each)
	}
}

func TestEveryFlagIsASettingExceptThoseOfTheServer(t *testing.T) {
	var settings []string
	for _, key := range new(config.Settings).Keys() {
		if key.Source != config.FileOnly {
			settings = append(settings, key.Name)
		}
	}
	ofTheServer := []string{"listen", "world", "speed"}
	used := map[string]bool{}
	every(New(Streams{Out: io.Discard, Err: io.Discard}), func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			used[f.Name] = true
			own := c.Name() == "serve" && slices.Contains(ofTheServer, f.Name) || c.Name() == "view" && f.Name == "origin" || c.Name() == "init" && slices.Contains([]string{"force", "all"}, f.Name) || c.Name() == "report" && f.Name == "page"
			if f.Name == "help" || slices.Contains(settings, f.Name) || own {
				return
			}
			t.Errorf("%s --%s can be set by no variable", c.CommandPath(), f.Name)
		})
	})
	for _, name := range settings {
		if !used[name] {
			t.Errorf("no command has the flag --%s", name)
		}
	}
}

func TestEveryCommandIsDescribed(t *testing.T) {
	every(New(Streams{Out: io.Discard, Err: io.Discard}), func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short description %q", c.CommandPath(), c.Short)
		}
		for line := range strings.SplitSeq(c.Example, "\n") {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "ecs-deploy ") {
				checkExample(t, line)
			}
		}
	})
}

// checkExample makes sure that the flags of an example exist.
func checkExample(t *testing.T, line string) {
	t.Helper()
	command, _, _ := strings.Cut(line, " > ") // what follows is for the shell
	checkArguments(t, line, strings.Fields(command)[1:])
}

// checkArguments makes sure that a command takes its arguments.
func checkArguments(t *testing.T, line string, args []string) {
	t.Helper()
	root := New(Streams{Out: io.Discard, Err: io.Discard})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	c, rest, err := root.Find(withSubcommand(root, args))
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	if err = c.ParseFlags(rest); err == nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		t.Errorf("%s: %v", line, err)
	}
}

func TestEarlier(t *testing.T) {
	for image, want := range map[string]string{
		"doorman:v2":                         "doorman:v1",
		"doorman:1.2.10":                     "doorman:1.2.9",
		"doorman:v0":                         "doorman:previous",
		"doorman":                            "doorman:previous",
		"doorman:latest":                     "doorman:previous",
		"localhost:5000/doorman":             "localhost:5000/doorman:previous",
		"localhost:5000/doorman:7":           "localhost:5000/doorman:6",
		"doorman@sha256:0123":                "doorman:previous",
		"doorman:v3@sha256:0123":             "doorman:v2",
		"doorman:99999999999999999999999999": "doorman:previous",
	} {
		if got := earlier(image); got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
		if earlier(image) == image {
			t.Errorf("%s is no earlier image", image)
		}
	}
}

func TestCommandLines(t *testing.T) {
	d := deploy.Deployment{
		Ref: deploy.Ref{Cluster: "arn:aws:ecs:us-east-1:123456789012:cluster/production1", Service: "arn:aws:ecs:us-east-1:123456789012:service/production1/doorman"},
	}
	for want, s := range map[string]*config.Settings{
		"ecs-deploy wait -c production1 -n doorman":                                             {},
		"ecs-deploy wait -c production1 -n doorman --simulate":                                  {Simulate: true},
		"ecs-deploy wait -c production1 -n doorman --scenario healthy":                          {Simulate: true, Scenario: "healthy"},
		"ecs-deploy wait -c production1 -n doorman -r eu-west-1 -p deployer":                    {Region: "eu-west-1", Profile: "deployer"},
		"ecs-deploy wait -c production1 -n doorman -p 'my profile'":                             {Profile: "my profile"},
		`ecs-deploy wait -c production1 -n doorman -p 'it'\''s'`:                                {Profile: "it's"},
		"ecs-deploy wait -c production1 -n doorman --endpoint-url 'http://127.0.0.1:4580/?a&b'": {EndpointURL: "http://127.0.0.1:4580/?a&b"},
		"ecs-deploy wait -c production1 -n doorman --endpoint-url http://127.0.0.1:4580":        {EndpointURL: "http://127.0.0.1:4580", AccessKey: "AKIDEXAMPLE", SecretKey: "secret"},
	} {
		if got := (&app{settings: s}).command(d, "wait"); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
