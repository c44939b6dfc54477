package ecssim

// This file is deploymentConfiguration: its defaults, what a partial one in
// UpdateService means, and the arithmetic that follows from it.

import (
	"encoding/json"
	"math"
)

// deploymentConfig is a deploymentConfiguration. Its members have an effect,
// except for those in Extra, which are kept and shown.
type deploymentConfig struct {
	Breaker  *breakerConfig `json:"deploymentCircuitBreaker,omitempty"`
	Alarms   *alarmConfig   `json:"alarms,omitempty"`
	Maximum  *int           `json:"maximumPercent,omitempty"`
	Minimum  *int           `json:"minimumHealthyPercent,omitempty"`
	Early    *earlyConfig   `json:"earlySuccessCriteria,omitempty"`
	Bake     *int           `json:"bakeTimeInMinutes,omitempty"`
	Strategy string         `json:"strategy,omitempty"`
	Hooks    []Document     `json:"lifecycleHooks,omitempty"`
	Linear   *linearConfig  `json:"linearConfiguration,omitempty"`
	Canary   *canaryConfig  `json:"canaryConfiguration,omitempty"`

	// Extra is what the type has no member for: what a newer ECS may know.
	Extra Document `json:"-"`
}

type breakerConfig struct {
	Enable    bool             `json:"enable"`
	Rollback  bool             `json:"rollback"`
	Reset     *bool            `json:"resetOnHealthyTask,omitempty"`
	Threshold *thresholdConfig `json:"thresholdConfiguration,omitempty"`
}

type thresholdConfig struct {
	Type  string `json:"type"`
	Value int    `json:"value"`
}

type alarmConfig struct {
	Names    []string `json:"alarmNames"`
	Enable   bool     `json:"enable"`
	Rollback bool     `json:"rollback"`
}

type earlyConfig struct {
	Enable  bool   `json:"enable"`
	Percent *int   `json:"healthyPercent,omitempty"`
	Cleanup string `json:"sourceServiceRevisionCleanup,omitempty"`
}

type linearConfig struct {
	Percent *float64 `json:"stepPercent,omitempty"`
	Bake    *int     `json:"stepBakeTimeInMinutes,omitempty"`
}

type canaryConfig struct {
	Percent *float64 `json:"canaryPercent,omitempty"`
	Bake    *int     `json:"canaryBakeTimeInMinutes,omitempty"`
}

// completed is the configuration with ECS's defaults if it says nothing:
// 100 and 200 percent, for DAEMON 0 and 100; circuit breaker and alarms off.
func (c deploymentConfig) completed(daemon bool) deploymentConfig {
	minimum, maximum := 100, 200
	if daemon {
		minimum, maximum = 0, 100
	}
	if c.Minimum == nil {
		c.Minimum = &minimum
	}
	if c.Maximum == nil {
		c.Maximum = &maximum
	}
	if c.Breaker == nil {
		c.Breaker = &breakerConfig{}
	}
	if c.Alarms == nil {
		c.Alarms = &alarmConfig{Names: []string{}}
	}
	if c.Strategy == "" {
		c.Strategy = "ROLLING"
	}
	c.Hooks = completedHooks(c.Hooks)
	switch c.Strategy {
	case "LINEAR":
		c.Linear = c.Linear.completed()
	case "CANARY":
		c.Canary = c.Canary.completed()
	}
	return c
}

// completed has ECS's defaults: 10 % every 6 minutes.
func (l *linearConfig) completed() *linearConfig {
	percent, bake := 10.0, 6
	full := &linearConfig{&percent, &bake}
	if l != nil && l.Percent != nil {
		full.Percent = l.Percent
	}
	if l != nil && l.Bake != nil {
		full.Bake = l.Bake
	}
	return full
}

// completed has ECS's defaults: 5 % for 10 minutes.
func (l *canaryConfig) completed() *canaryConfig {
	percent, bake := 5.0, 10
	full := &canaryConfig{&percent, &bake}
	if l != nil && l.Percent != nil {
		full.Percent = l.Percent
	}
	if l != nil && l.Bake != nil {
		full.Bake = l.Bake
	}
	return full
}

// over is c with the members that it leaves out taken from before.
func (c deploymentConfig) over(before deploymentConfig) deploymentConfig {
	var merged deploymentConfig // of its own: what before points to is shared
	for _, layer := range []deploymentConfig{before, c} {
		if text, err := json.Marshal(layer); err == nil {
			_ = json.Unmarshal(text, &merged) // it was marshalled from this very type
		}
	}
	return merged
}

// limits are the bounds of a rolling deployment: at least lower tasks stay
// healthy (rounded up), at most upper are RUNNING or PENDING (rounded down).
func (c deploymentConfig) limits(desired int) (lower, upper int) {
	return ceilPercent(desired, *c.Minimum), desired * *c.Maximum / 100
}

func ceilPercent(n, percent int) int { return (n*percent + 99) / 100 }

// threshold is the number of failed tasks at which the circuit breaker acts.
func (c deploymentConfig) threshold(desired int) int {
	kind, value := "BOUNDED_PERCENT", 50
	if c.Breaker != nil && c.Breaker.Threshold != nil {
		kind, value = c.Breaker.Threshold.Type, c.Breaker.Threshold.Value
	}
	switch kind {
	case "COUNT":
		return value
	case "UNBOUNDED_PERCENT":
		return ceilPercent(desired, value)
	default:
		return min(max(ceilPercent(desired, value), 3), 200)
	}
}

// resets reports whether a healthy task sets the failure count back to 0.
func (c deploymentConfig) resets() bool {
	return c.Breaker == nil || c.Breaker.Reset == nil || *c.Breaker.Reset
}

// check finds what ECS refuses in a configuration. The texts are assumed.
func (c deploymentConfig) check(daemon bool) *apiError {
	switch {
	case daemon && *c.Maximum != 100:
		return invalid("The daemon scheduling strategy only supports a maximumPercent of 100.")
	case *c.Maximum < *c.Minimum, *c.Maximum == 0:
		return invalid("maximumPercent must be greater than 0 and not less than minimumHealthyPercent.")
	case daemon && c.shifts():
		return invalid("The daemon scheduling strategy only supports the ROLLING deployment strategy.")
	case c.Linear != nil && !tenths(c.Linear.Percent, 3):
		return invalid("stepPercent must be a multiple of 0.1 between 3.0 and 100.0.")
	case c.Canary != nil && !tenths(c.Canary.Percent, 0.1):
		return invalid("canaryPercent must be a multiple of 0.1 between 0.1 and 100.0.")
	}
	if e := c.Early; e != nil && e.Enable {
		switch {
		case e.Percent == nil || e.Cleanup == "":
			return invalid("healthyPercent and sourceServiceRevisionCleanup are required when earlySuccessCriteria is enabled.")
		case *e.Percent > 100 || *e.Percent < *c.Minimum:
			return invalid("healthyPercent must be between minimumHealthyPercent and 100.")
		}
	}
	return c.checkHooks()
}

// tenths reports whether a percentage is a multiple of 0.1 from least to 100.
func tenths(percent *float64, least float64) bool {
	if percent == nil {
		return true
	}
	rest := math.Abs(*percent*10 - math.Round(*percent*10))
	return *percent >= least && *percent <= 100 && rest < 1e-9
}
