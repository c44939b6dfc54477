package rollout

// What a deployment waits for that ends by itself, and until when: a bake time, a step, a
// hook, a pause.

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

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
