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
func (k Key) Secret() bool {
	return k.Name == "aws-access-key" || k.Name == "aws-secret-key" || k.Name == "notify"
}

// Keys is the table of all settings, bound to s, in the order of the help.
func (s *Settings) Keys() []Key {
	if s.keys == nil {
		s.keys = make([]Key, 0, 96)
		s.group("Service and image", s.definitionKeys())
		s.group(editGroup, s.editKeys())
		s.group("Service settings", s.settingKeys())
		s.group("Service settings", s.serviceKeys())
		s.group("Deployment behavior", s.policyKeys())
		s.group("One-off tasks", s.taskKeys())
		s.group("AWS access", s.accessKeys())
		s.group("Configuration and output", s.programKeys())
	}
	return s.keys
}

// editGroup is the group of the edits.
const editGroup = "Task definition edits"

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
		{"service-name", "n", "`name` or ARN of the service (default: the service that runs the family of -d)", Anywhere, text{&s.Service, "name"}},
		{"task-definition", "d", "`family`, family:revision or ARN to deploy, instead of the running task definition", Anywhere, text{&s.TaskDefinition, "family"}},
		{"task-definition-file", "", "`file` with the task definition to deploy, as JSON, JSON with comments, or YAML; - for standard input", Anywhere, text{&s.TaskDefinitionFile, "file"}},
		{"no-variables", "", "do not expand ${NAME} and $$ in the task definition file", Anywhere, toggle{&s.NoVariables}},
		{"show-variables", "", "print each variable that was expanded in the task definition file, to standard error", FlagOnly, toggle{&s.ShowVariables}},
		{"allow-unknown-fields", "", "accept fields in the task definition file that this version does not know", Anywhere, toggle{&s.AllowUnknownFields}},
		{"allow-other-family", "", "accept a task definition file with another family than the running one", Anywhere, toggle{&s.AllowOtherFamily}},
		{"image", "i", "`image` to deploy to every container that uses its repository; the tag defaults to latest (repeatable)", Anywhere, list{&s.Images}},
		{"container", "", "set the image of one container, from any repository (repeatable)", NotVariable, perContainer{target: &s.ContainerImages}},
		{"tag", "", "`tag` for images without a tag, or for the containers of --only if no image is set", Anywhere, text{&s.Tag, "tag"}},
		{"tag-env-var", "e", "environment `variable` that holds the tag, instead of --tag", Anywhere, text{&s.TagEnvVar, "variable"}},
		{"allow-variable", "", "`names` of variables that files can use even if they may hold credentials (repeatable)", NotFile, names{&s.AllowVariables}},
		{"only", "", "`names` of the containers to tag if no image is set; '*' for all", Anywhere, names{&s.Only}},
		{"pin-digest", "", "register digests in place of tags: what the tag means in ECR now, or, for a rollback, what ran", Anywhere, toggle{&s.PinDigest}},
	}
}

func (s *Settings) editKeys() []row {
	return []row{
		{"env-file", "", "set the variables of a dotenv file in one container or all; --env wins (repeatable)", NotVariable, files{target: &s.EnvFiles}},
		{"env", "", "set a variable in one container or all (repeatable)", NotVariable, entries{target: &s.Env}},
		{"unset-env", "", "remove a variable from one container or all (repeatable)", NotVariable, entries{target: &s.Env, unset: true}},
		{"secret", "", "set a secret in one container or all, by ARN or parameter name (repeatable)", NotVariable, entries{target: &s.Secrets}},
		{"unset-secret", "", "remove a secret from one container or all (repeatable)", NotVariable, entries{target: &s.Secrets, unset: true}},
		{"docker-label", "", "set a Docker label in one container or all (repeatable)", NotVariable, entries{target: &s.DockerLabels}},
		{"log-option", "", "set a log driver option in one container or all (repeatable)", NotVariable, entries{target: &s.LogOptions}},
		{"task-definition-tag", "", "set a tag of the task definition (repeatable)", NotVariable, tags{&s.Tags}},
		{"command", "", "set a container's command, as words or a JSON list (repeatable)", NotVariable, perContainer{target: &s.Commands, words: true}},
		{"entry-point", "", "set a container's entry point, as words or a JSON list (repeatable)", NotVariable, perContainer{target: &s.EntryPoints, words: true}},
		{"cpu", "", "CPU `units` of the task: 256, or 0.25 vCPU", Anywhere, text{&s.CPU, "units"}},
		{"memory", "", "`memory` of the task in MiB: 512, or 0.5 GB", Anywhere, text{&s.Memory, "memory"}},
		{"container-cpu", "", "set a container's CPU units (repeatable)", NotVariable, perContainer{target: &s.ContainerCPU}},
		{"container-memory", "", "set a container's hard memory limit (repeatable)", NotVariable, perContainer{target: &s.ContainerMemory}},
		{"container-memory-reservation", "", "set a container's soft memory limit (repeatable)", NotVariable, perContainer{target: &s.ContainerMemoryReservation}},
		{"task-role", "", "name or `ARN` of the role for the task's containers; none removes it", Anywhere, text{&s.TaskRole, "ARN"}},
		{"execution-role", "", "name or `ARN` of the role ECS uses to pull images and read secrets; none removes it", Anywhere, text{&s.ExecutionRole, "ARN"}},
		{"runtime-platform", "", "`platform` of the task: linux/arm64, linux/x86_64, windows_server_2022_core/x86_64", Anywhere, text{&s.RuntimePlatform, "platform"}},
	}
}

