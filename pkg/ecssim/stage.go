package ecssim

// This file is the stages of a deployment. A strategy is a list of them; the
// scheduler moves a deployment from one to the next in one place, advanceStage,
// and lifecycle hooks wait at them. The strategies that shift traffic are in
// strategy.go.

import "time"

// stageLimit is how long a stage of a deployment that shifts traffic may take, or
// one step of its shift [Amazon ECS "Amazon ECS blue/green deployments"].
const stageLimit = 24 * time.Hour

const (
	reconcile      = "RECONCILE_SERVICE"
	preScaleUp     = "PRE_SCALE_UP"
	scaleUp        = "SCALE_UP"
	postScaleUp    = "POST_SCALE_UP"
	testShift      = "TEST_TRAFFIC_SHIFT"
	postTest       = "POST_TEST_TRAFFIC_SHIFT"
	preShift       = "PRE_PRODUCTION_TRAFFIC_SHIFT"
	shift          = "PRODUCTION_TRAFFIC_SHIFT"
	postProduction = "POST_PRODUCTION_TRAFFIC_SHIFT"
	bakeTime       = "BAKE_TIME"
	cleanUp        = "CLEAN_UP"
)

// stage is one step of a deployment. A deployment leaves it when it is done and
// no hook waits there; it stays at the last one until it ends.
type stage struct {
	name string
	// hooked lets the lifecycle hooks of the stage begin here.
	hooked bool
	// begin is what changes when the PRIMARY deployment gets there; nil: nothing.
	begin func(*engine, *service)
	// lasts is how long the stage takes at least; nil: no time.
	lasts func(*engine, *service) time.Duration
	// done reports whether there is nothing left to do; nil: there never is.
	done func(e *engine, s *service, desired int) bool
	// rule is the listener rule that ECS changes when the stage is over; nil: none.
	rule func(advancedBalancer) string
	// keepsOld lets the tasks of earlier deployments stay, however many of the
	// PRIMARY one there are.
	keepsOld bool
}

// rolling is the stages of the strategy ROLLING. Which a rolling deployment
// really has is not documented (assumed): before any new task is started; while
// new tasks replace old ones; when all new tasks are healthy, before the
// remaining old ones are stopped; after that.
var rolling = []stage{
	{name: preScaleUp, hooked: true},
	{name: scaleUp, begin: (*engine).launchPrimary, done: (*engine).scaledUp},
	{name: postScaleUp, hooked: true, keepsOld: true},
	{name: cleanUp},
}

// stages are those that a service deployment goes through from its beginning
// or, when it is rolled back, from there.
func (sd *serviceDeployment) stages() []stage {
	switch {
	case !sd.Config.shifts():
		return rolling
	case sd.RollbackAt != 0:
		return returning(sd.Moved)
	default:
		return shifting(sd)
	}
}

// beginStages takes the PRIMARY deployment to its first stage, unless it has
// got there.
func (e *engine) beginStages(s *service) {
	if sd := s.current(); sd.Step == 0 && s.primary().Rollout == "IN_PROGRESS" {
		e.enterStage(s, sd, 0)
	}
}

// advanceStage moves the PRIMARY deployment on, as far as it gets.
func (e *engine) advanceStage(s *service, desired int) {
	p := s.primary()
	if p.Rollout != "IN_PROGRESS" {
		return
	}
	sd := s.current()
	stages := sd.stages()
	for i := sd.index(); i+1 < len(stages); i++ {
		switch {
		case sd.waitsAt() != "" || stages[i].done != nil && !stages[i].done(e, s, desired):
			return
		case e.Now < sd.StageUntil:
			e.wake(s, time.Duration(sd.StageUntil-e.Now)*time.Millisecond)
			return
		case stages[i].lasts != nil && p.AlarmAt != 0:
			return // decided when its moment comes
		}
		e.enterStage(s, sd, i+1)
	}
}

// enterStage is the only place where a deployment comes to a stage, by its index.
// On the way back of a deployment that shifts traffic ECS still names the stage
// at which it failed.
func (e *engine) enterStage(s *service, sd *serviceDeployment, i int) {
	to := sd.stages()[i]
	sd.Step, sd.StageSince, sd.StageUntil = i+1, e.Now, 0
	if sd.Traffic == nil || sd.RollbackAt == 0 {
		sd.Stage = to.name
	}
	if sd.Traffic != nil {
		sd.UpdatedAt = e.Now
	}
	if sd.Config.shifts() {
		e.schedule(e.Now.add(stageLimit), event{Kind: eventLimit, Cluster: s.Cluster, Service: s.Name})
	}
	if to.begin != nil {
		to.begin(e, s)
	}
	if to.lasts != nil {
		sd.StageUntil = e.Now.add(to.lasts(e, s))
	}
	if to.hooked {
		e.beginHooks(s, sd, to.name)
	}
}

// checkStageLimit rolls back a deployment that shifts traffic if its stage has
// taken too long. Hooks and bake times have limits of their own; when the old
// tasks stop nothing is rolled back any more.
func (e *engine) checkStageLimit(s *service) bool {
	sd := s.current()
	if sd.Step == 0 || !sd.Config.shifts() || sd.over() || sd.RollbackAt != 0 || sd.pastStopping() ||
		s.stage().done == nil || e.Now < sd.StageSince.add(stageLimit) {
		return false
	}
	reason := "Service deployment rolled back because the lifecycle stage " + sd.Stage + " exceeded the limit of 24 hours." // assumed text
	e.fail(s, failure{
		event:  "deployment failed: " + reason,
		rollup: "ECS deployment failed: lifecycle stage limit.", // assumed text
		status: reason,
		back:   true,
	})
	return true
}

// index is where the service deployment is in its stages.
func (sd *serviceDeployment) index() int { return max(sd.Step-1, 0) }

// stage is the stage of the PRIMARY deployment.
func (s *service) stage() stage {
	sd := s.current()
	return sd.stages()[sd.index()]
}

// launchPrimary lets the scheduler start tasks of the PRIMARY deployment, after
// a while. Until then its desired count is 0.
func (e *engine) launchPrimary(s *service) {
	p := s.primary()
	if p.Launched {
		return // ECS goes back to it
	}
	p.Launched = true
	p.UpdatedAt = e.Now
	p.NextLaunch = e.Now.add(launchDelay)
}

// scaledUp reports whether enough tasks of the PRIMARY deployment are healthy to
// replace all others.
func (e *engine) scaledUp(s *service, desired int) bool {
	return s.fit(s.primary()) >= e.enough(s, desired)
}
