//go:build unix

package cmd

import (
	"os"
	"syscall"
)

// terminalSignals are what a terminal sends to all programs in its foreground when somebody
// presses Ctrl-C, Ctrl-\ or Ctrl-Z.
var terminalSignals = []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTSTP}
