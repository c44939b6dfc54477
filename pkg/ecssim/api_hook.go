package ecssim

// This file is ContinueServiceDeployment, with the error texts that AWS documents
// in "Troubleshooting blue/green deployments". That their code is
// InvalidParameterException is assumed.

import (
	"regexp"
	"slices"
	"sync"
)

var hookID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^ecs-[A-Za-z_]+-.+$`) })

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
		sd.Hooks[i].end(e.Now, hookFailed) // as the event HOOK_FAILED says
		sd.Status = "ROLLBACK_REQUESTED"
		sd.Reason = "Service deployment rolled back because " + sd.Hooks[i].Stage + " pause hook was rolled back." // assumed text
	} else {
		sd.Hooks[i].end(e.Now, hookSucceeded)
	}
	e.wake(s, firstPassDelay)
	return map[string]any{"serviceDeploymentArn": sd.Arn}, nil
}
