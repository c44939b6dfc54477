package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is why a member cannot be deployed.
type Problem struct {
	Member string
	Err    error
}

// ProblemsError lists the problems of all members. Nothing was written.
type ProblemsError struct{ Problems []Problem }

// Add adds a problem of a member; nil is none.
func (e *ProblemsError) Add(member string, err error) {
	if err != nil {
		e.Problems = append(e.Problems, Problem{member, err})
	}
}

// OrNil is the error, or nil if there is no problem.
func (e *ProblemsError) OrNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

// Error has a line for each problem, and for what to do about it.
func (e *ProblemsError) Error() string { return strings.Join(e.Lines(), "\n") }

// namesShown is how many members are named that have the same problem.
const namesShown = 5

// Lines are the problems, each to be shown as a line. Members with the same problem
// share it. Hints that differ follow their problems.
func (e *ProblemsError) Lines() []string {
	type problem struct {
		text, hint string
		members    []string
	}
	var problems []*problem
	for _, p := range e.Problems {
		text := strings.Join(strings.Fields(p.Err.Error()), " ")
		i := slices.IndexFunc(problems, func(known *problem) bool { return known.text == text })
		if i < 0 {
			problems = append(problems, &problem{text: text, hint: hintOf(p.Err)})
			i = len(problems) - 1
		}
		problems[i].members = append(problems[i].members, p.Member)
	}
	var lines []string
	common := e.Hint()
	for _, p := range problems {
		if more := len(p.members) - namesShown; more > 0 {
			p.members = append(p.members[:namesShown], fmt.Sprintf("%d more", more))
		}
		lines = append(lines, strings.Join(p.members, ", ")+": "+p.text)
		if p.hint != "" && common == "" {
			lines = append(lines, "hint: "+p.hint)
		}
	}
	return lines
}

// Hint is what to do, if that is the same for all members.
func (e *ProblemsError) Hint() string {
	if len(e.Problems) == 0 {
		return ""
	}
	hint := hintOf(e.Problems[0].Err)
	for _, p := range e.Problems {
		if hintOf(p.Err) != hint {
			return ""
		}
	}
	return hint
}

func hintOf(err error) string {
	var hinter interface{ Hint() string }
	if errors.As(err, &hinter) {
		return hinter.Hint()
	}
	return ""
}

// Unwrap gives the errors of the members.
func (e *ProblemsError) Unwrap() []error {
	var all []error
	for _, p := range e.Problems {
		all = append(all, p.Err)
	}
	return all
}

// ExitCode is the most serious one of the problems.
func (e *ProblemsError) ExitCode() int {
	var codes []int
	for _, p := range e.Problems {
		codes = append(codes, exitCodeOf(p.Err))
	}
	return MostSerious(codes...)
}

func exitCodeOf(err error) int {
	var coder interface{ ExitCode() int }
	if errors.As(err, &coder) {
		return coder.ExitCode()
	}
	return 1
}

// serious are the exit codes, the most serious one first. Those from the fourth last on
// say that the service is untouched.
var serious = []int{130, 5, 6, 7, 8, 9, 4, 3, 1, 10, 11}

// MostSerious is the most serious one of some exit codes; 0 if there are none.
func MostSerious(codes ...int) int {
	rank := func(code int) int {
		switch i := slices.Index(serious, code); {
		case code == 0:
			return len(serious) + 1
		case i < 0:
			return slices.Index(serious, 1)
		default:
			return i
		}
	}
	if len(codes) == 0 {
		return 0
	}
	return slices.MinFunc(codes, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
}
