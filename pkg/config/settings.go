// Package config merges the three ways to say what should be deployed: flags,
// environment variables (ECS_DEPLOY_…) and the file ecs-deploy.yaml. One table
// of keys (see [Settings.Keys]) defines all three.
//
// A flag wins over a variable, a variable over the file, and the file over what
// is built in. Whichever wins is read by the same code. This is the only package
// that knows viper, and, below the commands, the only one that reads the
// environment.
package config

import (
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// EnvPrefix begins the name of every variable of ours.
const EnvPrefix = "ECS_DEPLOY_"

// Settings are the merged settings of one invocation. What is zero was not
// given.
type Settings struct {
	Cluster, Service, TaskDefinition       string
	TaskDefinitionFile                     string
	Images                                 []string
	TagEnvVar                              string
	DesiredCount, Min, Max, MaxDefinitions *int32
	ForceNewDeployment, NoWait             bool
	Timeout, CompleteTimeout               time.Duration
	Until, IfInProgress, IfUnchanged       string
	Deployment                             string
	OnInterrupt, ExpectRevision            string
	RollbackOnFailure                      bool
	AccessKey, SecretKey, Region, Profile  string
	EndpointURL                            string
	Config, Output, Color, Scenario        string
	Simulate, Quiet, Verbose               bool

	keys []Key
}

// Source says where a key may be given.
type Source int

// The sources beside the flag.
const (
	// FlagOnly: neither a variable nor the file may set it.
	FlagOnly Source = iota
	// NotFile: a flag or a variable.
	NotFile
	// Anywhere: a flag, a variable, or the file.
	Anywhere
)

// Key is one setting: the flag, its variable, and its key in the file have the
// same name.
type Key struct {
	// Name is the flag's long name and the file's key.
	Name string
	// Short is the flag's one-letter name, or "".
	Short string
	// Usage is the help text; the word in `back quotes` names the value.
	Usage string
	// Source says where it may be given.
	Source Source
	// Value reads and shows the setting.
	Value pflag.Value
}

// Env is the key's environment variable.
func (k Key) Env() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(k.Name, "-", "_"))
}

// Keys is the table of all settings, bound to s.
func (s *Settings) Keys() []Key {
	if s.keys == nil {
		s.keys = append(s.deployKeys(), s.commonKeys()...)
	}
	return s.keys
}

func (s *Settings) deployKeys() []Key {
	return []Key{
		{"cluster", "c", "`name` or ARN of the cluster", Anywhere, text{&s.Cluster, "name"}},
		{"service-name", "n", "`name` of the service; without it, the service that runs the family given by -d", Anywhere, text{&s.Service, "name"}},
		{"task-definition", "d", "`family`, family:revision or ARN to build on, instead of the one in use", Anywhere, text{&s.TaskDefinition, "family"}},
		{"task-definition-file", "", "`file` with the task definition to deploy (JSON)", Anywhere, text{&s.TaskDefinitionFile, "file"}},
		{"image", "i", "`image` to deploy, to every container of its repository; without a tag: latest (repeatable)", Anywhere, list{&s.Images}},
		{"tag-env-var", "e", "`variable` that holds the tag for images given without one", Anywhere, text{&s.TagEnvVar, "variable"}},
		{"desired-count", "D", "`number` of tasks the service should run", Anywhere, optionalCount{&s.DesiredCount}},
		{"min", "m", "lower limit of running tasks during a deployment, in `percent` of the desired count", Anywhere, optionalCount{&s.Min}},
		{"max", "M", "upper limit of running tasks during a deployment, in `percent` of the desired count", Anywhere, optionalCount{&s.Max}},
		{"force-new-deployment", "", "start new tasks even if nothing changed", Anywhere, toggle{&s.ForceNewDeployment}},
		{"if-unchanged", "", "what to do when the wanted definition is in service (default skip, but restart for an image tagged latest)", Anywhere, choice{&s.IfUnchanged, []string{"skip", "restart"}}},
		{"if-in-progress", "", "what to do when another deployment is in progress (default fail)", Anywhere, choice{&s.IfInProgress, []string{"fail", "wait", "replace"}}},
		{"max-definitions", "", "after success, deregister the oldest revisions of the family and keep this `number`, beside those in use", Anywhere, optionalCount{&s.MaxDefinitions}},
		{"timeout", "t", "`time` in which a new task must be running, or give up waiting (default: warn after 90s)", Anywhere, duration{&s.Timeout}},
		{"complete-timeout", "", "`time` in which the deployment must end, a rollback included (default 30m)", Anywhere, duration{&s.CompleteTimeout}},
		{"until", "", "how far to wait (default complete)", Anywhere, choice{&s.Until, []string{"running", "complete", "drained"}}},
		{"on-interrupt", "", "what to do on Ctrl-C or SIGTERM (default detach: the rollout goes on)", Anywhere, choice{&s.OnInterrupt, []string{"detach", "rollback"}}},
		{"rollback-on-failure", "", "go back to the revision in service before, where ECS does not roll back by itself", Anywhere, toggle{&s.RollbackOnFailure}},
		{"expect-revision", "", "`family:revision` that must be in service, or nothing is done", Anywhere, text{&s.ExpectRevision, "revision"}},
		{"deployment", "", "`id` (ecs-svc/…) or ARN of the deployment to follow, instead of the newest", FlagOnly, text{&s.Deployment, "id"}},
		{"no-wait", "", "return when ECS has accepted the update", Anywhere, toggle{&s.NoWait}},
	}
}

