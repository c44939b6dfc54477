package ecssim

// This file is lifecycle hooks: a deployment waits at a stage until its hooks
// there are done. Those of the type PAUSE wait for ContinueServiceDeployment,
// those of the type AWS_LAMBDA for what a function answers (hook_function.go).
// Hooks at stages that a strategy does not have (stage.go) are never reached.
// (Amazon ECS, "Lifecycle hooks for Amazon ECS service deployments".)

import (
	"slices"
	"time"
)

// What becomes of a hook.
const (
	awaitingAction = "AWAITING_ACTION" // a pause that waits for somebody
	hookRuns       = "IN_PROGRESS"     // a function that has not given its last answer
	hookSucceeded  = "SUCCEEDED"
	hookFailed     = "FAILED"
	hookTimedOut   = "TIMED_OUT"
)

// hook is one run of a lifecycle hook at a stage of a service deployment.
type hook struct {
	ID        string `json:"id"`
	Stage     string `json:"stage"`
	Status    string `json:"status"`
	Action    string `json:"action"` // when it times out: CONTINUE, ROLLBACK
	ExpiresAt millis `json:"expiresAt"`
	EndedAt   millis `json:"endedAt,omitempty"`

	Call *functionCall `json:"call,omitempty"` // of a Lambda function; nil: a pause
}

// waits reports whether the deployment waits for the hook.
func (h hook) waits() bool { return h.Status == awaitingAction || h.Status == hookRuns }

func (h *hook) end(now millis, status string) { h.Status, h.EndedAt = status, now }

// beginHooks begins the hooks of the stage that the deployment has come to, all
// at once. While a world is made there are none. In a rollback only a deployment
// that shifts traffic has hooks.
func (e *engine) beginHooks(s *service, sd *serviceDeployment, at string) {
	if e.Now < e.Born || s.primary().Rollout != "IN_PROGRESS" || sd.over() || sd.RollbackAt != 0 && !sd.Config.shifts() {
		return
	}
	for _, spec := range sd.Config.Hooks {
		stages, _ := spec["lifecycleStages"].([]any)
		if !slices.Contains(stages, any(at)) {
			continue
		}
		limit, action := hookTimeout(spec)
		h := hook{Stage: at, Action: action, ExpiresAt: e.Now.add(limit)}
		if spec["targetType"] == "PAUSE" {
			h.ID, h.Status = "ecs-pause-"+e.Engine.letters(43), awaitingAction
		} else {
			h.ID, h.Status = "ecs-lambda-"+e.Engine.letters(43), hookRuns // assumed form of the id
			h.Call = e.callFunction(s, sd, h, spec)
		}
		sd.Hooks = append(sd.Hooks, h)
		sd.UpdatedAt = e.Now
		e.wake(s, h.next(e.Now))
	}
}

// next is the time until something becomes of a hook that waits.
func (h hook) next(now millis) time.Duration {
	when := h.ExpiresAt
	if h.Call != nil {
		when = min(when, h.Call.AnswerAt)
	}
	return time.Duration(max(when-now, 0)) * time.Millisecond
}

// waitsAt is the stage at which the service deployment waits for hooks, or empty.
// (One that rolls shows no stage otherwise, as others report.)
func (sd *serviceDeployment) waitsAt() string {
	if !slices.ContainsFunc(sd.Hooks, hook.waits) {
		return ""
	}
	return sd.Stage
}

// awaiting is the id of the first hook that waits for somebody, or empty.
func (sd *serviceDeployment) awaiting() string {
	for _, h := range sd.Hooks {
		if h.Status == awaitingAction {
			return h.ID
		}
	}
	return ""
}

// checkHooks ends the hooks that have an answer or whose time is up; true: the
// deployment failed by one of them. In a rollback none can fail it (assumed).
func (e *engine) checkHooks(s *service) bool {
	sd := s.current()
	if sd.over() {
		return false
	}
	for i := range sd.Hooks {
		h := &sd.Hooks[i]
		if !h.waits() {
			continue
		}
		reason := e.endHook(sd, h)
		if h.waits() {
			e.wake(s, h.next(e.Now))
			continue
		}
		sd.UpdatedAt = e.Now
		e.wake(s, passDelay)
		if reason != "" && sd.RollbackAt == 0 {
			e.failHook(s, reason)
			return true
		}
	}
	return false
}

// endHook ends a hook, if its moment has come. The text is the reason for which
// the deployment fails by it; empty: it does not.
func (e *engine) endHook(sd *serviceDeployment, h *hook) string {
	switch {
	case h.Call != nil && e.Now >= h.Call.AnswerAt && h.Call.AnswerAt < h.ExpiresAt:
		return e.answer(sd, h)
	case e.Now < h.ExpiresAt:
		return ""
	}
	h.end(e.Now, hookTimedOut)
	switch {
	case h.Action != "ROLLBACK":
		return ""
	case h.Call != nil:
		return hooksFailed(h.Stage) + "Lifecycle hook target " + h.Call.Function + " timed out." // assumed text
	default:
		return "Service deployment rolled back because " + h.Stage + " pause hook timed out."
	}
}

// hooksFailed begins the reason of a rollback because of a function.
func hooksFailed(stage string) string {
	return "Service deployment rolled back because " + stage + " lifecycle hook(s) failed. "
}

// failNetworking rolls back because the listener rules are not as a shift of
// traffic needs them.
func (e *engine) failNetworking(s *service, reason string) {
	e.fail(s, failure{
		event:  "deployment failed: " + reason,
		rollup: "ECS deployment failed: invalid networking configuration.", // assumed text
		status: reason,
		back:   true,
	})
}

// failHook rolls back because of a hook. The event repeats the reason, as a
// capture of a failed Lambda hook shows.
func (e *engine) failHook(s *service, reason string) {
	e.fail(s, failure{
		event:  "deployment failed: " + reason,
		rollup: "ECS deployment failed: lifecycle hook.", // assumed text
		status: reason,
		back:   true,
	})
}

// dropHooks ends the hooks of a service deployment that ends or is rolled back.
// Their status then is assumed.
func (sd *serviceDeployment) dropHooks(now millis) {
	for i := range sd.Hooks {
		if sd.Hooks[i].waits() {
			sd.Hooks[i].end(now, hookFailed)
		}
	}
}

func (sd *serviceDeployment) hookViews() []any {
	views := []any{}
	for _, h := range sd.Hooks {
		view := map[string]any{
			"hookId": h.ID, "targetType": "PAUSE", "status": h.Status,
			"expiresAt": h.ExpiresAt.epoch(), "timeoutAction": h.Action,
		}
		if h.Call != nil {
			view["targetType"], view["targetArn"] = "AWS_LAMBDA", h.Call.Function
		}
		views = append(views, view)
	}
	return views
}
