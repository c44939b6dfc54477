package deploy_test

// Writes that wait for their turn: other services of the process have calls in the
// queue of the account.

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// rateExceeded is the body with which AWS refuses a call for its rate.
const rateExceeded = `{"__type":"ThrottlingException","message":"Rate exceeded"}`

// queued has AWS refuse the first call of an operation, with n calls of others behind it,
// and returns a deployer that shares the queue.
func (b *bench) queued(operation string, n int) *deploy.Deployer {
	limits := deploy.NewLimits(nil)
	b.refuse = func(called string) (string, bool) {
		if called != operation {
			return "", false
		}
		b.refuse = nil
		for range n {
			go func() { _ = limits.Take(b.Context(), operation) }()
		}
		return rateExceeded, true
	}
	return deploy.New(b.client, deploy.WithLimits(limits))
}

// TestARefusedWriteWaitsInTheQueue, however long that takes.
func TestARefusedWriteWaitsInTheQueue(t *testing.T) {
	for operation, n := range map[string]int{"RegisterTaskDefinition": 1000, "UpdateService": 5000} {
		inWorld(t, webWorld, func(b *bench) {
			began := time.Now()
			o, err := b.queued(operation, n).Run(b.Context(), request(), deploy.Policy{})
			if err != nil || o.ExitCode() != 0 {
				b.Errorf("%s: %v %v", operation, o, err)
			}
			if took := time.Since(began); took < 15*time.Minute {
				b.Errorf("%s: it took %s", operation, took)
			}
			if n := len(b.made("RegisterTaskDefinition")); n > 2 {
				b.Errorf("%d registrations were sent", n)
			}
		})
	}
}

// TestSomebodyDeploysDuringTheWait: the plan is old then.
func TestSomebodyDeploysDuringTheWait(t *testing.T) {
	inWorld(t, webWorld, func(b *bench) {
		d := b.queued("UpdateService", 5000)
		time.AfterFunc(5*time.Minute, b.hotfix)
		_, err := d.Run(b.Context(), request(), deploy.Policy{})
		if !errors.Is(err, deploy.ErrStale) || !strings.Contains(err.Error(), "web:2 was registered and is not in use") {
			b.Error(err)
		}
	})
}

// TestInterruptedInTheQueue: nothing is sent any more, and nothing is uncertain.
func TestInterruptedInTheQueue(t *testing.T) {
	for _, operation := range []string{"RegisterTaskDefinition", "UpdateService"} {
		inWorld(t, webWorld, func(b *bench) {
			ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
			defer cancel()
			began := time.Now()
			_, err := b.queued(operation, 5000).Run(ctx, request(), deploy.Policy{})
			var stopped *deploy.InterruptedError
			if !errors.As(err, &stopped) || stopped.ExitCode() != 130 || time.Since(began) > 5*time.Minute {
				b.Errorf("%s: after %s: %v", operation, time.Since(began), err)
			}
			if n := len(b.made(operation)); n != 1 {
				b.Errorf("%s was sent %d times", operation, n)
			}
		})
	}
}

// TestAPruningWaitsInTheQueue, behind the registrations of others.
func TestAPruningWaitsInTheQueue(t *testing.T) {
	inWorld(t, manyRevisions(5, 5, 5), func(b *bench) {
		limits := deploy.NewLimits(nil)
		for range 1000 {
			go func() { _ = limits.Take(b.Context(), "RegisterTaskDefinition") }()
		}
		synctest.Wait()
		p := b.planPrune(2)
		if err := deploy.New(b.client, deploy.WithLimits(limits)).Prune(b.Context(), p); err != nil || len(p.Remove) == 0 {
			b.Error(p.Remove, err)
		}
	})
}

// TestALookThatWaitsInTheQueue says nothing about ECS, and ends no watch.
func TestALookThatWaitsInTheQueue(t *testing.T) {
	for _, operation := range []string{"ListTasks", "DescribeServices"} {
		inWorld(t, webWorld, func(b *bench) {
			limits := deploy.NewLimits(nil)
			d := deploy.New(b.client, deploy.WithLimits(limits), deploy.WithObserver(func(e deploy.Event) {
				switch e.Type {
				case deploy.EventUpdated:
					for range 8000 { // six minutes
						go func() { _ = limits.Take(b.Context(), operation) }()
					}
					synctest.Wait()
				case deploy.EventWarning:
					if strings.Contains(e.Message, "ECS does not answer") {
						b.Errorf("%s: %s", operation, e.Message)
					}
				}
			}))
			if o, err := d.Run(b.Context(), request(), deploy.Policy{}); err != nil || o.ExitCode() != 0 {
				b.Errorf("%s: %v %v", operation, o, err)
			}
		})
	}
}
