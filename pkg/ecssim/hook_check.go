package ecssim

// This file is the lifecycleHooks of a deploymentConfiguration: their defaults,
// and what ECS refuses about them.

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// pauseStages are the stages at which ECS takes a pause hook. The stages of a
// shift are missing, because their hooks are invoked again in a rollback.
var pauseStages = []string{reconcile, preScaleUp, postScaleUp, postTest, preShift, postProduction}

const (
	maxHooks         = 10 // of each type in a service
	defaultHookLimit = 1440
	maxFunctionLimit = 1440
	maxPauseLimit    = 20160 // 14 days
)

// completedHooks are hooks with ECS's defaults if they say nothing. DescribeServices
// shows the defaults.
func completedHooks(hooks []Document) []Document {
	full := slices.Clone(hooks)
	for i, h := range full {
		h = maps.Clone(h)
		if h["targetType"] == nil {
			h["targetType"] = "AWS_LAMBDA"
		}
		timeout := map[string]any{"timeoutInMinutes": json.Number(strconv.Itoa(defaultHookLimit)), "action": "ROLLBACK"}
		if given, ok := h["timeoutConfiguration"].(map[string]any); ok {
			maps.Copy(timeout, given)
		}
		h["timeoutConfiguration"] = timeout
		full[i] = h
	}
	return full
}

// hookTimeout is how long a hook waits and what happens then.
func hookTimeout(h Document) (time.Duration, string) {
	config, _ := h["timeoutConfiguration"].(map[string]any)
	action, _ := config["action"].(string)
	if action == "" {
		action = "ROLLBACK"
	}
	return time.Duration(number(config["timeoutInMinutes"], defaultHookLimit)) * time.Minute, action
}

// checkHooks finds what ECS refuses in the lifecycle hooks of a service. The
// texts are assumed, except for the stage of a pause ("Troubleshooting blue/green
// deployments").
func (c deploymentConfig) checkHooks() *apiError {
	counts := map[any]int{}
	for _, h := range c.Hooks {
		if err := checkHook(h); err != nil {
			return err
		}
		if counts[h["targetType"]]++; counts[h["targetType"]] > maxHooks {
			return invalid(fmt.Sprintf("A service cannot have more than %d lifecycle hooks of type %v.", maxHooks, h["targetType"]))
		}
	}
	return nil
}

func checkHook(h Document) *apiError {
	stages, _ := h["lifecycleStages"].([]any)
	if len(stages) == 0 {
		return invalid("lifecycleStages is required for lifecycle hooks.")
	}
	longest := maxFunctionLimit
	switch given := h["hookTargetArn"] != nil || h["roleArn"] != nil; {
	case h["targetType"] == "PAUSE" && given:
		return invalid("hookTargetArn and roleArn are not allowed for PAUSE hooks.")
	case h["targetType"] == "PAUSE":
		longest = maxPauseLimit
		for _, stage := range stages {
			if name, _ := stage.(string); !slices.Contains(pauseStages, name) {
				return invalid("Invalid lifecycle stage provided for Pause Hook")
			}
		}
	case h["hookTargetArn"] == nil || h["roleArn"] == nil:
		return invalid("hookTargetArn and roleArn are required for AWS_LAMBDA hooks.")
	}
	if limit, _ := hookTimeout(h); limit < time.Minute || limit > time.Duration(longest)*time.Minute {
		return invalid(fmt.Sprintf("timeoutInMinutes must be between 1 and %d.", longest))
	}
	return nil
}
