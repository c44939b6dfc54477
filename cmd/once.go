package cmd

// A flag that takes one value and is set twice, to different values: one of them is a
// mistake, mostly of a script that adds flags to others.

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
)

// once is the value of a flag that can have one value only.
type once struct {
	pflag.Value
	given *string // nil: not yet
}

// Set sets the value, or refuses another one than the first.
func (o *once) Set(text string) error {
	if o.given != nil && *o.given != text {
		return &twiceError{first: *o.given, second: text}
	}
	o.given = &text
	return o.Value.Set(text)
}

// twiceError says that a flag was given two values.
type twiceError struct{ first, second string }

func (e *twiceError) Error() string {
	return fmt.Sprintf("two different values, %q and %q", e.first, e.second)
}

// eachOnce makes every flag of a command, its parents' among them, take one value, except
// the repeatable flags.
func eachOnce(c *cobra.Command) {
	single := func(f *pflag.Flag) {
		if _, several := f.Value.(pflag.SliceValue); !several && !config.Repeatable(f.Value) {
			f.Value = &once{Value: f.Value}
		}
	}
	c.LocalNonPersistentFlags().VisitAll(single)
	for ; c != nil; c = c.Parent() {
		c.PersistentFlags().VisitAll(single)
	}
}

// twice is the error of a flag that was given two values. Those that are secret
// are not shown.
func twice(f *pflag.Flag, err *twiceError) *usageError {
	problem := fmt.Sprintf("--%s is set twice, to different values", f.Name)
	if !slices.ContainsFunc(keys(), func(key config.Key) bool { return key.Name == f.Name && key.Secret() }) {
		problem = fmt.Sprintf("--%s is set twice: %s and %s", f.Name, err.first, err.second)
	}
	return &usageError{problem: problem, hint: "pass one of them"}
}
