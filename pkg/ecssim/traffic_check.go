package ecssim

// This file is what ECS refuses about pairs of target groups and the strategies
// that need them, in the documented texts ("Troubleshooting blue/green
// deployments"). That their code is InvalidParameterException is assumed.

import (
	"strings"
)

// checkPairs refuses load balancers that do not fit the deployment strategy, or
// each other.
func (s *service) checkPairs() *apiError {
	balancers := objects(s.Spec["loadBalancers"])
	advanced := advancedBalancers(s.Spec)
	classic := 0
	for _, lb := range balancers {
		if lb["loadBalancerName"] != nil && lb["targetGroupArn"] == nil {
			classic++
			if lb["advancedConfiguration"] != nil {
				return invalid("advancedConfiguration field is not allowed with ELBv1 loadBalancers")
			}
		}
	}
	switch {
	case classic > 0 && classic < len(balancers):
		return invalid("All loadBalancers must be strictly either ELBv1 (defining loadBalancerName) or ELBv2 (defining targetGroupArn)")
	case len(advanced) > 0 && len(advanced) < len(balancers):
		return invalid("Either all or none of the provided loadBalancers must have advancedConfiguration defined")
	case s.Config.shifts() && len(advanced) < len(balancers):
		return invalid("advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy")
	case (s.Config.Strategy == "LINEAR" || s.Config.Strategy == "CANARY") && !s.steers():
		return invalid("The " + s.Config.Strategy + " deployment strategy requires a load balancer or Service Connect.") // assumed text
	}
	return checkDistinct(advanced)
}

// checkDistinct refuses a target group that is named twice, and a rule for both
// kinds of traffic.
func checkDistinct(advanced []advancedBalancer) *apiError {
	seen, tests := map[string]bool{}, map[string]bool{}
	for _, b := range advanced {
		tests[b.test] = true
	}
	for _, b := range advanced {
		for _, arn := range []string{b.group, b.alternate} {
			if seen[arn] {
				return invalid("Duplicate targetGroupArn found: " + arn)
			}
			seen[arn] = true
		}
		if err := b.check(); err != nil {
			return err
		}
		if tests[b.production] {
			return invalid("The following rules cannot be used as both production and test listener rules: " + b.production)
		}
	}
	return nil
}

// check refuses listener rules that are none.
func (b advancedBalancer) check() *apiError {
	switch {
	case b.alternate == "" || b.production == "" || b.role == "":
		return invalid("advancedConfiguration requires alternateTargetGroupArn, productionListenerRule and roleArn.") // assumed text
	case !isRuleArn(b.production):
		return invalid("productionListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: " + b.production)
	case b.test != "" && !isRuleArn(b.test):
		return invalid("testListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: " + b.test) // assumed text
	}
	return nil
}

// checkRules refuses a load balancer without a rule for the test traffic whose
// production rule does not know both target groups.
func (e *engine) checkRules(s *service) *apiError {
	for _, b := range advancedBalancers(s.Spec) {
		rule := e.Rules[b.production]
		if b.test == "" && !b.network() && rule != nil && (!forwards(rule.Forward, b.group) || !forwards(rule.Forward, b.alternate)) {
			return invalid("For Application LoadBalancer, testListenerRule is required when productionListenerRule is not associated with both targetGroup and alternateTargetGroup")
		}
	}
	return nil
}

// isRuleArn reports whether an ARN is that of a rule of an Application Load
// Balancer or of a listener of a Network Load Balancer.
func isRuleArn(arn string) bool {
	return strings.HasPrefix(arn, "arn:") && (strings.Contains(arn, ":listener-rule/app/") || strings.Contains(arn, ":listener/net/"))
}
