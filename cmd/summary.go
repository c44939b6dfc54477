package cmd

// The file that GitHub Actions makes for the summary of a job.

import (
	"errors"
	"io"
	"os"
)

// summaryVariable names the file.
const summaryVariable = "GITHUB_STEP_SUMMARY"

// summaryFile is a file to which other steps of the job write, too. It keeps the
// first error.
type summaryFile struct {
	path string
	err  error
}

// jobSummary is the summary of the job that runs the program; nil if there is none.
func (a *app) jobSummary() io.Writer {
	path := os.Getenv(summaryVariable)
	if path == "" {
		return nil
	}
	a.summary = &summaryFile{path: path}
	return a.summary
}

// Write appends a text to the file.
func (s *summaryFile) Write(text []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	file, err := os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		s.err = err
		return 0, err
	}
	n, err := file.Write(text)
	s.err = errors.Join(err, file.Close())
	return n, s.err
}
