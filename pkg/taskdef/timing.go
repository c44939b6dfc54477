package taskdef

// What a definition says about time: how soon ECS finds a container healthy or
// unhealthy, and how long it may take to stop.

import (
	"encoding/json"
	"time"
)

// Timing is what a container definition says about time. Zero values are members
// that it does not have.
type Timing struct {
	// Container is the name of the container.
	Container string
	// Essential: the task ends with the container, which is the default.
	Essential bool
	// StopTimeout is the time from SIGTERM to SIGKILL (stopTimeout).
	StopTimeout time.Duration
	// Check is the health check that ECS runs in the container (healthCheck), nil
	// if there is none.
	Check *HealthCheck
}

// HealthCheck is when a container's health check runs (HealthCheck of the ECS API).
// Zero values are members that the definition does not have.
type HealthCheck struct {
	Interval, StartPeriod time.Duration
	Retries               int
}

// Timings are the timings of the containers, in the order of the definition.
func (d Definition) Timings() []Timing {
	members := d.containers()
	timings := make([]Timing, 0, len(members))
	for _, member := range members {
		t := Timing{Container: text(member, "name"), Essential: member["essential"] != false, StopTimeout: seconds(member, "stopTimeout")}
		if check, ok := member["healthCheck"].(map[string]any); ok {
			t.Check = &HealthCheck{Interval: seconds(check, "interval"), StartPeriod: seconds(check, "startPeriod"), Retries: whole(check, "retries")}
		}
		timings = append(timings, t)
	}
	return timings
}

// seconds is a member that is a whole number of seconds, or 0.
func seconds(object map[string]any, name string) time.Duration {
	return time.Duration(whole(object, name)) * time.Second
}

// whole is a member that is a whole number, or 0.
func whole(object map[string]any, name string) int {
	number, _ := object[name].(json.Number)
	value, err := number.Int64()
	if err != nil {
		return 0
	}
	return int(value)
}
