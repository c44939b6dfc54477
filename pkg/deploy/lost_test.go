package deploy_test

// Writes whose answers are lost: what was carried out is found, whatever came
// after it, and is not carried out a second time.

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// records ends the names of the operations on service deployments.
const records = "ServiceDeployments"

// losing lets a call of the operation be carried out and loses its answer; then
// happens what happens.
func (b *bench) losing(operation string, then func()) play {
	return func(x *exchange) doc {
		if x.operation != operation || x.player.carried[operation] > 0 {
			return x.ecs()
		}
		x.ecs()
		then()
		return nil
	}
}

// TestLostAndSuperseded (C1): ours was carried out, its answer is lost, and then a
// colleague deploys.
func TestLostAndSuperseded(t *testing.T) {
	for name, c := range map[string]struct {
		request deploy.Request
		after   time.Duration
		deny    string
	}{
		"at once":                 {request(), 0, ""},
		"after a second":          {request(), time.Second, ""},
		"after seven seconds":     {request(), 7 * time.Second, ""},
		"records denied":          {request(), time.Second, records},
		"a restart":               {restart(), time.Second, ""},
		"restart, records denied": {restart(), time.Second, records},
	} {
		t.Run("C1 "+name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				d, p := b.played(b.losing("UpdateService", func() {
					if c.after == 0 {
						b.colleague("repo/web:theirs")
					} else {
						time.AfterFunc(c.after, func() { b.colleague("repo/web:theirs") })
					}
				}))
				p.deny = c.deny
				o, err := d.Run(b.Context(), c.request, deploy.Policy{})
				want := 8
				if c.deny != "" {
					want = 7 // nothing that can be read says whether ours was carried out
				}
				got := b.exits(want, o, err)
				p.sent("UpdateService", 1)
				b.orphans(got.text)
			})
		})
	}
	// The same, but ours never reached ECS: theirs is left alone, and nothing of
	// ours is claimed.
	t.Run("C1 never carried out", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			lost := false
			d, p := b.played(func(x *exchange) doc {
				if x.operation == "UpdateService" && !lost {
					lost = true
					b.colleague("repo/web:theirs")
					return nil
				}
				return x.ecs()
			})
			o, err := d.Run(b.Context(), request(), deploy.Policy{})
			if got := b.say(o, err); got.exit == 0 || got.exit == 6 {
				b.Errorf("%s, exit code %d: %s", got.verdict, got.exit, got.text)
			} else {
				b.orphans(got.text)
			}
			p.sent("UpdateService", 0)
		})
	})
}

// TestLostAndRolledBack (C2): ours was carried out and failed, and ECS took it back
// before anybody looked.
func TestLostAndRolledBack(t *testing.T) {
	quiet := func(x *exchange) doc { // the events are about something else by now
		answer := x.ecs()
		if x.operation == "DescribeServices" {
			only(answer, "services")["events"] = []any{}
		}
		return answer
	}
	for name, c := range map[string]struct {
		faults string
		deny   string
		rest   play
	}{
		"all is told":             {"", "", (*exchange).ecs},
		"records denied":          {"", records, (*exchange).ecs},
		"no events":               {"", "", quiet},
		"tasks denied":            {"", "Tasks", (*exchange).ecs},
		"revisions are unrelated": {unrelated, "", (*exchange).ecs},
	} {
		t.Run("C2 "+name, func(t *testing.T) {
			inWorld(t, webWorld+crash+c.faults, func(b *bench) {
				lose := b.losing("UpdateService", func() { time.Sleep(20 * time.Minute) }) // the machine slept
				d, p := b.played(func(x *exchange) doc {
					if x.operation == "UpdateService" && x.player.carried[x.operation] == 0 {
						return lose(x)
					}
					return c.rest(x)
				})
				p.deny = c.deny
				o, err := d.Run(b.Context(), request(), deploy.Policy{})
				got := b.exits(6, o, err)
				p.sent("UpdateService", 1)
				b.orphans(got.text)
			})
		})
	}
	t.Run("C2 completed meanwhile", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			d, p := b.played(b.losing("UpdateService", func() { time.Sleep(20 * time.Minute) }))
			o, err := d.Run(b.Context(), request(), deploy.Policy{})
			b.exits(0, o, err)
			p.sent("UpdateService", 1)
		})
	})
	t.Run("C2 failed, nobody rolls back", func(t *testing.T) {
		inWorld(t, noRollback+crash, func(b *bench) {
			d, p := b.played(b.losing("UpdateService", func() { time.Sleep(20 * time.Minute) }))
			o, err := d.Run(b.Context(), request(), deploy.Policy{})
			b.exits(5, o, err)
			p.sent("UpdateService", 1)
		})
	})
	t.Run("C2 deleted meanwhile", func(t *testing.T) {
		inWorld(t, webWorld, func(b *bench) {
			d, p := b.played(b.losing("UpdateService", func() {
				b.raw("DeleteService", `{"cluster":"prod","service":"web","force":true}`)
			}))
			o, err := d.Run(b.Context(), request(), deploy.Policy{})
			b.exits(5, o, err)
			p.sent("UpdateService", 1)
		})
	})
}

