package ecssim

// This file is where the traffic of a service goes: the listener rules of its
// load balancers, which tell ECS the revision that is live, and which ECS
// rewrites. The rules belong to Elastic Load Balancing (neighbour_rules.go), so
// that others can change them too.

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// advancedBalancer is an entry of loadBalancers with an advancedConfiguration:
// a pair of target groups, and the listener rules (of an Application Load
// Balancer) or listeners (of a Network Load Balancer) that say which is live.
type advancedBalancer struct {
	index      int // among the load balancers of the service
	group      string
	alternate  string
	production string
	test       string // empty: none
	role       string
}

// advancedBalancers are those of a service or of one of its deployments.
func advancedBalancers(spec Document) []advancedBalancer {
	var found []advancedBalancer
	for i, lb := range objects(spec["loadBalancers"]) {
		config, ok := lb["advancedConfiguration"].(map[string]any)
		if !ok {
			continue
		}
		text := func(of map[string]any, member string) string {
			v, _ := of[member].(string)
			return v
		}
		found = append(found, advancedBalancer{
			index: i, group: text(lb, "targetGroupArn"), alternate: text(config, "alternateTargetGroupArn"),
			production: text(config, "productionListenerRule"), test: text(config, "testListenerRule"), role: text(config, "roleArn"),
		})
	}
	return found
}

// network reports whether the load balancer is a Network Load Balancer.
func (b advancedBalancer) network() bool { return strings.Contains(b.production, ":listener/net/") }

// kind is what its rules are, in the names of actions.
func (b advancedBalancer) kind() string {
	if b.network() {
		return "Listener"
	}
	return "Rule"
}

// productionOf and testOf are the rules for each kind of traffic.
func productionOf(b advancedBalancer) string { return b.production }
func testOf(b advancedBalancer) string       { return b.test }

// other is the other group of the pair.
func (b advancedBalancer) other(group string) string {
	if group == b.group {
		return b.alternate
	}
	return b.group
}

// meshed reports whether Service Connect or VPC Lattice carries traffic of the
// service, so that ECS shifts it without a load balancer. Their routes are not
// simulated.
func (s *service) meshed() bool {
	config, _ := s.Spec["serviceConnectConfiguration"].(map[string]any)
	return config["enabled"] == true || slices.ContainsFunc(objects(s.Spec["vpcLatticeConfigurations"]), func(lattice map[string]any) bool {
		return lattice["advancedConfiguration"] != nil
	})
}

// steers reports whether ECS can shift the traffic of the service.
func (s *service) steers() bool { return s.meshed() || len(advancedBalancers(s.Spec)) > 0 }

// settleGroups chooses the target groups of the tasks of the PRIMARY deployment,
// by what the production rules say. A deployment that shifts traffic goes where
// no traffic goes yet, any other one where it goes. The text says what is wrong
// with the rules; empty: nothing that matters.
func (e *engine) settleGroups(s *service) string {
	p, sd := s.primary(), s.current()
	advanced := advancedBalancers(p.Spec)
	if len(advanced) == 0 {
		return ""
	}
	groups := make([]string, len(objects(p.Spec["loadBalancers"])))
	for _, b := range advanced {
		e.ensureRules(b)
		live, wrong := e.live(b, len(sd.Sources) > 1)
		if wrong == "" && e.Now >= e.Born && (!e.roleExists(b.role) || e.roleDenies(b.role, "elasticloadbalancing:Describe"+b.kind()+"s")) {
			wrong = noPermission + "'" + b.role + "'."
		}
		switch {
		case e.ruled():
			groups[b.index] = live
		case sd.Config.shifts() && wrong != "":
			return wrong
		case sd.Config.shifts():
			groups[b.index] = b.other(live)
		default:
			groups[b.index] = live
		}
	}
	p.Groups = groups
	for _, r := range s.Revisions {
		if r.Arn == p.RevisionArn {
			r.Groups = groups
		}
	}
	return ""
}

// ruled reports whether the world is being made and says itself which target
// groups are live.
func (e *engine) ruled() bool { return e.Now < e.Born && len(e.World.Rules) > 0 }

// The documented texts about rules ("Troubleshooting blue/green deployments").
const (
	wrongNetworking = "Service deployment rolled back because of invalid networking configuration"
	bothGroups      = wrongNetworking + ". Both targetGroup and alternateTargetGroup must be associated with the productionListenerRule or testListenerRule."
	noSuchRule      = wrongNetworking + ". One or more rules not found"
	noPermission    = wrongNetworking + ". ECS was unable to manage the ELB resources due to missing permissions on ECS Infrastructure Role "
)

