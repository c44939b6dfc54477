package deploy_test

// Where the production traffic goes, by the listener rules: what a plan, a watch and a
// look at the service say if somebody has changed one.

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// denies refuses operations of Elastic Load Balancing.
func denies(operations ...string) func(string) (string, bool) {
	return func(operation string) (string, bool) {
		return `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`, slices.Contains(operations, operation)
	}
}

// networked is a world with listeners of a Network Load Balancer instead of rules.
func networked(world string) string {
	return strings.NewReplacer(productionRule, productionListener, testRule, testListener).Replace(world)
}

const (
	productionListener = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/net/demo/50dc6c495c0c9188/f2f7dc8efc522ab2"
	testListener       = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/net/demo/50dc6c495c0c9188/0467ef3c8400ae65"
)

// pointAt makes the production rule, or listener, send all traffic to a target group.
func (b *bench) pointAt(rule, group string, more ...elbtypes.Action) {
	b.Helper()
	actions := append([]elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &group}}, more...)
	var err error
	if rule == productionListener {
		_, err = b.elb.ModifyListener(b.Context(), &elb.ModifyListenerInput{ListenerArn: &rule, DefaultActions: actions})
	} else {
		_, err = b.elb.ModifyRule(b.Context(), &elb.ModifyRuleInput{RuleArn: &rule, Actions: actions})
	}
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) status() deploy.Status {
	b.Helper()
	status, err := b.deployer().Status(b.Context(), webInProd)
	if err != nil {
		b.Fatal(err)
	}
	return status
}

// TestStatusKnowsWhereTheTrafficGoes: of a service whose deployment completed, of one that
// bakes, and of one whose rules cannot be read. The running tasks are in the group green.
func TestStatusKnowsWhereTheTrafficGoes(t *testing.T) {
	const misses = "the production rule sends nothing to target group "
	for name, c := range map[string]struct {
		world, rule string
		do          func(b *bench)
		says        string // of the traffic
		unread      string
		command     string // that sends the traffic where it should go
	}{
		"as it should be":   {world: shifting(blueGreen), do: func(*bench) {}},
		"moved":             {world: shifting(blueGreen), do: func(b *bench) { b.pointAt(productionRule, blueGroup) }, says: misses + "green of the running tasks: blue 1", command: "aws elbv2 modify-rule --rule-arn " + productionRule + " --actions "},
		"a rolling service": {world: shifting("    {strategy: ROLLING}"), do: func(b *bench) { b.pointAt(productionRule, greenGroup) }, says: misses + "blue"},
		"a listener":        {world: networked(shifting(blueGreen)), do: func(b *bench) { b.pointAt(productionListener, blueGroup) }, says: misses + "green", command: "aws elbv2 modify-listener --listener-arn " + productionListener + " --default-actions "},
		"while it shifts":   {world: shifting(canary), do: func(b *bench) { b.deployedFor(4 * time.Minute); b.pointAt(productionRule, greenGroup) }},
		"while it bakes":    {world: shifting(bakesADay), do: func(b *bench) { b.deployedFor(time.Hour) }},
		"moved while it bakes": {world: shifting(bakesADay), do: func(b *bench) {
			b.deployedFor(time.Hour)
			b.pointAt(productionRule, greenGroup)
		}, says: misses + "blue"},
		"denied":             {world: shifting(blueGreen), do: func(b *bench) { b.refuse = denies("DescribeRules") }, unread: "elasticloadbalancing:DescribeRules is not allowed"},
		"a listener, denied": {world: networked(shifting(blueGreen)), do: func(b *bench) { b.refuse = denies("DescribeListeners") }, unread: "elasticloadbalancing:DescribeListeners is not allowed"},
		"revisions denied": {world: shifting(blueGreen), do: func(b *bench) {
			b.refuse = func(operation string) (string, bool) {
				return `{"__type":"AccessDeniedException","message":"no"}`, operation == "DescribeServiceRevisions"
			}
		}, unread: "ecs:DescribeServiceRevisions is not allowed"},
		"no load balancer": {world: webWorld, do: func(b *bench) { b.refuse = denies("DescribeRules", "DescribeListeners") }},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, c.world, func(b *bench) {
				c.do(b)
				s := b.status()
				if s.TrafficUnread != c.unread || (s.Misrouted == nil) != (c.says == "") {
					b.Fatalf("%q, %+v", s.TrafficUnread, s.Misrouted)
				}
				if m := s.Misrouted; m != nil && (!strings.Contains(m.String(), c.says) || !strings.HasPrefix(m.Command, c.command) ||
					!slices.Contains(s.Diagnosis.Advice, "send the traffic to the running tasks: "+m.Command)) {
					b.Errorf("%s\n%s\n%q", m, m.Command, s.Diagnosis.Advice)
				}
			})
		})
	}
}