// TestLostAndStale (C3): the answer is lost, and the looks after it show the time
// before.
func TestLostAndStale(t *testing.T) {
	for name, c := range map[string]struct {
		request deploy.Request
		world   string
		stale   time.Duration
		exit    int
		deny    string
	}{
		"3 s":            {request(), webWorld, 3 * time.Second, 0, ""},
		"8 s":            {request(), webWorld, 8 * time.Second, 0, ""},
		"8 s, crash":     {request(), webWorld + crash, 8 * time.Second, 6, ""},
		"a restart, 3 s": {restart(), webWorld, 3 * time.Second, 0, ""},
		"a restart, 8 s": {restart(), webWorld, 8 * time.Second, 0, ""},
		"records denied": {request(), webWorld, 8 * time.Second, 0, records},
	} {
		t.Run("C3 "+name, func(t *testing.T) {
			inWorld(t, c.world, func(b *bench) {
				answers, sent := map[string]doc{}, time.Time{}
				d, p := b.played(func(x *exchange) doc {
					if x.operation == "UpdateService" {
						if sent.IsZero() {
							answers["DescribeServices"] = b.shown()
							answers["ListServiceDeployments"] = doc{"serviceDeployments": b.records()}
							sent = time.Now()
						}
						if x.ecs(); x.player.carried[x.operation] == 1 {
							return nil
						}
					}
					if old := answers[x.operation]; old != nil && time.Since(sent) < c.stale {
						return old
					}
					return x.ecs()
				})
				p.deny = c.deny
				o, err := d.Run(b.Context(), c.request, deploy.Policy{})
				got := b.exits(c.exit, o, err)
				p.sent("UpdateService", 1)
				b.orphans(got.text)
			})
		})
	}
	// The same for a registration: a second revision is better than none, but the
	// first is then named.
	for _, stale := range []time.Duration{0, 3 * time.Second, 8 * time.Second, 5 * time.Minute} {
		t.Run(fmt.Sprintf("C3 registration, %s", stale), func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				before, sent := b.asked("DescribeTaskDefinition", `{"taskDefinition":"web","include":["TAGS"]}`), time.Time{}
				d, p := b.played(func(x *exchange) doc {
					if x.operation == "RegisterTaskDefinition" && sent.IsZero() {
						sent = time.Now()
						x.ecs()
						return nil
					}
					if x.operation == "DescribeTaskDefinition" && x.body["taskDefinition"] == "web" && time.Since(sent) < stale {
						return before
					}
					return x.ecs()
				})
				o, err := d.Run(b.Context(), request(), deploy.Policy{})
				got := b.exits(0, o, err)
				if stale < 10*time.Second {
					p.sent("RegisterTaskDefinition", 1)
				}
				b.orphans(got.text)
			})
		})
	}
}

