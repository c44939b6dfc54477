package rollout_test

// Observations that look like an end and are none: what counts, what must be
// seen twice, and what an earlier life of a deployment says.

import (
	"fmt"
	"testing"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// secondLife are the observations of a deployment that ECS goes back to, and of
// what came then.
var (
	secondLife = func() *rollout.Service {
		mine := d(ours, "PRIMARY", "IN_PROGRESS", 1, 2)
		mine.RolloutStateReason = "ECS deployment circuit breaker: rolling back to deploymentId " + ours + "."
		return svc(mine, d(later, "ACTIVE", "FAILED", 0, 0))
	}()
	secondEnded = svc(d(ours, "PRIMARY", "COMPLETED", 2, 2))
	secondFails = svc(d(ours, "PRIMARY", "FAILED", 0, 2))
	goneAgain   = svc(d(later, "PRIMARY", "IN_PROGRESS", 0, 2))
	pushedAside = svc(d(later, "PRIMARY", "IN_PROGRESS", 0, 2), d(ours, "ACTIVE", "COMPLETED", 2, 0))
)

// gone is a service in another status than ACTIVE.
func gone(status string, desired int, deployments ...rollout.Deployment) *rollout.Service {
	s := svc(deployments...)
	s.Status, s.Desired, s.Running = status, desired, desired
	return s
}

// counted is a service with running tasks of other deployments.
func counted(others ...rollout.Deployment) *rollout.Service {
	return svc(append([]rollout.Deployment{d(ours, "PRIMARY", "COMPLETED", 2, 2)}, others...)...)
}

// behind is a deployment that is newer than ours, by a clock that is behind.
func behind(by time.Duration) *rollout.Service {
	other := d(later, "PRIMARY", "IN_PROGRESS", 0, 2)
	other.CreatedAt = born.Add(-by)
	return svc(other, d(ours, "ACTIVE", "IN_PROGRESS", 2, 0))
}

// drained is an observation in which no tasks of other deployments were counted.
func drained(seconds int, s *rollout.Service, record *rollout.ServiceDeployment, others int) rollout.Observation {
	o := look(seconds, s, record)
	o.OtherTasks = others
	return o
}

// TestTrackerHostile plays what ECS may show, in the order in which it shows it.
func TestTrackerHostile(t *testing.T) {
	with := func(change func(*rollout.Target)) rollout.Target {
		goal := target()
		change(&goal)
		return goal
	}
	unguarded := with(func(g *rollout.Target) { g.RollsBack, g.Guarded = false, false })
	running := with(func(g *rollout.Target) { g.Until = rollout.UntilRunning })
	runningUnguarded := unguarded
	runningUnguarded.Until = rollout.UntilRunning
	untilDrained := with(func(g *rollout.Target) { g.Until = rollout.UntilDrained })
	zero, five := 0, 5
	settings := rollout.Target{Identity: rollout.Identity{DeploymentID: old}, SettingsOnly: true}
	toZero, toFive := settings, settings
	toZero.DesiredCount, toFive.DesiredCount = &zero, &five
	joined := rollout.Target{Identity: rollout.Identity{DeploymentID: ours, CreatedAt: born}}
	noState := svc(d(ours, "PRIMARY", "", 2, 2))
	failedRunning := svc(d(ours, "PRIMARY", "FAILED", 1, 2), d(old, "ACTIVE", "COMPLETED", 2, 2))
	unknown := sd("SHIFTING_TRAFFIC")
	baking := sd("IN_PROGRESS")
	baking.LifecycleStage = "BAKE_TIME"
	tests := []struct {
		name   string
		target rollout.Target
		seen   []rollout.Observation
		want   rollout.Verdict
	}{
		{"A3 the record bakes", target(), []rollout.Observation{look(60, completed, baking), look(90, completed, baking)}, rollout.InProgress},
		{"A3 the record bakes, no rollout state", target(), []rollout.Observation{look(60, noState, baking), look(62, noState, baking), look(64, noState, baking), look(66, noState, baking)}, rollout.InProgress},
		{"A3 the record is pending", target(), []rollout.Observation{look(60, completed, sd("PENDING")), look(90, completed, sd("PENDING"))}, rollout.InProgress},
		{"A3 an unknown status", target(), []rollout.Observation{look(60, completed, unknown), look(90, completed, unknown)}, rollout.InProgress},
		{"A3 a status that is empty", target(), []rollout.Observation{look(60, completed, sd("")), look(90, completed, sd(""))}, rollout.InProgress},
		{"A3 a rollback is asked for", target(), []rollout.Observation{look(60, completed, sd("ROLLBACK_REQUESTED")), look(90, completed, sd("ROLLBACK_REQUESTED"))}, rollout.InProgress},
		{"A3 a rollback is in progress", target(), []rollout.Observation{look(60, completed, sd("ROLLBACK_IN_PROGRESS")), look(90, completed, sd("ROLLBACK_IN_PROGRESS"))}, rollout.InProgress},
		{"A3 a stop is asked for", target(), []rollout.Observation{look(60, completed, sd("STOP_REQUESTED")), look(90, completed, sd("STOP_REQUESTED"))}, rollout.InProgress},
		{"A3 stopped", target(), []rollout.Observation{look(60, completed, sd("STOPPED"))}, rollout.InProgress},
		{"A3 an event says completed, the record does not", target(), []rollout.Observation{look(60, withEvent(svc(d(ours, "PRIMARY", "IN_PROGRESS", 2, 2)), time.Minute, "(deployment "+ours+") deployment completed."), baking)}, rollout.InProgress},
		{"A3 the record has its end", target(), []rollout.Observation{look(60, completed, baking), look(90, completed, sd("SUCCESSFUL"))}, rollout.Succeeded},
		{"A3 the record's end is another one", target(), []rollout.Observation{look(60, completed, baking), look(90, completed, sd("ROLLBACK_SUCCESSFUL"))}, rollout.RolledBack},
		{"A3 the record cannot be read once in between", target(), []rollout.Observation{look(60, completed, baking), look(62, completed, nil), look(64, completed, baking)}, rollout.InProgress},
		{"A3 drained, and the record bakes", untilDrained, []rollout.Observation{drained(60, completed, baking, 0), drained(90, completed, baking, 0)}, rollout.InProgress},

		{"A6 going back, superseded", joined, []rollout.Observation{look(1, secondLife, sd("SUCCESSFUL")), look(30, pushedAside, sd("SUCCESSFUL"))}, rollout.Superseded},
		{"A6 going back, superseded and not listed", joined, []rollout.Observation{look(1, secondLife, sd("SUCCESSFUL")), look(30, goneAgain, sd("SUCCESSFUL"))}, rollout.Superseded},
		{"A6 going back, it fails", joined, []rollout.Observation{look(1, secondLife, sd("SUCCESSFUL")), look(30, secondFails, sd("SUCCESSFUL"))}, rollout.Failed},
		{"A6 going back, the service is deleted", joined, []rollout.Observation{look(1, secondLife, sd("SUCCESSFUL")), look(30, gone("DRAINING", 0, d(ours, "PRIMARY", "IN_PROGRESS", 0, 0)), sd("SUCCESSFUL"))}, rollout.Failed},
		{"A6 going back, the service is gone", joined, []rollout.Observation{look(1, secondLife, sd("SUCCESSFUL")), look(30, gone("INACTIVE", 0), sd("SUCCESSFUL"))}, rollout.Failed},
		{"A6 going back, still", joined, []rollout.Observation{look(1, secondLife, sd("SUCCESSFUL")), look(90, secondLife, sd("SUCCESSFUL"))}, rollout.InProgress},
		{"A6 going back, nothing listed for once", joined, []rollout.Observation{look(1, secondLife, sd("SUCCESSFUL")), look(3, svc(), sd("SUCCESSFUL"))}, rollout.InProgress},
		{"A6 going back, there again", joined, []rollout.Observation{look(1, secondLife, sd("SUCCESSFUL")), look(30, secondEnded, sd("SUCCESSFUL")), look(32, secondEnded, sd("SUCCESSFUL")), look(61, secondEnded, sd("SUCCESSFUL"))}, rollout.Succeeded},
		{"A6 going back, there again, or a stale look at its first time", joined, []rollout.Observation{look(1, secondLife, sd("SUCCESSFUL")), look(30, secondEnded, sd("SUCCESSFUL")), look(32, secondEnded, sd("SUCCESSFUL"))}, rollout.InProgress},
		{"A6 one life, superseded after it completed", target(), []rollout.Observation{look(1, bothRun, sd("IN_PROGRESS")), look(60, goneAgain, sd("SUCCESSFUL"))}, rollout.Succeeded},

		{"A7 settings, the service is deleted", settings, []rollout.Observation{look(1, gone("DRAINING", 2, d(old, "PRIMARY", "COMPLETED", 2, 2)), nil)}, rollout.Failed},
		{"A7 settings, the service is gone", settings, []rollout.Observation{look(1, gone("INACTIVE", 0), nil)}, rollout.Failed},
		{"A7 count 0, the service is deleted", toZero, []rollout.Observation{look(1, gone("DRAINING", 0, d(old, "PRIMARY", "COMPLETED", 0, 0)), nil)}, rollout.Failed},
		{"A7 count 5, the service is deleted", toFive, []rollout.Observation{look(1, gone("DRAINING", 0, d(old, "PRIMARY", "COMPLETED", 0, 0)), nil)}, rollout.Failed},
		{"A7 deployment, the service is gone", target(), []rollout.Observation{look(20, gone("INACTIVE", 0), nil)}, rollout.Failed},
		{"A7 until running", running, []rollout.Observation{look(20, gone("DRAINING", 0, d(ours, "PRIMARY", "IN_PROGRESS", 1, 0)), sd("IN_PROGRESS"))}, rollout.Failed},

		{"A10 until running, and failed", runningUnguarded, []rollout.Observation{look(20, failedRunning, nil)}, rollout.Failed},
		{"A10 until running, failed by the record", runningUnguarded, []rollout.Observation{look(20, failedRunning, triggered("STOPPED"))}, rollout.Failed},
		{"A10 until running, a rollback is awaited", running, []rollout.Observation{look(20, failedRunning, nil)}, rollout.InProgress},
		{"A10 until running, ECS goes back", running, []rollout.Observation{look(20, bothRun, triggered("ROLLBACK_IN_PROGRESS"))}, rollout.InProgress},
		{"A10 until running, ECS goes back, not by the record", running, []rollout.Observation{look(20, svc(d(old, "PRIMARY", "IN_PROGRESS", 2, 2), d(ours, "ACTIVE", "FAILED", 1, 0)), nil)}, rollout.InProgress},
		{"A10 until running, and it runs", running, []rollout.Observation{look(20, bothRun, nil)}, rollout.Running},
		{"A10 until running, superseded", running, []rollout.Observation{look(20, takenOver, nil)}, rollout.Superseded},

		{"A11 one look", target(), []rollout.Observation{look(60, completed, nil)}, rollout.InProgress},
		{"A11 two looks", target(), []rollout.Observation{look(60, completed, nil), look(62, completed, nil)}, rollout.Succeeded},
		{"A11 two looks at one time", target(), []rollout.Observation{look(60, completed, nil), look(60, completed, nil)}, rollout.InProgress},
		{"A11 two looks, not in a row", target(), []rollout.Observation{look(60, completed, nil), look(62, bothRun, nil), look(64, completed, nil), look(66, bothRun, nil)}, rollout.InProgress},
		{"A11 then a rollback", target(), []rollout.Observation{look(60, completed, nil), look(62, bothRun, nil), look(90, goingBack, nil), look(120, wentBack, nil)}, rollout.RolledBack},
		{"A11 with the record one look is enough", target(), []rollout.Observation{look(60, completed, sd("SUCCESSFUL"))}, rollout.Succeeded},
		{"A11 the record alone", target(), []rollout.Observation{look(60, bothRun, sd("SUCCESSFUL"))}, rollout.Succeeded},
		{"A11 one look, then nothing can be read", target(), []rollout.Observation{look(60, completed, nil), look(62, nil, nil)}, rollout.InProgress},

		{"A13 not counted, and they run", untilDrained, []rollout.Observation{drained(60, counted(d(old, "ACTIVE", "COMPLETED", 2, 0)), sd("SUCCESSFUL"), 0)}, rollout.InProgress},
		{"A13 in another status", untilDrained, []rollout.Observation{drained(60, counted(d(old, "DRAINING", "COMPLETED", 1, 0)), sd("SUCCESSFUL"), 0)}, rollout.InProgress},
		{"A13 they are pending", untilDrained, []rollout.Observation{drained(60, counted(func() rollout.Deployment { p := d(old, "ACTIVE", "COMPLETED", 0, 1); p.Pending = 1; return p }()), sd("SUCCESSFUL"), 0)}, rollout.InProgress},
		{"A13 they are gone", untilDrained, []rollout.Observation{drained(60, counted(d(old, "ACTIVE", "COMPLETED", 2, 0)), sd("SUCCESSFUL"), 0), drained(90, counted(d(old, "ACTIVE", "COMPLETED", 0, 0)), sd("SUCCESSFUL"), 0)}, rollout.Succeeded},
		{"A13 what is later is not waited for", untilDrained, []rollout.Observation{drained(60, svc(d(later, "PRIMARY", "IN_PROGRESS", 1, 2), d(ours, "ACTIVE", "COMPLETED", 2, 2)), sd("SUCCESSFUL"), 0)}, rollout.Succeeded},

		{"B4 a newer one by a clock that is a second behind", target(), []rollout.Observation{look(10, bornNow, nil), look(20, behind(time.Second), nil), look(51, behind(time.Second), nil)}, rollout.Superseded},
		{"B4 an hour behind", target(), []rollout.Observation{look(10, bornNow, nil), look(20, behind(time.Hour), nil), look(51, behind(time.Hour), nil)}, rollout.Superseded},
		{"B4 and its record is stopped", target(), []rollout.Observation{look(10, bornNow, nil), look(20, behind(time.Second), sd("STOPPED")), look(51, behind(time.Second), sd("STOPPED"))}, rollout.Superseded},
		{"B4 of 1970", target(), []rollout.Observation{look(10, bornNow, nil), look(20, behind(time.Since(time.Unix(0, 0))), nil), look(51, behind(time.Since(time.Unix(0, 0))), nil)}, rollout.Superseded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			judged(t, tt.target, tt.seen, tt.want)
		})
	}
}

