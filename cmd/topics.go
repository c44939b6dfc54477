package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
)

// topics are help pages: ecs-deploy help exit-codes.
func (a *app) topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesHelp},
		{Use: "environment", Short: "The environment variables", Long: environmentHelp(a.settings.Keys())},
	}
}

const exitCodesHelp = `Codes 1, 2, 3, 4 and 10 mean that the service is untouched. Once ECS has accepted
an update, only the others occur.

    0   succeeded, unchanged, updated (settings only), running (--until running),
        started (--no-wait)
    1   error: anything not below
    2   there is something to change: only with --exit-code, on diff,
        deploy --dry-run and rollback-preview
    3   usage or configuration: a bad flag or file, an image that matches no
        container, a service that does not exist or cannot be deployed to
    4   credentials or permission
    5   failed: the deployment failed and was not rolled back
    6   rolled back: ECS returned to the earlier revision, and it is serving
    7   gave up waiting: a limit passed, or ECS could no longer be asked; the
        rollout goes on
    8   superseded: somebody else's newer deployment took over, or somebody
        stopped this one
    9   paused: the deployment waits for a person at a pause hook
   10   busy: another deployment was in progress, or another revision was in
        service than --expect-revision names
  130   interrupted; the rollout goes on, or was rolled back where
        --on-interrupt rollback asked for it; or the question was answered no`

func environmentHelp(keys []config.Key) string {
	var b strings.Builder
	b.WriteString(`A flag wins over its variable, a variable over the target that --target names in
the file ecs-deploy.yaml, and a target over the file's defaults. An empty variable
counts as absent. Lists are separated by commas. A variable that has no effect is
warned of.

`)
	for _, key := range keys {
		if key.Source.InEnv() {
			fmt.Fprintf(&b, "  %-34s --%s\n", key.Env(), key.Name)
		}
	}
	b.WriteString(`
The variables of AWS mean what they mean everywhere: AWS_REGION,
AWS_DEFAULT_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_ENDPOINT_URL_ECS, AWS_CA_BUNDLE and the others. NO_COLOR
and CLICOLOR_FORCE switch colours.`)
	return b.String()
}
