package deploy

// Where a load balancer sends the production traffic of a service: the listener rules
// that ECS reads and rewrites when it shifts traffic, and that anybody else can change.

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

// Misrouted is production traffic that does not go to the tasks that should get it.
type Misrouted struct {
	// Rule is the ARN of the production rule (of an Application Load Balancer) or listener
	// (of a Network Load Balancer); "" if ECS's own record says where the traffic goes.
	Rule string `json:"rule,omitempty"`
	// TargetGroup is the ARN of the target group of the tasks.
	TargetGroup string `json:"targetGroup,omitempty"`
	// Weights are the weights that the rule gives to target groups, by their ARNs.
	Weights map[string]int32 `json:"weights,omitempty"`
	// Shares is where ECS's record says that the traffic goes.
	Shares string `json:"shares,omitempty"`
	// Command sends all traffic to the tasks; "" if the rule does more than to forward, so
	// that a person has to decide.
	Command string `json:"command,omitempty"`
}

// String is "the production rule sends nothing to target group blue of the running tasks:
// blue 0, green 100 (rule arn:…)".
func (m Misrouted) String() string {
	if m.Rule == "" {
		return "ECS's record shows that its traffic is elsewhere: " + m.Shares
	}
	return fmt.Sprintf("the production rule sends nothing to target group %s of the running tasks: %s (rule %s)", groupName(m.TargetGroup), weighed(m.Weights), m.Rule)
}

// advise adds what to do about it to a diagnosis.
func (m Misrouted) advise(d *rollout.Diagnosis) {
	d.Advice = append(d.Advice, m.advice())
	d.Topics = append(d.Topics, rollout.TrafficTopic)
}

// advice says what to do about it.
func (m Misrouted) advice() string {
	switch {
	case m.Command != "":
		return "send the traffic to the running tasks: " + m.Command
	case m.Rule != "":
		return "send its traffic to the target group of the running tasks" + changing(m.Rule)
	}
	return "look at the listener rules of the service's load balancer"
}

// route is what a listener rule, or a listener, does with its traffic.
type route struct {
	weights  map[string]int32 // of the target groups to which it forwards, by ARN
	forwards bool             // it does nothing else
}

// route reads a listener rule (of an Application Load Balancer) or a listener (of a
// Network Load Balancer). It returns a [*CallError].
func (d *Deployer) route(ctx context.Context, rule string) (route, error) {
	if rule == "" {
		return route{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, evidenceLimit)
	defer cancel()
	var actions []elbtypes.Action
	if ofNetwork(rule) {
		out, err := d.elb.DescribeListeners(ctx, &elb.DescribeListenersInput{ListenerArns: []string{rule}})
		if err != nil {
			return route{}, ecsapi.NewCallError("elasticloadbalancing:DescribeListeners", "the production listener", err)
		}
		for _, listener := range out.Listeners {
			actions = append(actions, listener.DefaultActions...)
		}
	} else {
		out, err := d.elb.DescribeRules(ctx, &elb.DescribeRulesInput{RuleArns: []string{rule}})
		if err != nil {
			return route{}, ecsapi.NewCallError("elasticloadbalancing:DescribeRules", "the production rule", err)
		}
		for _, found := range out.Rules {
			actions = append(actions, found.Actions...)
		}
	}
	return routeOf(actions), nil
}

func routeOf(actions []elbtypes.Action) route {
	r := route{weights: map[string]int32{}, forwards: len(actions) == 1}
	for _, action := range actions {
		switch config := action.ForwardConfig; {
		case action.Type != elbtypes.ActionTypeEnumForward:
			r.forwards = false
		case config != nil && len(config.TargetGroups) > 0:
			for _, group := range config.TargetGroups {
				r.weights[aws.ToString(group.TargetGroupArn)] = orDefault(group.Weight, 1)
			}
			if sticky := config.TargetGroupStickinessConfig; sticky != nil && aws.ToBool(sticky.Enabled) {
				r.forwards = false // a person has to keep that
			}
		case action.TargetGroupArn != nil:
			r.weights[*action.TargetGroupArn] = 1
		}
	}
	return r
}

// serving are the target groups that get traffic.
func (r route) serving() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.weights)), func(arn string) bool { return r.weights[arn] == 0 })
}

// live is the one of a pair of target groups that gets all traffic; "" if there is none.
func (r route) live(pair []string) string {
	serving := r.serving()
	if len(serving) != 1 || !slices.Contains(pair, serving[0]) {
		return ""
	}
	return serving[0]
}

// wrongFor says why no target group of a pair is live.
func (r route) wrongFor(pair []string) string {
	serving := r.serving()
	if len(serving) == 1 {
		return fmt.Sprintf("sends its traffic to target group %s, and not to %s or %s", groupName(serving[0]), groupName(pair[0]), groupName(pair[1]))
	}
	return fmt.Sprintf("sends traffic to %d target groups (%s)", len(serving), weighed(r.weights))
}

