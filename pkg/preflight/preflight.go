// Package preflight finds out what would stop a deployment, before it: the way to ECS, the
// clock, who asks, the service, and the permissions.
//
// It only reads. No call that writes is ever sent, also not one that AWS would refuse: a
// permission to write is found out from IAM, or stays unknown. See [Permission].
package preflight

import (
	"errors"
	"slices"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/internal/exitcode"
)

// Finding is one thing that was checked.
type Finding struct {
	// Target is the target of the settings file that it is about; "" if it is about all.
	Target string `json:"target,omitempty"`
	deploy.Check
	// Code is the exit code with which a deployment would end for this problem; 0 if it is
	// no problem.
	Code int `json:"-"`
}

// Report is what was found.
type Report struct {
	// Checks are in the order in which a deployment would meet them.
	Checks []Finding `json:"checks"`
	// Permissions are those that the commands need, the required ones first.
	Permissions []Permission `json:"permissions"`
}

// ExitCode is that of the first problem; 0 if nothing would stop a deployment.
func (r Report) ExitCode() int {
	for _, f := range r.Checks {
		if f.State == deploy.CheckProblem {
			return f.Code
		}
	}
	return 0
}

// Target is what was found for one target.
type Target struct {
	Name string
	Report
}

// Together is one report of several targets. What is the same for all of them is said
// once, first. A single target is not named.
func Together(targets []Target) Report {
	all := Report{Checks: []Finding{}, Permissions: []Permission{}}
	shared := func(f Finding) bool {
		return !slices.ContainsFunc(targets, func(t Target) bool { return !slices.Contains(t.Checks, f) })
	}
	for i, t := range targets {
		for _, f := range t.Checks {
			if i == 0 && shared(f) {
				all.Checks = append(all.Checks, f)
			}
		}
	}
	for _, t := range targets {
		for _, f := range t.Checks {
			if !shared(f) {
				f.Target = t.Name
				all.Checks = append(all.Checks, f)
			}
		}
		for _, p := range t.Permissions {
			if len(targets) > 1 {
				p.Target = t.Name
			}
			all.Permissions = append(all.Permissions, p)
		}
	}
	return all
}

// OK is a finding about what is as it should be.
func OK(subject, detail string) Finding {
	return Finding{Check: deploy.Check{Subject: subject, State: deploy.CheckOK, Detail: detail}}
}

// Unknown is a finding about what could not be checked.
func Unknown(subject, why string) Finding {
	return Finding{Check: deploy.Check{Subject: subject, State: deploy.NotChecked, Detail: why}}
}

// Warning is a finding about what does not stop a deployment.
func Warning(subject, detail, remedy string) Finding {
	return Finding{Check: deploy.Check{Subject: subject, State: deploy.CheckWarning, Detail: detail, Remedy: remedy}}
}

// Problem is the finding that an error would stop a deployment, with its hint and its exit
// code.
func Problem(subject string, err error) Finding {
	f := Finding{Check: deploy.Check{Subject: subject, State: deploy.CheckProblem, Detail: err.Error()}, Code: exitcode.Error}
	var hinter interface{ Hint() string }
	if errors.As(err, &hinter) {
		f.Remedy = hinter.Hint()
	}
	var coder interface{ ExitCode() int }
	if errors.As(err, &coder) {
		f.Code = coder.ExitCode()
	}
	return f
}
