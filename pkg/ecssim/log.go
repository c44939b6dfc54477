package ecssim

// This file is what containers write. A log is not kept: it follows from the
// image rule and from the moments of the task's life, so that asking for it at
// any time gives the same lines.

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// logEvent is a line of a container's log.
type logEvent struct {
	at   millis
	text string
}

// logOf is what a container has written until now, in order.
func (e *engine) logOf(t *task, c container) []logEvent {
	if c.StartedAt == 0 {
		return nil
	}
	until := e.Now
	switch {
	case c.EndedAt != 0:
		until = c.EndedAt
	case t.ExecutionStoppedAt != 0:
		until = min(until, t.ExecutionStoppedAt)
	}
	var log []logEvent
	for _, line := range e.linesOf(t, c) {
		if line.Last {
			if c.EndedAt != 0 {
				log = append(log, logEvent{c.EndedAt, line.Text})
			}
			continue
		}
		step := millis(time.Duration(line.Every).Milliseconds())
		for at := c.StartedAt.add(time.Duration(line.After)); at <= until; at += step {
			log = append(log, logEvent{at, line.Text})
			if step == 0 {
				break
			}
		}
	}
	if t.Stopping && t.StoppingAt != 0 && c.EndedAt == 0 && !e.scripted(c) {
		log = append(log, logEvent{t.StoppingAt, "received SIGTERM, shutting down"})
	}
	slices.SortStableFunc(log, func(a, b logEvent) int { return cmp.Compare(a.at, b.at) })
	return log
}

// scripted reports whether the world says what the container writes.
func (e *engine) scripted(c container) bool {
	return len(e.rule(c).Logs) > 0
}

// linesOf is what the container writes: what the world says, or lines that suit
// its behaviour.
func (e *engine) linesOf(t *task, c container) []LogLine {
	if e.scripted(c) {
		return e.rule(c).Logs
	}
	lines := []LogLine{
		{Text: "starting " + c.Image},
		{Text: "listening on port " + e.portOf(t, c), After: Duration(700 * time.Millisecond)},
	}
	rule := e.rule(c)
	switch rule.Behaviour {
	case Exits:
		lines = lines[:1]
		if rule.Code != nil && *rule.Code == 0 {
			return append(lines, LogLine{Text: "nothing left to do, exiting with code 0", Last: true})
		}
		return append(lines,
			LogLine{Text: "fatal: cannot connect to the database: connection refused", Last: true},
			LogLine{Text: fmt.Sprintf("exiting with code %d", rule.exitCode()), Last: true})
	case OutOfMemory:
		return append(lines, LogLine{
			Text: fmt.Sprintf("loading the cache: %d MiB of %d MiB in use", t.Memory*95/100, t.Memory), Last: true,
		})
	case Unhealthy:
		check := Duration(30 * time.Second)
		return append(lines, LogLine{Text: "GET / " + t.checkOutcome(), After: check / 3, Every: check})
	}
	return lines
}

// portOf is the port that the container seems to listen on.
func (e *engine) portOf(t *task, c container) string {
	for _, spec := range e.specsOf(t.order) {
		for _, p := range spec.ports {
			if spec.name == c.Name && p.container != 0 {
				return strconv.Itoa(p.container)
			}
		}
	}
	return "8080"
}

// checkOutcome is what the container says about a health check that fails: the
// code in the reason, if it has one.
func (t *task) checkOutcome() string {
	_, codes, ok := strings.Cut(t.unhealthyReason(), "[")
	code, _, closed := strings.Cut(codes, "]")
	if !ok || !closed {
		return "took too long"
	}
	return code
}
