package cmd

// From settings to a deployer: AWS with its default credential chain, or the
// embedded ECS.

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// callLimit bounds a single HTTP exchange with AWS.
const callLimit = 20 * time.Second

// observed is the option by which a command shows the event stream.
func (a *app) observed() deploy.Option {
	return deploy.WithObserver(func(e deploy.Event) { a.reporter().Event(e) })
}

// service prepares a command about one service that must be named.
func (a *app) service(c *cobra.Command, options ...deploy.Option) (*deploy.Deployer, error) {
	if err := a.prepare(c); err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(a.settings.Deployment, "arn:"): // says both
	case a.settings.Cluster == "":
		return nil, &usageError{problem: "no cluster is named", hint: "name it with -c CLUSTER"}
	case a.settings.Service == "":
		return nil, &usageError{problem: "no service is named", hint: "name it with -n SERVICE"}
	}
	return a.connect(c, options...)
}

// connect makes a deployer of the settings.
func (a *app) connect(c *cobra.Command, options ...deploy.Option) (*deploy.Deployer, error) {
	var cfg aws.Config
	var err error
	if a.settings.Simulated() {
		var clock deploy.Clock
		if cfg, clock, err = a.simulated(); err != nil {
			return nil, err
		}
		options = append(options, deploy.WithClock(clock))
	} else if cfg, err = a.aws(c.Context()); err != nil {
		return nil, err
	}
	if a.settings.Verbose {
		cfg.APIOptions = append(cfg.APIOptions, a.logCalls)
	}
	flag, neighbours := a.endpoints()
	return deploy.New(ecs.NewFromConfig(cfg, func(o *ecs.Options) { setEndpoint(&o.BaseEndpoint, flag) }), append(options,
		deploy.WithLogs(cloudwatchlogs.NewFromConfig(cfg, func(o *cloudwatchlogs.Options) { setEndpoint(&o.BaseEndpoint, neighbours) })),
		deploy.WithTargetHealth(elasticloadbalancingv2.NewFromConfig(cfg, func(o *elasticloadbalancingv2.Options) { setEndpoint(&o.BaseEndpoint, neighbours) })))...), nil
}

// endpoints are where ECS is by flag, and where its neighbours are: with ECS,
// if that is an emulator. "" means where the SDK says.
func (a *app) endpoints() (flag, neighbours string) {
	if a.settings.Simulated() {
		return "", "" // all at one place already
	}
	flag, neighbours = a.settings.EndpointURL, a.settings.EndpointURL
	if variable := os.Getenv("AWS_ENDPOINT_URL_ECS"); flag == "" && strings.HasPrefix(variable, "http://") {
		neighbours = variable // AWS's own endpoints, also private ones, are https
	}
	return flag, neighbours
}

func setEndpoint(option **string, endpoint string) {
	if endpoint != "" {
		*option = &endpoint
	}
}

// aws are the settings of AWS's clients, by the SDK's own rules for region and
// credentials, which the flags override.
func (a *app) aws(ctx context.Context) (aws.Config, error) {
	s := a.settings
	if (s.AccessKey == "") != (s.SecretKey == "") {
		return aws.Config{}, &usageError{problem: "only one half of the AWS key pair is given", hint: "give both -k and -s, or neither"}
	}
	if err := checkEndpoint(s.EndpointURL); err != nil {
		return aws.Config{}, err
	}
	options := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithLogger(logging.Nop{}), // what goes wrong is returned, and -v shows the calls
		// The SDK's own client: a plain one would not take AWS_CA_BUNDLE.
		awsconfig.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(callLimit)),
	}
	if s.Region != "" {
		options = append(options, awsconfig.WithRegion(s.Region))
	}
	if s.Profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(s.Profile))
	}
	if s.AccessKey != "" {
		options = append(options, awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, "")))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	var noProfile awsconfig.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &noProfile):
		return aws.Config{}, &usageError{problem: fmt.Sprintf("there is no AWS profile %q", noProfile.Profile), hint: "see ~/.aws/config, or aws configure list-profiles"}
	case err != nil:
		return aws.Config{}, &usageError{problem: "the AWS settings cannot be loaded: " + message(err)}
	case cfg.Region == "":
		return aws.Config{}, &usageError{problem: "no AWS region is set", hint: "set it with -r REGION, AWS_REGION or a profile; without an AWS account try --simulate"}
	}
	return cfg, nil
}

// checkEndpoint makes sure that an endpoint is a URL of a server.
func checkEndpoint(text string) error {
	if text == "" {
		return nil
	}
	endpoint, err := url.Parse(text)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		return &usageError{problem: fmt.Sprintf("%q is not the URL of a server", text), hint: "write it as http://127.0.0.1:4580 or https://host"}
	}
	return nil
}

// logCalls is the option of a client that writes a line for each call, with how
// it went, and nothing of what was said.
func (a *app) logCalls(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("LogCalls",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			started := time.Now()
			out, metadata, err := next.HandleDeserialize(ctx, in)
			result := "no answer"
			if response, ok := out.RawResponse.(*smithyhttp.Response); ok {
				result = response.Status
			}
			if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok {
				result += " " + id
			}
			host := ""
			if request, ok := in.Request.(*smithyhttp.Request); ok {
				host = request.URL.Host
			}
			service := strings.ToLower(strings.ReplaceAll(awsmiddleware.GetServiceID(ctx), " ", ""))
			_, _ = fmt.Fprintf(a.streams.Err, "debug: %s:%s %s: %s, %s\n", service, awsmiddleware.GetOperationName(ctx), host,
				result, time.Since(started).Round(time.Millisecond))
			return out, metadata, err
		}), middleware.Before)
}
