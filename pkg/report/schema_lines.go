package report

// The tables of the schemas: the lines of the stream, the results, and the words that
// are ours. Words of ECS, such as statuses and stages, are open: AWS adds to them.

import (
	"reflect"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/fleet"
	"github.com/ecs-deploy/ecs-deploy/pkg/preflight"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// streamLine is a type of line of the NDJSON stream.
type streamLine struct {
	// Type is its type, When says when it comes.
	Type, When string
	// Always are the fields that it always has, beside those of every event, and
	// Sometimes those that may be absent.
	Always, Sometimes []string
	// value is what is encoded if the line is no event.
	value any
}

// streamLines has a row for each type.
var streamLines = []streamLine{
	{Type: "version", When: "first", value: versionObject{}},
	{Type: string(deploy.EventPlan), When: "when the plan is made", Always: []string{"plan"}},
	{Type: string(deploy.EventRegistered), When: "a revision was registered", Always: []string{"taskDefinition"}, Sometimes: []string{"tag"}},
	{Type: string(deploy.EventUpdated), When: "ECS accepted the update", Always: []string{"deployment"}, Sometimes: []string{"service"}},
	{Type: string(deploy.EventProgress), When: "a count or a state changed", Always: []string{"service"}, Sometimes: []string{"serviceDeployment"}},
	{Type: string(deploy.EventService), When: "ECS wrote a service event", Always: []string{"serviceEvent"}},
	{Type: string(deploy.EventCause), When: "a task stopped for a new cause", Always: []string{"cause"}},
	{Type: string(deploy.EventTargets), When: "the health of the load balancer's targets changed", Always: []string{"targetGroups"}},
	{Type: string(deploy.EventHeartbeat), When: "nothing was reported for a while", Always: []string{"message"}},
	{Type: string(deploy.EventLimit), When: "the deployment may take longer than usual", Always: []string{"message"}},
	{Type: string(deploy.EventPaused), When: "the deployment is paused, and ecs-deploy waits", Always: []string{"hook", "deployment"}, Sometimes: []string{"serviceDeployment"}},
	{Type: string(deploy.EventContinued), When: "a pause was continued", Always: []string{"hook", "deployment"}},
	{Type: string(deploy.EventWarning), When: "there is something to know", Always: []string{"message"}},
	{Type: string(deploy.EventDeregistered), When: "an old revision was deregistered", Always: []string{"taskDefinition"}, Sometimes: []string{"tag"}},
	{Type: string(deploy.EventTaskPlan), When: "the plan of a one-off task is made", Always: []string{"taskPlan"}},
	{Type: string(deploy.EventTask), When: "a one-off task started, or its state changed", Always: []string{"task"}},
	{Type: string(deploy.EventLog), When: "a container wrote a line", Always: []string{"log"}},
	{Type: string(deploy.EventTaskEnded), When: "a task before or after a deployment ended", Always: []string{"taskOutcome"}},
	{Type: EventMemberOutcome, When: "one service of several ended", value: memberLine{}},
	{Type: string(deploy.EventOutcome), When: "last: how the command ended. That of several services has members; that of run has container"},
}

// resultForms has a row for each result.
var resultForms = []ResultForm{
	{"status-result", "status", deploy.Status{}},
	{"history-result", "history", deploy.History{}},
	{"tasks-result", "tasks", deploy.TaskList{}},
	{"plan-result", "diff, deploy --dry-run and rollback-preview", planObject{}},
	{"plans-result", "the same commands, if several targets are chosen", fleetPlanObject{}},
	{"prune-result", "prune", pruningObject{}},
	{"check-result", "check, also if several targets are chosen", preflightObject{}},
	{"members-result", "status, history and prune, if several targets are chosen", membersObject{}},
}

// typeNames are the names of types whose own name is that of another type.
var typeNames = map[reflect.Type]string{
	reflect.TypeFor[rollout.Deployment](): "listedDeployment",
	reflect.TypeFor[deploy.LogLine]():     "log",
	reflect.TypeFor[rollout.Log]():        "logEnd",
	reflect.TypeFor[taskObject]():         "runOutcome",
	reflect.TypeFor[fleetObject]():        "fleetOutcome",
	reflect.TypeFor[memberObject]():       "memberOutcome",
}

// spans are the fields that types write themselves, as a number of seconds.
var spans = map[reflect.Type]string{
	reflect.TypeFor[rollout.Wait]():    "leftSeconds",
	reflect.TypeFor[deploy.TaskStep](): "timeoutSeconds",
}

// closedWords are the values of the types whose words are ours.
var closedWords = map[reflect.Type][]any{
	reflect.TypeFor[rollout.Verdict]():           words(rollout.Verdicts()...),
	reflect.TypeFor[rollout.Kind]():              words(rollout.Kinds()...),
	reflect.TypeFor[rollout.EndedBy]():           words(rollout.EndedByHook, rollout.EndedByPause, rollout.EndedByAlarm, rollout.EndedByBreaker, rollout.EndedByRequest, rollout.EndedByRules),
	reflect.TypeFor[deploy.Action]():             words(deploy.ActionNone, deploy.ActionSettings, deploy.ActionDeploy, deploy.ActionRestart, deploy.ActionJoin, deploy.ActionStop, deploy.ActionFollow),
	reflect.TypeFor[deploy.CheckState]():         words(deploy.CheckOK, deploy.NotChecked, deploy.CheckWarning, deploy.CheckProblem),
	reflect.TypeFor[preflight.PermissionState](): words(preflight.PermissionOK, preflight.PermissionDenied, preflight.PermissionUnknown),
	reflect.TypeFor[preflight.Source]():          words(preflight.ByCall, preflight.BySimulation),
	reflect.TypeFor[deploy.SubjectKind]():        words(deploy.SubjectService, deploy.SubjectTask),
}

// fieldForms are the forms of single fields, by definition and name.
var fieldForms = func() node {
	outcome := node{"const": string(deploy.EventOutcome)}
	member := node{"const": EventMemberOutcome}
	ofOne := node{"enum": closedWords[reflect.TypeFor[rollout.Verdict]()]}
	ofMember := node{"enum": append(words(rollout.Verdicts()...), fleet.NotStarted)}
	version := node{"type": "string", "pattern": "^" + major(Schema) + `\.[0-9]+$`}
	return node{
		"version.type": node{"const": "version"}, "version.schema": version,
		"outcome.type": outcome, "outcome.schema": version, "outcome.verdict": ofOne,
		"runOutcome.type": outcome, "runOutcome.schema": version,
		"fleetOutcome.type": outcome, "fleetOutcome.schema": version, "fleetOutcome.verdict": ofOne,
		"memberOutcome.type": member, "memberOutcome.schema": version, "memberOutcome.verdict": ofMember,
		"memberLine.type": member, "memberLine.schema": version, "memberLine.verdict": ofMember,
		"wait.for":      node{"enum": words(rollout.WaitBake, rollout.WaitStep, rollout.WaitHook, rollout.WaitPause)},
		"member.result": node{"anyOf": []any{ref("status-result"), ref("history-result"), ref("prune-result")}},
	}
}()

func words[T any](all ...T) []any {
	var values []any
	for _, word := range all {
		values = append(values, word)
	}
	return values
}

// major is the first number of a version.
func major(version string) string {
	number, _, _ := strings.Cut(version, ".")
	return number
}
