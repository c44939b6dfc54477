package ecssim

// This file is the service scheduler: one look at a service, which starts and
// stops tasks within minimumHealthyPercent and maximumPercent.

import (
	"math"
	"slices"
	"time"
)

// Times of the scheduler, near what captures of real rollouts show.
const (
	firstPassDelay = 1600 * time.Millisecond  // UpdateService to IN_PROGRESS
	launchDelay    = 12800 * time.Millisecond // from there to the first tasks
	passDelay      = 2 * time.Second          // a change to the scheduler's reaction
	launchBatch    = 10                       // tasks started in one pass
)

// census counts the tasks of a service, as the scheduler sees them.
type census struct {
	alive     int // RUNNING or on the way, all deployments
	stopping  int // not alive, not STOPPED
	healthy   int // alive and healthy, all deployments
	settling  int // alive, neither healthy nor found unhealthy
	unhealthy int // found unhealthy, not yet stopped
}

func (s *service) census() census {
	var c census
	for _, t := range s.tasks() {
		switch {
		case !t.alive():
			c.stopping++
			continue
		case t.Unhealthy != "":
			c.unhealthy++
		case t.Healthy:
			c.healthy++
		default:
			c.settling++
		}
		c.alive++
	}
	return c
}

// desired is the number of tasks that the service wants: for a DAEMON service
// one on each container instance.
func (e *engine) desired(s *service) int {
	if s.Daemon && s.Status == "ACTIVE" {
		return e.suitable(s)
	}
	return s.Desired
}

// pass is one look of the scheduler at a service: the PRIMARY deployment begins,
// fails or comes to its next stage, and the tasks move towards what it aims at.
func (e *engine) pass(s *service) {
	if s.Status != "ACTIVE" {
		e.drain(s)
		return
	}
	if !s.deploys() {
		e.passSets(s)
		return
	}
	e.begin(s)
	e.checkFailure(s)
	e.beginStages(s) // also those of the way back, if it has just failed
	desired := e.desired(s)
	e.advanceStage(s, desired)
	e.balance(s, desired)
	e.settle(s, desired)
	e.awaitProtection(s)
}

// begin puts a new PRIMARY deployment into progress. Until the scheduler looks
// at it for the first time it is PENDING.
func (e *engine) begin(s *service) {
	sd := s.current()
	if sd.Status != "PENDING" && sd.StartedAt != 0 {
		return
	}
	if sd.Status == "PENDING" {
		sd.Status = "IN_PROGRESS"
	}
	sd.StartedAt, sd.UpdatedAt = e.Now, e.Now
	e.endSuperseded(s)
	if wrong := e.settleGroups(s); wrong != "" {
		e.failNetworking(s, wrong)
	}
}

// aim is what the scheduler moves the tasks of a service towards.
type aim struct {
	desired  int  // tasks of the PRIMARY deployment
	lower    int  // at least so many tasks stay healthy
	upper    int  // at most so many are RUNNING or PENDING
	keepsOld bool // no task of an earlier deployment is stopped to make room
	replaced bool // the PRIMARY deployment has enough healthy tasks to replace all others
}

// aim is what the stage of the PRIMARY deployment aims at.
func (e *engine) aim(s *service, desired int) aim {
	a := aim{desired: desired, keepsOld: s.stage().keepsOld, replaced: e.scaledUp(s, desired)}
	a.lower, a.upper = s.Config.limits(desired)
	if s.current().Config.shifts() {
		// All new tasks start beside the old ones, and nothing replaces those
		// before the last stage.
		a.upper = math.MaxInt32
		a.replaced = a.replaced && !a.keepsOld
	}
	if s.Daemon {
		a.upper = max(a.upper, desired)
	}
	return a
}

// balance starts and stops tasks, and says so if nothing can be done.
func (e *engine) balance(s *service, desired int) {
	before := s.census()
	a := e.aim(s, desired)
	started, waiting := e.startTasks(s, a)
	halted := e.stopTasks(s, a, started)
	e.retire(s)
	if started+halted > 0 {
		s.SteadyAt = 0
		e.wake(s, passDelay)
	} else if !waiting && before.alive-before.healthy == 0 && before.stopping == 0 {
		e.sayStuck(s, desired)
	}
}

