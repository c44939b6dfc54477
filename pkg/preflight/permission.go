package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/iam"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
)

// Permission is what is known about an action that the commands need.
type Permission struct {
	// Target is the target of the settings file; "" if only one service was checked.
	Target string `json:"target,omitempty"`
	// Action is its name in a policy, Resources are the ARNs that it is needed on.
	Action    string   `json:"action"`
	Resources []string `json:"resources"`
	// Required: the commands fail without it. Otherwise it is advised.
	Required bool            `json:"required"`
	State    PermissionState `json:"state"`
	// Source is how the state was found out; "" if it is unknown.
	Source Source `json:"source,omitempty"`
	// Reason says why it is denied or unknown.
	Reason string `json:"reason,omitempty"`

	lost string // without it, if it is advised
}

// PermissionState is whether an action is allowed.
type PermissionState string

// The states.
const (
	PermissionOK      PermissionState = "ok"
	PermissionDenied  PermissionState = "denied"
	PermissionUnknown PermissionState = "unknown"
)

// Source is how a permission was found out.
type Source string

// The sources.
const (
	// ByCall: AWS answered or refused a call that reads.
	ByCall Source = "call"
	// BySimulation: IAM simulated the policies of the identity. They are not all that
	// decides: a session policy or the policy of a VPC endpoint can still deny a call.
	BySimulation Source = "simulation"
)

// known are the permissions that the uses of a service need, with what the calls say about
// them. A call about the service says nothing about other services.
func known(needed []iam.Access, calls *Calls) []Permission {
	all := []Permission{}
	for _, a := range needed {
		p := Permission{Action: a.Action, Resources: a.On, Required: !a.Advised, State: PermissionUnknown, lost: a.Lost}
		if end, made := calls.of(a.Action); made && a.Scope != iam.ClusterServices && a.Scope != iam.HookLogs {
			p.State, p.Source, p.Reason = end.state, ByCall, end.reason
		}
		all = append(all, p)
	}
	return all
}

// findings are what the permissions mean for a deployment. What is fine is one finding, and
// so is what has the same consequence.
func findings(all []Permission, remedy string) []Finding {
	if len(all) == 0 {
		return nil
	}
	var fine, simulated, advised int
	var found []Finding
	groups := map[Finding][]string{} // the actions of each finding
	add := func(f Finding, p Permission) {
		if groups[f] == nil {
			found = append(found, f)
		}
		if !slices.Contains(groups[f], p.Action) {
			groups[f] = append(groups[f], p.Action)
		}
	}
	for _, p := range all {
		switch {
		case p.State == PermissionOK:
			fine++
			if p.Source == BySimulation {
				simulated++
			}
		case p.State == PermissionDenied && p.Required:
			add(Finding{Check: deploy.Check{State: deploy.CheckProblem, Detail: "denied: " + p.Reason, Remedy: remedy}, Code: exitcode.Access}, p)
		case p.State == PermissionDenied:
			add(Warning("", "denied; without it you lose "+p.lost, ""), p)
		case p.Required:
			add(Unknown("", p.Reason), p)
		default:
			advised++
		}
	}
	rank := []deploy.CheckState{deploy.CheckProblem, deploy.CheckWarning, deploy.NotChecked}
	slices.SortStableFunc(found, func(a, b Finding) int { return slices.Index(rank, a.State) - slices.Index(rank, b.State) })
	for i, f := range found {
		found[i].Subject = "permission " + strings.Join(groups[f], ", ")
	}
	detail := fmt.Sprintf("%d of %d are allowed", fine, len(all))
	if simulated > 0 {
		detail += fmt.Sprintf(", %d of them as IAM simulates the policies", simulated)
	}
	if advised > 0 {
		detail += fmt.Sprintf("; nobody knows of %d that are only advised", advised)
	}
	if fine == 0 {
		return found
	}
	return append([]Finding{OK("permissions", detail)}, found...)
}
