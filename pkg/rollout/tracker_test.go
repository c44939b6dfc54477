package rollout_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

const (
	ours  = "ecs-svc/200"
	old   = "ecs-svc/100"
	later = "ecs-svc/300"
)

var born = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// d is one deployment of a service.
func d(id, status, state string, running, desired int) rollout.Deployment {
	at := map[string]time.Time{old: born.Add(-time.Hour), ours: born, later: born.Add(time.Minute)}[id]
	return rollout.Deployment{ID: id, Status: status, RolloutState: state, Running: running, Desired: desired, CreatedAt: at,
		TaskDefinition: "arn:aws:ecs:eu-west-1:1:task-definition/web:" + id[len(id)-3:]}
}

// svc is a service with these deployments.
func svc(deployments ...rollout.Deployment) *rollout.Service {
	s := &rollout.Service{Name: "web", Status: "ACTIVE", Desired: 2, Running: 2, Deployments: deployments}
	return s
}

func withEvent(s *rollout.Service, after time.Duration, message string) *rollout.Service {
	s.Events = append([]rollout.ServiceEvent{{ID: message, At: born.Add(after), Message: "(service web) " + message}}, s.Events...)
	return s
}

func sd(status string) *rollout.ServiceDeployment {
	return &rollout.ServiceDeployment{ARN: "arn:sd", Status: status}
}

func triggered(status string) *rollout.ServiceDeployment {
	record := sd(status)
	record.Breaker = &rollout.Breaker{Status: "TRIGGERED", FailureCount: 3, Threshold: 3}
	return record
}

var (
	stale     = svc(d(old, "PRIMARY", "COMPLETED", 2, 2))
	bornNow   = svc(d(ours, "PRIMARY", "IN_PROGRESS", 0, 0), d(old, "ACTIVE", "COMPLETED", 2, 2))
	bothRun   = svc(d(ours, "PRIMARY", "IN_PROGRESS", 2, 2), d(old, "ACTIVE", "COMPLETED", 2, 2))
	alone     = svc(d(ours, "PRIMARY", "IN_PROGRESS", 2, 2))
	completed = svc(d(ours, "PRIMARY", "COMPLETED", 2, 2))
	failedOff = svc(d(ours, "PRIMARY", "FAILED", 0, 2), d(old, "ACTIVE", "COMPLETED", 2, 2))
	goingBack = svc(d(old, "PRIMARY", "IN_PROGRESS", 2, 2), d(ours, "ACTIVE", "FAILED", 0, 0))
	wentBack  = func() *rollout.Service {
		return withEvent(withEvent(svc(d(old, "PRIMARY", "COMPLETED", 2, 2)), time.Minute, "(deployment "+ours+") deployment failed: tasks failed to start."),
			time.Minute, "rolling back to deployment "+old+".")
	}()
	takenOver = svc(d(later, "PRIMARY", "IN_PROGRESS", 0, 2), d(ours, "ACTIVE", "IN_PROGRESS", 2, 0))
	classic   = svc(d(ours, "PRIMARY", "", 2, 2))
	deleted   = func() *rollout.Service {
		s := svc(d(ours, "PRIMARY", "IN_PROGRESS", 0, 0))
		s.Status = "DRAINING"
		return s
	}()
)

// look is one observation, some seconds after the start.
func look(seconds int, s *rollout.Service, record *rollout.ServiceDeployment) rollout.Observation {
	return rollout.Observation{Elapsed: time.Duration(seconds) * time.Second, Service: s, ServiceDeployment: record, OtherTasks: -1}
}

func target() rollout.Target {
	return rollout.Target{Identity: rollout.Identity{DeploymentID: ours, CreatedAt: born, EarlierIDs: []string{old}}, NewestEvent: born.Add(-time.Minute), RollsBack: true, Guarded: true}
}

