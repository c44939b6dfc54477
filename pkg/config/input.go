package config

// Every file that somebody names is read here: within a limit, and until the
// context ends. A checked-out repository may hold a link to /dev/zero, or a pipe
// into which nobody writes.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// InputLimit is how much of one input is read, in bytes, if it has no limit of its own.
const InputLimit = 16 << 20

// Input is a file, or standard input.
type Input struct {
	// What names the input in errors, as "the settings file".
	What string
	// Path is the file's name. [StandardInput] is standard input.
	Path string
	// Stdin is the standard input; nil is an empty one.
	Stdin io.Reader
	// Pipes: the user named the file, so that it may be a pipe, as <(command) is.
	Pipes bool
	// Limit is how much is read, in bytes; 0 is [InputLimit].
	Limit int
	// Remedy is the hint of errors.
	Remedy string
}

// Read reads the whole input. Its errors are an [*Error], or that of ctx, which
// ends also the opening of a pipe into which nobody writes.
func (in Input) Read(ctx context.Context) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // it ends with the process, if nobody writes
		text, err := in.read()
		done <- result{text, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		if r.err != nil {
			return nil, &Error{Problem: in.What + " cannot be read: " + reason(r.err), Remedy: in.Remedy}
		}
		return r.text, nil
	}
}

// reason is an error of a file, without the call that failed.
func reason(err error) string {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Path + ": " + failed.Err.Error()
	}
	return err.Error()
}

// read opens the input and reads it.
func (in Input) read() ([]byte, error) {
	if in.Path == StandardInput {
		if in.Stdin == nil {
			return nil, nil
		}
		return in.within(in.Stdin, "standard input")
	}
	info, err := os.Stat(in.Path) // to open a pipe that is not wanted could take forever
	if err == nil {
		err = in.refuse(info)
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Open(in.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if info, err = file.Stat(); err == nil { // it may be another by now
		err = in.refuse(info)
	}
	if err != nil {
		return nil, err
	}
	return in.within(file, in.Path)
}

// refuse says why a file of this kind is not read, or nil.
func (in Input) refuse(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular(), in.Pipes && mode&fs.ModeNamedPipe != 0:
		return nil
	case mode.IsDir():
		return fmt.Errorf("%s is a directory", in.Path)
	case mode&fs.ModeNamedPipe != 0:
		return fmt.Errorf("%s is a pipe; only a flag or a variable can name one", in.Path)
	}
	return fmt.Errorf("%s is a device or a socket, not a file", in.Path)
}

// within reads all, if it is not above the limit.
func (in Input) within(from io.Reader, name string) ([]byte, error) {
	limit := cmp.Or(in.Limit, InputLimit)
	text, err := io.ReadAll(io.LimitReader(from, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = fmt.Errorf("%s is larger than %d MiB", name, limit>>20)
	}
	return text, err
}

// Stoppable is a reader whose reads end when ctx does. What a read that was
// stopped still gets is lost, so that nothing should be read after it.
func Stoppable(ctx context.Context, from io.Reader) io.Reader { return &stoppable{ctx, from} }

type stoppable struct {
	ctx  context.Context
	from io.Reader
}

// Read reads, or returns the error of the context.
func (s *stoppable) Read(into []byte) (int, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	size := len(into)
	go func() {
		text := make([]byte, size)
		n, err := s.from.Read(text)
		done <- result{text[:n], err}
	}()
	select {
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	case r := <-done:
		return copy(into, r.text), r.err
	}
}
