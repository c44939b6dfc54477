package deploy_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// TestLostAnswers: the answer of a write is lost, or the write never arrives.
// Either way the deployment goes on with one revision and one deployment.
func TestLostAnswers(t *testing.T) {
	for _, operation := range []string{"RegisterTaskDefinition", "UpdateService"} {
		for _, effect := range []string{"lostResponse", "connectionReset"} {
			t.Run(operation+" "+effect, func(t *testing.T) {
				inWorld(t, webWorld+fmt.Sprintf("\nfaults: [{operations: [%s], %s: true, first: 1}]\n", operation, effect), func(b *bench) {
					o := b.run(request(), deploy.Policy{})
					b.want(o, "succeeded")
					if n := b.revisions("web"); n != 2 {
						b.Errorf("%d revisions, want 2", n)
					}
					want := 1
					if effect == "connectionReset" {
						want = 2
					}
					if n := len(b.made(operation)); n != want {
						b.Errorf("%s was sent %d times, want %d", operation, n, want)
					}
					if rollout.ShortName(o.Serving) != "web:2" {
						b.Errorf("serving %s", o.Serving)
					}
				})
			})
		}
	}
}

// TestLostAnswerOfARestart: a restart whose answer was lost is found by its
// deployment, not started twice.
func TestLostAnswerOfARestart(t *testing.T) {
	inWorld(t, webWorld+"\nfaults: [{operations: [UpdateService], lostResponse: true, first: 1}]\n", func(b *bench) {
		b.want(b.run(deploy.Request{Ref: webInProd, ForceNewDeployment: true}, deploy.Policy{}), "succeeded")
		if n := len(b.made("UpdateService")); n != 1 {
			b.Errorf("UpdateService was sent %d times", n)
		}
	})
}

func TestThrottledWrites(t *testing.T) {
	inWorld(t, webWorld+"\nfaults: [{operations: [RegisterTaskDefinition, UpdateService], code: ThrottlingException, message: Rate exceeded, first: 3}]\n", func(b *bench) {
		b.want(b.run(request(), deploy.Policy{}), "succeeded")
		if n := b.revisions("web"); n != 2 {
			b.Errorf("%d revisions", n)
		}
	})
}

// TestWritesAreSentOnce: the SDK's own retries never repeat a write.
func TestWritesAreSentOnce(t *testing.T) {
	inWorld(t, webWorld+"\nfaults: [{operations: [UpdateService], status: 500, code: ServerException, message: oops}]\n", func(b *bench) {
		_, err := b.deployer().Run(b.Context(), request(), deploy.Policy{})
		if err == nil {
			b.Fatal("the update never worked")
		}
		last := ""
		for _, c := range b.calls {
			if c.operation == "UpdateService" && last == "UpdateService" {
				b.Error("UpdateService was repeated without a look at the service")
			}
			last = c.operation
		}
	})
}

// TestStalePlan: a plan that waited is held against the service before it is
// carried out.
func TestStalePlan(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		d := b.deployer()
		plan, err := d.Plan(b.Context(), request())
		if err != nil {
			b.Fatal(err)
		}
		other := request()
		other.Images = []string{"repo/web:other"}
		b.want(b.run(other, deploy.Policy{}), "succeeded")
		b.calls = nil
		_, err = d.Apply(b.Context(), plan)
		if !errors.Is(err, deploy.ErrStale) {
			b.Errorf("error %v, want ErrStale", err)
		}
		var hinter interface{ Hint() string }
		if !errors.As(err, &hinter) || hinter.Hint() == "" {
			b.Errorf("%v does not say what to do", err)
		}
		b.untouched()
	})
	inWorld(t, webWorld, func(b *bench) { // old, but nothing moved
		d := b.deployer()
		plan, err := d.Plan(b.Context(), request())
		if err != nil {
			b.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, err := d.Apply(b.Context(), plan); err != nil {
			b.Error(err)
		}
	})
}