func TestTracker(t *testing.T) {
	unguarded := target()
	unguarded.RollsBack, unguarded.Guarded = false, false
	running := target()
	running.Until = rollout.UntilRunning
	tests := []struct {
		name   string
		target rollout.Target
		seen   []rollout.Observation
		want   rollout.Verdict
	}{
		{"a new deployment with 0 of 0 tasks is no success", target(), []rollout.Observation{look(1, bornNow, sd("PENDING"))}, rollout.InProgress},
		{"all tasks running is no success", target(), []rollout.Observation{look(1, bothRun, sd("IN_PROGRESS")), look(60, alone, sd("IN_PROGRESS"))}, rollout.InProgress},
		{"completed, by the record", target(), []rollout.Observation{look(60, alone, sd("SUCCESSFUL"))}, rollout.Succeeded},
		{"completed, by the service, and not by the record", target(), []rollout.Observation{look(60, completed, sd("IN_PROGRESS")), look(63, completed, sd("IN_PROGRESS"))}, rollout.InProgress},
		{"completed, without a record, one look", target(), []rollout.Observation{look(60, completed, nil)}, rollout.InProgress},
		{"completed, without a record", target(), []rollout.Observation{look(60, completed, nil), look(62, completed, nil)}, rollout.Succeeded},
		{"stale reads after the update", target(), []rollout.Observation{look(1, stale, nil), look(3, stale, nil), look(50, stale, nil)}, rollout.InProgress},
		{"stale reads, then the truth", target(), []rollout.Observation{look(1, stale, nil), look(3, bornNow, nil), look(4, stale, nil), look(80, completed, nil), look(82, completed, nil)}, rollout.Succeeded},
		{"rolling back", target(), []rollout.Observation{look(60, bothRun, sd("IN_PROGRESS")), look(99, goingBack, triggered("ROLLBACK_IN_PROGRESS"))}, rollout.InProgress},
		{"rolled back, by the record", target(), []rollout.Observation{look(99, stale, triggered("ROLLBACK_SUCCESSFUL"))}, rollout.RolledBack},
		{"rolled back before the first look, without a record", target(), []rollout.Observation{look(1, wentBack, nil)}, rollout.RolledBack},
		{"rolled back, seen on its way, without a record", target(), []rollout.Observation{look(99, goingBack, nil), look(120, wentBack, nil)}, rollout.RolledBack},
		{"gone without a trace", target(), []rollout.Observation{look(10, bothRun, nil), look(20, stale, nil), look(81, stale, nil)}, rollout.RolledBack},
		{"an event of an earlier rollback is no evidence", target(), []rollout.Observation{look(5, withEvent(svc(d(old, "PRIMARY", "COMPLETED", 2, 2)), -time.Hour, "rolling back to deployment "+old+"."), nil)}, rollout.InProgress},
		{"rollback failed", target(), []rollout.Observation{look(99, failedOff, sd("ROLLBACK_FAILED"))}, rollout.Failed},
		{"failed, rollback off, record stopped", unguarded, []rollout.Observation{look(99, failedOff, triggered("STOPPED"))}, rollout.Failed},
		{"failed, rollback off, no record", unguarded, []rollout.Observation{look(99, failedOff, nil)}, rollout.Failed},
		{"failed, a rollback is awaited", target(), []rollout.Observation{look(99, failedOff, nil), look(120, failedOff, nil)}, rollout.InProgress},
		{"failed, the rollback never came", target(), []rollout.Observation{look(99, failedOff, nil), look(160, failedOff, nil)}, rollout.Failed},
		{"superseded", target(), []rollout.Observation{look(20, takenOver, sd("STOPPED"))}, rollout.Superseded},
		{"superseded, without a record", target(), []rollout.Observation{look(20, takenOver, nil)}, rollout.Superseded},
		{"completed, then superseded between two looks", target(), []rollout.Observation{look(90, withEvent(svc(d(later, "PRIMARY", "IN_PROGRESS", 0, 0)), time.Minute, "(deployment "+ours+") deployment completed."), nil)}, rollout.Succeeded},
		{"stopped by somebody", target(), []rollout.Observation{look(20, bothRun, sd("STOPPED")), look(51, bothRun, sd("STOPPED"))}, rollout.Superseded},
		{"stopped, not yet known why", target(), []rollout.Observation{look(20, bothRun, sd("STOPPED"))}, rollout.InProgress},
		{"paused", target(), []rollout.Observation{look(20, bothRun, &rollout.ServiceDeployment{Status: "IN_PROGRESS", Hooks: []rollout.Hook{{ID: "ecs-pause-1", Type: "PAUSE", Status: "AWAITING_ACTION"}}})}, rollout.Paused},
		{"deleted meanwhile", target(), []rollout.Observation{look(20, deleted, nil)}, rollout.Failed},
		{"classic load balancer, one look", target(), []rollout.Observation{look(20, classic, nil)}, rollout.InProgress},
		{"classic load balancer, steady", target(), []rollout.Observation{look(20, classic, nil), look(22, classic, nil), look(24, classic, nil)}, rollout.Succeeded},
		{"until running", running, []rollout.Observation{look(20, bothRun, sd("IN_PROGRESS"))}, rollout.Running},
		{"until running, nothing runs", running, []rollout.Observation{look(20, bornNow, sd("IN_PROGRESS"))}, rollout.InProgress},
		{"nothing read", target(), []rollout.Observation{look(1, nil, nil)}, rollout.InProgress},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			judged(t, tt.target, tt.seen, tt.want)
		})
	}
}