// TestLostForGood (C3): the write was not carried out; it may be sent again once
// two looks, ten seconds apart, show that nothing happened.
func TestLostForGood(t *testing.T) {
	for name, r := range map[string]deploy.Request{"deploy": request(), "restart": restart()} {
		t.Run("C3 "+name, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				first, looks := time.Time{}, 0
				d, p := b.played(func(x *exchange) doc {
					if x.operation == "DescribeServices" && !first.IsZero() && x.player.carried["UpdateService"] == 0 {
						looks++
					}
					if x.operation == "UpdateService" {
						if first.IsZero() {
							first = time.Now()
							return nil
						}
						if time.Since(first) < 10*time.Second || looks < 2 {
							b.Errorf("sent again after %s and %d looks", time.Since(first), looks)
						}
					}
					return x.ecs()
				})
				o, err := d.Run(b.Context(), r, deploy.Policy{})
				b.exits(0, o, err)
				p.sent("UpdateService", 1)
			})
		})
	}
}

// TestLostOnTheWayBack (C): the writes of a rollback have answers that are lost,
// too.
func TestLostOnTheWayBack(t *testing.T) {
	t.Run("C stop, interrupted", func(t *testing.T) {
		inWorld(t, webWorld+slow, func(b *bench) {
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			time.AfterFunc(30*time.Second, cancel)
			d, p := b.played(func(x *exchange) doc {
				answer := x.ecs()
				if x.operation == "StopServiceDeployment" {
					return nil
				}
				return answer
			})
			o, err := d.Run(ctx, request(), deploy.Policy{OnInterrupt: deploy.OnInterruptRollback})
			b.exits(130, o, err)
			p.sent("UpdateService", 1)
			if b.inService() != "web:1" {
				b.Errorf("in service: %s", b.inService())
			}
		})
	})
	t.Run("C going back by an update", func(t *testing.T) {
		inWorld(t, unguarded+crash, func(b *bench) {
			d, p := b.played(func(x *exchange) doc {
				answer := x.ecs()
				if x.operation == "UpdateService" && x.player.carried[x.operation] == 2 {
					return nil
				}
				return answer
			})
			o, err := d.Run(b.Context(), request(), deploy.Policy{RollbackOnFailure: true})
			b.exits(6, o, err)
			p.sent("UpdateService", 2)
		})
	})
	t.Run("C the way back shows ours still", func(t *testing.T) {
		inWorld(t, unguarded+crash, func(b *bench) {
			var stale doc
			d, p := b.played(func(x *exchange) doc {
				if x.operation == "UpdateService" && x.player.carried[x.operation] == 1 {
					stale = b.shown()
					x.ecs()
					return doc{"service": only(stale, "services")}
				}
				return x.ecs()
			})
			o, err := d.Run(b.Context(), request(), deploy.Policy{RollbackOnFailure: true})
			b.exits(6, o, err)
			p.sent("UpdateService", 2)
		})
	})
}

// TestOrphansAreNamed: a revision that was registered and is not used is named,
// however the update ends.
func TestOrphansAreNamed(t *testing.T) {
	for _, code := range []string{"AccessDeniedException", "ServiceNotActiveException", "ThrottlingException", "ServerException", "InvalidParameterException", ""} {
		t.Run("C "+code, func(t *testing.T) {
			inWorld(t, webWorld, func(b *bench) {
				d, _ := b.played(func(x *exchange) doc {
					if x.operation == "UpdateService" {
						if code == "" {
							return nil
						}
						return refused(code)
					}
					return x.ecs()
				})
				o, err := d.Run(b.Context(), request(), deploy.Policy{})
				got := b.say(o, err)
				if got.exit == 0 {
					b.Errorf("%s: %s", got.verdict, got.text)
				}
				b.orphans(got.text)
				if strings.Contains(got.text, "%!") {
					b.Errorf("the text is broken: %s", got.text)
				}
			})
		})
	}
}
