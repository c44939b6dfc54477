package report

// What a command found for each of several services.

import (
	"slices"
)

// Found is what a command found for one service of several, or why it found nothing.
type Found struct {
	Member string
	Result
	Err      error
	Hint     string
	ExitCode int
}

// membersObject is what a command found for each of several services, for programs.
type membersObject struct {
	Members []member `json:"members"`
}

// member is one of them: its result, or an error.
type member struct {
	Member   string `json:"member"`
	Result   any    `json:"result,omitempty"`
	Error    string `json:"error,omitempty"`
	Hint     string `json:"hint,omitempty"`
	ExitCode int    `json:"exitCode"`
}

// EachMember is what a command found for each of several services: the results one
// after the other. Errors are part of it only for programs.
func EachMember(found []Found) Result {
	value := membersObject{[]member{}}
	for _, f := range found {
		m := member{Member: f.Member, Result: f.Value, Hint: f.Hint, ExitCode: f.ExitCode}
		if f.Err != nil {
			m.Error = f.Err.Error()
		}
		value.Members = append(value.Members, m)
	}
	return Result{Value: value, Lines: func(o Options) []Line {
		var lines []Line
		for _, f := range found {
			if f.Err != nil {
				continue
			}
			if len(lines) > 0 {
				lines = append(lines, say(""))
			}
			o.Target = f.Member
			lines = slices.Concat(lines, f.Lines(o))
		}
		return lines
	}}
}
