package ecssim

// This file is the wire: from an HTTP request to an operation and back, with
// faults and throttling in between. ECS and CloudWatch Logs speak AWS JSON 1.1;
// the query protocol of Elastic Load Balancing is in wire_query.go.

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

const (
	targetPrefix = "AmazonEC2ContainerServiceV20141113."
	logsPrefix   = "Logs_20140328."
	contentType  = "application/x-amz-json-1.1"
	maxBody      = 4 << 20 // bytes; far above what ECS accepts
)

// wireRequest is what the protocols need from an HTTP request.
type wireRequest struct {
	method string
	target string // X-Amz-Target of AWS JSON
	query  bool   // it is a form of the query protocol
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
	req := wireRequest{method: r.Method, target: r.Header.Get("X-Amz-Target")}
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
	for _, prefix := range []string{targetPrefix, logsPrefix} {
		if name, ok := strings.CutPrefix(r.target, prefix); ok {
			return name
		}
	}
	return ""
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
		return e.queryResponse(req.operation(), out)
	}
	return e.rawResponse(http.StatusOK, contentType, encode(out))
}

// serve finds the operation and runs it.
func (e *engine) serve(req wireRequest) (any, *apiError) {
	name := req.operation()
	switch {
	case req.method != http.MethodPost || req.target == "" && !req.query:
		return nil, &apiError{code: "UnknownOperationException", message: "Send POST with X-Amz-Target: " + targetPrefix + "<operation>."}
	case len(req.body) > maxBody:
		return nil, serialization("The request body is too large.")
	case req.query:
		return e.serveQuery(req.form())
	case name == "":
		return nil, unknownTarget(req.target)
	}
	ops := operations()
	if strings.HasPrefix(req.target, logsPrefix) {
		ops = logging()
	}
	op, ok := ops[name]
	switch {
	case !ok && strings.HasPrefix(req.target, logsPrefix):
		return nil, &apiError{code: "UnknownOperationException", message: "The simulator does not have the operation " + name + " of Amazon CloudWatch Logs."}
	case !ok:
		return nil, unknownOperation(name)
	}
	out, apiErr := op.serve(e, req.body)
	if apiErr == nil && name == "UpdateService" {
		e.Updated = true
	}
	return out, apiErr
}

func unknownOperation(name string) *apiError {
	for _, known := range allOperations() {
		if name == known {
			return unsupported("The simulator does not have the operation " + name + " of Amazon ECS.")
		}
	}
	return &apiError{code: "UnknownOperationException", message: "Amazon ECS has no operation " + strconv.Quote(name) + "."}
}

// unknownTarget is for what is neither ECS nor one of its neighbours.
func unknownTarget(target string) *apiError {
	return &apiError{code: "UnknownOperationException", message: "The simulator has Amazon ECS and a little of Elastic Load Balancing and CloudWatch Logs, but not " +
		strconv.Quote(target) + ". Send POST with X-Amz-Target: " + targetPrefix + "<operation>."}
}

func (e *engine) errorResponse(req wireRequest, err *apiError) wireResponse {
	if req.query {
		return e.queryError(err)
	}
	body := encode(map[string]any{"__type": err.code, "message": err.message})
	return e.rawResponse(err.httpStatus(), contentType, body)
}

// rawResponse adds what every answer of AWS has.
func (e *engine) rawResponse(status int, kind string, body []byte) wireResponse {
	return response(status, kind, body, e.Wire.uuid())
}

// response is an answer with its headers. The date is the real one, even where
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
	if err == nil {
		response, err = answer(r.Context(), h, req)
	}
	if err != nil {
		var e engine // for the form of the answer only
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
