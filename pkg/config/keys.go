package config

// The table of keys: every setting with its name, its flag's letter, its help, and
// where it may be given.

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/nearest"
)

// Source says where a key may be given.
type Source int

// The sources.
const (
	// FlagOnly: neither a variable nor the file may set it.
	FlagOnly Source = iota
	// FileOnly: it belongs to a target, and has no flag.
	FileOnly
	// NotFile: a flag or a variable.
	NotFile
	// NotVariable: a flag or the file. A variable has no form for a map whose
	// values may have commas in them.
	NotVariable
	// Anywhere: a flag, a variable, or the file.
	Anywhere
)

// InFile reports whether the settings file may have the key.
func (s Source) InFile() bool { return s == Anywhere || s == NotVariable || s == FileOnly }

// InEnv reports whether a variable may set the key.
func (s Source) InEnv() bool { return s == Anywhere || s == NotFile }

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
	// Group is the heading under which help lists it.
	Group string
}

// Env is the key's environment variable.
func (k Key) Env() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(k.Name, "-", "_"))
}

// Secret reports whether the setting's value must never be shown.
func (k Key) Secret() bool { return k.Name == "aws-access-key" || k.Name == "aws-secret-key" }

// Keys is the table of all settings, bound to s, in the order of the help.
func (s *Settings) Keys() []Key {
	if s.keys == nil {
		s.keys = make([]Key, 0, 80)
		s.group("What to deploy", s.definitionKeys())
		s.group(editGroup, s.editKeys())
		s.group("The service", s.settingKeys())
		s.group("The service", s.serviceKeys())
		s.group("How it is gone about", s.policyKeys())
		s.group("AWS", s.accessKeys())
		s.group("Settings and output", s.programKeys())
	}
	return s.keys
}

// editGroup is the group of the edits.
const editGroup = "Edits of the task definition"

// changesDefinition reports whether the key says of what a task definition is
// made, and not which one is meant.
func (k Key) changesDefinition() bool {
	named := []string{"task-definition-file", "image", "container", "tag", "tag-env-var", "only"}
	return k.Group == editGroup || slices.Contains(named, k.Name)
}

// row is a key of a group, as it stands in the table.
type row struct {
	name, short, usage string
	source             Source
	value              pflag.Value
}

func (s *Settings) group(heading string, rows []row) {
	for _, r := range rows {
		s.keys = append(s.keys, Key{Name: r.name, Short: r.short, Usage: r.usage, Source: r.source, Value: r.value, Group: heading})
	}
}

// key finds a key by its name.
func (s *Settings) key(name string) (Key, bool) {
	i := slices.IndexFunc(s.Keys(), func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, false
	}
	return s.keys[i], true
}

// byName is an index of keys.
func byName(keys []Key) map[string]Key {
	index := make(map[string]Key, len(keys))
	for _, key := range keys {
		index[key.Name] = key
	}
	return index
}

func (s *Settings) definitionKeys() []row {
	return []row{
		{"cluster", "c", "`name` or ARN of the cluster", Anywhere, text{&s.Cluster, "name"}},
		{"service-name", "n", "`name` of the service; without it, the service that runs the family given by -d", Anywhere, text{&s.Service, "name"}},
		{"task-definition", "d", "`family`, family:revision or ARN to build on, instead of the one in use", Anywhere, text{&s.TaskDefinition, "family"}},
		{"task-definition-file", "", "`file` with the task definition to deploy: JSON, JSON with comments, or YAML; - is standard input", Anywhere, text{&s.TaskDefinitionFile, "file"}},
		{"no-variables", "", "take the task definition's file as it is: no ${NAME}, and $$ is two dollars", Anywhere, toggle{&s.NoVariables}},
		{"show-variables", "", "list each variable that was replaced in the task definition's file, on standard error", FlagOnly, toggle{&s.ShowVariables}},
		{"allow-unknown-fields", "", "take fields of the task definition's file that this version does not know", Anywhere, toggle{&s.AllowUnknownFields}},
		{"allow-other-family", "", "take a task definition's file of another family than the service runs", Anywhere, toggle{&s.AllowOtherFamily}},
		{"image", "i", "`image` to deploy, to every container of its repository; without a tag: latest (repeatable)", Anywhere, list{&s.Images}},
		{"container", "", "set the image of one container, whatever it has now (repeatable)", NotVariable, perContainer{target: &s.ContainerImages}},
		{"tag", "", "`tag` for the images that are given without one, or, without any, for the containers of --only", Anywhere, text{&s.Tag, "tag"}},
		{"tag-env-var", "e", "`variable` that holds the tag, instead of --tag", Anywhere, text{&s.TagEnvVar, "variable"}},
		{"allow-variable", "", "`names` of variables that files can use although they may hold credentials (repeatable)", NotFile, names{&s.AllowVariables}},
		{"only", "", "`names` of the containers that get the tag, where no image is given; '*' is all", Anywhere, names{&s.Only}},
		{"pin-digest", "", "register the digest that the tag stands for now, as ECR says", Anywhere, toggle{&s.PinDigest}},
	}
}

