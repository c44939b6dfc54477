package cmd

// What -v and --debug-http show of the exchanges with AWS. Neither shows a
// secret: bodies hold values of the environment, and headers signatures.

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// logs are the options of all clients: their calls are counted, and shown if the settings
// ask for it.
func (a *app) logs() []func(*middleware.Stack) error {
	logs := []func(*middleware.Stack) error{a.calls.count}
	if a.settings.Verbose {
		logs = append(logs, a.logCalls)
	}
	if a.settings.DebugHTTP {
		logs = append(logs, a.logExchanges)
	}
	return logs
}

// logCalls is the option of a client that writes a line for each call, with how
// it went, and nothing of what was said.
func (a *app) logCalls(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("LogCalls",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			started := time.Now()
			out, metadata, err := next.HandleDeserialize(ctx, in)
			result := "no answer"
			if response, ok := answer(out); ok {
				result = response.Status
			}
			if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok {
				result += " " + id
			}
			host := ""
			if request, ok := in.Request.(*smithyhttp.Request); ok {
				host = request.URL.Host
			}
			_, _ = fmt.Fprintf(a.streams.Err, "debug: %s:%s %s: %s, %s\n", serviceName(ctx), awsmiddleware.GetOperationName(ctx), host,
				result, time.Since(started).Round(time.Millisecond))
			return out, metadata, err
		}), middleware.Before)
}

// logExchanges is the option of a client that writes each HTTP request and
// response: its line and headers, and how long its body is.
func (a *app) logExchanges(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("LogExchanges",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			if request, ok := in.Request.(*smithyhttp.Request); ok {
				a.logHTTP(fmt.Sprintf("> %s %s", request.Method, address(request)), request.Header, request.ContentLength)
			}
			started := time.Now()
			out, metadata, err := next.HandleDeserialize(ctx, in)
			elapsed := time.Since(started).Round(time.Millisecond)
			if response, ok := answer(out); ok {
				a.logHTTP(fmt.Sprintf("< %s, %s", response.Status, elapsed), response.Header, response.ContentLength)
			} else {
				_, _ = fmt.Fprintf(a.streams.Err, "debug: < no answer, %s\n", elapsed)
			}
			return out, metadata, err
		}), middleware.After) // nearest to the network: the request is signed, and the response not read
}

// answer is the response; without one, the SDK has an empty one.
func answer(out middleware.DeserializeOutput) (*smithyhttp.Response, bool) {
	response, ok := out.RawResponse.(*smithyhttp.Response)
	return response, ok && response.Response != nil && response.StatusCode != 0
}

// logHTTP writes a request or a response.
func (a *app) logHTTP(line string, headers http.Header, length int64) {
	_, _ = fmt.Fprintf(a.streams.Err, "debug: %s\n", line)
	var names []string
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := strings.Join(headers[name], ", ")
		if secretHeader().MatchString(name) {
			value = "(redacted)"
		}
		_, _ = fmt.Fprintf(a.streams.Err, "debug:   %s: %s\n", name, value)
	}
	size := "of unknown length"
	if length >= 0 {
		size = fmt.Sprintf("of %d bytes", length)
	}
	_, _ = fmt.Fprintf(a.streams.Err, "debug:   (a body %s)\n", size)
}

// secretHeader matches Authorization, X-Amz-Security-Token, the bearer tokens of
// SSO and of an instance's metadata, and whatever a proxy adds of the kind.
var secretHeader = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)auth|token|cookie|secret|signature|credential|key`)
})

// address is where a request goes, without what may be signed or secret in it.
func address(request *smithyhttp.Request) string {
	text := request.URL.Scheme + "://" + request.URL.Host + request.URL.EscapedPath()
	if request.URL.RawQuery != "" {
		text += "?(redacted)"
	}
	return text
}
