package page

// The axis of time, and how many pixels a count takes.

import (
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// axis maps a stretch of time to pixels.
type axis struct {
	from, to    time.Time
	left, width float64
}

// longest is the longest time that an axis shows: no deployment takes longer.
const longest = 90 * 24 * time.Hour

// newAxis is an axis that shows at least a second, and not more than is sensible.
func newAxis(from, to time.Time, left, width float64) axis {
	span := min(max(to.Sub(from), time.Second), longest)
	return axis{from, from.Add(span), left, width}
}

// at is where a time is. One that the axis does not show is at its nearer end.
func (a axis) at(t time.Time) float64 {
	share := float64(t.Sub(a.from)) / float64(a.to.Sub(a.from))
	return a.left + a.width*min(max(share, 0), 1)
}

// steps are the distances between ticks.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour,
}

// mostTicks is how many ticks an axis has.
const mostTicks = 8

// tick is a place on the axis, and what is written there.
type tick struct {
	x     float64
	label string
}

// ticks are round times since the beginning.
func (a axis) ticks() []tick {
	span := a.to.Sub(a.from)
	step := steps[len(steps)-1]
	for _, s := range steps {
		if span/s <= mostTicks {
			step = s
			break
		}
	}
	var all []tick
	for since := time.Duration(0); since <= span; since += step {
		all = append(all, tick{a.at(a.from.Add(since)), rollout.Span(since)})
	}
	return all
}

// countStep is the distance between the ticks of a count: at most four fit below it.
func countStep(most int) int {
	for unit := 1; ; unit *= 10 {
		for _, n := range []int{1, 2, 5} {
			if most <= 4*n*unit {
				return n * unit
			}
		}
	}
}