// settingKeys set something of the service itself: see [deploy.ServiceSettings].
func (s *Settings) settingKeys() []row {
	return []row{
		{"desired-count", "D", "`number` of tasks to run", Anywhere, optionalCount{&s.DesiredCount}},
		{"min", "m", "minimum running tasks during a deployment, in `percent` of the desired count", Anywhere, optionalCount{&s.MinimumHealthyPercent}},
		{"max", "M", "maximum running tasks during a deployment, in `percent` of the desired count", Anywhere, optionalCount{&s.MaximumPercent}},
		{"health-check-grace-period", "", "`time` for which ECS ignores failed health checks of a new task; 0 for none", Anywhere, optionalSeconds{&s.HealthCheckGracePeriodSeconds}},
		{"strategy", "", "how the next deployments replace tasks", Anywhere, choice{&s.StrategyWord, deploy.StrategyValues()}},
		{"bake-time", "", "`time` for which ECS watches the new tasks with all traffic before it stops the earlier ones; 0 for none", Anywhere, optionalMinutes{&s.BakeTimeInMinutes}},
		{"canary-percent", "", "`percent` of the traffic that goes to the new tasks first", Anywhere, optionalPercent{&s.CanaryPercent}},
		{"canary-bake-time", "", "`time` for which the traffic stays so", Anywhere, optionalMinutes{&s.CanaryBakeTimeInMinutes}},
		{"step-percent", "", "`percent` of the traffic that moves in each step of a linear deployment", Anywhere, optionalPercent{&s.StepPercent}},
		{"step-bake-time", "", "`time` between two steps of a linear deployment", Anywhere, optionalMinutes{&s.StepBakeTimeInMinutes}},
		{"circuit-breaker", "", "if the tasks of a deployment fail, ECS ends it (on), also rolls it back (rollback), or neither (off)", Anywhere, choice{&s.BreakerWord, words(deploy.CircuitBreakerValues())}},
		{"alarm", "", "`names` of the CloudWatch alarms that end a deployment and roll it back; none for none (repeatable)", Anywhere, names{&s.AlarmNames}},
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
		{"force-new-deployment", "", "start new tasks even if nothing changes", Anywhere, toggle{&s.ForceNewDeployment}},
		{"allow-stuck", "", "deploy even if -m and -M leave ECS no room to start or stop a task", Anywhere, toggle{&s.AllowStuck}},
		{"if-unchanged", "", "what to do if the wanted revision is already running (default skip; restart if the image is tagged latest)", Anywhere, choice{&s.IfUnchanged, words(deploy.IfUnchangedValues())}},
		{"expect-revision", "", "deploy only if this `revision` (family:revision) is running", Anywhere, text{&s.ExpectRevision, "revision"}},
		{"account", "", "`id` of the AWS account of the service; any other account is an error", FileOnly, accountID{&s.Account}},
	}
}

