package cmd

// Profiles whose names have spaces: the AWS CLI writes them in quotes, which the SDK
// takes for a part of the name.

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
)

// loadConfig loads the AWS settings, of the profile in its quotes if it has none
// without them.
func (a *app) loadConfig(ctx context.Context, options []func(*awsconfig.LoadOptions) error) (aws.Config, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	var missing awsconfig.SharedConfigProfileNotExistError
	if name := a.profile(); errors.As(err, &missing) && strings.ContainsAny(name, " \t") {
		for _, quote := range []string{`"`, `'`} {
			quoted, err := awsconfig.LoadDefaultConfig(ctx, append(options, awsconfig.WithSharedConfigProfile(quote+name+quote))...)
			if !errors.As(err, &missing) {
				return quoted, err
			}
		}
	}
	return cfg, err
}