func (s *Settings) commonKeys() []Key {
	return []Key{
		{"region", "r", "AWS `region`; also AWS_REGION, AWS_DEFAULT_REGION, or the profile's", Anywhere, text{&s.Region, "region"}},
		{"profile", "p", "`name` of the AWS profile; also AWS_PROFILE", Anywhere, text{&s.Profile, "name"}},
		{"aws-access-key", "k", "AWS access `key`; with it, -s. Better: a profile or the environment", NotFile, text{&s.AccessKey, "key"}},
		{"aws-secret-key", "s", "AWS secret access `key`", NotFile, text{&s.SecretKey, "key"}},
		{"endpoint-url", "", "`URL` of ECS, e.g. of ecs-deploy simulator serve; also AWS_ENDPOINT_URL_ECS", Anywhere, text{&s.EndpointURL, "URL"}},
		{"simulate", "", "use the embedded ECS instead of AWS", FlagOnly, toggle{&s.Simulate}},
		{"scenario", "", "`name` of the embedded ECS's behaviour, see simulator scenarios; implies --simulate", FlagOnly, text{&s.Scenario, "name"}},
		{"config", "", "`file` with settings (default: the ecs-deploy.yaml found from here up to the repository's root)", NotFile, text{&s.Config, "file"}},
		{"output", "o", "form of the output (default text)", NotFile, choice{&s.Output, []string{"text", "json", "ndjson"}}},
		{"color", "", "colour (default auto); also NO_COLOR, CLICOLOR_FORCE", NotFile, choice{&s.Color, []string{"auto", "always", "never"}}},
		{"quiet", "q", "print nothing but the result and errors", NotFile, toggle{&s.Quiet}},
		{"verbose", "v", "print every call to AWS", NotFile, toggle{&s.Verbose}},
	}
}

// AddFlags adds the flags of the named keys to a flag set.
func (s *Settings) AddFlags(flags *pflag.FlagSet, names ...string) {
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		wanted[name] = true
	}
	for _, key := range s.Keys() {
		if !wanted[key.Name] {
			continue
		}
		flag := flags.VarPF(key.Value, key.Name, key.Short, key.Usage)
		if _, ok := key.Value.(toggle); ok {
			flag.NoOptDefVal = "true"
		}
	}
}

// FileKeys are the keys whose values are names of files.
var FileKeys = []string{"config", "task-definition-file"}

// Choices are the words that a key takes, or nil where it takes any text.
func (k Key) Choices() []string {
	if c, ok := k.Value.(choice); ok {
		return c.allowed
	}
	return nil
}

// Simulated reports whether the embedded ECS was asked for.
func (s *Settings) Simulated() bool { return s.Simulate || s.Scenario != "" }

// ScenarioName is the scenario of the embedded ECS; "" where AWS is meant.
func (s *Settings) ScenarioName() string {
	if s.Simulate && s.Scenario == "" {
		return "healthy"
	}
	return s.Scenario
}

// Colored decides whether a stream is coloured: --color wins, then NO_COLOR,
// CLICOLOR_FORCE and CLICOLOR, and else terminals are.
func Colored(choice string, terminal bool) bool {
	switch {
	case choice == "always":
		return true
	case choice == "never", os.Getenv("NO_COLOR") != "":
		return false
	case os.Getenv("CLICOLOR_FORCE") != "" && os.Getenv("CLICOLOR_FORCE") != "0":
		return true
	case os.Getenv("CLICOLOR") == "0", os.Getenv("TERM") == "dumb":
		return false
	}
	return terminal
}
