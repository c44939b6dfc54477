package ecsapi

// Every call waits for its turn, and each time that the SDK sends it again.

import (
	"context"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go/middleware"

	"github.com/ecs-deploy/ecs-deploy/pkg/pace"
)

// turn is a token that was taken for a call before it is made.
type turn struct {
	operation string
	used      atomic.Bool
}

type turnKey struct{}

// Turn waits until an operation may be called. The first call of it with the context
// that Turn returns then does not wait: what was read before may be old by the time, and
// should be read after Turn.
func (c *Client) Turn(ctx context.Context, operation string) (context.Context, error) {
	return turnOf(ctx, c.shared.limits, operation)
}

func turnOf(ctx context.Context, limits *pace.Limits, operation string) (context.Context, error) {
	if err := limits.Take(ctx, operation); err != nil {
		return ctx, err
	}
	return context.WithValue(ctx, turnKey{}, &turn{operation: operation}), nil
}

// take waits for the turn of a call, unless it was taken before.
func take(ctx context.Context, limits *pace.Limits, operation string) error {
	if t, ok := ctx.Value(turnKey{}).(*turn); ok && t.operation == operation && t.used.CompareAndSwap(false, true) {
		return nil
	}
	return limits.Take(ctx, operation)
}

// unsentError is why a call was not sent: its context ended first.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return "waiting behind other calls: " + e.err.Error() }

// Unwrap gives the context's error.
func (e *unsentError) Unwrap() error { return e.err }

// throttles knows the errors by which AWS refuses a call for its rate.
var throttles = retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}

// paced is a client whose calls keep to limits.
func paced(sdk *ecs.Client, limits *pace.Limits) *ecs.Client {
	wait := middleware.FinalizeMiddlewareFunc("Pace",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			operation := awsmiddleware.GetOperationName(ctx)
			if err := take(ctx, limits, operation); err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, &aws.RequestCanceledError{Err: &unsentError{err}}
			}
			out, metadata, err := next.HandleFinalize(ctx, in)
			switch {
			case err == nil:
				limits.Served(operation)
			case throttles.IsErrorThrottle(err) == aws.TrueTernary:
				limits.Throttled(operation)
			}
			return out, metadata, err
		})
	return ecs.New(sdk.Options(), func(o *ecs.Options) {
		o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], func(stack *middleware.Stack) error {
			return stack.Finalize.Insert(wait, "Retry", middleware.After)
		})
	})
}
