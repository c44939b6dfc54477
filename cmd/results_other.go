//go:build !unix

package cmd

import (
	"io"
	"os"
)

// standardOutput is the standard output of the process.
func standardOutput() io.Writer { return os.Stdout }