func (s *Settings) editKeys() []row {
	return []row{
		{"env-file", "", "set the variables in a dotenv file, of one container or all (repeatable); --env wins", NotVariable, files{target: &s.EnvFiles}},
		{"env", "", "set a variable of one container or all (repeatable)", NotVariable, entries{target: &s.Env}},
		{"unset-env", "", "remove a variable of one container or all (repeatable)", NotVariable, entries{target: &s.Env, unset: true}},
		{"secret", "", "set a secret of one container or all, by the ARN or name of its parameter (repeatable)", NotVariable, entries{target: &s.Secrets}},
		{"unset-secret", "", "remove a secret of one container or all (repeatable)", NotVariable, entries{target: &s.Secrets, unset: true}},
		{"docker-label", "", "set a docker label of one container or all (repeatable)", NotVariable, entries{target: &s.DockerLabels}},
		{"log-option", "", "set an option of the log driver of one container or all (repeatable)", NotVariable, entries{target: &s.LogOptions}},
		{"task-definition-tag", "", "set a tag of the task definition (repeatable)", NotVariable, tags{&s.Tags}},
		{"command", "", "what the container runs; words, or a JSON list (repeatable)", NotVariable, perContainer{target: &s.Commands, words: true}},
		{"entry-point", "", "the container's entry point; words, or a JSON list (repeatable)", NotVariable, perContainer{target: &s.EntryPoints, words: true}},
		{"cpu", "", "the task's cpu `units`: 256, or 0.25 vCPU", Anywhere, text{&s.CPU, "units"}},
		{"memory", "", "the task's `memory` in MiB: 512, or 0.5 GB", Anywhere, text{&s.Memory, "memory"}},
		{"container-cpu", "", "a container's cpu units (repeatable)", NotVariable, perContainer{target: &s.ContainerCPU}},
		{"container-memory", "", "a container's hard limit (repeatable)", NotVariable, perContainer{target: &s.ContainerMemory}},
		{"container-memory-reservation", "", "a container's soft limit (repeatable)", NotVariable, perContainer{target: &s.ContainerMemoryReservation}},
		{"task-role", "", "name or `ARN` of the role of the task's containers; none removes it", Anywhere, text{&s.TaskRole, "ARN"}},
		{"execution-role", "", "name or `ARN` of the role by which ECS pulls images and reads secrets; none removes it", Anywhere, text{&s.ExecutionRole, "ARN"}},
		{"runtime-platform", "", "`platform` of the task: linux/arm64, linux/x86_64, windows_server_2022_core/x86_64", Anywhere, text{&s.RuntimePlatform, "platform"}},
	}
}

// settingKeys set something of the service itself: see [deploy.ServiceSettings].
func (s *Settings) settingKeys() []row {
	return []row{
		{"desired-count", "D", "`number` of tasks the service should run", Anywhere, optionalCount{&s.DesiredCount}},
		{"min", "m", "lower limit of running tasks during a deployment, in `percent` of the desired count", Anywhere, optionalCount{&s.MinimumHealthyPercent}},
		{"max", "M", "upper limit of running tasks during a deployment, in `percent` of the desired count", Anywhere, optionalCount{&s.MaximumPercent}},
		{"health-check-grace-period", "", "`time` for which ECS ignores failed health checks of a new task; 0 for none", Anywhere, optionalSeconds{&s.HealthCheckGracePeriodSeconds}},
	}
}

// SettingKeys are the names of the keys that set something of the service itself.
func SettingKeys() []string {
	var keys []string
	for _, row := range new(Settings).settingKeys() {
		keys = append(keys, row.name)
	}
	return keys
}

func (s *Settings) serviceKeys() []row {
	return []row{
		{"force-new-deployment", "", "start new tasks even if nothing changed", Anywhere, toggle{&s.ForceNewDeployment}},
		{"allow-stuck", "", "deploy although -m and -M leave ECS no room to start or stop a task", Anywhere, toggle{&s.AllowStuck}},
		{"if-unchanged", "", "what to do when the wanted definition is in service (default skip, but restart for an image tagged latest)", Anywhere, choice{&s.IfUnchanged, words(deploy.IfUnchangedValues())}},
		{"expect-revision", "", "the `revision` (family:revision) that must be in service, or nothing is done", Anywhere, text{&s.ExpectRevision, "revision"}},
		{"account", "", "`id` of the AWS account in which the service must be", FileOnly, accountID{&s.Account}},
	}
}

