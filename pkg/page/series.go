package page

// What a chart draws: the counts of a service over time, in few enough points.

import (
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// role is what a deployment is to a rollout.
type role int

const (
	fresh    role = iota // the deployment that is followed
	restored             // another one that started later: what is rolled back to
	earlier              // those that were there before
	roles    = int(iota)
)

// point is the counts from a time on.
type point struct {
	at      time.Time
	running [roles]int
	pending int
	failed  int // tasks of the deployment that is followed
	desired int // tasks of the service
	// stage is the lifecycle stage, production and test the percentage of the traffic that
	// the new tasks get; negative if there is none.
	stage            string
	production, test float64
}

// total is how many tasks run.
func (p point) total() int { return p.running[fresh] + p.running[restored] + p.running[earlier] }

// same reports whether two points differ in their time alone.
func (p point) same(other point) bool {
	p.at = other.at
	return p == other
}

// largestCount is the highest count that a chart shows: more than any service has.
const largestCount = 100_000

func bounded(count int) int { return min(max(count, 0), largestCount) }

// cast says which role each deployment of a service has.
type cast struct {
	followed string    // the id of the deployment that was followed first; "" for the PRIMARY one
	since    time.Time // its creation
}

func castOf(about *report.ServiceStory) cast {
	if about.First == nil {
		return cast{}
	}
	c := cast{about.First.ID, about.First.CreatedAt}
	for _, s := range about.Samples {
		for _, d := range s.Deployments {
			if d.ID == c.followed && c.since.IsZero() {
				c.since = d.CreatedAt
			}
		}
	}
	return c
}

func (c cast) role(d rollout.Deployment) role {
	switch {
	case d.ID == c.followed, c.followed == "" && d.Status == rollout.StatusPrimary:
		return fresh
	case !c.since.IsZero() && d.CreatedAt.After(c.since):
		return restored
	}
	return earlier
}

// pointOf is a sample as a point.
func (c cast) pointOf(s report.Sample) point {
	p := point{at: s.At, desired: bounded(s.Desired), production: -1, test: -1}
	for _, d := range s.Deployments {
		which := c.role(d)
		if which == fresh {
			p.failed = bounded(p.failed + bounded(d.Failed))
		}
		p.running[which] = bounded(p.running[which] + bounded(d.Running))
		p.pending = bounded(p.pending + bounded(d.Pending))
	}
	if r := s.Record; r != nil && rollout.Shifts(r.Strategy) {
		p.stage = r.LifecycleStage
		p.production, p.test = percent(r.Target.Production), percent(r.Target.Test)
	}
	return p
}

// percent is a percentage; -1 for none.
func percent(value *float64) float64 {
	if value == nil || !(*value >= 0) { // not a number is none either
		return -1
	}
	return min(*value, 100)
}

// points are the changes of the counts.
func points(about *report.ServiceStory) []point {
	c := castOf(about)
	var all []point
	for _, s := range about.Samples {
		p := c.pointOf(s)
		if n := len(all); n > 0 {
			p.failed = max(p.failed, all[n-1].failed) // ECS forgets them with the deployment
		}
		if n := len(all); n > 0 && (all[n-1].same(p) || p.at.Before(all[n-1].at)) {
			continue
		}
		all = append(all, p)
	}
	return all
}

// thinned are at most limit points: of each stretch of time the one with the fewest
// running tasks, so that no gap disappears, and the last one.
func thinned(all []point, limit int) []point {
	if len(all) <= limit {
		return all
	}
	first, span := all[0].at, all[len(all)-1].at.Sub(all[0].at)
	stretches := limit / 2
	stretch := func(p point) int {
		return min(int(float64(p.at.Sub(first))/float64(span)*float64(stretches)), stretches-1)
	}
	var kept []point
	for i := 0; i < len(all); {
		fewest, last := i, i
		for ; last < len(all) && stretch(all[last]) == stretch(all[i]); last++ {
			if all[last].total() < all[fewest].total() {
				fewest = last
			}
		}
		last--
		if fewest != last {
			kept = append(kept, all[fewest])
		}
		kept = append(kept, all[last])
		i = last + 1
	}
	return kept
}
