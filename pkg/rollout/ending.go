package rollout

// Who ended a deployment that did not go well, out of ECS's own words: a hook, a pause
// that nobody answered, an alarm, the circuit breaker, somebody's request, or listener
// rules that do not allow the shift. The texts are those of the AWS page
// "Troubleshooting blue/green deployments", and observed ones.

import (
	"regexp"
	"strings"
	"sync"
)

// Ending is who ended a deployment, and where.
type Ending struct {
	// By is one of the constants below; "" if ECS does not say.
	By EndedBy `json:"by"`
	// Stage is the lifecycle stage at which it ended, if there is one.
	Stage string `json:"stage,omitempty"`
	// Function is the ARN of the Lambda function of a hook.
	Function string `json:"function,omitempty"`
	// Log is the end of the function's log.
	Log Log `json:"log,omitzero"`
	// Hint says what to do.
	Hint string `json:"hint,omitempty"`
}

// EndedBy says what ended a deployment.
type EndedBy string

// What ends a deployment.
const (
	EndedByHook    EndedBy = "hook"
	EndedByPause   EndedBy = "pause"
	EndedByAlarm   EndedBy = "alarm"
	EndedByBreaker EndedBy = "circuit-breaker"
	EndedByRequest EndedBy = "request"
	EndedByRules   EndedBy = "listener-rules"
)

// IsZero reports whether nothing is known, so that JSON omits the ending.
func (e Ending) IsZero() bool { return e.By == "" }

// topic is the help topic about it; "" if there is none.
func (e Ending) topic() string {
	return map[EndedBy]string{EndedByHook: hookTopic, EndedByPause: hookTopic, EndedByAlarm: alarmTopic, EndedByRules: TrafficTopic}[e.By]
}

// Name is the name of the function.
func (e Ending) Name() string { return Hook{Function: e.Function}.Name() }

// String is "ended by hook smoke-test at stage POST_TEST_TRAFFIC_SHIFT".
func (e Ending) String() string {
	words := map[EndedBy]string{
		EndedByPause: "a pause hook", EndedByAlarm: "a CloudWatch alarm", EndedByBreaker: "the circuit breaker",
		EndedByRequest: "a request to stop it", EndedByRules: "its listener rules", EndedByHook: "a lifecycle hook",
	}
	text := "ended by " + words[e.By]
	if e.By == EndedByHook && e.Function != "" {
		text = "ended by hook " + e.Name()
	}
	if e.Stage != "" {
		text += " at stage " + e.Stage
	}
	return text
}

var (
	// hookFailed matches the reason of a failed hook, stage first.
	hookFailed = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`because (\w+) (lifecycle hook\(s\) failed|pause hook)`)
	})
	functionARN = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`arn:[\w-]+:lambda:[\w-]*:\d*:function:[\w-]+`) })
)

// endings are what the reasons contain, and what to do; the first that fits decides.
var endings = []struct {
	texts []string
	by    EndedBy
	hint  string
}{
	{[]string{"HookStatus must not be null", "unable to parse the response"}, EndedByHook, "check the function: it failed, or its answer has no hookStatus"},
	{[]string{"unable to assume role"}, EndedByHook, "let ecs.amazonaws.com assume the role of the hook (its trust policy)"},
	{[]string{"unable to invoke hook target"}, EndedByHook, "allow lambda:InvokeFunction for the role of the hook"},
	{[]string{"ECSNetworkingWithELB", "missing permissions on ECS Infrastructure Role"}, EndedByRules, "attach the policy AmazonECSInfrastructureRolePolicyForLoadBalancers to the infrastructure role"},
	{[]string{"should have exactly one target group serving traffic"}, EndedByRules, "give all the weight of the production rule to the target group of the running tasks: aws elbv2 modify-rule"},
	{[]string{"forwarding traffic to unexpected target group"}, EndedByRules, "make the production rule forward to one of the service's two target groups: aws elbv2 modify-rule"},
	{[]string{"rules not found"}, EndedByRules, "check the ARNs of the listener rules in the service's advancedConfiguration"},
	{[]string{"invalid networking configuration"}, EndedByRules, "add both target groups to the production rule, or one to it and the other to the test rule"},
	{[]string{"pause hook"}, EndedByPause, "deploy again, and continue the deployment in time"},
	{[]string{"lifecycle hook(s) failed"}, EndedByHook, "read the log of the function, fix what it found, and deploy again"},
	{[]string{"circuit breaker"}, EndedByBreaker, ""},
	{[]string{"alarm"}, EndedByAlarm, ""},
	{[]string{"request to stop", "stopped by user"}, EndedByRequest, "find out who asked: CloudTrail records StopServiceDeployment"},
}

// EndingOf reads who ended a deployment from ECS's record and from service events, in
// this order. requested: somebody was seen to ask ECS for the rollback.
func EndingOf(record *ServiceDeployment, events []ServiceEvent, requested bool) Ending {
	if record == nil || !record.Ended() && !record.GoingBack() || record.Status == ServiceDeploymentSuccessful {
		return Ending{}
	}
	texts := []string{record.StatusReason, record.RollbackReason}
	for _, event := range events {
		if strings.Contains(event.Message, "deployment failed: ") {
			texts = append(texts, event.Message)
		}
	}
	for _, text := range texts {
		for _, row := range endings {
			if containsAny(text, row.texts) {
				return record.ending(row.by, text, row.hint)
			}
		}
	}
	switch {
	case record.AlarmsStatus == "TRIGGERED":
		return record.ending(EndedByAlarm, "", "")
	case record.Breaker != nil && record.Breaker.Status == "TRIGGERED":
		return record.ending(EndedByBreaker, "", "")
	case requested:
		return record.ending(EndedByRequest, "", "find out who asked: CloudTrail records StopServiceDeployment")
	}
	return Ending{}
}

// ending adds to who ended the deployment where that was, as the text says it.
func (d *ServiceDeployment) ending(by EndedBy, text, hint string) Ending {
	e := Ending{By: by, Stage: d.LifecycleStage, Hint: hint, Function: functionARN().FindString(text)}
	if match := hookFailed().FindStringSubmatch(text); match != nil {
		e.Stage = match[1]
	}
	return e
}
