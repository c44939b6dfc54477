package deploy

// Limits that leave a rolling deployment no room.

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// stuck says why a deployment cannot make progress, or is "": with as many tasks as
// desired running, ECS can neither start one (the upper limit is rounded down) nor stop
// one (the lower is rounded up). Other strategies than ROLLING start their tasks beside
// the others, whatever the limits are.
func (s *described) stuck(settings []Setting) string {
	minimum, maximum := int32(100), int32(200) // the defaults of ECS
	if s.SchedulingStrategy == types.SchedulingStrategyDaemon {
		minimum, maximum = 0, 100
	}
	if s.strategyAfter(settings) != rollout.StrategyRolling {
		return ""
	}
	count := s.numberAfter(settings, desiredCount, s.DesiredCount)
	minimum, maximum = s.numberAfter(settings, minimumHealthyPercent, minimum), s.numberAfter(settings, maximumPercent, maximum)
	if s.RunningCount+s.PendingCount == 0 || !wedged(count, minimum, maximum) {
		return ""
	}
	return fmt.Sprintf("This deployment cannot make progress: with %s, minimum %d%% and maximum %d%%, ECS can neither start nor stop a task", tasks(count), minimum, maximum)
}

// wedged reports whether ECS may neither start a task nor stop one.
func wedged(count, minimum, maximum int32) bool {
	lower, upper := (int64(count)*int64(minimum)+99)/100, int64(count)*int64(maximum)/100
	return count > 0 && upper <= int64(count) && lower >= int64(count)
}

// Wedged reports whether no rolling deployment could get through with the count and
// the percentages: ECS could neither start nor stop a task.
func (b Before) Wedged() bool {
	return wedged(b.DesiredCount, orDefault(b.MinimumHealthyPercent, 100), orDefault(b.MaximumPercent, 200))
}

func tasks(count int32) string {
	if count == 1 {
		return "1 task"
	}
	return fmt.Sprintf("%d tasks", count)
}

func orDefault(value *int32, otherwise int32) int32 {
	if value == nil {
		return otherwise
	}
	return *value
}

// roomy refuses a plan that cannot make progress, unless the request allows it.
func (p *Plan) roomy() error {
	if p.stuck == "" || p.request.AllowStuck {
		return nil
	}
	return &UsageError{Problem: p.stuck, Remedy: "lower -m or raise -M, for example -m 50 or -M 200; to deploy anyway, pass --allow-stuck"}
}
