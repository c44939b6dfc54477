package ecssim

// This file lets a Go program go through a simulation event by event: a clock that
// moves only when it is moved, when the next thing happens, and what a service
// looks like then. Polls through the protocol can miss what lies between two of
// them.

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// ManualClock is a simulated time that stands still until somebody moves it. It is
// safe for concurrent use.
type ManualClock struct {
	mu  sync.Mutex
	now time.Time
}

// NewManualClock returns a clock that stands at start.
func NewManualClock(start time.Time) *ManualClock { return &ManualClock{now: start} }

// Now is where the clock stands.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep moves the clock by d and returns at once; ctx.Err() if ctx has ended.
func (c *ManualClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.MoveTo(c.Now().Add(d))
	return nil
}

// MoveTo moves the clock to t. It does not move back.
func (c *ManualClock) MoveTo(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}

// Moment is a service at one moment of the simulation.
type Moment struct {
	// At is the moment.
	At time.Time
	// Status is the status of the newest service deployment, such as IN_PROGRESS
	// or SUCCESSFUL, even if ECS would show no record of it.
	Status string
	// Deployments are those of the service, the PRIMARY one first.
	Deployments []DeploymentMoment
	// Production is the percentage of the production traffic that the newest deployment
	// gets; 0 if its strategy shifts none.
	Production float64
	// Stopping is the number of tasks of the service that are neither RUNNING nor
	// on their way to it, and not STOPPED yet.
	Stopping int
}

// DeploymentMoment is a deployment at one moment.
type DeploymentMoment struct {
	ID string
	// RolloutState is IN_PROGRESS, COMPLETED or FAILED.
	RolloutState string
	// Pending, Running and FailedTasks are the counts that DescribeServices shows.
	Pending, Running, FailedTasks int
	// Failing is the number of tasks that stop by themselves; they count as failed
	// when they are STOPPED.
	Failing int
	// Healthy is the number of tasks that count towards minimumHealthyPercent.
	Healthy int
}

// NextEvent is when the next thing happens that is certain by now; false: never.
// It is not before the clock's last moment that was played.
func (s *Simulator) NextEvent() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.core.Queue) == 0 {
		return time.Time{}, false
	}
	return s.core.Queue[0].At.time(), true
}

// Moment is the state of a service at the clock's now. It returns an error if the service does
// not exist.
func (s *Simulator) Moment(clusterName, serviceName string) (Moment, error) {
	var m Moment
	var apiErr *apiError
	err := s.use(func(e *engine) {
		var found *service
		if _, found, apiErr = e.locate(clusterName, serviceName); apiErr == nil {
			m = e.moment(found)
		}
	})
	if apiErr != nil {
		err = fmt.Errorf("service %s in cluster %s: %w", serviceName, clusterName, apiErr)
	}
	return m, err
}

func (e *engine) moment(s *service) Moment {
	m := Moment{At: e.Now.time()}
	if n := len(s.History); n > 0 {
		m.Status = s.History[n-1].Status
		if traffic := s.History[n-1].Traffic; traffic != nil {
			m.Production = traffic.Production
		}
	}
	index := make(map[string]int, len(s.Deployments))
	for i, d := range s.Deployments {
		index[d.ID] = i
		m.Deployments = append(m.Deployments, DeploymentMoment{ID: d.ID, RolloutState: d.Rollout, FailedTasks: d.Failures})
	}
	for _, t := range s.tasks() {
		i, known := index[t.StartedBy]
		runningNow, pendingNow := t.Status == running, t.starting() && t.alive()
		if !runningNow && !pendingNow {
			m.Stopping++
		}
		if !known {
			continue
		}
		d := &m.Deployments[i]
		switch {
		case runningNow:
			d.Running++
		case pendingNow:
			d.Pending++
		}
		if t.Dying && !t.Counted {
			d.Failing++
		}
		if t.alive() && t.Healthy && t.Unhealthy == "" {
			d.Healthy++
		}
	}
	return m
}