func (s *Settings) policyKeys() []row {
	return []row{
		{"dry-run", "", "print the plan and change nothing", FlagOnly, toggle{&s.DryRun}},
		{"what-if", "", "simulate a bad image: what ECS would do in this `scenario`; all for every one (repeatable)", FlagOnly, list{&s.WhatIf}},
		{"output-dir", "", "`folder` in which render writes a file for each of several targets, instead of a JSON array", FlagOnly, text{&s.OutputDir, "folder"}},
		{"exit-code", "", "exit with code 2 if changes are pending", FlagOnly, toggle{&s.ExitCode}},
		{"to", "", "`revision` (family:revision) or id of the deployment to restore, instead of the way back", FlagOnly, text{&s.To, "revision"}},
		{"check-registry", "", "ask registries other than ECR about images, with the credentials of Docker", FlagOnly, toggle{&s.CheckRegistry}},
		{"for", "", "`commands` to print a policy for, or to check, separated by commas (default deploy)", FlagOnly, names{&s.PolicyFor}},
		{"limit", "", "list at most this `number` of deployments (default 10)", FlagOnly, optionalCount{&s.Limit}},
		{"all", "", "list all deployments that ECS has recorded", FlagOnly, toggle{&s.All}},
		{"confirm", "", "ask before changing anything", FileOnly, toggle{&s.Confirm}},
		{"yes", "y", "do not ask for confirmation", FlagOnly, toggle{&s.Yes}},
		{"if-in-progress", "", "what to do if another deployment is in progress (default fail)", Anywhere, choice{&s.IfInProgress, words(deploy.IfInProgressValues())}},
		{"no-wait", "", "return as soon as ECS accepts the update", Anywhere, toggle{&s.NoWait}},
		{"until", "", "what to wait for (default complete)", Anywhere, choice{&s.Until, words(deploy.UntilValues())}},
		{"timeout", "t", "`time` to wait for the first new task to run (default: no limit, warn after 90s)", Anywhere, duration{&s.Timeout}},
		{"complete-timeout", "", "`time` to wait for the deployment to end, including a rollback (default 30m)", Anywhere, duration{&s.CompleteTimeout}},
		{"on-interrupt", "", "what to do on Ctrl-C or SIGTERM (default detach: the rollout continues)", Anywhere, choice{&s.OnInterrupt, append(words(deploy.OnInterruptValues()), string(deploy.TaskStop))}},
		{"on-pause", "", "what to do at a pause hook (default exit, with code 9)", Anywhere, choice{&s.OnPause, words(deploy.OnPauseValues())}},
		{"rollback-on-failure", "", "restore the previous revision if the deployment fails and ECS does not roll back", Anywhere, toggle{&s.RollbackOnFailure}},
		{"strict", "", "refuse, before anything changes, what a check says must fail", Anywhere, toggle{&s.Strict}},
		{"max-definitions", "", "after success, deregister old revisions; keep this `number`, and all in use", Anywhere, optionalCount{&s.MaxDefinitions}},
		{"parallel", "", "`number` of services to deploy at the same time, in a run of several targets (default 10)", NotFile, optionalCount{&s.Parallel}},
		{"shard", "", "take only this share `I/N` of several targets, such as 1/4; targets that need each other stay together", NotFile, text{&s.Shard, "I/N"}},
		{"on-failure", "", "what to do with the other targets if one fails (default stop: start no more)", NotFile, choice{&s.OnFailure, []string{"stop", "continue", "rollback"}}},
		{"before", "", "tasks to run with the new revision before the service is updated", FileOnly, steps{&s.Before}},
		{"verify", "", "tasks to run after the deployment succeeded", FileOnly, steps{&s.Verify}},
		{"skip-before", "", "do not run the tasks that the file lists under before", FlagOnly, toggle{&s.SkipBefore}},
		{"hook", "", "`id` of the pause hook to continue, instead of all that wait", FlagOnly, text{&s.Hook, "id"}},
		{"deployment", "", "`id` (ecs-svc/…) or ARN of the deployment to follow, instead of the newest", FlagOnly, text{&s.Deployment, "id"}},
	}
}

// taskKeys are about tasks that belong to no service.
func (s *Settings) taskKeys() []row {
	return []row{
		{"count", "", "`number` of tasks to start, 1 to 10 (default 1)", FlagOnly, optionalCount{&s.Count}},
		{"started-by", "", "`text` by which ECS lists the tasks (default ecs-deploy/ and a random text)", FlagOnly, text{&s.StartedBy, "text"}},
		{"propagate-tags", "", "where the tags of the task come from (default: as the service does)", Anywhere, choice{&s.PropagateTags, words(deploy.TagSourceValues())}},
		{"pass-exit-code", "", "exit with the exit code of the container instead of 11", FlagOnly, toggle{&s.PassExitCode}},
		{"launch-type", "", "launch type of the task (default: that of the service)", Anywhere, choice{&s.Launch.Type, deploy.LaunchTypeValues()}},
		{"platform-version", "", "Fargate platform `version` of the task (default: that of the service)", Anywhere, text{&s.Launch.PlatformVersion, "version"}},
		{"subnet", "", "`ids` of the subnets of the task (default: those of the service)", Anywhere, names{&s.Launch.Subnets}},
		{"security-group", "", "`ids` of the security groups of the task (default: those of the service)", Anywhere, names{&s.Launch.SecurityGroups}},
		{"task", "", "`id` of the task (or its beginning) or its ARN", FlagOnly, text{&s.Task, "id"}},
		{"since", "", "`time` to go back; default: all", FlagOnly, duration{&s.Since}},
		{"follow", "f", "print new lines until you press Ctrl-C", FlagOnly, toggle{&s.Follow}},
		{"stopped", "", "list the tasks that stopped within about an hour", FlagOnly, toggle{&s.Stopped}},
		{"assign-public-ip", "", "give the task a public IP address", Anywhere, toggle{&s.Launch.PublicIP}},
	}
}

