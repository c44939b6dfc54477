package cmd

// Why there are no credentials, in words that tell the reasons apart.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"

	"github.com/ecs-deploy/ecs-deploy/pkg/deploy"
	"github.com/ecs-deploy/ecs-deploy/pkg/shell"
)

// credentialsError says why there are no credentials, if AWS was not even
// asked, or is not needed to know.
type credentialsError struct {
	problem, hint string
}

func (e *credentialsError) Error() string { return e.problem }

// Hint says how to get credentials.
func (e *credentialsError) Hint() string { return e.hint }

// ExitCode is that of missing credentials.
func (e *credentialsError) ExitCode() int { return 4 }

// spoken is a provider of credentials that says in our words why it has none,
// also when it has to renew them in the middle of a watch.
type spoken struct {
	aws.CredentialsProvider
	app  *app
	name string // of the profile or role
}

// Retrieve gets the credentials.
func (p *spoken) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := p.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, p.explain(err)
	}
	if err := p.sound(found); err != nil {
		return aws.Credentials{}, err
	}
	return found, nil
}

// explain puts a failure into words.
func (p *spoken) explain(err error) error {
	var said *credentialsError
	var call *deploy.CallError
	var operation *smithy.OperationError
	var process *processcreds.ProviderError
	profile := p.app.profile()
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &said):
		return said
	case errors.As(err, &call):
		return call // the role's, or the profile's on which it stands
	case p.app.variableError(err) != nil:
		return p.app.variableError(err)
	case missing(err):
		return p.app.noCredentials()
	case loggedOut(err):
		return &credentialsError{problem: "the SSO session of profile " + profile + " has expired or was not started",
			hint: "log in: aws sso login --profile " + shell.Quote(profile)}
	case strings.Contains(err.Error(), "reauthenticate"): // aws login has no error type of its own
		return &credentialsError{problem: "the login session of profile " + profile + " has expired or was not started",
			hint: "log in: aws login --profile " + shell.Quote(profile)}
	case errors.As(err, &process): // its text may hold what the process printed
		return &credentialsError{problem: fmt.Sprintf("the credential_process of profile %s failed: %s", profile, innermost(err)),
			hint: "run the command of credential_process in ~/.aws/config by itself to see its error"}
	case errors.As(err, &operation):
		service := strings.ToLower(strings.ReplaceAll(operation.Service(), " ", ""))
		return deploy.NewCallError(service+":"+operation.Operation(), p.name, operation)
	}
	return &credentialsError{problem: fmt.Sprintf("%s returned no AWS credentials: %s", p.name, innermost(err)), hint: "see ~/.aws/config, or aws configure list"}
}

// missing reports whether nothing gives credentials, down to the instance's
// metadata, the last place where the SDK looks.
func missing(err error) bool {
	var empty *credentials.StaticCredentialsEmptyError
	return errors.As(err, &empty) || strings.Contains(err.Error(), "EC2 IMDS") || strings.Contains(err.Error(), "ec2imds")
}

// noCredentials is the error if nothing gives credentials.
func (a *app) noCredentials() error {
	problem := "no AWS credentials found in flags, environment, profile or instance role"
	if a.settings.Profile != "" || os.Getenv("AWS_PROFILE") != "" {
		problem = fmt.Sprintf("no AWS credentials found in profile %s or an instance role", a.profile())
	}
	return &credentialsError{problem: problem,
		hint: "log in (aws sso login), pass a profile (-p), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; to try without an AWS account, pass --simulate"}
}

// loggedOut reports whether an SSO session is over, or was never begun. That
// SSO cannot be reached is another matter.
func loggedOut(err error) bool {
	var network *net.OpError
	if errors.As(err, &network) {
		return false
	}
	var token *ssocreds.InvalidTokenError
	var api smithy.APIError
	return errors.As(err, &token) || strings.Contains(err.Error(), "SSO token") ||
		errors.As(err, &api) && api.ErrorCode() == "UnauthorizedException"
}

// innermost is the text of the last error of a chain, in one line.
func innermost(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			break
		}
		err = next
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
