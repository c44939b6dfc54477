// Package iam knows what ecs-deploy asks of AWS IAM: one table of actions, and the least
// policy made of it. A test plays every scenario of the simulator under that policy.
package iam

import "slices"

// Feature is a use of ecs-deploy that needs more permissions than the command alone.
type Feature string

// The features.
const (
	// Always: the command alone.
	Always Feature = ""
	// ByFamily: the service is found by the family of its task definition (-d, no -n).
	ByFamily Feature = "-d without -n"
	// Registering: a revision is registered again, or one-off tasks with edits.
	Registering Feature = "a new revision"
	// Pinning is --pin-digest.
	Pinning Feature = "--pin-digest"
	// Tidying is --max-definitions.
	Tidying Feature = "--max-definitions"
	// Interrupting is --on-interrupt rollback.
	Interrupting Feature = "--on-interrupt rollback"
	// Continuing is --on-pause continue.
	Continuing Feature = "--on-pause continue"
	// Shifting: the deployments of the service shift traffic.
	Shifting Feature = "a strategy that shifts traffic"
	// Steps are tasks before or after a deployment.
	Steps Feature = "before or verify"
	// Tags: the task definition has tags.
	Tags Feature = "tags"
	// Propagating: the service propagates tags to its tasks.
	Propagating Feature = "propagated tags"
)

// Features are all features except [Always], in the order of the documentation.
func Features() []Feature {
	return []Feature{ByFamily, Registering, Pinning, Tidying, Interrupting, Continuing, Shifting, Steps, Tags, Propagating}
}

// Scope is the kind of resource that an action is about.
type Scope string

// The scopes. What they are for one service is decided by [Subject].
const (
	// Everything is "*": the action takes no resource, or none that is known before.
	Everything Scope = "any"
	// OneService is the service.
	OneService Scope = "service"
	// ClusterServices are all services of the cluster.
	ClusterServices Scope = "services of the cluster"
	// Deployments and ServiceRevisions are those of the service.
	Deployments      Scope = "service deployments"
	ServiceRevisions Scope = "service revisions"
	// ClusterTasks are the tasks of the cluster, Instances its container instances.
	ClusterTasks Scope = "tasks of the cluster"
	Instances    Scope = "container instances"
	// Cluster is the cluster.
	Cluster Scope = "cluster"
	// Family are the revisions of the family.
	Family Scope = "family"
	// Roles are the roles of the task definition, LogGroups its log groups, Secrets and
	// Parameters what its containers read, Repositories the ECR repositories of its images.
	Roles        Scope = "roles"
	LogGroups    Scope = "log groups"
	Secrets      Scope = "secrets"
	Parameters   Scope = "parameters"
	Repositories Scope = "repositories"
	// HookLogs are the log groups of the functions of lifecycle hooks.
	HookLogs Scope = "log groups of functions"
)

// Condition is a condition of a statement.
type Condition string

// The conditions.
const (
	// Unconditional: none.
	Unconditional Condition = ""
	// InCluster limits an action without a resource to the cluster (ecs:cluster).
	InCluster Condition = "ecs:cluster"
	// ToTasks allows to pass a role to tasks alone (iam:PassedToService).
	ToTasks Condition = "iam:PassedToService"
)

// Permission is one row of the table.
type Permission struct {
	// Action is the action's name in a policy.
	Action string
	// Scope is what the action is about, Condition what limits it.
	Scope     Scope
	Condition Condition
	// Needs say which commands use it.
	Needs []Need
	// Lost is what is missing without the permission, where it is advised.
	Lost string
}

// Need is why a permission is needed.
type Need struct {
	// Feature limits it to uses of the commands.
	Feature Feature
	// Commands are the names of subcommands.
	Commands []string
	// Advised: the commands work without, and Lost says what is missing then.
	Advised bool
}

// Commands are the commands that ask AWS, in the order of the documentation.
func Commands() []string {
	return []string{
		"deploy", "diff", "render", "wait", "status", "history", "rollback-preview", "rollback",
		"continue", "stop", "run", "tasks", "logs", "exec", "prune", "init", "check",
	}
}

// required is a need without which the commands fail.
func required(feature Feature, commands ...string) Need {
	return Need{Feature: feature, Commands: commands}
}

// advised is a need without which the commands say less.
func advised(feature Feature, commands ...string) Need {
	return Need{Feature: feature, Commands: commands, Advised: true}
}

