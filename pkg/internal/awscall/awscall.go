// Package awscall calls single operations of AWS services of which the SDK's modules
// would make the program megabytes larger. It signs requests with the SDK's signer and
// goes through its middleware, so that credentials, HTTP client and logs are those of
// every other call. It reads only, and sends each request once.
package awscall

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// bodyLimit is how much of an answer is read.
const bodyLimit = 4 << 20

// Service is an AWS service and how it is called.
type Service struct {
	// ID is its name in logs, Host the first part of its host names, and Signed its
	// name in signatures.
	ID, Host, Signed string
	// Target begins X-Amz-Target of a service that speaks AWS JSON 1.1. Version is the
	// API version of one that speaks AWS query.
	Target, Version string
	// Global: it has one endpoint for all regions of a partition.
	Global bool
}

// The services.
var (
	IAM            = Service{ID: "IAM", Host: "iam", Signed: "iam", Version: "2010-05-08", Global: true}
	CloudWatch     = Service{ID: "CloudWatch", Host: "monitoring", Signed: "monitoring", Version: "2010-08-01"}
	SecretsManager = Service{ID: "Secrets Manager", Host: "secretsmanager", Signed: "secretsmanager", Target: "secretsmanager."}
	SSM            = Service{ID: "SSM", Host: "ssm", Signed: "ssm", Target: "AmazonSSM."}
	AutoScaling    = Service{ID: "Application Auto Scaling", Host: "application-autoscaling", Signed: "application-autoscaling", Target: "AnyScaleFrontendService."}
)

// Client calls AWS with the settings of the SDK.
type Client struct{ cfg aws.Config }

// New makes a client. It uses the region, credentials, HTTP client, base endpoint and
// middleware of cfg.
func New(cfg aws.Config) *Client {
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = awshttp.NewBuildableClient()
	}
	return &Client{cfg}
}

// JSON calls an operation of a service that speaks AWS JSON, and decodes the answer
// into out. region "" is that of the client. An answer that is an error is a
// [smithy.APIError].
func (c *Client) JSON(ctx context.Context, s Service, region, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("writing the input of %s: %w", operation, err)
	}
	answer, err := c.call(ctx, call{Service: s, region: region, operation: operation, body: body})
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// Query is JSON for a service that speaks AWS query. The answer is XML.
func (c *Client) Query(ctx context.Context, s Service, operation string, form url.Values, out any) error {
	form.Set("Action", operation)
	form.Set("Version", s.Version)
	answer, err := c.call(ctx, call{Service: s, operation: operation, body: []byte(form.Encode())})
	if err != nil {
		return err
	}
	return xml.Unmarshal(answer, out)
}

// call is one request.
type call struct {
	Service
	region, operation string
	body              []byte
}

func (c *Client) call(ctx context.Context, r call) ([]byte, error) {
	if r.region == "" {
		r.region = c.cfg.Region
	}
	endpoint, signed, err := r.endpoint()
	if err != nil {
		return nil, err
	}
	if base := aws.ToString(c.cfg.BaseEndpoint); base != "" {
		endpoint = base
	}
	stack := middleware.NewStack(r.operation, smithyhttp.NewStackRequest)
	metadata := &awsmiddleware.RegisterServiceMetadata{Region: r.region, ServiceID: r.ID, SigningName: r.Signed, OperationName: r.operation}
	steps := []error{
		stack.Initialize.Add(metadata, middleware.Before),
		stack.Serialize.Add(r.write(endpoint), middleware.After),
		stack.Finalize.Add(c.sign(r, signed), middleware.After),
		stack.Deserialize.Add(r.read(), middleware.Before),
	}
	for _, option := range c.cfg.APIOptions {
		steps = append(steps, option(stack))
	}
	if err := errors.Join(steps...); err != nil {
		return nil, err
	}
	out, _, err := middleware.DecorateHandler(smithyhttp.NewClientHandlerWithOptions(c.cfg.HTTPClient), stack).Handle(ctx, r)
	if err != nil {
		return nil, err
	}
	answer, _ := out.([]byte)
	return answer, nil
}

