package iam

// A policy, made of the table for the uses of one service.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Uses are what a policy should allow.
type Uses struct {
	// Commands are names from [Commands].
	Commands []string
	// Features are those that the settings turn on.
	Features []Feature
}

// Subject is what a policy is about: a service, and what its task definition names. All
// resources are ARNs.
type Subject struct {
	// Partition is aws, aws-cn or aws-us-gov; "" is aws.
	Partition string
	// Region and Account are where the service is, Cluster, Service and Family are names.
	Region, Account, Cluster, Service, Family string
	// Tags: the task definition has tags. Propagates: the service propagates tags to its
	// tasks. Shifts: its deployments shift traffic. They are as if [Uses] had the feature.
	Tags, Propagates, Shifts bool
	// Roles are those of the task definition.
	Roles []string
	// LogGroups, Repositories, Secrets and Parameters are what its containers use.
	LogGroups, Repositories, Secrets, Parameters []string
}

// Policy is an identity-based IAM policy; its JSON is what IAM takes.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement allows actions on resources.
type Statement struct {
	// Sid says what the statement is for. Those of advised permissions begin with
	// Advised.
	Sid, Effect string
	Action      []string
	Resource    []string
	Condition   map[string]map[string]string `json:",omitempty"`
}

// Access is a permission that some uses of a service need.
type Access struct {
	Permission
	// Advised: the commands work without it, and Lost says what is missing then.
	Advised bool
	// On are the ARNs of the resources, and If is the condition block, nil for none.
	On []string
	If map[string]map[string]string
}

// Needed are the permissions that uses of a service need, the required ones first. A
// permission on something that the service does not have is not needed. Unknown commands
// are an error.
func Needed(s Subject, u Uses) ([]Access, error) {
	for _, name := range u.Commands {
		if !slices.Contains(Commands(), name) {
			return nil, fmt.Errorf("command %q is not one of %s", name, strings.Join(Commands(), ", "))
		}
	}
	for feature, used := range map[Feature]bool{Tags: s.Tags, Propagating: s.Propagates, Shifting: s.Shifts} {
		if used {
			u.Features = append(slices.Clip(u.Features), feature)
		}
	}
	var required, advised []Access
	for _, p := range Permissions() {
		needed, onlyAdvised := p.needed(u)
		access := Access{Permission: p, Advised: onlyAdvised, On: s.resources(p.Scope), If: s.condition(p.Condition)}
		switch {
		case !needed || len(access.On) == 0:
		case onlyAdvised:
			advised = append(advised, access)
		default:
			required = append(required, access)
		}
	}
	return append(required, advised...), nil
}

// For is the least policy for the uses of a service. Required permissions come first; each
// advised one can be left out, and [Permission.Lost] says what is missing then. Unknown
// commands are an error.
func For(s Subject, u Uses) (Policy, error) {
	needed, err := Needed(s, u)
	if err != nil {
		return Policy{}, err
	}
	policy := Policy{Version: "2012-10-17", Statement: []Statement{}}
	at := map[string]int{} // the statement of each scope and condition
	for _, a := range needed {
		sid := sidOf(a.Permission, a.Advised)
		i, known := at[sid]
		if !known {
			i = len(policy.Statement)
			at[sid] = i
			policy.Statement = append(policy.Statement, Statement{Sid: sid, Effect: "Allow", Resource: a.On, Condition: a.If})
		}
		policy.Statement[i].Action = append(policy.Statement[i].Action, a.Action)
	}
	return policy, nil
}

// sidOf names the statement of a permission: letters and digits, as IAM wants.
func sidOf(p Permission, advised bool) string {
	var b strings.Builder
	if advised {
		b.WriteString("Advised")
	}
	for _, word := range strings.Fields(string(p.Scope)) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	switch p.Condition {
	case InCluster:
		b.WriteString("InTheCluster")
	case ToTasks:
		b.WriteString("PassedToTasks")
	}
	return b.String()
}

// condition is a condition block, nil for none.
func (s Subject) condition(c Condition) map[string]map[string]string {
	switch c {
	case InCluster:
		return map[string]map[string]string{"ArnEquals": {"ecs:cluster": s.ecs("cluster/" + s.Cluster)}}
	case ToTasks:
		return map[string]map[string]string{"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
	}
	return nil
}

// ecs is the ARN of a resource of ECS in the region of the service.
func (s Subject) ecs(resource string) string { return s.arn("ecs", s.Region, resource) }

// arn is the ARN of a resource in the account of the service.
func (s Subject) arn(service, region, resource string) string {
	return strings.Join([]string{"arn", cmp.Or(s.Partition, "aws"), service, region, s.Account, resource}, ":")
}

// resources are those of a scope. None: the service uses nothing of it.
func (s Subject) resources(scope Scope) []string {
	within := s.Cluster + "/" + s.Service
	if s.Service == "" && slices.Contains([]Scope{OneService, Deployments, ServiceRevisions}, scope) {
		return nil // it is found by its family, and was not yet
	}
	switch scope {
	case OneService:
		return []string{s.ecs("service/" + within)}
	case ClusterServices:
		return []string{s.ecs("service/" + s.Cluster + "/*")}
	case Deployments:
		return []string{s.ecs("service-deployment/" + within + "/*")}
	case ServiceRevisions:
		return []string{s.ecs("service-revision/" + within + "/*")}
	case ClusterTasks:
		return []string{s.ecs("task/" + s.Cluster + "/*")}
	case Instances:
		return []string{s.ecs("container-instance/" + s.Cluster + "/*")}
	case Cluster:
		return []string{s.ecs("cluster/" + s.Cluster)}
	case Family:
		if s.Family == "" {
			return nil // the task definition is not known
		}
		return []string{s.ecs("task-definition/" + s.Family + ":*")}
	case Roles:
		return s.Roles
	case LogGroups:
		return s.LogGroups
	case HookLogs:
		return []string{s.arn("logs", s.Region, "log-group:/aws/lambda/*")}
	case Secrets:
		return s.Secrets
	case Parameters:
		return s.Parameters
	case Repositories:
		return s.Repositories
	}
	return []string{"*"}
}
