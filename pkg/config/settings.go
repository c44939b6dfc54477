// Package config merges flags, environment variables (ECS_DEPLOY_…) and the file
// ecs-deploy.yaml into settings. One table of keys (see [Settings.Keys]) defines all
// three.
//
// A flag overrides a variable, a variable overrides the file, and the file overrides
// the built-in defaults. The same code parses the value of each layer. This is the
// only package that knows viper.
package config

import (
	"os"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// EnvPrefix begins the name of every variable of ours.
const EnvPrefix = "ECS_DEPLOY_"

// Settings are the merged settings of one target. A zero value means not set.
type Settings struct {
	// Image, task definition and service.
	Cluster, Service, TaskDefinition     string
	TaskDefinitionFile                   string
	AllowUnknownFields, AllowOtherFamily bool
	NoVariables, ShowVariables           bool
	Images, Only                         []string
	Tag, TagEnvVar                       string
	AllowVariables                       []string
	PinDigest                            bool
	MaxDefinitions                       *int32

	// What should change of the service itself.
	deploy.ServiceSettings    // all but the three below: see SettingsOfService
	StrategyWord, BreakerWord string
	AlarmNames                []string

	// Edits of the definition, in the order in which they are made: those of a
	// higher layer come after those of a lower one.
	ContainerImages                        []Entry
	EnvFiles                               []Entry
	Env, Secrets, DockerLabels, LogOptions []Entry
	Tags                                   []Entry
	Commands, EntryPoints                  []Entry
	CPU, Memory                            string
	ContainerCPU, ContainerMemory          []Entry
	ContainerMemoryReservation             []Entry
	TaskRole, ExecutionRole                string
	RuntimePlatform                        string

	// How to deploy.
	ForceNewDeployment, NoWait   bool
	AllowStuck                   bool
	Timeout, CompleteTimeout     time.Duration
	Until, IfInProgress          string
	IfUnchanged, OnInterrupt     string
	OnPause, Hook                string
	Deployment, ExpectRevision   string
	RollbackOnFailure, Strict    bool
	OutputDir                    string // of render
	Shard                        string // of several targets
	Parallel                     *int32 // of several targets
	OnFailure                    string
	DryRun, ExitCode, ShowValues bool
	Confirm, Yes                 bool
	To                           string // what a rollback restores
	CheckRegistry                bool
	Limit                        *int32 // deployments that history lists; nil is the default
	All                          bool
	WhatIf                       []string // scenarios of a bad image
	PolicyFor                    []string // commands that an IAM policy is for

	// One-off tasks.
	Before, Verify           []deploy.TaskStep
	SkipBefore               bool
	Count                    *int32
	StartedBy, PropagateTags string
	PassExitCode             bool
	Task                     string
	Since                    time.Duration
	Follow, Stopped          bool
	Launch                   deploy.Launch

	// AWS access.
	Account, Region, Profile   string
	AccessKey, SecretKey       string
	AssumeRole, ExternalID     string
	RoleSessionName, MFASerial string
	EndpointURL                string
	MaxAttempts                *int32
	CallTimeout                time.Duration
	Simulate                   bool
	Scenario                   string

	// Configuration and output.
	Config, Target, Output, Color string
	Targets                       []string // the words that chose Target, see [File.Select]
	Progress, Dotenv, Report      string
	Notify, NotifyEnvVars         []string
	Quiet, Verbose, DebugHTTP     bool

	keys []Key
	// checkOnly: files are read to see what is wrong with them, and nothing of them
	// goes anywhere.
	checkOnly bool
	// sources are where each setting that was given comes from; of a map, where each
	// of its entries does, in their order.
	sources map[string][]source
	// lookup reads a variable of the environment; nil is os.LookupEnv.
	lookup func(string) (string, bool)
	// notes are what was found in the files that the settings name.
	notes Notes
	// leftOut are keys that lower layers give and that are not used.
	leftOut []string
	// overridden are variables that win over keys of the target that is named.
	overridden []string
	// kept are keys of the file that are not used, because flags ask for something
	// else alone.
	kept []string
}

// Entry is one element of a setting that is a map: a variable of a container, a
// label, a tag.
type Entry struct {
	// Container is the container that is meant, "" for every one, or for the task.
	Container string
	// Name is the element's name; "" if the container has only one such value,
	// such as its image.
	Name string
	// Value is what it is set to.
	Value string
	// Unset: the element is removed.
	Unset bool
}

// Notes are what a user may want to know of the files that the settings name, in the
// order of the text.
type Notes struct {
	// Warnings are what may be a mistake, one line each, with their places.
	Warnings []string
	// Variables are the variables that were replaced in the task definition's file, one
	// line each, without their values.
	Variables []string
}

// Notes are those of the last [Settings.Request].
func (s *Settings) Notes() Notes { return s.notes }

// Simulated reports whether the command uses the embedded ECS.
func (s *Settings) Simulated() bool { return s.Simulate || s.Scenario != "" }

// ScenarioName is the scenario of the embedded ECS; "" if AWS is meant.
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
