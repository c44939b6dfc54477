//go:build unix

package report

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stopsWithin is how long it takes at most until a stop signal stops the process.
const stopsWithin = 200 * time.Millisecond

// onStop takes the region from the terminal while the process is stopped by Ctrl-Z, and
// brings it back when it continues in the foreground. The returned function ends that.
func (l *live) onStop() (end func()) {
	stops, continues, done := make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(stops, syscall.SIGTSTP)
	signal.Notify(continues, syscall.SIGCONT)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-stops:
				l.mutex.Lock()
				l.stop()
				// Go does not let SIGTSTP stop a process that was ever notified of it.
				_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
				select {
				case <-continues:
				case <-time.After(stopsWithin):
				}
				l.start()
				l.mutex.Unlock()
			case <-continues: // it was in the background, or stopped in another way
				l.mutex.Lock()
				l.stop()
				l.start()
				l.mutex.Unlock()
			}
		}
	}()
	return func() {
		signal.Stop(stops)
		signal.Stop(continues)
		close(done)
	}
}

// foreground reports whether the process may draw on a terminal: a job in the background
// would draw over what its user types. What is no terminal may always be written to.
func foreground(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return true
	}
	group, err := unix.IoctlGetInt(int(file.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}
