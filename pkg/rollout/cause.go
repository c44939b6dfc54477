package rollout

// Causes: the reasons for which tasks of a deployment stopped. A new kind of cause is a
// constant and a row of kinds; the text by which ECS reports it is a row of reasons
// (hints.go).

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind classifies why a task stopped.
type Kind string

// The kinds of causes.
const (
	CannotPull    Kind = "cannot-pull"
	CannotInit    Kind = "cannot-initialise"
	OutOfMemory   Kind = "out-of-memory"
	Exited        Kind = "exited"
	Unhealthy     Kind = "unhealthy"
	NotPlaced     Kind = "not-placed"
	StoppedByUser Kind = "stopped-by-user"
	HostGone      Kind = "host-gone"
	OtherKind     Kind = "other"
)

// kindRow is a kind with what follows from it.
type kindRow struct {
	kind Kind
	// ran: the container ran, so that it may have a log.
	ran bool
	// innocent: something outside the deployment stopped the task, so that the next
	// task may run.
	innocent bool
}

// kinds is the table of kinds.
var kinds = []kindRow{
	{kind: CannotPull},
	{kind: CannotInit},
	{kind: OutOfMemory, ran: true},
	{kind: Exited, ran: true},
	{kind: Unhealthy, ran: true},
	{kind: NotPlaced},
	{kind: StoppedByUser, ran: true, innocent: true},
	{kind: HostGone, ran: true, innocent: true},
	{kind: OtherKind, ran: true},
}

// row finds the row of a kind; an unknown kind has neither trait.
func (k Kind) row() kindRow {
	if i := slices.IndexFunc(kinds, func(row kindRow) bool { return row.kind == k }); i >= 0 {
		return kinds[i]
	}
	return kindRow{kind: k}
}

// Kinds lists the kinds of causes.
func Kinds() []Kind {
	var all []Kind
	for _, row := range kinds {
		all = append(all, row.kind)
	}
	return all
}

// Cause is one reason for which tasks of a deployment stopped.
type Cause struct {
	Kind Kind `json:"kind"`
	// Reason is ECS's text about the task or the container.
	Reason string `json:"reason"`
	// Container is the container that ended the task, if ECS names one.
	Container string `json:"container,omitempty"`
	// ExitCode is the exit code of that container, if it has one.
	ExitCode *int `json:"exitCode,omitempty"`
	// Count is the number of tasks that stopped for this cause.
	Count int `json:"count"`
	// Task is the ARN of one of these tasks.
	Task string `json:"task"`
	// Hint says what to check.
	Hint string `json:"hint,omitempty"`
	// Page is the page of the AWS documentation about this cause.
	Page string `json:"page,omitempty"`
	// Log is the end of the container's log.
	Log Log `json:"log,omitzero"`
}

// Ran reports whether the container ran, so that it may have a log.
func (c Cause) Ran() bool { return c.Kind.row().ran }

// Key is equal for tasks that stopped for one cause, whatever ids and addresses the
// reasons contain.
func (c Cause) Key() string { return string(c.Kind) + "\n" + c.group() }

// group is Key before the kind is known.
func (c *Cause) group() string {
	code := "none"
	if c.ExitCode != nil {
		code = strconv.Itoa(*c.ExitCode)
	}
	return c.Container + "\n" + code + "\n" + withoutIDs(c.Reason)
}

// String is the cause in one line, for people.
func (c Cause) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d × %s", c.Count, c.Reason)
	if c.Container != "" {
		fmt.Fprintf(&b, " (container %s", c.Container)
		if c.ExitCode != nil {
			fmt.Fprintf(&b, ", exit code %d", *c.ExitCode)
		}
		b.WriteString(")")
	}
	return b.String()
}
