package cmd

// The command lines that an outcome suggests to type next.

import (
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// command is a command line that goes on with a deployment: the same settings,
// other words.
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
	for i, word := range line {
		line[i] = quote(word)
	}
	return strings.Join(line, " ")
}

func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// quote makes a word safe for a shell.
func quote(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t\n'\"\\$`&|;<>()*?[]{}~#!") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