// endpoint is the URL of the service in the region, and the region to sign for.
func (r call) endpoint() (url, signed string, err error) {
	partition := "aws"
	for prefix, name := range map[string]string{"cn-": "cn", "us-gov-": "gov", "us-iso": "", "eu-isoe-": "", "eusc-": ""} {
		if strings.HasPrefix(r.region, prefix) {
			partition = name
		}
	}
	switch {
	case partition == "":
		return "", "", fmt.Errorf("the endpoint of %s in %s is not known", r.ID, r.region)
	case !r.Global && partition == "cn":
		return "https://" + r.Host + "." + r.region + ".amazonaws.com.cn", r.region, nil
	case !r.Global:
		return "https://" + r.Host + "." + r.region + ".amazonaws.com", r.region, nil
	case partition == "cn":
		return "https://" + r.Host + ".cn-north-1.amazonaws.com.cn", "cn-north-1", nil
	case partition == "gov":
		return "https://" + r.Host + ".us-gov.amazonaws.com", "us-gov-west-1", nil
	}
	return "https://" + r.Host + ".amazonaws.com", "us-east-1", nil
}

// write makes the HTTP request.
func (r call) write(endpoint string) middleware.SerializeMiddleware {
	return middleware.SerializeMiddlewareFunc("WriteRequest",
		func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
			request, ok := in.Request.(*smithyhttp.Request)
			target, err := url.Parse(endpoint)
			if !ok || err != nil {
				return middleware.SerializeOutput{}, middleware.Metadata{}, fmt.Errorf("the endpoint %q is not a URL", endpoint)
			}
			if target.Path == "" {
				target.Path = "/"
			}
			request.URL, request.Method = target, http.MethodPost
			if r.Target != "" {
				request.Header.Set("Content-Type", "application/x-amz-json-1.1")
				request.Header.Set("X-Amz-Target", r.Target+r.operation)
			} else {
				request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if in.Request, err = request.SetStream(bytes.NewReader(r.body)); err != nil {
				return middleware.SerializeOutput{}, middleware.Metadata{}, err
			}
			return next.HandleSerialize(ctx, in)
		})
}

// sign signs the HTTP request.
func (c *Client) sign(r call, region string) middleware.FinalizeMiddleware {
	return middleware.FinalizeMiddlewareFunc("SignRequest",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			request, ok := in.Request.(*smithyhttp.Request)
			if !ok || c.cfg.Credentials == nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, errors.New("there are no AWS credentials")
			}
			credentials, err := c.cfg.Credentials.Retrieve(ctx)
			if err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("get identity: %w", err)
			}
			sum := sha256.Sum256(r.body)
			request.ContentLength = int64(len(r.body))
			err = v4.NewSigner().SignHTTP(ctx, credentials, request.Request, hex.EncodeToString(sum[:]), r.Signed, region, time.Now())
			if err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("failed to sign request: %w", err)
			}
			return next.HandleFinalize(ctx, in)
		})
}

// read reads the HTTP response.
func (r call) read() middleware.DeserializeMiddleware {
	return middleware.DeserializeMiddlewareFunc("ReadResponse",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			if err != nil {
				return out, metadata, err
			}
			response, ok := out.RawResponse.(*smithyhttp.Response)
			if !ok {
				return out, metadata, fmt.Errorf("unexpected response %T", out.RawResponse)
			}
			defer func() { _ = response.Body.Close() }() // it has been read
			body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
			if err != nil {
				return out, metadata, fmt.Errorf("reading the response: %w", err)
			}
			if response.StatusCode/100 != 2 {
				return out, metadata, r.failure(response.StatusCode, body)
			}
			out.Result = body
			return out, metadata, nil
		})
}

// failure is the error in an answer.
func (r call) failure(status int, body []byte) error {
	failure := &smithy.GenericAPIError{Code: "UnknownError", Message: fmt.Sprintf("HTTP %d", status), Fault: smithy.FaultClient}
	if status >= http.StatusInternalServerError {
		failure.Fault = smithy.FaultServer
	}
	if r.Target != "" {
		var answer struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if json.Unmarshal(body, &answer) == nil && answer.Type != "" { // encoding/json takes "Message" too
			failure.Code, failure.Message = answer.Type[strings.LastIndexByte(answer.Type, '#')+1:], answer.Message
		}
		return failure
	}
	var answer struct {
		Error struct{ Code, Message string }
	}
	if xml.Unmarshal(body, &answer) == nil && answer.Error.Code != "" {
		failure.Code, failure.Message = answer.Error.Code, answer.Error.Message
	}
	return failure
}
