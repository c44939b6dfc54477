package deploy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// news turns observations into events: each change once, nothing repeated.
type news struct {
	deployer *Deployer
	silent   bool            // events are taken note of, and not told
	since    time.Time       // service events up to here, by ECS's clock, are old
	seen     map[string]bool // ids of service events, and keys of causes
	causes   int             // how many were told
	progress string
	toldAt   time.Duration          // when something was told last, since the watch began
	told     []rollout.ServiceEvent // newest first
}

// tell emits what an observation has that earlier ones had not. It reports whether ECS told of an unhealthy target.
func (n *news) tell(o rollout.Observation, causes []rollout.Cause) (unhealthy bool) {
	unhealthy = n.tellEvents(o)
	n.tellCauses(o, causes)
	if state := stateOf(o); state != n.progress {
		n.progress = state
		n.emit(Event{Type: EventProgress, Elapsed: o.Elapsed, Service: o.Service, ServiceDeployment: o.ServiceDeployment})
	}
	return unhealthy
}

func (n *news) emit(e Event) {
	if !n.silent {
		n.toldAt = e.Elapsed
		n.deployer.emit(e)
	}
}

// silentFor is how long nothing was told.
func (n *news) silentFor(elapsed time.Duration) time.Duration { return elapsed - n.toldAt }

// stateOf is everything about a rollout whose change is progress.
func stateOf(o rollout.Observation) string {
	var b strings.Builder
	fmt.Fprintln(&b, o.Service.Desired, o.Service.Running, o.Service.Pending)
	for _, d := range o.Service.Deployments {
		fmt.Fprintln(&b, d.ID, d.Status, d.Desired, d.Running, d.Pending, d.Failed, d.RolloutState)
	}
	if record := o.ServiceDeployment; record != nil {
		fmt.Fprintln(&b, record.Status, record.Stage())
		if record.Breaker.Counts() {
			fmt.Fprintln(&b, record.Breaker)
		}
	}
	return b.String()
}

func (n *news) tellEvents(o rollout.Observation) (unhealthy bool) {
	for _, event := range slices.Backward(o.Service.Events) { // ECS lists the newest first
		if !event.At.After(n.since) || n.seen[event.ID] {
			continue
		}
		n.seen[event.ID] = true
		unhealthy = unhealthy || strings.Contains(event.Message, "is unhealthy in")
		n.told = append([]rollout.ServiceEvent{event}, n.told...)
		n.emit(Event{Type: EventService, Elapsed: o.Elapsed, ServiceEvent: &event, Service: o.Service})
	}
	return unhealthy
}

// causesTold is how many causes are reported as they appear; the diagnosis at the end has the
// rest.
const causesTold = 10

// tellCauses emits a cause when it is new, and not again when it only counts up.
func (n *news) tellCauses(o rollout.Observation, causes []rollout.Cause) {
	for _, cause := range causes {
		key := cause.Key()
		if n.seen[key] || n.causes >= causesTold {
			continue
		}
		n.seen[key] = true
		n.causes++
		n.emit(Event{Type: EventCause, Elapsed: o.Elapsed, Cause: &cause, Service: o.Service})
		if n.causes == causesTold {
			n.emit(Event{Type: EventWarning, Elapsed: o.Elapsed, Service: o.Service, Message: "tasks stop for many different causes; the outcome counts the rest"})
		}
	}
}
