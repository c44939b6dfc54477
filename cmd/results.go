package cmd

// Standard output that cannot be written: closed, a full disk, or a pipe that
// nobody reads. A command that changed or followed something keeps its exit code,
// and warns: nobody should take silence for a result. A command that only prints
// has failed; if the reader of a pipe has read enough ("| head"), it ends without a word.

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"syscall"
)

// brokenPipe is the exit code that a shell shows for a program that ended because nobody
// reads its output: 128 and the number of SIGPIPE.
const brokenPipe = 141

// lasting are the commands that change or follow something.
var lasting = []string{"deploy", "rollback", "wait", "run", "prune", "exec"}

// results is standard output. It keeps the first error of writing.
type results struct {
	out io.Writer
	err error
}

// Write writes, or fails as the first time. That nobody reads what is written to a
// closed output is no failure: it may have been meant.
func (r *results) Write(text []byte) (int, error) {
	if r.out == closed {
		r.err = errClosed
		return len(text), nil
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.out.Write(text)
	r.err = err
	return n, err
}

// outputError says that what a command is there to print cannot be written.
type outputError struct{ reason string }

func (e *outputError) Error() string { return "standard output cannot be written: " + e.reason }

// Hint says what to do about it.
func (e *outputError) Hint() string {
	return "send the output to a place that can be written, and run the command again"
}

// ExitCode is that of an error without a code of its own.
func (e *outputError) ExitCode() int { return 1 }

// explain puts an error of writing, with which a command ended, into words.
func (r *results) explain(err error) error {
	if r.err != nil && errors.Is(err, r.err) {
		return &outputError{r.reason()}
	}
	return err
}

// unread reports whether a command ended that only prints, and nobody reads what it
// prints.
func (r *results) unread(err error, command string) bool {
	var lost *outputError
	return errors.Is(r.err, syscall.EPIPE) && (errors.As(err, &lost) || !slices.Contains(lasting, command))
}

// reason says why nothing could be written.
func (r *results) reason() string {
	var path *fs.PathError
	if errors.As(r.err, &path) { // "write /dev/stdout: " says nothing more
		return path.Err.Error()
	}
	return r.err.Error()
}

// closed is a standard output that was closed before the program began.
var (
	closed    io.Writer = closedOutput{}
	errClosed           = errors.New("it is closed, or /dev/null opened for reading too")
)

type closedOutput struct{ io.Writer }
