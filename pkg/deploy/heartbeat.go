package deploy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// heartbeat is how long a watch may be silent before it says what it waits for.
const heartbeat = time.Minute

// waitingFor says what the rollout is waiting for, in one line.
func (w *watch) waitingFor(ctx context.Context) string {
	parts := []string{w.waitingForTasks()}
	for _, group := range w.evidence.targetGroups(ctx, w.looker.groups) {
		parts = append(parts, group.String())
	}
	return strings.Join(parts, "; ")
}

func (w *watch) waitingForTasks() string {
	service, deployment := w.last.Service, w.looker.deployment
	mine := service.Deployment(deployment.ID)
	primary := service.Primary()
	switch {
	case service == nil:
		return "ECS has not answered yet"
	case deployment.Action == ActionSettings:
		return fmt.Sprintf("%d of %d tasks running", service.Running, service.Desired)
	case w.tracker.RollingBack() && primary != nil:
		return fmt.Sprintf("rolling back: %d of %d tasks of %s running", primary.Running, primary.Desired, rollout.ShortName(primary.TaskDefinition))
	case mine == nil:
		return "ECS does not show the new deployment yet"
	case mine.Desired == 0 && service.Desired > 0:
		return "ECS has not begun to start tasks"
	case mine.Running < mine.Desired:
		return fmt.Sprintf("%d of %d new tasks running, %d pending", mine.Running, mine.Desired, mine.Pending)
	case len(service.Deployments) > 1:
		return fmt.Sprintf("%d of %d new tasks running; waiting for them to be healthy, and for earlier tasks to stop", mine.Running, mine.Desired)
	}
	return fmt.Sprintf("%d of %d new tasks running; waiting for ECS to complete the deployment", mine.Running, mine.Desired)
}
