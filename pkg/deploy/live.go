package deploy

// Evidence about deployments that shift traffic: what the function of a failed hook wrote,
// and whether the traffic is where a completed deployment should have brought it.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/ecs-deploy/ecs-deploy/pkg/ecsapi"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

// functionPages is how many pages of the log of a function are read for its end.
const functionPages = 5

// ending is who ended a deployment that shifts traffic or has hooks, with the end of the
// function's log.
func (e *evidence) ending(ctx context.Context, record *rollout.ServiceDeployment, events []rollout.ServiceEvent, requested bool) rollout.Ending {
	ending := rollout.EndingOf(record, events, requested)
	hooked := ending.By == rollout.EndedByHook || ending.By == rollout.EndedByPause
	if ending.IsZero() || !hooked && !rollout.Shifts(record.Strategy) {
		return rollout.Ending{} // the reason says it
	}
	if ending.By == rollout.EndedByHook && ending.Function != "" {
		ending.Log = e.functionLog(ctx, ending, record.CreatedAt)
	}
	return ending
}

// functionLog is the end of what a Lambda function wrote since a time.
func (e *evidence) functionLog(ctx context.Context, ending rollout.Ending, since time.Time) rollout.Log {
	group := "/aws/lambda/" + ending.Name()
	log := rollout.Log{Command: shell.Join("aws", "logs", "tail", group, "--since", "1d", "--region", e.api.Region())}
	if e.logs == nil || e.logsDenied {
		return log
	}
	ctx, cancel := context.WithTimeout(ctx, evidenceLimit)
	defer cancel()
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group}
	if !since.IsZero() {
		in.StartTime = aws.Int64(since.UnixMilli())
	}
	for range functionPages {
		out, err := e.logs.FilterLogEvents(ctx, in)
		if err != nil {
			e.logsDenied = ecsapi.Is(ecsapi.NewCallError("logs:FilterLogEvents", group, err), ecsapi.Denied)
			return log
		}
		for _, event := range out.Events {
			if line := strings.TrimRight(aws.ToString(event.Message), "\r\n"); !ofLambda(line) {
				log.Lines = append(log.Lines, ecsapi.Cut(line))
			}
		}
		log.Lines = log.Lines[max(len(log.Lines)-logLines, 0):]
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	return log
}

// ofLambda reports whether Lambda itself wrote a line around the function's own.
func ofLambda(line string) bool {
	for _, prefix := range []string{"INIT_START ", "START RequestId: ", "END RequestId: ", "REPORT RequestId: "} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// elsewhere says where the production traffic of a completed deployment goes, if that is
// not its target revision; nil if it is, or if nobody can tell. ECS's record and, with
// permission, the production rule are asked.
func (w *watch) elsewhere(ctx context.Context) *Misrouted {
	record := w.last.ServiceDeployment
	if record == nil || !rollout.Shifts(record.Strategy) || record.Status != rollout.ServiceDeploymentSuccessful {
		return nil
	}
	for _, source := range record.Sources {
		if source.Production != nil && *source.Production > 0 {
			return &Misrouted{Shares: record.Traffic()}
		}
	}
	if w.elb == nil {
		return nil
	}
	found, err := w.misrouted(ctx, record.TargetRevisionARN)
	if err != nil {
		w.emit(Event{Type: EventWarning, Elapsed: w.elapsed(), Message: fmt.Sprintf("whether the production traffic goes to the new tasks is not known: %s", briefly(err))})
	}
	return found
}