// live is the target group of the pair that the production rule forwards to. The
// text says what is wrong with the rule. Divided traffic is not wrong after an
// unfinished deployment; then the greater weight decides.
func (e *engine) live(b advancedBalancer, divided bool) (group, wrong string) {
	production := e.Rules[b.production]
	if production == nil || b.test != "" && e.Rules[b.test] == nil {
		return b.group, noSuchRule
	}
	known := production.Forward
	if b.test != "" {
		known = slices.Concat(known, e.Rules[b.test].Forward)
	}
	first, second := forwards(known, b.group), forwards(known, b.alternate)
	serving, best := 0, forward{Group: b.group}
	for _, f := range production.Forward {
		if f.Weight > 0 {
			serving++
		}
		if f.Weight > best.Weight {
			best = f
		}
	}
	switch {
	case !first && !second:
		wrong = bothGroups
	case !first || !second:
		missing := b.group
		if first {
			missing = b.alternate
		}
		wrong = fmt.Sprintf("%s: Target group %s is not associated with either productionListenerRule or testListenerRule.", wrongNetworking, missing)
	case serving != 1 && !divided:
		wrong = fmt.Sprintf("%s. productionListenerRule %s should have exactly one target group serving traffic but found %d target groups which are serving traffic", wrongNetworking, b.production, serving)
	case best.Group != b.group && best.Group != b.alternate:
		wrong = fmt.Sprintf("%s. Production listener rule is forwarding traffic to unexpected target group %s. Expected traffic to be forwarded to either targetGroupArn: %s or alternateTargetGroupArn: %s", wrongNetworking, best.Group, b.group, b.alternate)
	}
	if best.Group != b.alternate {
		best.Group = b.group
	}
	return best.Group, wrong
}

// checkRuleAccess rolls back a deployment if the role of a load balancer is not allowed
// to change the rule that is to be written now. The text is documented for a listener; its
// end is assumed, and that it is the same for a rule. In a rollback nothing is denied
// (assumed).
func (e *engine) checkRuleAccess(s *service) bool {
	sd := s.current()
	if sd.Step == 0 || sd.over() || sd.RollbackAt != 0 || s.stage().rule == nil || e.Now < sd.StageUntil {
		return false
	}
	for _, b := range advancedBalancers(s.primary().Spec) {
		arn, action := s.stage().rule(b), "elasticloadbalancing:Modify"+b.kind()
		if e.Rules[arn] != nil && e.roleDenies(b.role, action) {
			e.failNetworking(s, hooksFailed(sd.Stage)+notAuthorized(b.role, "ECSNetworkingWithELB", action, arn))
			return true
		}
	}
	return false
}

// writeRules makes the rules of the service's load balancers send a part of
// their traffic to the target revision and the rest to the other group of the
// pair. It reports whether there are such rules.
func (e *engine) writeRules(s *service, percent float64, which func(advancedBalancer) string) bool {
	target := s.target()
	written := false
	for _, b := range advancedBalancers(target.Spec) {
		rule := e.Rules[which(b)]
		if rule == nil || b.index >= len(target.Groups) {
			continue
		}
		rule.Forward = divide(b, target.Groups[b.index], percent)
		written = true
	}
	return written
}

// divide is the forward action of a pair of target groups, of which one gets a
// part of the traffic. Weights of rules are whole numbers: tenths of a percent
// are written in thousandths (assumed).
func divide(b advancedBalancer, group string, percent float64) []forward {
	whole := 100.0
	if percent != math.Trunc(percent) {
		whole, percent = 1000, percent*10
	}
	weight := int(math.Round(percent))
	action := []forward{{b.group, weight}, {b.alternate, int(whole) - weight}}
	if group == b.alternate {
		action[0].Weight, action[1].Weight = action[1].Weight, action[0].Weight
	}
	return action
}

// target is the deployment that the current service deployment began with, also
// while it is rolled back.
func (s *service) target() *deployment {
	if d := s.deployment(s.current().Deployment); d != nil {
		return d
	}
	return s.primary()
}

// holder is the deployment beside the PRIMARY one that gets the production
// traffic; nil: there is none.
func (e *engine) holder(s *service) *deployment {
	var others []*deployment
	for _, d := range s.Deployments[1:] {
		switch {
		case d.Status == "INACTIVE": // its tasks are gone
		case d == s.candidate():
			others = append([]*deployment{d}, others...)
		default:
			others = append(others, d)
		}
	}
	if len(others) == 0 {
		return nil
	}
	advanced := advancedBalancers(s.primary().Spec)
	if len(advanced) == 0 {
		return others[0]
	}
	live, _ := e.live(advanced[0], true)
	for _, d := range others {
		if placed := d.balancers(); advanced[0].index < len(placed) && placed[advanced[0].index].TargetGroup == live {
			return d
		}
	}
	return others[0]
}

// direct lets all traffic go to the groups of a deployment, which an unfinished
// deployment may have divided.
func (e *engine) direct(s *service, to *deployment) {
	if to == nil {
		return
	}
	placed := to.balancers()
	for _, b := range advancedBalancers(s.primary().Spec) {
		if b.index >= len(placed) {
			continue
		}
		for _, arn := range []string{b.production, b.test} {
			if rule := e.Rules[arn]; rule != nil {
				rule.Forward = divide(b, placed[b.index].TargetGroup, 100)
			}
		}
	}
}