// pairOf are the two target groups of a load balancer whose traffic ECS shifts.
func pairOf(b types.LoadBalancer) []string {
	return []string{aws.ToString(b.TargetGroupArn), aws.ToString(b.AdvancedConfiguration.AlternateTargetGroupArn)}
}

// misses is the traffic that the rule does not send to a target group; nil if the group
// gets some, or if the rule forwards to none.
func (r route) misses(rule, group string) *Misrouted {
	if group == "" || len(r.weights) == 0 || r.weights[group] > 0 {
		return nil
	}
	m := &Misrouted{Rule: rule, TargetGroup: group, Weights: r.weights}
	if r.forwards {
		m.Command = sendingTo(rule, group, r.weights)
	}
	return m
}

// sendingTo is the command that has a rule send all traffic to one target group. The other
// ones stay in the rule: ECS needs both of a pair there.
func sendingTo(rule, group string, weights map[string]int32) string {
	type weighted struct {
		TargetGroupArn string
		Weight         int
	}
	groups := []weighted{{group, 100}}
	for _, other := range slices.Sorted(maps.Keys(weights)) {
		if other != group {
			groups = append(groups, weighted{other, 0})
		}
	}
	action, err := json.Marshal([]any{map[string]any{"Type": "forward", "ForwardConfig": map[string]any{"TargetGroups": groups}}})
	if err != nil {
		return "" // texts and numbers can be written
	}
	if ofNetwork(rule) {
		return shell.Join("aws", "elbv2", "modify-listener", "--listener-arn", rule, "--default-actions", string(action))
	}
	return shell.Join("aws", "elbv2", "modify-rule", "--rule-arn", rule, "--actions", string(action))
}

// describing is the command that shows a rule or listener.
func describing(rule string) string {
	if ofNetwork(rule) {
		return shell.Join("aws", "elbv2", "describe-listeners", "--listener-arns", rule)
	}
	return shell.Join("aws", "elbv2", "describe-rules", "--rule-arns", rule)
}

// changing ends advice about a rule or listener: with which command it is changed, and
// the one that shows it.
func changing(rule string) string {
	command := "modify-rule"
	if ofNetwork(rule) {
		command = "modify-listener"
	}
	return ", with aws elbv2 " + command + "; to see it first: " + describing(rule)
}

// ofNetwork reports whether an ARN is that of a listener: ECS shifts the traffic of a
// Network Load Balancer there.
func ofNetwork(rule string) bool { return strings.Contains(rule, ":listener/") }

// placed are the target groups of a service revision, by the production rules that should
// send traffic there.
func (d *Deployer) placed(ctx context.Context, revision string) (map[string]string, error) {
	if revision == "" {
		return nil, nil
	}
	revisions, err := d.api.Unretried().Revisions(ctx, revision)
	if err != nil || len(revisions) == 0 || revisions[0].ResolvedConfiguration == nil {
		return nil, err
	}
	groups := map[string]string{}
	for _, balancer := range revisions[0].ResolvedConfiguration.LoadBalancers {
		groups[aws.ToString(balancer.ProductionListenerRule)] = aws.ToString(balancer.TargetGroupArn)
	}
	return groups, nil
}

// misrouted finds a production rule that sends nothing to the tasks of a service revision;
// nil if there is none.
func (d *Deployer) misrouted(ctx context.Context, revision string) (*Misrouted, error) {
	groups, err := d.placed(ctx, revision)
	if err != nil {
		return nil, err
	}
	for _, rule := range slices.Sorted(maps.Keys(groups)) {
		found, err := d.route(ctx, rule)
		if err != nil {
			return nil, err
		}
		if m := found.misses(rule, groups[rule]); m != nil {
			return m, nil
		}
	}
	return nil, nil
}

// runningRevision is the ARN of the service revision that runs; "" if there are several,
// as in the middle of a deployment, or if ECS does not say.
func (s *described) runningRevision() string {
	var running []string
	for _, revision := range s.CurrentServiceRevisions {
		if revision.RunningTaskCount > 0 {
			running = append(running, aws.ToString(revision.Arn))
		}
	}
	if len(running) != 1 {
		return ""
	}
	return running[0]
}

// weighed are target groups with their weights: "blue 0, green 100".
func weighed(weights map[string]int32) string {
	var parts []string
	for _, arn := range slices.Sorted(maps.Keys(weights)) {
		parts = append(parts, fmt.Sprintf("%s %d", groupName(arn), weights[arn]))
	}
	return strings.Join(parts, ", ")
}

func groupName(arn string) string { return rollout.TargetGroup{ARN: arn}.Name() }
