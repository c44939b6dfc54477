package ecssim

// This file is a world's policy: an identity-based IAM policy that decides which calls
// are allowed ["IAM JSON policy elements reference", "Policy evaluation logic"]. What
// each call needs is in policy_access.go.

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// policy is a policy document, read.
type policy struct{ statements []statement }

// statement allows or denies actions on resources, if all of its conditions hold.
type statement struct {
	allow      bool
	actions    []string // lower case, with * and ?
	resources  []string
	conditions []policyCondition
}

// policyCondition holds if the value of its key matches one of the patterns.
type policyCondition struct {
	key      string
	patterns []string
	exact    bool // the patterns are texts
}

// texts is a list that a policy may write as a single text.
type texts []string

func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{one}
		return nil
	}
	var all []string
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("%s is neither a text nor a list of texts", raw)
	}
	*t = all
	return nil
}

// writtenStatement is a statement as a policy document has it.
type writtenStatement struct {
	Sid, Effect      string
	Action, Resource texts
	Condition        map[string]map[string]texts
}

// readPolicy reads a policy document. Elements that are not here (NotAction, Principal,
// other operators) are errors, so that no policy seems to allow less than it does.
func readPolicy(document Document) (policy, error) {
	raw := encode(document)
	var written struct {
		Version, ID string
		Statement   json.RawMessage
	}
	if err := strictJSON(raw, &written); err != nil {
		return policy{}, err
	}
	var all []writtenStatement
	if trimmed := strings.TrimSpace(string(written.Statement)); strings.HasPrefix(trimmed, "{") {
		all = make([]writtenStatement, 1)
		if err := strictJSON(written.Statement, &all[0]); err != nil {
			return policy{}, err
		}
	} else if err := strictJSON(written.Statement, &all); err != nil {
		return policy{}, err
	}
	var p policy
	for i, w := range all {
		s, err := w.read()
		if err != nil {
			return policy{}, fmt.Errorf("statement %d: %w", i+1, err)
		}
		p.statements = append(p.statements, s)
	}
	return p, nil
}

// strictJSON decodes and refuses members that v does not have.
func strictJSON(raw []byte, v any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func (w writtenStatement) read() (statement, error) {
	s := statement{allow: w.Effect == "Allow", resources: w.Resource}
	switch {
	case w.Effect != "Allow" && w.Effect != "Deny":
		return s, fmt.Errorf("effect %q is neither Allow nor Deny", w.Effect)
	case len(w.Action) == 0 || len(w.Resource) == 0:
		return s, fmt.Errorf("a statement needs Action and Resource")
	}
	for _, action := range w.Action {
		s.actions = append(s.actions, strings.ToLower(action))
	}
	for _, operator := range sortedKeys(w.Condition) {
		exact := operator == "StringEquals"
		if !exact && !slices.Contains([]string{"StringLike", "ArnEquals", "ArnLike"}, operator) {
			return s, fmt.Errorf("the simulator does not have the condition operator %s", operator)
		}
		for _, key := range sortedKeys(w.Condition[operator]) {
			s.conditions = append(s.conditions, policyCondition{key, w.Condition[operator][key], exact})
		}
	}
	return s, nil
}

// matches reports whether the statement is about an action on a resource.
func (s statement) matches(a access, resource string) bool {
	like := func(text string) func(string) bool {
		return func(pattern string) bool { return glob(strings.ReplaceAll(pattern, `\`, `\\`), text) }
	}
	if !slices.ContainsFunc(s.actions, like(strings.ToLower(a.action))) || !slices.ContainsFunc(s.resources, like(resource)) {
		return false
	}
	for _, c := range s.conditions {
		value, known := a.keys[c.key]
		held := c.exact && slices.Contains(c.patterns, value) || !c.exact && slices.ContainsFunc(c.patterns, like(value))
		if !known || !held {
			return false
		}
	}
	return true
}

// permits reports whether the policy allows an action on a resource, and whether a
// statement denies it explicitly.
func (p policy) permits(a access, resource string) (allowed, explicit bool) {
	for _, s := range p.statements {
		if !s.matches(a, resource) {
			continue
		}
		if !s.allow {
			return false, true
		}
		allowed = true
	}
	return allowed, false
}

// authorize refuses what the world's policy does not allow. A call that touches
// several resources is refused if one of them is.
func (e *engine) authorize(req wireRequest) *apiError {
	if e.World.Policy == nil {
		return nil
	}
	p, err := readPolicy(e.World.Policy)
	if err != nil {
		return serverError("the policy of the world: %v", err) // the check of the world has refused it
	}
	for _, a := range e.accesses(req) {
		for _, resource := range a.resources {
			allowed, explicit := p.permits(a, resource)
			if allowed {
				continue
			}
			why := "because no identity-based policy allows the " + a.action + " action"
			if explicit {
				why = "with an explicit deny in an identity-based policy"
			}
			refusal := "User: " + e.identity() + " is not authorized to perform: " + a.action + " on resource: " + resource + " " + why
			if req.query {
				return denied(refusal)
			}
			return &apiError{code: "AccessDeniedException", message: refusal}
		}
	}
	return nil
}