// startTasks starts what is missing and allowed, of the PRIMARY deployment
// first, then replacements for tasks of earlier deployments. waiting reports
// whether something is missing that may only start later.
func (e *engine) startTasks(s *service, a aim) (started int, waiting bool) {
	p := s.primary()
	if p.Launched && p.Rollout != "FAILED" && p.Desired != a.desired {
		p.Desired, p.UpdatedAt = a.desired, e.Now
	}
	for i, d := range s.Deployments {
		if d.Rollout == "FAILED" || d.Status == "INACTIVE" || i > 0 && (!d.Proven || a.replaced) {
			continue
		}
		missing := d.Desired - s.count(d, func(t *task) bool { return t.held() && t.Unhealthy == "" && !t.Draining })
		if missing <= 0 {
			continue
		}
		if d.NextLaunch > e.Now {
			e.wake(s, time.Duration(d.NextLaunch-e.Now)*time.Millisecond)
			waiting = true
			continue
		}
		c := s.census()
		room := a.upper - c.alive
		if e.World.Switches.StoppingCountsInUpper {
			room -= c.stopping
		}
		n, placed := e.launch(s, d, min(missing, room, launchBatch))
		started += n
		waiting = waiting || !placed
	}
	return started, waiting
}

// stopTasks stops what is unhealthy, superfluous or replaced.
func (e *engine) stopTasks(s *service, a aim, started int) int {
	p := s.primary()
	c := s.census()
	var out []*task
	for _, t := range s.tasks() { // unhealthy: one by one if no replacement fits
		if t.alive() && t.Unhealthy != "" && (c.alive <= a.upper && started > 0 || len(out) == 0) {
			out = append(out, t)
		}
	}
	n := len(out)
	e.stopAll(s, out, "")
	n += e.stopDraining(s, a)
	n += e.scaleIn(s, p, a.desired)
	if a.keepsOld && s.current().Config.shifts() {
		for _, d := range s.Deployments[1:] {
			if d.Proven && d.Rollout != "FAILED" {
				n += e.scaleIn(s, d, d.Desired)
			}
		}
	}
	if p.Rollout == "FAILED" || !p.Launched {
		return n
	}
	return n + e.stopOld(s, a)
}

// stopDraining stops tasks whose instance drains: those that are not healthy at
// once, and as many healthy ones as the lower limit spares [SDK
// UpdateContainerInstancesState]. The reason is assumed.
func (e *engine) stopDraining(s *service, a aim) int {
	n, spare := 0, s.census().healthy-a.lower
	for _, d := range s.Deployments {
		var out []*task
		for t := range s.tasksOf(d) {
			switch {
			case !t.alive() || !t.Draining || t.Unhealthy != "":
			case !t.Healthy:
				out = append(out, t)
			case spare > 0:
				spare--
				out = append(out, t)
			}
		}
		e.stopAll(s, out, scalingBy(d))
		n += len(out)
	}
	return n
}

// stopOld stops tasks of earlier deployments: as many healthy ones as the lower
// limit spares, and those that never worked or are replaced.
func (e *engine) stopOld(s *service, a aim) int {
	if a.keepsOld || a.replaced && s.succeedsFirst() {
		return 0
	}
	n, spare := 0, s.census().healthy-a.lower
	for i := len(s.Deployments) - 1; i > 0; i-- {
		d := s.Deployments[i]
		var olds []*task
		for t := range s.tasksOf(d) {
			switch {
			case !t.alive(), e.protected(t):
			case t.Healthy && spare > 0:
				spare--
				olds = append(olds, t)
			case !t.Healthy && (!d.Proven || d.Rollout == "FAILED" || a.replaced):
				olds = append(olds, t)
			}
		}
		d.Desired = max(d.Desired-len(olds), 0)
		e.stopAll(s, olds, scalingBy(d))
		n += len(olds)
	}
	return n
}

// succeedsFirst reports whether the PRIMARY deployment is to be successful before
// the tasks that it replaces go.
func (s *service) succeedsFirst() bool {
	return s.primary().Rollout == "IN_PROGRESS" && s.earlySuccess() && s.Config.deferred()
}

// fit is the number of healthy tasks of a deployment.
func (s *service) fit(d *deployment) int {
	return s.count(d, func(t *task) bool { return t.alive() && t.Healthy && t.Unhealthy == "" })
}

// enough is the number of healthy tasks with which the PRIMARY deployment can
// replace the others.
func (e *engine) enough(s *service, desired int) int {
	if s.primary().Rollout == "IN_PROGRESS" && s.earlySuccess() {
		return ceilPercent(desired, *s.Config.Early.Percent)
	}
	return desired
}

