package ecssim

// This file is the neighbour of ECS that has roles: IAM, as far as a deploy tool asks
// whether one exists.

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// identities is the operations of IAM.
func identities() map[string]queryOperation {
	return map[string]queryOperation{"GetRole": (*engine).getRole, "SimulatePrincipalPolicy": (*engine).simulatePrincipalPolicy}
}

// roleResult is what GetRole answers.
type roleResult struct {
	Role struct {
		Path     string
		RoleName string
		ID       string `xml:"RoleId"`
		Arn      string
		Created  string `xml:"CreateDate"`
	}
}

func (e *engine) getRole(form url.Values) (any, *apiError) {
	name := form.Get("RoleName")
	if name == "" {
		return nil, &apiError{code: "ValidationError", message: "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be null"}
	}
	arn := "arn:aws:iam::" + e.World.account() + ":role/" + name
	known := len(e.World.Roles) == 0
	for _, role := range e.World.Roles {
		if account, _, ok := splitRole(role.ARN); ok && account == e.World.account() && shortName(role.ARN) == name {
			known, arn = true, role.ARN
		}
	}
	if !known {
		return nil, &apiError{code: "NoSuchEntity", status: http.StatusNotFound, message: fmt.Sprintf("The role with name %s cannot be found.", name)}
	}
	var out roleResult
	_, path, _ := strings.Cut(arn, ":role")
	out.Role.Path, out.Role.RoleName, out.Role.Arn = strings.TrimSuffix(path, name), name, arn
	out.Role.ID, out.Role.Created = roleID(e.World.account(), name), e.Born.add(-worldAge).time().Format(time.RFC3339)
	return out, nil
}

// simulated is what SimulatePrincipalPolicy answers about one action.
type simulated struct {
	Action    string              `xml:"EvalActionName"`
	Resource  string              `xml:"EvalResourceName"`
	Decision  string              `xml:"EvalDecision"`
	Resources []simulatedResource `xml:"ResourceSpecificResults>member"`
}

type simulatedResource struct {
	Resource string `xml:"EvalResourceName"`
	Decision string `xml:"EvalResourceDecision"`
}

// simulatePrincipalPolicy evaluates the policy of the world, which is that of every
// principal. Nothing else of a policy is simulated: neither boundaries nor organizations.
func (e *engine) simulatePrincipalPolicy(form url.Values) (any, *apiError) {
	source, actions, resources := form.Get("PolicySourceArn"), numbered(form, "ActionNames.member."), numbered(form, "ResourceArns.member.")
	if source == "" || len(actions) == 0 {
		return nil, &apiError{code: "ValidationError", message: "1 validation error detected: Value null at 'policySourceArn' or 'actionNames' failed to satisfy constraint: Member must not be null"}
	}
	if account, _, ok := splitRole(source); !ok || account != e.World.account() {
		return nil, &apiError{code: "NoSuchEntity", status: http.StatusNotFound, message: source + " cannot be found."} // assumed text
	}
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	keys := map[string]string{}
	for i := 1; form.Get(fmt.Sprintf("ContextEntries.member.%d.ContextKeyName", i)) != ""; i++ {
		entry := fmt.Sprintf("ContextEntries.member.%d.", i)
		keys[form.Get(entry+"ContextKeyName")] = form.Get(entry + "ContextKeyValues.member.1")
	}
	var out struct {
		Truncated bool        `xml:"IsTruncated"`
		Results   []simulated `xml:"EvaluationResults>member"`
	}
	for _, action := range actions {
		result := simulated{Action: action, Resource: resources[0], Decision: "allowed"}
		for _, resource := range resources {
			decision := e.decision(access{action: action, keys: keys}, resource)
			result.Resources = append(result.Resources, simulatedResource{resource, decision})
			if decision != "allowed" && result.Decision != "explicitDeny" {
				result.Resource, result.Decision = resource, decision
			}
		}
		out.Results = append(out.Results, result)
	}
	return out, nil
}

// decision is what the policy of the world says, in the words of IAM.
func (e *engine) decision(a access, resource string) string {
	if e.World.Policy == nil {
		return "allowed"
	}
	p, err := readPolicy(e.World.Policy)
	if err != nil {
		return "implicitDeny" // the check of the world has refused it
	}
	switch allowed, explicit := p.permits(a, resource); {
	case allowed:
		return "allowed"
	case explicit:
		return "explicitDeny"
	}
	return "implicitDeny"
}

// numbered are the members of a list in a form: NAME1, NAME2 and so on.
func numbered(form url.Values, name string) []string {
	var all []string
	for i := 1; form.Get(fmt.Sprint(name, i)) != ""; i++ {
		all = append(all, form.Get(fmt.Sprint(name, i)))
	}
	return all
}
