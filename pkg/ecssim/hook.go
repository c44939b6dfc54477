package ecssim

// This file is lifecycle hooks of the type PAUSE: a deployment waits at a stage
// until somebody calls ContinueServiceDeployment or the time is up. AWS
// documents them for all strategies. Hooks at stages that a strategy does not
// have (stage.go) are never reached. Hooks of the type AWS_LAMBDA are taken to
// succeed at once.

import (
	"regexp"
	"slices"
	"sync"
	"time"
)

const awaitingAction = "AWAITING_ACTION"

// hook is one pause of a service deployment.
type hook struct {
	ID        string `json:"id"`
	Stage     string `json:"stage"`
	Status    string `json:"status"` // AWAITING_ACTION, SUCCEEDED, FAILED, TIMED_OUT
	Action    string `json:"action"` // when it times out: CONTINUE, ROLLBACK
	ExpiresAt millis `json:"expiresAt"`
}

// pauseStages are the stages at which ECS takes a pause hook (Amazon ECS,
// "Troubleshooting blue/green deployments").
var pauseStages = []string{preScaleUp, postScaleUp, "POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"}

// checkHook finds what ECS refuses in a lifecycle hook.
func checkHook(h Document) *apiError {
	kind, _ := h["targetType"].(string)
	if kind != "PAUSE" {
		return nil
	}
	stages, _ := h["lifecycleStages"].([]any)
	if len(stages) == 0 {
		return invalid("lifecycleStages is required for lifecycle hooks.") // assumed text
	}
	for _, stage := range stages {
		if name, _ := stage.(string); !slices.Contains(pauseStages, name) {
			return invalid("Invalid lifecycle stage provided for Pause Hook")
		}
	}
	limit, _ := hookTimeout(h)
	if limit < time.Minute || limit > 20160*time.Minute {
		return invalid("timeoutInMinutes must be between 1 and 20160.") // assumed text
	}
	return nil
}

// hookTimeout is how long a hook waits and what happens then.
func hookTimeout(h Document) (time.Duration, string) {
	config, _ := h["timeoutConfiguration"].(map[string]any)
	action, _ := config["action"].(string)
	if action == "" {
		action = "ROLLBACK"
	}
	return time.Duration(number(config["timeoutInMinutes"], 1440)) * time.Minute, action
}

// beginHooks begins the hooks of the stage that the PRIMARY deployment has come
// to, if there are any. While a world is made and on the way back it has none.
func (e *engine) beginHooks(s *service, sd *serviceDeployment, at string) {
	if e.Now < e.Born || s.primary().Rollout != "IN_PROGRESS" || sd.over() || sd.RollbackAt != 0 {
		return
	}
	for _, h := range sd.Config.Hooks {
		stages, _ := h["lifecycleStages"].([]any)
		if h["targetType"] != "PAUSE" || !slices.Contains(stages, any(at)) {
			continue
		}
		limit, action := hookTimeout(h)
		sd.Hooks = append(sd.Hooks, hook{
			ID: "ecs-pause-" + e.Engine.letters(43), Stage: at, Status: awaitingAction,
			Action: action, ExpiresAt: e.Now.add(limit),
		})
		sd.UpdatedAt = e.Now
		e.wake(s, limit)
	}
}

// waitsAt is the stage at which the service deployment waits, or empty. (One
// that rolls shows no stage otherwise, as others report.)
func (sd *serviceDeployment) waitsAt() string {
	if sd.awaiting() == "" {
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

// checkHooks ends pauses whose time is up; true: the deployment failed by it.
func (e *engine) checkHooks(s *service) bool {
	sd := s.current()
	if sd == nil || sd.over() || sd.RollbackAt != 0 {
		return false
	}
	for i := range sd.Hooks {
		h := &sd.Hooks[i]
		switch {
		case h.Status != awaitingAction:
		case e.Now < h.ExpiresAt:
			e.wake(s, time.Duration(h.ExpiresAt-e.Now)*time.Millisecond)
		default:
			h.Status, sd.UpdatedAt = "TIMED_OUT", e.Now
			e.wake(s, passDelay)
			if h.Action == "ROLLBACK" {
				e.failHook(s, "Service deployment rolled back because "+h.Stage+" pause hook timed out.")
				return true
			}
		}
	}
	return false
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

// dropHooks ends the pauses of a service deployment that ends or is rolled
// back. Their status then is assumed.
func (sd *serviceDeployment) dropHooks() {
	for i := range sd.Hooks {
		if sd.Hooks[i].Status == awaitingAction {
			sd.Hooks[i].Status = "FAILED"
		}
	}
}

func (sd *serviceDeployment) hookViews() []any {
	views := []any{}
	for _, h := range sd.Hooks {
		views = append(views, map[string]any{
			"hookId": h.ID, "targetType": "PAUSE", "status": h.Status,
			"expiresAt": h.ExpiresAt.epoch(), "timeoutAction": h.Action,
		})
	}
	return views
}

var hookID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^ecs-[A-Za-z_]+-.+$`) })

// continueServiceDeployment has the error texts that AWS documents in
// "Troubleshooting blue/green deployments"; that their code is
// InvalidParameterException is assumed.
func (e *engine) continueServiceDeployment(in struct {
	Arn    string `json:"serviceDeploymentArn"`
	HookID string `json:"hookId"`
	Action string `json:"action"`
}, _ Document) (any, *apiError) {
	s, sd := e.findServiceDeployment(in.Arn)
	switch {
	case sd == nil:
		return nil, errNoServiceDeployment
	case !hookID().MatchString(in.HookID):
		return nil, invalid("Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}")
	case sd.over():
		return nil, invalid("Continuing a service deployment is not allowed for service deployment in terminal states.")
	}
	i := slices.IndexFunc(sd.Hooks, func(h hook) bool { return h.ID == in.HookID && h.Status == awaitingAction })
	if i < 0 || sd.Status != "IN_PROGRESS" {
		return nil, invalid("Provided hookId is either completed, unavailable, or not associated with the given Resource ARN")
	}
	e.remember(s)
	sd.UpdatedAt = e.Now
	if in.Action == "ROLLBACK" {
		sd.Hooks[i].Status = "FAILED" // assumed
		sd.Status = "ROLLBACK_REQUESTED"
		sd.Reason = "Service deployment rolled back because " + sd.Hooks[i].Stage + " pause hook was rolled back." // assumed text
	} else {
		sd.Hooks[i].Status = "SUCCEEDED"
	}
	e.wake(s, firstPassDelay)
	return map[string]any{"serviceDeploymentArn": sd.Arn}, nil
}
