package ecssim

// This file tests the listener rules of services that shift traffic: what ECS
// refuses about them, which group is live, and others who change them.

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	networkListener = elbArn + "listener/net/demo/60dc6c495c0c9188/f2f7dc8efc522ab2"
	networkTest     = elbArn + "listener/net/demo/60dc6c495c0c9188/0467ef3c8400ae65"
	otherGroup      = elbArn + "targetgroup/other/3333333333333333"
)

// ruleOf is a rule of the world, as group and weight in turn.
func ruleOf(arn string, forward ...any) RuleSpec {
	r := RuleSpec{ARN: arn}
	for i := 0; i < len(forward); i += 2 {
		r.Forward = append(r.Forward, ForwardSpec{forward[i].(string), forward[i+1].(int)})
	}
	return r
}

// TestLoadBalancersThatAreRefused has a row for each documented text.
func TestLoadBalancersThatAreRefused(t *testing.T) {
	pair := func(changes map[string]any) map[string]any {
		lb := clone(pairOf(prodRule, testRule))[0].(map[string]any)
		config := lb["advancedConfiguration"].(map[string]any)
		for member, v := range changes {
			if _, ok := config[member]; ok || member == "testListenerRule" {
				config[member] = v
			} else {
				lb[member] = v
			}
		}
		return lb
	}
	plain := map[string]any{"targetGroupArn": otherGroup, "containerName": "web", "containerPort": json.Number("80")}
	classic := map[string]any{"loadBalancerName": "old", "containerName": "web", "containerPort": json.Number("80")}
	advancedClassic := maps.Clone(classic)
	advancedClassic["advancedConfiguration"] = pair(nil)["advancedConfiguration"]
	for text, balancers := range map[string][]any{
		"productionListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: arn:x": {pair(map[string]any{"productionListenerRule": "arn:x"})},
		"testListenerRule has an invalid ARN format. Must be RuleArn for ALB or ListenerArn for NLB. Got: arn:x":       {pair(map[string]any{"testListenerRule": "arn:x"})},
		"The following rules cannot be used as both production and test listener rules: " + prodRule:                   {pair(map[string]any{"testListenerRule": prodRule})},
		"Duplicate targetGroupArn found: " + blueGroup:                                                                 {pair(map[string]any{"alternateTargetGroupArn": blueGroup})},
		"All loadBalancers must be strictly either ELBv1 (defining loadBalancerName) or ELBv2 (defining targetGroupArn)": {
			classic, plain},
		"advancedConfiguration field is not allowed with ELBv1 loadBalancers":                                                {advancedClassic},
		"Either all or none of the provided loadBalancers must have advancedConfiguration defined":                           {pair(nil), plain},
		"advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy":         {plain},
		"For Application LoadBalancer, testListenerRule is required when productionListenerRule is not associated with both": {pairOf(elbArn+"listener-rule/app/a/1/2/3", "")[0]},
	} {
		e := testEngine(t, func(w *World) {
			w.Services[0]["loadBalancers"] = pairOf(prodRule, testRule)
			w.Rules = []RuleSpec{ruleOf(prodRule, blueGroup, 100, greenGroup, 0), ruleOf(testRule, blueGroup, 100, greenGroup, 0),
				ruleOf(elbArn+"listener-rule/app/a/1/2/3", blueGroup, 1)}
		})
		input := Document{"service": "web", "loadBalancers": balancers, "deploymentConfiguration": map[string]any{"strategy": "BLUE_GREEN"}}
		if err := e.call("UpdateService", input); err == nil || err.code != "InvalidParameterException" || !strings.HasPrefix(err.message, text) {
			t.Errorf("%s\nwant %s", orNo(err), text)
		}
		if n := len(e.web().History); n != 1 {
			t.Errorf("%s: %d service deployments", text, n)
		}
	}
}

func orNo(err *apiError) string {
	if err == nil {
		return "no error"
	}
	return err.code + ": " + err.message
}

