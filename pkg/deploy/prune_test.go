package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// manyRevisions is a world with so many revisions of the family web, of which the
// service web runs one, and the service api another.
func manyRevisions(revisions, web, api int) string {
	var b strings.Builder
	b.WriteString("clusters: [{name: prod, containerInstances: [{count: 4}]}]\ntaskDefinitions:\n")
	for i := range revisions {
		fmt.Fprintf(&b, "  - {family: web, containerDefinitions: [{name: app, image: \"repo/web:v%d\", memory: 64}]}\n", i+1)
	}
	b.WriteString("  - {family: web-admin, containerDefinitions: [{name: app, image: \"repo/web-admin:v1\", memory: 64}]}\nservices:\n")
	for name, revision := range map[string]int{"web": web, "api": api} {
		fmt.Fprintf(&b, "  - {cluster: prod, serviceName: %s, taskDefinition: \"web:%d\", desiredCount: 1}\n", name, revision)
	}
	return b.String()
}

// names are short names of revisions.
func names(arns []string) []string {
	short := []string{}
	for _, arn := range arns {
		short = append(short, rollout.ShortName(arn))
	}
	return short
}

func (b *bench) planPrune(keep int32) *deploy.Pruning {
	b.Helper()
	p, err := b.deployer().PlanPrune(b.Context(), webInProd, keep)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// TestPrunePlan: the newest ones stay, and of the older ones those that another
// service runs, that a task still runs, and that are the way back.
func TestPrunePlan(t *testing.T) {
	for _, tt := range []struct {
		keep          int32
		inUse, remove []string
	}{
		{20, nil, []string{}},
		{9, nil, []string{}},
		{8, nil, []string{"web:1"}},
		{4, []string{"web:2", "web:4"}, []string{"web:1", "web:3", "web:5"}},
		{0, []string{"web:2", "web:4", "web:6", "web:9"}, []string{"web:1", "web:3", "web:5", "web:7", "web:8"}},
	} {
		t.Run(fmt.Sprint(tt.keep), func(t *testing.T) {
			inWorld(t, manyRevisions(9, 4, 2), func(b *bench) {
				b.run(deploy.Request{Ref: webInProd, Want: deploy.Want{TaskDefinition: "web:9"}}, deploy.Policy{}) // from web:4
				b.answer = func(operation string) (string, bool) {
					switch operation {
					case "ListTasks":
						return `{"taskArns":["arn:aws:ecs:us-east-1:123456789012:task/prod/1"]}`, true
					case "DescribeTasks": // a task that no service has started
						return `{"tasks":[{"taskArn":"arn:aws:ecs:us-east-1:123456789012:task/prod/1","taskDefinitionArn":"arn:aws:ecs:us-east-1:123456789012:task-definition/web:6"}]}`, true
					}
					return "", false
				}
				b.calls = nil
				p := b.planPrune(tt.keep)
				b.untouched()
				if diff := cmp.Diff(tt.remove, names(p.Remove)); diff != "" {
					t.Errorf("removed (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.inUse, names(p.InUse)); diff != "" && len(tt.inUse)+len(p.InUse) > 0 {
					t.Errorf("in use (-want +got):\n%s", diff)
				}
				if p.Active != 9 || p.Keep != tt.keep || p.Family != "web" {
					t.Errorf("plan %+v", p)
				}
			})
		})
	}
}

// TestPrunePace: one per second, oldest first, and a word about each.
func TestPrunePace(t *testing.T) {
	inWorld(t, manyRevisions(9, 9, 9), func(b *bench) {
		p := b.planPrune(2)
		began := time.Now()
		var times []time.Duration
		b.before = func(operation string) {
			if operation == "DeregisterTaskDefinition" {
				times = append(times, time.Since(began))
			}
		}
		if err := b.deployer().Prune(b.Context(), p); err != nil {
			t.Fatal(err)
		}
		for i, at := range times {
			if at != time.Duration(i+1)*time.Second {
				t.Errorf("number %d at %s", i+1, at)
			}
			if name := b.made("DeregisterTaskDefinition")[i].body["taskDefinition"]; name != p.Remove[i] || !strings.HasSuffix(p.Remove[i], fmt.Sprintf("/web:%d", i+1)) {
				t.Errorf("number %d was %v", i+1, name)
			}
		}
		told := 0
		for _, e := range b.events {
			if e.Type == deploy.EventDeregistered {
				told++
			}
		}
		if len(times) != 7 || told != 7 || b.revisions("web") != 2 {
			t.Errorf("%d calls, %d words, %d revisions left", len(times), told, b.revisions("web"))
		}
		if again := b.planPrune(2); len(again.Remove) != 0 {
			t.Errorf("again: %v", again.Remove)
		}
	})
}

// TestPruneInterrupted: it is known how many are gone, and none is cut off in
// the middle.
func TestPruneInterrupted(t *testing.T) {
	inWorld(t, manyRevisions(9, 9, 9), func(b *bench) {
		ctx, cancel := context.WithCancel(b.Context())
		b.before = func(operation string) {
			if len(b.made("DeregisterTaskDefinition")) == 3 {
				cancel()
			}
		}
		err := b.deployer().Prune(ctx, b.planPrune(2))
		var interrupted *deploy.InterruptedError
		if !errors.As(err, &interrupted) || interrupted.Deregistered != 3 || interrupted.ExitCode() != 130 || !strings.Contains(err.Error(), "before: 3") {
			t.Errorf("error %v", err)
		}
		if n := b.revisions("web"); n != 6 {
			t.Errorf("%d revisions are left", n)
		}
	})
}

// TestPruneRefused: a throttle is waited out, a refusal ends it, named.
func TestPruneRefused(t *testing.T) {
	throttled := "\nfaults: [{operations: [DeregisterTaskDefinition], code: ThrottlingException, message: Rate exceeded, first: 1}]\n"
	inWorld(t, manyRevisions(3, 3, 3)+throttled, func(b *bench) {
		if err := b.deployer().Prune(b.Context(), b.planPrune(1)); err != nil {
			t.Error(err)
		}
		if len(b.made("DeregisterTaskDefinition")) != 3 || b.revisions("web") != 1 {
			t.Errorf("%d calls, %d revisions left", len(b.made("DeregisterTaskDefinition")), b.revisions("web"))
		}
	})
	denied := "\nfaults: [{operations: [DeregisterTaskDefinition], code: AccessDeniedException, message: not authorized, nth: 2}]\n"
	inWorld(t, manyRevisions(4, 4, 4)+denied, func(b *bench) {
		err := b.deployer().Prune(b.Context(), b.planPrune(1))
		var call *deploy.CallError
		if !errors.As(err, &call) || call.ExitCode() != 4 || !strings.Contains(err.Error(), "ecs:DeregisterTaskDefinition on task definition web:2") {
			t.Errorf("error %v", err)
		}
		if b.revisions("web") != 3 {
			t.Errorf("%d revisions left", b.revisions("web"))
		}
	})
}

// TestPruneNeedsToKnow: if it is not known what is in use, nothing is planned.
func TestPruneNeedsToKnow(t *testing.T) {
	for _, operation := range []string{"ListTaskDefinitions", "ListServices", "DescribeServices", "ListServiceDeployments", "ListTasks", "DescribeTasks"} {
		inWorld(t, manyRevisions(4, 4, 3)+"\nfaults: [{operations: ["+operation+"], code: AccessDeniedException, message: not authorized}]\n", func(b *bench) {
			p, err := b.deployer().PlanPrune(b.Context(), webInProd, 1)
			var call *deploy.CallError
			if !errors.As(err, &call) || call.ExitCode() != 4 || !strings.Contains(err.Error(), operation) {
				t.Errorf("%s: %v, error %v", operation, p, err)
			}
		})
	}
	inWorld(t, webWorld, func(b *bench) {
		var usage *deploy.UsageError
		if _, err := b.deployer().PlanPrune(b.Context(), webInProd, -1); !errors.As(err, &usage) {
			t.Errorf("keep -1: %v", err)
		}
	})
}

// TestTidyAfterSuccessOnly: a deployment that is taken back leaves the revisions
// alone; one that succeeds keeps the way back.
func TestTidyAfterSuccessOnly(t *testing.T) {
	guarded := strings.ReplaceAll(manyRevisions(4, 4, 2), "desiredCount: 1}", "desiredCount: 1, deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: true}}}")
	broken := "\nimages: [{match: \"repo/web:bad\", behaviour: cannotPull}]\n"
	r := deploy.Request{Ref: webInProd, Want: deploy.Want{Images: []string{"repo/web:bad"}}}
	inWorld(t, guarded+broken, func(b *bench) {
		b.want(b.run(r, deploy.Policy{KeepDefinitions: aws.Int32(0)}), "rolled-back")
		r.Images[0] = "repo/web:v5"
		b.want(b.run(r, deploy.Policy{KeepDefinitions: aws.Int32(0), NoWait: true}), "started")
		if n := len(b.made("DeregisterTaskDefinition")); n != 0 {
			t.Errorf("%d revisions were deregistered", n)
		}
	})
	inWorld(t, guarded, func(b *bench) {
		r.Images[0] = "repo/web:v5"
		b.want(b.run(r, deploy.Policy{KeepDefinitions: aws.Int32(1)}), "succeeded")
		var gone []string
		for _, c := range b.made("DeregisterTaskDefinition") {
			gone = append(gone, rollout.ShortName(c.body["taskDefinition"].(string)))
		}
		if diff := cmp.Diff([]string{"web:1", "web:3"}, gone); diff != "" { // api runs web:2, and web:4 is the way back
			t.Error(diff)
		}
	})
}
