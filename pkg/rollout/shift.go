package rollout

// Deployments that shift traffic (BLUE_GREEN, LINEAR, CANARY): their stages, where the
// traffic is, and what ECS waits for. The stages and their order are those of the AWS
// pages "Amazon ECS blue/green deployments", "linear deployments" and "canary
// deployments".

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Lifecycle stages that decisions read (ServiceDeployment.lifecycleStage).
const (
	StagePostTest        = "POST_TEST_TRAFFIC_SHIFT"
	StageShift           = "PRODUCTION_TRAFFIC_SHIFT"
	StagePostProduction  = "POST_PRODUCTION_TRAFFIC_SHIFT"
	StageBake            = "BAKE_TIME"
	stagePreProduction   = "PRE_PRODUCTION_TRAFFIC_SHIFT"
	strategyBlueGreen    = "BLUE_GREEN"
	strategyLinear       = "LINEAR"
	strategyCanary       = "CANARY"
	hookPaused           = "AWAITING_ACTION"
	hookRunning          = "IN_PROGRESS"
	continueAfterTimeout = "CONTINUE"
)

// stages are the lifecycle stages in the order in which a deployment goes through them.
// PRE_PRODUCTION_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT come once for each step.
var stages = []string{
	"RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", StagePostTest,
	stagePreProduction, StageShift, StagePostProduction, StageBake, "CLEAN_UP",
}

// Reached reports whether the deployment is at a stage or after it. It is false if
// either stage is unknown: an unknown stage is neither before nor after another one.
func (d *ServiceDeployment) Reached(stage string) bool {
	if d == nil {
		return false
	}
	here, there := slices.Index(stages, d.LifecycleStage), slices.Index(stages, stage)
	return here >= 0 && there >= 0 && here >= there
}

// Shifts reports whether a strategy shifts traffic between two revisions.
func Shifts(strategy string) bool {
	return strategy == strategyBlueGreen || strategy == strategyLinear || strategy == strategyCanary
}

// Share is what a deployment asks for one service revision: tasks and traffic
// (ServiceRevisionSummary).
type Share struct {
	// RevisionARN is the ARN of the service revision, TaskDefinition that of the task
	// definition that it runs; "" if it is not known.
	RevisionARN    string `json:"revisionArn"`
	TaskDefinition string `json:"taskDefinition,omitempty"`
	Requested      int    `json:"requested"`
	Running        int    `json:"running"`
	Pending        int    `json:"pending"`
	// Production and Test are percentages of the production and of the test traffic; nil
	// if ECS does not say, as for a rolling deployment.
	Production *float64 `json:"productionPercent,omitempty"`
	Test       *float64 `json:"testPercent,omitempty"`
}

// Steps are the traffic shifts of a canary or linear deployment before all traffic has
// moved.
type Steps struct {
	// Percent is the canary's share, or that of one linear step.
	Percent float64 `json:"percent"`
	// BakeMinutes is how long the traffic stays as it is after a step.
	BakeMinutes int `json:"bakeMinutes"`
}

// Hook is a lifecycle hook that ECS runs for a deployment, or waits for
// (DeploymentLifecycleHookDetail).
type Hook struct {
	ID string `json:"id"`
	// Type is AWS_LAMBDA or PAUSE.
	Type string `json:"type"`
	// Function is the ARN of the Lambda function; "" for a pause.
	Function string `json:"function,omitempty"`
	// Status is AWAITING_ACTION (a pause), IN_PROGRESS, SUCCEEDED, FAILED or TIMED_OUT.
	Status string `json:"status"`
	// ExpiresAt is when ECS stops waiting, by its clock, and OnTimeout what it does then:
	// CONTINUE or ROLLBACK.
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	OnTimeout string    `json:"onTimeout,omitempty"`
}

// Awaits reports whether the hook is a pause that waits for a person.
func (h Hook) Awaits() bool { return strings.EqualFold(h.Status, hookPaused) }

// Name is the name of the function, or "pause".
func (h Hook) Name() string {
	if h.Function == "" {
		return "pause"
	}
	return h.Function[strings.LastIndexByte(h.Function, ':')+1:]
}

