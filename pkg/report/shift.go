package report

// Where the traffic of a deployment is, for strategies that shift it.

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// shifts are the stage of the deployment, and a bar of the production traffic.
func (s *ServiceStory) shifts(width int) []Line {
	r := s.Record
	if r == nil || !rollout.Shifts(r.Strategy) {
		return nil
	}
	words := strings.ToLower(strings.ReplaceAll(r.Strategy, "_", "/"))
	line := toned(Dim, "stage ").with(Strong, cmp.Or(r.LifecycleStage, "not begun")).with(Dim, "  "+words).in(2)
	lines := []Line{line}
	if r.Target.Production == nil {
		return lines
	}
	shares := append([]rollout.Share{r.Target}, r.Sources...)
	line = toned(Dim, "traffic  ").in(2)
	for i, share := range shares {
		if share.Production == nil {
			continue
		}
		if i > 0 {
			line = line.and("   ")
		}
		line = line.and(cmp.Or(rollout.ShortName(share.TaskDefinition), [...]string{"new", "old"}[min(i, 1)]) + " ")
		if width >= 80 {
			line.Parts = append(append(line.Parts, percentage(*share.Production, 10, i == 0)...), Part{Text: " "})
		}
		line = line.with(Strong, fmt.Sprintf("%g%%", *share.Production))
	}
	return append(lines, line)
}

// percentage is a bar of so many cells.
func percentage(percent float64, width int, mine bool) []Part {
	filled := share(int(percent+0.5), 100, width)
	tone := Plain
	if mine {
		tone = Good
	}
	return []Part{{tone, strings.Repeat("█", filled)}, {Dim, strings.Repeat("░", width-filled)}}
}
