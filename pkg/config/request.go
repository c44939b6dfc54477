package config

import (
	"context"
	"fmt"
	"io"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/taskdef"
)

// StandardInput, as the name of a file, is the standard input.
const StandardInput = "-"

// Error says that settings do not go together, or name something that cannot
// be read.
type Error struct {
	// Problem says what is wrong, Remedy what to do.
	Problem, Remedy string
}

func (e *Error) Error() string { return e.Problem }

// Hint is the remedy.
func (e *Error) Hint() string { return e.Remedy }

// ExitCode is that of bad input.
func (e *Error) ExitCode() int { return 3 }

// Ref is the service that the settings name.
func (s *Settings) Ref() deploy.Ref { return deploy.Ref{Cluster: s.Cluster, Service: s.Service} }

// SettingsOfService are the settings of the service itself.
func (s *Settings) SettingsOfService() deploy.ServiceSettings {
	service := s.ServiceSettings
	if s.StrategyWord != "" {
		strategy := deploy.StrategyOf(s.StrategyWord)
		service.Strategy = &strategy
	}
	if s.BreakerWord != "" {
		breaker := deploy.CircuitBreaker(s.BreakerWord)
		service.DeploymentCircuitBreaker = &breaker
	}
	if len(s.AlarmNames) > 0 {
		service.Alarms = &s.AlarmNames
	}
	return service
}

// Request turns the settings into what the library takes. It reads the task
// definition's file, if one is named, until ctx ends; stdin is what the name "-"
// stands for.
func (s *Settings) Request(ctx context.Context, stdin io.Reader) (deploy.Request, error) {
	s.notes = Notes{}
	r := deploy.Request{
		Ref: s.Ref(), AllowStuck: s.AllowStuck,
		Want:            deploy.Want{TaskDefinition: s.TaskDefinition, PinDigest: s.PinDigest, AllowOtherFamily: s.AllowOtherFamily},
		ServiceSettings: s.SettingsOfService(), ForceNewDeployment: s.ForceNewDeployment, IfUnchanged: deploy.IfUnchanged(s.IfUnchanged), ExpectRevision: s.ExpectRevision,
	}
	if r.VerifyTasks = s.Verify; !s.SkipBefore {
		r.BeforeTasks = s.Before
	}
	if err := s.images(&r); err != nil {
		return deploy.Request{}, err
	}
	var err error
	if r.Edits, err = s.edits(ctx); err != nil {
		return deploy.Request{}, err
	}
	if s.TaskDefinitionFile != "" {
		if r.Definition, err = s.definition(ctx, stdin); err != nil {
			return deploy.Request{}, err
		}
	}
	return r, nil
}

// definition reads the task definition's file, with variables from the
// environment.
func (s *Settings) definition(ctx context.Context, stdin io.Reader) (taskdef.Definition, error) {
	source := s.TaskDefinitionFile
	text, err := Input{
		What: "the task definition", Path: source, Stdin: stdin, Pipes: !s.Origin("task-definition-file").InFile(),
		Remedy: "pass a file with --task-definition-file FILE, or - for standard input",
	}.Read(ctx)
	if err != nil {
		return taskdef.Definition{}, err
	}
	if source == StandardInput {
		source = "standard input"
	}
	guard := s.guard()
	options := taskdef.ParseOptions{
		AllowUnknownFields: s.AllowUnknownFields, Variable: guard.lookup,
		Warn: func(p taskdef.Problem) {
			s.notes.Warnings = append(s.notes.Warnings, fmt.Sprintf("%s:%d:%d: %s", source, p.Line, p.Column, p.Reason))
		},
		Expanded: func(e taskdef.Expansion) {
			s.notes.Variables = append(s.notes.Variables, source+":"+e.String())
		},
	}
	if s.NoVariables {
		options.Variable = nil
	}
	d, err := taskdef.Parse(source, text, options)
	if refused := guard.refusal(source, text); refused != nil {
		return taskdef.Definition{}, refused
	}
	return d, err
}

// Policy is the policy that the settings ask for.
func (s *Settings) Policy() deploy.Policy {
	return deploy.Policy{
		NoWait: s.NoWait, IfInProgress: deploy.IfInProgress(s.IfInProgress), KeepDefinitions: s.MaxDefinitions,
		OnInterrupt: deploy.OnInterrupt(s.OnInterrupt), RollbackOnFailure: s.RollbackOnFailure, Strict: s.Strict, Watch: s.WatchOptions(),
	}
}

// WatchOptions turns the settings into how far and how long a deployment is
// followed.
func (s *Settings) WatchOptions() deploy.WatchOptions {
	return deploy.WatchOptions{Until: rollout.Until(s.Until), RunningTimeout: s.Timeout, CompleteTimeout: s.CompleteTimeout, OnPause: deploy.OnPause(s.OnPause)}
}