// TestTrackerBreakerStandsStill (B2): a breaker that is on and does not count ends
// nothing; one that counts is left to decide.
func TestTrackerBreakerStandsStill(t *testing.T) {
	down := svc(d(ours, "PRIMARY", "IN_PROGRESS", 0, 2), d(old, "ACTIVE", "COMPLETED", 2, 2))
	for name, c := range map[string]struct {
		count func(look int) int
		state string
		want  rollout.Verdict
	}{
		"its count is 0":    {func(int) int { return 0 }, "MONITORING", rollout.Failed},
		"its count stays 1": {func(int) int { return 1 }, "MONITORING", rollout.Failed},
		"it counts":         {func(look int) int { return look / 10 }, "MONITORING", rollout.InProgress},
		"it was triggered":  {func(int) int { return 3 }, "TRIGGERED", rollout.InProgress},
	} {
		t.Run("B2 "+name, func(t *testing.T) {
			tracker := rollout.NewTracker(target())
			for i := range 100 {
				o := look(20+10*i, down, sd("IN_PROGRESS"))
				o.ServiceDeployment.Breaker = &rollout.Breaker{Status: c.state, FailureCount: c.count(i), Threshold: 3}
				for n := range i {
					o.Tasks = append(o.Tasks, rollout.Task{ARN: fmt.Sprint("t", n), DeploymentID: ours, LastStatus: "STOPPED", StoppedReason: "Essential container in task exited"})
				}
				if v := tracker.Observe(o); v.Final() && i < 9 {
					t.Fatalf("%s after %d tasks", v, i)
				}
			}
			if v := tracker.Verdict(); v != c.want {
				t.Errorf("%s (%s), want %s", v, tracker.Reason(), c.want)
			}
		})
	}
}
