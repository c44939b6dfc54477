package cmd

// The command lines that are printed to be typed next. Each works as it is printed:
// it names what the settings file does not say again by itself, and is quoted for a
// shell.

import (
	"regexp"
	"strings"
	"sync"

	"github.com/ecs-deploy/ecs-deploy/pkg/arn"
	"github.com/ecs-deploy/ecs-deploy/pkg/config"
	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

// command is a command line that continues a deployment: the same settings with another
// command.
func (a *app) command(d deploy.Deployment, words ...string) string {
	cluster, service := arn.ShortName(d.Cluster), arn.ShortName(d.Service)
	for _, m := range a.members {
		if arn.ShortName(m.settings.Service) == service && arn.ShortName(m.settings.Cluster) == cluster {
			return m.line(cluster, service, words...)
		}
	}
	return a.line(cluster, service, words...)
}

// lineOfAll is a command line about some targets of a run.
func (a *app) lineOfAll(targets []string, words ...string) string {
	l := commandLine{words: append([]string{"ecs-deploy"}, words...), settings: a.settings, file: true}
	if list := strings.Join(targets, ","); strings.Count(list, ",") == len(targets)-1 && len(targets) > 1 {
		l.give("--target", list)
	} else {
		for _, target := range targets {
			l.give("--target", target)
		}
	}
	l.give("--config", a.settings.Config)
	if !l.fromFile("cluster") {
		l.give("-c", arn.ShortName(a.settings.Cluster))
	}
	l.access()
	return shell.Join(l.words...)
}

// line is a command line about a service, with the flags that find it again.
func (a *app) line(cluster, service string, words ...string) string {
	l := commandLine{words: []string{"ecs-deploy", words[0]}, settings: a.settings, file: a.fromFile}
	if !l.fromFile("cluster") || arn.ShortName(a.settings.Cluster) != cluster {
		l.give("-c", cluster)
	}
	if !l.fromFile("service-name") || arn.ShortName(a.settings.Service) != service {
		l.give("-n", service)
	}
	l.words = append(l.words, words[1:]...)
	if words[0] == "wait" {
		l.give("--deployment", a.settings.Deployment)
	}
	switch {
	case l.file:
		l.give("--config", a.settings.Config)
		l.give("--target", a.settings.Target)
	case a.fromFile || a.settings.Config == noFile:
		l.give("--config", noFile)
	}
	l.access()
	return shell.Join(l.words...)
}

// commandLine is a command line that is put together.
type commandLine struct {
	words    []string
	settings *config.Settings
	file     bool // it reads the settings file again
}

// give adds a flag, unless its value is empty.
func (l *commandLine) give(flag, value string) {
	if value != "" {
		l.words = append(l.words, flag, value)
	}
}

// fromFile reports whether a key need not be given, because the settings file gives
// it again.
func (l *commandLine) fromFile(key string) bool {
	layer := l.settings.Origin(key).Layer
	return l.file && (layer == config.Defaults || layer == config.Target)
}

// access adds the flags by which the same account and region, or the same simulated
// world, are found. Keys are never printed.
func (l *commandLine) access() {
	s := l.settings
	switch {
	case s.Scenario != "":
		l.give("--scenario", s.Scenario)
		return
	case s.Simulate:
		l.words = append(l.words, "--simulate")
		return
	}
	for _, access := range []struct{ flag, key, value string }{
		{"-r", "region", s.Region}, {"-p", "profile", s.Profile}, {"-a", "assume-role", s.AssumeRole},
		{"--external-id", "external-id", s.ExternalID}, {"--role-session-name", "role-session-name", s.RoleSessionName},
		{"--mfa-serial", "mfa-serial", s.MFASerial}, {"--endpoint-url", "endpoint-url", s.EndpointURL},
	} {
		if !l.fromFile(access.key) {
			l.give(access.flag, access.value)
		}
	}
}

// bare matches commands in a hint or a warning of the library, which cannot say how
// the service is found here.
var bare = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\becs-deploy (wait\b|status\b|history\b|check\b|continue\b|iam-policy\b|render\b|rollback-preview\b|rollback\b)(?: (?:--to|-d|--for) [\w:/,-]+| --pin-digest| --yes)*`)
})

// whole gives the commands in a hint or a warning the flags with which they can be
// pasted.
func (a *app) whole(hint string) string { return a.wholeFor(a.settings.Ref(), hint) }

// wholeFor is whole about a service that the settings may only find by its family.
func (a *app) wholeFor(service deploy.Ref, hint string) string {
	if service.Service == "" || !strings.Contains(hint, "ecs-deploy ") {
		return hint
	}
	return bare().ReplaceAllStringFunc(hint, func(found string) string {
		return a.line(arn.ShortName(service.Cluster), arn.ShortName(service.Service), strings.Fields(found)[1:]...)
	})
}

// pastable is a plan whose warnings and checks have commands that can be pasted.
func (a *app) pastable(plan *deploy.Plan) *deploy.Plan {
	shown := *plan
	shown.Warnings, shown.Checks = nil, nil
	for _, warning := range plan.Warnings {
		shown.Warnings = append(shown.Warnings, a.wholeFor(plan.Ref, warning))
	}
	whole := func(check deploy.Check) deploy.Check {
		check.Detail, check.Remedy = a.wholeFor(plan.Ref, check.Detail), a.wholeFor(plan.Ref, check.Remedy)
		return check
	}
	for _, check := range plan.Checks {
		shown.Checks = append(shown.Checks, whole(check))
	}
	if plan.WayBack != nil {
		back := whole(*plan.WayBack)
		shown.WayBack = &back
	}
	return &shown
}
