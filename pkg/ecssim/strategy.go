package ecssim

// This file is the strategies that shift traffic, BLUE_GREEN, LINEAR and CANARY,
// as lists of stages: the new revision scales to 100 % beside the old one, then
// the traffic moves, in one step or in several, then the old revision goes.
// (Amazon ECS, "Amazon ECS blue/green deployments", "linear deployments",
// "canary deployments".)

import (
	"math"
	"slices"
	"time"
)

// Times of a shift, near what published measurements show.
const (
	ruleDelay    = 5 * time.Second  // the beginning of a shift stage to the changed rule
	networkDelay = 10 * time.Minute // more of it with a Network Load Balancer
	returnDelay  = 15 * time.Second // the beginning of a rollback to the changed rule
	scaleUpLag   = 40 * time.Second // all new tasks healthy behind a load balancer to the end of SCALE_UP
)

// shifts reports whether the strategy shifts traffic.
func (c deploymentConfig) shifts() bool {
	return c.Strategy == "BLUE_GREEN" || c.Strategy == "LINEAR" || c.Strategy == "CANARY"
}

// traffic is where the requests to a service go while a deployment shifts them:
// percent of the production and of the test traffic that the target revision
// gets.
type traffic struct {
	Production float64 `json:"production"`
	Test       float64 `json:"test"`
}

// weights are the percentages of production traffic that the new revision gets,
// one after the other. The last step of a linear deployment is what is left
// (assumed).
func (c deploymentConfig) weights() []float64 {
	var steps []float64
	switch c.Strategy {
	case "CANARY":
		steps = append(steps, *c.Canary.Percent)
	case "LINEAR":
		for k := 1.0; k*(*c.Linear.Percent) < 100; k++ {
			steps = append(steps, math.Round(k*(*c.Linear.Percent)*10)/10)
		}
	}
	if n := len(steps); n > 0 && steps[n-1] >= 100 {
		return steps
	}
	return append(steps, 100)
}

// stepBake is how long the traffic stays at each weight below 100.
func (c deploymentConfig) stepBake() time.Duration {
	switch c.Strategy {
	case "CANARY":
		return time.Duration(*c.Canary.Bake) * time.Minute
	case "LINEAR":
		return time.Duration(*c.Linear.Bake) * time.Minute
	}
	return 0
}

// shifting is the stages of a service deployment that shifts traffic. That the
// stage is PRODUCTION_TRAFFIC_SHIFT while a step bakes is assumed.
func shifting(sd *serviceDeployment) []stage {
	var stages []stage
	if len(sd.Sources) > 1 {
		stages = append(stages, stage{name: reconcile, hooked: true, begin: (*engine).reconcile, done: (*engine).reconciled})
	}
	stages = append(stages,
		stage{name: preScaleUp, hooked: true},
		stage{name: scaleUp, begin: (*engine).launchPrimary, done: (*engine).scaledUp},
		stage{name: scaleUp, lasts: scaleUpTime, done: (*engine).scaledUp},
		stage{name: postScaleUp, hooked: true},
		stage{name: testShift, lasts: shiftTime(testOf), rule: testOf},
		stage{name: testShift, hooked: true, begin: testTo(100)},
		stage{name: postTest, hooked: true},
	)
	for _, weight := range sd.Config.weights() {
		stages = append(stages,
			stage{name: preShift, hooked: true},
			stage{name: shift, begin: (*engine).watchAlarms, lasts: shiftTime(productionOf), rule: productionOf},
			stage{name: shift, hooked: true, begin: productionTo(weight)},
		)
		if weight < 100 {
			pause := sd.Config.stepBake()
			stages = append(stages, stage{name: shift, lasts: func(*engine, *service) time.Duration { return pause }})
		}
	}
	stages = append(stages,
		stage{name: postProduction, hooked: true},
		stage{name: bakeTime, lasts: (*engine).bake},
		stage{name: cleanUp},
	)
	for i := range stages[:len(stages)-1] {
		stages[i].keepsOld = true
	}
	return stages
}

