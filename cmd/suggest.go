package cmd

// The command lines that an outcome suggests to type next.

import (
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/printable"
)

// command is a command line that goes on with a deployment: the same settings,
// other words. It is "" if something in it cannot be typed.
func (a *app) command(d deploy.Deployment, words ...string) string {
	s := a.settings
	line := append([]string{"ecs-deploy", words[0], "-c", lastPart(d.Cluster), "-n", lastPart(d.Service)}, words[1:]...)
	give := func(flag, value string) {
		if value != "" {
			line = append(line, flag, value)
		}
	}
	if a.fromFile { // which would add its image and edits, and may ask for a target
		give("--config", noFile)
	}
	switch {
	case s.Scenario != "":
		give("--scenario", s.Scenario)
	case s.Simulate:
		line = append(line, "--simulate")
	default:
		give("-r", s.Region)
		give("-p", s.Profile)
		give("-a", s.AssumeRole)
		give("--external-id", s.ExternalID)
		give("--role-session-name", s.RoleSessionName)
		give("--mfa-serial", s.MFASerial)
		give("--endpoint-url", s.EndpointURL)
	}
	return printable.Command(line...)
}

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// quote is a word as a shell takes it. One that cannot be printed as it is stands
// for itself: the word NAME.
func quote(word string) string {
	if quoted, ok := printable.Shell(word); ok {
		return quoted
	}
	return "NAME"
}