// TestRulesThatAreWrong: ECS looks at the rules when a deployment begins, and
// rolls it back at once, before any task is started.
func TestRulesThatAreWrong(t *testing.T) {
	const wrong = "Service deployment rolled back because of invalid networking configuration"
	for name, row := range map[string]struct {
		production, test []any // how somebody leaves the rules; nil: as they were
		roles            []RoleSpec
		reason           string
	}{
		"two groups serve":   {production: []any{blueGroup, 50, greenGroup, 50}, reason: ". productionListenerRule " + prodRule + " should have exactly one target group serving traffic but found 2 target groups which are serving traffic"},
		"no group serves":    {production: []any{blueGroup, 0, greenGroup, 0}, reason: ". productionListenerRule " + prodRule + " should have exactly one target group serving traffic but found 0 target groups which are serving traffic"},
		"another group":      {production: []any{blueGroup, 0, greenGroup, 0, otherGroup, 1}, reason: ". Production listener rule is forwarding traffic to unexpected target group " + otherGroup + ". Expected traffic to be forwarded to either targetGroupArn: " + blueGroup + " or alternateTargetGroupArn: " + greenGroup},
		"one is missing":     {production: []any{greenGroup, 1}, test: []any{greenGroup, 1}, reason: ": Target group " + blueGroup + " is not associated with either productionListenerRule or testListenerRule."},
		"both are missing":   {production: []any{otherGroup, 1}, test: []any{otherGroup, 1}, reason: ". Both targetGroup and alternateTargetGroup must be associated with the productionListenerRule or testListenerRule."},
		"one on the test":    {production: []any{greenGroup, 1}, test: []any{blueGroup, 1}},
		"any weight will do": {production: []any{blueGroup, 0, greenGroup, 7}},
		"no permission":      {roles: []RoleSpec{{ARN: "arn:aws:iam::123456789012:role/deployer"}}, reason: ". ECS was unable to manage the ELB resources due to missing permissions on ECS Infrastructure Role 'arn:aws:iam::123456789012:role/infrastructure'."},
		"not to be read":     {roles: []RoleSpec{{ARN: infraRole, Denied: []string{"elasticloadbalancing:Describe*"}}}, reason: ". ECS was unable to manage the ELB resources due to missing permissions on ECS Infrastructure Role '" + infraRole + "'."},
		"the rule is gone":   {production: []any{}, reason: ". One or more rules not found"},
	} {
		e := shiftEngine(t, `{"strategy":"BLUE_GREEN","bakeTimeInMinutes":0}`, func(w *World) { w.Roles = row.roles })
		for arn, forward := range map[string][]any{prodRule: row.production, testRule: row.test} {
			switch {
			case forward == nil:
			case len(forward) == 0:
				delete(e.Rules, arn)
				e.World.Rules = []RuleSpec{ruleOf(testRule)} // the world now says which rules there are
			default:
				e.bearRule(ruleOf(arn, forward...))
			}
		}
		old := e.web().primary()
		begin, sd := e.Now, shiftTo(t, e, "web:2")
		most := 0
		played(e, sd, time.Hour, func() string {
			if d := e.web().deployment(sd.Deployment); d != nil {
				most = max(most, e.web().count(d, (*task).held))
			}
			return sd.Stage
		})
		if row.reason == "" {
			if sd.Status != "SUCCESSFUL" {
				t.Errorf("%s: %s, %s", name, sd.Status, sd.Reason)
			}
			continue
		}
		if took := time.Duration(e.Now-begin) * time.Millisecond; sd.Status != "ROLLBACK_SUCCESSFUL" || sd.Reason != wrong+row.reason || took > 2*time.Minute || most > 0 || sd.Stage != "" {
			t.Errorf("%s: %s at %q after %s with %d tasks\n%s\nwant %s", name, sd.Status, sd.Stage, took, most, sd.Reason, wrong+row.reason)
		}
		if e.web().primary() != old || e.web().fit(old) != 3 {
			t.Errorf("%s: %d of the old tasks", name, e.web().fit(old))
		}
	}
}

