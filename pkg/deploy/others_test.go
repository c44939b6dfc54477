package deploy_test

// Other people: what they start while we write is not overwritten, and what they
// would go back to is not deregistered.

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// hotfix has somebody else deploy another family.
func (b *bench) hotfix() {
	b.raw("RegisterTaskDefinition", `{"family":"hotfix","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"cpu":"256","memory":"512","containerDefinitions":[{"name":"app","image":"repo/web:hotfix"}]}`)
	b.raw("UpdateService", `{"cluster":"prod","service":"web","taskDefinition":"hotfix"}`)
}

// inService is the revision in service.
func (b *bench) inService() string {
	return rollout.ShortName(aws.ToString(b.describe("web").TaskDefinition))
}

// TestSomebodyElseMeanwhile: our update never arrives, and before it is sent
// again somebody else has deployed.
func TestSomebodyElseMeanwhile(t *testing.T) {
	inWorld(t, webWorld+"\nfaults: [{operations: [UpdateService], connectionReset: true, first: 1}]\n", func(b *bench) {
		b.before = func(operation string) {
			if operation == "UpdateService" {
				b.before = nil
				time.AfterFunc(time.Second, b.hotfix)
			}
		}
		_, err := b.deployer().Run(b.Context(), request(), deploy.Policy{})
		if !errors.Is(err, deploy.ErrStale) {
			b.Errorf("error %v, want ErrStale", err)
		}
		if name := b.inService(); name != "hotfix:1" {
			b.Errorf("the hotfix was replaced by %s", name)
		}
	})
}

// TestSomebodyElseWhileGoingBack: the way back does not lead over somebody's new
// deployment.
func TestSomebodyElseWhileGoingBack(t *testing.T) {
	inWorld(t, unguarded+crash, func(b *bench) {
		b.before = func(operation string) {
			n := len(b.calls)
			again := operation == "DescribeServices" && n > 3 && b.calls[n-2].operation == "DescribeTaskDefinition" && b.calls[n-3].operation == "DescribeTaskDefinition"
			if again && len(b.made("UpdateService")) == 1 { // between the plan of going back and its write
				b.before = nil
				b.hotfix()
			}
		}
		o := b.run(request(), deploy.Policy{RollbackOnFailure: true})
		if name := b.inService(); name != "hotfix:1" || o.Verdict != rollout.Failed {
			b.Errorf("in service: %s, verdict %s (%s)", name, o.Verdict, o.Reason)
		}
	})
}

// TestNobodyKnows: the answer of the update is lost for good. That is neither
// "untouched" nor a failure.
func TestNobodyKnows(t *testing.T) {
	inWorld(t, webWorld+"\nfaults: [{operations: [UpdateService], lostResponse: true}, {operations: [DescribeServices], afterUpdate: true, connectionReset: true}]\n", func(b *bench) {
		_, err := b.deployer().Run(b.Context(), request(), deploy.Policy{})
		var uncertain *deploy.UncertainError
		if !errors.As(err, &uncertain) || uncertain.ExitCode() != 7 || !strings.Contains(err.Error(), "web:2 was registered") {
			b.Errorf("error %v", err)
		}
		if n := len(b.made("UpdateService")); n != 1 {
			b.Errorf("UpdateService was sent %d times", n)
		}
	})
}

// TestInterruptedInTheMiddleOfAWrite: it is found out what became of the write
// first, and then the interruption is obeyed.
func TestInterruptedInTheMiddleOfAWrite(t *testing.T) {
	cancelAfter := func(b *bench, d time.Duration) context.Context {
		ctx, cancel := context.WithCancel(b.Context())
		b.Cleanup(cancel)
		b.before = func(operation string) {
			if operation == "UpdateService" {
				b.before = nil
				time.AfterFunc(d, cancel)
			}
		}
		return ctx
	}
	inWorld(t, webWorld+"\nfaults: [{operations: [UpdateService], lostResponse: true, first: 1}]\n", func(b *bench) {
		o, err := b.deployer().Run(cancelAfter(b, time.Second), request(), deploy.Policy{OnInterrupt: deploy.OnInterruptRollback})
		if err != nil {
			b.Fatal(err)
		}
		b.want(o, "interrupted")
		if b.inService() != "web:1" {
			b.Errorf("in service: %s", b.inService())
		}
	})
	inWorld(t, webWorld+"\nfaults: [{operations: [UpdateService], code: ThrottlingException, message: Rate exceeded}]\n", func(b *bench) {
		_, err := b.deployer().Run(cancelAfter(b, 100*time.Millisecond), request(), deploy.Policy{})
		var interrupted *deploy.InterruptedError
		if !errors.As(err, &interrupted) || rollout.ShortName(interrupted.Registered) != "web:2" {
			b.Errorf("error %v", err)
		}
	})
	inWorld(t, unguarded+crash, func(b *bench) { // while going back
		ctx, cancel := context.WithCancel(b.Context())
		defer cancel()
		b.before = func(operation string) {
			if operation == "UpdateService" && len(b.made("UpdateService")) == 2 {
				time.AfterFunc(3*time.Second, cancel)
			}
		}
		o, err := b.deployer().Run(ctx, request(), deploy.Policy{RollbackOnFailure: true})
		if err != nil {
			b.Fatal(err)
		}
		b.want(o, "interrupted")
		if o.Over {
			b.Error("the way back is not over")
		}
	})
}