// Pauses are the hooks at which the deployment waits for a person.
func (d *ServiceDeployment) Pauses() []Hook {
	if d == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.Hooks), func(h Hook) bool { return !h.Awaits() })
}

// Stage says how far the deployment is: "CANARY, stage PRODUCTION_TRAFFIC_SHIFT,
// traffic 10% web:8, 90% web:7". It is "" if there is nothing to say, as for a rolling
// deployment without stages.
func (d *ServiceDeployment) Stage() string {
	if d == nil {
		return ""
	}
	var parts []string
	if d.Strategy != "" && d.Strategy != StrategyRolling {
		parts = append(parts, d.Strategy)
	}
	if d.LifecycleStage != "" {
		parts = append(parts, "stage "+d.LifecycleStage)
	}
	if traffic := d.Traffic(); traffic != "" && len(parts) > 0 {
		parts = append(parts, "traffic "+traffic)
	}
	if d.testsApart() {
		parts = append(parts, "test traffic "+named(d.Target, "the new tasks"))
	}
	return strings.Join(parts, ", ")
}

// Traffic says which revisions get the production traffic: "10% web:8, 90% web:7". It is
// "" if ECS does not say.
func (d *ServiceDeployment) Traffic() string {
	if d == nil || d.Target.Production == nil {
		return ""
	}
	var parts []string
	add := func(s Share, otherwise string) {
		if s.Production != nil && *s.Production > 0 {
			parts = append(parts, fmt.Sprintf("%g%% %s", *s.Production, named(s, otherwise)))
		}
	}
	add(d.Target, "new tasks")
	for _, source := range d.Sources {
		add(source, "earlier tasks")
	}
	return strings.Join(parts, ", ")
}

// testsApart reports whether the test traffic goes to the new revision, and not all of
// the production traffic does.
func (d *ServiceDeployment) testsApart() bool {
	return d.Target.Test != nil && *d.Target.Test > 0 && d.weight() < 100
}

// weight is the target revision's percentage of the production traffic.
func (d *ServiceDeployment) weight() float64 {
	if d.Target.Production == nil {
		return 0
	}
	return *d.Target.Production
}

func named(s Share, otherwise string) string { return cmp.Or(ShortName(s.TaskDefinition), otherwise) }

// Ahead says what is still to come until the deployment has ended well, in the order in
// which it comes: "10% of the traffic for 5m, all traffic, bake time 5m, earlier tasks
// stop". It is "" if ECS does not say where the deployment is.
func (d *ServiceDeployment) Ahead() string {
	if d == nil || !Shifts(d.Strategy) || !slices.Contains(stages, d.LifecycleStage) {
		return ""
	}
	var parts []string
	if !d.Reached("TEST_TRAFFIC_SHIFT") {
		parts = append(parts, "test traffic")
	}
	if !d.Reached(StagePostProduction) {
		parts = append(parts, d.shiftsAhead()...)
	}
	if d.BakeMinutes > 0 && !d.Reached("CLEAN_UP") {
		parts = append(parts, "bake time "+Span(time.Duration(d.BakeMinutes)*time.Minute))
	}
	return strings.Join(append(parts, "the earlier tasks stop"), ", ")
}

// shiftsAhead are the shifts of production traffic that are still to come.
func (d *ServiceDeployment) shiftsAhead() []string {
	weight := d.weight()
	if weight >= 100 {
		return nil
	}
	var parts []string
	if d.Steps != nil && d.Steps.Percent > 0 {
		bake := Span(time.Duration(d.Steps.BakeMinutes) * time.Minute)
		switch next := weight + d.Steps.Percent; {
		case d.Strategy == strategyCanary && weight < d.Steps.Percent:
			parts = append(parts, fmt.Sprintf("%g%% of the traffic for %s", d.Steps.Percent, bake))
		case d.Strategy == strategyLinear && next < 100:
			parts = append(parts, fmt.Sprintf("traffic in steps of %g%%, %s each", d.Steps.Percent, bake))
		}
	}
	return append(parts, "all traffic")
}
