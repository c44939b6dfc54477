//go:build unix

package report_test

import (
	"syscall"
	"testing"
	"time"
)

// processTime is the time for which the process has used a processor.
func processTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
