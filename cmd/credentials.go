package cmd

// Who asks: the SDK's chain of credentials, a role that is assumed with them,
// and the code of an MFA device.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/spf13/cobra"

	"github.com/ecs-deploy/ecs-deploy/pkg/config"
)

const (
	// roleSession is the name of the session of an assumed role.
	roleSession = "ecs-deploy"
	// roleTime is how long an assumed role is asked for: the longest that every
	// role allows. The SDK's 15 minutes would end, and ask for another code of an
	// MFA device, in the middle of a rollout.
	roleTime = time.Hour
)

var (
	roleARN = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^arn:[^:]+:iam::\d{12}:role/.+$`) })
	mfaCode = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d{6}$`) })
)

// source is where credentials come from.
type source struct {
	name    string // of the profile or the role, for messages
	assumed bool   // a role is assumed
}

// profile is the name of the AWS profile that is used.
func (a *app) profile() string {
	for _, name := range []string{a.settings.Profile, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE")} {
		if name != "" {
			return name
		}
	}
	return "default"
}

// warnOfKeys warns of keys on the command line.
func (a *app) warnOfKeys(c *cobra.Command) {
	if c.Flags().Changed("aws-secret-key") && !a.settings.Quiet {
		_, _ = fmt.Fprintln(a.streams.Err, "warning: other users of this machine can see the secret key of -s in the list of processes; "+
			"a profile (-p) or AWS_SECRET_ACCESS_KEY keeps it to yourself")
	}
}

// tellRole reports a role that the settings file, and not the user, has assumed.
func (a *app) tellRole() {
	if origin := a.settings.Origin("assume-role"); origin.InFile() && a.settings.AssumeRole != "" && !a.settings.Quiet {
		_, _ = fmt.Fprintf(a.streams.Err, "assuming role %s, as %s says\n", a.settings.AssumeRole, origin.Place())
	}
}

// credentialOptions are whose credentials are loaded. The profile may name a
// role, which is then noted in from.
func (a *app) credentialOptions(ctx context.Context, from *source) []func(*awsconfig.LoadOptions) error {
	s := a.settings
	options := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			from.assumed = true
			if o.RoleARN != "" {
				from.name = "role " + o.RoleARN
			}
			if s.AssumeRole == "" { // else the settings are of that role
				a.roleSettings(o)
			}
			a.roleCall(ctx)(o)
		}),
		awsconfig.WithWebIdentityRoleCredentialOptions(func(o *stscreds.WebIdentityRoleOptions) {
			if o.RoleARN != "" {
				from.name = "role " + o.RoleARN
			}
			if endpoint := a.stsEndpoint(); endpoint != "" {
				o.Client = a.identityClient(endpoint)
			}
		}),
	}
	if s.Profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(s.Profile))
	}
	if s.AccessKey != "" {
		options = append(options, awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, "")))
	}
	return options
}

// identify assumes the role that is named, and gets the credentials before
// anything is asked with them, so that what is wrong with them is said as such.
func (a *app) identify(ctx context.Context, cfg *aws.Config, from *source) error {
	s := a.settings
	cfg.Credentials = &spoken{cfg.Credentials, a, from.name}
	if s.AssumeRole != "" {
		from.assumed = true
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(*cfg), s.AssumeRole, a.roleSettings, a.roleCall(ctx))
		cfg.Credentials = &spoken{aws.NewCredentialsCache(provider), a, "role " + s.AssumeRole}
	}
	if !from.assumed && (s.MFASerial != "" || s.ExternalID != "") {
		given := "--mfa-serial"
		if s.MFASerial == "" {
			given = "--external-id"
		}
		return &usageError{problem: given + " has no effect without a role to assume", hint: "pass --assume-role ARN, or use a profile with a role_arn"}
	}
	_, err := cfg.Credentials.Retrieve(ctx)
	return err
}

// roleSettings are what the settings say about the role.
func (a *app) roleSettings(o *stscreds.AssumeRoleOptions) {
	s := a.settings
	if s.ExternalID != "" {
		o.ExternalID = &s.ExternalID
	}
	if s.MFASerial != "" {
		o.SerialNumber = &s.MFASerial
	}
	if s.RoleSessionName != "" {
		o.RoleSessionName = s.RoleSessionName
	}
}

// roleCall is how any role is assumed, that of a profile too.
func (a *app) roleCall(ctx context.Context) func(*stscreds.AssumeRoleOptions) {
	return func(o *stscreds.AssumeRoleOptions) {
		if o.RoleSessionName == "" {
			o.RoleSessionName = roleSession
		}
		if o.Duration == 0 {
			o.Duration = roleTime
		}
		o.TokenProvider = func() (string, error) { return a.askCode(ctx, aws.ToString(o.SerialNumber)) }
		if client, ok := o.Client.(*sts.Client); ok {
			options := client.Options()
			setEndpoint(&options.BaseEndpoint, a.stsEndpoint())
			o.Client = sts.New(options)
		}
	}
}

// identityClient is STS at an endpoint, for identity tokens: what is asked of it is
// not signed, so that the region is a formality.
func (a *app) identityClient(endpoint string) *sts.Client {
	return sts.NewFromConfig(aws.Config{
		Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: a.httpClient(), APIOptions: a.logs(), BaseEndpoint: &endpoint,
	})
}

// stsEndpoint is where roles are assumed: where the user says that ECS is, if that
// is an emulator and the user does not say otherwise. "" means where the SDK says.
// The settings file does not decide where identity tokens go.
func (a *app) stsEndpoint() string {
	if s := a.settings; s.EndpointURL != "" && !s.Origin("endpoint-url").InFile() {
		return s.EndpointURL
	}
	switch ecs := os.Getenv("AWS_ENDPOINT_URL_ECS"); {
	case os.Getenv("AWS_ENDPOINT_URL_STS") != "":
		return ""
	case strings.HasPrefix(ecs, "http://"):
		return ecs
	case strings.EqualFold(os.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true"):
		return ""
	}
	return os.Getenv("AWS_ENDPOINT_URL") // the SDK forgets it while it looks for credentials
}

// askCode asks the person at the terminal for the code of an MFA device.
func (a *app) askCode(ctx context.Context, serial string) (string, error) {
	if !a.streams.InTerminal {
		return "", &credentialsError{
			problem: fmt.Sprintf("a code of the MFA device %s is needed, but this is not a terminal", serial),
			hint:    "run the command in a terminal, or set the credentials that aws sts assume-role --token-code prints",
		}
	}
	a.pause() // credentials may expire during a rollout
	_, _ = fmt.Fprintf(a.streams.Err, "code of the MFA device %s: ", serial)
	line, err := readLine(config.Stoppable(ctx, a.streams.In))
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", &credentialsError{problem: "the code of the MFA device cannot be read: " + message(err), hint: "type the code and press return"}
	}
	if code := strings.TrimSpace(line); mfaCode().MatchString(code) {
		return code, nil
	}
	return "", &credentialsError{problem: "not an MFA code", hint: "type the six digits that the device shows"}
}

// readLine reads to the end of a line and not beyond, so that others can go on
// reading.
func readLine(in io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := in.Read(one)
		if n > 0 && one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			return string(line), err
		}
	}
}