func (s *Settings) accessKeys() []row {
	return []row{
		{"region", "r", "AWS `region`; also AWS_REGION, AWS_DEFAULT_REGION, or the profile's", Anywhere, text{&s.Region, "region"}},
		{"profile", "p", "`name` of the AWS profile; also AWS_PROFILE", Anywhere, text{&s.Profile, "name"}},
		{"aws-access-key", "k", "AWS access `key`, together with -s; prefer a profile or the environment", NotFile, text{&s.AccessKey, "key"}},
		{"aws-secret-key", "s", "AWS secret access `key`", NotFile, text{&s.SecretKey, "key"}},
		{"assume-role", "a", "`ARN` of a role to assume", Anywhere, text{&s.AssumeRole, "ARN"}},
		{"external-id", "", "external `id` that the role requires", Anywhere, text{&s.ExternalID, "id"}},
		{"role-session-name", "", "session `name` for the assumed role (default ecs-deploy)", Anywhere, text{&s.RoleSessionName, "name"}},
		{"mfa-serial", "", "`serial` number or ARN of the MFA device that the role requires; ecs-deploy asks for the code", Anywhere, text{&s.MFASerial, "serial"}},
		{"max-attempts", "", "`number` of attempts for each read (default 3)", Anywhere, optionalCount{&s.MaxAttempts}},
		{"call-timeout", "", "`time` limit of one AWS call (default 20s)", Anywhere, duration{&s.CallTimeout}},
		{"endpoint-url", "", "`URL` of the ECS API, for example of ecs-deploy simulator serve; also AWS_ENDPOINT_URL_ECS", Anywhere, text{&s.EndpointURL, "URL"}},
		{"simulate", "", "use the built-in ECS simulator instead of AWS", FlagOnly, toggle{&s.Simulate}},
		{"scenario", "", "`name` of the simulated scenario, see simulator scenarios; implies --simulate", FlagOnly, text{&s.Scenario, "name"}},
	}
}

func (s *Settings) programKeys() []row {
	return []row{
		{"config", "", "settings `file`, or none (default: ecs-deploy.yaml in this folder or above it, up to the root of the repository)", NotFile, text{&s.Config, "file"}},
		{"target", "", "`name` of a target or group in the settings file, or a pattern such as 'production-*' (repeatable)", NotFile, chosen{&s.Targets}},
		{"output", "o", "output format (default text)", NotFile, choice{&s.Output, []string{"text", "json", "ndjson", "github"}}},
		{"progress", "", "how to show a rollout: live on a terminal, or lines (default auto)", NotFile, choice{&s.Progress, []string{ProgressAuto, ProgressLive, ProgressPlain, ProgressNone}}},
		{"dotenv", "", "write the verdict to this `file` as NAME=VALUE lines, for later jobs", NotFile, text{&s.Dotenv, "file"}},
		{"report", "", "write a page about the rollout to this `file` (HTML)", NotFile, text{&s.Report, "file"}},
		{"notify", "", "`URL` of a webhook to which the outcome is posted: of Slack, Teams, or any that takes JSON; prefer --notify-env-var (repeatable)", NotFile, list{&s.Notify}},
		{"notify-env-var", "", "environment `variables` that hold such URLs, each one (repeatable)", Anywhere, names{&s.NotifyEnvVars}},
		{"show-values", "", "show the values of environment variables in clear text, not their length and a digest that differs in each run", FlagOnly, toggle{&s.ShowValues}},
		{"color", "", "when to use colors (default auto); also NO_COLOR, CLICOLOR_FORCE", NotFile, choice{&s.Color, []string{"auto", "always", "never"}}},
		{"quiet", "q", "print only the result and errors", NotFile, toggle{&s.Quiet}},
		{"verbose", "v", "print every call to AWS", NotFile, toggle{&s.Verbose}},
		{"debug-http", "", "print every HTTP exchange with AWS, without signatures and bodies", NotFile, toggle{&s.DebugHTTP}},
	}
}

// Nearest is the name that is most like a misspelt one; "" if none is like it.
func Nearest(word string, names []string) string { return nearest.Name(word, names) }

// FileKeys are the keys whose values are names of files.
var FileKeys = []string{"config", "task-definition-file", "env-file", "dotenv", "report"}

// Choices are the words that a key takes, or nil if it takes any text.
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
