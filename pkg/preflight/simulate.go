package preflight

// The permissions of which no call tells, by IAM's simulation of the policies of the
// identity (iam:SimulatePrincipalPolicy). Nothing is carried out.

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/iam"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/awscall"
)

// simulator asks IAM what an identity may do.
type simulator struct {
	client *awscall.Client
	who    Identity
}

// evaluation is what IAM says about an action (EvaluationResult).
type evaluation struct {
	Action   string   `xml:"EvalActionName"`
	Decision string   `xml:"EvalDecision"`
	Missing  []string `xml:"MissingContextValues>member"`
	// Organization is "false" if a policy of the organization denies it. IAM does not know
	// what its conditions depend on.
	Organization string `xml:"OrganizationsDecisionDetail>AllowedByOrganizations"`
	// Resources are the decisions on each resource, if there are several.
	Resources []struct {
		Decision string   `xml:"EvalResourceDecision"`
		Missing  []string `xml:"MissingContextValues>member"`
	} `xml:"ResourceSpecificResults>member"`
}

// simulate fills in what no call shows. needed are the permissions in the same order.
func (s simulator) simulate(ctx context.Context, needed []iam.Access, all []Permission) {
	groups := map[string][]int{} // those on the same resources, under the same condition
	for i, p := range all {
		if p.State == PermissionUnknown {
			key := fmt.Sprint(needed[i].On, needed[i].If)
			groups[key] = append(groups[key], i)
		}
	}
	principal, why := "", ""
	if len(groups) > 0 {
		principal, why = s.principal(ctx)
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		var results []evaluation
		if why == "" { // what stops one simulation stops all
			results, why = s.ask(ctx, principal, needed, groups[key])
		}
		for _, i := range groups[key] {
			if all[i].Reason = why; why == "" {
				all[i] = decided(all[i], slices.DeleteFunc(slices.Clone(results), func(r evaluation) bool { return r.Action != all[i].Action }))
			}
		}
	}
}

// principal is the ARN whose policies are simulated; why says why there is none. The
// session of a role does not name the path of the role.
func (s simulator) principal(ctx context.Context) (arn, why string) {
	role := s.who.role()
	switch {
	case s.who.ARN == "":
		return "", "the identity is not known, so IAM cannot simulate its policies"
	case strings.Contains(s.who.ARN, ":iam:") && strings.Contains(s.who.ARN, ":user/"):
		return s.who.ARN, ""
	case role == "":
		return "", "IAM cannot simulate the policies of " + s.who.String()
	}
	var answer struct {
		ARN string `xml:"GetRoleResult>Role>Arn"`
	}
	if err := s.client.Query(ctx, awscall.IAM, "GetRole", url.Values{"RoleName": {role}}, &answer); err == nil && answer.ARN != "" {
		return answer.ARN, ""
	}
	return "arn:" + s.who.partition() + ":iam::" + s.who.Account + ":role/" + role, ""
}

// ask simulates some permissions on the same resources; why says why that is not possible.
func (s simulator) ask(ctx context.Context, principal string, needed []iam.Access, some []int) (results []evaluation, why string) {
	form := url.Values{"PolicySourceArn": {principal}, "MaxItems": {"1000"}}
	list := func(name string, values []string) {
		for i, value := range values {
			form.Set(fmt.Sprintf("%s.member.%d", name, i+1), value)
		}
	}
	var actions []string
	for _, i := range some {
		actions = append(actions, needed[i].Action)
	}
	list("ActionNames", actions)
	one := needed[some[0]]
	if !slices.Equal(one.On, []string{"*"}) { // which is IAM's default
		list("ResourceArns", one.On)
	}
	n := 0
	for _, values := range one.If {
		for key, value := range values {
			n++
			entry := fmt.Sprintf("ContextEntries.member.%d.", n)
			form.Set(entry+"ContextKeyName", key)
			form.Set(entry+"ContextKeyType", "string")
			form.Set(entry+"ContextKeyValues.member.1", value)
		}
	}
	var answer struct {
		Results []evaluation `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
	}
	if err := s.client.Query(ctx, awscall.IAM, "SimulatePrincipalPolicy", form, &answer); err != nil {
		return nil, unsimulated(principal, err)
	}
	return answer.Results, ""
}

// unsimulated says why IAM simulates nothing.
func unsimulated(principal string, err error) string {
	call := deploy.NewCallError("iam:SimulatePrincipalPolicy", principal, err)
	switch {
	case call.Class() == ecsapi.Denied:
		return "iam:SimulatePrincipalPolicy is not allowed, which would tell"
	case call.Code == "NoSuchEntity":
		return "IAM does not find " + principal + " to simulate its policies; allow iam:GetRole on the role, which shows its path"
	}
	return "IAM cannot simulate it: " + call.Reason()
}

// decided is a permission as IAM decides on it. A decision that hangs on what only a real
// call knows is none.
func decided(p Permission, results []evaluation) Permission {
	var decisions, missing []string
	organized := false
	for _, r := range results {
		missing = append(missing, r.Missing...)
		decisions = append(decisions, r.Decision)
		organized = organized || r.Organization == "false"
		for _, on := range r.Resources {
			decisions, missing = append(decisions, on.Decision), append(missing, on.Missing...)
		}
	}
	slices.Sort(missing)
	allowed := func(d string) bool { return d == "allowed" }
	switch {
	case len(decisions) == 0:
		p.Reason = "IAM simulates it, and decides nothing"
	case organized:
		p.Reason = "a policy of the organization can deny it"
	case len(missing) > 0:
		p.Reason = "it depends on " + strings.Join(slices.Compact(missing), ", ") + ", which only a real call has"
	case !slices.ContainsFunc(decisions, func(d string) bool { return !allowed(d) }):
		p.State, p.Source, p.Reason = PermissionOK, BySimulation, ""
	default:
		p.State, p.Source, p.Reason = PermissionDenied, BySimulation, "no policy allows it"
		if slices.Contains(decisions, "explicitDeny") {
			p.Reason = "a policy denies it explicitly"
		}
	}
	return p
}
