package ecssim

// This file is the limits and enums that ECS checks in the input of every
// operation, in one table by member. Enums come from the SDK; the SDK has no
// limits, so they come from its doc comments and from botocore's model.

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const unlimited = 1<<31 - 1

// limit bounds a member: a number by its value, a list by its length, a text by
// its characters. The texts are assumed, except tooLittle, which was seen.
type limit struct {
	least, most int
	tooLittle   string
}

// limits are by structure and member, as the SDK names them. Structures that
// differ only in their operation share a row under "*".
var limits = map[string]limit{
	"*.clientToken":                     {0, 36, ""},
	"RunTaskInput.clientToken":          {0, 64, ""},
	"RunTaskInput.count":                {1, 10, ""},
	"*.startedBy":                       {0, 128, ""},
	"StartTaskInput.containerInstances": {0, 10, ""},
	"*.capacityProviderStrategy":        {0, 20, ""},
	"*.placementConstraints":            {0, 10, ""},
	"*.placementStrategy":               {0, 5, ""},
	"*.desiredCount":                    {0, 5000, ""},
	"*.loadBalancers":                   {0, 5, ""},
	"*.healthCheckGracePeriodSeconds":   {0, unlimited, ""},

	"AwsVpcConfiguration.subnets":                   {1, 16, "subnets can not be empty."},
	"AwsVpcConfiguration.securityGroups":            {0, 5, ""},
	"CapacityProviderStrategyItem.base":             {0, 100000, ""},
	"CapacityProviderStrategyItem.weight":           {0, 1000, ""},
	"DeploymentConfiguration.maximumPercent":        {0, unlimited, ""},
	"DeploymentConfiguration.minimumHealthyPercent": {0, unlimited, ""},
	"DeploymentConfiguration.bakeTimeInMinutes":     {0, 1440, ""},
	"LinearConfiguration.stepBakeTimeInMinutes":     {0, 1440, ""},
	"CanaryConfiguration.canaryBakeTimeInMinutes":   {0, 1440, ""},
	"ThresholdConfiguration.value":                  {1, unlimited, ""},

	"ContainerDefinition.memory":            {6, unlimited, ""},
	"ContainerDefinition.memoryReservation": {6, unlimited, ""},
	"ContainerDefinition.cpu":               {0, unlimited, ""},
	"HealthCheck.interval":                  {5, 300, ""},
	"HealthCheck.timeout":                   {2, 60, ""},
	"HealthCheck.retries":                   {1, 10, ""},
	"HealthCheck.startPeriod":               {0, 300, ""},
	"PortMapping.containerPort":             {0, 65535, ""},
	"PortMapping.hostPort":                  {0, 65535, ""},
	"EphemeralStorage.sizeInGiB":            {21, 200, "EphemeralStorage size should be at least 21."},
	"LinuxParameters.swappiness":            {0, 100, ""},

	"UpdateTaskProtectionInput.expiresInMinutes": {1, 2880, ""},
	"UpdateTaskProtectionInput.tasks":            {0, 10, ""},
	"GetTaskProtectionInput.tasks":               {0, 100, ""},

	"ManagedScaling.targetCapacity":         {1, 100, ""},
	"ManagedScaling.minimumScalingStepSize": {1, 10000, ""},
	"ManagedScaling.maximumScalingStepSize": {1, 10000, ""},
	"ManagedScaling.instanceWarmupPeriod":   {0, 10000, ""},
}

// enumTexts are texts about enums that were seen, if the form differs.
var enumTexts = map[string]string{
	"DeploymentLifecycleHook.targetType": "Invalid targetType. Valid values are: AWS_LAMBDA, PAUSE",
}

// limitOf finds the limit of a member of a structure.
func limitOf(structure, member string) (limit, bool) {
	if l, ok := limits[structure+"."+member]; ok {
		return l, true
	}
	l, ok := limits["*."+member]
	return l, ok
}

// refusal is the text with which ECS refuses the first value that is outside
// its limit or enum, or "".
func (s *shape) refusal(v any) string {
	switch v := v.(type) {
	case []any:
		if s.list == nil {
			return ""
		}
		for _, e := range v {
			if text := s.list.refusal(e); text != "" {
				return text
			}
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			member := s.members[key]
			if member == nil {
				continue
			}
			if text := s.memberRefusal(key, member, v[key]); text != "" {
				return text
			}
		}
	}
	return ""
}

func (s *shape) memberRefusal(name string, member *shape, v any) string {
	if text := enumRefusal(name, member, v); text != "" {
		if seen, ok := enumTexts[s.name+"."+name]; ok {
			return seen
		}
		return text
	}
	if l, ok := limitOf(s.name, name); ok {
		if text := l.refusal(name, v); text != "" {
			return text
		}
	}
	return member.refusal(v)
}

// enumRefusal has ECS's form for an enum, "launch type should be one of
// [EC2,FARGATE,EXTERNAL]"; that it is the same for all enums is assumed.
func enumRefusal(name string, s *shape, v any) string {
	if s.list != nil {
		list, _ := v.([]any)
		for _, e := range list {
			if text := enumRefusal(name, s.list, e); text != "" {
				return text
			}
		}
		return ""
	}
	text, ok := v.(string)
	if !ok || s.values == nil || slices.Contains(s.values, text) {
		return ""
	}
	what := spelled(name)
	if name != "launchType" {
		what = strings.ToUpper(what[:1]) + what[1:]
	}
	return what + " should be one of [" + strings.Join(s.values, ",") + "]"
}

func (l limit) refusal(member string, v any) string {
	n, unit := number(v, 0), ""
	switch v := v.(type) {
	case []any:
		n, unit = len(v), " elements"
	case string:
		n, unit = utf8.RuneCountInString(v), " characters"
	}
	switch {
	case n >= l.least && n <= l.most:
		return ""
	case n < l.least && l.tooLittle != "":
		return l.tooLittle
	case unit != "":
		return fmt.Sprintf("%s cannot have more than %d%s.", member, l.most, unit)
	case l.most == unlimited:
		return fmt.Sprintf("%s must be at least %d.", member, l.least)
	}
	return fmt.Sprintf("%s must be between %d and %d.", member, l.least, l.most)
}
