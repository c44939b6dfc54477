package ecssim

// This file is the stages of a deployment. A strategy is a list of them; the
// scheduler moves a deployment from one to the next in one place, advanceStage,
// and lifecycle hooks wait at them.

const (
	preScaleUp  = "PRE_SCALE_UP"
	scaleUp     = "SCALE_UP"
	postScaleUp = "POST_SCALE_UP"
	cleanUp     = "CLEAN_UP"
)

// stage is one step of a deployment. A deployment leaves it when it is done and
// no hook waits there; it stays at the last one until it ends.
type stage struct {
	name string
	// begin is what changes when the PRIMARY deployment gets there; nil: nothing.
	begin func(*engine, *service)
	// done reports whether there is nothing left to do; nil: there never is.
	done func(e *engine, s *service, desired int) bool
	// keepsOld lets the tasks of earlier deployments stay, however many of the
	// PRIMARY one there are.
	keepsOld bool
}

// rolling is the stages of the strategy ROLLING. Which a rolling deployment
// really has is not documented (assumed): before any new task is started; while
// new tasks replace old ones; when all new tasks are healthy, before the
// remaining old ones are stopped; after that.
var rolling = []stage{
	{name: preScaleUp},
	{name: scaleUp, begin: (*engine).launchPrimary, done: (*engine).scaledUp},
	{name: postScaleUp, keepsOld: true},
	{name: cleanUp},
}

// stagesOf are the stages of the strategy that a configuration names; none: the
// simulator does not have that strategy.
func stagesOf(c deploymentConfig) []stage {
	if c.Strategy == "ROLLING" {
		return rolling
	}
	return nil
}

// beginStages takes the PRIMARY deployment to its first stage, unless it has
// got there.
func (e *engine) beginStages(s *service) {
	if sd := s.current(); sd.Stage == "" {
		e.enterStage(s, sd, stagesOf(s.Config)[0])
	}
}

// advanceStage moves the PRIMARY deployment on, as far as it gets.
func (e *engine) advanceStage(s *service, desired int) {
	if s.primary().Rollout != "IN_PROGRESS" {
		return
	}
	sd := s.current()
	stages := stagesOf(s.Config)
	for i := s.stageIndex(); i+1 < len(stages); i++ {
		if sd.waitsAt() != "" || stages[i].done != nil && !stages[i].done(e, s, desired) {
			return
		}
		e.enterStage(s, sd, stages[i+1])
	}
}

// enterStage is the only place where a deployment comes to a stage.
func (e *engine) enterStage(s *service, sd *serviceDeployment, to stage) {
	sd.Stage = to.name
	if to.begin != nil {
		to.begin(e, s)
	}
	e.beginHooks(s, sd)
}

// stageIndex is where the PRIMARY deployment is in the stages of its strategy.
func (s *service) stageIndex() int {
	sd := s.current()
	for i, stage := range stagesOf(s.Config) {
		if stage.name == sd.Stage {
			return i
		}
	}
	return 0
}

// stage is the stage of the PRIMARY deployment.
func (s *service) stage() stage { return stagesOf(s.Config)[s.stageIndex()] }

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
