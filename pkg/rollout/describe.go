package rollout

// How far a deployment is, in words that progress lines, heartbeats and the status
// share.

import (
	"fmt"
	"strings"
)

// Named is a revision with its image's tag: "web:5 (v2)".
func Named(taskDefinition, tag string) string {
	name := ShortName(taskDefinition)
	if tag == "" {
		return name
	}
	return name + " (" + tag + ")"
}

// Name is the deployment's revision with its image's tag.
func (d *Deployment) Name() string { return Named(d.TaskDefinition, d.Tag) }

// String is the circuit breaker's count: "4 failed tasks (threshold 3)".
func (b *Breaker) String() string {
	if b.FailureCount == 1 {
		return fmt.Sprintf("1 failed task (threshold %d)", b.Threshold)
	}
	return fmt.Sprintf("%d failed tasks (threshold %d)", b.FailureCount, b.Threshold)
}

// Counts reports whether the circuit breaker is on and has counted a failure.
func (b *Breaker) Counts() bool {
	return b != nil && b.Status != "DISABLED" && b.FailureCount > 0
}

// Watched are the alarms that ECS watches now, in words; "" if there are none.
func (d *ServiceDeployment) Watched() string {
	if d == nil || d.AlarmsStatus != "MONITORING" {
		return ""
	}
	if len(d.Alarms) == 0 {
		return "alarms"
	}
	return "alarm " + strings.Join(d.Alarms, ", ")
}

// Baking reports whether all tasks of the only deployment run, and ECS has not
// completed it.
func (s *Service) Baking() bool {
	primary := s.Primary()
	return primary != nil && len(s.Deployments) == 1 && primary.RolloutState == RolloutInProgress &&
		primary.Desired > 0 && primary.Running >= primary.Desired
}