func (s *Settings) policyKeys() []row {
	return []row{
		{"dry-run", "", "print what would be done, and do nothing", FlagOnly, toggle{&s.DryRun}},
		{"what-if", "", "show what ECS would do in this `scenario` of a bad image, or in all", FlagOnly, list{&s.WhatIf}},
		{"exit-code", "", "exit with 2 if there is something to change", FlagOnly, toggle{&s.ExitCode}},
		{"limit", "", "list at most this `number` of deployments (default 10)", FlagOnly, optionalCount{&s.Limit}},
		{"all", "", "list all deployments that ECS has recorded", FlagOnly, toggle{&s.All}},
		{"confirm", "", "ask before anything is written", FileOnly, toggle{&s.Confirm}},
		{"yes", "y", "do not ask, though the target says confirm", FlagOnly, toggle{&s.Yes}},
		{"if-in-progress", "", "what to do when another deployment is in progress (default fail)", Anywhere, choice{&s.IfInProgress, words(deploy.IfInProgressValues())}},
		{"no-wait", "", "return when ECS has accepted the update", Anywhere, toggle{&s.NoWait}},
		{"until", "", "how far to wait (default complete)", Anywhere, choice{&s.Until, words(deploy.UntilValues())}},
		{"timeout", "t", "`time` in which a new task must be running, or give up waiting (default: warn after 90s)", Anywhere, duration{&s.Timeout}},
		{"complete-timeout", "", "`time` in which the deployment must end, a rollback included (default 30m)", Anywhere, duration{&s.CompleteTimeout}},
		{"on-interrupt", "", "what to do on Ctrl-C or SIGTERM (default detach: the rollout goes on)", Anywhere, choice{&s.OnInterrupt, words(deploy.OnInterruptValues())}},
		{"rollback-on-failure", "", "go back to the revision in service before, where ECS does not roll back by itself", Anywhere, toggle{&s.RollbackOnFailure}},
		{"max-definitions", "", "after success, deregister the oldest revisions of the family and keep this `number`, beside those in use", Anywhere, optionalCount{&s.MaxDefinitions}},
		{"deployment", "", "`id` (ecs-svc/…) or ARN of the deployment to follow, instead of the newest", FlagOnly, text{&s.Deployment, "id"}},
	}
}

func (s *Settings) accessKeys() []row {
	return []row{
		{"region", "r", "AWS `region`; also AWS_REGION, AWS_DEFAULT_REGION, or the profile's", Anywhere, text{&s.Region, "region"}},
		{"profile", "p", "`name` of the AWS profile; also AWS_PROFILE", Anywhere, text{&s.Profile, "name"}},
		{"aws-access-key", "k", "AWS access `key`; with it, -s. Better: a profile or the environment", NotFile, text{&s.AccessKey, "key"}},
		{"aws-secret-key", "s", "AWS secret access `key`", NotFile, text{&s.SecretKey, "key"}},
		{"assume-role", "a", "`ARN` of a role to assume", Anywhere, text{&s.AssumeRole, "ARN"}},
		{"external-id", "", "external `id` that the role asks for", Anywhere, text{&s.ExternalID, "id"}},
		{"role-session-name", "", "`name` of the session of the assumed role (default ecs-deploy)", Anywhere, text{&s.RoleSessionName, "name"}},
		{"mfa-serial", "", "`serial` number or ARN of the MFA device that the role asks for; the code is asked for on a terminal", Anywhere, text{&s.MFASerial, "serial"}},
		{"max-attempts", "", "`number` of times a read is tried (default 3)", Anywhere, optionalCount{&s.MaxAttempts}},
		{"call-timeout", "", "`time` that one exchange with AWS may take (default 20s)", Anywhere, duration{&s.CallTimeout}},
		{"endpoint-url", "", "`URL` of ECS, e.g. of ecs-deploy simulator serve; also AWS_ENDPOINT_URL_ECS", Anywhere, text{&s.EndpointURL, "URL"}},
		{"simulate", "", "use the embedded ECS instead of AWS", FlagOnly, toggle{&s.Simulate}},
		{"scenario", "", "`name` of the embedded ECS's behaviour, see simulator scenarios; implies --simulate", FlagOnly, text{&s.Scenario, "name"}},
	}
}

func (s *Settings) programKeys() []row {
	return []row{
		{"config", "", "`file` with settings (default: the ecs-deploy.yaml found from here up to the repository's root); none is no file", NotFile, text{&s.Config, "file"}},
		{"target", "", "`name` of a target of the settings file", NotFile, text{&s.Target, "name"}},
		{"output", "o", "form of the output (default text)", NotFile, choice{&s.Output, []string{"text", "json", "ndjson", "github"}}},
		{"show-values", "", "show the values of environment variables, in clear", FlagOnly, toggle{&s.ShowValues}},
		{"color", "", "colour (default auto); also NO_COLOR, CLICOLOR_FORCE", NotFile, choice{&s.Color, []string{"auto", "always", "never"}}},
		{"quiet", "q", "print nothing but the result and errors", NotFile, toggle{&s.Quiet}},
		{"verbose", "v", "print every call to AWS", NotFile, toggle{&s.Verbose}},
		{"debug-http", "", "print every exchange with AWS, without signatures and bodies", NotFile, toggle{&s.DebugHTTP}},
	}
}

// Nearest is the name that is most like a misspelt one; "" if none is like it.
func Nearest(word string, names []string) string { return nearest.Name(word, names) }

// FileKeys are the keys whose values are names of files.
var FileKeys = []string{"config", "task-definition-file", "env-file"}

// Choices are the words that a key takes, or nil where it takes any text.
func (k Key) Choices() []string {
	if c, ok := k.Value.(choice); ok {
		return c.allowed
	}
	return nil
}

// words are the values of an enumeration of the library.
func words[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}