// TestRulesThatCannotBeChanged: the role lost a permission. The deployment gets as far as
// the first rule that ECS has to change, and no rule is changed.
func TestRulesThatCannotBeChanged(t *testing.T) {
	for _, row := range []struct{ production, test, denied, stage, resource string }{
		{prodRule, testRule, "elasticloadbalancing:ModifyRule", testShift, testRule},
		{networkListener, "", "elasticloadbalancing:ModifyListener", shift, networkListener},
		{networkListener, networkTest, "elasticloadbalancing:Modify*", testShift, networkTest},
		{prodRule, testRule, "elasticloadbalancing:ModifyListener", "", ""}, // no rule is one
	} {
		e := shiftEngine(t, `{"strategy":"BLUE_GREEN","bakeTimeInMinutes":0}`, func(w *World) {
			w.Services[0]["loadBalancers"] = pairOf(row.production, row.test)
			w.Roles = []RoleSpec{{ARN: infraRole, Denied: []string{row.denied}}}
		})
		sd := shiftTo(t, e, "web:2")
		played(e, sd, time.Hour, func() string { return sd.Stage })
		reason := "Service deployment rolled back because " + row.stage + " lifecycle hook(s) failed. User: arn:aws:sts::123456789012:assumed-role/infrastructure/ECSNetworkingWithELB is not authorized to perform: " +
			"elasticloadbalancing:Modify" + map[bool]string{true: "Listener", false: "Rule"}[row.production == networkListener] + " on resource: " + row.resource
		switch {
		case row.stage == "" && sd.Status != "SUCCESSFUL",
			row.stage != "" && (sd.Status != "ROLLBACK_SUCCESSFUL" || sd.Stage != row.stage || !strings.HasPrefix(sd.Reason, reason) || groupOf(e, row.production, greenGroup) != 100):
			t.Errorf("%+v: %s at %s: %s\nwant %s", row, sd.Status, sd.Stage, sd.Reason, reason)
		}
	}
}

// TestRuleOfSomebodyElse: whoever resets the rule makes the next deployment go into
// the group in which the running tasks are, and ECS calls it a success.
func TestRuleOfSomebodyElse(t *testing.T) {
	e := shiftEngine(t, `{"strategy":"BLUE_GREEN","bakeTimeInMinutes":0}`, func(w *World) {
		w.Actors = []Actor{{After: Duration(time.Minute), Cluster: "default", Service: "web", Operation: "ModifyRule", Input: Document{
			"RuleArn": prodRule, "Actions": []any{map[string]any{"Type": "forward", "ForwardConfig": map[string]any{"TargetGroups": []any{
				map[string]any{"TargetGroupArn": blueGroup, "Weight": json.Number("100")}, map[string]any{"TargetGroupArn": greenGroup, "Weight": json.Number("0")}}}}},
		}}}
	})
	e.advance(e.Now.add(2 * time.Minute))
	if groupOf(e, prodRule, blueGroup) != 100 {
		t.Fatalf("the rule: %+v", e.Rules[prodRule].Forward)
	}
	sd := shiftTo(t, e, "web:2")
	mixed := false
	played(e, sd, time.Hour, func() string {
		revisions := map[string]bool{}
		for _, task := range e.web().tasks() {
			if task.Status == running && task.Balancers[0].TargetGroup == greenGroup {
				revisions[task.TaskDefinition] = true
			}
		}
		mixed = mixed || len(revisions) == 2
		return sd.Stage
	})
	if sd.Status != "SUCCESSFUL" || !mixed {
		t.Errorf("%s, both revisions in one group: %t", sd.Status, mixed)
	}
}

// TestRulesDuringADeployment samples both rules, as a published measurement does: the
// only time at which they differ is from the test shift to the production shift.
func TestRulesDuringADeployment(t *testing.T) {
	sample := func(e *engine) string {
		share := func(rule string) string {
			switch groupOf(e, rule, blueGroup) {
			case 100:
				return "blue"
			case 0:
				return "green"
			}
			return "both"
		}
		return "production->" + share(prodRule) + " test->" + share(testRule)
	}
	for answer, want := range map[FunctionAnswer][]string{
		FunctionSucceeds: {"production->green test->green", "production->green test->blue", "production->blue test->blue"},
		FunctionFails:    {"production->green test->green", "production->green test->blue", "production->green test->green"},
	} {
		e := shiftEngine(t, functionHook("", postTest), func(w *World) { w.Functions = []FunctionRule{{Match: "*", Answer: answer}} })
		sd := shiftTo(t, e, "web:2")
		rows, _ := played(e, sd, time.Hour, func() string { return sample(e) })
		if !slices.Equal(rows, want) {
			t.Errorf("%s: %v", answer, rows)
		}
	}
}

