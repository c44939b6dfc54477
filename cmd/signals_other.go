//go:build !unix

package cmd

import "os"

// terminalSignals are what a terminal sends to all programs in its foreground when somebody
// presses Ctrl-C.
var terminalSignals = []os.Signal{os.Interrupt}