// scaleIn stops the tasks of a deployment beyond the desired count: those that
// are not healthy first, then the newest.
func (e *engine) scaleIn(s *service, d *deployment, desired int) int {
	var held, out []*task
	for t := range s.tasksOf(d) {
		if t.alive() && !t.Draining {
			held = append(held, t)
		}
	}
	excess := len(held) - desired
	held = slices.DeleteFunc(held, e.protected)
	for _, wantHealthy := range []bool{false, true} {
		for i := len(held) - 1; i >= 0 && len(out) < excess; i-- {
			if held[i].Healthy == wantHealthy {
				out = append(out, held[i])
			}
		}
	}
	e.stopAll(s, out, scalingBy(d))
	return len(out)
}

func scalingBy(d *deployment) string {
	return "Scaling activity initiated by (deployment " + d.ID + ")"
}

// drain stops the tasks of a service that was deleted.
func (e *engine) drain(s *service) {
	for _, d := range s.Deployments {
		var out []*task
		for t := range s.tasksOf(d) {
			if t.alive() {
				out = append(out, t)
			}
		}
		d.Desired = 0
		e.stopAll(s, out, scalingBy(d))
	}
	if len(s.tasks()) == 0 && s.Status == "DRAINING" {
		s.Status = "INACTIVE"
		s.Deployments = nil
	}
}

// retire takes earlier deployments out of sight when they have no tasks left
// and ECS has no further use for them.
func (e *engine) retire(s *service) {
	p := s.primary()
	kept := s.Deployments[:1]
	for _, d := range s.Deployments[1:] {
		candidate := d.Rollout == "COMPLETED" && p.Rollout != "COMPLETED"
		if !s.idle(d) || candidate || s.rollingBackFrom(d) || p.Rollout == "FAILED" && d.Proven {
			kept = append(kept, d)
		}
	}
	s.Deployments = kept
}

// idle reports whether the tasks of a deployment have stopped, or nearly so.
func (s *service) idle(d *deployment) bool {
	return s.count(d, func(t *task) bool { return t.held() || t.Status == deactivating || t.Status == stopping }) == 0
}

// rollingBackFrom reports whether d is the failed deployment from which the
// service is being rolled back; it stays in sight until that is done.
func (s *service) rollingBackFrom(d *deployment) bool {
	p := s.primary()
	return d != p && d.Rollout == "FAILED" && p.Rollout == "IN_PROGRESS" && d.HistoryArn == p.HistoryArn
}

// settle completes the deployment when everything is as desired and stays so
// for the completion lag, and says "steady state".
func (e *engine) settle(s *service, desired int) {
	p := s.primary()
	if !e.settled(s, desired) {
		p.CompleteAt = 0
		return
	}
	if p.Rollout != "IN_PROGRESS" {
		e.saySteady(s, 0)
		return
	}
	if s.stage().name != cleanUp {
		return
	}
	if p.CompleteAt == 0 {
		if !s.earlySuccess() || !s.Config.deferred() {
			for _, d := range s.Deployments[1:] {
				if !s.rollingBackFrom(d) {
					d.Status = "INACTIVE"
				}
			}
		}
		lag := orDefault(e.World.Switches.CompletionLag, 20*time.Second)
		p.CompleteAt = e.Now.add(lag + e.bake(s))
	}
	if p.AlarmAt != 0 {
		return // decided when its moment comes
	}
	if e.Now < p.CompleteAt {
		e.wake(s, time.Duration(p.CompleteAt-e.Now)*time.Millisecond)
		return
	}
	e.complete(s)
}

// settled reports whether the PRIMARY deployment has all it needs to complete,
// or, once it has completed, whether the service is steady.
func (e *engine) settled(s *service, desired int) bool {
	p := s.primary()
	if !p.Launched || p.Rollout == "FAILED" || p.Desired != desired {
		return false
	}
	early := p.Rollout == "IN_PROGRESS" && s.earlySuccess()
	if s.fit(p) < e.enough(s, desired) || !early && s.count(p, (*task).held) != desired {
		return false
	}
	if early && s.Config.deferred() {
		return true
	}
	for _, t := range s.tasks() {
		if (t.StartedBy != p.ID || t.Stopping) && t.Status != deprovisioning {
			return false
		}
	}
	return true
}

// earlySuccess reports whether the PRIMARY deployment may complete early, which
// only one that rolls can.
func (s *service) earlySuccess() bool {
	return s.Config.Early != nil && s.Config.Early.Enable && !s.current().Config.shifts()
}

func (c deploymentConfig) deferred() bool { return c.Early != nil && c.Early.Cleanup == "DEFERRED" }