// deployedFor deploys, and lets some time pass.
func (b *bench) deployedFor(d time.Duration) {
	b.Helper()
	b.run(request(), deploy.Policy{NoWait: true})
	time.Sleep(d)
}

// TestTheCommandSendsTheTraffic: what is suggested is what ELB takes, as a shell reads it.
func TestTheCommandSendsTheTraffic(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	inWorld(t, shifting(blueGreen), func(b *bench) {
		b.pointAt(productionRule, blueGroup)
		command := b.status().Misrouted.Command
		words, err := exec.CommandContext(context.Background(), sh, "-c", "aws() { printf '%s\\n' \"$@\"; }; "+command).Output()
		want := fmt.Sprintf("elbv2\nmodify-rule\n--rule-arn\n%s\n--actions\n"+
			`[{"ForwardConfig":{"TargetGroups":[{"TargetGroupArn":"%s","Weight":100},{"TargetGroupArn":"%s","Weight":0}]},"Type":"forward"}]`+"\n", productionRule, greenGroup, blueGroup)
		if err != nil || string(words) != want {
			b.Errorf("%v: %s\nwant %s", err, words, want)
		}
	})
}

// TestARuleThatDoesMore: a command that replaced it would lose a login.
func TestARuleThatDoesMore(t *testing.T) {
	inWorld(t, shifting(blueGreen), func(b *bench) {
		b.answer = func(operation string) (string, bool) {
			return `<DescribeRulesResponse><DescribeRulesResult><Rules><member><Actions>
				<member><Type>authenticate-oidc</Type><Order>1</Order></member>
				<member><Type>forward</Type><Order>2</Order><TargetGroupArn>` + blueGroup + `</TargetGroupArn></member>
			</Actions></member></Rules></DescribeRulesResult></DescribeRulesResponse>`, operation == "DescribeRules"
		}
		s := b.status()
		if want := "aws elbv2 describe-rules --rule-arns " + productionRule; s.Misrouted == nil || s.Misrouted.Command != "" || !strings.HasSuffix(strings.Join(s.Diagnosis.Advice, ""), want) {
			b.Errorf("%+v, %q", s.Misrouted, s.Diagnosis.Advice)
		}
	})
}

// TestAPlanWarnsOfARuleThatMisses: ECS would not notice, and puts the new tasks beside
// the running ones.
func TestAPlanWarnsOfARuleThatMisses(t *testing.T) {
	inWorld(t, shifting(blueGreen), func(b *bench) {
		b.pointAt(productionRule, blueGroup)
		plan, err := b.deployer().Plan(b.Context(), request())
		if err != nil || len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "sends nothing to target group green of the running tasks: blue 1") ||
			!strings.Contains(plan.Warnings[0], "ecs-deploy status prints the command that sends the traffic to the running tasks") {
			b.Fatalf("%q, %v", plan.Warnings, err)
		}
		if _, err := b.deployer().Prepare(b.Context(), request(), deploy.Policy{Strict: true}); err == nil || !strings.Contains(err.Error(), "may shift the traffic of a deployment wrongly") {
			b.Errorf("strict: %v", err)
		}
		b.untouchedBy("ModifyRule")
		b.want(b.run(request(), deploy.Policy{}), "succeeded") // ECS moves the traffic to that group
	})
}

// TestAWatchSaysWhatItCouldNotRead: a deployment that ECS completed is a success, and
// that nobody read the rule is said once.
func TestAWatchSaysWhatItCouldNotRead(t *testing.T) {
	inWorld(t, shifting(blueGreen), func(b *bench) {
		b.refuse = denies("DescribeRules")
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		if warnings := b.warnings(); len(warnings) != 1 || warnings[0] != "whether the production traffic goes to the new tasks is not known: elasticloadbalancing:DescribeRules is not allowed" {
			b.Errorf("%q", warnings)
		}
	})
}
