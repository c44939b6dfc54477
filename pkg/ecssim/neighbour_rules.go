package ecssim

// This file is the listeners and listener rules of Elastic Load Balancing v2, as
// far as ECS reads and rewrites them when it shifts traffic. They are those of
// the world, or those that services name.

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// rule is a rule of an Application Load Balancer, or a listener of a Network Load
// Balancer, with its forward action.
type rule struct {
	Forward []forward `json:"forward"`
	Test    bool      `json:"test,omitempty"` // a service names it for its test traffic
}

// forward is a target group of a forward action.
type forward struct {
	Group  string `json:"group"`
	Weight int    `json:"weight"`
}

// forwards reports whether an action names a target group, with any weight.
func forwards(action []forward, group string) bool {
	return slices.ContainsFunc(action, func(f forward) bool { return f.Group == group })
}

// bearRule makes a rule of the world.
func (e *engine) bearRule(spec RuleSpec) {
	r := &rule{}
	for _, f := range spec.Forward {
		r.Forward = append(r.Forward, forward{f.TargetGroup, f.Weight})
	}
	e.addRule(spec.ARN, r)
}

func (e *engine) addRule(arn string, r *rule) {
	if e.Rules == nil {
		e.Rules = map[string]*rule{}
	}
	e.Rules[arn] = r
}

// ensureRules makes the rules that a service names, unless the world says which
// ones exist. They forward to the first group of the pair.
func (e *engine) ensureRules(b advancedBalancer) {
	for i, arn := range []string{b.production, b.test} {
		if arn != "" && e.Rules[arn] == nil && len(e.World.Rules) == 0 {
			e.addRule(arn, &rule{Forward: divide(b, b.group, 100)})
		}
		if r := e.Rules[arn]; r != nil && i > 0 {
			r.Test = true
		}
	}
}

// listenerOf is the ARN of the listener of a rule; that of a listener is its own.
func listenerOf(arn string) string {
	if !isRule(arn) {
		return arn
	}
	arn = strings.Replace(arn, ":listener-rule/", ":listener/", 1)
	return arn[:strings.LastIndexByte(arn, '/')]
}

// balancerOf is the ARN of the load balancer of a rule or listener.
func balancerOf(arn string) string {
	listener := listenerOf(arn)
	return strings.Replace(listener[:max(strings.LastIndexByte(listener, '/'), 0)], ":listener/", ":loadbalancer/", 1)
}

// ruleResult is what DescribeRules and ModifyRule answer.
type ruleResult struct {
	Rules struct {
		Member []ruleDescription `xml:"member"`
	}
}

type ruleDescription struct {
	Arn       string      `xml:"RuleArn"`
	Priority  string      `xml:"Priority"`
	Default   bool        `xml:"IsDefault"`
	Condition []condition `xml:"Conditions>member"`
	Action    []action    `xml:"Actions>member"`
}

type condition struct {
	Field  string
	Values []string `xml:"Values>member"`
}

type action struct {
	Type    string
	Order   int
	Group   string         `xml:"TargetGroupArn,omitempty"` // the only one
	Forward *forwardAction `xml:"ForwardConfig"`
}

type forwardAction struct {
	Groups []weightedGroup `xml:"TargetGroups>member"`
}

type weightedGroup struct {
	Arn    string `xml:"TargetGroupArn"`
	Weight int
}

func (r *rule) action() []action {
	a := action{Type: "forward", Order: 1, Forward: &forwardAction{}}
	for _, f := range r.Forward {
		a.Forward.Groups = append(a.Forward.Groups, weightedGroup{f.Group, f.Weight})
	}
	if len(r.Forward) == 1 {
		a.Group = r.Forward[0].Group
	}
	return []action{a}
}

func (e *engine) describeRule(arn string) ruleDescription {
	return ruleDescription{
		Arn: arn, Priority: "1", Action: e.Rules[arn].action(),
		Condition: []condition{{"path-pattern", []string{"/*"}}},
	}
}

func isRule(arn string) bool { return strings.Contains(arn, ":listener-rule/") }

var errNoRule = &apiError{code: "RuleNotFound", message: "One or more rules not found"}

