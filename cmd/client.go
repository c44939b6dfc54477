package cmd

// From settings to a deployer: AWS with its default credential chain, or the
// embedded ECS.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/logging"
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
)

// hostLabel is what a region is, because it becomes a part of names of hosts. It
// is compiled when AWS is called: most of what needs no AWS should start at once.
var hostLabel = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`) })

// sessionName is what STS takes for the name of a session.
var sessionName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\w+=,.@-]{2,64}$`) })

// callLimit bounds a single HTTP exchange if --call-timeout does not.
const callLimit = 20 * time.Second

// observed is the option by which a command shows the event stream.
func (a *app) observed() deploy.Option {
	return deploy.WithObserver(func(e deploy.Event) {
		if e.Plan != nil {
			e.Plan = a.pastable(e.Plan)
		}
		if e.Type == deploy.EventWarning {
			e.Message = a.whole(e.Message)
		}
		a.reporter().Event(e)
	})
}

// service prepares a command about one service that must be named.
func (a *app) service(c *cobra.Command, options ...deploy.Option) (*deploy.Deployer, error) {
	if err := a.needService(c); err != nil {
		return nil, err
	}
	return a.connect(c, options...)
}

// needService merges the settings of a command about one service, and refuses to go on
// without one.
func (a *app) needService(c *cobra.Command) error {
	if err := a.prepare(c); err != nil {
		return err
	}
	if err := a.needTarget(); err != nil {
		return err
	}
	return a.hasService()
}

// hasService refuses settings without a service.
func (a *app) hasService() error {
	switch {
	case strings.HasPrefix(a.settings.Deployment, "arn:"): // says both
	case a.settings.Cluster == "":
		return &usageError{problem: "cluster not set", hint: "pass -c CLUSTER or set ECS_DEPLOY_CLUSTER"}
	case a.settings.Service == "":
		return &usageError{problem: "service not set", hint: "pass -n SERVICE or set ECS_DEPLOY_SERVICE_NAME"}
	}
	return nil
}

// connect makes a deployer of the settings.
func (a *app) connect(c *cobra.Command, options ...deploy.Option) (*deploy.Deployer, error) {
	cfg, err := a.clientConfig(c)
	if err != nil {
		return nil, err
	}
	return a.deployer(cfg, options...), nil
}

// deployer makes a deployer of the settings, and of those of its clients.
func (a *app) deployer(cfg aws.Config, options ...deploy.Option) *deploy.Deployer {
	options = append(options, deploy.WithClock(a.clock))
	if !a.settings.Simulated() { // the embedded ECS has an account of its own
		options = append(options, deploy.WithAccount(a.settings.Account))
	}
	if a.settings.ShowValues {
		options = append(options, deploy.WithValues())
	}
	_, neighbours := a.endpoints()
	around := cfg.Copy()
	setEndpoint(&around.BaseEndpoint, neighbours)
	options = append(options, deploy.WithNeighbours(around))
	if a.settings.CheckRegistry && !a.settings.Simulated() { // simulated images are in no registry
		options = append(options, deploy.WithImageRegistry(registryDigest))
	}
	return deploy.New(a.ecs(cfg), append(options,
		deploy.WithRegistry(ecr.NewFromConfig(cfg, func(o *ecr.Options) { setEndpoint(&o.BaseEndpoint, neighbours) })),
		deploy.WithLogs(cloudwatchlogs.NewFromConfig(cfg, func(o *cloudwatchlogs.Options) { setEndpoint(&o.BaseEndpoint, neighbours) })),
		deploy.WithTargetHealth(elasticloadbalancingv2.NewFromConfig(cfg, func(o *elasticloadbalancingv2.Options) { setEndpoint(&o.BaseEndpoint, neighbours) })))...)
}

// ecs is the client of ECS.
func (a *app) ecs(cfg aws.Config) *ecs.Client {
	flag, _ := a.endpoints()
	return ecs.NewFromConfig(cfg, func(o *ecs.Options) { setEndpoint(&o.BaseEndpoint, flag) })
}

