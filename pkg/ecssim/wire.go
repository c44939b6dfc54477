package ecssim

// This file is the ECS wire protocol (AWS JSON 1.1): from an HTTP request to an
// operation and back, with faults and throttling in between.

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
	contentType  = "application/x-amz-json-1.1"
	maxBody      = 4 << 20 // bytes; far above what ECS accepts
)

// wireRequest is what the protocol needs from an HTTP request.
type wireRequest struct {
	method string
	target string
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
		if fate = e.admit(operationName(req.target)); fate.latency == 0 {
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

// operationName is the operation in an X-Amz-Target header, or empty.
func operationName(target string) string {
	name, ok := strings.CutPrefix(target, targetPrefix)
	if !ok {
		return ""
	}
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
		return e.errorResponse(f.failure)
	}
	out, apiErr := e.serve(req)
	switch {
	case f.lost:
		return wireResponse{reset: true}
	case apiErr != nil:
		return e.errorResponse(apiErr)
	}
	return e.rawResponse(http.StatusOK, contentType, encode(out))
}

// serve finds the operation and runs it.
func (e *engine) serve(req wireRequest) (any, *apiError) {
	name := operationName(req.target)
	if req.method != http.MethodPost || name == "" {
		return nil, &apiError{code: "UnknownOperationException", message: "Send POST with X-Amz-Target: " + targetPrefix + "<operation>."}
	}
	if len(req.body) > maxBody {
		return nil, serialization("The request body is too large.")
	}
	op, ok := operations()[name]
	if !ok {
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

func (e *engine) errorResponse(err *apiError) wireResponse {
	body := encode(map[string]any{"__type": err.code, "message": err.message})
	return e.rawResponse(err.httpStatus(), contentType, body)
}

// rawResponse adds what every answer of AWS has. The date is the real one, even
// where simulated time is another: clients correct their clocks by it.
func (e *engine) rawResponse(status int, kind string, body []byte) wireResponse {
	header := http.Header{}
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	header.Set("X-Amzn-Requestid", e.Wire.uuid())
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
		response = e.errorResponse(serverError("%v", err))
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
