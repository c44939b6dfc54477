package ecssim

// This file decides, when a task is created, how its life will go: which image
// rule applies to which of its containers.

import "time"

// plan is the future of a task, as its images determine it. Times are
// milliseconds; 0 means ECS's own default if there is one.
type plan struct {
	Behaviour    Behaviour `json:"behaviour"`
	Container    int       `json:"container,omitempty"` // the one that makes the trouble
	StartAfter   millis    `json:"startAfter"`
	HealthyAfter millis    `json:"healthyAfter,omitempty"`
	After        millis    `json:"after,omitempty"`
	Check        string    `json:"check,omitempty"`
	Message      string    `json:"message,omitempty"`
}

// Defaults of image rules; the comments of ImageRule promise them.
const (
	defaultStart     = 25100 * time.Millisecond
	defaultPullFail  = 130 * time.Second
	defaultInitFail  = 289 * time.Second
	defaultExit      = 5 * time.Second
	defaultMemory    = 20 * time.Second
	defaultUnhealthy = 60 * time.Second
)

// planFor reads the image rules for the containers of a task, and notes them
// there. The slowest container decides when the containers start, the first one
// that keeps the task from RUNNING, or from being healthy, decides the rest.
func (e *engine) planFor(specs []containerSpec, t *task) plan {
	containers := t.Containers
	p := plan{Behaviour: Starts}
	for i := range containers {
		containers[i].Rule = e.ruleFor(specs[i], t.Service == "")
		rule := e.rule(containers[i])
		p.StartAfter = max(p.StartAfter, millis(time.Duration(rule.StartAfter).Milliseconds()))
		p.HealthyAfter = max(p.HealthyAfter, millis(time.Duration(rule.HealthyAfter).Milliseconds()))
		if !rule.decides(specs[i]) || p.Behaviour != Starts && (p.Behaviour != Unhealthy || rule.Behaviour == Unhealthy) {
			continue
		}
		p.Behaviour, p.Container, p.Check, p.Message = rule.Behaviour, i, rule.Check, rule.Message
		p.After = millis(time.Duration(rule.After).Milliseconds())
		if p.After == 0 && p.Check != "container" {
			p.After = millis(defaultAfter(rule.Behaviour).Milliseconds())
		}
	}
	if p.StartAfter == 0 {
		p.StartAfter = millis(defaultStart.Milliseconds())
	}
	return p
}

// decides reports whether the behaviour of a container decides about its task
// before it exits: nothing that is not essential does, except that without its
// resources no container starts.
func (r ImageRule) decides(c containerSpec) bool {
	switch r.Behaviour {
	case InitFail, Hangs:
		return true
	case CannotPull, Unhealthy:
		return c.essential
	}
	return false
}

func defaultAfter(b Behaviour) time.Duration {
	switch b {
	case CannotPull:
		return defaultPullFail
	case InitFail:
		return defaultInitFail
	case OutOfMemory:
		return defaultMemory
	case Unhealthy:
		return defaultUnhealthy
	default:
		return defaultExit
	}
}

// ruleFor is the number of the first rule that matches the container and is
// lucky, counted from 1; 0: none.
func (e *engine) ruleFor(c containerSpec, oneOff bool) int {
	for i, rule := range e.World.Images {
		if !e.means(rule.Match, c.image) || !rule.suits(c) || rule.OneOff && !oneOff {
			continue
		}
		if rule.Probability > 0 && rule.Probability < 1 && !e.Engine.chance(rule.Probability) {
			continue
		}
		return i + 1
	}
	return 0
}

// suits reports whether the rule is about the command and the environment of a
// container.
func (r ImageRule) suits(c containerSpec) bool {
	if r.Command != "" && !glob(r.Command, c.command) {
		return false
	}
	for name, pattern := range r.Environment {
		if value, set := c.environment[name]; !set || !glob(pattern, value) {
			return false
		}
	}
	return true
}
