package deploy

// The checks of the service: whether its limits, the room in its cluster, its guards,
// alarms and scaling bounds let a deployment through.

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/ecs-deploy/ecs-deploy/pkg/internal/awscall"
	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// count is the desired count when the plan is carried out.
func (c *checker) count() int32 {
	return c.plan.described.numberAfter(c.plan.Settings, desiredCount, c.plan.described.DesiredCount)
}

// limits checks whether the percentages leave ECS room to start or stop a task.
func (c *checker) limits(context.Context) []Check {
	if !c.starts() {
		return nil
	}
	if c.plan.stuck != "" {
		check := Check{Subject: "limits", State: CheckProblem, Detail: c.plan.stuck, Remedy: "lower -m or raise -M, for example -m 50 or -M 200"}
		if c.plan.request.AllowStuck { // who allows it knows what will make room
			check.State = CheckWarning
		}
		return []Check{check}
	}
	if c.plan.Shift != nil {
		return []Check{{Subject: "limits", State: CheckOK, Detail: "the new tasks start beside the others, whatever the percentages are"}}
	}
	return []Check{{Subject: "limits", State: CheckOK, Detail: "ECS can start or stop a task within the minimum and maximum percent"}}
}

// onInstances reports whether the service's tasks run on container instances, and
// whether a capacity provider may add some.
func (s *described) onInstances() (instances, grows bool) {
	for _, item := range s.CapacityProviderStrategy {
		if !strings.HasPrefix(aws.ToString(item.CapacityProvider), "FARGATE") {
			return true, true
		}
	}
	return len(s.CapacityProviderStrategy) == 0 && s.LaunchType == types.LaunchTypeEc2, false
}

// room checks whether the container instances have room for the tasks that start before
// others stop.
func (c *checker) room(ctx context.Context) []Check {
	service := c.plan.described
	instances, grows := service.onInstances()
	if !c.starts() || !instances || service.SchedulingStrategy == types.SchedulingStrategyDaemon || c.plan.Definition.IsZero() {
		return nil
	}
	found, err := c.api.Instances(ctx, c.plan.Cluster)
	if err != nil {
		return []Check{unasked("room", err)}
	}
	needs := c.plan.Definition.Needs()
	fits, least := 0, c.extra()
	for _, i := range found {
		n := int(least) // more are never asked for
		if needs.CPU > 0 {
			n = min(n, i.CPU/needs.CPU)
		}
		if needs.Memory > 0 {
			n = min(n, i.Memory/needs.Memory)
		}
		fits += max(n, 0)
	}
	check := Check{Subject: "room", State: CheckOK, Detail: fmt.Sprintf("the %d container instances have room for the %s that start before others stop", len(found), tasks(least))}
	switch {
	case least == 0:
		check.Detail = "ECS stops tasks before it starts others"
	case fits == 0 && grows:
		check.State = CheckWarning
		check.Detail = fmt.Sprintf("no container instance has room for another task (%d CPU units, %d MiB); the capacity provider has to add one", needs.CPU, needs.Memory)
	case fits == 0:
		check.State, check.Remedy = CheckProblem, "add container instances, or lower -m so that ECS can stop a task first"
		check.Detail = fmt.Sprintf("no container instance has room for another task (%d CPU units, %d MiB), and ECS has to start one before it stops one", needs.CPU, needs.Memory)
	case int32(fits) < least:
		check.State = CheckWarning
		check.Detail = fmt.Sprintf("there is room for %d of the %d tasks that could start at once; the deployment takes longer", fits, least)
	}
	return []Check{check}
}

// extra is how many tasks ECS starts before it stops any: none if it can stop one
// first.
func (c *checker) extra() int32 {
	service, count := c.plan.described, c.count()
	if config := service.DeploymentConfiguration; config != nil && config.Strategy != "" && config.Strategy != types.DeploymentStrategyRolling {
		return count
	}
	minimum := service.numberAfter(c.plan.Settings, minimumHealthyPercent, 100) // the defaults of ECS
	maximum := service.numberAfter(c.plan.Settings, maximumPercent, 200)
	if lower := (int64(count)*int64(minimum) + 99) / 100; lower < int64(count) {
		return 0
	}
	return min(count, int32(int64(count)*int64(maximum)/100)-count)
}

// guards checks whether anything ends the deployment if its tasks fail.
func (c *checker) guards(context.Context) []Check {
	if !c.starts() {
		return nil
	}
	check := Check{Subject: "circuit breaker", State: CheckOK, Detail: "on: ECS ends a deployment whose tasks fail"}
	if before := c.plan.Before; !before.Guarded {
		check.State, check.Detail = CheckWarning, "off: ECS starts failing tasks again for ever"
		check.Remedy = "turn the service's circuit breaker on, with rollback"
		if c.plan.Shift != nil { // the limit of a stage
			check.Detail = "off: ECS starts failing tasks again for up to 24h"
		}
	} else if !before.RollsBack {
		check.State, check.Detail = CheckWarning, "on, without rollback: a deployment that fails is not rolled back"
	}
	return []Check{check}
}