// returning is the stages of a rollback of a deployment that shifts traffic: the
// weights that it had moved go back, then its tasks stop. Hooks of the stages of
// a shift are invoked again.
func returning(moved traffic) []stage {
	var stages []stage
	back := func(*engine, *service) time.Duration { return returnDelay }
	if moved.Production > 0 {
		stages = append(stages,
			stage{name: shift, lasts: back, keepsOld: true},
			stage{name: shift, hooked: true, begin: productionTo(0), keepsOld: true})
		back = func(*engine, *service) time.Duration { return ruleDelay }
	}
	if moved.Test > 0 {
		stages = append(stages,
			stage{name: testShift, lasts: back, keepsOld: true},
			stage{name: testShift, hooked: true, begin: testTo(0), keepsOld: true})
	}
	return append(stages, stage{name: cleanUp})
}

// scaleUpTime is how much longer than the start of its tasks SCALE_UP takes.
func scaleUpTime(_ *engine, s *service) time.Duration {
	if len(advancedBalancers(s.primary().Spec)) == 0 {
		return 0
	}
	return scaleUpLag
}

// shiftTime is how long it takes until the traffic is shifted: no time if there
// is none, the time to rewrite the rules that which names, or that of Service
// Connect and VPC Lattice, which is taken to be the same.
func shiftTime(which func(advancedBalancer) string) func(*engine, *service) time.Duration {
	return func(_ *engine, s *service) time.Duration {
		took := time.Duration(0)
		if s.meshed() {
			took = ruleDelay
		}
		for _, b := range advancedBalancers(s.primary().Spec) {
			switch {
			case which(b) == "":
			case b.network():
				return ruleDelay + networkDelay
			default:
				took = ruleDelay
			}
		}
		return took
	}
}

// testTo is what changes when the test traffic goes to the target revision, by
// percent of it.
func testTo(percent float64) func(*engine, *service) {
	return func(e *engine, s *service) {
		sd := s.current()
		if e.writeRules(s, percent, testOf) || s.meshed() {
			sd.Traffic.Test = percent
		}
	}
}

// productionTo is the same for the production traffic. A service without a load
// balancer, Service Connect and VPC Lattice has no traffic that ECS could shift.
func productionTo(percent float64) func(*engine, *service) {
	return func(e *engine, s *service) {
		sd := s.current()
		if e.writeRules(s, percent, productionOf) || s.meshed() {
			sd.Traffic.Production = percent
		}
	}
}

// watchAlarms lets the alarms count that have gone off since the deployment
// began: they are watched from the first shift of production traffic on.
func (e *engine) watchAlarms(s *service) {
	for i, a := range e.Alarms {
		if a.Since != 0 {
			e.alarmed(s, e.World.Alarms[i].Name)
		}
	}
}

// watchesAlarms reports whether alarms count at the stage of a deployment: if it
// shifts traffic, from the first shift of production traffic to the end of the
// bake time.
func (sd *serviceDeployment) watchesAlarms() bool {
	if !sd.Config.shifts() {
		return true
	}
	switch sd.Stage {
	case shift, postProduction, bakeTime:
		return true
	case preShift:
		return sd.Traffic != nil && sd.Traffic.Production > 0
	}
	return false
}

// reconcile ends what an unfinished deployment has left behind: of the revisions
// that run, the one that the production traffic goes to stays. How ECS chooses
// and what it does is assumed.
func (e *engine) reconcile(s *service) {
	kept := e.holder(s)
	for _, d := range s.Deployments[1:] {
		if d == kept {
			d.Rollout, d.Proven = "COMPLETED", true
			continue
		}
		d.Rollout, d.Desired = "FAILED", 0
		e.scaleIn(s, d, 0)
	}
	e.direct(s, kept)
}

// reconciled reports whether one revision is left beside the target.
func (e *engine) reconciled(s *service, _ int) bool {
	left := 0
	for _, d := range s.Deployments[1:] {
		if s.count(d, (*task).held) > 0 {
			left++
		}
	}
	return left <= 1
}

// concludeShift makes a service of the world one whose first deployment is over:
// all traffic goes to it.
func (e *engine) concludeShift(s *service) {
	sd := s.current()
	if !sd.Config.shifts() {
		return
	}
	if !e.ruled() {
		e.direct(s, s.primary())
	}
	if sd.Traffic != nil {
		sd.Traffic.Production = 100
		if s.meshed() || slices.ContainsFunc(advancedBalancers(s.Spec), func(b advancedBalancer) bool { return b.test != "" }) {
			sd.Traffic.Test = 100
		}
	}
	sd.Stage, sd.Step, sd.StageUntil = cleanUp, len(sd.stages()), 0
}
