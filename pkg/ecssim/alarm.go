package ecssim

// This file is CloudWatch alarms, as far as deployments watch them: when they
// go to ALARM, and what that does to the deployments of services that name them
// (Amazon ECS, "How CloudWatch alarms detect deployment failures").

import (
	"slices"
	"time"
)

const (
	// alarmLag is the time from ALARM to the scheduler's reaction; a published
	// incident has 21 s.
	alarmLag = 20 * time.Second
	// defaultBake is the time for which a deployment with alarms is watched
	// when all its tasks are up. AWS computes it from the alarms and says that
	// it is usually less than five minutes.
	defaultBake = 3 * time.Minute
)

// alarm is the state of an alarm of the world: in ALARM from the moment Since,
// until Until if that is not 0. Since 0: OK.
type alarm struct {
	Since millis `json:"since,omitempty"`
	Until millis `json:"until,omitempty"`
}

// startAlarms gives the alarms that wait for nothing but the clock their times.
func (e *engine) startAlarms() {
	e.Alarms = make([]alarm, len(e.World.Alarms))
	for i, a := range e.World.Alarms {
		if !a.AfterDeployment {
			e.schedule(e.Now.add(time.Duration(a.After)), event{Kind: eventAlarm, Number: i})
		}
	}
	e.advance(e.Now)
}

// stirAlarms arranges for the alarms that the images of a new deployment set
// off.
func (e *engine) stirAlarms(s *service, d *deployment) {
	if e.Now < e.Born {
		return // the world is being made
	}
	for i, a := range e.World.Alarms {
		if a.AfterDeployment && e.concerns(a.Image, a.ExceptImages, d) {
			e.schedule(e.Now.add(time.Duration(a.After)), event{
				Kind: eventAlarm, Number: i, Cluster: s.Cluster, Service: s.Name, Deployment: d.ID,
			})
		}
	}
}

// concerns reports whether an image of the deployment matches a glob, and none of
// those that are excepted. Without globs every deployment is concerned.
func (e *engine) concerns(image string, except []string, d *deployment) bool {
	if image == "" && len(except) == 0 {
		return true
	}
	for _, c := range e.taskDefinition(d.TaskDefinition).containers() {
		used, _ := c["image"].(string)
		spared := slices.ContainsFunc(except, func(pattern string) bool { return e.means(pattern, used) })
		if !spared && (image == "" || e.means(image, used)) {
			return true
		}
	}
	return false
}

// ring puts an alarm into the state ALARM and tells the deployments that watch
// it. An alarm that a deployment sets off stays OK if that deployment is not
// the PRIMARY one any more.
func (e *engine) ring(ev event) {
	if ev.Service != "" {
		s := e.serviceOf(ev)
		if s == nil || s.Status != "ACTIVE" || s.primary().ID != ev.Deployment {
			return
		}
	}
	spec, a := e.World.Alarms[ev.Number], &e.Alarms[ev.Number]
	fresh := a.Since == 0
	if fresh {
		a.Since = e.Now
	}
	a.Until = 0
	if spec.For > 0 {
		a.Until = e.Now.add(time.Duration(spec.For))
		e.schedule(a.Until, event{Kind: eventCalm, Number: ev.Number})
	}
	if !fresh {
		return
	}
	for _, clusterName := range sortedKeys(e.Clusters) {
		services := e.Clusters[clusterName].Services
		for _, name := range sortedKeys(services) {
			e.alarmed(services[name], spec.Name)
		}
	}
}

// calm puts an alarm back into the state OK.
func (e *engine) calm(ev event) {
	if a := &e.Alarms[ev.Number]; a.Until == ev.At {
		*a = alarm{}
	}
}

// alarmed tells a service that an alarm went to ALARM.
func (e *engine) alarmed(s *service, name string) {
	if s.Status != "ACTIVE" || !s.deploys() {
		return
	}
	p := s.primary()
	sd := s.current()
	if p.Rollout != "IN_PROGRESS" || sd.over() || sd.RollbackAt != 0 {
		return
	}
	if sd.Alarms.Status != "MONITORING" || !slices.Contains(sd.Alarms.Names, name) || !sd.watchesAlarms() || slices.Contains(sd.Alarms.Triggered, name) {
		return
	}
	sd.Alarms.Triggered = append(sd.Alarms.Triggered, name)
	sd.UpdatedAt = e.Now
	if p.AlarmAt == 0 {
		p.AlarmAt = e.Now.add(alarmLag)
		e.wake(s, alarmLag)
	}
}

// watch is what a service deployment watches, as its alarms are when it
// begins. One that is in ALARM already makes ECS ignore the alarms for this
// deployment, so that a deployment can mend what set it off.
func (e *engine) watch(s *service) alarmWatch {
	w, c := alarmWatch{Status: "DISABLED"}, s.Config.Alarms
	if !c.Enable || !s.recorded() {
		return w
	}
	w.Names = slices.Clone(c.Names)
	for i, a := range e.Alarms {
		if a.Since != 0 && slices.Contains(c.Names, e.World.Alarms[i].Name) {
			return w
		}
	}
	w.Status = "MONITORING"
	return w
}

// alarmWatch is the alarms of a service deployment.
type alarmWatch struct {
	Status    string   `json:"status"` // DISABLED, MONITORING, TRIGGERED, MONITORING_COMPLETE
	Names     []string `json:"names,omitempty"`
	Triggered []string `json:"triggered,omitempty"`
}

func (w alarmWatch) view() map[string]any {
	view := map[string]any{"status": w.Status}
	if len(w.Names) > 0 {
		view["alarmNames"] = w.Names
	}
	if len(w.Triggered) > 0 {
		view["triggeredAlarmNames"] = w.Triggered
	}
	return view
}

// failAlarm fails the PRIMARY deployment because of an alarm. The texts besides
// the event are assumed.
func (e *engine) failAlarm(s *service, sd *serviceDeployment) {
	sd.Alarms.Status = "TRIGGERED"
	e.fail(s, failure{
		event:  "deployment failed: alarm detected.",
		rollup: "ECS deployment failed: alarm detected.",
		going:  "ECS deployment alarm detected: rolling back to deploymentId ",
		status: "Service deployment rolled back because a CloudWatch alarm was detected.",
		halted: "Service deployment stopped because a CloudWatch alarm was detected.",
		back:   sd.Config.Alarms.Rollback,
	})
}

// bake is how long the PRIMARY deployment is watched when all its tasks are up
// and the others gone. A rollback is not watched (assumed).
func (e *engine) bake(s *service) time.Duration {
	sd := s.current()
	switch {
	case sd.RollbackAt != 0 || sd.Config.shifts() && s.stage().name == cleanUp:
		return 0 // a strategy that shifts traffic has a stage for it
	case sd.Config.Bake != nil && *sd.Config.Bake > 0: // 0 is what ECS shows if none is set
		return time.Duration(*sd.Config.Bake) * time.Minute
	case sd.Alarms.Status == "MONITORING":
		return orDefault(e.World.Switches.BakeTime, defaultBake)
	default:
		return 0
	}
}