// alarms checks whether an alarm of the service is in ALARM already: ECS then ignores
// the alarms for a deployment that starts.
func (c *checker) alarms(ctx context.Context) []Check {
	config := c.plan.described.DeploymentConfiguration
	if !c.starts() || config == nil || config.Alarms == nil || !config.Alarms.Enable || len(config.Alarms.AlarmNames) == 0 {
		return nil
	}
	if c.neighbours == nil {
		return []Check{unasked("alarms", "there is no client of CloudWatch")}
	}
	form := url.Values{"AlarmTypes.member.1": {"MetricAlarm"}, "AlarmTypes.member.2": {"CompositeAlarm"}}
	for i, name := range config.Alarms.AlarmNames {
		form.Set(fmt.Sprintf("AlarmNames.member.%d", i+1), name)
	}
	var answer struct {
		Metric    []alarmState `xml:"DescribeAlarmsResult>MetricAlarms>member"`
		Composite []alarmState `xml:"DescribeAlarmsResult>CompositeAlarms>member"`
	}
	if err := c.neighbours.Query(ctx, awscall.CloudWatch, "DescribeAlarms", form, &answer); err != nil {
		return []Check{unasked("alarms", NewCallError("cloudwatch:DescribeAlarms", "the alarms of the service", err))}
	}
	var ringing, missing []string
	states := append(answer.Metric, answer.Composite...)
	for _, name := range config.Alarms.AlarmNames {
		at := slices.IndexFunc(states, func(s alarmState) bool { return s.Name == name })
		switch {
		case at < 0:
			missing = append(missing, name)
		case states[at].State == "ALARM":
			ringing = append(ringing, name)
		}
	}
	switch {
	case len(ringing) > 0:
		return []Check{{Subject: "alarms", State: CheckWarning, Detail: strings.Join(ringing, ", ") + " in ALARM already: ECS ignores the alarms for this deployment", Remedy: "watch the service yourself until the alarm is OK"}}
	case len(missing) > 0:
		return []Check{{Subject: "alarms", State: CheckWarning, Detail: strings.Join(missing, ", ") + " does not exist, so it cannot end a deployment", Remedy: "create it, or remove it from the service"}}
	}
	return []Check{{Subject: "alarms", State: CheckOK, Detail: strings.Join(config.Alarms.AlarmNames, ", ") + ": not in ALARM"}}
}

// alarmState is an alarm as CloudWatch shows it (MetricAlarm, CompositeAlarm).
type alarmState struct {
	Name  string `xml:"AlarmName"`
	State string `xml:"StateValue"`
}

// scaling checks whether the desired count is within the bounds of Application Auto
// Scaling.
func (c *checker) scaling(ctx context.Context) []Check {
	if c.plan.described.SchedulingStrategy == types.SchedulingStrategyDaemon {
		return nil
	}
	if c.neighbours == nil {
		return []Check{unasked("scaling", "there is no client of Application Auto Scaling")}
	}
	in := map[string]any{
		"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
		"ResourceIds": []string{"service/" + rollout.ShortName(c.plan.Cluster) + "/" + rollout.ShortName(c.plan.Service)},
	}
	var answer struct {
		ScalableTargets []struct{ MinCapacity, MaxCapacity int32 }
	}
	err := c.neighbours.JSON(ctx, awscall.AutoScaling, "", "DescribeScalableTargets", in, &answer)
	switch count := c.count(); {
	case err != nil:
		return []Check{unasked("scaling", NewCallError("application-autoscaling:DescribeScalableTargets", "the service", err))}
	case len(answer.ScalableTargets) == 0:
		return nil
	case count < answer.ScalableTargets[0].MinCapacity || count > answer.ScalableTargets[0].MaxCapacity:
		t := answer.ScalableTargets[0]
		return []Check{{Subject: "scaling", State: CheckWarning, Detail: fmt.Sprintf("%s wanted, and auto scaling allows %d to %d: it changes the count", tasks(count), t.MinCapacity, t.MaxCapacity), Remedy: "change the bounds, or the count (-D)"}}
	default:
		t := answer.ScalableTargets[0]
		return []Check{{Subject: "scaling", State: CheckOK, Detail: fmt.Sprintf("%s wanted, within the bounds of auto scaling (%d to %d)", tasks(count), t.MinCapacity, t.MaxCapacity)}}
	}
}
