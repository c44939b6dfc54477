package deploy

// The values of the enumerations of a request and a policy, listed once: they are
// checked against these lists, and so are flags and settings files.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ecs-deploy/ecs-deploy/pkg/rollout"
)

// IfUnchangedValues are the values of [IfUnchanged], without the zero value.
func IfUnchangedValues() []IfUnchanged { return []IfUnchanged{IfUnchangedSkip, IfUnchangedRestart} }

// IfInProgressValues are the values of [IfInProgress], without the zero value.
func IfInProgressValues() []IfInProgress {
	return []IfInProgress{IfInProgressFail, IfInProgressWait, IfInProgressReplace}
}

// OnInterruptValues are the values of [OnInterrupt], without the zero value.
func OnInterruptValues() []OnInterrupt { return []OnInterrupt{OnInterruptDetach, OnInterruptRollback} }

// OnPauseValues are the values of [OnPause], without the zero value.
func OnPauseValues() []OnPause { return []OnPause{OnPauseExit, OnPauseWait, OnPauseContinue} }

// OnTaskInterruptValues are the values of [OnTaskInterrupt], without the zero value.
func OnTaskInterruptValues() []OnTaskInterrupt {
	return []OnTaskInterrupt{TaskDetach, TaskStop}
}

// TagSourceValues are the values of [TagSource], without the zero value.
func TagSourceValues() []TagSource { return []TagSource{TagsOfService, TagsOfDefinition, NoTags} }

// LaunchTypeValues are the values of [Launch.Type], without "" (API_RunTask).
func LaunchTypeValues() []string { return []string{"EC2", "FARGATE", "EXTERNAL"} }

// UntilValues are the values of [rollout.Until], without the zero value.
func UntilValues() []rollout.Until {
	return []rollout.Until{rollout.UntilRunning, rollout.UntilTestTraffic, rollout.UntilCanary, rollout.UntilProduction, rollout.UntilComplete, rollout.UntilDrained}
}

// oneOf refuses a value that is not among the allowed ones; "" is the default.
func oneOf[T ~string](name string, value T, allowed []T) error {
	if value == "" || slices.Contains(allowed, value) {
		return nil
	}
	words := make([]string, len(allowed))
	for i, word := range allowed {
		words[i] = string(word)
	}
	return &UsageError{Problem: fmt.Sprintf("%s is %q, which is not one of its values", name, string(value)), Remedy: "use one of: " + strings.Join(words, ", ")}
}
