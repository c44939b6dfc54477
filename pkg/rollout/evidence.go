package rollout

// Evidence that does not come from ECS itself: log lines, target health.

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Log is the end of a container's log.
type Log struct {
	// Lines are its last lines, oldest first; none if it could not be read.
	Lines []string `json:"lines,omitempty"`
	// Command reads the log, for a person; "" if it is not known how.
	Command string `json:"command,omitempty"`
}

// Quote adds the end of the container's log to a cause, and what to do about it
// if the log says so.
func (c *Cause) Quote(log Log) {
	c.Log = log
	if slices.ContainsFunc(log.Lines, func(line string) bool { return strings.Contains(line, "exec format error") }) {
		c.Hint = platformHint
	}
}

// reasonsKept is how many reasons a target group shows.
const reasonsKept = 5

// TargetGroup is what a load balancer says of the targets of one group.
type TargetGroup struct {
	ARN string `json:"arn"`
	// States counts the targets by state: initial, healthy, unhealthy, draining.
	States map[string]int `json:"states"`
	// Reasons are those of the unhealthy targets, each once, at most five.
	Reasons []string `json:"reasons,omitempty"`
}

// AddReason notes why a target is unhealthy.
func (g *TargetGroup) AddReason(reason string) {
	if reason != "" && len(g.Reasons) < reasonsKept && !slices.Contains(g.Reasons, reason) {
		g.Reasons = append(g.Reasons, reason)
	}
}

// Targets is the number of targets that take traffic, or will: those that are draining
// do not count.
func (g TargetGroup) Targets() int {
	n := 0
	for state, number := range g.States {
		if state != "draining" {
			n += number
		}
	}
	return n
}

// Name is the group's name, out of its ARN:
// arn:…:targetgroup/NAME/ID.
func (g TargetGroup) Name() string {
	_, path, found := strings.Cut(g.ARN, ":targetgroup/")
	if !found {
		return g.ARN
	}
	name, _, _ := strings.Cut(path, "/")
	return name
}

// String is "target group web: 1 healthy, 2 initial", with the reasons behind.
func (g TargetGroup) String() string {
	var states []string
	for _, state := range slices.Sorted(maps.Keys(g.States)) {
		states = append(states, fmt.Sprintf("%d %s", g.States[state], state))
	}
	if len(states) == 0 {
		states = []string{"no targets"}
	}
	text := fmt.Sprintf("target group %s: %s", g.Name(), strings.Join(states, ", "))
	if len(g.Reasons) > 0 {
		text += " (" + strings.Join(g.Reasons, "; ") + ")"
	}
	return text
}
