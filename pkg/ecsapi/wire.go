package ecsapi

// The SDK's types drop what they do not know. A task definition or a deployment
// configuration that passes through them loses the fields of a newer ECS, so
// two small middlewares go around them: one keeps the body of a response, the
// other supplies the body of a request. They are options of single calls on the
// real client; signing, retries and endpoints are the client's own.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// keepBody has a call put the body of its last response into body.
func keepBody(body *[]byte) func(*ecs.Options) {
	keep := middleware.DeserializeMiddlewareFunc("KeepResponseBody",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			response, ok := out.RawResponse.(*smithyhttp.Response)
			if err != nil || !ok {
				return out, metadata, err
			}
			read, err := io.ReadAll(response.Body)
			if err != nil {
				return out, metadata, fmt.Errorf("reading the response: %w", err)
			}
			_ = response.Body.Close() // it has been read to its end
			*body = read
			response.Body = io.NopCloser(bytes.NewReader(read))
			return out, metadata, nil
		})
	return withMiddleware(func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(keep, middleware.After)
	})
}

// sendBody has a call send this JSON instead of its serialised input.
func sendBody(body []byte) func(*ecs.Options) {
	send := middleware.SerializeMiddlewareFunc("SendRequestBody",
		func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
			request, ok := in.Request.(*smithyhttp.Request)
			if !ok {
				return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("unexpected request type %T", in.Request)
			}
			request, err := request.SetStream(bytes.NewReader(body))
			if err != nil {
				return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("setting the request's body: %w", err)
			}
			in.Request = request
			return next.HandleSerialize(ctx, in)
		})
	return withMiddleware(func(stack *middleware.Stack) error {
		return stack.Serialize.Add(send, middleware.After)
	})
}

func withMiddleware(add func(*middleware.Stack) error) func(*ecs.Options) {
	return func(o *ecs.Options) { o.APIOptions = append(o.APIOptions, add) }
}

// decode reads JSON with its numbers as they are written.
func decode(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return decoder.Decode(into)
}
