package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/docs"
	"github.com/ecs-deploy/ecs-deploy/pkg/config"
)

// topics are help pages: ecs-deploy help exit-codes.
func (a *app) topics() []*cobra.Command {
	topics := []*cobra.Command{
		{Use: "exit-codes", Short: "Meaning of the exit codes", Long: exitCodesHelp},
		{Use: "environment", Short: "Environment variables", Long: environmentHelp(a.settings.Keys())},
		{Use: "simulate", Short: "Trying commands without an AWS account", Long: simulateHelp},
		{Use: "strategies", Short: "Rolling, blue/green, linear and canary deployments", Long: strategiesHelp},
		{Use: "templates", Short: "Variables in task definition files", Long: templatesHelp},
	}
	var list strings.Builder
	list.WriteString("A topic for each reason why a deployment fails:\n\n")
	for _, p := range docs.Problems() {
		fmt.Fprintf(&list, "  ecs-deploy help %-18s %s\n", p.Name, p.Title)
		topics = append(topics, &cobra.Command{Use: p.Name, Short: p.Title, Long: p.Title + "\n\n" + p.Plain(), Hidden: true})
	}
	return append(topics, &cobra.Command{Use: "troubleshooting", Short: "Why deployments fail, and what to do", Long: strings.TrimSpace(list.String())})
}

const exitCodesHelp = `Codes 1, 2, 3, 4 and 10 mean that no service was changed. So does 11, unless it was a
task that verifies a deployment. After ECS accepts an update, only the other codes
occur.

    0   succeeded, unchanged, updated (settings only), running (--until running),
        started (--no-wait)
    1   error: anything else; also diff, deploy --dry-run and
        rollback-preview that found a problem
    2   changes pending: only with --exit-code, on diff,
        deploy --dry-run and rollback-preview
    3   usage or configuration: a bad flag or file, an image that matches no
        container, a service that does not exist or cannot be deployed to
    4   credentials or permission
    5   failed: the deployment failed and was not rolled back
    6   rolled back: the earlier revision is running again
    7   timed out: a time limit was reached, or ECS became unreachable; the
        rollout continues
    8   superseded: a newer deployment replaced this one, or somebody
        stopped it
    9   paused: the deployment waits at a pause hook for a person
   10   busy: another deployment was in progress, or the running revision is not
        the one given with --expect-revision
   11   task failed: a one-off task (run, or before a deployment) ended with
        another exit code than 0, or never started; or a task that verifies a
        deployment failed, and the new revision is running
  130   interrupted: the rollout continues, or was rolled back if you passed
        --on-interrupt rollback; or you answered no to the question`

func environmentHelp(keys []config.Key) string {
	var b strings.Builder
	b.WriteString(`A flag overrides its variable, a variable overrides the target in ecs-deploy.yaml,
and a target overrides the file's defaults. An empty variable counts as not set.
Separate the elements of a list with commas. You get a warning about any
ECS_DEPLOY_ variable that has no effect.

`)
	for _, key := range keys {
		if key.Source.InEnv() {
			fmt.Fprintf(&b, "  %-34s --%s\n", key.Env(), key.Name)
		}
	}
	b.WriteString(`
The variables of AWS have their usual meaning: AWS_REGION,
AWS_DEFAULT_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_ENDPOINT_URL_ECS, AWS_CA_BUNDLE and the others. NO_COLOR
and CLICOLOR_FORCE control colors.`)
	return b.String()
}