// judged fails the test unless these observations make this verdict.
func judged(t *testing.T, goal rollout.Target, seen []rollout.Observation, want rollout.Verdict) {
	t.Helper()
	tracker := rollout.NewTracker(goal)
	for _, o := range seen {
		tracker.Observe(o)
	}
	if tracker.Verdict() != want {
		t.Errorf("verdict %s (%s), want %s", tracker.Verdict(), tracker.Reason(), want)
	}
	if tracker.Verdict().Final() && tracker.Reason() == "" {
		t.Error("a verdict needs a reason")
	}
}

func TestTrackerDrained(t *testing.T) {
	goal := target()
	goal.Until = rollout.UntilDrained
	tracker := rollout.NewTracker(goal)
	o := look(60, completed, sd("SUCCESSFUL"))
	for _, others := range []int{-1, 2, 1} {
		o.OtherTasks = others
		if v := tracker.Observe(o); v != rollout.InProgress {
			t.Fatalf("verdict %s with %d tasks of earlier deployments", v, others)
		}
	}
	o.OtherTasks = 0
	if v := tracker.Observe(o); v != rollout.Succeeded {
		t.Errorf("verdict %s", v)
	}
}

func TestTrackerSettings(t *testing.T) {
	count := 4
	tracker := rollout.NewTracker(rollout.Target{Identity: rollout.Identity{DeploymentID: old}, SettingsOnly: true, DesiredCount: &count})
	s := svc(d(old, "PRIMARY", "COMPLETED", 2, 2))
	if v := tracker.Observe(look(1, s, nil)); v != rollout.InProgress {
		t.Errorf("the old count is %s", v)
	}
	s.Desired = 4
	if v := tracker.Observe(look(2, s, nil)); v != rollout.InProgress {
		t.Errorf("2 of 4 tasks is %s", v)
	}
	s.Running = 4
	if v := tracker.Observe(look(3, s, nil)); v != rollout.Updated {
		t.Errorf("4 of 4 tasks is %s", v)
	}
}

