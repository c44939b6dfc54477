package ecssim

// This file answers HTTP requests inside the process: no socket, no goroutine,
// so that it works in a testing/synctest bubble.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
)

// transport is an http.RoundTripper that ends in a simulator.
type transport struct{ keeper keeper }

// RoundTrip answers one request.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	req, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	response, err := answer(r.Context(), t.keeper, req)
	var broken *brokenError
	if errors.As(err, &broken) {
		var e engine // for the form of the answer only
		response, err = e.errorResponse(req, serverError("%v", err)), nil
	}
	if err != nil {
		return nil, err
	}
	if response.reset {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", response.status, http.StatusText(response.status)),
		StatusCode:    response.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        response.header,
		Body:          io.NopCloser(bytes.NewReader(response.body)),
		ContentLength: int64(len(response.body)),
		Request:       r,
	}, nil
}

// brokenError is a fault of the simulator itself, if it would have panicked.
type brokenError struct{ cause any }

func (e *brokenError) Error() string {
	if err, ok := e.cause.(error); ok {
		return "the simulator failed: " + err.Error()
	}
	if text, ok := e.cause.(string); ok {
		return "the simulator failed: " + text
	}
	return "the simulator failed"
}

// guarded runs f and turns a panic into an error.
func guarded(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &brokenError{r}
		}
	}()
	f()
	return nil
}
