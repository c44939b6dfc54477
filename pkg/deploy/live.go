package deploy

// Evidence about deployments that shift traffic: what the function of a failed hook wrote,
// and whether the traffic is where a completed deployment should have brought it.

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

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

// trafficElsewhere says where the production traffic of a completed deployment goes, if
// that is not its target revision; "" if it is, or if nobody can tell. ECS's record and,
// with permission, the production rule are asked.
func (w *watch) trafficElsewhere(ctx context.Context) string {
	record := w.last.ServiceDeployment
	if record == nil || !rollout.Shifts(record.Strategy) || record.Status != rollout.ServiceDeploymentSuccessful {
		return ""
	}
	for _, source := range record.Sources {
		if source.Production != nil && *source.Production > 0 {
			return "ECS's record shows that its traffic is elsewhere: " + record.Traffic()
		}
	}
	if w.elb == nil {
		return ""
	}
	revisions, err := w.api.Unretried().Revisions(ctx, record.TargetRevisionARN)
	if err != nil || len(revisions) == 0 || revisions[0].ResolvedConfiguration == nil {
		return ""
	}
	for _, balancer := range revisions[0].ResolvedConfiguration.LoadBalancers {
		rule, group := aws.ToString(balancer.ProductionListenerRule), aws.ToString(balancer.TargetGroupArn)
		weights, err := w.weights(ctx, rule)
		if err == nil && len(weights) > 0 && weights[group] == 0 {
			return fmt.Sprintf("the production rule sends nothing to its target group %s: %s (rule %s)", rollout.TargetGroup{ARN: group}.Name(), weighed(weights), rule)
		}
	}
	return ""
}

// weighed are target groups with their weights: "blue 0, green 100".
func weighed(weights map[string]int32) string {
	var parts []string
	for _, arn := range slices.Sorted(maps.Keys(weights)) {
		parts = append(parts, fmt.Sprintf("%s %d", rollout.TargetGroup{ARN: arn}.Name(), weights[arn]))
	}
	return strings.Join(parts, ", ")
}

// weights are the weights of the target groups to which a listener rule (of an
// Application Load Balancer) or a listener (of a Network Load Balancer) forwards; none if
// it does something else.
func (d *Deployer) weights(ctx context.Context, rule string) (map[string]int32, error) {
	if rule == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, evidenceLimit)
	defer cancel()
	var actions []elbtypes.Action
	if strings.Contains(rule, ":listener/") {
		out, err := d.elb.DescribeListeners(ctx, &elb.DescribeListenersInput{ListenerArns: []string{rule}})
		if err != nil {
			return nil, err
		}
		for _, listener := range out.Listeners {
			actions = append(actions, listener.DefaultActions...)
		}
	} else {
		out, err := d.elb.DescribeRules(ctx, &elb.DescribeRulesInput{RuleArns: []string{rule}})
		if err != nil {
			return nil, err
		}
		for _, found := range out.Rules {
			actions = append(actions, found.Actions...)
		}
	}
	weights := map[string]int32{}
	for _, action := range actions {
		switch {
		case action.Type != elbtypes.ActionTypeEnumForward:
		case action.ForwardConfig != nil && len(action.ForwardConfig.TargetGroups) > 0:
			for _, group := range action.ForwardConfig.TargetGroups {
				weights[aws.ToString(group.TargetGroupArn)] = orDefault(group.Weight, 1)
			}
		case action.TargetGroupArn != nil:
			weights[*action.TargetGroupArn] = 1
		}
	}
	return weights, nil
}
