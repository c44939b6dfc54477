package ecssim

// This file is the wire: from an HTTP request to an operation and back, with
// faults and throttling in between. The two protocols are in wire_json.go and
// wire_query.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const maxBody = 4 << 20 // bytes; far above what ECS accepts

// wireRequest is what the protocols need from an HTTP request.
type wireRequest struct {
	method string
	target string // X-Amz-Target of AWS JSON
	query  bool   // it is a form of the query protocol
	caller caller
	body   []byte
}

// wireResponse is an answer, or a connection that breaks instead of one.
type wireResponse struct {
	status int
	header http.Header
	body   []byte
	reset  bool
}

// keeper gives one caller at a time the engine, advanced to now. What f changes
// is kept unless f panics.
type keeper interface {
	use(f func(*engine)) error
	Clock() Clock
}

// readRequest reads an HTTP request.
func readRequest(r *http.Request) (wireRequest, error) {
	req := wireRequest{method: r.Method, target: r.Header.Get("X-Amz-Target"), caller: callerOf(r)}
	kind := r.Header.Get("Content-Type")
	req.query = req.target == "" && strings.HasPrefix(kind, formType)
	if r.Body == nil {
		return req, nil
	}
	defer r.Body.Close()
	var err error
	req.body, err = io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	return req, err
}

// answer serves one request. The only errors are those of ctx and of a keeper
// that cannot give its engine.
func answer(ctx context.Context, h keeper, req wireRequest) (wireResponse, error) {
	if err := ctx.Err(); err != nil {
		return wireResponse{}, err
	}
	var response wireResponse
	var fate fate
	err := h.use(func(e *engine) {
		if fate = e.admit(req.operation()); fate.latency == 0 {
			response = e.respond(req, fate)
		}
	})
	if err != nil || fate.latency == 0 {
		return response, err
	}
	if err := h.Clock().Sleep(ctx, fate.latency); err != nil {
		return wireResponse{}, err
	}
	err = h.use(func(e *engine) { response = e.respond(req, fate) })
	return response, err
}

// operation is the name of the operation that the request asks for, or empty.
func (r wireRequest) operation() string {
	if r.query {
		return r.form().Get("Action")
	}
	_, name := jsonTarget(r.target)
	return name
}

// respond serves a request as its fate has it.
func (e *engine) respond(req wireRequest, f fate) wireResponse {
	switch {
	case f.reset:
		return wireResponse{reset: true}
	case f.html != "":
		return e.rawResponse(f.status, "text/html", []byte(f.html))
	case f.failure != nil:
		return e.errorResponse(req, f.failure)
	}
	out, apiErr := e.serve(req)
	switch {
	case f.lost:
		return wireResponse{reset: true}
	case apiErr != nil:
		return e.errorResponse(req, apiErr)
	case req.query:
		return e.queryResponse(req.form(), out)
	}
	return e.rawResponse(http.StatusOK, contentType, encode(out))
}

// serve finds the operation and runs it, if the caller is known and allowed to.
func (e *engine) serve(req wireRequest) (any, *apiError) {
	switch {
	case req.method != http.MethodPost || req.target == "" && !req.query:
		return nil, &apiError{code: "UnknownOperationException", message: "Send POST with X-Amz-Target: " + targetPrefix + "<operation>."}
	case len(req.body) > maxBody:
		return nil, serialization("The request body is too large.")
	}
	if err := e.authenticate(req.caller); err != nil && !req.needsNoKey() {
		if req.query {
			err = queryRefusal(err)
		}
		return nil, err
	}
	e.caller = req.caller
	defer func() { e.caller = caller{} }() // actors have none
	if err := e.authorize(req); err != nil {
		return nil, err
	}
	if req.query {
		return e.serveQuery(req.form())
	}
	return e.serveJSON(req)
}

func (e *engine) errorResponse(req wireRequest, err *apiError) wireResponse {
	if req.query {
		return e.queryError(req.form(), err)
	}
	body := map[string]any{"__type": err.code, "message": err.message}
	if err.resourceIDs != nil {
		body["resourceIds"] = err.resourceIDs
	}
	return e.rawResponse(err.httpStatus(), contentType, encode(body))
}

// rawResponse adds what every answer of AWS has.
func (e *engine) rawResponse(status int, kind string, body []byte) wireResponse {
	return response(status, kind, body, e.Wire.uuid())
}

// response is an answer with its headers. The date is the real one, even if
// simulated time is another: clients correct their clocks by it.
func response(status int, kind string, body []byte, requestID string) wireResponse {
	header := http.Header{}
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	header.Set("X-Amzn-Requestid", requestID)
	return wireResponse{status: status, header: header, body: body}
}

// encode writes JSON as ECS does: without HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Only values that cannot be JSON fail, and none is ever put in.
		panic("ecssim: encoding a response: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// serveHTTP answers over a real connection.
func serveHTTP(h keeper, w http.ResponseWriter, r *http.Request) {
	req, err := readRequest(r)
	var response wireResponse
	var e engine // for the form of an error only
	if err != nil {
		response = e.errorResponse(req, serialization("The request body could not be read."))
	} else if response, err = answer(r.Context(), h, req); err != nil {
		response = e.errorResponse(req, serverError("%v", err))
	}
	if response.reset {
		panic(http.ErrAbortHandler) // the way of net/http to break a connection
	}
	for name, values := range response.header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.status)
	_, _ = w.Write(response.body) // a client that is gone needs no answer
}