// everyCommand is a need of all commands.
func everyCommand() []Need { return []Need{required(Always, Commands()...)} }

// Permissions is the table.
func Permissions() []Permission {
	const (
		lessHistory = "the reason that ECS gives for a rollback, the count of the circuit breaker, pause hooks, and the list of past deployments: a rollback target is then a guess"
		lessCauses  = "the causes of a failure"
		unchecked   = "one check of the plan"
		forecast    = "part of the forecast"
	)
	watches := []string{"deploy", "wait", "status", "rollback", "continue", "stop"}
	plans := []string{"deploy", "diff", "rollback-preview", "rollback"}
	checks := func(action string, scope Scope) Permission {
		return Permission{Action: action, Scope: scope, Needs: []Need{advised(Always, plans...)}, Lost: unchecked}
	}
	return []Permission{
		{Action: "ecs:DescribeServices", Scope: OneService, Needs: everyCommand()},
		{Action: "ecs:DescribeServices", Scope: ClusterServices, Needs: []Need{
			required(ByFamily, "deploy", "diff", "render"), required(Tidying, "deploy"), required(Always, "prune"),
		}},
		{Action: "ecs:ListServices", Scope: Everything, Condition: InCluster, Needs: []Need{
			required(ByFamily, "deploy", "diff", "render"), required(Tidying, "deploy"), required(Always, "prune", "init"),
		}},
		{Action: "ecs:DescribeTaskDefinition", Scope: Everything, Needs: []Need{
			required(Always, "deploy", "diff", "render", "rollback-preview", "rollback", "run", "tasks", "logs", "prune", "init", "check"),
			advised(Always, "wait", "status", "history"),
		}, Lost: "the tags of images, and where the logs are"},
		{Action: "ecs:RegisterTaskDefinition", Scope: Everything, Needs: []Need{required(Always, "deploy"), required(Registering, "rollback", "run")}},
		{Action: "iam:PassRole", Scope: Roles, Condition: ToTasks, Needs: []Need{required(Always, "deploy", "rollback", "run")}},
		{Action: "ecs:UpdateService", Scope: OneService, Needs: []Need{required(Always, "deploy", "rollback")}},
		{Action: "ecs:TagResource", Scope: Family, Needs: []Need{required(Tags, "deploy", "rollback", "run")}},
		{Action: "ecs:TagResource", Scope: ClusterTasks, Needs: []Need{required(Tags, "run"), required(Propagating, "run"), required(Steps, "deploy")}},
		{Action: "ecs:ListTagsForResource", Scope: OneService, Needs: []Need{required(Propagating, "run"), required(Steps, "deploy")}},

		{Action: "ecs:ListServiceDeployments", Scope: OneService, Needs: []Need{advised(Always, append([]string{"diff", "history", "rollback-preview"}, watches...)...), required(Always, "continue", "stop")}, Lost: lessHistory},
		{Action: "ecs:ListServiceDeployments", Scope: ClusterServices, Needs: []Need{required(Always, "prune"), required(Tidying, "deploy")}},
		{Action: "ecs:DescribeServiceDeployments", Scope: Deployments, Needs: []Need{advised(Always, append([]string{"history", "rollback-preview"}, watches...)...), required(Always, "continue", "stop")}, Lost: lessHistory},
		{Action: "ecs:DescribeServiceRevisions", Scope: ServiceRevisions, Needs: []Need{
			advised(Always, append([]string{"diff", "history", "rollback-preview"}, watches...)...), required(Always, "prune"), required(Tidying, "deploy"),
		}, Lost: "the digests that ran, and one of two ways to find the deployment's record"},
		{Action: "ecs:StopServiceDeployment", Scope: Deployments, Needs: []Need{required(Interrupting, "deploy"), required(Always, "stop"), advised(Always, "rollback")},
			Lost: "ECS's own rollback: the earlier revision is deployed over the deployment in progress instead"},

		{Action: "ecs:ContinueServiceDeployment", Scope: Deployments, Needs: []Need{required(Always, "continue"), required(Continuing, "deploy", "wait")}},

		{Action: "ecs:ListTasks", Scope: Everything, Condition: InCluster, Needs: []Need{
			required(Always, "tasks", "logs", "exec", "prune"), required(Tidying, "deploy"), required(Steps, "deploy"),
			advised(Always, append([]string{"diff", "rollback-preview", "run"}, watches...)...),
		}, Lost: lessCauses},
		{Action: "ecs:DescribeTasks", Scope: ClusterTasks, Needs: []Need{
			required(Always, "run", "tasks", "logs", "exec", "prune"), required(Tidying, "deploy"), required(Steps, "deploy"),
			advised(Always, append([]string{"diff", "rollback-preview"}, watches...)...),
		}, Lost: lessCauses},
		{Action: "logs:GetLogEvents", Scope: LogGroups, Needs: []Need{required(Always, "logs"), advised(Always, append([]string{"run"}, watches...)...)},
			Lost: "the last lines of a container that failed, and the log of a one-off task"},
		{Action: "logs:FilterLogEvents", Scope: LogGroups, Needs: []Need{required(Always, "logs")}},
		{Action: "logs:FilterLogEvents", Scope: HookLogs, Needs: []Need{advised(Shifting, watches...)}, Lost: "the last lines of a function that failed a deployment"},
		{Action: "elasticloadbalancing:DescribeRules", Scope: Everything, Needs: []Need{advised(Shifting, append([]string{"diff", "rollback-preview"}, watches...)...)}, Lost: "whether the traffic goes where it should"},
		{Action: "elasticloadbalancing:DescribeListeners", Scope: Everything, Needs: []Need{advised(Shifting, append([]string{"diff", "rollback-preview"}, watches...)...)}, Lost: "whether the traffic goes where it should"},
		{Action: "elasticloadbalancing:DescribeTargetHealth", Scope: Everything, Needs: []Need{advised(Always, watches...)}, Lost: "the health of the targets"},
		{Action: "elasticloadbalancing:DescribeTargetGroups", Scope: Everything, Needs: []Need{advised(Always, plans...)}, Lost: forecast},
		{Action: "elasticloadbalancing:DescribeTargetGroupAttributes", Scope: Everything, Needs: []Need{advised(Always, plans...)}, Lost: forecast},

		{Action: "ecr:DescribeImages", Scope: Repositories, Needs: []Need{
			required(Pinning, "deploy", "diff", "render", "rollback"), advised(Always, append([]string{"render"}, plans...)...),
		}, Lost: "whether a tag was pushed again, and whether an image is still there"},
		checks("iam:GetRole", Roles),
		{Action: "iam:SimulatePrincipalPolicy", Scope: Everything, Needs: []Need{advised(Always, "check")}, Lost: "whether the permissions to write are there"},
		checks("secretsmanager:DescribeSecret", Secrets),
		checks("ssm:GetParameters", Parameters),
		checks("cloudwatch:DescribeAlarms", Everything),
		checks("application-autoscaling:DescribeScalableTargets", Everything),
		{Action: "ecs:ListContainerInstances", Scope: Cluster, Needs: []Need{advised(Always, plans...)}, Lost: unchecked},
		{Action: "ecs:DescribeContainerInstances", Scope: Instances, Needs: []Need{advised(Always, plans...)}, Lost: unchecked},

		{Action: "ecs:RunTask", Scope: Family, Condition: InCluster, Needs: []Need{required(Always, "run"), required(Steps, "deploy")}},
		{Action: "ecs:StopTask", Scope: ClusterTasks, Needs: []Need{advised(Always, "run"), advised(Steps, "deploy")},
			Lost: "Ctrl-C and --timeout cannot stop the task"},
		{Action: "ecs:ExecuteCommand", Scope: ClusterTasks, Needs: []Need{required(Always, "exec")}},
		{Action: "ecs:ListTaskDefinitions", Scope: Everything, Needs: []Need{
			required(Always, "prune"), required(Tidying, "deploy"), advised(Always, "rollback-preview", "rollback", "history"),
		}, Lost: "a rollback target if ECS shows no past deployments"},
		{Action: "ecs:DeregisterTaskDefinition", Scope: Everything, Needs: []Need{required(Always, "prune"), required(Tidying, "deploy")}},
	}
}

// needed reports whether uses of commands need the permission, and whether it is only
// advised for all of them.
func (p Permission) needed(u Uses) (needed, onlyAdvised bool) {
	onlyAdvised = true
	for _, need := range p.Needs {
		uses := need.Feature == Always || slices.Contains(u.Features, need.Feature)
		if uses && slices.ContainsFunc(need.Commands, func(c string) bool { return slices.Contains(u.Commands, c) }) {
			needed, onlyAdvised = true, onlyAdvised && need.Advised
		}
	}
	return needed, needed && onlyAdvised
}
