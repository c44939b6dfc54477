package ecssim

// This file is what Lambda functions behind lifecycle hooks write: a log group for
// each function, and in it a stream for each hook that called it. Like the log
// of a container it is not kept, but follows from the calls.

import (
	"fmt"
	"strings"
	"time"
)

// functionGroup begins the log group of every function.
const functionGroup = "/aws/lambda/"

// hasFunctionGroup reports whether the log group is that of a function that was
// called.
func (e *engine) hasFunctionGroup(group string) bool {
	found := false
	e.eachFunctionStream(group, func(string, hook) { found = true })
	return found
}

// eachFunctionStream visits the hooks that called the function of a log group,
// with their streams.
func (e *engine) eachFunctionStream(group string, visit func(stream string, h hook)) {
	name, ok := strings.CutPrefix(group, functionGroup)
	if !ok {
		return
	}
	e.eachServiceOf(func(s *service) {
		for _, sd := range s.History {
			for _, h := range sd.Hooks {
				if h.Call != nil && functionName(h.Call.Function) == name && e.callable(h.Call) {
					visit(h.Call.stream(h.ID), h)
				}
			}
		}
	})
}

// callable reports whether ECS can call the function at all.
func (e *engine) callable(call *functionCall) bool {
	return e.roleExists(call.Role) && e.function(call).Answer != FunctionDenied && !e.roleDenies(call.Role, "lambda:InvokeFunction")
}

// stream is the name of the log stream of a hook's calls.
func (call *functionCall) stream(hookID string) string {
	return call.BeganAt.time().UTC().Format("2006/01/02/[$LATEST]") + derived("stream", hookID, 32)
}

// functionLog is what the function of a hook has written, as far as it can be
// read.
func (e *engine) functionLog(h hook) []logEvent {
	call, f, until := h.Call, e.function(h.Call), e.logsUntil()
	if h.EndedAt != 0 {
		until = min(until, h.EndedAt)
	}
	var log []logEvent
	for n := 1; n <= call.Calls; n++ {
		start := call.BeganAt.add(time.Duration(n-1) * (f.time() + f.pause()))
		id := derived("request", fmt.Sprint(h.ID, n), 32)
		id = id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
		lines := []logEvent{{start, "START RequestId: " + id + " Version: $LATEST"}}
		if len(f.Logs) == 0 {
			lines = append(lines, logEvent{start, f.requestOf(call, n)})
		}
		for _, line := range f.lines(n) {
			lines = append(lines, logEvent{start.add(min(time.Duration(line.After), f.time())), line.Text})
		}
		end := start.add(f.time())
		lines = append(lines, logEvent{end, "END RequestId: " + id},
			logEvent{end, fmt.Sprintf("REPORT RequestId: %s\tDuration: %d.00 ms", id, f.time().Milliseconds())})
		for _, line := range lines {
			if line.at <= until {
				log = append(log, line)
			}
		}
	}
	return log
}

// lines are what the function writes with its nth call: what the world says, or a line
// that suits the answer (behind the request, which functionLog adds).
func (f FunctionRule) lines(n int) []LogLine {
	last := !f.again(n)
	if len(f.Logs) > 0 {
		var lines []LogLine
		for _, line := range f.Logs {
			if last || !line.Last {
				lines = append(lines, line)
			}
		}
		return lines
	}
	text := "all checks passed"
	switch {
	case !last:
		text = "the checks are still running"
	case f.Answer == FunctionFails:
		text = "refused: 12 of 200 requests failed"
	case f.Answer == FunctionRaises:
		text = "[ERROR] ConnectionError: cannot reach the test listener"
	}
	return []LogLine{{Text: text, After: Duration(f.time())}}
}
