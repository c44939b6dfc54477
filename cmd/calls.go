package cmd

// How often each operation of AWS was called, for the page of a rollout and for programs.

import (
	"context"
	"slices"
	"strings"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/ecs-deploy/ecs-deploy/pkg/report"
)

// callCounts counts the requests of all clients of an invocation.
type callCounts struct {
	mutex sync.Mutex
	calls []report.Call
}

// count is the option of a client whose requests are counted, each attempt of a call.
func (c *callCounts) count(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("CountCalls",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			c.add(serviceName(ctx), awsmiddleware.GetOperationName(ctx), err)
			return out, metadata, err
		}), middleware.Before)
}

// serviceName is the name of a service in the actions of IAM: "ecs".
func serviceName(ctx context.Context) string {
	return strings.ToLower(strings.ReplaceAll(awsmiddleware.GetServiceID(ctx), " ", ""))
}

func (c *callCounts) add(service, operation string, err error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	i := slices.IndexFunc(c.calls, func(known report.Call) bool { return known.Service == service && known.Operation == operation })
	if i < 0 {
		i, c.calls = len(c.calls), append(c.calls, report.Call{Service: service, Operation: operation})
	}
	c.calls[i].Count++
	if err != nil {
		c.calls[i].Failed++
	}
}

// all are the counts so far, in the order of the first calls.
func (c *callCounts) all() []report.Call {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return slices.Clone(c.calls)
}