func (e *engine) describeRules(form url.Values) (any, *apiError) {
	arns, listener := formList(form, "RuleArns"), form.Get("ListenerArn")
	result := ruleResult{}
	for _, arn := range arns {
		if e.Rules[arn] == nil || !isRule(arn) {
			return nil, errNoRule
		}
		result.Rules.Member = append(result.Rules.Member, e.describeRule(arn))
	}
	if len(arns) > 0 {
		return result, nil
	}
	if listener == "" {
		return nil, &apiError{code: "ValidationError", message: "You must specify either listener ARN or rule ARN"}
	}
	for _, arn := range sortedKeys(e.Rules) {
		if isRule(arn) && listenerOf(arn) == listener {
			result.Rules.Member = append(result.Rules.Member, e.describeRule(arn))
		}
	}
	if len(result.Rules.Member) == 0 {
		return nil, errNoListener
	}
	return result, nil
}

var errNoListener = &apiError{code: "ListenerNotFound", message: "One or more listeners not found"}

type listenerResult struct {
	Listeners struct {
		Member []listenerDescription `xml:"member"`
	}
}

type listenerDescription struct {
	Arn      string `xml:"ListenerArn"`
	Balancer string `xml:"LoadBalancerArn"`
	Port     int
	Protocol string
	Action   []action `xml:"DefaultActions>member"`
}

// listeners are those of the rules and of Network Load Balancers, by ARN.
func (e *engine) listeners() map[string]listenerDescription {
	found := map[string]listenerDescription{}
	for arn, r := range e.Rules {
		d := listenerDescription{Arn: listenerOf(arn), Balancer: balancerOf(arn), Port: 80, Protocol: "HTTP"}
		if r.Test {
			d.Port = 8080
		}
		if isRule(arn) {
			if known, ok := found[d.Arn]; ok && known.Port < d.Port {
				d.Port = known.Port
			}
			d.Action = []action{{Type: "fixed-response", Order: 1}}
		} else {
			d.Protocol, d.Action = "TCP", r.action()
		}
		found[d.Arn] = d
	}
	return found
}

func (e *engine) describeListeners(form url.Values) (any, *apiError) {
	all := e.listeners()
	result := listenerResult{}
	arns, balancer := formList(form, "ListenerArns"), form.Get("LoadBalancerArn")
	for _, arn := range arns {
		if _, ok := all[arn]; !ok {
			return nil, errNoListener
		}
		result.Listeners.Member = append(result.Listeners.Member, all[arn])
	}
	if len(arns) > 0 {
		return result, nil
	}
	for _, arn := range sortedKeys(all) {
		if all[arn].Balancer == balancer {
			result.Listeners.Member = append(result.Listeners.Member, all[arn])
		}
	}
	if len(result.Listeners.Member) == 0 {
		return nil, &apiError{code: "LoadBalancerNotFound", message: "One or more load balancers not found"}
	}
	return result, nil
}

// formForward is the forward action of a request, in either of its two forms.
func formForward(form url.Values, list string) []forward {
	prefix := list + ".member.1."
	if group := form.Get(prefix + "TargetGroupArn"); group != "" {
		return []forward{{group, 1}}
	}
	var found []forward
	for i := 1; ; i++ {
		member := prefix + "ForwardConfig.TargetGroups.member." + strconv.Itoa(i) + "."
		group := form.Get(member + "TargetGroupArn")
		if group == "" {
			return found
		}
		weight, err := strconv.Atoi(form.Get(member + "Weight"))
		if err != nil {
			weight = 1 // ELB's default
		}
		found = append(found, forward{group, weight})
	}
}

func (e *engine) modifyRule(form url.Values) (any, *apiError) {
	arn := form.Get("RuleArn")
	if e.Rules[arn] == nil || !isRule(arn) {
		return nil, errNoRule
	}
	if action := formForward(form, "Actions"); len(action) > 0 {
		e.Rules[arn].Forward = action
	}
	result := ruleResult{}
	result.Rules.Member = []ruleDescription{e.describeRule(arn)}
	return result, nil
}

func (e *engine) modifyListener(form url.Values) (any, *apiError) {
	arn := form.Get("ListenerArn")
	if e.Rules[arn] == nil || isRule(arn) {
		return nil, errNoListener
	}
	if action := formForward(form, "DefaultActions"); len(action) > 0 {
		e.Rules[arn].Forward = action
	}
	result := listenerResult{}
	result.Listeners.Member = []listenerDescription{e.listeners()[arn]}
	return result, nil
}