// TestTrackerHopeless: without breaker and alarm, many tasks that stop for one
// cause end the watch; flaky starts do not, if something stays up.
func TestTrackerHopeless(t *testing.T) {
	goal := target()
	goal.Guarded, goal.RollsBack = false, false
	crashed := func(n int, reason string) (tasks []rollout.Task) {
		for i := range n {
			tasks = append(tasks, rollout.Task{ARN: fmt.Sprint(reason, i), DeploymentID: ours, LastStatus: "STOPPED", StoppedReason: reason})
		}
		return tasks
	}
	down := svc(d(ours, "PRIMARY", "IN_PROGRESS", 0, 2), d(old, "ACTIVE", "COMPLETED", 2, 2))
	up := svc(d(ours, "PRIMARY", "IN_PROGRESS", 1, 2), d(old, "ACTIVE", "COMPLETED", 2, 2))
	t.Run("same cause, none up", func(t *testing.T) {
		tracker := rollout.NewTracker(goal)
		o := look(100, down, nil)
		o.Tasks = crashed(2, "Essential container in task exited")
		if v := tracker.Observe(o); v != rollout.InProgress {
			t.Fatalf("two tasks are enough: %s", v)
		}
		o.Tasks = crashed(3, "Essential container in task exited")
		if v := tracker.Observe(o); v != rollout.Failed {
			t.Errorf("three tasks: %s", v)
		}
	})
	t.Run("flaky start", func(t *testing.T) {
		tracker := rollout.NewTracker(goal)
		tracker.Observe(look(10, up, nil))
		o := look(100, up, nil)
		o.Tasks = crashed(3, "Essential container in task exited")
		if v := tracker.Observe(o); v != rollout.InProgress {
			t.Errorf("one task has stayed up: %s", v)
		}
	})
	t.Run("scaled in", func(t *testing.T) {
		tracker := rollout.NewTracker(goal)
		o := look(100, down, nil)
		o.Tasks = crashed(9, "Scaling activity initiated by (deployment ecs-svc/200)")
		if v := tracker.Observe(o); v != rollout.InProgress {
			t.Errorf("scaled-in tasks did not fail: %s", v)
		}
	})
	t.Run("guarded", func(t *testing.T) {
		guarded := goal
		guarded.Guarded = true
		tracker := rollout.NewTracker(guarded)
		o := look(100, down, nil)
		o.Tasks = crashed(9, "Essential container in task exited")
		if v := tracker.Observe(o); v != rollout.InProgress {
			t.Errorf("the circuit breaker decides: %s", v)
		}
	})
}

// observation generates any observation at all.
func observation() *rapid.Generator[rollout.Observation] {
	return rapid.Custom(func(t *rapid.T) rollout.Observation {
		o := rollout.Observation{Elapsed: time.Duration(rapid.IntRange(0, 3600).Draw(t, "elapsed")) * time.Second, OtherTasks: rapid.IntRange(-1, 3).Draw(t, "others")}
		if rapid.Bool().Draw(t, "service read") {
			s := svc()
			s.Desired, s.Running = rapid.IntRange(0, 3).Draw(t, "desired"), rapid.IntRange(0, 3).Draw(t, "running")
			s.Status = rapid.SampledFrom([]string{"ACTIVE", "ACTIVE", "ACTIVE", "DRAINING"}).Draw(t, "status")
			for range rapid.IntRange(0, 3).Draw(t, "deployments") {
				s.Deployments = append(s.Deployments, d(
					rapid.SampledFrom([]string{old, ours, later}).Draw(t, "id"), rapid.SampledFrom([]string{"PRIMARY", "ACTIVE", "INACTIVE"}).Draw(t, "place"),
					rapid.SampledFrom([]string{"", "IN_PROGRESS", "COMPLETED", "FAILED", "NEW_STATE"}).Draw(t, "state"),
					rapid.IntRange(0, 3).Draw(t, "r"), rapid.IntRange(0, 3).Draw(t, "d")))
			}
			for range rapid.IntRange(0, 2).Draw(t, "events") {
				withEvent(s, time.Minute, rapid.SampledFrom([]string{"(deployment " + ours + ") deployment failed: x", "rolling back to deployment " + old + ".",
					"(deployment " + ours + ") deployment completed.", "has reached a steady state."}).Draw(t, "event"))
			}
			o.Service = s
		}
		if rapid.Bool().Draw(t, "record read") {
			o.ServiceDeployment = sd(rapid.SampledFrom([]string{"PENDING", "IN_PROGRESS", "STOP_REQUESTED", "STOPPED", "SUCCESSFUL", "ROLLBACK_REQUESTED",
				"ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "NEW_STATUS"}).Draw(t, "record"))
		}
		return o
	})
}

// TestTrackerProperties feeds arbitrary observations: a final verdict absorbs,
// equal inputs give equal verdicts, and nothing but ECS's own word (or, behind
// a Classic Load Balancer, three steady looks) is a success.
func TestTrackerProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seen := rapid.SliceOfN(observation(), 1, 12).Draw(rt, "observations")
		a, b := rollout.NewTracker(target()), rollout.NewTracker(target())
		said, final := false, rollout.InProgress
		for _, o := range seen {
			said = said || saysCompleted(o)
			v := a.Observe(o)
			if b.Observe(o) != v || a.Reason() != b.Reason() {
				rt.Fatal("the same observations gave two verdicts")
			}
			if final.Final() && v != final {
				rt.Fatalf("%s became %s", final, v)
			}
			if v == rollout.Succeeded && !said {
				rt.Fatalf("succeeded, but ECS never said so: %s", a.Reason())
			}
			if v.Final() {
				final = v
			}
		}
	})
}