// TestNetworkLoadBalancers take ten minutes more at each shift, and only there.
func TestNetworkLoadBalancers(t *testing.T) {
	for _, test := range []string{networkTest, ""} {
		e := shiftEngine(t, `{"strategy":"CANARY","canaryConfiguration":{"canaryPercent":5,"canaryBakeTimeInMinutes":2},"bakeTimeInMinutes":0}`,
			func(w *World) { w.Services[0]["loadBalancers"] = pairOf(networkListener, test) })
		sd := shiftTo(t, e, "web:2")
		rows, at := played(e, sd, 2*time.Hour, func() string { return fmt.Sprint(sd.Stage, " ", sd.Traffic.Production) })
		took := map[string]time.Duration{}
		for i := range rows[1:] {
			took[rows[i]] = (at[i+1] - at[i]).Truncate(time.Minute)
		}
		want := map[string]time.Duration{"TEST_TRAFFIC_SHIFT 0": 10 * time.Minute, "PRODUCTION_TRAFFIC_SHIFT 0": 10 * time.Minute, "PRODUCTION_TRAFFIC_SHIFT 5": 12 * time.Minute}
		if test == "" {
			delete(want, "TEST_TRAFFIC_SHIFT 0") // takes no time
		}
		for stage, d := range want {
			if took[stage] != d {
				t.Errorf("with test listener %q: %s took %s, want %s: %v", test, stage, took[stage], d, rows)
			}
		}
		if test == "" && took["TEST_TRAFFIC_SHIFT 0"] != 0 {
			t.Errorf("without test listener: %v", took)
		}
		if sd.Status != "SUCCESSFUL" || groupOf(e, networkListener, blueGroup) != 100 {
			t.Errorf("%s, %+v", sd.Status, e.Rules[networkListener].Forward)
		}
		out, err := e.describeListeners(url.Values{"ListenerArns.member.1": {networkListener}})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(out.(listenerResult).Listeners.Member[0].Action[0].Forward.Groups); !strings.Contains(got, "blue/1111111111111111 100") {
			t.Errorf("DescribeListeners: %s", got)
		}
	}
}

// TestTrafficWithoutALoadBalancer: Service Connect and VPC Lattice shift it, without
// either there is none to shift.
func TestTrafficWithoutALoadBalancer(t *testing.T) {
	connect := Document{"serviceConnectConfiguration": map[string]any{"enabled": true, "namespace": "internal"}}
	lattice := Document{"vpcLatticeConfigurations": []any{map[string]any{"roleArn": "arn:aws:iam::123456789012:role/lattice", "portName": "web",
		"targetGroupArn": "arn:aws:vpc-lattice:us-east-1:123456789012:targetgroup/tg-1",
		"advancedConfiguration": map[string]any{"alternateTargetGroupArn": "arn:aws:vpc-lattice:us-east-1:123456789012:targetgroup/tg-2",
			"productionListenerRule": "arn:aws:vpc-lattice:us-east-1:123456789012:service/svc-1/listener/l-1/rule/r-1"}}}}
	for name, row := range map[string]struct {
		spec Document
		want []string
	}{
		"Service Connect": {connect, []string{"0 0", "0 100", "40 100", "100 100"}},
		"VPC Lattice":     {lattice, []string{"0 0", "0 100", "40 100", "100 100"}},
		"headless":        {Document{}, []string{"-"}},
	} {
		config := `{"strategy":"CANARY","canaryConfiguration":{"canaryPercent":40,"canaryBakeTimeInMinutes":1},"bakeTimeInMinutes":1}`
		if name == "headless" {
			config = `{"strategy":"BLUE_GREEN","bakeTimeInMinutes":1}`
		}
		e := testEngine(t, func(w *World) {
			maps.Copy(w.Services[0], row.spec)
			w.Services[0]["deploymentConfiguration"] = strategyConfig(t, config)
		})
		sd := shiftTo(t, e, "web:2")
		rows, _ := played(e, sd, time.Hour, func() string {
			target := e.serviceDeploymentView(e.web(), sd)["targetServiceRevision"].(map[string]any)
			if target["requestedProductionTrafficWeight"] == nil {
				return "-"
			}
			return fmt.Sprint(target["requestedProductionTrafficWeight"], target["requestedTestTrafficWeight"])
		})
		if sd.Status != "SUCCESSFUL" || !slices.Equal(rows, row.want) {
			t.Errorf("%s: %s, %q", name, sd.Status, rows)
		}
	}
	e := testEngine(t, nil)
	if err := e.call("UpdateService", Document{"service": "web", "deploymentConfiguration": map[string]any{"strategy": "CANARY"}}); err == nil {
		t.Error("a canary deployment without traffic is accepted")
	}
}
