//go:build !unix

package report

import "io"

// onStop does nothing: there is no Ctrl-Z here.
func (l *live) onStop() (end func()) { return func() {} }

// foreground is true: there are no jobs here.
func foreground(io.Writer) bool { return true }