// TestJoinTakesWhatWasAsked: a deployment that is on its way is joined, and the
// settings beside it are sent all the same.
func TestJoinTakesWhatWasAsked(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		b.run(request(), deploy.Policy{NoWait: true})
		time.Sleep(5 * time.Second)
		r := request()
		r.DesiredCount = aws.Int32(4)
		b.want(b.run(r, deploy.Policy{}), "succeeded")
		if s := b.describe("web"); s.DesiredCount != 4 || b.deployments() != 2 {
			b.Errorf("%d tasks wanted, %d deployments", s.DesiredCount, b.deployments())
		}
	})
	inWorld(t, webWorld, func(b *bench) { // a restart is a restart
		b.run(request(), deploy.Policy{NoWait: true})
		time.Sleep(5 * time.Second)
		r := request()
		r.IfUnchanged = deploy.IfUnchangedRestart
		b.want(b.run(r, deploy.Policy{IfInProgress: deploy.IfInProgressReplace}), "succeeded")
		if n := len(b.made("UpdateService")); n != 2 {
			b.Errorf("UpdateService was sent %d times", n)
		}
	})
}

// TestTheWayBackStaysOpen: tidying keeps what a rollback would go back to.
func TestTheWayBackStaysOpen(t *testing.T) {
	open := func(b *bench) {
		b.Helper()
		preview, err := b.deployer().PlanRollback(b.Context(), webInProd, deploy.RollbackOptions{})
		if err != nil || len(deploy.Problems(preview.Checks)) > 0 || rollout.ShortName(preview.Back.TaskDefinition) != "web:1" {
			b.Errorf("back to %s: %v %v", preview.Back.TaskDefinition, preview.Checks, err)
		}
	}
	one := deploy.Policy{KeepDefinitions: aws.Int32(1)}
	inWorld(t, webWorld, func(b *bench) { // after a restart
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		b.want(b.run(deploy.Request{Ref: webInProd, ForceNewDeployment: true}, one), "succeeded")
		open(b)
	})
	inWorld(t, webWorld, func(b *bench) { // after joining
		b.run(request(), deploy.Policy{NoWait: true})
		b.want(b.run(request(), one), "succeeded")
		open(b)
	})
	inWorld(t, noRollback+crash, func(b *bench) { // over a failed one
		b.want(b.run(request(), deploy.Policy{}), "failed")
		third := request()
		third.Images = []string{"repo/web:v3"}
		o := b.run(third, one)
		b.want(o, "succeeded")
		if rollout.ShortName(o.Deployment.Before.TaskDefinition) != "web:1" {
			b.Errorf("the way back is %s; what failed is none", o.Deployment.Before.TaskDefinition)
		}
		open(b)
	})
	inWorld(t, webWorld+"\nfaults: [{operations: [ListServiceDeployments], code: AccessDeniedException, message: no}]\n", func(b *bench) {
		b.want(b.run(request(), deploy.Policy{KeepDefinitions: aws.Int32(0)}), "succeeded")
		if len(b.made("DeregisterTaskDefinition")) > 0 || !b.told(deploy.EventWarning, "old revisions of web were not deregistered") {
			b.Error("without the history nothing may be deregistered")
		}
	})
}

// TestPolicies that cannot be carried out are refused.
func TestPolicies(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		for _, p := range []deploy.Policy{
			{IfInProgress: "ask"}, {OnInterrupt: "run"}, {Watch: deploy.WatchOptions{Until: "soon"}},
			{NoWait: true, RollbackOnFailure: true}, {NoWait: true, OnInterrupt: deploy.OnInterruptRollback},
		} {
			var usage *deploy.UsageError
			if _, err := b.deployer().Run(b.Context(), request(), p); !errors.As(err, &usage) {
				b.Errorf("%+v: error %v", p, err)
			}
		}
		b.untouched()
	})
}
