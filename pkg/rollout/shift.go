package rollout

// Deployments that shift traffic (BLUE_GREEN, LINEAR, CANARY): their stages, where the
// traffic is, and what ECS waits for. The stages and their order are those of the AWS
// pages "Amazon ECS blue/green deployments", "linear deployments" and "canary
// deployments".

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
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

// Wait is something that a deployment waits for, and that ends by itself.
type Wait struct {
	// For is "bake", "step", "hook" or "pause".
	For string `json:"for"`
	// Hook is the hook that is waited for; nil for a clock.
	Hook *Hook `json:"hook,omitempty"`
	// Until is when it ends at the latest, by ECS's clock; zero if that is not known.
	Until time.Time `json:"until,omitzero"`
	// Left is how long it takes from the observation on, at the most; negative if that
	// is not known. JSON has it as leftSeconds.
	Left time.Duration `json:"-"`
}

// waitObject is a Wait in JSON.
type waitObject struct {
	waitFields
	LeftSeconds *float64 `json:"leftSeconds,omitempty"`
}

// waitFields are the fields of a Wait, without its methods.
type waitFields Wait

// MarshalJSON writes the time that is left, if it is known, as a number of seconds.
func (w Wait) MarshalJSON() ([]byte, error) {
	object := waitObject{waitFields: waitFields(w)}
	if w.Left >= 0 {
		object.LeftSeconds = new(w.Left.Seconds())
	}
	return json.Marshal(object)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (w *Wait) UnmarshalJSON(text []byte) error {
	var object waitObject
	if err := json.Unmarshal(text, &object); err != nil {
		return err
	}
	*w = Wait(object.waitFields)
	w.Left = -1
	if left := object.LeftSeconds; left != nil {
		w.Left = time.Duration(math.Round(*left * float64(time.Second)))
	}
	return nil
}

// The reasons to wait.
const (
	WaitBake  = "bake"
	WaitStep  = "step"
	WaitHook  = "hook"
	WaitPause = "pause"
)

// Clock reports whether only time ends the wait, and for how long still.
func (w Wait) Clock() bool { return w.Hook == nil }

// String is "bake time ends in 12h3m".
func (w Wait) String() string {
	switch {
	case w.For == WaitPause:
		return fmt.Sprintf("paused%s", w.expiry("nothing happens"))
	case w.Hook != nil:
		return fmt.Sprintf("hook %s is running%s", w.Hook.Name(), w.expiry("it does not answer"))
	case w.For == WaitStep:
		return "next step " + w.due()
	}
	return "bake time ends " + w.due()
}

func (w Wait) due() string {
	if w.Left < time.Second {
		return "now"
	}
	return "in " + Span(coarse(w.Left))
}

// expiry says what ECS does when a hook times out, which it does if something holds, and
// when.
func (w Wait) expiry(unanswered string) string {
	if w.Left < 0 {
		return ""
	}
	return fmt.Sprintf(" (ECS %s in %s if %s)", w.Hook.afterwards(), Span(coarse(w.Left)), unanswered)
}

// afterwards is what ECS does when the hook times out.
func (h Hook) afterwards() string {
	if strings.EqualFold(h.OnTimeout, continueAfterTimeout) {
		return "continues"
	}
	return "rolls back"
}

// coarse is a duration as exact as a person needs: in minutes if it is long.
func coarse(d time.Duration) time.Duration {
	if d >= time.Hour {
		return d.Round(time.Minute)
	}
	return d
}

// Span is a duration in whole seconds as people write it: 45s, 2m, 2m30s, 1h.
func Span(d time.Duration) string {
	text := d.Round(time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if whole, found := strings.CutSuffix(text, zero); found {
			text = whole + zero[:1]
		}
	}
	return text
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

// Awaited says in words what ends by itself; "" if nothing does.
func (d *ServiceDeployment) Awaited() string {
	if d == nil {
		return ""
	}
	var parts []string
	for _, wait := range d.Waits {
		parts = append(parts, wait.String())
	}
	return strings.Join(parts, ", ")
}

// Clocks measures how long a deployment has been at its stage and at its weight, so
// that what it waits for can be counted down. Its zero value has seen nothing.
type Clocks struct {
	stage, weight mark
	begun         bool
}

// mark is what a deployment showed, when that was seen first, and for how long it had
// been so by then.
type mark struct {
	shown string
	at    time.Duration
	age   time.Duration
}

// since is how long what is shown now has been so.
func (m *mark) since(shown string, o Observation, begun bool) time.Duration {
	if m.shown != shown || !begun {
		*m = mark{shown: shown, at: o.Elapsed}
		if record := o.ServiceDeployment; !begun && !record.At.IsZero() && !record.UpdatedAt.IsZero() {
			m.age = max(record.At.Sub(record.UpdatedAt), 0) // nobody saw it begin
		}
	}
	return m.age + o.Elapsed - m.at
}

// Note finds out what the deployment of an observation waits for.
func (c *Clocks) Note(o Observation) []Wait {
	d := o.ServiceDeployment
	if d == nil {
		return nil
	}
	atStage := c.stage.since(d.LifecycleStage, o, c.begun)
	atWeight := c.weight.since(fmt.Sprint(d.weight()), o, c.begun)
	c.begun = true
	if d.Status != ServiceDeploymentInProgress {
		return nil
	}
	if waits := d.hookWaits(); len(waits) > 0 {
		return waits
	}
	switch weight := d.weight(); {
	case d.LifecycleStage == StageBake && d.BakeMinutes > 0:
		return []Wait{d.clock(WaitBake, d.BakeMinutes, atStage)}
	case d.LifecycleStage == StageShift && d.Steps != nil && d.Steps.BakeMinutes > 0 && weight > 0 && weight < 100:
		return []Wait{d.clock(WaitStep, d.Steps.BakeMinutes, atWeight)}
	}
	return nil
}

// clock is a wait of so many minutes, of which some time has passed.
func (d *ServiceDeployment) clock(reason string, minutes int, passed time.Duration) Wait {
	wait := Wait{For: reason, Left: max(time.Duration(minutes)*time.Minute-passed, 0)}
	if !d.At.IsZero() {
		wait.Until = d.At.Add(wait.Left)
	}
	return wait
}

// hookWaits are the hooks that have not answered.
func (d *ServiceDeployment) hookWaits() []Wait {
	var waits []Wait
	for _, hook := range d.Hooks {
		wait := Wait{For: WaitHook, Hook: &hook, Until: hook.ExpiresAt, Left: -1}
		if hook.Awaits() {
			wait.For = WaitPause
		} else if !strings.EqualFold(hook.Status, hookRunning) {
			continue
		}
		if !d.At.IsZero() && !hook.ExpiresAt.IsZero() {
			wait.Left = max(hook.ExpiresAt.Sub(d.At), 0)
		}
		waits = append(waits, wait)
	}
	return waits
}

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
