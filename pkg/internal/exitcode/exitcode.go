// Package exitcode names the exit codes of errors. Those of verdicts belong to the
// verdicts (rollout.Verdict.ExitCode).
package exitcode

const (
	// Error is that of everything that has no other.
	Error = 1
	// Usage is that of bad input: a flag, a file, something that does not exist.
	Usage = 3
	// Access is that of missing credentials and permissions.
	Access = 4
)
