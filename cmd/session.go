package cmd

// A session of ExecuteCommand, opened by AWS's session-manager-plugin. The plugin gets what
// the AWS CLI gives it (awscli/customizations/ecs/executecommand.py), except for the
// endpoint: the plugin resumes a session at an endpoint of Systems Manager, and the AWS CLI
// passes that of ECS.

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

const (
	// sessionVariable has the answer of ECS, with the token of the session, for a plugin that
	// reads it. Other users of the machine can see arguments, and not variables.
	sessionVariable = "AWS_SSM_START_SESSION_RESPONSE"
	// versionLimit bounds the question for the version of the plugin.
	versionLimit = 5 * time.Second
)

// lastWithoutVariable is the last version of the plugin that takes an argument only.
var lastWithoutVariable = []int{1, 2, 497, 0}

// openSession has the plugin open a session, and returns its exit code. Ctrl-C is for the
// command in the container; SIGTERM and SIGHUP are passed on to the plugin.
func (a *app) openSession(ctx context.Context, plugin string, session deploy.ExecSession) error {
	answer, err := json.Marshal(session.Session)
	if err != nil {
		return err
	}
	target, err := json.Marshal(map[string]string{"Target": session.Target})
	if err != nil {
		return err
	}
	first, environ := string(answer), os.Environ()
	if takesVariable(ctx, plugin) {
		first, environ = sessionVariable, append(environ, sessionVariable+"="+first)
	}
	profile := cmp.Or(a.settings.Profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"))
	run := exec.Command(plugin, first, session.Region, "StartSession", profile, string(target), sessionEndpoint(session.Region))
	run.Stdin, run.Stdout, run.Stderr, run.Env = a.streams.In, os.Stdout, os.Stderr, environ
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, append([]os.Signal{syscall.SIGTERM, syscall.SIGHUP}, terminalSignals...)...)
	defer signal.Stop(signals)
	if err := run.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case s := <-signals:
				if !slices.Contains(terminalSignals, s) { // the terminal sends those to the plugin itself
					_ = run.Process.Signal(s)
				}
			case <-ended:
				return
			}
		}
	}()
	return sessionEnd(run.Wait())
}

// sessionEnd is the end of the plugin as an exit code: its own, or as in a shell 128 and the
// number of the signal that ended it.
func sessionEnd(err error) error {
	var ended *exec.ExitError
	if !errors.As(err, &ended) {
		return err
	}
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitStatus(128 + int(status.Signal()))
	}
	return exitStatus(ended.ExitCode())
}

// takesVariable reports whether the plugin reads the answer of ECS from a variable.
func takesVariable(ctx context.Context, plugin string) bool {
	ctx, cancel := context.WithTimeout(ctx, versionLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, plugin, "--version").Output()
	if err != nil {
		return false
	}
	var version []int
	for part := range strings.SplitSeq(strings.TrimSpace(string(out)), ".") {
		number, err := strconv.Atoi(part)
		if err != nil {
			return false
		}
		version = append(version, number)
	}
	return slices.Compare(version, lastWithoutVariable) > 0
}

// sessionEndpoint is the endpoint of Systems Manager in a region (AWS General Reference).
func sessionEndpoint(region string) string {
	domain := "amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		domain += ".cn"
	}
	return "https://ssm." + region + "." + domain
}