// saysCompleted is an independent reading of "ECS said that it completed".
func saysCompleted(o rollout.Observation) bool {
	if o.ServiceDeployment != nil && o.ServiceDeployment.Status == "SUCCESSFUL" {
		return true
	}
	if o.Service == nil {
		return false
	}
	for _, e := range o.Service.Events {
		if e.Message == "(service web) (deployment "+ours+") deployment completed." {
			return true
		}
	}
	for _, d := range o.Service.Deployments {
		if d.ID == ours && d.Status == "PRIMARY" && (d.RolloutState == "COMPLETED" || d.RolloutState == "") {
			return true
		}
	}
	return false
}

// TestTrackerOrderOfReads: whichever of two reads of one instant is newer, the
// verdict of the whole is the same.
func TestTrackerOrderOfReads(t *testing.T) {
	type state struct {
		service *rollout.Service
		record  *rollout.ServiceDeployment
	}
	for name, states := range map[string][]state{
		"success": {{bornNow, sd("PENDING")}, {bothRun, sd("IN_PROGRESS")}, {alone, sd("IN_PROGRESS")}, {completed, sd("SUCCESSFUL")}},
		"rollback": {{bornNow, sd("PENDING")}, {bothRun, sd("IN_PROGRESS")}, {goingBack, triggered("ROLLBACK_IN_PROGRESS")},
			{wentBack, triggered("ROLLBACK_SUCCESSFUL")}},
		"superseded": {{bornNow, sd("PENDING")}, {bothRun, sd("IN_PROGRESS")}, {takenOver, sd("STOPPED")}},
	} {
		verdicts := map[rollout.Verdict]bool{}
		for _, lag := range []struct{ service, record int }{{0, 0}, {1, 0}, {0, 1}} {
			tracker := rollout.NewTracker(target())
			for i := range len(states) + 1 {
				at := func(lag int) state { return states[max(0, min(i, len(states)-1)-lag*min(1, len(states)-i))] }
				tracker.Observe(look(5*i, at(lag.service).service, at(lag.record).record))
			}
			verdicts[tracker.Verdict()] = true
		}
		if len(verdicts) != 1 {
			t.Errorf("%s: the order of reads decides: %v", name, verdicts)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for v, want := range map[rollout.Verdict]int{
		rollout.Succeeded: 0, rollout.Unchanged: 0, rollout.Updated: 0, rollout.Running: 0, rollout.Failed: 5, rollout.RolledBack: 6,
		rollout.TimedOut: 7, rollout.Superseded: 8, rollout.Paused: 9, rollout.Busy: 10, rollout.Interrupted: 130, rollout.Error: 1, "never heard of": 1,
	} {
		if v.ExitCode() != want {
			t.Errorf("%s exits %d, want %d", v, v.ExitCode(), want)
		}
	}
}
