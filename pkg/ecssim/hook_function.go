package ecssim

// This file is the Lambda functions behind lifecycle hooks: what ECS asks them,
// and what they answer, which the world says.

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	functionTime = 2 * time.Second  // from the call of a function to its answer
	callBack     = 30 * time.Second // from the answer IN_PROGRESS to the next call
)

// functionCall is what a hook asks of a Lambda function: the same thing again
// and again while the answer is IN_PROGRESS.
type functionCall struct {
	Function string `json:"function"`       // ARN
	Role     string `json:"role"`           // ARN
	Rule     int    `json:"rule,omitempty"` // of the world that decides, counted from 1; 0: none
	Request  string `json:"request"`        // JSON
	BeganAt  millis `json:"beganAt"`
	AnswerAt millis `json:"answerAt"` // of the call that runs, or of the next
	Calls    int    `json:"calls"`    // with that one
}

// callFunction calls the function of a hook for the first time.
func (e *engine) callFunction(s *service, sd *serviceDeployment, h hook, spec Document) *functionCall {
	call := &functionCall{BeganAt: e.Now, Calls: 1, Request: e.functionRequest(s, sd, h, spec["hookDetails"])}
	call.Function, _ = spec["hookTargetArn"].(string)
	call.Role, _ = spec["roleArn"].(string)
	call.Rule = e.functionRule(call.Function, h.Stage, s.target())
	call.AnswerAt = e.Now.add(e.function(call).time())
	return call
}

// functionRule is the rule of the world that decides what a function answers,
// counted from 1; 0: none.
func (e *engine) functionRule(arn, stage string, d *deployment) int {
	for i, f := range e.World.Functions {
		if (glob(f.Match, arn) || glob(f.Match, functionName(arn))) && (f.Stage == "" || f.Stage == stage) && e.concerns(f.Image, f.ExceptImages, d) {
			return i + 1
		}
	}
	return 0
}

// function is how the world says that a function behaves.
func (e *engine) function(call *functionCall) FunctionRule {
	if call.Rule == 0 {
		return FunctionRule{}
	}
	return e.World.Functions[call.Rule-1]
}

// functionName is the name in the ARN of a function, without its version.
func functionName(arn string) string {
	_, name, _ := strings.Cut(arn, ":function:")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// time is how long the function runs.
func (f FunctionRule) time() time.Duration { return f.Takes.or(functionTime) }

// pause is the time from the answer IN_PROGRESS to the next call.
func (f FunctionRule) pause() time.Duration { return f.CallBackDelay.or(callBack) }

// again reports whether the function answers IN_PROGRESS to its nth call.
func (f FunctionRule) again(n int) bool { return f.Answer == FunctionHangs || n <= f.InProgress }

// answer is what becomes of a hook when its function answers. The text is the
// reason for which the deployment fails by it, as AWS documents it; empty: it
// does not.
func (e *engine) answer(sd *serviceDeployment, h *hook) string {
	call, f := h.Call, e.function(h.Call)
	switch {
	case !e.roleExists(call.Role):
		h.end(e.Now, hookFailed)
		return hooksFailed(h.Stage) + "ECS was unable to assume role " + call.Role
	case f.Answer == FunctionDenied || e.roleDenies(call.Role, "lambda:InvokeFunction"):
		h.end(e.Now, hookFailed)
		return hooksFailed(h.Stage) + "ECS was unable to invoke hook target " + call.Function + " due to " +
			notAuthorized(call.Role, "ECSLifecycleHook", "lambda:InvokeFunction", call.Function) // the session is assumed
	case f.again(call.Calls):
		call.Calls++
		call.AnswerAt = call.AnswerAt.add(f.pause() + f.time())
		sd.UpdatedAt = e.Now
	case f.Answer == FunctionFails:
		h.end(e.Now, hookFailed)
		return hooksFailed(h.Stage) + "Lifecycle hook target " + call.Function + " returned FAILED status."
	case f.Answer == FunctionRaises:
		h.end(e.Now, hookFailed)
		return hooksFailed(h.Stage) + "ECS was unable to parse the response from " + call.Function + " due to HookStatus must not be null"
	default:
		h.end(e.Now, hookSucceeded)
	}
	return ""
}

// roleExists reports whether ECS can assume a role: any one, unless the world
// says which there are.
func (e *engine) roleExists(arn string) bool {
	return len(e.World.Roles) == 0 || slices.ContainsFunc(e.World.Roles, func(r RoleSpec) bool { return r.ARN == arn })
}

// roleDenies reports whether the world says that a role is not allowed an action.
func (e *engine) roleDenies(arn, action string) bool {
	return slices.ContainsFunc(e.World.Roles, func(r RoleSpec) bool {
		return r.ARN == arn && slices.ContainsFunc(r.Denied, func(pattern string) bool { return glob(pattern, action) })
	})
}

// notAuthorized is what AWS says if a session of a role is not allowed an action. Its end
// is assumed.
func notAuthorized(role, session, action, resource string) string {
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		sessionOf(role, session), action, resource, action)
}

// sessionOf is the ARN of a session of a role.
func sessionOf(role, session string) string {
	account, name, _ := splitRole(role)
	return "arn:aws:sts::" + account + ":assumed-role/" + name + "/" + session
}

// requestOf is what the nth call of a function gets: what the function answered with
// IN_PROGRESS comes back to it.
func (f FunctionRule) requestOf(call *functionCall, n int) string {
	if n == 1 || f.HookDetails == nil {
		return call.Request
	}
	var request map[string]any
	if json.Unmarshal([]byte(call.Request), &request) != nil {
		return call.Request
	}
	request["hookDetails"] = f.HookDetails
	text, err := json.Marshal(request)
	if err != nil {
		return call.Request // what came as JSON is JSON
	}
	return string(text)
}

// functionRequest is what ECS sends to a function, as JSON. The maps of weights
// are filled only at the stages of a shift [Amazon ECS "Lambda lifecycle hooks"].
func (e *engine) functionRequest(s *service, sd *serviceDeployment, h hook, details any) string {
	weights := func(percent float64) map[string]int {
		shares := map[string]int{sd.Target.Arn: int(percent)}
		if sd.Live != "" {
			shares[sd.Live] = 100 - int(percent)
		}
		return shares
	}
	test, production := map[string]int{}, map[string]int{}
	if sd.Traffic != nil {
		switch h.Stage {
		case testShift:
			test = weights(sd.Traffic.Test)
		case preShift, shift:
			production = weights(sd.Traffic.Production)
		}
	}
	request := map[string]any{
		"executionId": derived("execution", h.ID, 32), "lifecycleStage": h.Stage, "resourceArn": sd.Arn,
		"executionDetails": map[string]any{
			"serviceArn": e.serviceArn(s), "targetServiceRevisionArn": sd.Target.Arn,
			"testTrafficWeights": test, "productionTrafficWeights": production,
		},
	}
	if details != nil {
		request["hookDetails"] = details
	}
	text, err := json.Marshal(request)
	if err != nil {
		return "{}" // what came as JSON is JSON
	}
	return string(text)
}
