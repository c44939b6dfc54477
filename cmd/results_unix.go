//go:build unix

package cmd

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// standardOutput is the standard output of the process. Go opens the null device
// in the place of one that is closed, for reading and writing; a shell's
// >/dev/null is for writing only.
func standardOutput() io.Writer {
	var output, null unix.Stat_t
	if unix.Fstat(1, &output) != nil || unix.Stat(os.DevNull, &null) != nil || output.Mode != null.Mode || output.Rdev != null.Rdev {
		return os.Stdout
	}
	if flags, err := unix.FcntlInt(1, unix.F_GETFL, 0); err == nil && flags&unix.O_ACCMODE == unix.O_RDWR {
		return closed
	}
	return os.Stdout
}
