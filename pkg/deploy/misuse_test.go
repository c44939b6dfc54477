package deploy_test

// The library in the hands of a program that has a bug: what makes no sense is
// refused before anything is written, and an observer that panics does not take
// the outcome along.

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// caught runs something and is the panic in which it ended.
func caught(run func()) (p any) {
	defer func() { p = recover() }()
	run()
	return nil
}

// TestNothing (H2): nil instead of something.
func TestNothing(t *testing.T) {
	for name, run := range map[string]func(b *bench) (error, bool){
		"no client": func(b *bench) (error, bool) {
			_, err := deploy.New(nil).Plan(b.Context(), request())
			return err, true
		},
		"no clock": func(b *bench) (error, bool) {
			_, err := deploy.New(b.client, deploy.WithClock(nil)).Plan(b.Context(), request())
			return err, false
		},
		"no observer": func(b *bench) (error, bool) {
			_, err := deploy.New(b.client, deploy.WithObserver(nil)).Plan(b.Context(), request())
			return err, false
		},
		"no option": func(b *bench) (error, bool) {
			_, err := deploy.New(b.client, nil).Plan(b.Context(), request())
			return err, false
		},
		"no logs, load balancer and registry": func(b *bench) (error, bool) {
			_, err := deploy.New(b.client, deploy.WithLogs(nil), deploy.WithTargetHealth(nil)).Plan(b.Context(), request())
			return err, false
		},
		"no context": func(b *bench) (error, bool) {
			var none context.Context
			_, err := b.deployer().Plan(none, request())
			return err, true
		},
		"no plan": func(b *bench) (error, bool) {
			_, err := b.deployer().Apply(b.Context(), nil)
			return err, true
		},
		"an empty plan": func(b *bench) (error, bool) {
			_, err := b.deployer().Apply(b.Context(), &deploy.Plan{})
			return err, true
		},
		"no pruning": func(b *bench) (error, bool) {
			return b.deployer().Prune(b.Context(), nil), true
		},
		"no context for a watch": func(b *bench) (error, bool) {
			var none context.Context
			_, err := b.deployer().Watch(none, deploy.Deployment{Ref: webInProd, ID: "ecs-svc/1"}, deploy.WatchOptions{})
			return err, true
		},
	} {
		t.Run("H2 "+name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				var err error
				must := false
				switch p := caught(func() { err, must = run(b) }).(type) {
				case runtime.Error:
					b.Errorf("it crashes: %v", p)
				case nil:
					if must && err == nil {
						b.Error("it is taken")
					}
				}
				b.untouched()
			})
		})
	}
}

// TestNumbersThatMakeNoSense (H2) are refused before anything is written.
func TestNumbersThatMakeNoSense(t *testing.T) {
	for name, p := range map[string]deploy.Policy{
		"keep -1 definitions":      {KeepDefinitions: aws.Int32(-1)},
		"keep very few":            {KeepDefinitions: aws.Int32(-1 << 31)},
		"negative complete limit":  {Watch: deploy.WatchOptions{CompleteTimeout: -time.Second}},
		"negative running limit":   {Watch: deploy.WatchOptions{RunningTimeout: -time.Second}},
		"a limit before all times": {Watch: deploy.WatchOptions{CompleteTimeout: -1 << 63}},
	} {
		t.Run("H2 "+name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				if p := caught(func() {
					if err := p.Validate(); err == nil {
						b.Error("Validate takes it")
					}
					o, err := b.deployer().Run(b.Context(), request(), p)
					b.exits(3, o, err)
				}); p != nil {
					b.Errorf("it crashes: %v", p)
				}
				b.untouched()
			})
		})
	}
	t.Run("H2 a watch", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			started := b.run(request(), deploy.Policy{NoWait: true})
			for _, o := range []deploy.WatchOptions{{CompleteTimeout: -1}, {RunningTimeout: -1}, {Until: "soon"}} {
				if _, err := b.deployer().Watch(b.Context(), started.Deployment, o); err == nil {
					b.Errorf("%+v is taken", o)
				}
			}
			if _, err := b.deployer().PlanPrune(b.Context(), webInProd, -1); err == nil {
				b.Error("pruning to -1 is taken")
			}
		})
	})
}

// TestObserverPanics (H3): the outcome survives it.
func TestObserverPanics(t *testing.T) {
	for _, kind := range []deploy.EventType{
		deploy.EventPlan, deploy.EventRegistered, deploy.EventUpdated, deploy.EventProgress, deploy.EventService,
		deploy.EventCause, deploy.EventHeartbeat, deploy.EventWarning, deploy.EventDeregistered, deploy.EventOutcome, "",
	} {
		for world, verdict := range map[string]string{webWorld: "succeeded", webWorld + crash: "rolled-back"} {
			t.Run("H3 "+verdict+", "+string(kind), func(t *testing.T) {
				inWorld(t, world, func(b *bench) {
					d := deploy.New(b.client, deploy.WithObserver(func(e deploy.Event) {
						if kind == "" || e.Type == kind {
							panic("a bug of the observer")
						}
					}))
					if p := caught(func() {
						o, err := d.Run(b.Context(), request(), deploy.Policy{KeepDefinitions: aws.Int32(1)})
						if err != nil {
							b.Fatal(err)
						}
						b.want(o, verdict)
					}); p != nil {
						b.Errorf("the outcome is lost: %v", p)
					}
				})
			})
		}
	}
}
