//go:build unix

// Package cputime measures benchmarks and budgets by the time of the processor: what a machine does
// besides does not count, and the work of the garbage collector does.
package cputime

import (
	"syscall"
	"testing"
	"time"
)

// Used is the time for which the process has used a processor.
func Used(tb testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
