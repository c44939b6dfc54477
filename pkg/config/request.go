package config

import (
	"fmt"
	"os"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/image"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

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

// Request turns the settings into what the library takes. It reads the task
// definition's file, if one is named.
func (s *Settings) Request() (deploy.Request, error) {
	r := deploy.Request{
		Cluster: s.Cluster, Service: s.Service, TaskDefinition: s.TaskDefinition,
		DesiredCount: s.DesiredCount, MinimumHealthyPercent: s.Min, MaximumPercent: s.Max,
		ForceNewDeployment: s.ForceNewDeployment, IfUnchanged: deploy.IfUnchanged(s.IfUnchanged), ExpectRevision: s.ExpectRevision,
	}
	var err error
	if r.Images, err = s.taggedImages(); err != nil {
		return deploy.Request{}, err
	}
	if s.TaskDefinitionFile != "" {
		text, err := os.ReadFile(s.TaskDefinitionFile)
		if err != nil {
			return deploy.Request{}, &Error{Problem: "the task definition cannot be read: " + err.Error(), Remedy: "name a file with --task-definition-file"}
		}
		if r.Definition, err = deploy.ParseDefinition(s.TaskDefinitionFile, text); err != nil {
			return deploy.Request{}, err
		}
	}
	return r, nil
}

// taggedImages gives images typed without a tag the one that the variable named
// by tag-env-var holds.
func (s *Settings) taggedImages() ([]string, error) {
	if s.TagEnvVar == "" {
		return s.Images, nil
	}
	tag := os.Getenv(s.TagEnvVar)
	if tag == "" {
		return nil, &Error{Problem: fmt.Sprintf("the variable %s, named by --tag-env-var, is not set", s.TagEnvVar), Remedy: "set it to the tag to deploy"}
	}
	if len(s.Images) == 0 {
		return nil, &Error{Problem: "--tag-env-var gives a tag, but no image is named", Remedy: "name it with -i IMAGE"}
	}
	var images []string
	for _, text := range s.Images {
		ref, err := image.Parse(text)
		if err != nil {
			return nil, err
		}
		if ref.Tag() != "" || ref.Digest() != "" {
			return nil, &Error{Problem: fmt.Sprintf("%s has a tag or digest, and --tag-env-var gives another", text), Remedy: "leave one of them out"}
		}
		images = append(images, text+":"+tag)
	}
	return images, nil
}

// Policy turns the settings into how a request is gone about.
func (s *Settings) Policy() deploy.Policy {
	return deploy.Policy{
		NoWait: s.NoWait, IfInProgress: deploy.IfInProgress(s.IfInProgress), KeepDefinitions: s.MaxDefinitions,
		OnInterrupt: deploy.OnInterrupt(s.OnInterrupt), RollbackOnFailure: s.RollbackOnFailure, Watch: s.WatchOptions(),
	}
}

// WatchOptions turns the settings into how far and how long a deployment is
// followed.
func (s *Settings) WatchOptions() deploy.WatchOptions {
	return deploy.WatchOptions{Until: rollout.Until(s.Until), RunningTimeout: s.Timeout, CompleteTimeout: s.CompleteTimeout}
}