// clientConfig are the settings of clients of AWS, or of the simulated world, whose clock is
// kept.
func (a *app) clientConfig(c *cobra.Command) (aws.Config, error) {
	if !a.settings.Simulated() {
		return a.aws(c)
	}
	cfg, clock, err := a.simulated()
	a.clock = clock
	cfg.APIOptions = append(cfg.APIOptions, a.logs()...)
	return cfg, err
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
func (a *app) aws(c *cobra.Command) (aws.Config, error) {
	if err := a.checkAccess(); err != nil {
		return aws.Config{}, err
	}
	a.warnOfKeys(c)
	a.tellRole()
	if err := a.checkVariables(); err != nil {
		return aws.Config{}, err
	}
	cfg, source, err := a.loadAWS(c.Context())
	if err != nil {
		return aws.Config{}, err
	}
	if err := a.checkRegion(cfg.Region); err != nil {
		return aws.Config{}, err
	}
	if err := a.identify(c.Context(), &cfg, source); err != nil {
		return aws.Config{}, err
	}
	return cfg, nil
}

// loadAWS loads the settings of AWS's clients. Nobody is asked yet.
func (a *app) loadAWS(ctx context.Context) (aws.Config, *source, error) {
	source := &source{name: "profile " + a.profile()}
	cfg, err := a.loadConfig(ctx, append(a.clientOptions(), a.credentialOptions(ctx, source)...))
	if err != nil {
		return aws.Config{}, nil, a.loadError(err)
	}
	return cfg, source, nil
}

// checkRegion refuses a region that is none, or not the one that an ARN says.
func (a *app) checkRegion(region string) error {
	if err := a.settledRegion(region); err != nil {
		return err
	}
	switch {
	case region == "":
		return &usageError{problem: "AWS region not set", hint: "pass -r REGION, set AWS_REGION or use a profile with a region; to try without an AWS account, pass --simulate"}
	case !hostLabel().MatchString(region):
		return &usageError{problem: fmt.Sprintf("%q is not an AWS region", region), hint: "write it like eu-west-1"}
	}
	return nil
}

// httpClient is the SDK's own client: a plain one would not take AWS_CA_BUNDLE.
func (a *app) httpClient() *awshttp.BuildableClient {
	limit := callLimit
	if a.settings.CallTimeout > 0 {
		limit = a.settings.CallTimeout
	}
	return awshttp.NewBuildableClient().WithTimeout(limit)
}

// clientOptions are how AWS is called.
func (a *app) clientOptions() []func(*awsconfig.LoadOptions) error {
	options := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithLogger(logging.Nop{}), // what goes wrong is returned, and -v shows the calls
		awsconfig.WithAPIOptions(a.logs()),
		awsconfig.WithHTTPClient(a.httpClient()),
	}
	if a.settings.Region != "" {
		options = append(options, awsconfig.WithRegion(a.settings.Region))
	}
	if a.arnRegion.value != "" {
		options = append(options, awsconfig.WithDefaultRegion(a.arnRegion.value))
	}
	if a.settings.MaxAttempts != nil {
		options = append(options, awsconfig.WithRetryMaxAttempts(int(*a.settings.MaxAttempts)))
	}
	return options
}

// checkAccess finds what is wrong with the settings that say who asks, and where.
func (a *app) checkAccess() error {
	s := a.settings
	switch {
	case (s.AccessKey == "") != (s.SecretKey == ""):
		return &usageError{problem: "only one of -k and -s is set", hint: "pass both -k and -s, or neither"}
	case s.MaxAttempts != nil && *s.MaxAttempts == 0:
		return &usageError{problem: "--max-attempts is 0", hint: "pass 1 to try every call once"}
	case s.AssumeRole != "" && !roleARN().MatchString(s.AssumeRole):
		return &usageError{problem: "--assume-role is not the ARN of a role", hint: "write it as arn:aws:iam::123456789012:role/NAME"}
	case s.RoleSessionName != "" && !sessionName().MatchString(s.RoleSessionName):
		return &usageError{problem: fmt.Sprintf("%q is not a valid session name", s.RoleSessionName), hint: "write 2 to 64 letters, digits and _+=,.@- for --role-session-name"}
	}
	if err := checkEndpoint(s.EndpointURL); err != nil {
		return err
	}
	return s.CheckEndpoint()
}

// loadError says why the AWS settings cannot be loaded.
func (a *app) loadError(err error) error {
	var noProfile awsconfig.SharedConfigProfileNotExistError
	var badFile awsconfig.SharedConfigLoadError
	var badRole awsconfig.SharedConfigAssumeRoleError
	if named := a.variableError(err); named != nil {
		return named
	}
	files := "see ~/.aws/config and ~/.aws/credentials, or what AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name"
	switch {
	case errors.As(err, &noProfile):
		return &usageError{problem: fmt.Sprintf("there is no AWS profile %q", noProfile.Profile), hint: "see ~/.aws/config, or aws configure list-profiles"}
	case errors.As(err, &badFile):
		return &usageError{problem: fmt.Sprintf("the AWS file %s cannot be read: %s", badFile.Filename, innermost(badFile.Err)), hint: files}
	case errors.As(err, &badRole): // nothing is wrapped: the source profile is there, and says nothing
		return &credentialsError{problem: fmt.Sprintf("profile %s has no credentials for assuming %s", badRole.Profile, cmp.Or(badRole.RoleARN, "its role")),
			hint: "add credentials to that profile, or set another source_profile in ~/.aws/config"}
	}
	return &usageError{problem: "the AWS settings cannot be loaded: " + strings.Join(strings.Fields(err.Error()), " "), hint: files}
}

// checkEndpoint makes sure that an endpoint is a URL of a server.
func checkEndpoint(text string) error {
	if text == "" {
		return nil
	}
	endpoint, err := url.Parse(text)
	if strings.Contains(text, "@") {
		return &usageError{problem: "the endpoint URL contains credentials, which would be printed and not used", hint: "write it as https://host"}
	}
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https" {
		return &usageError{problem: "the endpoint is not a valid URL", hint: "write it as http://127.0.0.1:4580 or https://host"}
	}
	return nil
}
